//! `gemv_i8`: y = W x with int8 weights and a scale a row; W is M x K.

use crate::bounds::{MIN_NORMAL32, U32, gamma};
use crate::quant::quantize;
use crate::{Checker, DType, Pattern, Run, Spec};

/// The int8 matrix-vector product with per-channel scales: activations quantised to int8 with one scale (part of the call),
/// exact int32 sums.
///
/// - Operations: `2 M K`.
/// - Bytes: `M K + 4 (2 M + K)`.
/// - Error, against the exact product of the quantised operands: the sum converts to fp32 with one rounding, two products
///   round once each: `gamma_3 |s d S|`, and `2^-126 |S|` if a product of the scales is subnormal.
pub static KERNEL: Spec = Spec {
    name: "gemv_i8",
    about: "int8 weights with a scale a row times activations quantised to int8, fp32 result; rows in lanes",
    elf: include_bytes!("../prebuilt/gemv_i8.elf"),
    dtype: DType::I8,
    dims: &["M", "K"],
    shapes: &[&[256, 256], &[1024, 1024], &[2048, 2048]],
    awkward: &[
        &[1, 1],
        &[3, 31],
        &[17, 32],
        &[64, 33],
        &[65, 95],
        &[129, 64],
        &[300, 100],
        &[3, 40000],
        &[61, 97],
        &[50277, 32],
    ],
    patterns: &[Pattern::Wide, Pattern::Extreme, Pattern::Zero, Pattern::Tiny],
    in_default_set: false,
    accepts: |s| match s[1] {
        k if k > 131_072 => Err(format!("K = {k} is above 131072: sums could overflow int32")),
        _ => Ok(()),
    },
    flop: |s| 2 * s[0] * s[1],
    bytes: |s| s[0] * s[1] + 4 * (2 * s[0] + s[1]),
    check,
};

fn check(run: &Run, checker: &mut Checker) -> Result<(), String> {
    let [m, k] = run.dims();
    let w = run.input_i8("w", &[m, k])?;
    let scale = run.input_f64("scale", &[m])?;
    let (q, d) = quantize(&run.input("x", &[k])?);
    for ((row, scale), got) in w.chunks_exact(k as usize).zip(scale).zip(run.output("y", &[m])?) {
        let sum = f64::from(row.iter().zip(&q).map(|(w, q)| i32::from(*w) * i32::from(*q)).sum::<i32>());
        let want = scale * f64::from(d) * sum;
        checker.element(got, want, gamma(3, U32) * want.abs() + MIN_NORMAL32 * (sum.abs() + 1.0));
    }
    Ok(())
}
