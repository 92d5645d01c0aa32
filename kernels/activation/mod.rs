//! `silu_f32`, `gelu_tanh_f32`, `gelu_erf_f32`, `relu2_f32`, `swiglu_f32`, `geglu_f32`: activation functions of a vector.

use crate::bounds::{MIN_NORMAL32, U32, exp_relative};
use crate::{Checker, DType, Pattern, Run, Spec, any};

/// What a function is made of: `y = x s(x)`, `s(x) = h` below 0 and `1 - h` from 0 on, with `h = s(-|x|)`.
struct Function {
    /// `h` of `|x|`.
    h: fn(f64) -> f64,
    /// Bound of the relative error of the computed `h` for `|x|`.
    error: fn(f64) -> f64,
}

/// `h = e / (1 + e)`, `e = exp(-|x|)`. With E the relative error of e ([`exp_relative`], which allows for more than an exact
/// argument needs): 1 + e has E + u, the reciprocal by two Newton steps 1.1 u (2^-28 of the last step, its rounding u), the product
/// u: together `2 E + 3.1 u`.
const LOGISTIC: Function = Function { h: |x| 1.0 / (1.0 + x.exp()), error: |x| 2.0 * exp_relative(x) + 3.1 * U32 };

/// The same of `2 u = |x| (1.5957691 + 0.0713548 x^2)`, whose terms are positive: four operations and two constants give it
/// 6 u, which shifts the exponent by as much times 2 u.
const TANH: Function = Function {
    h: |x| 1.0 / (1.0 + doubled(x).exp()),
    error: |x| 2.0 * (exp_relative(doubled(x)) + 6.0 * U32 * doubled(x)) + 3.1 * U32,
};

fn doubled(x: f64) -> f64 {
    2.0 * (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x * x * x)
}

/// `h = exp(-x^2/2) t Q(t)`, `t = 1 / (1 + 0.35 |x|)`. The square rounds once, as [`exp_relative`] allows. The
/// polynomial: 7e-8 by itself; its terms' magnitudes add up to at most 2.3 times its value, each has at most 9 factors t of 4.2 u
/// (constant, product, sum, reciprocal) and 17 roundings. Two products more: `E + 7e-8 + 2.3 (9 * 4.2 + 17) u + 2 u`.
const ERF: Function = Function {
    h: |x| 0.5 * erfc(x / std::f64::consts::SQRT_2),
    error: |x| exp_relative(x * x / 2.0) + 7e-8 + 128.0 * U32,
};

/// The complementary error function for z >= 0, to about 1e-15 relatively: a series below 2, a continued fraction above.
fn erfc(z: f64) -> f64 {
    let scale = (-z * z).exp() / std::f64::consts::PI.sqrt();
    if z < 2.0 {
        let (mut term, mut sum) = (2.0 * z, 2.0 * z);
        for n in 1..80 {
            term *= 2.0 * z * z / (2 * n + 1) as f64;
            sum += term;
        }
        return 1.0 - scale * sum;
    }
    let fraction = (1..=200).rev().fold(0.0, |f, k| k as f64 / 2.0 / (z + f));
    scale / (z + fraction)
}

/// SiLU, `x / (1 + exp(-x))`.
///
/// - Operations: 5 an element: negate, exp, add, divide, multiply, each as one.
/// - Bytes: `8 n`.
/// - Error: with r the relative error of h (see `LOGISTIC`): `|x| h r` below 0, `|x| (h r + u)` from 0 on, and u of the product;
///   what is flushed below 2^-126 costs `(|x| + 1) 2^-126`.
/// - Infinity gives infinity; minus infinity and NaN give NaN.
pub static SILU: Spec = Spec {
    name: "silu_f32",
    about: "fp32 SiLU, x / (1 + exp(-x))",
    check: |run, checker| check(run, checker, &LOGISTIC, false),
    ..COMMON
};

/// GELU by tanh, `x (1 + tanh(0.79788456 (x + 0.044715 x^3))) / 2`. 11 operations an element; otherwise as [`SILU`].
pub static GELU_TANH: Spec = Spec {
    name: "gelu_tanh_f32",
    about: "fp32 GELU by tanh",
    flop: |s| 11 * s[0],
    check: |run, checker| check(run, checker, &TANH, false),
    ..COMMON
};

/// Exact GELU, `x Phi(x)`. 14 operations an element: the polynomial's count beside those of an exponential; otherwise as
/// [`SILU`].
pub static GELU_ERF: Spec = Spec {
    name: "gelu_erf_f32",
    about: "fp32 exact GELU, x (1 + erf(x / sqrt 2)) / 2",
    flop: |s| 14 * s[0],
    check: |run, checker| check(run, checker, &ERF, false),
    ..COMMON
};

/// SwiGLU, `silu(x) up`: 6 operations and 12 bytes an element; the error of [`SILU`] times |up|, and a product more.
pub static SWIGLU: Spec = Spec {
    name: "swiglu_f32",
    about: "fp32 SwiGLU, silu(x) * up",
    flop: |s| 6 * s[0],
    bytes: |s| 12 * s[0],
    check: |run, checker| check(run, checker, &LOGISTIC, true),
    ..COMMON
};

/// GeGLU, `gelu_tanh(x) up`: 12 operations and 12 bytes an element.
pub static GEGLU: Spec = Spec {
    name: "geglu_f32",
    about: "fp32 GeGLU, gelu_tanh(x) * up",
    flop: |s| 12 * s[0],
    bytes: |s| 12 * s[0],
    check: |run, checker| check(run, checker, &TANH, true),
    ..COMMON
};

/// Squared ReLU, `max(x, 0)^2`: 2 operations and 8 bytes an element, one rounding. NaN gives 0.
pub static RELU2: Spec = Spec {
    name: "relu2_f32",
    about: "fp32 squared ReLU, max(x, 0)^2",
    flop: |s| 2 * s[0],
    check: |run, checker| {
        for (got, x) in run.output("y", run.shape)?.into_iter().zip(run.input_f64("x", run.shape)?) {
            let want = x.max(0.0).powi(2);
            checker.element(got, want, U32 * want + MIN_NORMAL32);
        }
        Ok(())
    },
    ..COMMON
};

const COMMON: Spec = Spec {
    name: "",
    about: "",
    elf: include_bytes!("../prebuilt/activation.elf"),
    dtype: DType::F32,
    dims: &["n"],
    shapes: &[&[11008]],
    awkward: &[&[1], &[17], &[64], &[129], &[1001]],
    patterns: &[Pattern::Wide, Pattern::Large, Pattern::Zero, Pattern::Tiny, Pattern::Special],
    in_default_set: false,
    accepts: any,
    flop: |s| 5 * s[0],
    bytes: |s| 8 * s[0],
    check: |_, _| Ok(()),
};

fn check(run: &Run, checker: &mut Checker, f: &Function, gated: bool) -> Result<(), String> {
    let x = run.input_f64("x", run.shape)?;
    let up = if gated { run.input_f64("up", run.shape)? } else { vec![1.0; x.len()] };
    for ((got, x), up) in run.output("y", run.shape)?.into_iter().zip(x).zip(up) {
        let h = if x.is_infinite() { 0.0 } else { (f.h)(x.abs()) };
        let value = x * if x >= 0.0 { 1.0 - h } else { h };
        let want = value * up;
        if want.is_nan() {
            // A NaN for a NaN is right, anything else is not.
            checker.element(if got.is_nan() { 0.0 } else { 1.0 }, 0.0, 0.0);
        } else if want.is_infinite() {
            checker.element(got, want, 0.0);
        } else {
            // Where h is 0 its relative error, which may be infinite, is of nothing.
            let part = if h == 0.0 { 0.0 } else { h * (f.error)(x.abs()) };
            let error = x.abs() * (part + if x >= 0.0 { U32 } else { 0.0 }) + 2.0 * U32 * value.abs();
            checker.element(got, want, 1.01 * error * up.abs() + MIN_NORMAL32 * (x.abs() + 1.0) * (up.abs() + 1.0));
        }
    }
    Ok(())
}
