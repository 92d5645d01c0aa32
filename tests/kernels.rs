//! The project's kernels on the default machine: values, cycles, ledger.

use rvtile_kernels::{Shape, all, find};
use rvtile_sim::bench::{Measurement, measure};
use rvtile_tests::machine;

/// Cycles of every kernel at its default shapes on the default machine.
const CYCLES: &str = include_str!("data/kernel_cycles.csv");

fn run(kernel: &str, shape: &str, overrides: &[(&str, &str)]) -> Measurement {
    let kernel = find(kernel).unwrap();
    let shape: Shape = shape.parse().unwrap();
    measure(kernel, &shape, &machine(overrides), false).unwrap()
}

/// The last of each kernel's awkward shapes, which has tails in every dimension.
fn awkward() -> Vec<(&'static str, String)> {
    all().iter().map(|kernel| (kernel.name(), kernel.awkward_shapes().pop().expect("a shape").to_string())).collect()
}

#[test]
fn values_are_right_at_every_vector_length() {
    for vlen in [128, 256, 512, 1024, 2048, 4096] {
        let dlen = vlen.min(256).to_string();
        for (kernel, shape) in awkward() {
            if !find(kernel).unwrap().vlens().contains(&vlen) {
                continue;
            }
            let result = run(kernel, &shape, &[("vector.vlen", &vlen.to_string()), ("vector.dlen", &dlen)]);
            assert!(result.check.ok, "{kernel} {shape} at VLEN {vlen}: {:?}", result.check.worst);
        }
    }
}

#[test]
fn the_ledger_adds_up_and_a_second_run_gives_the_same_cycles() {
    for (kernel, shape) in awkward() {
        let (first, second) = (run(kernel, &shape, &[]), run(kernel, &shape, &[]));
        assert_eq!(first.ledger.total(), first.cycles, "{kernel} {shape}");
        assert_eq!(first.cycles, second.cycles, "{kernel} {shape}");
        assert_eq!(first.ledger, second.ledger, "{kernel} {shape}");
    }
}

#[test]
fn default_shapes_are_right_and_take_the_cycles_of_the_table() {
    let mut table = String::from("kernel,shape,cycles\n");
    for kernel in all() {
        for shape in kernel.default_shapes() {
            let result = measure(*kernel, &shape, &machine(&[]), false).unwrap();
            assert!(result.check.ok, "{} {shape}: {:?}", kernel.name(), result.check.worst);
            assert_eq!(result.ledger.total(), result.cycles, "{} {shape}", kernel.name());
            assert!(result.fraction_of_peak() <= 1.0, "{} {shape}: faster than the machine's peak", kernel.name());
            table += &format!("{},{shape},{}\n", kernel.name(), result.cycles);
        }
    }
    // Comparing two ways through one model says nothing when both have changed.
    if table != CYCLES {
        let others: Vec<&str> = table.lines().filter(|line| !CYCLES.lines().any(|known| known == *line)).collect();
        let fresh = concat!(env!("CARGO_TARGET_TMPDIR"), "/kernel_cycles.csv");
        std::fs::write(fresh, &table).unwrap();
        panic!(
            "tests/data/kernel_cycles.csv has not\n{others:#?}\nIf the model or a kernel was meant to change, copy {fresh} there."
        );
    }
}

#[test]
fn matrix_products_come_near_the_peak() {
    for (kernel, least, peak) in [("matmul_f32", 0.85, 16.0), ("matmul_f16", 0.75, 32.0)] {
        let result = run(kernel, "256x256x256", &[]);
        assert!((result.peak_flop_per_cycle - peak).abs() < 1e-9);
        assert!(result.check.ok && result.fraction_of_peak() >= least, "{kernel}: {}", result.fraction_of_peak());
    }
}

#[test]
fn every_kernel_beats_its_scalar_twin() {
    for (kernel, shape) in [("matmul_f32", "48x64x48"), ("matmul_f16", "48x128x48"), ("matmul_i8", "48x64x48")] {
        let result = measure(find(kernel).unwrap(), &shape.parse().unwrap(), &machine(&[]), true).unwrap();
        assert!(result.speedup().unwrap() > 4.0, "{kernel}: {:?}", result.speedup());
    }
}
