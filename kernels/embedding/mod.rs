//! `embedding_f32`, `embedding_q8_0`, `embedding_q4_0`: rows of an embedding table as fp32.

use crate::quant::{BLOCK, Blocks, Unpack, q4_0, q8_0};
use crate::{Checker, DType, Run, Spec, any};

/// Rows of an fp32 table, for the tokens `(7919 i + 1) mod vocabulary`.
///
/// - Operations: none are counted but one an element, the move.
/// - Bytes: `8 tokens d`.
/// - Error: none.
pub static F32: Spec = Spec {
    name: "embedding_f32",
    about: "rows of an fp32 embedding table",
    bytes: |s| 8 * s[0] * s[2],
    check: |run, checker| {
        let [tokens, vocabulary, d] = run.dims();
        let table = run.input_f64("table", &[vocabulary, d])?;
        check(run, checker, [tokens, vocabulary, d], |row, j| table[row * d as usize + j])
    },
    ..COMMON
};

/// Rows of a Q8_0 table, dequantised.
///
/// - Operations: one product an element.
/// - Bytes: `tokens (34 ceil(d / 32) + 4 d)`.
/// - Error: none; the product of an fp16 and an int8 is exact in fp32.
pub static Q8_0: Spec = Spec {
    name: "embedding_q8_0",
    about: "rows of a Q8_0 embedding table as fp32",
    bytes: |s| s[0] * (34 * s[2].div_ceil(32) + 4 * s[2]),
    check: |run, checker| quantised(run, checker, 32, q8_0),
    ..COMMON
};

/// Rows of a Q4_0 table: `tokens (18 ceil(d / 32) + 4 d)` bytes, otherwise as [`Q8_0`].
pub static Q4_0: Spec = Spec {
    name: "embedding_q4_0",
    about: "rows of a Q4_0 embedding table as fp32",
    bytes: |s| s[0] * (18 * s[2].div_ceil(32) + 4 * s[2]),
    check: |run, checker| quantised(run, checker, 16, q4_0),
    ..COMMON
};

const COMMON: Spec = Spec {
    name: "",
    about: "",
    elf: include_bytes!("../prebuilt/embedding.elf"),
    dtype: DType::F32,
    dims: &["tokens", "vocabulary", "d"],
    shapes: &[&[1, 64, 4096]],
    awkward: &[&[1, 1, 1], &[2, 3, 31], &[3, 7, 17], &[1, 2, 64], &[4, 5, 49], &[3, 11, 100], &[2, 50277, 3]],
    patterns: &[],
    in_default_set: false,
    accepts: any,
    flop: |s| s[0] * s[2],
    bytes: |_| 0,
    check: |_, _| Ok(()),
};

fn quantised(run: &Run, checker: &mut Checker, per_block: u64, unpack: Unpack) -> Result<(), String> {
    let [tokens, vocabulary, d] = run.dims();
    let blocks = Blocks::read(run, vocabulary, d, per_block, unpack)?;
    check(run, checker, [tokens, vocabulary, d], |row, j| {
        let index = row * (d as usize).div_ceil(BLOCK) + j / BLOCK;
        blocks.scale(index) * f64::from(blocks.weight(index, j % BLOCK))
    })
}

fn check(
    run: &Run,
    checker: &mut Checker,
    [tokens, vocabulary, d]: [u64; 3],
    element: impl Fn(usize, usize) -> f64,
) -> Result<(), String> {
    for (i, y) in run.output("y", &[tokens, d])?.chunks_exact(d as usize).enumerate() {
        let row = (i as u64 * 7919 + 1) % vocabulary;
        for (j, got) in y.iter().enumerate() {
            checker.element(*got, element(row as usize, j), 0.0);
        }
    }
    Ok(())
}
