//! `rmsnorm_f32`, `layernorm_f32`, `layernorm_nobias_f32`: normalisation of each row in fp32.

use crate::bounds::{MIN_NORMAL32, U32, gamma};
use crate::{Checker, DType, Pattern, Run, Spec, any};

const EPS: f64 = 1e-5f32 as f64;

/// RMSNorm, `y = w x / sqrt(mean(x^2) + eps)` with eps = 1e-5.
///
/// - Operations: `4 rows cols`: square, add, two products.
/// - Bytes: `4 (2 rows cols + cols)`.
/// - Error: with n = cols, the sum of squares (all terms positive) has the relative error `gamma_(n + 1)`, mean and eps add 2 u; the
///   root halves that, and root, reciprocal and two products add 4 u: `|y| (gamma_(n + 3) / 2 + gamma_4)`, and a factor 1.01
///   for products of errors. Results below 2^-126 lose at most `2 * 2^-126` more, as `x * inverse` may be subnormal too (|w| <=
///   2^13); squares that underflow do not count beside eps.
pub static RMSNORM: Spec = Spec {
    name: "rmsnorm_f32",
    about: "fp32 RMSNorm of each row",
    flop: |s| 4 * s[0] * s[1],
    bytes: |s| 4 * (2 * s[0] * s[1] + s[1]),
    check: |run, checker| check(run, checker, false, false),
    ..COMMON
};

/// LayerNorm, `y = w (x - mean) / sqrt(variance + eps) + b` with eps = 1e-5.
///
/// - Operations: `8 rows cols`: sum; subtract, square, add; subtract, product, product, add.
/// - Bytes: `4 (2 rows cols + 2 cols)`.
/// - Error: with n = cols, the mean is wrong by at most `D = gamma_(n + 1) mean |x|`, and so are all deviations, beside their own
///   rounding. The computed sum of squares is that about a shifted centre: n D^2 more, at most, and `gamma_(n + 3)` relatively.
///   With `s = sqrt(variance + eps)`, the relative error of `1 / s` is at most
///   `r = (gamma_(n + 3) + 2 u + D^2 / s^2) / 2 + 2 u`. So the error of y is at most
///   `|w| ((D + u |x - mean|) / s + |x - mean| / s * (r + 2 u)) + u |y|`, with a factor 1.01 for products of errors, and
///   `2^-126` for subnormal results.
pub static LAYERNORM: Spec = Spec {
    name: "layernorm_f32",
    about: "fp32 LayerNorm of each row with bias",
    flop: |s| 8 * s[0] * s[1],
    bytes: |s| 4 * (2 * s[0] * s[1] + 2 * s[1]),
    check: |run, checker| check(run, checker, true, true),
    ..COMMON
};

/// LayerNorm without bias: one operation an element and one vector less than [`LAYERNORM`], the same bound.
pub static LAYERNORM_NOBIAS: Spec = Spec {
    name: "layernorm_nobias_f32",
    about: "fp32 LayerNorm of each row without bias",
    flop: |s| 7 * s[0] * s[1],
    bytes: |s| 4 * (2 * s[0] * s[1] + s[1]),
    check: |run, checker| check(run, checker, true, false),
    ..COMMON
};

const COMMON: Spec = Spec {
    name: "",
    about: "",
    elf: include_bytes!("../prebuilt/norm.elf"),
    dtype: DType::F32,
    dims: &["rows", "cols"],
    shapes: &[&[1, 4096], &[16, 4096]],
    awkward: &[&[1, 1], &[3, 31], &[2, 64], &[2, 65], &[1, 129], &[2, 288], &[5, 133]],
    patterns: &[Pattern::Wide, Pattern::Large, Pattern::Equal, Pattern::Zero, Pattern::Tiny],
    in_default_set: false,
    accepts: any,
    flop: |_| 0,
    bytes: |_| 0,
    check: |_, _| Ok(()),
};

fn check(run: &Run, checker: &mut Checker, layer: bool, with_bias: bool) -> Result<(), String> {
    let [rows, cols] = run.dims();
    let (x, w) = (run.input_f64("x", &[rows, cols])?, run.input_f64("w", &[cols])?);
    let b = if with_bias { run.input_f64("b", &[cols])? } else { vec![0.0; cols as usize] };
    let y = run.output("y", &[rows, cols])?;
    let (n, width) = (cols as f64, cols as usize);
    for (x, y) in x.chunks_exact(width).zip(y.chunks_exact(width)) {
        let (mean, shift) = match layer {
            true => (x.iter().sum::<f64>() / n, gamma(cols + 1, U32) * x.iter().map(|x| x.abs()).sum::<f64>() / n),
            false => (0.0, 0.0),
        };
        let square = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n + EPS;
        let root = square.sqrt();
        let relative = (gamma(cols + 3, U32) + 2.0 * U32 + shift * shift / square) / 2.0 + 4.0 * U32;
        for (((x, w), b), got) in x.iter().zip(&w).zip(&b).zip(y) {
            let part = (x - mean).abs() / root;
            let want = w * (x - mean) / root + b;
            let error = w.abs() * ((shift + U32 * (x - mean).abs()) / root + part * relative) + U32 * want.abs();
            checker.element(*got, want, 1.01 * error + MIN_NORMAL32 * (1.0 + w.abs()));
        }
    }
    Ok(())
}
