//! `rope_half_f32`, `rope_interleaved_f32`, `rope_2d_f32`: rotary positions of the heads of one token.

use crate::bounds::{MIN_NORMAL32, U32, gamma};
use crate::{Checker, DType, Run, Spec};

/// Rotary positions with pairs `(x[i], x[i + rotary / 2])`; elements from `rotary` on are copied.
///
/// - Operations: `3 heads rotary`: 6 for each pair.
/// - Bytes: `8 heads head_dim + 4 rotary`.
/// - Error: a rounded product and a fused one: `gamma_2 (|a c| + |b s|)`. A product below 2^-126 loses at most that.
pub static HALF: Spec = Spec {
    name: "rope_half_f32",
    about: "fp32 rotary positions of a token's heads, pairs by halves, whole or partial",
    check: |run, checker| {
        let [heads, head_dim, rotary] = run.dims();
        check(run, checker, [heads, head_dim, rotary], |i| (i, i + rotary / 2))
    },
    ..COMMON
};

/// Rotary positions with pairs `(x[2 i], x[2 i + 1])`; otherwise as [`HALF`].
pub static INTERLEAVED: Spec = Spec {
    name: "rope_interleaved_f32",
    about: "fp32 rotary positions of a token's heads, pairs interleaved, whole or partial",
    check: |run, checker| check(run, checker, run.dims(), |i| (2 * i, 2 * i + 1)),
    ..COMMON
};

/// Rotary positions in two dimensions: each half of a head is rotated by halves, with a position of its own.
pub static TWO_D: Spec = Spec {
    name: "rope_2d_f32",
    about: "fp32 rotary positions in two dimensions: each half of a head with a position of its own",
    dims: &["heads", "head_dim"],
    shapes: &[&[32, 128]],
    awkward: &[&[1, 4], &[3, 100], &[2, 112]],
    accepts: |s| match s[1] % 4 {
        0 => Ok(()),
        _ => Err(format!("head_dim = {} is no multiple of 4", s[1])),
    },
    flop: |s| 3 * s[0] * s[1],
    bytes: |s| 8 * s[0] * s[1] + 4 * s[1],
    check: |run, checker| {
        let [heads, head_dim] = run.dims();
        let quarter = head_dim / 4;
        check(run, checker, [heads, head_dim, head_dim], |i| {
            let a = if i >= quarter { i + quarter } else { i };
            (a, a + quarter)
        })
    },
    ..COMMON
};

const COMMON: Spec = Spec {
    name: "",
    about: "",
    elf: include_bytes!("../prebuilt/rope.elf"),
    dtype: DType::F32,
    dims: &["heads", "head_dim", "rotary"],
    shapes: &[&[32, 128, 128], &[32, 128, 64]],
    awkward: &[&[1, 2, 2], &[2, 5, 4], &[3, 64, 64], &[2, 128, 32], &[3, 256, 64], &[2, 112, 112], &[5, 100, 100]],
    patterns: &[],
    in_default_set: false,
    accepts: |s| match s[..] {
        [_, head_dim, rotary] if rotary % 2 == 0 && rotary <= head_dim => Ok(()),
        _ => Err(format!("rotary = {} is not an even number up to head_dim = {}", s[2], s[1])),
    },
    flop: |s| 3 * s[0] * s[2],
    bytes: |s| 8 * s[0] * s[1] + 4 * s[2],
    check: |_, _| Ok(()),
};

/// `pair` says which elements of a head pair i consists of.
fn check(
    run: &Run,
    checker: &mut Checker,
    [heads, head_dim, rotary]: [u64; 3],
    pair: impl Fn(u64) -> (u64, u64),
) -> Result<(), String> {
    let (x, y) = (run.input_f64("x", &[heads, head_dim])?, run.output("y", &[heads, head_dim])?);
    let (cos, sin) = (run.input_f64("cos", &[rotary / 2])?, run.input_f64("sin", &[rotary / 2])?);
    for (x, y) in x.chunks_exact(head_dim as usize).zip(y.chunks_exact(head_dim as usize)) {
        let mut want: Vec<(f64, f64)> = x.iter().map(|x| (*x, 0.0)).collect();
        for (i, (c, s)) in cos.iter().zip(&sin).enumerate() {
            let (a, b) = pair(i as u64);
            let (a, b) = (a as usize, b as usize);
            let bound = |p: f64, q: f64| gamma(2, U32) * (p.abs() + q.abs()) + MIN_NORMAL32;
            want[a] = (x[a] * c - x[b] * s, bound(x[a] * c, x[b] * s));
            want[b] = (x[b] * c + x[a] * s, bound(x[b] * c, x[a] * s));
        }
        for (got, (want, bound)) in y.iter().zip(want) {
            checker.element(*got, want, bound);
        }
    }
    Ok(())
}
