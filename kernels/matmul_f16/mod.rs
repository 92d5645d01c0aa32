//! `matmul_f16`: C = A B in fp16 with fp16 sums; A is M x K, B is K x N.

use crate::bounds::{ETA16, U16, f16_to_f64};
use crate::{Checker, DType, Run, Spec};

/// The fp16 GEMM.
///
/// - Operations: `2 M K N`.
/// - Bytes: `2 (M K + K N + M N)`.
/// - Error: the usual `gamma_K` says nothing from K = 2048 on, since `u = 2^-11`. But the kernel sums in the order of k, so
///   a running bound holds. Let `s_k` be the exact partial sum and `s_k + e_k` the computed one. A fused step rounds
///   `s_k + e_(k-1)` once, so `|e_k| <= |e_(k-1)| + u |s_k + e_(k-1)| + eta`, which gives
///   `E_k = (1 + u) E_(k-1) + u |s_k| + eta` with `eta = 2^-25` for subnormal results. The bound is `E_K`.
///
/// Sums stay below 65504 in magnitude for K up to 65504, as inputs are at most 1.
pub static KERNEL: Spec = Spec {
    name: "matmul_f16",
    about: "fp16 matrix product C = A B with fp16 sums, packed panels, 6 x VLMAX(m4) register tile",
    elf: include_bytes!("../prebuilt/matmul_f16.elf"),
    dtype: DType::F16,
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
        &[13, 9, 257],
        &[2, 2100, 5],
        &[17, 131, 40],
    ],
    patterns: &[],
    in_default_set: true,
    accepts: |s| match s[1] {
        k if k > MAX_K => Err(format!("K = {k} is above {MAX_K}: sums could overflow fp16")),
        _ => Ok(()),
    },
    flop: |s| 2 * s.iter().product::<u64>(),
    bytes: |s| {
        let [m, k, n] = s[..] else { return 0 };
        2 * (m * k + k * n + m * n)
    },
    check,
};

const MAX_K: u64 = 65504;

fn check(run: &Run, checker: &mut Checker) -> Result<(), String> {
    let [m, k, n] = run.dims();
    let a = run.input_64ths("a", &[m, k])?;
    let b = run.input_64ths("b", &[k, n])?;
    let c = run.arrays.f16("c", &[m, n])?;
    let columns = n as usize;
    for (a_row, c_row) in a.chunks_exact(k as usize).zip(c.chunks_exact(columns)) {
        let mut sums = vec![0.0f64; columns];
        let mut errors = vec![0.0f64; columns];
        for (x, b_row) in a_row.iter().zip(b.chunks_exact(columns)) {
            for ((sum, error), y) in sums.iter_mut().zip(&mut errors).zip(b_row) {
                *sum += x * y;
                *error = (1.0 + U16) * *error + U16 * sum.abs() + ETA16;
            }
        }
        for ((got, want), bound) in c_row.iter().zip(sums).zip(errors) {
            checker.element(f16_to_f64(*got), want, bound);
        }
    }
    Ok(())
}
