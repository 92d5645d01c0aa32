//! 16-bit instructions: each row gives the 32-bit word that does the same.
//!
//! The syntax of a row names the operands of that 32-bit equivalent. `None` is a reserved pattern; HINTs expand to
//! instructions without effect.

mod fields;
mod zca;
mod zcb;

use crate::row::Row;

/// The rows of this family.
pub fn families() -> Vec<&'static [Row]> {
    vec![zca::ROWS, zcb::ROWS, zcb::MOPS]
}
