//! `softmax_f32`: softmax of each row in fp32.

use crate::bounds::{MIN_NORMAL32, U32, exp_relative, gamma};
use crate::{Checker, DType, Pattern, Run, Spec, any};

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
pub static KERNEL: Spec = THREE_PASSES;

/// The same in two passes, with running maxima and sums in lanes.
///
/// - Operations: `5 rows cols`, as [`KERNEL`]. Bytes: `8 rows cols`.
/// - Error: as [`KERNEL`]; the sums have more. A term is scaled by `exp(m_old - m_new)` whenever the maximum of its lane has
///   grown, at most once for each of the `ceil(cols / 8)` turns (VLEN 128), and once when the lanes are joined. The arguments
///   of all these add up to m minus x, which is counted already; the constant part of [`exp_relative`] and the rounding of the
///   product count each time.
pub static ONLINE: Spec = Spec {
    name: "softmax_online_f32",
    about: "fp32 softmax of each row, two passes with running maximum and sum",
    in_default_set: false,
    check: |run, checker| {
        let factors = run.shape[1].div_ceil(8) + 1;
        check(run, checker, factors as f64 * (exp_relative(0.0) + U32))
    },
    ..THREE_PASSES
};

/// What all forms of the problem share.
pub(crate) const THREE_PASSES: Spec = Spec {
    name: "softmax_f32",
    about: "fp32 softmax of each row, three passes, polynomial exp",
    elf: include_bytes!("../prebuilt/softmax_f32.elf"),
    dtype: DType::F32,
    dims: &["rows", "cols"],
    shapes: &[&[16, 64], &[16, 512], &[64, 1024]],
    awkward: &[&[1, 1], &[1, 2], &[2, 17], &[3, 64], &[4, 65], &[5, 128], &[1, 129], &[7, 257], &[3, 1000]],
    patterns: &[Pattern::Wide, Pattern::Large, Pattern::Equal, Pattern::NegInf],
    in_default_set: true,
    accepts: any,
    flop: |s| 5 * s.iter().product::<u64>(),
    bytes: |s| 8 * s.iter().product::<u64>(),
    check: |run, checker| check(run, checker, 0.0),
};

fn check(run: &Run, checker: &mut Checker, joining: f64) -> Result<(), String> {
    let [rows, cols] = run.dims();
    let x = run.input("x", &[rows, cols])?;
    let y = run.arrays.f32("y", &[rows, cols])?;
    let flushed = (cols + 1) as f64 * MIN_NORMAL32;
    for (x, y) in x.chunks_exact(cols as usize).zip(y.chunks_exact(cols as usize)) {
        let max = f64::from(x.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        let terms: Vec<f64> = x.iter().map(|x| (f64::from(*x) - max).exp()).collect();
        let sum: f64 = terms.iter().sum();
        // An exponential that is 0 (its argument may be -infinity) has no relative error.
        let relative = |x: f32, term: f64| if term == 0.0 { 0.0 } else { exp_relative(max - f64::from(x)) };
        let weighted: f64 = x.iter().zip(&terms).map(|(x, term)| relative(*x, *term) * term / sum).sum();
        let common = weighted + gamma(cols + 2, U32) + joining;
        for ((got, x), term) in y.iter().zip(x).zip(&terms) {
            let want = term / sum;
            checker.element(f64::from(*got), want, 1.01 * want * (relative(*x, *term) + common) + flushed);
        }
    }
    Ok(())
}
