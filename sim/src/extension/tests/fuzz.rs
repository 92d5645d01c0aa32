//! Damaged extension files are refused or read, in bounded time, never a panic.

use std::sync::Arc;

use super::*;
use crate::random::Random;

const NUMBERS: &[&str] = &[
    "0",
    "-1",
    "1",
    "3",
    "255",
    "257",
    "4294967296",
    "99999999999999999999",
    "0x7fffffffffffffff",
    "1e400",
    "-0.0",
    "nan",
    "\"vl/0\"",
];

const SCRAPS: &[&str] = &[
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
    "\"\"\"",
    "[[instruction]]",
    "vm ",
    "rs1",
    "td, ",
    "ts1",
    "vs3",
    "map = \"1/0\"\n",
    "script = \"loop {}\"\n",
    "load = {}\n",
    "store = { rows = 256, bytes = \"vl*4096\" }\n",
    "i4",
    "u64",
    "f16",
    "bf16",
    "saturate = true\n",
    "reduce = \"sum\"\n",
    "type = \"f\"\n",
    "0x5b",
    "31..26=1",
    "m = 256",
    "k = 1",
    "c_layout = \"columns\"",
];

/// Damages lines, numbers or characters.
fn damage(text: &str, other: &str, random: &mut Random) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    for _ in 0..=random.below(3) {
        let at = random.below(lines.len());
        match random.below(6) {
            0 => {
                lines.remove(at);
            }
            1 => lines.insert(at, lines[at].clone()),
            2 => {
                let with = random.below(lines.len());
                lines.swap(at, with);
            }
            3 => {
                let foreign: Vec<&str> = other.lines().collect();
                lines.insert(at, random.pick(&foreign).to_string());
            }
            4 => {
                // A number of the line becomes another.
                let line = &lines[at];
                let places: Vec<usize> =
                    line.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at).collect();
                if let Some(&place) = places.get(random.below(places.len())) {
                    lines[at] = format!("{}{}{}", &line[..place], random.pick(NUMBERS), &line[place + 1..]);
                }
            }
            _ => {
                let mut chars: Vec<char> = lines[at].chars().collect();
                let place = random.below(chars.len() + 1);
                let end = (place + random.below(6)).min(chars.len());
                chars.splice(place..end, random.pick(SCRAPS).chars());
                lines[at] = chars.into_iter().collect();
            }
        }
        if lines.is_empty() {
            lines.push(String::new());
        }
    }
    lines.join("\n")
}

#[test]
fn damaged_files_do_no_harm() {
    let texts: Vec<String> = builtin_names().map(|name| super::super::source(name).expect("of the box")).collect();
    let machine = Arc::new(Machine::load("x280", &[]).expect("x280"));
    let mut random = Random(5);
    let (mut refused, rounds) = (0, 1500);
    for round in 0..rounds {
        let other = &texts[random.below(texts.len())];
        let text = damage(&texts[round % texts.len()], other, &mut random);
        let mut all = Extensions::default();
        match all.add("fuzz.toml", &text) {
            Err(error) => {
                refused += 1;
                let told = error.to_string();
                assert!(told.starts_with("fuzz.toml:") && !error.what.is_empty(), "{told}");
            }
            Ok(()) if round % 8 == 0 => {
                // What is accepted runs: once each, with a budget, and is described.
                check::check(&all);
                if let Ok(timed) = all.on(machine.clone()) {
                    assert!(!super::super::show::page(&all, &all.list[0], &timed).is_empty());
                }
                let _includes = (super::super::asm::include(&all.list[0]), super::super::asm::header(&all.list[0]));
            }
            Ok(()) => {}
        }
    }
    assert!(refused > rounds / 4 && refused < rounds, "{refused}");
}
