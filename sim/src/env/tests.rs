//! Whole programs in each environment, run by the plainest possible loop.

use super::*;
use crate::loader::tests::{BARE_GCC, LINUX_GCC, cross};
use rvtile_isa::block::Block;
use rvtile_isa::decode::Decoder;
use rvtile_isa::ext::Ext;
use rvtile_isa::float::lanes::Level;
use rvtile_isa::hart::{Config, Request};
use rvtile_isa::memory::Memory;
use rvtile_isa::op::Flow;
use rvtile_isa::row::Props;
use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Captured {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[derive(Debug, PartialEq)]
enum End {
    Exit(i32),
    Crash(Trap),
}

struct Outcome {
    end: End,
    stdout: String,
    stderr: String,
    pc: u64,
}

fn run(elf: Vec<u8>, mut options: Options) -> Outcome {
    let image = Image::parse("prog", elf).unwrap();
    let (stdout, stderr) = (Captured::default(), Captured::default());
    options.streams = Streams {
        stdin: Box::new(std::io::Cursor::new(b"typed\n".to_vec())),
        stdout: Box::new(stdout.clone()),
        stderr: Box::new(stderr.clone()),
    };
    let isa = Ext::parse("rv64gcv_zvfh").unwrap().0;
    let config = Config { vlen: 512, isa, agnostic_ones: false, level: Level::detect() };
    let memory = Memory::new(memory_size(&image, &options).unwrap()).unwrap();
    let mut hart = Hart::new(config, memory);
    let mut env = start(&image, options, &mut hart).unwrap();
    let decoder = Decoder::standard();
    let mut blocks: HashMap<(u64, u32), Rc<Block>> = HashMap::new();
    let mut retired = 0;
    let end = loop {
        assert!(retired < 200_000_000, "the program runs on and on at 0x{:x}: {}", hart.pc, stdout.text());
        let key = (hart.pc, hart.ctx_key());
        let block = match blocks.get(&key) {
            Some(block) => Rc::clone(block),
            None => {
                let block = Rc::new(Block::translate(&mut hart, &decoder));
                blocks.insert(key, Rc::clone(&block));
                block
            }
        };
        if block.props.contains(Props::FLOAT) && hart.csr.fs() != 0 {
            hart.csr.dirty_fs();
        }
        if block.props.contains(Props::VECTOR) && hart.csr.vs() != 0 {
            hart.csr.dirty_vs();
        }
        let ran = block.run(&mut hart);
        retired += ran.retired as u64;
        (hart.csr.clock.cycle, hart.csr.clock.time, hart.csr.clock.instret) = (retired, retired, retired);
        let mut action = match ran.flow {
            Flow::Trap => {
                let trap = hart.trap;
                env.on_trap(&mut hart, trap)
            }
            Flow::Leave if std::mem::replace(&mut hart.request, Request::None) == Request::FlushBlocks => {
                Action::FlushBlocks
            }
            _ => Action::Continue,
        };
        if action == Action::Continue && env.needs_poll() {
            action = env.poll(&mut hart);
            if let Some(code) = hart.pending_interrupt() {
                hart.take_interrupt(code);
            }
        }
        match action {
            Action::Continue => {}
            Action::FlushBlocks => blocks.clear(),
            Action::Exit(code) => break End::Exit(code),
            Action::Fatal => break End::Crash(hart.trap),
        }
    };
    Outcome { end, stdout: stdout.text(), stderr: stderr.text(), pc: hart.pc }
}

fn linux(source: &str, options: Options) -> Outcome {
    run(cross(LINUX_GCC, "c", source, &["-static", "-O2"]), options)
}

macro_rules! program {
    ($name:literal) => {
        include_str!(concat!("../../../tests/programs/", $name))
    };
}

/// A directory that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let dir = std::env::temp_dir().join(format!("rvtile-env-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        Scratch(dir)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What is left behind is in the temporary directory.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn glibc_program_starts_and_ends() {
    let args = ["prog", "one", "two words"].map(str::to_owned).to_vec();
    let options = Options { args, vars: vec!["HOME=/guest".to_owned()], ..Options::default() };
    let out = linux(program!("hello.c"), options);
    let expected = "argc 3 one two words\nHOME /guest\nsorted 1 kept 7 pi 3.142857\n";
    assert_eq!((out.end, out.stdout.as_str(), out.stderr.as_str()), (End::Exit(42), expected, ""));
}

#[test]
fn cxx_program_throws_and_catches() {
    let elf = cross("riscv64-linux-gnu-g++", "cc", program!("exceptions.cc"), &["-static", "-O1"]);
    let out = run(elf, Options::default());
    assert_eq!((out.end, out.stdout.as_str(), out.stderr.as_str()), (End::Exit(0), "a 1\nb 2\nthrown 2.5\n", ""));
}

#[test]
fn files_stay_in_their_directories() {
    let scratch = Scratch::new("files");
    let (work, kept) = (scratch.0.join("work"), scratch.0.join("kept"));
    for dir in [&work, &kept] {
        std::fs::create_dir(dir).unwrap();
    }
    std::fs::write(scratch.0.join("outside.txt"), "secret").unwrap();
    std::fs::write(kept.join("kept.txt"), "kept").unwrap();
    let link = |to: &Path, name: &str| std::os::unix::fs::symlink(to, work.join(name)).unwrap();
    std::fs::write(work.join("target.txt"), "inside").unwrap();
    link(&scratch.0, "escape");
    link(&scratch.0.join("outside.txt"), "escape-file");
    link(&scratch.0.join("not-yet"), "dangling");
    link(Path::new("target.txt"), "inner");
    let grants = vec![Grant::new(&work, "/data/work", true).unwrap(), Grant::new(&kept, "/ro", false).unwrap()];
    let args = vec!["prog".to_owned(), "/data/../data/./work".to_owned()];
    let out = linux(program!("files.c"), Options { grants, args, ..Options::default() });
    let expected = "cwd /data/work
size 8890
last line 999
writev 10 pread 6 line 1
private LINE file line past end 1
shared ENODEV
end 12
copy 3 closed EBADF
mkdir 0 rename 0
entry . 4
entry .. 4
entry dangling 10
entry escape 10
entry escape-file 10
entry inner 10
entry sub 4
entry target.txt 8
remove 0 0
upwards ENOENT
absolute ENOENT
through a link EACCES
a link EACCES
a dangling link ENOENT
an inner link opened
not followed ELOOP
exclusive EEXIST
read-only EROFS
reading it opened
creating there EROFS
removing there EROFS
";
    assert_eq!(out.stdout, expected);
    assert_eq!(out.end, End::Exit(0));
    let notice = "rvtile: the program asked for `../outside.txt`, which no granted directory holds (see --dir)\n";
    assert_eq!(out.stderr, notice);
    assert!(!scratch.0.join("not-yet").exists());
}

#[test]
fn nothing_granted_is_nothing_there() {
    let out = linux(program!("files.c"), Options { args: vec!["prog".into(), "/tmp".into()], ..Options::default() });
    assert_eq!(out.end, End::Exit(1));
    assert_eq!(out.stderr, "chdir: No such file or directory\n");
}

#[test]
fn grants_are_read_as_documented() {
    let scratch = Scratch::new("grants");
    let host = scratch.0.to_str().unwrap();
    assert_eq!(Grant::parse(&format!("{host}:/data:rw")), Ok(Grant::new(&scratch.0, "/data", true).unwrap()));
    assert_eq!(Grant::parse(host), Ok(Grant::new(&scratch.0, host, false).unwrap()));
    assert_eq!(Grant::parse(&format!("{host}:data/x/..:ro")), Ok(Grant::new(&scratch.0, "/data", false).unwrap()));
    assert_eq!(Grant::parse("."), Ok(Grant::new(Path::new("."), "/", false).unwrap()));
    assert!(Grant::parse("..").unwrap_err().contains("leads upwards"));
    assert!(Grant::parse("/nonexistent:/x").unwrap_err().contains("/nonexistent: No such file"));
    assert!(Grant::parse("a:b:c").unwrap_err().contains("HOST[:GUEST][:rw]"));
    let file = scratch.0.join("file");
    std::fs::write(&file, "").unwrap();
    assert!(Grant::parse(file.to_str().unwrap()).unwrap_err().contains("not a directory"));
}

#[test]
fn memory_calls_do_what_they_say() {
    let out = linux(program!("memory.c"), Options::default());
    assert_eq!((out.end, out.stderr.as_str()), (End::Exit(0), ""), "{}", out.stdout);
    assert!(
        out.stdout.lines().all(|line| line.starts_with("ok ")) && out.stdout.lines().count() == 17,
        "{}",
        out.stdout
    );
}

#[test]
fn signals_reach_their_handlers() {
    let out = linux(program!("signals.c"), Options::default());
    let expected = "raised: 1, kept 0.25\nblocked: 1, pending 1\nunblocked: 2\non its stack: 102, 1\nstill here\n";
    assert_eq!((out.stdout.as_str(), out.end), (expected, End::Exit(134)));
    assert_eq!(out.stderr, "rvtile: the program was ended by signal 6 (SIGABRT)\n");
}

#[test]
fn handlers_change_the_interrupted_context() {
    let elf = cross(LINUX_GCC, "c", program!("context.c"), &["-static", "-O1", "-march=rv64gcv"]);
    let out = run(elf, Options::default());
    let expected = "a0 42 fa0 0.5 flags 16 vl 3 vtype 0xd0 v8 5\n";
    assert_eq!((out.stdout.as_str(), out.end, out.stderr.as_str()), (expected, End::Exit(0), ""));
}

#[test]
fn runs_may_move_between_threads() {
    fn check<T: Send>() {}
    check::<Env>();
    check::<Image>();
}

#[test]
fn kernel_services_are_repeatable() {
    let run = |seed| linux(program!("services.c"), Options { seed, ..Options::default() });
    let (first, second) = (run(0), run(0));
    assert_eq!(first.stdout, second.stdout);
    let expected = "slept 2 s\nyear 2000\nrandom 16 1\nLinux riscv64\nsysinfo 0 procs 1\nprocessors 1\nstack 8 MiB\n\
                    page 4096, hwcap 0x112d, prog\nterminal 0\nthread ";
    let hwcap_v = "hwcap 0x112d";
    let seen = first.stdout.replace("hwcap 0x20112d", hwcap_v).replace("hwcap 0x00112d", hwcap_v);
    assert!(seen.starts_with(expected), "{seen}");
    assert!(seen.contains("socket -1 ENOSYS\n"), "{seen}");
    assert_eq!(first.stderr.matches("rvtile: system call 198 (socket) is not there; it gives ENOSYS\n").count(), 1);
    assert!(first.stderr.contains("rvtile: system call 220 (clone) is not there: there is only one thread"));
}

#[test]
fn a_fault_is_fatal_where_nobody_handles_it() {
    let out = linux("int main(int c, char **v) { return ((volatile int *)(long)(c - 1))[2]; }", Options::default());
    assert_eq!(out.end, End::Crash(Trap { cause: Cause::LoadFault, tval: 8 }));
    let out = linux("int main(void) { __builtin_trap(); }", Options::default());
    assert_eq!(out.end, End::Crash(Trap { cause: Cause::Breakpoint, tval: out.pc }));
    let deep = "int f(volatile int *p) { volatile int a[4096]; a[0] = *p; return f(a) + a[1]; }
                int main(void) { int x = 0; return f(&x); }";
    let End::Crash(trap) = linux(deep, Options::default()).end else { panic!("a stack without end") };
    assert_eq!(trap.cause, Cause::StoreFault);
}

#[test]
fn a_futex_that_nobody_wakes_ends_the_program() {
    let source = "#include <unistd.h>\n#include <sys/syscall.h>\nint word;
                  int main(void) { syscall(SYS_futex, &word, 0, 1, 0); syscall(SYS_futex, &word, 0, 0, 0); return 0; }";
    let out = linux(source, Options::default());
    assert_eq!(out.end, End::Exit(134));
    assert!(out.stderr.contains("waits on a futex that nobody can wake"));
}

#[test]
fn position_independent_program_runs_at_its_base() {
    let source = ".globl _start\n_start: lla a0, _start\n li a1, 0x10000000\n sub a0, a0, a1\n srli a0, a0, 12\n\
                  li a7, 93\n ecall\n";
    let flags = ["-nostdlib", "-pie", "-Wl,--no-dynamic-linker"];
    assert_eq!(run(cross(LINUX_GCC, "S", source, &flags), Options::default()).end, End::Exit(0));
}

#[test]
fn programs_that_do_not_fit_are_refused() {
    let elf =
        cross(LINUX_GCC, "S", ".globl _start\n_start: ecall\n", &["-nostdlib", "-static", "-Wl,-Ttext=0x40000000"]);
    let image = Image::parse("prog", elf).unwrap();
    let options = |memory| Options { memory: Some(memory), ..Options::silent() };
    assert!(memory_size(&image, &options(1 << 20)).unwrap_err().to_string().contains("64 MiB to 1 TiB"));
    let config = Config { vlen: 512, isa: Ext::everything(), agnostic_ones: false, level: Level::detect() };
    let mut hart = Hart::new(config, Memory::new(1 << 30).unwrap());
    let Err(refused) = start(&image, options(1 << 30), &mut hart) else { panic!("it lies outside the memory") };
    assert!(refused.to_string().contains("lies outside the memory, which ends at 0x3f6fd000"), "{refused}");

    let low = cross(LINUX_GCC, "S", ".globl _start\n_start: ecall\n", &["-nostdlib", "-static", "-Wl,-Ttext=0x1000"]);
    let Err(refused) = start(&Image::parse("prog", low).unwrap(), options(1 << 30), &mut hart) else { panic!() };
    assert!(refused.to_string().contains("Linux programs may use addresses from 0x10000 on"), "{refused}");
}

const BARE: &[&str] = &["-nostdlib", "-static", "-Wl,-Ttext=0x80000000"];

#[test]
fn htif_program_writes_and_exits() {
    let out = run(cross(BARE_GCC, "S", program!("htif.S"), BARE), Options::default());
    assert_eq!((out.end, out.stdout.as_str(), out.stderr.as_str()), (End::Exit(7), "hello\n!", ""));
}

#[test]
fn timer_and_software_interrupts_come() {
    let out = run(cross(BARE_GCC, "S", program!("timer.S"), BARE), Options::default());
    assert_eq!((out.end, out.stderr.as_str()), (End::Exit(3), ""));
}

#[test]
fn a_trap_without_a_handler_is_fatal() {
    let out = run(cross(BARE_GCC, "S", ".globl _start\n_start: nop\n.2byte 0\n", BARE), Options::default());
    assert_eq!((out.end, out.pc), (End::Crash(Trap { cause: Cause::IllegalInstruction, tval: 0 }), 0x8000_0002));
    // A handler that is not there, or traps at once.
    let looping = ".globl _start\n_start: la t0, 1f\n csrw mtvec, t0\n ecall\n .balign 4\n1: .4byte 0\n";
    let End::Crash(trap) = run(cross(BARE_GCC, "S", looping, BARE), Options::default()).end else { panic!() };
    assert_eq!(trap.cause, Cause::IllegalInstruction);
    let nowhere = ".globl _start\n_start: li t0, 0x1000\n csrw mtvec, t0\n ecall\n";
    let End::Crash(trap) = run(cross(BARE_GCC, "S", nowhere, BARE), Options::default()).end else { panic!() };
    assert_eq!(trap, Trap { cause: Cause::FetchFault, tval: 0x1000 });
}

#[test]
fn units_are_off_after_reset() {
    let source = ".globl _start, tohost\n_start: la t0, 1f\n csrw mtvec, t0\n .option arch, +v\n vsetvli t0, zero, e8, m1, ta, ma\n\
                  .balign 4\n1: csrr a0, mcause\n slli a0, a0, 1\n ori a0, a0, 1\n sd a0, tohost, t0\n2: j 2b\n\
                  .data\n.balign 64\ntohost: .dword 0\n";
    assert_eq!(run(cross(BARE_GCC, "S", source, BARE), Options::default()).end, End::Exit(2));
}

#[test]
fn picolibc_program_uses_the_host() {
    let scratch = Scratch::new("semihosting");
    let specs =
        ["--specs=picolibc.specs", "--oslib=semihost", "--crt0=semihost", "-O1", "-Wl,--defsym=__ram_size=0x100000"];
    let grants = vec![Grant::new(&scratch.0, "/data", true).unwrap()];
    let elf = cross(BARE_GCC, "c", program!("semihosting.c"), &specs);
    let out = run(elf.clone(), Options { grants, args: vec!["prog".into(), "arg".into()], ..Options::default() });
    let expected = "argc 2 arg\nheap 3\nread 12 bytes\nlength 9\nremoved 0\nmissing 1\nvector 1\n";
    assert_eq!((out.stdout.as_str(), out.end, out.stderr.as_str()), (expected, End::Exit(5), ""));
    let out = run(elf, Options::default());
    assert_eq!((out.stdout.as_str(), out.end), ("argc 1 -\nheap 3\nno file\n", End::Exit(3)));
}

#[test]
fn hostile_calls_never_panic() {
    let config =
        Config { vlen: 512, isa: Ext::parse("rv64gcv").unwrap().0, agnostic_ones: false, level: Level::detect() };
    let scratch = Scratch::new("hostile");
    let begin = |elf: Vec<u8>| {
        let image = Image::parse("prog", elf).unwrap();
        let grants = vec![Grant::new(&scratch.0, "/", true).unwrap()];
        let options = Options { grants, memory: Some(128 << 20), ..Options::silent() };
        let mut hart = Hart::new(config, Memory::new(memory_size(&image, &options).unwrap()).unwrap());
        let env = start(&image, options, &mut hart).unwrap();
        (env, hart)
    };
    let freestanding = || cross(LINUX_GCC, "S", ".globl _start\n_start: ecall\n", &["-nostdlib", "-static"]);
    let mut state = 0x2545_f491_4f6c_dd1du64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let (mut env, mut hart) = begin(freestanding());
    for round in 0..60_000 {
        if round % 2000 == 0 {
            (env, hart) = begin(freestanding());
        }
        let sp = hart.mem.size() - 0x5000;
        for index in 10..16 {
            let near = [0, 0x10000, 0x7d0_0000, sp, 0x1000_0000, u64::MAX - 8][random() as usize % 6];
            let small = random() % 64;
            hart.x[index] = match random() % 8 {
                0 => 0,
                1 => small,
                2 => random() % 0x1_0000,
                3 => (random() % 0x4000) * 4096,
                4 => random(),
                5 => small.wrapping_neg(),
                _ => near.wrapping_add(random() % 256),
            };
        }
        hart.x[2] = sp;
        hart.x[17] = if random() % 4 == 0 { 200 + random() % 80 } else { random() % 460 };
        hart.pc = 0x10000;
        let cause = if random() % 16 == 0 { Cause::LoadFault } else { Cause::EcallU };
        env.on_trap(&mut hart, Trap { cause, tval: random() });
    }

    let specs = ["--specs=picolibc.specs", "--oslib=semihost", "--crt0=semihost"];
    let (mut env, mut hart) = begin(cross(BARE_GCC, "c", "int main(void) { return 0; }", &specs));
    let sequence: Vec<u8> = crate::loader::SEMIHOSTING.iter().flat_map(|word| word.to_le_bytes()).collect();
    hart.mem.poke(0x1100_0000, &sequence).unwrap();
    for _ in 0..30_000 {
        let block = 0x2010_0000;
        for index in 0..4 {
            let value = [random(), random() % 300, block + random() % 64, block.wrapping_neg()][random() as usize % 4];
            hart.mem.poke(block + 8 * index, &value.to_le_bytes()).unwrap();
        }
        (hart.x[10], hart.x[11]) = (random() % 52, if random() % 8 == 0 { random() } else { block });
        hart.pc = 0x1100_0004;
        env.on_trap(&mut hart, Trap { cause: Cause::Breakpoint, tval: 0 });
    }
}
