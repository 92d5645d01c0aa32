//! Operand values: where arithmetic goes wrong if it goes wrong.

use super::rng::Rng;

/// What the elements of a piece of operand data look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Boundary integers of so many bytes.
    Integer(usize),
    /// Small integers of so many bytes: indices and shift amounts.
    Small(usize),
    /// Special floating-point values of so many bytes.
    Float(usize),
    /// Special bfloat16 values.
    Bfloat,
    /// Random bytes, zeros or ones.
    Bytes,
}

impl Kind {
    pub const ALL: [Kind; 13] = [
        Kind::Integer(1),
        Kind::Integer(2),
        Kind::Integer(4),
        Kind::Integer(8),
        Kind::Small(1),
        Kind::Small(2),
        Kind::Small(4),
        Kind::Small(8),
        Kind::Float(2),
        Kind::Float(4),
        Kind::Float(8),
        Kind::Bfloat,
        Kind::Bytes,
    ];

    /// Fills `bytes`.
    pub fn fill(self, rng: &mut Rng, bytes: &mut [u8]) {
        let size = match self {
            Kind::Integer(size) | Kind::Small(size) | Kind::Float(size) => size,
            Kind::Bfloat => 2,
            Kind::Bytes => 1,
        };
        let plain = rng.below(4);
        for chunk in bytes.chunks_mut(size) {
            let value = match self {
                Kind::Integer(size) => integer(rng, 8 * size as u32),
                Kind::Small(_) => rng.below(40),
                Kind::Float(2) => float(rng, 5, 10),
                Kind::Float(4) => float(rng, 8, 23),
                Kind::Float(_) => float(rng, 11, 52),
                Kind::Bfloat => float(rng, 8, 7),
                Kind::Bytes if plain == 0 => 0xff,
                Kind::Bytes if plain == 1 => 0,
                Kind::Bytes => rng.next(),
            };
            chunk.copy_from_slice(&value.to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A boundary integer of `bits` bits, or any.
pub fn integer(rng: &mut Rng, bits: u32) -> u64 {
    let top = 1u64 << (bits - 1);
    let value = match rng.below(10) {
        0 => 0,
        1 => 1,
        2 => u64::MAX,
        3 => top,
        4 => top - 1,
        5 => top.wrapping_add(rng.below(4)).wrapping_sub(2),
        6 => 1 << rng.below(u64::from(bits)),
        7 => rng.below(100),
        _ => rng.next(),
    };
    value & (u64::MAX >> (64 - bits))
}

/// A value of a binary format with so many exponent and fraction bits.
pub fn float(rng: &mut Rng, exponent_bits: u32, fraction_bits: u32) -> u64 {
    let top = (1u64 << exponent_bits) - 1;
    let bias = top >> 1;
    let ones = (1u64 << fraction_bits) - 1;
    let fraction = match rng.below(6) {
        0 => 0,
        1 => ones,
        2 => 1,
        3 => 1 << rng.below(u64::from(fraction_bits)),
        // Few bits set: sums and products are exact or half-way.
        4 => (rng.next() & rng.next() & rng.next()) & ones,
        _ => rng.next() & ones,
    };
    let near = rng.below(8);
    let exponent = match rng.below(12) {
        0 => 0,
        1 => 1 + near % 4,
        2 => top,
        3 => top - 1 - near % 4,
        4 => bias / 2 + near,
        5 => bias + bias / 2 - near,
        // Near the limits of integer conversions.
        6 => (bias + rng.pick(&[6, 7, 8, 14, 15, 16, 30, 31, 32, 62, 63, 64])).min(top - 1),
        7 => rng.below(top),
        8 => bias - near.min(bias),
        _ => (bias + near).min(top - 1),
    };
    rng.below(2) << (exponent_bits + fraction_bits) | exponent << fraction_bits | fraction
}

/// The content of a floating-point register: some format, mostly boxed as it should be.
pub fn float_register(rng: &mut Rng) -> u64 {
    let unboxed = rng.one_in(12);
    match rng.below(4) {
        0 => float(rng, 5, 10) | if unboxed { 0xffff_0000 } else { 0xffff_ffff_ffff_0000 },
        1 => float(rng, 8, 23) | if unboxed { rng.next() << 32 } else { 0xffff_ffff_0000_0000 },
        2 => float(rng, 8, 7) | 0xffff_ffff_ffff_0000,
        _ => float(rng, 11, 52),
    }
}

/// Memory from which cases reload operands, by kind, and bounded index vectors.
pub struct Pool {
    /// The bytes.
    pub bytes: Vec<u8>,
    vlenb: usize,
}

/// Largest index that an index vector holds, in absolute value; 64-bit ones are also negative.
pub const MAX_INDEX: u64 = 0xfff;

impl Pool {
    /// Bytes of one section: the largest register group, and as much again to start within.
    fn section(vlenb: usize) -> usize {
        16 * vlenb
    }

    pub fn new(rng: &mut Rng, vlen: u32) -> Pool {
        let vlenb = vlen as usize / 8;
        let section = Pool::section(vlenb);
        let mut bytes = vec![0; section * (Kind::ALL.len() + 4)];
        for (kind, part) in Kind::ALL.iter().zip(bytes.chunks_mut(section)) {
            for piece in part.chunks_mut(64) {
                kind.fill(rng, piece);
            }
        }
        for (log, part) in bytes.chunks_mut(section).skip(Kind::ALL.len()).enumerate() {
            for chunk in part.chunks_mut(1 << log) {
                let index = rng.below(MAX_INDEX + 1);
                let index = match log {
                    0 => index & 0xff,
                    3 if rng.one_in(2) => index.wrapping_neg(),
                    _ => index,
                };
                chunk.copy_from_slice(&index.to_le_bytes()[..1 << log]);
            }
        }
        Pool { bytes, vlenb }
    }

    /// Offset of operand data of a kind, for a group of up to 8 registers; 8-byte aligned.
    pub fn data(&self, rng: &mut Rng, kind: Kind) -> usize {
        let section = Pool::section(self.vlenb);
        let number = Kind::ALL.iter().position(|k| *k == kind).unwrap_or(0);
        number * section + 8 * rng.below(self.vlenb as u64) as usize
    }

    /// Offset of index data with elements of so many bytes.
    pub fn indices(&self, rng: &mut Rng, bytes: u32) -> usize {
        let section = Pool::section(self.vlenb);
        (Kind::ALL.len() + bytes.ilog2() as usize) * section + 8 * rng.below(self.vlenb as u64) as usize
    }
}
