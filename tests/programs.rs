//! Programs of the GNU toolchain: they print here what they print under QEMU, functionally and timed.

use std::path::Path;

use rvtile_sim::engine::End;
use rvtile_sim::env::{self, Grant};
use rvtile_tests::{build_linux, build_linux_cpp, machine, qemu, root, simulate};

/// Runs a program here (functional and timed) and under QEMU, and compares output and exit code.
fn same_as_qemu(program: &Path, args: &[&str], folder: Option<&Path>) {
    same_as_qemu_at(512, program, args, folder);
}

/// The same at another VLEN.
fn same_as_qemu_at(vlen: u32, program: &Path, args: &[&str], folder: Option<&Path>) {
    let reference = qemu(program, args, vlen);
    let machine = machine(&[("vector.vlen", &vlen.to_string())]);
    for timed in [false, true] {
        let mut words = vec![program.display().to_string()];
        words.extend(args.iter().map(|word| word.to_string()));
        let grants = folder
            .map(|folder| Grant::new(folder, &folder.display().to_string(), false).unwrap())
            .into_iter()
            .collect();
        let environment = env::Options { args: words, grants, ..env::Options::silent() };
        let ran = simulate(program, &machine, timed, environment);
        assert_eq!(String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&reference.stdout));
        assert!(matches!(ran.end, End::Exit(code) if Some(code) == reference.status.code()), "{:?}", ran.end);
        assert_eq!(ran.cycles > 0, timed);
    }
}

#[test]
fn a_c_program_reads_a_file_sorts_and_prints() {
    let folder = root().join("tests/data");
    let text = folder.join("words.txt");
    for flags in [["-O0", "-march=rv64gc"], ["-O2", "-march=rv64gc"], ["-O3", "-march=rv64g"]] {
        let program = build_linux("stdio.c", &[flags[0], flags[1], "-static", "-lm"]);
        same_as_qemu(&program, &[text.to_str().unwrap()], Some(&folder));
    }
}

#[test]
fn without_a_grant_no_file_is_visible() {
    let program = build_linux("stdio.c", &["-O2", "-static", "-lm"]);
    let args = vec!["stdio".into(), root().join("tests/data/words.txt").display().to_string()];
    let ran = simulate(&program, &machine(&[]), false, env::Options { args, ..env::Options::silent() });
    assert!(matches!(ran.end, End::Exit(1)));
    assert!(ran.stdout.starts_with(b"cannot open "));
}

#[test]
fn heap_sorting_and_exit_code() {
    same_as_qemu(&build_linux("hello.c", &["-O2", "-static"]), &["a", "b c"], None);
}

#[test]
fn vector_instructions_of_every_family() {
    for (level, march, vlen) in [("-O0", "rv64gcv", 512), ("-O2", "rv64gv", 128), ("-O3", "rv64gcv", 1024)] {
        let program = build_linux("families.c", &[level, &format!("-march={march}"), "-static"]);
        same_as_qemu_at(vlen, &program, &[], None);
    }
}

#[test]
fn c_plus_plus_exceptions_and_streams() {
    same_as_qemu(&build_linux_cpp("exceptions.cc", &["-O2", "-static"]), &[], None);
}

#[test]
fn a_crash_names_place_instruction_and_address() {
    let program = build_linux("crash.c", &["-O2", "-g", "-static"]);
    let environment = |word: &str| env::Options { args: vec!["crash".into(), word.into()], ..env::Options::silent() };
    let ran = simulate(&program, &machine(&[]), true, environment("load"));
    let End::Crash(crash) = &ran.end else { panic!("{:?}", ran.end) };
    let text = crash.to_string();
    assert_eq!(ran.stdout, b"before\n");
    assert!(ran.cycles > 0, "the report so far");
    for part in ["load access fault at pc 0x", "(load", "+0x", "crash.c:7", "`", "address 0x8"] {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    let ran = simulate(&program, &machine(&[]), true, environment("illegal"));
    let End::Crash(crash) = &ran.end else { panic!("{:?}", ran.end) };
    let text = crash.to_string();
    for part in ["illegal instruction at pc 0x", "main+0x", "crash.c:24", "0xffffffff", "no known instruction"] {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn a_signal_whose_frame_does_not_fit_its_stack_is_fatal() {
    let program = build_linux("crash.c", &["-O2", "-g", "-static"]);
    let environment = env::Options { args: vec!["crash".into(), "stack".into()], ..env::Options::silent() };
    let ran = simulate(&program, &machine(&[]), true, environment);
    assert!(matches!(ran.end, End::Exit(139)), "SIGSEGV, not the handler on another's memory: {:?}", ran.end);
}

#[test]
fn an_instruction_outside_the_isa_is_named() {
    let program = build_linux("context.c", &["-O2", "-static", "-march=rv64gcv"]);
    let image = rvtile_sim::loader::Image::open(&program).unwrap();
    let (isa, _) = rvtile_isa::ext::Ext::parse("rv64gc").unwrap();
    let options = rvtile_sim::engine::RunOptions { isa, ..Default::default() };
    let mut engine =
        rvtile_sim::engine::Engine::new(image, &machine(&[]), false, &options, env::Options::silent()).unwrap();
    let End::Crash(crash) = engine.run() else { panic!("it must not run") };
    let text = crash.to_string();
    assert!(text.contains("vset") && text.contains("Zve32x"), "{text}");
}

#[test]
fn a_large_guest_takes_what_it_touches() {
    let program = build_linux("hello.c", &["-O2", "-static"]);
    let environment = env::Options { memory: Some(64 << 30), args: vec!["hello".into()], ..env::Options::silent() };
    let before = resident_bytes();
    let ran = simulate(&program, &machine(&[]), true, environment);
    assert!(matches!(ran.end, End::Exit(_)), "{:?}", ran.end);
    assert!(resident_bytes() < before + (200 << 20));
}

/// The largest memory that this process has had.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("the high-water mark");
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}
