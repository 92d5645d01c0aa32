//! `gemv_bf16`: y = W x with bf16 weights; W is M x K.

use crate::bounds::{U32, gamma};
use crate::{Checker, DType, Run, Spec, any};

/// The bf16 matrix-vector product with fp32 activations and fp32 sums.
///
/// - Operations: `2 M K`.
/// - Bytes: `2 M K + 4 K + 4 M`.
/// - Error: a dot product by fused multiply-adds, `gamma_K sum |w| |x|`. Inputs are no smaller than 2^-23, so nothing
///   underflows.
pub static KERNEL: Spec = Spec {
    name: "gemv_bf16",
    about: "bf16 weights times fp32 activations with fp32 sums; rows in lanes",
    elf: include_bytes!("../prebuilt/gemv_bf16.elf"),
    dtype: DType::F32,
    dims: &["M", "K"],
    shapes: &[&[256, 256], &[1024, 1024]],
    awkward: &[&[1, 1], &[2, 2], &[17, 3], &[64, 4], &[65, 5], &[129, 64], &[300, 7], &[61, 97], &[50277, 3]],
    patterns: &[],
    in_default_set: false,
    accepts: any,
    flop: |s| 2 * s[0] * s[1],
    bytes: |s| 2 * s[0] * s[1] + 4 * s[1] + 4 * s[0],
    check,
};

fn check(run: &Run, checker: &mut Checker) -> Result<(), String> {
    let [m, k] = run.dims();
    let w = run.input_64ths("w", &[m, k])?;
    let x = run.input_f64("x", &[k])?;
    for (row, got) in w.chunks_exact(k as usize).zip(run.output("y", &[m])?) {
        let products = row.iter().zip(&x).map(|(w, x)| w * x);
        let (sum, magnitude) = products.fold((0.0, 0.0), |(sum, all), p: f64| (sum + p, all + p.abs()));
        checker.element(got, sum, gamma(k, U32) * magnitude);
    }
    Ok(())
}
