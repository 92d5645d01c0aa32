//! Vector integer arithmetic.

mod arith;

use crate::row::Row;

/// Rows of this family.
pub const ROWS: &[Row] = arith::ROWS;
