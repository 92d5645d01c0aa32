//! Zbc: carry-less multiplication.

use super::rr;
use crate::class::Class;
use crate::ext::Ext;
use crate::row::{Exec, Row};

const fn row(name: &'static str, encoding: &'static str, exec: Exec) -> Row {
    Row::new(name, "rd, rs1, rs2", encoding, Ext::ZBC, Class::Mul, exec)
}

/// Rows of Zbc.
pub const ROWS: &[Row] = &[
    row("clmul", "rd rs1 rs2 31..25=5 14..12=1 6..0=0x33", rr!(|a, b| product(a, b) as u64)),
    row("clmulr", "rd rs1 rs2 31..25=5 14..12=2 6..0=0x33", rr!(|a, b| (product(a, b) >> 63) as u64)),
    row("clmulh", "rd rs1 rs2 31..25=5 14..12=3 6..0=0x33", rr!(|a, b| (product(a, b) >> 64) as u64)),
];

/// The product of two polynomials over GF(2).
fn product(a: u64, b: u64) -> u128 {
    (0..64).filter(|bit| b >> bit & 1 == 1).fold(0, |sum, bit| sum ^ u128::from(a) << bit)
}
