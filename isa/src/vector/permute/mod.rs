//! Permutations: scalar moves, slides, gathers, compress and whole-register moves.

mod compress;
mod gather;
mod moves;
mod scalar;
mod slide;

use crate::row::Row;

/// Families of rows of the permutation chapter.
pub const ROWS: [&[Row]; 5] = [scalar::ROWS, slide::ROWS, gather::ROWS, compress::ROWS, moves::ROWS];
