//! Taking 16-bit words apart and putting 32-bit words together.

use crate::inst::sext;

/// Bits 11..7: rd, or rd and rs1.
pub(super) fn rd(raw: u32) -> u32 {
    raw >> 7 & 31
}

/// Bits 6..2.
pub(super) fn rs2(raw: u32) -> u32 {
    raw >> 2 & 31
}

/// Bits 9..7: one of x8 to x15.
pub(super) fn short_rs1(raw: u32) -> u32 {
    8 + (raw >> 7 & 7)
}

/// Bits 4..2: one of x8 to x15.
pub(super) fn short_rs2(raw: u32) -> u32 {
    8 + (raw >> 2 & 7)
}

/// An immediate put together from runs of bits: each gives the upper and lower bit in the word and the place of its
/// lower bit in the immediate.
pub(super) fn gather(raw: u32, runs: &[(u32, u32, u32)]) -> u32 {
    runs.iter().fold(0, |value, &(hi, lo, to)| value | (raw >> lo & ((1 << (hi - lo + 1)) - 1)) << to)
}

/// The 6-bit immediate of bits 12 and 6..2, unsigned.
pub(super) fn uimm6(raw: u32) -> u32 {
    gather(raw, &[(12, 12, 5), (6, 2, 0)])
}

/// The same, sign-extended.
pub(super) fn imm6(raw: u32) -> i32 {
    sext(uimm6(raw), 6) as i32
}

/// An R-type word.
pub(super) fn r_type(base: u32, rd: u32, rs1: u32, rs2: u32) -> u32 {
    base | rd << 7 | rs1 << 15 | rs2 << 20
}

/// An I-type word.
pub(super) fn i_type(base: u32, rd: u32, rs1: u32, imm: i32) -> u32 {
    base | rd << 7 | rs1 << 15 | (imm as u32) << 20
}

/// An S-type word.
pub(super) fn s_type(base: u32, rs1: u32, rs2: u32, imm: u32) -> u32 {
    base | (imm & 31) << 7 | rs1 << 15 | rs2 << 20 | imm >> 5 << 25
}

/// `jal x0, offset` with the offset of a 16-bit jump.
pub(super) fn jump(raw: u32) -> u32 {
    let runs = &[(12, 12, 11), (11, 11, 4), (10, 9, 8), (8, 8, 10), (7, 7, 6), (6, 6, 7), (5, 3, 1), (2, 2, 5)];
    let offset = sext(gather(raw, runs), 12) as u32;
    0x6f | (offset >> 20 & 1) << 31 | (offset >> 1 & 0x3ff) << 21 | (offset >> 11 & 1) << 20 | offset & 0xf_f000
}

/// `base rs1, x0, offset` with the offset of a 16-bit branch.
pub(super) fn branch(base: u32, raw: u32) -> u32 {
    let offset = sext(gather(raw, &[(12, 12, 8), (11, 10, 3), (6, 5, 6), (4, 3, 1), (2, 2, 5)]), 9) as u32;
    base | short_rs1(raw) << 15
        | (offset >> 12 & 1) << 31
        | (offset >> 5 & 0x3f) << 25
        | (offset >> 1 & 15) << 8
        | (offset >> 11 & 1) << 7
}
