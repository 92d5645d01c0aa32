//! `attention_bf16_qqq` and its variants: the problems of `attention_f32` by SiFive's 4x4x4 blocks of bf16.

use std::f64::consts::{LN_2, LOG2_E};

use crate::bounds::{EXP2_CUBIC, MIN_NORMAL32, U32, UBF16, exp_relative, gamma};
use crate::folders::attention_f32::{self, Variant};
use crate::{Checker, Form, Multiply, Run, Spec};

const ELF: &[u8] = include_bytes!("../prebuilt/attention_bf16.elf");

/// `attention_f32` with q, k and v rounded to bf16 as part of the call, and the weights as well; sums and softmax in fp32.
///
/// Error, against attention of the rounded operands: `q' = bf16(fl(q fl(log2(e) / sqrt(d))))`, `k'`, `v'`, each rounded to nearest, which
/// the check repeats bit by bit. (Rounding itself moves a score by at most `(2 u_b + u_b^2) sum |q k| / sqrt(d)`, `u_b = 2^-8`: that is
/// what the format costs, and no matter of the kernel.) Scores are logarithms to the base 2; with `w_j` the exact weights, adding up to 1,
/// `s_j` the exact scores, `m` their maximum and `t_j = m - s_j`, for one query:
///
/// - Scores: products enter by rounded multiply-adds in the order of the elements, `D_j = gamma_d sum_c |q'_c k'_jc|`. A bias b carries
///   the rounding of log2(e), of its product and of the sum, and its own error. `D` is the largest `D_j`.
/// - Weights: s - m is rounded, `u t`; its splitting into n and r is exact; the cubic has `EXP2_CUBIC` up to a factor that all weights
///   share, and three roundings, of which the last is of a number near its result: 6 u; 2^n is exact; narrowing `u_b`. A weight
///   that was taken against an early maximum is multiplied by corrections `exp(fl(m_old - m_new) ln 2)`: their argument has three roundings
///   and [`exp_relative`] one more, so 4 u of each difference, and all differences with `u t` add up to at most `4 u (t_j + 2 D)`;
///   the constant part of `exp_relative` counts once for each of `B = ceil(S / 128)` blocks. As relative error of a weight:
///   `H_j = exp(ln 2 (D_j + 4 u (t_j + 2 D)) + B exp_relative(0) + 6 u) (1 + EXP2_CUBIC) (1 + u_b) - 1`.
/// - Numerator and denominator hold the same weights `w_j (1 + e_j)`, `|e_j| <= H_j`, so their quotient differs from `o = sum w_j v'_j` by
///   `sum w_j e_j (v'_j - o) / sum w_j (1 + e_j)`: at most `sum w_j H_j |v'_j - o| / (1 - H)`, `H = sum w_j H_j`.
/// - Sums: S multiply-adds and B corrections round, `g = gamma_(S + B + 3)` with reciprocal and product, in the numerator relative to
///   `A = sum w_j (1 + H_j) |v'_j|`, in the denominator likewise: `2 g A / (1 - H)`, and 3 in place of 2 for products of errors.
/// - Weights below 2^-126 may be flushed: `S 2^-125 max |v'|`, the cubic being a factor of 18 above them.
pub static PLAIN: Form = Form {
    spec: Spec {
        name: "attention_bf16_qqq",
        about: "attention_f32 with sf.vfwmacc.4x4x4, operands rounded to bf16 within the call",
        shapes: &[&[128, 512, 128, 0], &[128, 512, 128, 1], &[256, 256, 64, 1]],
        awkward: &[
            &[1, 1, 1, 0],
            &[1, 100, 64, 0],
            &[2, 3, 5, 0],
            &[3, 65, 80, 0],
            &[7, 129, 100, 0],
            &[13, 40, 128, 0],
            &[5, 17, 7, 0],
            &[36, 260, 112, 0],
            &[1, 1, 1, 1],
            &[1, 200, 64, 1],
            &[7, 7, 3, 1],
            &[13, 13, 80, 1],
            &[67, 67, 64, 1],
            &[64, 130, 129, 1],
            &[133, 290, 20, 1],
        ],
        check: |run, checker| check(run, checker, &attention_f32::plain(run)),
        ..HEAD
    },
    ..FORM
};

/// `attention_prefix_f32`, as [`PLAIN`].
pub static PREFIX: Form = Form {
    spec: Spec {
        name: "attention_prefix_bf16_qqq",
        about: "attention_prefix_f32 with sf.vfwmacc.4x4x4, operands rounded to bf16 within the call",
        elf: ELF,
        awkward: &[&[1, 1, 1, 0], &[7, 7, 3, 7], &[13, 40, 100, 33], &[67, 67, 112, 20], &[45, 150, 64, 131]],
        check: |run, checker| check(run, checker, &attention_f32::behind_prefix(run)),
        ..attention_f32::BEHIND_PREFIX
    },
    problem: "attention_prefix_f32",
    ..FORM
};

/// `attention_alibi_f32`, as [`PLAIN`].
pub static ALIBI: Form = Form {
    spec: Spec {
        name: "attention_alibi_bf16_qqq",
        about: "attention_alibi_f32 with sf.vfwmacc.4x4x4, operands rounded to bf16 within the call",
        elf: ELF,
        awkward: &[&[1, 1, 1, 0], &[7, 7, 3, 31], &[13, 40, 100, 32], &[67, 67, 112, 39], &[33, 145, 128, 5]],
        check: |run, checker| check(run, checker, &attention_f32::with_alibi(run)),
        ..attention_f32::WITH_ALIBI
    },
    problem: "attention_alibi_f32",
    ..FORM
};

/// `attention_t5_f32`, as [`PLAIN`].
pub static T5: Form = Form {
    spec: Spec {
        name: "attention_t5_bf16_qqq",
        about: "attention_t5_f32 with sf.vfwmacc.4x4x4, operands rounded to bf16 within the call",
        elf: ELF,
        check: |run, checker| check(run, checker, &attention_f32::with_t5(run)?),
        ..attention_f32::WITH_T5
    },
    problem: "attention_t5_f32",
    ..FORM
};

const HEAD: Spec = Spec { elf: ELF, in_default_set: false, ..attention_f32::HEAD };

/// A block of a left operand takes a register: from VLEN 256 on.
const FORM: Form = Form {
    spec: HEAD,
    problem: "attention_f32",
    profile: "sifive",
    in_qemu: false,
    vlens: 256..=2048,
    multiply: Some(Multiply { name: "sf.vfwmacc.4x4x4", sew: 16, lmul: 4 }),
};

/// Keys in a block.
const BLOCK: u64 = 128;

/// As bf16, to nearest even; finite numbers.
fn bf16(x: f32) -> f64 {
    let bits = x.to_bits();
    f64::from(f32::from_bits((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000))
}

fn check(run: &Run, checker: &mut Checker, Variant { visible, bias }: &Variant) -> Result<(), String> {
    let [t, s, d, _] = run.dims();
    let rounded = |name, rows, factor: f32| -> Result<Vec<f64>, String> {
        Ok(run.input(name, &[rows, d])?.into_iter().map(|x| bf16(x * factor)).collect())
    };
    let scale = std::f32::consts::LOG2_E / (d as f32).sqrt();
    let (q, k, v) = (rounded("q", t, scale)?, rounded("k", s, 1.0)?, rounded("v", s, 1.0)?);
    let o = run.output("o", &[t, d])?;
    let width = d as usize;
    let v_max = v.iter().fold(0.0f64, |max, v| max.max(v.abs()));
    for (i, (q, o)) in q.chunks_exact(width).zip(o.chunks_exact(width)).enumerate() {
        let seen = visible(i as u64);
        let place = i as i64 + s as i64 - t as i64;
        let (weights, errors) = weights(q, &k[..seen as usize * width], |j| bias(j - place));
        let mean: f64 = weights.iter().zip(&errors).map(|(w, h)| w * h).sum();
        let g = gamma(seen + seen.div_ceil(BLOCK) + 3, U32);
        for (c, got) in o.iter().enumerate() {
            let values = || v.chunks_exact(width).map(|row| row[c]).zip(&weights).zip(&errors);
            let want: f64 = values().map(|((v, w), _)| w * v).sum();
            let bound: f64 =
                values().map(|((v, w), h)| w * (h * (v - want).abs() + 3.0 * g * (1.0 + h) * v.abs())).sum();
            // Nothing is known where the weights may be wrong as a whole.
            let share = if mean < 1.0 { 1.0 - mean } else { 0.0 };
            checker.element(*got, want, bound / share + seen as f64 * 2.0 * MIN_NORMAL32 * v_max);
        }
    }
    Ok(())
}

/// `w_j` and `H_j` of one query.
fn weights(q: &[f64], k: &[f64], bias: impl Fn(i64) -> (f64, f64)) -> (Vec<f64>, Vec<f64>) {
    let (mut scores, mut score_errors) = (Vec::new(), Vec::new());
    for (j, k) in k.chunks_exact(q.len()).enumerate() {
        let dot: f64 = q.iter().zip(k).map(|(q, k)| q * k).sum();
        let magnitude: f64 = q.iter().zip(k).map(|(q, k)| (q * k).abs()).sum();
        let (added, error) = bias(j as i64);
        let size = LOG2_E * added.abs();
        let rounding = if added == 0.0 { 0.0 } else { gamma(2, U32) * size + U32 * (magnitude + size) };
        scores.push(dot + LOG2_E * added);
        score_errors.push(gamma(q.len() as u64, U32) * magnitude + LOG2_E * error + rounding);
    }
    let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let largest = score_errors.iter().copied().fold(0.0, f64::max);
    let corrections = (scores.len() as u64).div_ceil(BLOCK) as f64 * exp_relative(0.0);
    let errors = scores.iter().zip(&score_errors).map(|(s, error)| {
        let exponent = LN_2 * (error + 4.0 * U32 * (max - s + 2.0 * largest)) + corrections + 6.0 * U32;
        exponent.exp() * (1.0 + EXP2_CUBIC) * (1.0 + UBF16) - 1.0
    });
    let mut weights: Vec<f64> = scores.iter().map(|s| (s - max).exp2()).collect();
    let sum: f64 = weights.iter().sum();
    weights.iter_mut().for_each(|w| *w /= sum);
    (weights, errors.collect())
}
