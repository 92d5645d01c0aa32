//! Quantised numbers on the host: activations exactly as the kernels quantise them, weights from generated blocks.

use crate::Run;

/// Elements in a block of Q8_0 and Q4_0.
pub const BLOCK: usize = 32;
/// Below this magnitude a block becomes zero.
const SMALLEST: f32 = f32::from_bits(0x0400_0000);

/// One block or vector as int8 and its scale: `d = max |x| / 127`, `q = x (127 / max |x|)` rounded to nearest even, each
/// operation in fp32, so the host gets the kernels' values exactly.
pub fn quantize(x: &[f32]) -> (Vec<i8>, f32) {
    let max = x.iter().fold(0.0f32, |max, x| max.max(x.abs()));
    if max < SMALLEST {
        return (vec![0; x.len()], 0.0);
    }
    let factor = 127.0 / max;
    (x.iter().map(|x| (x * factor).round_ties_even() as i8).collect(), max / 127.0)
}

/// The integer part of a stored weight.
pub(crate) type Unpack = fn(bytes: &[i8], j: usize) -> i32;

/// A Q8_0 block holds its weights as they are.
pub(crate) fn q8_0(bytes: &[i8], j: usize) -> i32 {
    i32::from(bytes[j])
}

/// A Q4_0 block holds weights j and j + 16 as n - 8 in the lower and upper half of byte j.
pub(crate) fn q4_0(bytes: &[i8], j: usize) -> i32 {
    let byte = i32::from(bytes[j % 16] as u8);
    (if j < 16 { byte & 15 } else { byte >> 4 }) - 8
}

/// Weights in blocks of 32, as the inputs `wq` and `ws` make them.
pub(crate) struct Blocks {
    bytes: Vec<i8>,
    scales: Vec<f64>,
    per_block: usize,
    unpack: Unpack,
}

impl Blocks {
    /// The inputs of `rows` rows of `columns` weights with `per_block` bytes a block.
    pub(crate) fn read(run: &Run, rows: u64, columns: u64, per_block: u64, unpack: Unpack) -> Result<Self, String> {
        let blocks = columns.div_ceil(BLOCK as u64);
        let bytes = run.input_i8("wq", &[rows, blocks * per_block])?;
        let scales = run.input_64ths("ws", &[rows, blocks])?;
        Ok(Blocks { bytes, scales, per_block: per_block as usize, unpack })
    }

    /// Scale of block `index`, counted over all rows.
    pub(crate) fn scale(&self, index: usize) -> f64 {
        self.scales[index]
    }

    /// Weight `j` of block `index` without the scale.
    pub(crate) fn weight(&self, index: usize, j: usize) -> i32 {
        (self.unpack)(&self.bytes[index * self.per_block..][..self.per_block], j)
    }

    /// Exact scalar product of block `index` with at most 32 numbers.
    pub(crate) fn dot(&self, index: usize, x: &[i8]) -> i32 {
        x.iter().enumerate().map(|(j, x)| self.weight(index, j) * i32::from(*x)).sum()
    }
}
