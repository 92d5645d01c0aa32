//! Integer instructions: RV64I, M, A, bit manipulation, conditional zeroing, may-be-operations.

mod atomic;
pub(crate) mod base;
mod mul;
pub(crate) mod pairs;
mod steps;
mod zba;
mod zbb;
mod zbc;
mod zbs;
mod zicond;
mod zimop;

use crate::row::Row;

/// The rows of this family.
pub fn families() -> Vec<&'static [Row]> {
    vec![
        base::ROWS,
        mul::ROWS,
        atomic::RESERVED,
        atomic::AMOS,
        zba::ROWS,
        zbb::ROWS,
        zbc::ROWS,
        zbs::ROWS,
        zicond::ROWS,
        zimop::ROWS,
    ]
}

/// Semantics of `rd = f(rs1, rs2)`.
macro_rules! rr {
    (|$a:ident, $b:ident| $value:expr) => {
        $crate::row::Exec::Hot($crate::chain::Hot::new(|h, op| {
            let ($a, $b): (u64, u64) = (h.x[op.rs1 as usize], h.x[op.rs2 as usize]);
            h.x[op.rd as usize] = $value;
            $crate::op::Flow::Next
        }))
    };
}

/// Semantics of `rd = f(rs1, imm)`; the immediate is a sign-extended u64.
macro_rules! ri {
    (|$a:ident, $b:ident| $value:expr) => {
        $crate::row::Exec::Hot($crate::chain::Hot::new(|h, op| {
            let ($a, $b): (u64, u64) = (h.x[op.rs1 as usize], op.imm as u64);
            h.x[op.rd as usize] = $value;
            $crate::op::Flow::Next
        }))
    };
}

pub(crate) use {ri, rr};

/// A 32-bit result, sign-extended.
pub(crate) fn word(value: u32) -> u64 {
    i64::from(value as i32) as u64
}
