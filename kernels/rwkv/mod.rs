//! `rwkv_time_mix_f32`, `rwkv_channel_mix_f32`: what RWKV-4 does beside its matrix products, for one token.

use crate::bounds::{MIN_NORMAL32, U32, exp_relative, gamma};
use crate::{Checker, DType, Pattern, Run, Spec, any};

/// Token shifts for r, k and v, the wkv recurrence and its gate.
///
/// - Operations: `38 d`: 9 for the shifts; 4 exponentials, a division, 2 maxima, 16 additions and products for the recurrence,
///   each as one; 6 for sigmoid and gate. (The kernel needs 2 exponentials, as the larger of each pair is 1.)
/// - Bytes: `4 * 24 d`: reads 2 x, 3 mu, r, k, v, u, w, 3 state; writes 3 mixed, 3 state, y; the wkv between passes through memory.
/// - Error of a shift: subtraction and fused step: `gamma_2 |mu (x - previous)| + u |y|`.
/// - Error of the recurrence: an exponent t has `u |t|` from its addition, so e has the relative error
///   `E = exp_relative(|p - t|) + u |t|`; a sum `a + e v` is wrong by `E |e v| + 2 u (|a| + |e v|)`, all denominators likewise and
///   positive. The quotient adds its rounding, the gate `2 exp_relative(|r|) + 4 u` and its product; flushed exponentials cost
///   `2^-126` of what they multiply.
pub static TIME: Spec = Spec {
    name: "rwkv_time_mix_f32",
    about: "fp32 token shifts, wkv recurrence and gate of RWKV-4 for one token",
    flop: |s| 38 * s[0],
    bytes: |s| 4 * 24 * s[0],
    check: check_time,
    ..COMMON
};

/// Token shifts for r and k, squared ReLU of the 4 d hidden elements, and the gate.
///
/// - Operations: `20 d`: 6 for the shifts, 8 for the squares, 6 for sigmoid and gate.
/// - Bytes: `4 * 17 d`: reads 2 x, 2 mu, 4 hidden, r, value; writes 2 mixed, 4 hidden, y.
/// - Error: as [`TIME`] for shifts and gate, u for the squares.
pub static CHANNEL: Spec = Spec {
    name: "rwkv_channel_mix_f32",
    about: "fp32 token shifts, squared ReLU and gate of RWKV-4 for one token",
    flop: |s| 20 * s[0],
    bytes: |s| 4 * 17 * s[0],
    check: check_channel,
    ..COMMON
};

const COMMON: Spec = Spec {
    name: "",
    about: "",
    elf: include_bytes!("../prebuilt/rwkv.elf"),
    dtype: DType::F32,
    dims: &["d"],
    shapes: &[&[5120]],
    awkward: &[&[1], &[31], &[33], &[129]],
    patterns: &[Pattern::Wide, Pattern::Equal],
    in_default_set: false,
    accepts: any,
    flop: |_| 0,
    bytes: |_| 0,
    check: |_, _| Ok(()),
};

/// The token shifts of x by each row of `mu`.
fn check_shifts(run: &Run, checker: &mut Checker, d: u64, mixes: u64) -> Result<(), String> {
    let (x, mu) = (run.input_f64("x", &[2, d])?, run.input_f64("mu", &[mixes, d])?);
    for (i, (got, mu)) in run.output("mixed", &[mixes, d])?.into_iter().zip(mu).enumerate() {
        let (now, before) = (x[i % d as usize], x[(i % d as usize) + d as usize]);
        let want = before + mu * (now - before);
        let bound = gamma(2, U32) * (mu * (now - before)).abs() + U32 * want.abs();
        checker.element(got, want, bound + MIN_NORMAL32);
    }
    Ok(())
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Relative error of the gate.
fn gate_error(r: f64) -> f64 {
    2.0 * exp_relative(r.abs()) + 4.0 * U32
}

/// Numerator and denominator of two parts at their exponents, relative to the larger, and the bounds of both.
struct Joined {
    above: f64,
    below: f64,
    above_error: f64,
    below_error: f64,
}

/// (a, b) at exponent p with (v, 1) at exponent t; `rounded` is the sum of the magnitudes of exponents that were added.
fn join((a, b, p): (f64, f64, f64), (v, t): (f64, f64), rounded: f64) -> Joined {
    let larger = p.max(t);
    let (first, second) = ((p - larger).exp(), (t - larger).exp());
    let relative = exp_relative((p - t).abs()) + U32 * rounded;
    let error = |x: f64, y: f64| {
        let small = if p < t { x * first } else { y * second };
        relative.min(1.0) * small.abs()
            + 2.0 * U32 * ((x * first).abs() + (y * second).abs())
            + MIN_NORMAL32 * (1.0 + x.abs() + y.abs())
    };
    Joined {
        above: a * first + v * second,
        below: b * first + second,
        above_error: error(a, v),
        below_error: error(b, 1.0),
    }
}

fn check_time(run: &Run, checker: &mut Checker) -> Result<(), String> {
    let [d] = run.dims();
    check_shifts(run, checker, d, 3)?;
    let (rkv, uw) = (run.input_f64("rkv", &[3, d])?, run.input_f64("uw", &[2, d])?);
    let state = run.input_f64("state", &[3, d])?;
    let (y, next) = (run.output("y", &[d])?, run.output("next", &[3, d])?);
    let width = d as usize;
    for i in 0..width {
        let (r, k, v) = (rkv[i], rkv[width + i], rkv[2 * width + i]);
        let (a, b, p) = (state[i], state[width + i].abs(), state[2 * width + i]);
        let t = uw[i] + k;
        let out = join((a, b, p), (v, t), t.abs());
        let quotient = out.above / out.below;
        let error = (out.above_error + quotient.abs() * out.below_error) / (out.below - out.below_error).max(0.0)
            + U32 * quotient.abs();
        let want = quotient * sigmoid(r);
        checker.element(y[i], want, 1.01 * (error * sigmoid(r) + want.abs() * gate_error(r)) + MIN_NORMAL32);
        let t = p + uw[width + i];
        let out = join((a, b, t), (v, k), t.abs());
        // If rounding t changes which exponent is larger, both forms agree to the error of e, which is 1 there.
        checker.element(next[i], out.above, out.above_error);
        checker.element(next[width + i], out.below, out.below_error);
        checker.element(next[2 * width + i], t.max(k), U32 * t.abs());
    }
    Ok(())
}

fn check_channel(run: &Run, checker: &mut Checker) -> Result<(), String> {
    let [d] = run.dims();
    check_shifts(run, checker, d, 2)?;
    for (h, got) in run.input_f64("h", &[4 * d])?.into_iter().zip(run.output("hidden", &[4 * d])?) {
        let want = h.max(0.0).powi(2);
        checker.element(got, want, U32 * want + MIN_NORMAL32);
    }
    let rv = run.input_f64("rv", &[2, d])?;
    let (r, v) = rv.split_at(d as usize);
    for ((r, v), got) in r.iter().zip(v).zip(run.output("y", &[d])?) {
        let want = v * sigmoid(*r);
        checker.element(got, want, 1.01 * want.abs() * gate_error(*r) + MIN_NORMAL32 * (1.0 + v.abs()));
    }
    Ok(())
}
