//! `matmul_f32`: C = A B in fp32; A is M x K, B is K x N.

use crate::bounds::{U32, gamma};
use crate::{Arrays, Check, Checker, DType, Kernel, Pattern, Shape, inputs, validate_dims};

/// The fp32 GEMM.
///
/// - Operations: `2 M K N`.
/// - Bytes: `4 (M K + K N + M N)`.
/// - Error: each element is a dot product of length K, summed with fused multiply-adds in any order, so its error is at
///   most `gamma_K * sum |a| |b|` (Higham, section 3.1: each product passes through at most K roundings). Inputs
///   are multiples of 2^-23 below 1, so no product underflows.
pub struct MatmulF32;

const DIMS: &[&str] = &["M", "K", "N"];

impl Kernel for MatmulF32 {
    fn name(&self) -> &'static str {
        "matmul_f32"
    }

    fn about(&self) -> &'static str {
        "fp32 matrix product C = A B, packed panels, 6 x VLMAX(m4) register tile"
    }

    fn elf(&self) -> &'static [u8] {
        include_bytes!("../prebuilt/matmul_f32.elf")
    }

    fn dtype(&self) -> DType {
        DType::F32
    }

    fn dims(&self) -> &'static [&'static str] {
        DIMS
    }

    fn default_shapes(&self) -> Vec<Shape> {
        [[64, 64, 64], [128, 128, 128], [256, 256, 256], [100, 300, 130]].map(|s| Shape(s.to_vec())).into()
    }

    fn validate(&self, shape: &Shape) -> Result<(), String> {
        validate_dims(shape, DIMS)
    }

    fn flop(&self, shape: &Shape) -> u64 {
        2 * shape.0.iter().product::<u64>()
    }

    fn bytes(&self, shape: &Shape) -> u64 {
        let [m, k, n] = shape.0[..] else { return 0 };
        4 * (m * k + k * n + m * n)
    }

    fn check_pattern(&self, shape: &Shape, pattern: Pattern, arrays: &Arrays) -> Result<Check, String> {
        self.validate(shape)?;
        let [m, k, n] = shape.0[..] else { unreachable!("validated") };
        let a = inputs::checked_f32(arrays, "a", 0, pattern, &[m, k])?;
        let b: Vec<f64> = inputs::checked_f32(arrays, "b", 1, pattern, &[k, n])?.into_iter().map(f64::from).collect();
        let c = arrays.f32("c", &[m, n])?;
        let columns = n as usize;
        let mut checker = Checker::new();
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
                checker.element(f64::from(*got), want, gamma(k, U32) * magnitude);
            }
        }
        checker.finish()
    }
}
