//! `softmax_f32`: softmax of each row in fp32.

use crate::bounds::{MIN_NORMAL32, U32, exp_relative, gamma};
use crate::{Arrays, Check, Checker, DType, Kernel, Pattern, Shape, inputs, validate_dims};

/// The row-wise softmax, `y = exp(x - max) / sum exp(x - max)`.
///
/// - Operations: `5 rows cols`, the usual count: compare, subtract, exp, add, multiply, each as one. (The exp alone
///   is 15 vector operations, so utilisation by this number looks low.)
/// - Bytes: `8 rows cols`.
/// - Inputs may be minus infinity as long as each row has a number. Results below about 2^-126 are flushed to 0.
/// - Error: let `t_j = max - x_j` and `e_j = (t_j + 3) u + 4e-9` the relative error of an exponential
///   ([`exp_relative`]). The sum has the relative error `sum_j y_j e_j + gamma_cols` (all terms are positive; `y_j` is the
///   share of term j); reciprocal and product add a rounding each. So `|error_i| <= y_i (e_i + sum_j y_j e_j +
///   gamma_(cols + 2))`, a factor 1.01 for products of errors (all below 1e-2: `e` is at most 1e-5 where `y` is not 0), and
///   `(cols + 1) 2^-126` for flushed terms: the element itself and those missing in the sum, which is at least 1.
pub struct SoftmaxF32;

const DIMS: &[&str] = &["rows", "cols"];

impl Kernel for SoftmaxF32 {
    fn name(&self) -> &'static str {
        "softmax_f32"
    }

    fn about(&self) -> &'static str {
        "fp32 softmax of each row, three passes, polynomial exp"
    }

    fn elf(&self) -> &'static [u8] {
        include_bytes!("../prebuilt/softmax_f32.elf")
    }

    fn dtype(&self) -> DType {
        DType::F32
    }

    fn dims(&self) -> &'static [&'static str] {
        DIMS
    }

    fn default_shapes(&self) -> Vec<Shape> {
        [[16, 64], [16, 512], [64, 1024]].map(|s| Shape(s.to_vec())).into()
    }

    fn validate(&self, shape: &Shape) -> Result<(), String> {
        validate_dims(shape, DIMS)
    }

    fn patterns(&self) -> &'static [Pattern] {
        &[Pattern::Uniform, Pattern::Wide, Pattern::Large, Pattern::Equal, Pattern::NegInf]
    }

    fn flop(&self, shape: &Shape) -> u64 {
        5 * shape.0.iter().product::<u64>()
    }

    fn bytes(&self, shape: &Shape) -> u64 {
        8 * shape.0.iter().product::<u64>()
    }

    fn check_pattern(&self, shape: &Shape, pattern: Pattern, arrays: &Arrays) -> Result<Check, String> {
        self.validate(shape)?;
        let [rows, cols] = shape.0[..] else { unreachable!("validated") };
        let x = inputs::checked_f32(arrays, "x", 0, pattern, &[rows, cols])?;
        let y = arrays.f32("y", &[rows, cols])?;
        let flushed = (cols + 1) as f64 * MIN_NORMAL32;
        let mut checker = Checker::new();
        for (x, y) in x.chunks_exact(cols as usize).zip(y.chunks_exact(cols as usize)) {
            let max = f64::from(x.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            let terms: Vec<f64> = x.iter().map(|x| (f64::from(*x) - max).exp()).collect();
            let sum: f64 = terms.iter().sum();
            // An exponential that is 0 (its argument may be -infinity) has no relative error.
            let relative = |x: f32, term: f64| if term == 0.0 { 0.0 } else { exp_relative(max - f64::from(x)) };
            let weighted: f64 = x.iter().zip(&terms).map(|(x, term)| relative(*x, *term) * term / sum).sum();
            let common = weighted + gamma(cols + 2, U32);
            for ((got, x), term) in y.iter().zip(x).zip(&terms) {
                let want = term / sum;
                checker.element(f64::from(*got), want, 1.01 * want * (relative(*x, *term) + common) + flushed);
            }
        }
        checker.finish()
    }
}
