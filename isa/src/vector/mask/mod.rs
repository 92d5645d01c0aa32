//! Mask instructions: logic on masks, counting and finding, prefix masks, iota and index.

mod iota;
mod logic;
mod prefix;
pub mod result;
mod scalar;

use crate::row::Row;

/// Families of rows of the mask chapter.
pub const ROWS: [&[Row]; 4] = [logic::ROWS, scalar::ROWS, prefix::ROWS, iota::ROWS];
