//! Rounding-error tools for the value checks.
//!
//! `u` is the unit roundoff: half the distance from 1 to the next number. Rounding to nearest gives
//! `fl(x) = x (1 + d)` with `|d| <= u`, as long as nothing underflows.

/// Unit roundoff of fp32, 2^-24.
pub const U32: f64 = 1.0 / (1u64 << 24) as f64;
/// Unit roundoff of fp16, 2^-11.
pub const U16: f64 = 1.0 / (1u64 << 11) as f64;
/// Unit roundoff of bf16, 2^-8.
pub const UBF16: f64 = 1.0 / 256.0;
/// Largest error of rounding to a subnormal fp16 number: half of 2^-24.
pub const ETA16: f64 = 1.0 / (1u64 << 25) as f64;
/// Smallest normal fp32 number, 2^-126.
pub const MIN_NORMAL32: f64 = f32::MIN_POSITIVE as f64;

/// Largest error of an fp32 result that is too small for a normal number: half of 2^-149.
pub const UNDERFLOW: f64 = MIN_NORMAL32 * U32;

/// `gamma_n = n u / (1 - n u)`: the product of `n` factors `1 + d`, `|d| <= u`, differs from 1 by at most this (Higham,
/// *Accuracy and Stability of Numerical Algorithms*, lemma 3.1). Infinite from `n u = 1` on, where nothing is known.
pub fn gamma(n: u64, u: f64) -> f64 {
    let nu = n as f64 * u;
    if nu < 1.0 { nu / (1.0 - nu) } else { f64::INFINITY }
}

/// Largest relative error of the degree-6 polynomial of `exp_f32.inc` on its interval, against exp; a unit test
/// evaluates it.
pub const EXP_POLYNOMIAL: f64 = 4e-9;

/// Largest relative error of the cubic for 2^r, |r| <= 1/2, of `attention_bf16/softmax.S`, up to a constant factor; a unit test
/// evaluates it.
pub const EXP2_CUBIC: f64 = 7.6e-5;

/// Bound of the relative error of `exp_f32(fl(x - m))` against `exp(x - m)`, for `t = |x - m|`, as long as
/// the result is a normal number (below that it may be 0: an absolute error of at most [`MIN_NORMAL32`]).
///
/// - The subtraction has relative error u, which shifts the argument by at most `t u`, and exp by as much relatively.
/// - Reduction: `n = round(t / ln 2)`. `|r| < 0.36`; both steps are fused, so each rounds once, to a number below 0.36
///   (0.36 u each); ln2_hi + ln2_lo has an error of `2^-56`, times `n <= 127` below 0.01 u. Together below 0.75 u.
/// - Horner: the last step rounds a number in [0.69, 1.44] (u relatively); an error of step j is multiplied by
///   `|r|` for each later step, and divided by the value, at least 0.69. The step before rounds a number below 1.2
///   (1.2 * 0.36 / 0.69 = 0.63 u), those before below 0.7 (geometric, 0.7 * 0.13 / 0.69 / 0.64 = 0.21 u).
/// - Multiplication by a power of two is exact.
///
/// The constant terms add up to 2.6 u; 3 u covers the products of errors.
pub fn exp_relative(t: f64) -> f64 {
    (t + 3.0) * U32 + EXP_POLYNOMIAL
}

/// The value of half-precision bits.
pub fn f16_to_f64(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 31);
    let fraction = f64::from(bits & 1023);
    sign * match exponent {
        0 => fraction * (-24f64).exp2(),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + fraction) * f64::from(exponent - 25).exp2(),
    }
}
