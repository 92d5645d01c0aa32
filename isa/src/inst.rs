//! A decoded instruction: its row and its operand values.

use crate::encoding::Field;
use crate::hart::csr;
use crate::row::{Exec, Mem, Props, Row};

/// A decoded instruction.
#[derive(Clone, Copy)]
pub struct Inst {
    /// The row whose semantics run: for a 16-bit instruction that of its 32-bit equivalent.
    pub row: &'static Row,
    /// The row that was fetched: differs from `row` for 16-bit instructions only.
    pub fetched: &'static Row,
    /// The word that `row` matches (the 32-bit equivalent of a 16-bit instruction).
    pub word: u32,
    /// The word as fetched.
    pub raw: u32,
    /// Length in bytes, 2 or 4.
    pub len: u8,
    /// Destination register number (x, f or v), bits 11..7.
    pub rd: u8,
    /// First source register number, bits 19..15.
    pub rs1: u8,
    /// Second source register number, bits 24..20.
    pub rs2: u8,
    /// Third source register number, bits 31..27.
    pub rs3: u8,
    /// Immediate, sign- or zero-extended as the row's field says; for branches and jumps the offset from the pc.
    pub imm: i64,
}

impl Inst {
    /// The operands of `word`, which must match `row`.
    pub fn new(row: &'static Row, word: u32) -> Inst {
        let reg = |lo: u32| (word >> lo & 31) as u8;
        Inst {
            row,
            fetched: row,
            word,
            raw: word,
            len: 4,
            rd: reg(7),
            // Its lowest bit belongs to the opcode where the register must be even.
            rs1: if row.encoding.has(Field::Vs1Even) { reg(15) & 30 } else { reg(15) },
            rs2: reg(20),
            rs3: reg(27),
            imm: immediate(row, word),
        }
    }

    /// The properties of its row, and those that the CSR it names brings.
    pub fn props(&self) -> Props {
        if self.row.encoding.has(Field::Csr) {
            self.row.props | csr::props(self.bits(31, 20) as u16)
        } else {
            self.row.props
        }
    }

    /// Mask bit of a vector instruction: true when it executes under mask `v0`.
    pub fn masked(&self) -> bool {
        self.row.encoding.has(Field::Vm) && self.word >> 25 & 1 == 0
    }

    /// The rm field (bits 14..12).
    pub fn rm(&self) -> u8 {
        (self.word >> 12 & 7) as u8
    }

    /// Fields of a vector load or store, or its registers when it moves whole ones (bits 31..29, plus one); 1 for all else.
    pub fn nf(&self) -> u32 {
        if matches!(self.row.mem, Mem::None | Mem::Scalar(_) | Mem::Tile { .. } | Mem::Rows) {
            1
        } else {
            (self.word >> 29) + 1
        }
    }

    /// Bits `hi..=lo` of the word.
    pub fn bits(&self, hi: u32, lo: u32) -> u32 {
        self.word >> lo & ((1u64 << (hi - lo + 1)) - 1) as u32
    }

    /// The 32-bit word that a 16-bit word stands for, if `row` is a 16-bit row and the pattern is not reserved.
    pub(crate) fn expand(row: &Row, raw: u32) -> Option<u32> {
        match row.exec {
            Exec::Expand(expand) => expand(raw),
            Exec::Direct(_) | Exec::Select(_) | Exec::Hot(_) | Exec::SelectHot(_) | Exec::Defined(_) => None,
        }
    }
}

/// Sign-extends the low `bits` of `value`.
pub(crate) fn sext(value: u32, bits: u32) -> i64 {
    i64::from((value << (32 - bits)) as i32 >> (32 - bits))
}

pub(crate) fn immediate(row: &Row, word: u32) -> i64 {
    let has = |field| row.encoding.has(field);
    let bits = |hi: u32, lo: u32| word >> lo & ((1u64 << (hi - lo + 1)) - 1) as u32;
    if has(Field::Imm12) {
        sext(bits(31, 20), 12)
    } else if has(Field::Imm12lo) {
        sext(bits(31, 25) << 5 | bits(11, 7), 12)
    } else if has(Field::Bimm12lo) {
        sext(bits(31, 31) << 12 | bits(7, 7) << 11 | bits(30, 25) << 5 | bits(11, 8) << 1, 13)
    } else if has(Field::Imm20) {
        i64::from((word & 0xffff_f000) as i32)
    } else if has(Field::Jimm20) {
        sext(bits(31, 31) << 20 | bits(19, 12) << 12 | bits(20, 20) << 11 | bits(30, 21) << 1, 21)
    } else if has(Field::Shamtd) {
        i64::from(bits(25, 20))
    } else if has(Field::Shamtw) {
        i64::from(bits(24, 20))
    } else if has(Field::Csr) {
        i64::from(bits(31, 20))
    } else if has(Field::Simm5) {
        sext(bits(19, 15), 5)
    } else if has(Field::Zimm6lo) {
        i64::from(bits(26, 26) << 5 | bits(19, 15))
    } else if has(Field::Zimm5) {
        i64::from(bits(19, 15))
    } else if has(Field::Zimm11) {
        i64::from(bits(30, 20))
    } else if has(Field::Zimm10) {
        i64::from(bits(29, 20))
    } else if has(Field::Offset) {
        sext(bits(31, 25) << 5, 12)
    } else if has(Field::TileSew) {
        i64::from(bits(30, 20))
    } else if has(Field::MtSew) {
        i64::from(bits(16, 15) << 9 | bits(28, 28) << 8 | bits(24, 23) << 3)
    } else if has(Field::Bs) {
        i64::from(bits(31, 30))
    } else {
        0
    }
}
