//! `matmul_q8_0`, `matmul_q4_0`: Y = X W^T for several tokens with quantised weights; X is M x K, W is N x K.

use crate::bounds::{MIN_NORMAL32, U32, gamma};
use crate::quant::{BLOCK, Blocks, Unpack, q4_0, q8_0, quantize};
use crate::{Checker, DType, Pattern, Run, Spec, any};

/// The product of M tokens with Q8_0 weights; activations are quantised in blocks of 32 as part of the call.
///
/// - Operations: `2 M K N`.
/// - Bytes: `34 N ceil(K / 32) + 4 (M K + M N)`.
/// - Error: that of `gemv_q8_0` for each token.
pub static Q8_0: Spec = Spec {
    name: "matmul_q8_0",
    about: "several tokens times Q8_0 weights, activations quantised to int8, fp32 result",
    bytes: |s| 34 * s[2] * s[1].div_ceil(32) + 4 * (s[0] * s[1] + s[0] * s[2]),
    check: |run, checker| check(run, checker, 32, q8_0),
    ..COMMON
};

/// The same with Q4_0 weights: 18 bytes a block.
pub static Q4_0: Spec = Spec {
    name: "matmul_q4_0",
    about: "several tokens times Q4_0 weights, activations quantised to int8, fp32 result",
    bytes: |s| 18 * s[2] * s[1].div_ceil(32) + 4 * (s[0] * s[1] + s[0] * s[2]),
    check: |run, checker| check(run, checker, 16, q4_0),
    ..COMMON
};

const COMMON: Spec = Spec {
    name: "",
    about: "",
    elf: include_bytes!("../prebuilt/matmul_q.elf"),
    dtype: DType::I8,
    dims: &["M", "K", "N"],
    shapes: &[&[64, 256, 256]],
    awkward: &[&[1, 1, 1], &[2, 33, 17], &[3, 64, 65], &[7, 31, 130], &[8, 96, 64], &[15, 100, 97]],
    patterns: &[Pattern::Wide, Pattern::Extreme, Pattern::Zero],
    in_default_set: false,
    accepts: any,
    flop: |s| 2 * s[0] * s[1] * s[2],
    bytes: |_| 0,
    check: |_, _| Ok(()),
};

fn check(run: &Run, checker: &mut Checker, per_block: u64, unpack: Unpack) -> Result<(), String> {
    let [m, k, n] = run.dims();
    let x = run.input("x", &[m, k])?;
    let w = Blocks::read(run, n, k, per_block, unpack)?;
    let y = run.output("y", &[m, n])?;
    for (x, y) in x.chunks_exact(k as usize).zip(y.chunks_exact(n as usize)) {
        let x: Vec<_> = x.chunks(BLOCK).map(quantize).collect();
        for (row, got) in y.iter().enumerate() {
            let (mut sum, mut magnitude) = (0.0, 0.0);
            for (b, (q, d)) in x.iter().enumerate() {
                let index = row * x.len() + b;
                let term = w.scale(index) * f64::from(*d) * f64::from(w.dot(index, q));
                sum += term;
                magnitude += term.abs();
            }
            let steps = x.len() as u64 + 1;
            checker.element(*got, sum, gamma(steps, U32) * magnitude + steps as f64 * MIN_NORMAL32);
        }
    }
    Ok(())
}
