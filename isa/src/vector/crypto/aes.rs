//! Zvkned: rounds and key schedule of AES. A block is four columns, its first byte the lowest.

use super::field::{inverse, rotations};
use super::groups::{Function, each, scalar, ve};
use crate::ext::Ext;
use crate::row::{Props, Row};

type Block = [u32; 4];

/// The S-box: the inverse in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1, then an affine map.
const SBOX: [u8; 256] = {
    let mut sbox = [0; 256];
    let mut at = 0;
    while at < 256 {
        sbox[at] = rotations(inverse(at as u8, 0x11b), 0x1f) ^ 0x63;
        at += 1;
    }
    sbox
};

const INVERSE_SBOX: [u8; 256] = {
    let mut inverse = [0; 256];
    let mut at = 0;
    while at < 256 {
        inverse[SBOX[at] as usize] = at as u8;
        at += 1;
    }
    inverse
};

/// Every byte times x in GF(2^8).
const fn twice(bytes: u32) -> u32 {
    ((bytes & 0x7f7f_7f7f) << 1) ^ ((bytes >> 7 & 0x0101_0101) * 0x1b)
}

fn substitute(sbox: &[u8; 256], column: u32) -> u32 {
    u32::from_le_bytes(column.to_le_bytes().map(|byte| sbox[byte as usize]))
}

/// Row r of column c comes from column c + r * `step`.
fn shift_rows(block: Block, step: usize) -> Block {
    std::array::from_fn(|column| {
        u32::from_le_bytes(std::array::from_fn(|row| block[(column + row * step) % 4].to_le_bytes()[row]))
    })
}

fn mix(column: u32) -> u32 {
    let next = column.rotate_right(8);
    twice(column ^ next) ^ next ^ column.rotate_right(16) ^ column.rotate_right(24)
}

/// The inverse matrix is that of `mix` times one that only needs this step before it.
fn unmix(column: u32) -> u32 {
    mix(column ^ twice(twice(column ^ column.rotate_right(16))))
}

fn add(a: Block, b: Block) -> Block {
    std::array::from_fn(|i| a[i] ^ b[i])
}

fn encrypt(block: Block) -> Block {
    shift_rows(block.map(|column| substitute(&SBOX, column)), 1)
}

fn decrypt(block: Block) -> Block {
    shift_rows(block, 3).map(|column| substitute(&INVERSE_SBOX, column))
}

/// Defines rounds of a state with a round key.
macro_rules! rounds {
    ($($name:ident = |$state:ident, $key:ident| $value:expr;)*) => { $(
        struct $name;
        impl Function<Block, ()> for $name {
            fn apply($state: Block, $key: Block, (): ()) -> Block {
                $value
            }
        }
    )* };
}

rounds! {
    EncryptMiddle = |state, key| add(encrypt(state).map(mix), key);
    EncryptFinal = |state, key| add(encrypt(state), key);
    DecryptMiddle = |state, key| add(decrypt(state), key).map(unmix);
    DecryptFinal = |state, key| add(decrypt(state), key);
    Zero = |state, key| add(state, key);
}

/// The round number in an immediate; one that is out of range stands for that with bit 3 inverted.
fn round(immediate: u8, least: u8, greatest: u8) -> u8 {
    let round = immediate & 15;
    if (least..=greatest).contains(&round) { round } else { round ^ 8 }
}

/// The word that begins the key of every second AES-256 round, or of each AES-128 round.
fn turned(word: u32, constant: u8) -> u32 {
    let x_to = (1..constant).fold(1, |power, _| twice(power));
    substitute(&SBOX, word.rotate_right(8)) ^ x_to
}

/// The running sum of a key's words, from `first` on.
fn chained(first: u32, key: Block) -> Block {
    let mut sum = first;
    key.map(|word| {
        sum ^= word;
        sum
    })
}

/// vaeskf1: the next round key of AES-128.
struct Key128;
/// vaeskf2: the next round key of AES-256, from the last two.
struct Key256;

impl Function<Block, u8> for Key128 {
    fn apply(_: Block, key: Block, immediate: u8) -> Block {
        chained(turned(key[3], round(immediate, 1, 10)), key)
    }
}

impl Function<Block, u8> for Key256 {
    fn apply(before: Block, key: Block, immediate: u8) -> Block {
        let round = round(immediate, 2, 14);
        let first = if round % 2 == 1 { substitute(&SBOX, key[3]) } else { turned(key[3], round / 2) };
        chained(first, before)
    }
}

/// Rows of this file.
pub(super) const ROWS: &[Row] = &[
    ve!("vaesdm.vv", vv 0x00, Ext::ZVKNED, each<Block, (), DecryptMiddle>).with(Props::READS_VD),
    ve!("vaesdm.vs", vs 0x00, Ext::ZVKNED, scalar<Block, DecryptMiddle>).with(KEY),
    ve!("vaesdf.vv", vv 0x01, Ext::ZVKNED, each<Block, (), DecryptFinal>).with(Props::READS_VD),
    ve!("vaesdf.vs", vs 0x01, Ext::ZVKNED, scalar<Block, DecryptFinal>).with(KEY),
    ve!("vaesem.vv", vv 0x02, Ext::ZVKNED, each<Block, (), EncryptMiddle>).with(Props::READS_VD),
    ve!("vaesem.vs", vs 0x02, Ext::ZVKNED, scalar<Block, EncryptMiddle>).with(KEY),
    ve!("vaesef.vv", vv 0x03, Ext::ZVKNED, each<Block, (), EncryptFinal>).with(Props::READS_VD),
    ve!("vaesef.vs", vs 0x03, Ext::ZVKNED, scalar<Block, EncryptFinal>).with(KEY),
    ve!("vaesz.vs", vs 0x07, Ext::ZVKNED, scalar<Block, Zero>).with(KEY),
    ve!("vaeskf1.vi", vi 0x22, Ext::ZVKNED, each<Block, u8, Key128>),
    ve!("vaeskf2.vi", vi 0x2a, Ext::ZVKNED, each<Block, u8, Key256>).with(Props::READS_VD),
];

/// One key for every block of vd.
const KEY: Props = Props::READS_VD.union(Props::SCALAR_VS2);
