//! `gemv_f32`: y = W x in fp32; W is M x K.

use crate::bounds::{U32, UNDERFLOW, gamma};
use crate::{Checker, DType, Pattern, Run, Spec, any};

/// The fp32 matrix-vector product.
///
/// - Operations: `2 M K`.
/// - Bytes: `4 (M K + K + M)`.
/// - Error: a dot product by fused multiply-adds, `gamma_K sum |w| |x|`. Where one underflows it loses at most [`UNDERFLOW`]; sums
///   are exact there.
pub static KERNEL: Spec = Spec {
    name: "gemv_f32",
    about: "fp32 matrix-vector product y = W x; rows in lanes (memory-bound)",
    elf: include_bytes!("../prebuilt/gemv_f32.elf"),
    dtype: DType::F32,
    dims: &["M", "K"],
    shapes: &[&[64, 64], &[256, 256], &[1024, 1024]],
    awkward: &[
        &[1, 1],
        &[2, 3],
        &[3, 31],
        &[4, 32],
        &[5, 33],
        &[6, 64],
        &[7, 65],
        &[8, 96],
        &[9, 127],
        &[11, 129],
        &[31, 1000],
        &[61, 97],
        &[32001, 2],
        &[100_278, 3],
    ],
    patterns: &[Pattern::Wide, Pattern::Large, Pattern::Zero, Pattern::Tiny],
    in_default_set: true,
    accepts: any,
    flop: |s| 2 * s.iter().product::<u64>(),
    bytes: |s| {
        let [m, k] = s[..] else { return 0 };
        4 * (m * k + k + m)
    },
    check,
};

fn check(run: &Run, checker: &mut Checker) -> Result<(), String> {
    let [m, k] = run.dims();
    let w = run.input("w", &[m, k])?;
    let x = run.input("x", &[k])?;
    let y = run.arrays.f32("y", &[m])?;
    for (row, got) in w.chunks_exact(k as usize).zip(y) {
        let (mut sum, mut magnitude) = (0.0, 0.0);
        for (a, b) in row.iter().zip(&x) {
            let product = f64::from(*a) * f64::from(*b);
            sum += product;
            magnitude += product.abs();
        }
        checker.element(f64::from(got), sum, gamma(k, U32) * magnitude + k as f64 * UNDERFLOW);
    }
    Ok(())
}
