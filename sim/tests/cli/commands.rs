//! The commands that have no file of their own here, and what all of them have in common.

use std::process::Command;

use super::support::{Scratch, printed, refused, rvtile, stderr, stdout};

/// Builds a static program without a library.
fn program(scratch: &Scratch, name: &str, source: &str, options: &[&str]) -> String {
    let file = format!("{name}.c");
    scratch.file(&file, source);
    scratch.program(&file, &[&["-g"], options].concat())
}

const SMALL: [&str; 4] = ["--kernel", "softmax_f32", "--shape", "4x64"];

#[test]
fn help_and_version() {
    let help = rvtile(&["--help"]);
    assert!(help.status.success());
    for word in ["bench", "run", "machines", "disasm", "--json", "--html", "matmul_f32", "Usage"] {
        assert!(stdout(&help).contains(word), "{word}");
    }
    assert_eq!(stdout(&rvtile(&["--version"])), concat!("rvtile ", env!("CARGO_PKG_VERSION"), "\n"));
    for command in ["bench", "run", "machines", "disasm"] {
        let help = rvtile(&[command, "--help"]);
        assert!(help.status.success() && stdout(&help).contains("Usage: rvtile"), "{command}");
    }
}

#[test]
fn bench_is_the_default() {
    let output = rvtile(&[&SMALL[..], &["--json"]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(stderr(&output), "");
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let row = &rows.as_array().unwrap()[0];
    assert_eq!((&row["kernel"], &row["shape"]), (&"softmax_f32".into(), &"4x64".into()));
    assert_eq!(row["values_ok"], true);
    let ledger = row["ledger"].as_object().unwrap();
    assert_eq!(ledger.values().map(|cycles| cycles.as_u64().unwrap()).sum::<u64>(), row["cycles"].as_u64().unwrap());
    assert_eq!(output.stdout, rvtile(&[&["bench"], &SMALL[..], &["--json"]].concat()).stdout);
}

#[test]
fn the_table_shows_results_and_causes() {
    let output = rvtile(&SMALL);
    let text = stdout(&output);
    for word in ["kernel", "cycles", "IPC", "speed-up", "bound by", "softmax_f32", "Where the cycles go"] {
        assert!(text.contains(word), "{word} in {text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    let without = stdout(&rvtile(&[&SMALL[..], &["--no-scalar"]].concat()));
    assert!(text.contains('x') && without.lines().any(|line| line.contains("softmax_f32") && line.contains(" -  ")));
    assert_eq!(stdout(&rvtile(&[&SMALL[..], &["--quiet"]].concat())), "");
}

#[test]
fn reports_go_to_files_as_a_whole() {
    let scratch = Scratch::new("files");
    let [json, csv, html, svg] = ["r.json", "r.csv", "r.html", "r.svg"].map(|name| scratch.path(name));
    let files = ["--json", &json, "--csv", &csv, "--html", &html, "--svg", &svg, "--no-scalar"];
    let output = rvtile(&[&SMALL[..], &files].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stdout(&output).contains("softmax_f32"));
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    assert!(read(&json).starts_with('[') && read(&csv).starts_with("kernel,shape,dtype,machine,cycles,instructions,"));
    assert!(read(&html).ends_with("</html>\n") && read(&svg).ends_with("</svg>\n"));
    let mut names = scratch.names();
    names.sort();
    assert_eq!(names, ["r.csv", "r.html", "r.json", "r.svg"]);
    refused(&[&SMALL[..], &["--html", &scratch.path("none/r.html")]].concat(), &["none", "no directory"]);
    refused(&[&SMALL[..], &["--json", &scratch.path("")]].concat(), &["is a directory"]);
    // However it is named, and whether it is there or not.
    let dotted = scratch.path("./r.csv");
    refused(&[&SMALL[..], &["--json", &csv, "--csv", &dotted]].concat(), &["r.csv", "two outputs"]);
    let [new, dotted] = ["new", "./new"].map(|name| scratch.path(name));
    refused(&["run", "--json", &new, "--kanata", &dotted, "x"], &["new", "two outputs"]);
    assert_eq!(scratch.names().len(), 4);
}

#[cfg(unix)]
#[test]
fn a_report_goes_where_a_symbolic_link_leads() {
    let scratch = Scratch::new("link");
    let (file, link) = (scratch.file("r.csv", "former"), scratch.path("link"));
    std::os::unix::fs::symlink(&file, &link).unwrap();
    printed(&[&SMALL[..], &["--no-scalar", "--csv", &link]].concat());
    assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(scratch.read("r.csv").starts_with("kernel,"));
    assert_eq!(scratch.names().len(), 2);
}

#[test]
fn bad_options_are_one_line() {
    refused(&["--kernel", "nosuch"], &["nosuch", "matmul_f32"]);
    refused(&["--kernel", "softmax_f32", "--shape", "4xq"], &["4xq"]);
    refused(&["--kernel", "softmax_f32", "--shape", "4x64x4"], &["softmax_f32", "2 dimensions"]);
    refused(&["--kernel", "softmax_f32", "--shape", "0x64"], &["between 1"]);
    refused(&["--kernel", "softmax_f32", "--kernel", "gemv_f32", "--shape", "1x2x3"], &["no --shape"]);
    refused(&["--shape", "4x64"], &["--kernel"]);
    refused(&["--jsn"], &["--jsn", "--json"]);
    refused(&["frobnicate"], &["frobnicate"]);
    refused(&["--json", "--csv"], &["stdout"]);
    refused(&["run", "--json", "-", "--kanata", "-", "x"], &["stdout"]);
    refused(&["run"], &["FILE"]);
    refused(&["run", "--max-insts", "many", "x"], &["many"]);
    refused(&["run", "--isa", "rv64i_zfoo", "x"], &["zfoo"]);
    refused(&["run", "--dir", "/nonexistent", "x"], &["/nonexistent"]);
    refused(&["run", "--functionl", "x"], &["--functionl", "--functional"]);
    refused(&["disasm"], &["FILE"]);
    refused(&["disasm", "--word", "xyz"], &["xyz"]);
    refused(&["disasm", "--word", "123456789"], &["123456789"]);
}

#[test]
fn machine_errors_name_file_line_key_and_range() {
    let scratch = Scratch::new("machines");
    refused(&[&SMALL[..], &["--machine", "x281"]].concat(), &["x281"]);
    refused(&[&SMALL[..], &["--set", "vector.vlen=100"]].concat(), &["vector.vlen", "128", "4096"]);
    refused(&[&SMALL[..], &["--set", "vector.vln=512"]].concat(), &["vector.vln", "vlen"]);
    refused(&[&SMALL[..], &["--set", "vlen"]].concat(), &["key=value"]);
    refused(&[&SMALL[..], &["--set", "name=foo"]].concat(), &["\"name\" can only stand in a file"]);
    refused(&[&SMALL[..], &["--set", "sources.a=b"]].concat(), &["\"sources\" can only stand in a file"]);
    let wide =
        scratch.file("wide.toml", "include = \"x280\"\n[vector]\nvlen = { value = 99999, source = \"assumed\" }\n");
    refused(&[&SMALL[..], &["--machine", &wide]].concat(), &["wide.toml:3", "vector.vlen", "4096", "99999"]);
    let text =
        scratch.file("text.toml", "include = \"x280\"\n\n[vector]\nvlen = { value = \"big\", source = \"assumed\" }\n");
    refused(&[&SMALL[..], &["--machine", &text]].concat(), &["text.toml:4", "vector.vlen", "power of two"]);
    refused(&["run", "--machine", &scratch.path("none.toml"), "x"], &["none.toml"]);
}

#[test]
fn overrides_change_the_machine() {
    let cycles = |set: &[&str]| {
        let output = rvtile(&[&SMALL[..], &["--json", "--no-scalar"], set].concat());
        serde_json::from_slice::<serde_json::Value>(&output.stdout).unwrap()[0]["cycles"].as_u64().unwrap()
    };
    assert!(cycles(&["--set", "vector.vlen=1024", "--set", "vector.dlen=512"]) < cycles(&[]));
}

#[test]
fn machines_are_listed_shown_and_compared() {
    let list = stdout(&rvtile(&["machines"]));
    assert!(["x280", "x390", "x280-mca22"].iter().all(|name| list.contains(name)), "{list}");
    let show = stdout(&rvtile(&["machines", "show", "x280", "--set", "vector.vlen=1024"]));
    assert!(show.contains("vector.vlen") && show.contains("1024") && show.contains("command line"), "{show}");
    let json = rvtile(&["machines", "show", "x280", "--json"]);
    assert!(serde_json::from_slice::<serde_json::Value>(&json.stdout).unwrap().as_array().unwrap().len() > 100);
    let diff = stdout(&rvtile(&["machines", "diff", "x280", "x280-blackhole"]));
    assert!(diff.contains("memory.dram.latency") && diff.contains("190 cycles") && !diff.contains("vector.vlen"));
    let schema = rvtile(&["machines", "schema"]);
    assert!(serde_json::from_slice::<serde_json::Value>(&schema.stdout).unwrap()["properties"].is_object());
    refused(&["machines", "show", "x99"], &["x99"]);
}

#[test]
fn the_instruction_set_is_listed_from_the_table() {
    let all = stdout(&rvtile(&["isa"]));
    assert!(all.lines().any(|line| line.starts_with("zba ") && line.contains(" 8 ")), "{all}");
    let json: serde_json::Value = serde_json::from_str(&stdout(&rvtile(&["isa", "--json"]))).unwrap();
    assert!(all.contains(&format!("{} instructions", json.as_array().unwrap().len())), "{all}");
    let some = stdout(&rvtile(&["isa", "Zicond", "zihintpause"]));
    assert_eq!(some.lines().count(), 4, "{some}");
    assert!(some.contains("czero.eqz") && some.contains("0e005033"), "{some}");
    refused(&["isa", "zfoo"], &["zfoo", "rvtile isa"]);
}

#[test]
fn words_are_disassembled() {
    let output = rvtile(&["disasm", "--word", "02b50533", "0x4501", "5208a057"]);
    assert!(output.status.success());
    let text = stdout(&output);
    assert!(text.contains("mul a0,a0,a1") && text.contains("c.li a0,0") && text.lines().count() == 3, "{text}");
    let unknown = rvtile(&["disasm", "--word", "0000000b"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(stdout(&unknown).contains(".4byte 0x0000000b") && stdout(&unknown).contains("custom-0"));
}

#[test]
fn files_that_are_no_programs_are_refused() {
    let scratch = Scratch::new("refusals");
    let text = scratch.file("notes.txt", "These are notes.\n");
    let program = std::fs::read(program(&scratch, "good", EXIT, &[])).unwrap();
    let short = scratch.file("short", &program[..program.len().min(100)]);
    let mut other = program.clone();
    other[18] = 62;
    let other = scratch.file("other", &other);
    for command in ["run", "disasm"] {
        refused(&[command, "/nonexistent/program"], &["/nonexistent/program: no such file"]);
        refused(&[command, &text], &["notes.txt", "text file"]);
        refused(&[command, &short], &["short", "truncated"]);
        refused(&[command, &other], &["x86-64"]);
    }
}

const EXIT: &str = "
static long call(long n, long a, long b, long c) {
  register long a7 asm(\"a7\") = n, a0 asm(\"a0\") = a, a1 asm(\"a1\") = b, a2 asm(\"a2\") = c;
  asm volatile(\"ecall\" : \"+r\"(a0) : \"r\"(a7), \"r\"(a1), \"r\"(a2) : \"memory\");
  return a0;
}
static void mark(const char *name, int end) {
  if (end) asm volatile(\"slti x0, %0, 2\" : : \"r\"(name) : \"memory\");
  else asm volatile(\"slti x0, %0, 1\" : : \"r\"(name) : \"memory\");
}
__attribute__((noinline)) void body(long *sp) {
  long count = sp[0];
  volatile long sum = 0;
  for (int i = 0; i < 1000; i++) sum += i;
  call(64, 1, (long)\"hello\\n\", 6);
  call(93, count + 4, 0, 0);
}
__attribute__((naked)) void _start(void) { asm(\"mv a0, sp; andi sp, sp, -16; call body\"); }
";

#[test]
fn a_program_runs_with_its_output_exit_code_and_summary() {
    let scratch = Scratch::new("run");
    let program = program(&scratch, "hello", EXIT, &[]);
    let output = rvtile(&["run", &program]);
    assert_eq!((stdout(&output).as_str(), output.status.code()), ("hello\n", Some(5)));
    for word in ["cycles", "instructions", "per cycle", "mispredicted", "L1D misses", "MIPS", "exit code 5", "GHz"] {
        assert!(stderr(&output).contains(word), "{word} in {}", stderr(&output));
    }
    // What follows the program is the program's, whatever it looks like.
    let json = scratch.path("r.json");
    let output = rvtile(&["run", "--quiet", "--json", &json, &program, "--quiet", "-x", "--", "4"]);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(9), ""));
    let summary: serde_json::Value = serde_json::from_slice(&std::fs::read(&json).unwrap()).unwrap();
    let ledger = summary["ledger"].as_object().unwrap();
    assert_eq!(
        ledger.values().map(|cycles| cycles.as_u64().unwrap()).sum::<u64>(),
        summary["cycles"].as_u64().unwrap()
    );
    let functional = stderr(&rvtile(&["run", "--functional", &program]));
    assert!(functional.contains("instructions") && !functional.contains("cycles\n") && !functional.contains("cache"));
    let limited = rvtile(&["run", "--max-insts", "500", &program]);
    assert_eq!(limited.status.code(), Some(0));
    assert!(stderr(&limited).contains("stopped after"), "{}", stderr(&limited));
}

#[test]
fn a_trap_is_told_with_its_place_and_the_report_so_far() {
    let scratch = Scratch::new("trap");
    let null = EXIT.replace("volatile long sum = 0;", "volatile long sum = *(volatile long *)(count * 8);");
    let output = rvtile(&["run", &program(&scratch, "null", &null, &[])]);
    let text = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for word in ["load", "pc 0x", "body+0x", "null.c:", "address 0x8", "instructions", "Where the cycles go"] {
        assert!(text.contains(word), "{word} in {text}");
    }
    let illegal = EXIT.replace("volatile long sum = 0;", "volatile long sum = 0; asm volatile(\".4byte 0\");");
    let output = rvtile(&["run", "--quiet", &program(&scratch, "illegal", &illegal, &[])]);
    let text = stderr(&output);
    assert_eq!((output.status.code(), text.lines().count()), (Some(1), 1), "{text}");
    assert!(text.contains("illegal instruction") && text.contains("0x00000000") && text.contains("body"), "{text}");
}

#[test]
fn a_signature_is_written_when_the_program_ends() {
    let source = |tohost: u32| {
        format!(
            "asm(\".globl _start, tohost, begin_signature, end_signature\\n_start: li a0, {tohost}; sd a0, tohost, t0\\n1: j 1b\\n\"
             \".data; .balign 64; tohost: .dword 0\\n\"
             \"begin_signature: .word 0x01234567, 0x89abcdef\\n.byte 1, 2\\nend_signature: .byte 3\\n\");"
        )
    };
    let scratch = Scratch::new("signature");
    let passes = program(&scratch, "passes", &source(1), &["-Wl,-Ttext=0x80000000"]);
    let words = scratch.path("words");
    let output = rvtile(&["run", "--quiet", "--signature", &words, &passes]);
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
    assert_eq!(std::fs::read_to_string(&words).unwrap(), "01234567\n89abcdef\n00000201\n");
    let output = rvtile(&["run", "--quiet", "--signature", "-", "--signature-granularity", "8", &passes]);
    assert_eq!(stdout(&output), "89abcdef01234567\n0000000000000201\n");
    // A failure has its signature too, and says so.
    let fails = program(&scratch, "fails", &source(5), &["-Wl,-Ttext=0x80000000"]);
    let output = rvtile(&["run", "--quiet", "--signature", "-", &fails]);
    assert_eq!((output.status.code(), stdout(&output).lines().count()), (Some(2), 3));
    assert!(stderr(&output).contains("fails: the program reports failure with status 2"), "{}", stderr(&output));
    let without = program(&scratch, "without", EXIT, &[]);
    refused(&["run", "--signature", &words, &without], &["without", "no symbol begin_signature"]);
    refused(&["run", "--signature", "-", "--signature-granularity", "3", &passes], &["3", "power of two"]);
    // A program that was stopped has none.
    let none = scratch.path("none");
    let output = rvtile(&["run", "--quiet", "--max-insts", "1", "--signature", &none, &passes]);
    assert_eq!((output.status.code(), std::path::Path::new(&none).exists()), (Some(1), false));
    assert!(stderr(&output).contains("none: no signature: stopped after"), "{}", stderr(&output));
    assert!(!scratch.names().iter().any(|name| name.ends_with(".tmp")));
}

#[test]
fn programs_do_not_run_on_a_compiler_model() {
    let output = rvtile(&["bench", "--kernel", "softmax_f32", "--shape", "2x8", "--machine", "x280-mca19"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(
        ["vector.in_order_writeback = true", "rvtile validate --corpus"].iter().all(|part| text.contains(part)),
        "{text}"
    );
}

#[test]
fn an_unsupported_instruction_is_refused_by_name_or_bits() {
    let scratch = Scratch::new("unsupported");
    let custom = EXIT.replace("volatile long sum = 0;", "volatile long sum = 0; asm volatile(\".4byte 0x0000000b\");");
    let output = rvtile(&["run", "--quiet", &program(&scratch, "custom", &custom, &[])]);
    let text = stderr(&output);
    assert_eq!((output.status.code(), text.lines().count()), (Some(2), 1), "{text}");
    assert!(text.contains("0x0000000b") && text.contains("body") && text.contains("custom-0"), "{text}");
    let vector = EXIT.replace(
        "volatile long sum = 0;",
        "volatile long sum = 0; asm volatile(\"vsetvli t0, zero, e8, m1, ta, ma\");",
    );
    let output = rvtile(&["run", "--quiet", "--isa", "rv64gc", &program(&scratch, "vector", &vector, &[])]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("Zve32x") && stderr(&output).contains("vsetvli"), "{}", stderr(&output));
}

#[test]
fn a_program_is_disassembled_with_its_labels() {
    let scratch = Scratch::new("disasm");
    let program = program(&scratch, "hello", EXIT, &[]);
    let text = stdout(&rvtile(&["disasm", &program]));
    assert!(text.contains("Disassembly of .text:") && text.contains("<body>:") && text.contains("<_start>:"), "{text}");
    assert!(text.contains("ecall") && text.contains("<body>\n"), "{text}");
    // Without section headers the segments are read: e_shoff, e_shnum and e_shstrndx are cleared.
    let mut bytes = std::fs::read(&program).unwrap();
    bytes[40..48].fill(0);
    bytes[60..64].fill(0);
    let stripped = scratch.file("stripped", &bytes);
    assert!(stdout(&rvtile(&["disasm", &stripped])).contains("ecall"));
}

#[test]
fn regions_are_reported_each() {
    let scratch = Scratch::new("regions");
    let marked = EXIT.replace(
        "volatile long sum = 0;",
        "volatile long sum = 0; for (int k = 0; k < 2; k++) { mark(\"first\", 0); sum += k; mark(\"first\", 1); }
         mark(\"second\", 0); sum += 1; mark(\"second\", 1);",
    );
    let output = rvtile(&["run", &program(&scratch, "marked", &marked, &[])]);
    let text = stderr(&output);
    let line = |name: &str| text.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or("").to_string();
    assert_eq!(line("first ").split_whitespace().nth(1), Some("2"), "{text}");
    assert_eq!(line("second ").split_whitespace().nth(1), Some("1"), "{text}");
    let astray = EXIT.replace("volatile long sum = 0;", "volatile long sum = 0; mark(\"gemm\", 0); mark(\"gem\", 1);");
    let output = rvtile(&["run", "--quiet", &program(&scratch, "astray", &astray, &[])]);
    let text = stderr(&output);
    assert_eq!((output.status.code(), text.lines().count()), (Some(5), 2), "{text}");
    assert!(text.contains("astray: region `gemm` was begun and not ended"), "{text}");
    assert!(text.contains("astray: end of region `gem` without a begin"), "{text}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let shell = format!("{} machines show x280 | head -n 1", env!("CARGO_BIN_EXE_rvtile"));
    let output = Command::new("sh").args(["-c", &shell]).output().unwrap();
    assert_eq!((stdout(&output).lines().count(), stderr(&output).as_str()), (1, ""));
}

#[test]
fn overrides_reach_the_machines_that_tables_name() {
    let scratch = Scratch::new("overrides");
    let rows = scratch.file("r.csv", "machine,instruction,sew,m1,m2,m4,m8\nx60,vadd.vv,e32,1,2,4,8\n");
    refused(&["validate", "--rows", &rows, "--set", "nosuch.key=1"], &["nosuch"]);
    let simulated = |set: &[&str]| printed(&[&["validate", "--rows", &rows, "--json", "--verbose"], set].concat());
    assert_ne!(simulated(&[]), simulated(&["--set", "vector.dlen=256"]));
    let none = scratch.file("n.csv", "machine,kernel,impl,n,bytes_per_cycle,cycles\nx60,memcpy,rvv_m4,0,1,1\n");
    refused(&["validate", "--rows", &none], &["n.csv: no row can be compared"]);
    let corpus = scratch.path("");
    scratch.file("a.s", "addi a0, a0, 1\n");
    scratch.file("expected.csv", "name,cycles_per_iter,bottleneck\na,1,\n");
    refused(&["validate", "--corpus", &corpus, "--set", "nosuch.key=1"], &["nosuch"]);
}
