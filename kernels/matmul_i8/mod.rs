//! `matmul_i8`: C = A B with int8 inputs and int32 results; A is M x K, B is K x N.

use crate::{Arrays, Check, Checker, DType, Kernel, Pattern, Shape, inputs, validate_dims};

/// The int8 GEMM.
///
/// - Operations: `2 M K N`.
/// - Bytes: `M K + K N + 4 M N`.
/// - Error: none; the bound is 0. `K * 128 * 128` must fit in int32, so K is at most 131071.
pub struct MatmulI8;

const DIMS: &[&str] = &["M", "K", "N"];
const MAX_K: u64 = 131_071;

impl Kernel for MatmulI8 {
    fn name(&self) -> &'static str {
        "matmul_i8"
    }

    fn about(&self) -> &'static str {
        "int8 matrix product C = A B with exact int32 sums, B widened to int16 while packed"
    }

    fn elf(&self) -> &'static [u8] {
        include_bytes!("../prebuilt/matmul_i8.elf")
    }

    fn dtype(&self) -> DType {
        DType::I8
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
            k if k > MAX_K => Err(format!("K = {k} is above {MAX_K}: sums could overflow int32")),
            _ => Ok(()),
        }
    }

    fn patterns(&self) -> &'static [Pattern] {
        &[Pattern::Uniform, Pattern::Extreme]
    }

    fn flop(&self, shape: &Shape) -> u64 {
        2 * shape.0.iter().product::<u64>()
    }

    fn bytes(&self, shape: &Shape) -> u64 {
        let [m, k, n] = shape.0[..] else { return 0 };
        m * k + k * n + 4 * m * n
    }

    fn check_pattern(&self, shape: &Shape, pattern: Pattern, arrays: &Arrays) -> Result<Check, String> {
        self.validate(shape)?;
        let [m, k, n] = shape.0[..] else { unreachable!("validated") };
        let a = inputs::checked_i8(arrays, "a", 0, pattern, &[m, k])?;
        let b = inputs::checked_i8(arrays, "b", 1, pattern, &[k, n])?;
        let c = arrays.i32("c", &[m, n])?;
        let columns = n as usize;
        let mut checker = Checker::new();
        for (a_row, c_row) in a.chunks_exact(k as usize).zip(c.chunks_exact(columns)) {
            let mut sums = vec![0i32; columns];
            for (x, b_row) in a_row.iter().zip(b.chunks_exact(columns)) {
                for (sum, y) in sums.iter_mut().zip(b_row) {
                    *sum += i32::from(*x) * i32::from(*y);
                }
            }
            for (got, want) in c_row.iter().zip(sums) {
                checker.element(f64::from(*got), f64::from(want), 0.0);
            }
        }
        checker.finish()
    }
}
