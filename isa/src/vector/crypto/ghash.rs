//! Zvkg: multiply and multiply-add in the field of Galois/Counter Mode.

use super::groups::{Function, each, ve};
use crate::ext::Ext;
use crate::row::{Props, Row};

type Block = [u32; 4];

/// A block as a polynomial whose coefficients ascend with the bits: GCM counts them from the top of each byte.
fn polynomial(block: Block) -> u128 {
    let bits = block.iter().rev().fold(0, |bits, &word| bits << 32 | u128::from(word));
    bits.reverse_bits().swap_bytes()
}

fn block(polynomial: u128) -> Block {
    let bits = polynomial.reverse_bits().swap_bytes();
    std::array::from_fn(|i| (bits >> (32 * i)) as u32)
}

/// The product modulo x^128 + x^7 + x^2 + x + 1.
fn product(mut a: u128, b: u128) -> u128 {
    let mut sum = 0;
    for bit in 0..128 {
        sum ^= a & 0u128.wrapping_sub(b >> bit & 1);
        a = a << 1 ^ 0x87 & 0u128.wrapping_sub(a >> 127);
    }
    sum
}

/// vgmul: vd times vs2.
struct Multiply;
/// vghsh: the sum of vd and vs1, times vs2.
struct Hash;

impl Function<Block, ()> for Multiply {
    fn apply(d: Block, a: Block, (): ()) -> Block {
        block(product(polynomial(a), polynomial(d)))
    }
}

impl Function<Block, Block> for Hash {
    fn apply(d: Block, a: Block, b: Block) -> Block {
        block(product(polynomial(a), polynomial(d) ^ polynomial(b)))
    }
}

/// Rows of this file.
pub(super) const ROWS: &[Row] = &[
    ve!("vghsh.vv", vvv 0x2c, Ext::ZVKG, each<Block, Block, Hash>).with(Props::READS_VD),
    ve!("vgmul.vv", vv 0x11, Ext::ZVKG, each<Block, (), Multiply>).with(Props::READS_VD),
];
