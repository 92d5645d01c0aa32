//! Zbs: single-bit instructions.

use super::{ri, rr};
use crate::class::Class;
use crate::ext::Ext;
use crate::row::{Exec, Row};

const fn reg(name: &'static str, encoding: &'static str, class: Class, exec: Exec) -> Row {
    Row::new(name, "rd, rs1, rs2", encoding, Ext::ZBS, class, exec)
}

const fn imm(name: &'static str, encoding: &'static str, class: Class, exec: Exec) -> Row {
    Row::new(name, "rd, rs1, ximm", encoding, Ext::ZBS, class, exec)
}

/// Rows of Zbs.
pub const ROWS: &[Row] = &[
    reg("bclr", "rd rs1 rs2 31..25=0x24 14..12=1 6..0=0x33", Class::AluB, rr!(|a, b| a & !(1 << (b & 63)))),
    reg("bext", "rd rs1 rs2 31..25=0x24 14..12=5 6..0=0x33", Class::Alu, rr!(|a, b| a >> (b & 63) & 1)),
    reg("binv", "rd rs1 rs2 31..25=0x34 14..12=1 6..0=0x33", Class::AluB, rr!(|a, b| a ^ 1 << (b & 63))),
    reg("bset", "rd rs1 rs2 31..25=0x14 14..12=1 6..0=0x33", Class::AluB, rr!(|a, b| a | 1 << (b & 63))),
    imm("bclri", "rd rs1 shamtd 31..26=0x12 14..12=1 6..0=0x13", Class::AluB, ri!(|a, b| a & !(1 << b))),
    imm("bexti", "rd rs1 shamtd 31..26=0x12 14..12=5 6..0=0x13", Class::Alu, ri!(|a, b| a >> b & 1)),
    imm("binvi", "rd rs1 shamtd 31..26=0x1a 14..12=1 6..0=0x13", Class::AluB, ri!(|a, b| a ^ 1 << b)),
    imm("bseti", "rd rs1 shamtd 31..26=0x0a 14..12=1 6..0=0x13", Class::AluB, ri!(|a, b| a | 1 << b)),
];
