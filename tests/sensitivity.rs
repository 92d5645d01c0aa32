//! What the model answers when the machine changes, with the expectation stated and bounds derived from it.

use rvtile_kernels::find;
use rvtile_sim::bench::measure;
use rvtile_tests::machine;

/// Cycles and bytes of a kernel on the default machine with these values changed.
fn run((kernel, shape): (&str, &str), overrides: &[(&str, &str)]) -> (f64, f64) {
    let result = measure(find(kernel).unwrap(), &shape.parse().unwrap(), &machine(overrides), false).unwrap();
    assert!(result.check.ok, "{kernel} {shape} with {overrides:?}");
    (result.cycles as f64, result.bytes as f64)
}

/// The cycles with these values changed are this many times those without.
fn check(kernel: (&str, &str), changed: &[(&str, &str)], expected: std::ops::RangeInclusive<f64>) {
    let ratio = run(kernel, changed).0 / run(kernel, &[]).0;
    assert!(expected.contains(&ratio), "{kernel:?} with {changed:?}: {ratio:.3} times, expected {expected:?}");
}

/// With these values changed a kernel takes its bytes over this rate, and hardly more. A line is there when its transfer begins, so
/// that of the last few is not waited for.
fn bound_by(kernel: (&str, &str), changed: &[(&str, &str)], bytes_per_cycle: f64) {
    let (cycles, bytes) = run(kernel, changed);
    let ratio = cycles / (bytes / bytes_per_cycle);
    assert!((0.99..=1.15).contains(&ratio), "{kernel:?} with {changed:?}: {ratio:.3} times the time of its bytes");
}

/// A matrix of 16 KiB, in the L1D, one of 128 KiB, in the L2, and one of 16 MiB, in main memory, each read once.
const FROM_L1: (&str, &str) = ("gemv_f32", "64x64");
const FROM_L2: (&str, &str) = ("gemv_f32", "128x256");
const FROM_DRAM: (&str, &str) = ("gemv_f32", "2048x2048");
/// A matrix product, bound by its multiply-adds, whose panels come from the L2.
const PRODUCT: (&str, &str) = ("matmul_f32", "128x128x128");

#[test]
fn a_datapath_twice_as_wide_halves_arithmetic_at_most() {
    let long = ("vector.vlen", "1024");
    let ratio = run(PRODUCT, &[long, ("vector.dlen", "512")]).0 / run(PRODUCT, &[long]).0;
    assert!((0.5..=0.7).contains(&ratio), "{ratio:.3}");
}

#[test]
fn a_second_sequencer_halves_arithmetic_at_most() {
    let two = [("vector.arithmetic_sequencers", "2")];
    check(PRODUCT, &two, 0.5..=0.7);
    check(FROM_DRAM, &two, 0.999..=1.001);
}

#[test]
fn a_slow_l2_is_felt_by_those_who_read_from_it() {
    let late = [("memory.l2.hit_latency", "48")];
    check(FROM_L1, &late, 1.0..=1.0);
    // It keeps two columns of 16 cycles under way, and what waits in the command queue asks for up to four more: beyond 80 to 96 cycles
    // the latency shows, once for all of them.
    check(FROM_L2, &late, 1.0..=1.15);
    check(FROM_L2, &[("memory.l2.hit_latency", "192")], 1.7..=2.3);
    check(FROM_L2, &[("memory.l2.hit_latency", "96"), ("vector.early_requests", "false")], 1.7..=2.4);
    // Its loads wait in the queue behind multiply-adds, except where an element of A is needed at once.
    check(PRODUCT, &late, 1.001..=1.05);
    // The path into the L1D is taken where loads leave their lines there.
    let narrow = ("memory.l1d.bytes_per_cycle", "4");
    check(FROM_L1, &[narrow], 1.0..=1.0);
    check(FROM_L2, &[narrow], 0.999..=1.001);
    bound_by(FROM_L2, &[narrow, ("vector.start_level", "l1d")], 4.0);
}

#[test]
fn a_slow_main_memory_is_felt_by_those_who_read_from_it() {
    let slow = [("memory.dram.read", "6.4 GB/s")];
    bound_by(FROM_DRAM, &slow, 6.4 / 1.75);
    check(FROM_L2, &slow, 1.0..=1.0);
    check(PRODUCT, &slow, 1.0..=1.0);
}

#[test]
fn a_short_command_queue_and_a_narrow_pipe_cost_something() {
    check(PRODUCT, &[("vector.queue_depth", "1")], 1.001..=1.1);
    check(PRODUCT, &[("vector.queue_depth", "16")], 0.98..=1.0);
    check(("matmul_q8_0", "16x128x128"), &[("core.issue_width", "1")], 1.05..=1.5);
}

#[test]
fn multiply_adds_that_are_independent_hide_their_latency_but_not_their_occupancy() {
    check(PRODUCT, &[("class.v-fma.latency", "9")], 1.0..=1.02);
    check(PRODUCT, &[("class.v-fma.occupancy", "2*beats")], 1.6..=2.0);
}
