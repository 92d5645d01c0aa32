//! Zvksed: the block cipher SM4, four rounds or four round keys at once.

use super::field::{inverse, rotations};
use super::groups::{Function, each, scalar, ve};
use crate::ext::Ext;
use crate::row::{Props, Row};

type Block = [u32; 4];

/// The S-box: an inverse in GF(2^8) modulo x^8 + x^7 + x^6 + x^5 + x^4 + x^2 + 1 between two equal affine maps.
const SBOX: [u8; 256] = {
    let mut sbox = [0; 256];
    let mut at = 0;
    while at < 256 {
        sbox[at] = affine(inverse(affine(at as u8), 0x1f5));
        at += 1;
    }
    sbox
};

const fn affine(a: u8) -> u8 {
    rotations(a, 0xcb) ^ 0xd3
}

/// Continues a sequence of four words by four: each is the word four places before, plus a linear map (a sum of
/// rotations of `by`) of the substituted sum of a key and the three words between.
fn continued<const N: usize>(mut words: Block, keys: Block, by: [u32; N]) -> Block {
    for at in 0..4 {
        let sum = words[(at + 1) % 4] ^ words[(at + 2) % 4] ^ words[(at + 3) % 4] ^ keys[at];
        let new = u32::from_le_bytes(sum.to_le_bytes().map(|byte| SBOX[byte as usize]));
        words[at] ^= by.into_iter().fold(new, |sum, by| sum ^ new.rotate_left(by));
    }
    words
}

/// vsm4r: vd is the state, vs2 the round keys.
struct Rounds;
/// vsm4k: from four round keys to the next; the three lower bits of the immediate say which.
struct Keys;

impl Function<Block, ()> for Rounds {
    fn apply(state: Block, keys: Block, (): ()) -> Block {
        continued(state, keys, [2, 10, 18, 24])
    }
}

impl Function<Block, u8> for Keys {
    fn apply(_: Block, keys: Block, immediate: u8) -> Block {
        // The bytes of the constants, from the highest of the first, ascend by 7 from 0.
        let constants = std::array::from_fn(|i| {
            let first = 16 * (immediate & 7) + 4 * i as u8;
            u32::from_be_bytes([0, 1, 2, 3].map(|byte| (first + byte).wrapping_mul(7)))
        });
        continued(keys, constants, [13, 23])
    }
}

/// Rows of this file.
pub(super) const ROWS: &[Row] = &[
    ve!("vsm4k.vi", vi 0x21, Ext::ZVKSED, each<Block, u8, Keys>),
    ve!("vsm4r.vv", vv 0x10, Ext::ZVKSED, each<Block, (), Rounds>).with(Props::READS_VD),
    ve!("vsm4r.vs", vs 0x10, Ext::ZVKSED, scalar<Block, Rounds>).with(Props::READS_VD.union(Props::SCALAR_VS2)),
];
