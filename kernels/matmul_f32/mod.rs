//! `matmul_f32`: C = A B in fp32; A is M x K, B is K x N.

use crate::bounds::{U32, UNDERFLOW, gamma};
use crate::{Checker, DType, Pattern, Run, Spec, any};

/// The fp32 GEMM.
///
/// - Operations: `2 M K N`.
/// - Bytes: `4 (M K + K N + M N)`.
/// - Error: each element is a dot product of length K, summed with fused multiply-adds in any order, so its error is at
///   most `gamma_K * sum |a| |b|` (Higham, section 3.1: each product passes through at most K roundings), and
///   [`UNDERFLOW`] for each product, which may underflow.
pub static KERNEL: Spec = Spec {
    name: "matmul_f32",
    about: "fp32 matrix product C = A B, packed panels, 6 x VLMAX(m4) register tile",
    elf: include_bytes!("../prebuilt/matmul_f32.elf"),
    dtype: DType::F32,
    dims: &["M", "K", "N"],
    shapes: &[&[64, 64, 64], &[128, 128, 128], &[256, 256, 256], &[100, 300, 130]],
    awkward: &[
        &[1, 1, 1],
        &[1, 7, 3],
        &[2, 2, 16],
        &[3, 5, 17],
        &[4, 3, 63],
        &[5, 31, 64],
        &[6, 2, 65],
        &[7, 1, 127],
        &[13, 64, 129],
        &[37, 41, 43],
        &[100, 257, 70],
        &[29, 513, 33],
        &[17, 19, 1100],
        &[33, 47, 29],
    ],
    patterns: &[Pattern::Wide, Pattern::Large, Pattern::Zero, Pattern::Tiny],
    in_default_set: true,
    accepts: any,
    flop: |s| 2 * s.iter().product::<u64>(),
    bytes: |s| {
        let [m, k, n] = s[..] else { return 0 };
        4 * (m * k + k * n + m * n)
    },
    check,
};

fn check(run: &Run, checker: &mut Checker) -> Result<(), String> {
    let [m, k, n] = run.dims();
    let a = run.input("a", &[m, k])?;
    let b: Vec<f64> = run.input("b", &[k, n])?.into_iter().map(f64::from).collect();
    let c = run.arrays.f32("c", &[m, n])?;
    let columns = n as usize;
    for (a_row, c_row) in a.chunks_exact(k as usize).zip(c.chunks_exact(columns)) {
        let mut sums = vec![0.0; columns];
        let mut magnitudes = vec![0.0; columns];
        for (x, b_row) in a_row.iter().zip(b.chunks_exact(columns)) {
            for ((sum, magnitude), y) in sums.iter_mut().zip(&mut magnitudes).zip(b_row) {
                let product = f64::from(*x) * y;
                *sum += product;
                *magnitude += product.abs();
            }
        }
        for ((got, want), magnitude) in c_row.iter().zip(sums).zip(magnitudes) {
            checker.element(f64::from(*got), want, gamma(k, U32) * magnitude + k as f64 * UNDERFLOW);
        }
    }
    Ok(())
}
