//! M: multiplication and division.

use super::steps::{Mul, Mulw};
use super::{rr, word};
use crate::chain::Hot;
use crate::class::Class;
use crate::ext::Ext;
use crate::row::{Exec, Row};

const fn row(name: &'static str, encoding: &'static str, class: Class, exec: Exec) -> Row {
    Row::new(name, "rd, rs1, rs2", encoding, Ext::M, class, exec)
}

/// Rows of M.
pub const ROWS: &[Row] = &[
    row("mul", "rd rs1 rs2 31..25=1 14..12=0 6..0=0x33", Class::Mul, Exec::Hot(Hot::step::<Mul>())),
    row(
        "mulh",
        "rd rs1 rs2 31..25=1 14..12=1 6..0=0x33",
        Class::Mul,
        rr!(|a, b| ((i128::from(a as i64) * i128::from(b as i64)) >> 64) as u64),
    ),
    row(
        "mulhsu",
        "rd rs1 rs2 31..25=1 14..12=2 6..0=0x33",
        Class::Mul,
        rr!(|a, b| ((i128::from(a as i64) * i128::from(b)) >> 64) as u64),
    ),
    row(
        "mulhu",
        "rd rs1 rs2 31..25=1 14..12=3 6..0=0x33",
        Class::Mul,
        rr!(|a, b| ((u128::from(a) * u128::from(b)) >> 64) as u64),
    ),
    row("mulw", "rd rs1 rs2 31..25=1 14..12=0 6..0=0x3b", Class::Mul, Exec::Hot(Hot::step::<Mulw>())),
    row("div", "rd rs1 rs2 31..25=1 14..12=4 6..0=0x33", Class::Div, rr!(|a, b| div(a as i64, b as i64) as u64)),
    row("divu", "rd rs1 rs2 31..25=1 14..12=5 6..0=0x33", Class::Div, rr!(|a, b| a.checked_div(b).unwrap_or(u64::MAX))),
    row("rem", "rd rs1 rs2 31..25=1 14..12=6 6..0=0x33", Class::Div, rr!(|a, b| rem(a as i64, b as i64) as u64)),
    row("remu", "rd rs1 rs2 31..25=1 14..12=7 6..0=0x33", Class::Div, rr!(|a, b| a.checked_rem(b).unwrap_or(a))),
    row(
        "divw",
        "rd rs1 rs2 31..25=1 14..12=4 6..0=0x3b",
        Class::DivW,
        rr!(|a, b| div(i64::from(a as i32), i64::from(b as i32)) as i32 as u64),
    ),
    row(
        "divuw",
        "rd rs1 rs2 31..25=1 14..12=5 6..0=0x3b",
        Class::DivW,
        rr!(|a, b| word((a as u32).checked_div(b as u32).unwrap_or(u32::MAX))),
    ),
    row(
        "remw",
        "rd rs1 rs2 31..25=1 14..12=6 6..0=0x3b",
        Class::DivW,
        rr!(|a, b| rem(i64::from(a as i32), i64::from(b as i32)) as i32 as u64),
    ),
    row(
        "remuw",
        "rd rs1 rs2 31..25=1 14..12=7 6..0=0x3b",
        Class::DivW,
        rr!(|a, b| word((a as u32).checked_rem(b as u32).unwrap_or(a as u32))),
    ),
];

/// Division by zero gives -1; the overflow of MIN / -1 wraps.
fn div(a: i64, b: i64) -> i64 {
    if b == 0 { -1 } else { a.wrapping_div(b) }
}

/// A remainder by zero gives the dividend.
fn rem(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { a.wrapping_rem(b) }
}
