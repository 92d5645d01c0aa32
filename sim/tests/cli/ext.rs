//! Extension files, with the assembler and the compiler that they are for.

use super::support::{Scratch, rvtile, stderr, stdout};

const PAGE: &str = include_str!("../../../docs/add-an-instruction.md");

/// The first block of the guide in a language.
fn block(language: &str) -> &'static str {
    PAGE.split(&format!("```{language}\n")).nth(1).and_then(|rest| rest.split("```").next()).unwrap()
}

/// The cycles of a region in the summary.
fn region(summary: &str, name: &str) -> u64 {
    let line = summary.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{name}: {summary}"));
    // Name, times, instructions, cycles.
    line.split_whitespace().nth(3).unwrap().replace(',', "").parse().unwrap()
}

#[test]
fn the_guide_from_the_file_to_the_comparison() {
    let scratch = Scratch::new("guide");
    let file = scratch.file("my.toml", block("toml"));
    let check = rvtile(&["ext", "check", &file]);
    assert!(check.status.success(), "{}", stdout(&check));
    let show = rvtile(&["ext", "show", &file]);
    assert!(stdout(&show).contains("256.0"), "the peak: {}", stdout(&show));
    scratch.file("my.inc", rvtile(&["ext", "asm", &file]).stdout);
    scratch.file("product.S", block("asm"));
    let program = scratch.program("product.S", &["-Wl,--no-relax"]);
    let run = rvtile(&["run", "--profile", "sifive", "--ext", &file, &program]);
    assert!(run.status.success(), "{}", stderr(&run));
    let (own, built_in) = (region(&stderr(&run), "my.mac"), region(&stderr(&run), "sf.vqmacc"));
    assert!(own * 3 < built_in * 2, "{own} {built_in}");
    // What the guide says that a run prints is what it prints.
    for name in ["my.mac", "sf.vqmacc"] {
        let summary = stderr(&run);
        let line = summary.lines().find(|line| line.contains(name)).unwrap();
        assert!(PAGE.contains(line.trim_end()), "{line}");
    }
    // What the file says is what is timed: 64 steps of 4 multiplies, 32 cycles each.
    let slower = scratch.file("slow.toml", block("toml").replace("beats/2", "beats*2"));
    let slow = rvtile(&["run", "--profile", "sifive", "--ext", &slower, &program]);
    let cycles = region(&stderr(&slow), "my.mac");
    assert!((64 * 4 * 32..64 * 4 * 32 + 1000).contains(&cycles), "{cycles}");
    let shorter = scratch.file("short.toml", block("toml").replace("queue = 4", "queue = 1"));
    let short = rvtile(&["run", "--profile", "sifive", "--ext", &shorter, &program]);
    assert!(region(&stderr(&short), "my.mac") >= own);
    let annotated = rvtile(&["annotate", "--profile", "sifive", "--ext", &file, &program]);
    assert!(stdout(&annotated).contains("my.mac acc0,v4,v8"), "{}", stdout(&annotated));
    let disassembled = rvtile(&["disasm", "--ext", &file, &program]);
    assert!(stdout(&disassembled).contains("my.get v16,acc3"), "{}", stdout(&disassembled));
    let without = rvtile(&["run", "--quiet", &program]);
    assert_eq!(without.status.code(), Some(2));
    assert!(stderr(&without).contains("an extension file can define it"), "{}", stderr(&without));
}

#[test]
fn the_header_is_for_c() {
    let scratch = Scratch::new("header");
    let header = rvtile(&["ext", "header", "scripted"]);
    scratch.file("scripted.h", &header.stdout);
    assert_eq!(header.stdout, rvtile(&["ext", "asm", "--c", "scripted"]).stdout);
    scratch.file("fast.h", rvtile(&["ext", "header", "fast-exp"]).stdout);
    scratch.file("vcix.h", rvtile(&["ext", "header", "vcix-crypt"]).stdout);
    scratch.file(
        "program.c",
        r#"
#include "scripted.h"
#include "fast.h"
#include "vcix.h"
static unsigned char table[64], in[16], out[16];
static float floats[4] = {0, 1, -1, 0};
static void quit(long code) {
    register long a0 __asm__("a0") = code, a7 __asm__("a7") = 93;
    __asm__ volatile("ecall" : : "r"(a0), "r"(a7));
}
void _start(void) {
    for (int i = 0; i < 64; i++) table[i] = 3 * i;
    for (int i = 0; i < 16; i++) in[i] = 5 * i;
    xs_setlut(0, table);
    __asm__ volatile("vsetivli zero, 16, e8, m1, ta, ma\n vle8.v v8, (%0)" : : "r"(in) : "memory");
    xs_lut(9, 0, 8);
    vcx_gen(1, 10, 2L);
    __asm__ volatile("vadd.vv v9, v9, v10\n vse8.v v9, (%0)" : : "r"(out) : "memory");
    for (int i = 0; i < 16; i++) if (out[i] != (unsigned char)(3 * (5 * i & 63) + (2 + i) * (2 + i))) quit(1);
    __asm__ volatile("vsetivli zero, 4, e32, m1, ta, ma\n vle32.v v8, (%0)" : : "r"(floats) : "memory");
    xe_exp(9, 8, 1);
    __asm__ volatile("vse32.v v9, (%0)" : : "r"(floats) : "memory");
    if (floats[0] != 1 || floats[1] < 2.718281f || floats[1] > 2.718283f) quit(2);
    quit(0);
}
"#,
    );
    let program = scratch.program("program.c", &["-Wl,--no-relax"]);
    let all = ["--ext", "scripted", "--ext", "fast-exp", "--ext", "vcix-crypt"];
    let run = rvtile(&[&["run", "--quiet", "--profile", "sifive"], &all[..], &[&program]].concat());
    assert!(run.status.success(), "{:?} {}", run.status, stderr(&run));
}

#[test]
fn every_macro_of_the_box_assembles_to_its_row() {
    for name in ["int8-4x16x4", "int8-4x8x4", "vcix-crypt", "vcix-dot4", "fast-exp", "scripted"] {
        let scratch = Scratch::new(&format!("asm-{name}"));
        scratch.file("all.inc", rvtile(&["ext", "asm", name]).stdout);
        let lines: &[&str] = match name {
            "int8-4x16x4" => &["xt.zero acc3", "xt.mac acc1,v31,v8", "xt.get v16,acc2"],
            "int8-4x8x4" => &["xd.vqmacc v16,v4,v8"],
            "vcix-crypt" => &["vcx.addkey v9,v8,t6", "vcx.gen 0x1f,v8,a0"],
            "vcix-dot4" => &["vcx.dot4 v16,v8,v4"],
            "fast-exp" => &["xe.exp v8,v2,v0.t", "xe.exp v8,v2", "xe.silu v1,v30", "xe.redmaxabs v9,v2,v3,v0.t"],
            _ => &["xs.scan v8,v2", "xs.setlut lut0,(s11)", "xs.lut v9,lut0,v3"],
        };
        scratch.file("all.S", format!(".include \"all.inc\"\n.globl _start\n_start:\n{}\n", lines.join("\n")));
        let program = scratch.program("all.S", &["-Wl,--no-relax"]);
        let text = stdout(&rvtile(&["disasm", "--ext", name, "--profile", "sifive", &program]));
        for line in lines {
            assert!(text.lines().any(|found| found.ends_with(&format!("\t{line}"))), "{line} in {text}");
        }
    }
}

#[test]
fn a_kernel_runs_on_the_coprocessor_of_a_file() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/extensions/vcix-dot4.toml");
    let bench = ["bench", "--kernel", "gemv_vcix", "--quiet", "--json", "-", "--shape", "7x300", "--shape", "64x512"];
    for vlen in ["vector.vlen=128", "vector.vlen=512", "vector.vlen=1024"] {
        let output = rvtile(&[&bench[..], &["--set", vlen, "--ext", file]].concat());
        assert!(output.status.success(), "{vlen}: {}", stderr(&output));
    }
    let output = rvtile(&bench);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("gemv_vcix needs an instruction from an extension file"), "{}", stderr(&output));
}

#[test]
fn wrong_files_are_refused_in_a_line() {
    let scratch = Scratch::new("wrong");
    let file = scratch.file("bad.toml", "name = \"bad\"\n[[instruction]]\nname = \"b.x\"\nencoding = \"vs2 vs2\"\n");
    for command in [&["ext", "check", &file][..], &["ext", "asm", &file], &["disasm", "--ext", &file, "--word", "13"]] {
        let output = rvtile(command);
        let line = stderr(&output);
        assert_eq!((output.status.code(), line.lines().count()), (Some(2), 1), "{line}");
        assert!(line.contains("bad.toml:4: instruction[1].encoding") && line.contains("given twice"), "{line}");
    }
    let clash = scratch.file(
        "clash.toml",
        "name = \"c\"\n[[instruction]]\nname = \"my.add\"\nencoding = \"vs2 vs1 vd 31..26=0 25..25=1 14..12=0 6..0=0x57\"\n\
         operands = \"vd, vs2, vs1\"\ntype = \"i\"\nmap = \"vs2 + vs1\"\n",
    );
    let output = rvtile(&["disasm", "--ext", &clash, "--word", "13"]);
    assert!(stderr(&output).contains("`my.add` (extension c) and `vadd.vv`"), "{}", stderr(&output));
    assert_eq!(rvtile(&["ext", "check", &clash]).status.code(), Some(1));
    let twice = rvtile(&["disasm", "--ext", "fast-exp", "--ext", "fast-exp", "--word", "13"]);
    assert!(stderr(&twice).contains("loaded already"), "{}", stderr(&twice));
}

#[test]
fn the_box_is_listed_and_can_be_copied() {
    let list = stdout(&rvtile(&["ext", "list"]));
    assert!(list.contains("int8-4x16x4") && list.contains("xs.scan"), "{list}");
    let scratch = Scratch::new("copy");
    let file = scratch.file("mine.toml", rvtile(&["ext", "source", "scripted"]).stdout);
    assert!(rvtile(&["ext", "check", &file, "--free"]).status.success());
}
