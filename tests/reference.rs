//! Every instruction against independent references: Spike and QEMU. See `docs/reference-differences.md`.
//!
//! `RVTILE_COVERAGE=1 cargo test --test reference -- --nocapture` prints the counts of every row.

#[path = "reference/mod.rs"]
mod reference;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use reference::exclusions::{Reference, runs};
use reference::plan::{Bench, Exceptions, Shape, number, seconds};
use reference::{Coverage, Target};
use rvtile_isa::decode::Decoder;

const SHORT: Shape = Shape { groups: 4, cases: 500 };

/// Times that every row, SEW, LMUL and mask runs.
const TIMES: usize = 2;

fn target(vlen: u32, references: &[Reference]) -> Target {
    Target { vlen, agnostic_ones: false, references: references.to_vec() }
}

/// Every row, SEW, LMUL and mask: what both references have on both, the rest on Spike.
fn everything(vlen: u32) {
    let decoder = Decoder::standard();
    let seed = number("SEED", 1);
    let qemu = |row: usize| vlen <= 1024 && runs(Reference::Qemu, decoder.rows()[row], false);
    let both = Bench::new(&decoder, target(vlen, &[Reference::Spike, Reference::Qemu]), seed);
    let spike = Bench::new(&decoder, target(vlen, &[Reference::Spike]), seed);
    let rest = spike.every_cell(SHORT, TIMES, |cell| !qemu(cell.row));
    if vlen <= 1024 {
        let both = both.every_cell(SHORT, TIMES, |cell| qemu(cell.row));
        rest.and(both).conclude(&format!("VLEN {vlen}"), &decoder);
    } else {
        rest.conclude(&format!("VLEN {vlen}"), &decoder);
    }
}

#[test]
fn vlen_128() {
    everything(128);
}

#[test]
fn vlen_256() {
    everything(256);
}

#[test]
fn vlen_512() {
    everything(512);
}

#[test]
fn vlen_1024() {
    everything(1024);
}

#[test]
fn vlen_4096() {
    everything(4096);
}

/// vstart on arithmetic, which only QEMU resumes, with both policies for agnostic elements.
#[test]
fn vstart_and_agnostic_elements() {
    let decoder = Decoder::standard();
    for (vlen, agnostic_ones) in [(128, true), (256, false)] {
        let target = Target { agnostic_ones, ..target(vlen, &[Reference::Qemu]) };
        let report =
            Bench::new(&decoder, target, number("SEED", 1)).every_cell(SHORT, TIMES, |cell| cell.vtype.is_some());
        report.conclude(
            &format!("VLEN {vlen}, agnostic elements {}", if agnostic_ones { "ones" } else { "kept" }),
            &decoder,
        );
    }
}

/// Cases of one instruction that raises an exception: cause, value and all state afterwards are compared.
fn exceptions(what: Exceptions, reference: Reference, rounds: u64, name: &str) {
    let decoder = Decoder::standard();
    let bench = Bench::new(&decoder, target(256, &[reference]), number("SEED", 1));
    bench.exceptions(Shape { groups: 1, cases: 1000 }, rounds, what).conclude(name, &decoder);
}

#[test]
fn unknown_words() {
    exceptions(Exceptions::Unknown, Reference::Spike, 16, "unknown words");
}

#[test]
fn reserved_operands() {
    exceptions(Exceptions::Reserved, Reference::Spike, 16, "reserved operands");
}

/// What is illegal here with every operand is illegal there.
#[test]
fn never_legal() {
    let decoder = Decoder::standard();
    let bench = Bench::new(&decoder, target(128, &[Reference::Spike]), number("SEED", 1));
    bench.never_legal(Shape { groups: 1, cases: 1000 }).conclude("never legal", &decoder);
}

#[test]
fn faults() {
    exceptions(Exceptions::Faults, Reference::Spike, 6, "faults on Spike");
    exceptions(Exceptions::Faults, Reference::Qemu, 6, "faults on QEMU");
}

/// Long random programs; `make soak`. SEED, SECONDS and INSTRUCTIONS (in all) say how much, ROUND where to begin.
#[test]
#[ignore = "runs for as long as it is told"]
fn soak() {
    let decoder = Decoder::standard();
    let (seed, instructions) = (number("SEED", 1), number("INSTRUCTIONS", u64::MAX));
    let end = Instant::now() + seconds("SECONDS", 600);
    let total = Mutex::new((Coverage::default(), Vec::new()));
    let mut targets: Vec<Target> = Vec::new();
    for vlen in [128, 256, 512, 1024] {
        targets.push(target(vlen, &[Reference::Spike, Reference::Qemu]));
        targets.push(target(vlen, &[Reference::Spike]));
        targets.extend([true, false].map(|agnostic_ones| Target { agnostic_ones, ..target(vlen, &[Reference::Qemu]) }));
    }
    targets.extend([2048, 4096].map(|vlen| target(vlen, &[Reference::Spike])));
    let benches: Vec<Bench> = targets.into_iter().map(|target| Bench::new(&decoder, target, seed)).collect();
    let rounds = AtomicU64::new(number("ROUND", 0));
    let workers = std::thread::available_parallelism().map_or(2, |n| n.get());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while total.lock().unwrap().0.tested < instructions && Instant::now() < end {
                    let round = rounds.fetch_add(1, Ordering::Relaxed);
                    let bench = &benches[round as usize % benches.len()];
                    let name = format!("VLEN {}, {:?}", bench.target().vlen, bench.target().references);
                    let cases = if bench.target().vlen > 1024 { 250 } else { 1000 };
                    let report = bench.soak(Shape { groups: 32, cases }, round);
                    let mut total = total.lock().unwrap();
                    total.0.add(&report.coverage);
                    println!("{:>12} instructions, {:>12} with set-up ({name})", total.0.tested, total.0.executed);
                    for failure in report.failures {
                        println!("{name}, seed {seed}, round {round}: {failure}");
                        total.1.push(failure);
                    }
                }
            });
        }
    });
    let (coverage, failures) = total.into_inner().unwrap();
    println!("seed {seed}: {} instructions compared, {} with their set-up", coverage.tested, coverage.executed);
    assert!(failures.is_empty(), "{} differences", failures.len());
}
