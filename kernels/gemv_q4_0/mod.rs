//! `gemv_q4_0`: y = W x with Q4_0 weights; W is M x K.

use crate::bounds::{MIN_NORMAL32, U32, gamma};
use crate::quant::{BLOCK, Blocks, q4_0, quantize};
use crate::{Checker, DType, Pattern, Run, Spec, any};

/// The Q4_0 matrix-vector product: blocks of 32 weights with an fp16 scale, activations quantised to int8 in blocks of 32
/// (which is part of the call) and fp32 sums over the blocks.
///
/// - Operations: `2 M K`.
/// - Bytes: `18 M ceil(K / 32) + 4 (K + M)`.
/// - Error, against the exact product of the quantised operands (the host quantises bit by bit as the kernel does): the
///   integer sum of a block is exact and converts exactly, its magnitude being below 2^24; the product with the weights' scale
///   rounds once, and `B` fused additions once each: `gamma_(B + 1) sum_b |s_b d_b S_b|`, and `(B + 1) 2^-126` for results below the
///   normal numbers.
/// - Quantisation itself, for who compares with unquantised activations: at most `d_b / 2 (1 + 2^-22) sum |w|` for each block.
pub static KERNEL: Spec = Spec {
    name: "gemv_q4_0",
    about: "Q4_0 weights times activations quantised to int8, fp32 result; rows in lanes",
    elf: include_bytes!("../prebuilt/gemv_q4_0.elf"),
    dtype: DType::I8,
    dims: &["M", "K"],
    shapes: &[&[256, 256], &[1024, 1024], &[2048, 2048]],
    awkward: &[&[1, 1], &[3, 31], &[17, 32], &[64, 33], &[65, 95], &[129, 64], &[300, 100], &[61, 97], &[100_278, 32]],
    patterns: &[Pattern::Wide, Pattern::Extreme, Pattern::Zero, Pattern::Tiny],
    in_default_set: false,
    accepts: any,
    flop: |s| 2 * s[0] * s[1],
    bytes: |s| 18 * s[0] * s[1].div_ceil(32) + 4 * (s[1] + s[0]),
    check,
};

fn check(run: &Run, checker: &mut Checker) -> Result<(), String> {
    let [m, k] = run.dims();
    let w = Blocks::read(run, m, k, 16, q4_0)?;
    let x: Vec<_> = run.input("x", &[k])?.chunks(BLOCK).map(quantize).collect();
    for (row, got) in run.output("y", &[m])?.into_iter().enumerate() {
        let (mut sum, mut magnitude) = (0.0, 0.0);
        for (b, (q, d)) in x.iter().enumerate() {
            let index = row * x.len() + b;
            let term = w.scale(index) * f64::from(*d) * f64::from(w.dot(index, q));
            sum += term;
            magnitude += term.abs();
        }
        let steps = x.len() as u64 + 1;
        checker.element(got, sum, gamma(steps, U32) * magnitude + steps as f64 * MIN_NORMAL32);
    }
    Ok(())
}
