//! `attention_decode_f32`, `_f16`, `_i8`: attention of one token over a cache of keys and values.

use crate::bounds::{ETA16, MIN_NORMAL32, U16, U32, exp_relative, gamma};
use crate::quant::quantize;
use crate::{Checker, DType, Pattern, Run, Spec};

/// One token's attention, H query heads of size d on Hk key heads over T positions kept in fp32; `bias?` 0 adds nothing, 1
/// the slopes of ALiBi, 2 a given number for each head and position.
///
/// - Operations: `4 H d T`; the softmax is not counted, as usual.
/// - Bytes: the cache, `2 Hk d T` elements (int8: 4 more for each scale), and `8 H d` for query and result.
/// - Error, for one head, with `w_j` the exact weights, `s_j` the exact scores, `m` their maximum, `t_j = m - s_j`, and U = 2^-11 if
///   queries and weights are rounded to fp16, else 0:
///   - scores: `D_j = (U + gamma_(d + 12)) sum |q k| scale + gamma_8 (|slope (j - T + 1)| + |bias|)`, and `2^-25 sum |k| scale` for
///     queries that become subnormal; d + 12 covers the sum, scale, root, the int8 scales (4 u, 6 u with their products);
///   - a weight is wrong by `H_j = expm1(D_j + exp_relative(t_j + 2 D))`, D the largest `D_j`, beside U of its rounding;
///   - together `sum_j w_j |v_jc| (H_j + H + U + 2 gamma_(T + 8) + 12 u) (1 + r)` with H the mean of the `H_j`, r the same sum of
///     errors; 12 u for scales, reciprocal and products. Weights that become subnormal in fp16 add `2^-25 sum_j |v| / sum`,
///     where for int8 the largest value scale counts: `|v|` of the head's largest element. Flushed ones add `T 2^-126 max |v|`.
pub static F32: Spec = Spec {
    name: "attention_decode_f32",
    about: "attention of one token over an fp32 cache, MHA, GQA or MQA, ALiBi or bias",
    dtype: DType::F32,
    bytes: |s| 8 * s[1] * s[2] * s[3] + 8 * s[0] * s[2],
    check: |run, checker| check(run, checker, Format::F32),
    ..COMMON
};

/// The same over an fp16 cache, with queries and weights rounded to fp16 and fp32 sums; see [`F32`].
pub static F16: Spec = Spec {
    name: "attention_decode_f16",
    about: "attention of one token over an fp16 cache, MHA, GQA or MQA, ALiBi or bias",
    dtype: DType::F16,
    bytes: |s| 4 * s[1] * s[2] * s[3] + 8 * s[0] * s[2],
    check: |run, checker| check(run, checker, Format::F16),
    ..COMMON
};

/// The same over an int8 cache with a scale for each head and position; see [`F32`].
pub static I8: Spec = Spec {
    name: "attention_decode_i8",
    about: "attention of one token over an int8 cache with scales, MHA, GQA or MQA, ALiBi or bias",
    dtype: DType::F16,
    bytes: |s| 2 * s[1] * (s[2] + 4) * s[3] + 8 * s[0] * s[2],
    check: |run, checker| check(run, checker, Format::I8),
    ..COMMON
};

const COMMON: Spec = Spec {
    name: "",
    about: "",
    elf: include_bytes!("../prebuilt/attention_decode.elf"),
    dtype: DType::F32,
    dims: &["H", "Hk", "d", "T", "bias?"],
    shapes: &[&[4, 4, 128, 512, 0], &[8, 1, 128, 512, 0]],
    awkward: &[
        &[1, 1, 1, 1, 0],
        &[3, 3, 100, 37, 1],
        &[5, 1, 112, 65, 2],
        &[2, 1, 64, 129, 0],
        &[40, 40, 4, 9, 1],
        &[8, 2, 33, 130, 1],
        &[6, 2, 80, 37, 2],
        &[32, 8, 128, 1, 0],
        &[40, 40, 128, 1, 1],
        &[4, 2, 36, 300, 0],
    ],
    patterns: &[Pattern::Wide, Pattern::Equal, Pattern::Zero],
    in_default_set: false,
    accepts: |s| match s[..] {
        [heads, kv_heads, ..] if heads % kv_heads != 0 => Err(format!("H = {heads} is no multiple of Hk = {kv_heads}")),
        [.., bias] if bias > 2 => Err(format!("bias = {bias} is not 0, 1 or 2")),
        _ => Ok(()),
    },
    flop: |s| 4 * s[0] * s[2] * s[3],
    bytes: |_| 0,
    check: |_, _| Ok(()),
};

/// What the cache holds.
#[derive(Clone, Copy, PartialEq)]
enum Format {
    F32,
    F16,
    I8,
}

impl Format {
    /// Keys or values as the cache keeps them.
    fn read(self, run: &Run, name: &str, dims: &[u64]) -> Result<Vec<f64>, String> {
        match self {
            Format::F32 => run.input_f64(name, dims),
            Format::F16 => run.input_64ths(name, dims),
            Format::I8 => Ok(run.input(name, dims)?.chunks(dims[1] as usize).flat_map(rounded).collect()),
        }
    }
}

/// A row as int8 keeps it.
fn rounded(row: &[f32]) -> Vec<f64> {
    let (q, d) = quantize(row);
    q.into_iter().map(|q| f64::from(d * f32::from(q))).collect()
}

fn check(run: &Run, checker: &mut Checker, format: Format) -> Result<(), String> {
    let [heads, kv_heads, d, n, bias_kind] = run.dims();
    let (q, o) = (run.input_f64("q", &[heads, d])?, run.output("o", &[heads, d])?);
    let (k, v) = (format.read(run, "k", &[kv_heads * n, d])?, format.read(run, "v", &[kv_heads * n, d])?);
    let slopes = if bias_kind == 1 { run.output("slopes", &[heads])? } else { vec![0.0; heads as usize] };
    if bias_kind == 1 {
        for (slope, want) in slopes.iter().zip(alibi_slopes(heads)) {
            checker.element(*slope, want, gamma(heads + 8, U32) * want);
        }
    }
    let bias = if bias_kind == 2 { run.input_f64("bias", &[heads, n])? } else { vec![0.0; (heads * n) as usize] };
    let (narrow, eta) = if format == Format::F32 { (0.0, 0.0) } else { (U16, ETA16) };
    let (width, len) = (d as usize, n as usize);
    let scale = 1.0 / (d as f64).sqrt();
    for h in 0..heads as usize {
        let shared = h / (heads / kv_heads) as usize * len * width;
        let q = &q[h * width..][..width];
        let (k, v) = (&k[shared..][..len * width], &v[shared..][..len * width]);
        let (mut scores, mut errors) = (Vec::new(), Vec::new());
        for (j, k) in k.chunks_exact(width).enumerate() {
            let position = slopes[h] * (j as f64 - (n - 1) as f64);
            let added = bias[h * len + j];
            let dot: f64 = q.iter().zip(k).map(|(q, k)| q * k).sum();
            let magnitude: f64 = q.iter().zip(k).map(|(q, k)| (q * k).abs()).sum();
            let sizes: f64 = k.iter().map(|k| k.abs()).sum();
            scores.push(dot * scale + position + added);
            errors.push(
                ((narrow + gamma(d + 12, U32)) * magnitude + eta * sizes) * scale
                    + gamma(8, U32) * (position.abs() + added.abs()),
            );
        }
        let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let largest = errors.iter().copied().fold(0.0, f64::max);
        let weights: Vec<f64> = scores.iter().map(|s| (s - max).exp()).collect();
        let sum: f64 = weights.iter().sum();
        let factors: Vec<f64> = scores
            .iter()
            .zip(&errors)
            .map(|(s, error)| (error + exp_relative(max - s + 2.0 * largest)).exp_m1())
            .collect();
        let mean: f64 = weights.iter().zip(&factors).map(|(w, f)| w * f).sum::<f64>() / sum;
        let common = mean + narrow + 2.0 * gamma(n + 8, U32) + 12.0 * U32;
        let v_max = v.iter().fold(0.0f64, |max, v| max.max(v.abs()));
        for c in 0..width {
            let (mut want, mut bound) = (0.0, n as f64 * MIN_NORMAL32 * v_max);
            for (j, (w, f)) in weights.iter().zip(&factors).enumerate() {
                let v = v[j * width + c];
                want += w * v / sum;
                bound += w / sum * v.abs() * (f + common) * (1.0 + f + common);
                bound += 2.0 * eta * if format == Format::I8 { v_max } else { v.abs() } / sum;
            }
            checker.element(o[h * width + c], want, bound);
        }
    }
    Ok(())
}

/// Slopes of ALiBi: for a power of two `2^(-8 (h + 1) / heads)`; else those of the power below, then every second one of the
/// power above.
fn alibi_slopes(heads: u64) -> Vec<f64> {
    let power = 1u64 << heads.ilog2();
    let slope = |i: u64, n: u64| (-8.0 * (i + 1) as f64 / n as f64).exp2();
    (0..heads).map(|h| if h < power { slope(h, power) } else { slope(2 * (h - power), 2 * power) }).collect()
}
