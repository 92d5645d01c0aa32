//! `argmax_f32`, `top_k_f32`, `top_p_f32`: the next token from a vector of logits.

use crate::bounds::{MIN_NORMAL32, U32, exp_relative, gamma};
use crate::{Checker, DType, Pattern, Run, Spec, any};

/// The lowest index of the largest of n logits. NaN is never chosen; where there is nothing else the index is 0.
///
/// - Operations: `n` compares.
/// - Bytes: `4 n`. (The place of the maximum is found by a second pass, which ends there.)
/// - Error: none.
pub static ARGMAX: Spec = Spec {
    name: "argmax_f32",
    about: "index of the largest logit, the lowest among equals",
    dims: &["n"],
    shapes: &[&[32000]],
    awkward: &[&[1], &[2], &[65], &[128], &[129], &[1001], &[32001], &[50277], &[100_278]],
    accepts: any,
    check: |run, checker| {
        let x = run.input_f64("x", run.shape)?;
        let want = sorted(&x).first().copied().unwrap_or_else(|| x.iter().position(|x| !x.is_nan()).unwrap_or(0));
        checker.element(f64::from(run.arrays.i32("index", &[1])?[0]), want as f64, 0.0);
        Ok(())
    },
    ..COMMON
};

/// The k largest of n logits with their indices, in falling order, the lower index first among equals. NaN and minus
/// infinity are never chosen; what is missing then has the index -1 and the value 0.
///
/// - Operations: `n` compares with the running threshold (the order of the k found is not counted).
/// - Bytes: `4 n + 8 k`.
/// - Error: none.
pub static TOP_K: Spec = Spec {
    name: "top_k_f32",
    about: "the k largest logits in falling order with their indices",
    check: |run, checker| {
        let [n, k] = run.dims();
        check_top_k(run, checker, &run.input_f64("x", &[n])?, k)
    },
    ..COMMON
};

/// One of the k largest logits, by a draw from the smallest set of them whose probabilities (softmax over the k) reach p, in
/// percent; the uniform random number is given in 1/1000.
///
/// - Operations and bytes: as [`TOP_K`], and 8 for each of the k.
/// - Error: the choice is right if it is the exact one for some threshold and some drawn point within the error of sums of
///   probabilities, `gamma_(2 k) + max_j (t_j + 3) u` (see `softmax_f32`), which is below 1e-3 with t <= 100 where probabilities count.
pub static TOP_P: Spec = Spec {
    name: "top_p_f32",
    about: "a draw from the most probable logits that together reach p",
    dims: &["n", "k", "percent?", "permille?"],
    shapes: &[&[32000, 40, 90, 500]],
    awkward: &[
        &[1, 1, 90, 0],
        &[65, 65, 90, 999],
        &[300, 40, 50, 321],
        &[1001, 129, 100, 700],
        &[133, 17, 0, 5],
        &[32001, 40, 90, 250],
        &[100_278, 64, 95, 800],
    ],
    patterns: &[Pattern::Wide, Pattern::Large, Pattern::Equal, Pattern::Zero, Pattern::Ties],
    accepts: |s| match s[..] {
        [n, k, percent, permille] if k <= n && percent <= 100 && permille <= 999 => Ok(()),
        _ => Err("k must be at most n, percent at most 100, permille at most 999".into()),
    },
    flop: |s| s[0] + 8 * s[1],
    bytes: |s| 4 * s[0] + 16 * s[1],
    check: check_top_p,
    ..COMMON
};

const COMMON: Spec = Spec {
    name: "",
    about: "",
    elf: include_bytes!("../prebuilt/sampling.elf"),
    dtype: DType::F32,
    dims: &["n", "k"],
    shapes: &[&[32000, 40]],
    awkward: &[&[1, 1], &[2, 1], &[65, 65], &[129, 7], &[4001, 1500], &[1001, 40], &[50277, 40], &[100_278, 1]],
    patterns: &[Pattern::Large, Pattern::Equal, Pattern::NegInf, Pattern::Zero, Pattern::Ties, Pattern::Special],
    in_default_set: false,
    accepts: |s| if s[1] <= s[0] { Ok(()) } else { Err(format!("k = {} is above n = {}", s[1], s[0])) },
    flop: |s| s[0],
    bytes: |s| 4 * s[0] + 8 * s.get(1).unwrap_or(&0),
    check: |_, _| Ok(()),
};

/// Indices of all numbers above minus infinity, largest first, lower index first among equals.
fn sorted(x: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..x.len()).filter(|i| x[*i] > f64::NEG_INFINITY).collect();
    order.sort_by(|a, b| x[*b].partial_cmp(&x[*a]).expect("numbers").then(a.cmp(b)));
    order
}

fn check_top_k(run: &Run, checker: &mut Checker, x: &[f64], k: u64) -> Result<(), String> {
    let order = sorted(x);
    let (values, indices) = (run.output("values", &[k])?, run.arrays.i32("indices", &[k])?);
    for (place, (value, index)) in values.iter().zip(indices).enumerate() {
        let want = order.get(place);
        checker.element(f64::from(index), want.map_or(-1.0, |i| *i as f64), 0.0);
        checker.element(*value, want.map_or(0.0, |i| x[*i]), 0.0);
    }
    Ok(())
}

fn check_top_p(run: &Run, checker: &mut Checker) -> Result<(), String> {
    let [n, k, percent, permille] = run.dims();
    let x = run.input_f64("x", &[n])?;
    let order = &sorted(&x)[..k as usize];
    let terms: Vec<f64> = order.iter().map(|i| (x[*i] - x[order[0]]).exp()).collect();
    let sum: f64 = terms.iter().sum();
    let tolerance = gamma(2 * k, U32) + exp_relative(100.0) + 4.0 * U32;
    let (p, uniform) = (percent as f64 / 100.0, permille as f64 / 1000.0);
    for ((got, index), (term, want)) in
        run.output("values", &[k])?.into_iter().zip(run.arrays.i32("indices", &[k])?).zip(terms.iter().zip(order))
    {
        checker.element(got, term / sum, tolerance * term / sum + k as f64 * MIN_NORMAL32);
        checker.element(f64::from(index), *want as f64, 0.0);
    }
    let chosen = run.arrays.i32("index", &[1])?[0];
    let mut right = chosen == order[0] as i32 && p == 0.0;
    let mut total = 0.0;
    for kept in 1..=terms.len() {
        let before = total;
        total += terms[kept - 1] / sum;
        // This many are kept if p lies between the sums without and with the last one; all, if sums stay below p = 1.
        let enough = total >= p - tolerance || kept == terms.len();
        if before > p + tolerance || !enough {
            continue;
        }
        let (point, mut below) = (uniform * total, 0.0);
        for (i, term) in terms[..kept].iter().enumerate() {
            let above = below + term / sum;
            if (below - tolerance..=above + tolerance).contains(&point) {
                right |= chosen == order[i] as i32;
            }
            below = above;
        }
    }
    checker.element(f64::from(u8::from(right)), 1.0, 0.0);
    Ok(())
}
