//! `quantize`: fp32 activations to Q8_0, int8 with a scale for each 32 elements.

use crate::bounds::U32;
use crate::quant::{BLOCK, quantize};
use crate::{Checker, DType, Pattern, Run, Spec, any};

/// The quantisation of activations before a product with quantised weights.
///
/// - Operations: `3 K`: compare, multiply, round. (A division for each 32 elements is left out.)
/// - Bytes: `5 K + 4 ceil(K / 32)`.
/// - Error: none against the host's fp32 arithmetic in the same order; and as a second check `|d q - x| <= d / 2 (1 + 256 u)`: half
///   a step, and three roundings of a number below 128.
/// - A block whose magnitudes are all below 2^-119 becomes 0.
pub static KERNEL: Spec = Spec {
    name: "quantize",
    about: "fp32 activations to int8 with a scale for each 32 elements",
    elf: include_bytes!("../prebuilt/quantize.elf"),
    dtype: DType::F32,
    dims: &["K"],
    shapes: &[&[288], &[4096], &[11008]],
    awkward: &[&[1], &[31], &[32], &[33], &[64], &[100], &[1024], &[2085]],
    patterns: &[Pattern::Wide, Pattern::Large, Pattern::Equal, Pattern::Zero, Pattern::Tiny, Pattern::Ties],
    in_default_set: false,
    accepts: any,
    flop: |s| 3 * s[0],
    bytes: |s| 5 * s[0] + 4 * s[0].div_ceil(32),
    check,
};

fn check(run: &Run, checker: &mut Checker) -> Result<(), String> {
    let [k] = run.dims();
    let blocks = k.div_ceil(BLOCK as u64);
    let x = run.input("x", &[k])?;
    let (q, d) = (run.arrays.i8("q", &[blocks * BLOCK as u64])?, run.output("d", &[blocks])?);
    for ((x, q), got_d) in x.chunks(BLOCK).zip(q.chunks(BLOCK)).zip(d) {
        let (mut want_q, want_d) = quantize(x);
        want_q.resize(BLOCK, 0);
        checker.element(got_d, f64::from(want_d), 0.0);
        for (got, want) in q.iter().zip(want_q) {
            checker.element(f64::from(*got), f64::from(want), 0.0);
        }
        for (q, x) in q.iter().zip(x).filter(|_| got_d > 0.0) {
            checker.element(got_d * f64::from(*q), f64::from(*x), got_d / 2.0 * (1.0 + 256.0 * U32));
        }
    }
    Ok(())
}
