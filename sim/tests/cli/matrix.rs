//! Programs with matrix instructions: what they cost, and what is said where they cannot run.

use std::process::Output;

use super::support::{Scratch, rvtile, stderr};

/// A program whose body runs a thousand times, in a directory of its own.
struct Repeated {
    scratch: Scratch,
    program: String,
}

impl Repeated {
    fn new(name: &str, before: &str, body: &str) -> Repeated {
        let scratch = Scratch::new(name);
        let text = format!(
            ".globl _start\n_start: li s0, 1000\n{before}\n1: {body}\naddi s0, s0, -1\nbnez s0, 1b\nli a0, 0\nli a7, 93\necall\n"
        );
        scratch.file("program.S", text);
        let program = scratch.program("program.S", &[]);
        Repeated { scratch, program }
    }

    fn run(&self, options: &[&str]) -> Output {
        rvtile(&[&["run", "--quiet"], options, &[&self.program]].concat())
    }

    /// Cycles of one body.
    fn cycles(&self, profile: &str) -> f64 {
        let json = self.scratch.path("summary.json");
        let output = self.run(&["--profile", profile, "--json", &json]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let summary: serde_json::Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
        summary["cycles"].as_f64().unwrap() / 1000.0
    }

    /// Exit code and message of a run that ends early.
    fn refused(&self, options: &[&str]) -> (Option<i32>, String) {
        let output = self.run(options);
        (output.status.code(), stderr(&output))
    }
}

/// The word of an instruction with three vector registers, eight times with accumulators of their own.
fn eight(base: u32) -> String {
    (0..8).map(|i| format!(".4byte 0x{:x}\n", base | (16 + 2 * i) << 7)).collect()
}

const SET_E8: &str = "li t0, -1\nvsetvli t0, t0, e8, m1, ta, ma";

#[test]
fn blocks_in_vector_registers_run_at_their_occupancy() {
    // vs1 is v4, vs2 v20 becomes v2: no accumulator is a source.
    let near = |cycles: f64, expected: f64| assert!((cycles / expected - 1.0).abs() < 0.1, "{cycles}, not {expected}");
    let words = |word: u32| eight(word & !(0x1f << 20 | 0x1f << 7) | 2 << 20);
    near(Repeated::new("qoq", SET_E8, &words(0xf742_245b)).cycles("sifive"), 16.0);
    near(Repeated::new("dod", SET_E8, &words(0xb742_245b)).cycles("sifive"), 16.0);
    near(Repeated::new("ime", SET_E8, &words(0xe231_342b)).cycles("spacemit"), 16.0);
    // One accumulator: a step takes the latency, and the beat that chains.
    let chain = ".4byte 0xf742245b\n".repeat(8);
    near(Repeated::new("chain", SET_E8, &chain).cycles("sifive"), 64.0);
}

/// Type int8 widened by four, sizes as great as they can be.
const XSFMM: &str = "li a1, -1\n.4byte 0x6005f557\n.4byte 0x8415f557\n.4byte 0x8425f557";

#[test]
fn tile_multiplies_keep_the_matrix_unit_alone() {
    let four = ".4byte 0xf68480f7\n.4byte 0xf68484f7\n.4byte 0xf68488f7\n.4byte 0xf6848cf7\n";
    let alone = Repeated::new("mm", XSFMM, four).cycles("sifive");
    assert!((alone / 128.0 - 1.0).abs() < 0.1, "{alone}: 64x64x4 at 512 MAC a cycle, four times");
    // One tile again and again, and vector arithmetic beside it, cost no more.
    let same = format!("{}\nvadd.vv v24, v25, v26\nvadd.vv v27, v28, v29\n", ".4byte 0xf68480f7\n".repeat(4));
    let beside = Repeated::new("same", XSFMM, &same).cycles("sifive");
    assert!((beside / 128.0 - 1.0).abs() < 0.1, "{beside}");
    // What is read out of a tile waits for the multiplication.
    let read = ".4byte 0xf68480f7\nli a0, 0\n.4byte 0x43f56c57\n";
    let read = Repeated::new("read", XSFMM, read).cycles("sifive");
    assert!(read > 32.0 + 16.0, "{read}");
}

#[test]
fn what_cannot_run_says_what_would_help() {
    let qoq = Repeated::new("explain", SET_E8, ".4byte 0xf742245b");
    let (code, text) = qoq.refused(&[]);
    assert!(code == Some(2) && text.contains("--profile sifive") && text.contains("sf.vqmacc.4x8x4"), "{text}");
    assert_eq!(qoq.run(&["--isa", "rv64gcv_xsfvqmaccqoq"]).status.code(), Some(0));
    let (code, text) = qoq.refused(&["--profile", "sifive", "--isa", "rv64gcv_zvtbase"]);
    assert!(code == Some(2) && text.contains("share encodings"), "{text}");
    let (code, text) = qoq.refused(&["--profile", "none"]);
    assert!(code == Some(2) && text.contains("standard, sifive, zvt, spacemit"), "{text}");
    let (code, text) = Repeated::new("vcix", SET_E8, ".4byte 0x2c20805b").refused(&["--profile", "sifive"]);
    assert!(code == Some(2) && text.contains("--ext") && text.contains("sf.vc.v.vv 0x3,v0,v2,v1"), "{text}");
    let (code, text) = Repeated::new("rvm", SET_E8, ".4byte 0x19e28a2b").refused(&["--profile", "spacemit"]);
    assert!(code == Some(2) && text.contains("`mmacc.w.b` of XuanTie RVM 0.6, which is not built yet"), "{text}");
}
