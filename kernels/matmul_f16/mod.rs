//! `matmul_f16`: C = A B in fp16 with fp16 sums; A is M x K, B is K x N.

use crate::bounds::{ETA16, U16, f16_to_f64};
use crate::{Arrays, Check, Checker, DType, Kernel, Pattern, Shape, inputs, validate_dims};

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
pub struct MatmulF16;

const DIMS: &[&str] = &["M", "K", "N"];
const MAX_K: u64 = 65504;

impl Kernel for MatmulF16 {
    fn name(&self) -> &'static str {
        "matmul_f16"
    }

    fn about(&self) -> &'static str {
        "fp16 matrix product C = A B with fp16 sums, packed panels, 6 x VLMAX(m4) register tile"
    }

    fn elf(&self) -> &'static [u8] {
        include_bytes!("../prebuilt/matmul_f16.elf")
    }

    fn dtype(&self) -> DType {
        DType::F16
    }

    fn dims(&self) -> &'static [&'static str] {
        DIMS
    }

    fn default_shapes(&self) -> Vec<Shape> {
        [[64, 64, 64], [128, 128, 128], [256, 256, 256], [100, 300, 130]].map(|s| Shape(s.to_vec())).into()
    }

    fn validate(&self, shape: &Shape) -> Result<(), String> {
        validate_dims(shape, DIMS)?;
        match shape.0[1] {
            k if k > MAX_K => Err(format!("K = {k} is above {MAX_K}: sums could overflow fp16")),
            _ => Ok(()),
        }
    }

    fn flop(&self, shape: &Shape) -> u64 {
        2 * shape.0.iter().product::<u64>()
    }

    fn bytes(&self, shape: &Shape) -> u64 {
        let [m, k, n] = shape.0[..] else { return 0 };
        2 * (m * k + k * n + m * n)
    }

    fn check_pattern(&self, shape: &Shape, _: Pattern, arrays: &Arrays) -> Result<Check, String> {
        self.validate(shape)?;
        let [m, k, n] = shape.0[..] else { unreachable!("validated") };
        let a = inputs::checked_f16(arrays, "a", 0, &[m, k])?;
        let b = inputs::checked_f16(arrays, "b", 1, &[k, n])?;
        let c = arrays.f16("c", &[m, n])?;
        let columns = n as usize;
        let mut checker = Checker::new();
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
        checker.finish()
    }
}
