//! `gemv_f32`: y = W x in fp32; W is M x K.

use crate::bounds::{U32, gamma};
use crate::{Arrays, Check, Checker, DType, Kernel, Pattern, Shape, inputs, validate_dims};

/// The fp32 matrix-vector product.
///
/// - Operations: `2 M K`.
/// - Bytes: `4 (M K + K + M)`.
/// - Error: a dot product of length K in some order, `gamma_n * sum |w| |x|` where no product passes through more than n
///   roundings. A lane adds at most `ceil(K / lanes)` products; the tree that adds the lanes is `log2(lanes)` deep, at most 8
///   (256 lanes at VLEN 4096). So `n = K + 8` holds at every VLEN, and for the scalar twin.
pub struct GemvF32;

const DIMS: &[&str] = &["M", "K"];

impl Kernel for GemvF32 {
    fn name(&self) -> &'static str {
        "gemv_f32"
    }

    fn about(&self) -> &'static str {
        "fp32 matrix-vector product y = W x, four rows at once (memory-bound)"
    }

    fn elf(&self) -> &'static [u8] {
        include_bytes!("../prebuilt/gemv_f32.elf")
    }

    fn dtype(&self) -> DType {
        DType::F32
    }

    fn dims(&self) -> &'static [&'static str] {
        DIMS
    }

    fn default_shapes(&self) -> Vec<Shape> {
        [[64, 64], [256, 256], [1024, 1024]].map(|s| Shape(s.to_vec())).into()
    }

    fn validate(&self, shape: &Shape) -> Result<(), String> {
        validate_dims(shape, DIMS)
    }

    fn flop(&self, shape: &Shape) -> u64 {
        2 * shape.0.iter().product::<u64>()
    }

    fn bytes(&self, shape: &Shape) -> u64 {
        let [m, k] = shape.0[..] else { return 0 };
        4 * (m * k + k + m)
    }

    fn check_pattern(&self, shape: &Shape, pattern: Pattern, arrays: &Arrays) -> Result<Check, String> {
        self.validate(shape)?;
        let [m, k] = shape.0[..] else { unreachable!("validated") };
        let w = inputs::checked_f32(arrays, "w", 0, pattern, &[m, k])?;
        let x = inputs::checked_f32(arrays, "x", 1, pattern, &[k])?;
        let y = arrays.f32("y", &[m])?;
        let mut checker = Checker::new();
        for (row, got) in w.chunks_exact(k as usize).zip(y) {
            let (mut sum, mut magnitude) = (0.0, 0.0);
            for (a, b) in row.iter().zip(&x) {
                let product = f64::from(*a) * f64::from(*b);
                sum += product;
                magnitude += product.abs();
            }
            checker.element(f64::from(got), sum, gamma(k + 8, U32) * magnitude);
        }
        checker.finish()
    }
}
