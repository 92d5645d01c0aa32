//! Scalar floating-point instructions. Arithmetic itself is in [`float`](crate::float).

use crate::row::Row;

/// The rows of this family.
pub fn families() -> Vec<&'static [Row]> {
    vec![]
}
