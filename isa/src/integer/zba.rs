//! Zba: address generation.

use super::{ri, rr};
use crate::class::Class;
use crate::ext::Ext;
use crate::row::{Exec, Row};

const fn row(name: &'static str, encoding: &'static str, class: Class, exec: Exec) -> Row {
    Row::new(name, "rd, rs1, rs2", encoding, Ext::ZBA, class, exec)
}

/// The low word, zero-extended.
fn uw(value: u64) -> u64 {
    u64::from(value as u32)
}

/// Rows of Zba.
pub const ROWS: &[Row] = &[
    row("add.uw", "rd rs1 rs2 31..25=4 14..12=0 6..0=0x3b", Class::Alu, rr!(|a, b| b.wrapping_add(uw(a)))),
    row("sh1add", "rd rs1 rs2 31..25=0x10 14..12=2 6..0=0x33", Class::AluB, rr!(|a, b| b.wrapping_add(a << 1))),
    row("sh2add", "rd rs1 rs2 31..25=0x10 14..12=4 6..0=0x33", Class::AluB, rr!(|a, b| b.wrapping_add(a << 2))),
    row("sh3add", "rd rs1 rs2 31..25=0x10 14..12=6 6..0=0x33", Class::AluB, rr!(|a, b| b.wrapping_add(a << 3))),
    row("sh1add.uw", "rd rs1 rs2 31..25=0x10 14..12=2 6..0=0x3b", Class::AluB, rr!(|a, b| b.wrapping_add(uw(a) << 1))),
    row("sh2add.uw", "rd rs1 rs2 31..25=0x10 14..12=4 6..0=0x3b", Class::AluB, rr!(|a, b| b.wrapping_add(uw(a) << 2))),
    row("sh3add.uw", "rd rs1 rs2 31..25=0x10 14..12=6 6..0=0x3b", Class::AluB, rr!(|a, b| b.wrapping_add(uw(a) << 3))),
    Row::new(
        "slli.uw",
        "rd, rs1, ximm",
        "rd rs1 shamtd 31..26=2 14..12=1 6..0=0x1b",
        Ext::ZBA,
        Class::Alu,
        ri!(|a, b| uw(a) << b),
    ),
];
