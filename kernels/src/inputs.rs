//! The input generator, the same as in `runtime/rt.c` (which documents it): the host recomputes every input.

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
    /// All 0.
    Zero,
    /// Uniform times 2^-130: mostly subnormal numbers.
    Tiny,
    /// Multiples of 1/4 from -1 to 3/4, so that equal maxima are many.
    Ties,
    /// Uniform with an infinity, its negative or a NaN in one of 32 places each.
    Special,
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
            Pattern::Zero => "zero",
            Pattern::Tiny => "tiny",
            Pattern::Ties => "ties",
            Pattern::Special => "special",
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
            Pattern::Zero => 0.0,
            // Exact in two steps, as the program has it: 2^-130 is below the normal numbers.
            Pattern::Tiny => uniform * (-65f32).exp2() * (-65f32).exp2(),
            Pattern::Ties => ((top >> 21) as f32 - 4.0) * 0.25,
            Pattern::Special if top & 31 == 0 => f32::INFINITY,
            Pattern::Special if top & 31 == 1 => f32::NEG_INFINITY,
            Pattern::Special if top & 31 == 2 => f32::NAN,
            Pattern::NegInf if top & 1 == 1 && index % columns != 0 => f32::NEG_INFINITY,
            _ => uniform,
        }
    };
    (0..elements).zip(states(stream)).map(value).collect()
}

/// An fp16 or bf16 input, as multiples of 1/64.
pub fn multiples_of_64th(stream: u64, elements: u64) -> Vec<i32> {
    states(stream).take(elements as usize).map(|state| (state >> 57) as i32 - 64).collect()
}

/// An int8 input.
pub fn i8(stream: u64, pattern: Pattern, elements: u64) -> Vec<i8> {
    let value = |state: u64| if pattern == Pattern::Extreme { -128 } else { ((state >> 56) as i32 - 128) as i8 };
    states(stream).take(elements as usize).map(value).collect()
}
