//! `attention_f32`: one attention head in fp32.

use crate::bounds::{MIN_NORMAL32, U32, exp_relative, gamma};
use crate::{Checker, DType, Form, Multiply, Pattern, Run, Spec};

/// One head of scaled dot-product attention: `o = softmax(q k^T / sqrt(d)) v` with q, o T x d and k, v S x d; causal means
/// that query i sees the keys j <= i + S - T.
///
/// - Operations: `4 d` for each visible pair of query and key (two for each of `q k^T` and `p v`); the softmax is not
///   counted, as usual. Pairs: `T S`, or `T (S - T) + T (T + 1) / 2` if causal.
/// - Bytes: `4 (2 T d + 2 S d)`.
///
/// Error, for one query, with `w_j` the exact weights, `s_j` the exact scores, `m` their maximum and `t_j = m - s_j`:
///
/// - Scores: `q / sqrt(d)` carries three roundings (root, reciprocal, product), the dot product d more:
///   `D_j = gamma_(d + 3) sum_c |q_c k_jc| / sqrt(d)`, absolute; `D` is the largest of them. A computed maximum may come from any score
///   within D of m, but it cancels: numerator and denominator hold the same one.
/// - Weights: an exponential taken against an early maximum is later multiplied by corrections `exp(m_old - m_new)`. The
///   differences of all these factors add up to m minus the score, so the rounding of subtractions costs `u (t_j + 2 D)` in
///   all; the constant part of [`exp_relative`] and the product, u, count once per factor. With `B = ceil(S / 16)` blocks at
///   VLEN 128, the smallest vector: `h_j = D_j + exp_relative(t_j + 2 D) + B (exp_relative(0) + u)`. That is for an exponent;
///   as relative error of the weight it is `exp(h_j) - 1`.
/// - Sums: `gamma_S` for numerator and denominator each, 3 u for reciprocal and product (sums in lanes: 8 more).
/// - Together `|error_c| <= sum_j w_j |v_jc| (H_j + H + 2 gamma_(S + 8) + 3 u) * (1 + r)` with `H_j = exp(h_j) - 1`, `H` the mean of
///   `H_j` by `w_j`, and `1 + r`, `r = H + gamma`, for the quotient's products of errors.
/// - Weights below 2^-126 may be flushed: `S 2^-126 max |v|`.
pub static KERNEL: Form = Form { spec: HEAD, problem: "attention_f32", ..FORM };

/// Causal attention whose first P keys are seen by every query (prefix language models). Operations `4 d` for each visible pair;
/// bytes and error as [`KERNEL`].
pub static PREFIX: Form = Form { spec: BEHIND_PREFIX, problem: "attention_prefix_f32", ..FORM };

pub(crate) const BEHIND_PREFIX: Spec = Spec {
    name: "attention_prefix_f32",
    about: "fp32 attention of one head, causal behind a prefix that every query sees",
    dims: &["T", "S", "d", "prefix?"],
    shapes: &[&[128, 128, 64, 64]],
    awkward: &[&[1, 1, 1, 0], &[7, 7, 3, 7], &[13, 40, 100, 33], &[67, 67, 112, 20]],
    in_default_set: false,
    accepts: |s| match s[..] {
        [t, keys, _, prefix] if t <= keys && prefix <= keys => Ok(()),
        _ => Err("T and prefix must be at most S".into()),
    },
    flop: |s| 4 * s[2] * (0..s[0]).map(|i| (i + 1 + s[1] - s[0]).max(s[3])).sum::<u64>(),
    check: |run, checker| check(run, checker, &behind_prefix(run)),
    ..HEAD
};

/// Causal attention with ALiBi, the slope of one of 40 heads: `slope (j - i - S + T)` joins each score. Error as [`KERNEL`], with
/// `D_j` larger by the error of the slope (40 u and a few) and two roundings: `gamma_48 |slope distance| + u |s_j|`.
pub static ALIBI: Form = Form { spec: WITH_ALIBI, problem: "attention_alibi_f32", ..FORM };

pub(crate) const WITH_ALIBI: Spec = Spec {
    name: "attention_alibi_f32",
    about: "fp32 causal attention of one head with ALiBi, one of 40 heads",
    dims: &["T", "S", "d", "head?"],
    shapes: &[&[128, 128, 128, 39]],
    awkward: &[&[1, 1, 1, 0], &[7, 7, 3, 31], &[13, 40, 100, 32], &[67, 67, 112, 39]],
    in_default_set: false,
    accepts: |s| match s[..] {
        [t, keys, _, head] if t <= keys && head < 40 => Ok(()),
        _ => Err("T must be at most S, head below 40".into()),
    },
    flop: |s| (HEAD.flop)(&[s[0], s[1], s[2], 1]),
    check: |run, checker| check(run, checker, &with_alibi(run)),
    ..HEAD
};

/// Attention with the relative bias of T5: 32 buckets up to distance 128, two-sided or, if causal, one-sided. Error as
/// [`KERNEL`], with `D_j` larger by a rounding of the sum, `u |s_j|`.
pub static T5: Form = Form { spec: WITH_T5, problem: "attention_t5_f32", ..FORM };

pub(crate) const WITH_T5: Spec = Spec {
    name: "attention_t5_f32",
    about: "fp32 attention of one head with the relative bias of T5, encoder or decoder",
    shapes: &[&[128, 128, 64, 0]],
    awkward: &[&[1, 1, 1, 0], &[7, 7, 3, 1], &[5, 300, 64, 1], &[150, 150, 4, 1], &[150, 150, 4, 0], &[13, 37, 64, 0]],
    in_default_set: false,
    check: |run, checker| check(run, checker, &with_t5(run)?),
    ..HEAD
};

/// T5's bucket of the distance key minus query.
fn bucket(distance: i64, bidirectional: bool) -> usize {
    let (own, range) = if bidirectional { (8, 16.0f64) } else { (16, 8.0f64) };
    let size = if bidirectional { distance.abs() } else { (-distance).max(0) };
    let logarithmic = || (size as f64 / own as f64).ln() / range.ln() * own as f64;
    // Powers of the base are exact bucket starts; the logarithm may fall short of them by its rounding.
    let bucket = if size < own { size } else { (own + (logarithmic() + 1e-9) as i64).min(2 * own - 1) };
    (bucket + if bidirectional && distance > 0 { 16 } else { 0 }) as usize
}

/// All variants multiply alike, and are the forms of their problems that need no extension.
const FORM: Form = Form {
    spec: HEAD,
    problem: "attention_f32",
    profile: "standard",
    in_qemu: true,
    vlens: 128..=65536,
    multiply: Some(Multiply { name: "vfmacc.vf", sew: 32, lmul: 4 }),
};

pub(crate) const HEAD: Spec = Spec {
    name: "attention_f32",
    about: "fp32 attention of one head, tiled with running maximum and sum, causal or not",
    elf: include_bytes!("../prebuilt/attention_f32.elf"),
    dtype: DType::F32,
    dims: &["T", "S", "d", "causal?"],
    shapes: &[&[1, 512, 64, 1], &[64, 64, 64, 1], &[128, 128, 64, 0], &[256, 256, 64, 1]],
    awkward: &[
        &[1, 1, 1, 0],
        &[1, 100, 64, 0],
        &[2, 3, 5, 0],
        &[3, 65, 80, 0],
        &[6, 64, 64, 0],
        &[7, 129, 100, 0],
        &[13, 40, 128, 0],
        &[5, 17, 7, 0],
        &[1, 1, 1, 1],
        &[1, 200, 64, 1],
        &[7, 7, 3, 1],
        &[13, 13, 80, 1],
        &[5, 70, 100, 1],
        &[67, 67, 64, 1],
        &[64, 130, 129, 1],
        &[13, 37, 80, 1],
    ],
    patterns: &[Pattern::Wide, Pattern::Equal, Pattern::Zero],
    in_default_set: true,
    accepts: |s| match s[..] {
        [_, _, _, 0] => Ok(()),
        [t, keys, _, 1] if t <= keys => Ok(()),
        [t, keys, _, 1] => Err(format!("causal attention needs T <= S, got T = {t}, S = {keys}")),
        _ => Err(format!("causal = {} is neither 0 nor 1", s[3])),
    },
    flop: |s| {
        let [t, s, d, causal] = s[..] else { return 0 };
        let pairs = if causal == 1 { t * s.saturating_sub(t) + t * (t + 1) / 2 } else { t * s };
        4 * d * pairs
    },
    bytes: |s| {
        let [t, s, d, _] = s[..] else { return 0 };
        4 * (2 * t * d + 2 * s * d)
    },
    check: |run, checker| check(run, checker, &plain(run)),
};

/// Keys in a block at VLEN 128.
const SMALLEST_BLOCK: u64 = 16;

/// What a query sees, and what joins its scores.
pub(crate) struct Variant {
    /// How many keys each query sees.
    pub(crate) visible: Box<dyn Fn(u64) -> u64>,
    /// What joins a score by the distance of key minus query, and its error.
    pub(crate) bias: Box<dyn Fn(i64) -> (f64, f64)>,
}

impl Variant {
    fn new(visible: impl Fn(u64) -> u64 + 'static, bias: impl Fn(i64) -> (f64, f64) + 'static) -> Variant {
        Variant { visible: Box::new(visible), bias: Box::new(bias) }
    }
}

/// All keys, or if causal those up to the query's own place, the last queries standing at the last keys.
fn seen(shape: &[u64], causal: bool) -> impl Fn(u64) -> u64 + 'static {
    let (queries, keys) = (shape[0], shape[1]);
    move |i| if causal { i + 1 + keys - queries } else { keys }
}

pub(crate) fn plain(run: &Run) -> Variant {
    Variant::new(seen(run.shape, run.shape[3] == 1), |_| (0.0, 0.0))
}

pub(crate) fn behind_prefix(run: &Run) -> Variant {
    let (prefix, causal) = (run.shape[3], seen(run.shape, true));
    Variant::new(move |i| causal(i).max(prefix), |_| (0.0, 0.0))
}

pub(crate) fn with_alibi(run: &Run) -> Variant {
    let head = run.shape[3] as f64;
    let slope = if head < 32.0 { -(head + 1.0) / 4.0 } else { -(2.0 * (head - 32.0) + 1.0) / 8.0 }.exp2();
    Variant::new(seen(run.shape, true), move |distance| {
        let bias = slope * distance as f64;
        (bias, gamma(48, U32) * bias.abs())
    })
}

pub(crate) fn with_t5(run: &Run) -> Result<Variant, String> {
    let (table, causal) = (run.input_f64("table", &[32])?, run.shape[3] == 1);
    Ok(Variant::new(seen(run.shape, causal), move |distance| (table[bucket(distance, !causal)], 0.0)))
}

fn check(run: &Run, checker: &mut Checker, Variant { visible, bias }: &Variant) -> Result<(), String> {
    let [t, s, d, _] = run.dims();
    let (q, k, v) = (run.input_f64("q", &[t, d])?, run.input_f64("k", &[s, d])?, run.input_f64("v", &[s, d])?);
    let o = run.output("o", &[t, d])?;
    let width = d as usize;
    let v_max = v.iter().fold(0.0f64, |max, v| max.max(v.abs()));
    for (i, (q, o)) in q.chunks_exact(width).zip(o.chunks_exact(width)).enumerate() {
        let seen = visible(i as u64);
        let place = i as i64 + s as i64 - t as i64;
        let row = Row::new(q, &k[..seen as usize * width], seen, |j| bias(j - place));
        let common = row.mean_error + 2.0 * gamma(seen + 8, U32) + 3.0 * U32;
        let mut want = vec![0.0; width];
        let mut bound = vec![seen as f64 * MIN_NORMAL32 * v_max; width];
        for ((weight, error), v) in row.weights.iter().zip(&row.errors).zip(v.chunks_exact(width)) {
            let factor = weight * (error + common) * (1.0 + common);
            for ((want, bound), v) in want.iter_mut().zip(&mut bound).zip(v) {
                *want += weight * v;
                *bound += factor * v.abs();
            }
        }
        for ((got, want), bound) in o.iter().zip(want).zip(bound) {
            checker.element(*got, want, bound);
        }
    }
    Ok(())
}

/// Weights of one query and their relative error bounds.
struct Row {
    /// `w_j`.
    weights: Vec<f64>,
    /// `H_j`.
    errors: Vec<f64>,
    /// `H`.
    mean_error: f64,
}

impl Row {
    fn new(q: &[f64], k: &[f64], seen: u64, bias: impl Fn(i64) -> (f64, f64)) -> Row {
        let scale = 1.0 / (q.len() as f64).sqrt();
        let (mut scores, mut score_errors) = (Vec::new(), Vec::new());
        for (j, k) in k.chunks_exact(q.len()).enumerate() {
            let (mut dot, mut magnitude) = (0.0, 0.0);
            for (q, k) in q.iter().zip(k) {
                dot += q * k;
                magnitude += (q * k).abs();
            }
            let (added, error) = bias(j as i64);
            scores.push(dot * scale + added);
            let rounding = if added == 0.0 { 0.0 } else { U32 * (magnitude * scale + added.abs()) };
            score_errors.push(gamma(q.len() as u64 + 3, U32) * magnitude * scale + error + rounding);
        }
        let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let largest_error = score_errors.iter().copied().fold(0.0, f64::max);
        let factors = seen.div_ceil(SMALLEST_BLOCK) as f64;
        let errors: Vec<f64> = scores
            .iter()
            .zip(score_errors)
            .map(|(s, error)| {
                (error + exp_relative(max - s + 2.0 * largest_error) + factors * (exp_relative(0.0) + U32)).exp_m1()
            })
            .collect();
        let mut weights: Vec<f64> = scores.iter().map(|s| (s - max).exp()).collect();
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= sum);
        let mean_error = weights.iter().zip(&errors).map(|(w, e)| w * e).sum();
        Row { weights, errors, mean_error }
    }
}
