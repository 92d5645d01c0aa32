//! Guest memory of a plan: arrays with addresses, and what they hold at first.

use rvtile_isa::memory::{Memory, PAGE, Perm};

/// Where arrays begin: above any program.
const BASE: u64 = 1 << 32;

/// Alignment of small arrays.
const LINE: u64 = 64;

/// What an array holds before the program starts. Numbers are random and of a size that keeps products of `columns` terms
/// near 1, so that no value of a run overflows.
#[derive(Clone, Debug)]
pub(super) enum Fill {
    /// Zeros: memory that the program writes first.
    Zero,
    /// These bytes.
    Bytes(Vec<u8>),
    /// Numbers of these bits, of which `keep` stay random and `set` are given, in each 64-bit word.
    Random { keep: u64, set: u64 },
    /// Panels of blocks: `bytes` of weights for each row, then an fp16 scale for each row, the same again for the next block.
    Panels { rows: u64, columns: u64, bytes: u64, panel: u64, exponent: u64 },
}

/// The exponent of numbers near 1 / sqrt(columns) whose mean size is `size` times the power.
fn exponent(columns: u64, size: f64) -> i64 {
    (1.0 / (size * (columns as f64).sqrt())).log2().round() as i64
}

impl Fill {
    /// fp32 for products of `columns` terms.
    pub fn f32(columns: u64) -> Fill {
        let field = (127 + exponent(columns, 1.5)) as u64;
        Fill::Random { keep: 0x807f_ffff_807f_ffff, set: (field << 23) * 0x1_0000_0001 }
    }

    /// fp16 for products of `columns` terms.
    pub fn f16(columns: u64) -> Fill {
        let field = (15 + exponent(columns, 1.5)).max(1) as u64;
        Fill::Random { keep: 0x83ff_83ff_83ff_83ff, set: (field << 10) * 0x0001_0001_0001_0001 }
    }

    /// bf16 for products of `columns` terms.
    pub fn bf16(columns: u64) -> Fill {
        let field = (127 + exponent(columns, 1.5)) as u64;
        Fill::Random { keep: 0x807f_807f_807f_807f, set: (field << 7) * 0x0001_0001_0001_0001 }
    }

    /// Any bytes.
    pub fn bytes() -> Fill {
        Fill::Random { keep: u64::MAX, set: 0 }
    }

    /// Panels of blocks of 32 with `bytes` bytes of weights (32 or 16) for each row.
    pub fn panels(rows: u64, columns: u64, bytes: u64, panel: u64) -> Fill {
        // Standard deviation of a random byte, of a random nibble.
        let size = if bytes == 32 { 74.0 } else { 4.6 };
        let exponent = (15 + exponent(columns, 1.5 * size)).max(1) as u64;
        Fill::Panels { rows, columns, bytes, panel, exponent }
    }

    fn write(&self, bytes: &mut [u8], random: &mut Random) {
        match self {
            Fill::Zero => {}
            Fill::Bytes(content) => bytes[..content.len()].copy_from_slice(content),
            Fill::Random { keep, set } => random.fill(bytes, *keep, *set),
            &Fill::Panels { rows, columns, bytes: weights, panel, exponent } => {
                let mut rest = bytes;
                for first in (0..rows).step_by(panel as usize) {
                    let height = panel.min(rows - first);
                    for _ in 0..columns.div_ceil(32) {
                        let (block, after) = rest.split_at_mut((height * (weights + 2)) as usize);
                        let (weights, scales) = block.split_at_mut((height * weights) as usize);
                        random.fill(weights, u64::MAX, 0);
                        random.fill(scales, 0x03ff_03ff_03ff_03ff, (exponent << 10) * 0x0001_0001_0001_0001);
                        rest = after;
                    }
                }
            }
        }
    }
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn fill(&mut self, bytes: &mut [u8], keep: u64, set: u64) {
        for chunk in bytes.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = self.0;
            z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            let word = ((z ^ z >> 31) & keep | set).to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

/// Arrays one behind the other.
#[derive(Default)]
pub(super) struct Arena {
    arrays: Vec<(u64, u64, Fill)>,
    end: u64,
}

impl Arena {
    /// A fresh array; its address. Large ones begin at a page, small ones share pages, as allocators have it.
    pub fn array(&mut self, bytes: u64, fill: Fill) -> u64 {
        let align = if bytes < PAGE { LINE } else { PAGE };
        let addr = self.end.max(BASE).next_multiple_of(align);
        self.arrays.push((addr, bytes, fill));
        self.end = (addr + bytes.max(1)).next_multiple_of(LINE);
        addr
    }

    /// Bytes of address space that the arrays need.
    pub fn size(&self) -> u64 {
        self.end.max(BASE)
    }

    /// Puts the arrays into memory.
    ///
    /// # Errors
    /// When they do not fit.
    pub fn place(&self, memory: &mut Memory) -> Result<(), String> {
        let lost = |_| "the model's arrays do not fit into the simulated memory".to_string();
        memory.protect(BASE, self.size() - BASE, Perm::R | Perm::W).map_err(lost)?;
        for (index, (addr, bytes, fill)) in self.arrays.iter().enumerate() {
            if !matches!(fill, Fill::Zero) {
                fill.write(memory.slice_mut(*addr, *bytes).map_err(lost)?, &mut Random(index as u64));
            }
        }
        Ok(())
    }
}
