//! The input generator, the same as in `runtime/rt.c` (which documents it): the host recomputes every input.

use crate::Arrays;

/// Seed of a run without `seed=` on its command line.
const DEFAULT_SEED: u64 = 1;

/// What the inputs look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// Floats in [-1, 1), fp16 in multiples of 1/64, int8 over its whole range.
    Uniform,
    /// Uniform times 2^4: logits as a language model has them.
    Wide,
    /// Uniform times 2^13: softmax of it is nearly a one-hot vector.
    Large,
    /// All 0.75.
    Equal,
    /// Uniform, but about half of each row (never its first element) is minus infinity.
    NegInf,
    /// All -128.
    Extreme,
}

impl Pattern {
    /// The word behind `pattern=` on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Pattern::Uniform => "uniform",
            Pattern::Wide => "wide",
            Pattern::Large => "large",
            Pattern::Equal => "equal",
            Pattern::NegInf => "neginf",
            Pattern::Extreme => "extreme",
        }
    }
}

/// States of input stream `stream` (the index of its array in the manifest).
fn states(stream: u64) -> impl Iterator<Item = u64> {
    let mut state = (DEFAULT_SEED + stream).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state
    })
}

/// An fp32 input of `elements` elements in rows of `columns`.
pub fn f32(stream: u64, pattern: Pattern, elements: u64, columns: u64) -> Vec<f32> {
    let value = |(index, state): (u64, u64)| {
        let top = (state >> 40) as u32;
        let uniform = (top as f32 - (1 << 23) as f32) / (1 << 23) as f32;
        match pattern {
            Pattern::Wide => uniform * (1 << 4) as f32,
            Pattern::Large => uniform * (1 << 13) as f32,
            Pattern::Equal => 0.75,
            Pattern::NegInf if top & 1 == 1 && index % columns != 0 => f32::NEG_INFINITY,
            _ => uniform,
        }
    };
    (0..elements).zip(states(stream)).map(value).collect()
}

/// An fp16 input, as multiples of 1/64.
pub fn f16_64ths(stream: u64, elements: u64) -> Vec<i32> {
    states(stream).take(elements as usize).map(|state| (state >> 57) as i32 - 64).collect()
}

/// An int8 input.
pub fn i8(stream: u64, pattern: Pattern, elements: u64) -> Vec<i8> {
    let value = |state: u64| if pattern == Pattern::Extreme { -128 } else { ((state >> 56) as i32 - 128) as i8 };
    states(stream).take(elements as usize).map(value).collect()
}

/// The fp32 input `name`, row-major, after comparing guest memory with the generator bit by bit.
pub(crate) fn checked_f32(
    arrays: &Arrays,
    name: &str,
    stream: u64,
    pattern: Pattern,
    dims: &[u64],
) -> Result<Vec<f32>, String> {
    let want = f32(stream, pattern, dims.iter().product(), *dims.last().unwrap_or(&1));
    let got = arrays.f32(name, dims)?;
    let bits = |x: &f32| x.to_bits();
    unspoiled(name, got.iter().map(bits), want.iter().map(bits))?;
    Ok(want)
}

/// The fp16 input `name` as values.
pub(crate) fn checked_f16(arrays: &Arrays, name: &str, stream: u64, dims: &[u64]) -> Result<Vec<f64>, String> {
    let want = f16_64ths(stream, dims.iter().product());
    let got = arrays.f16(name, dims)?;
    // Numerically: -0 would pass for 0, which the generator never makes and no product distinguishes.
    let value = |v: &i32| f64::from(*v) / 64.0;
    unspoiled(name, got.iter().map(|bits| crate::bounds::f16_to_f64(*bits)), want.iter().map(value))?;
    Ok(want.iter().map(value).collect())
}

/// The int8 input `name`.
pub(crate) fn checked_i8(
    arrays: &Arrays,
    name: &str,
    stream: u64,
    pattern: Pattern,
    dims: &[u64],
) -> Result<Vec<i8>, String> {
    let want = i8(stream, pattern, dims.iter().product());
    unspoiled(name, arrays.i8(name, dims)?.into_iter(), want.iter().copied())?;
    Ok(want)
}

fn unspoiled<T: PartialEq>(
    name: &str,
    got: impl Iterator<Item = T>,
    want: impl Iterator<Item = T>,
) -> Result<(), String> {
    match got.zip(want).position(|(got, want)| got != want) {
        Some(index) => Err(format!("input `{name}` differs from the generator's at element {index}")),
        None => Ok(()),
    }
}
