//! Zicond: conditional zeroing.

use super::rr;
use crate::class::Class;
use crate::ext::Ext;
use crate::row::{Exec, Row};

const fn row(name: &'static str, encoding: &'static str, exec: Exec) -> Row {
    Row::new(name, "rd, rs1, rs2", encoding, Ext::ZICOND, Class::Alu, exec)
}

/// Rows of Zicond.
pub const ROWS: &[Row] = &[
    row("czero.eqz", "rd rs1 rs2 31..25=7 14..12=5 6..0=0x33", rr!(|a, b| if b == 0 { 0 } else { a })),
    row("czero.nez", "rd rs1 rs2 31..25=7 14..12=7 6..0=0x33", rr!(|a, b| if b == 0 { a } else { 0 })),
];
