//! Damaged files and formulas are refused or read, never a panic.

use super::super::{Formula, Inputs, Machine, Payload, Shape};
use crate::random::Random;

const SCRAPS: &[&str] = &[
    "0",
    "-1",
    "99999999999999999999",
    "nan",
    "inf",
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    "=",
    "\n",
    ".",
    "#",
    "é",
    "\u{0}",
    "value",
    "source",
    "include = \"x280\"",
    "vector",
    "true",
    "1e400",
    "vl/0",
    "((((",
    "max(",
    "9223372036854775807",
];

/// Replaces, removes or inserts pieces of `text`.
fn damage(text: &str, random: &mut Random) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(chars.len() + 1);
        let end = (at + random.below(12)).min(chars.len());
        let scrap: Vec<char> = match random.below(3) {
            0 => Vec::new(),
            1 => SCRAPS[random.below(SCRAPS.len())].chars().collect(),
            _ => {
                let from = random.below(chars.len() + 1);
                chars[from..(from + 20).min(chars.len())].to_vec()
            }
        };
        let end = if random.below(2) == 0 { at } else { end };
        chars.splice(at..end, scrap);
    }
    chars.into_iter().collect()
}

#[test]
fn damaged_files_do_not_panic() {
    let mut random = Random(1);
    let texts: Vec<&str> = Machine::builtin_names().into_iter().map(super::super::builtin::text).collect();
    let (mut refused, rounds) = (0, 1000);
    for round in 0..rounds {
        let text = damage(texts[round % texts.len()], &mut random);
        if let Err(error) = Machine::from_text("fuzz.toml", &text, &[]) {
            assert!(!error.to_string().contains('\n') || error.key.contains('\n') || error.what.contains('\n'));
            refused += 1;
        }
    }
    assert!(refused > rounds / 4 && refused < rounds, "{refused}");
}

#[test]
fn damaged_formulas_do_not_panic() {
    let mut random = Random(2);
    let seeds = [
        "1 + 7*ceil(log2(max(2, vl))) + log2(max(1, vl*sew/vlen))",
        "if(vl*sew > 4*vlen, 9, if(vl*sew >= vlen, 1, 0))",
        "min(vl, 3, nf)/(lmul - 1) != -beats",
    ];
    let shape = Shape {
        vlen: 512,
        dlen: 256,
        sew: 32,
        eew: 8,
        lmul_eighths: 8,
        nf: 3,
        vl: 0,
        work: 0,
        tm: 0,
        tk: 0,
        payload: Payload::default(),
    };
    let mut read = 0;
    for round in 0..20_000 {
        if let Ok(formula) = Formula::parse(&damage(seeds[round % seeds.len()], &mut random)) {
            formula.cycles(&Inputs::new(&shape));
            let _verdict = formula.check(512, 256);
            read += 1;
        }
    }
    assert!(read > 500, "{read}");
}

#[test]
fn strange_overrides_do_not_panic() {
    for key in ["", ".", "..", "class", "class.", "class.alu", "memory.l1d.size", "vector.vlen", "memory.dram.read"] {
        for value in SCRAPS.iter().chain(&["", "\"\"", "1e300", "1e-300", "-0.0", ".", "+", "0 B/cycle", "4 ns"]) {
            let loaded = Machine::load("x280", &[(key.to_string(), value.to_string())]);
            assert!(loaded.is_err() || key == "memory.l1d.size", "{key}={value}");
        }
    }
}
