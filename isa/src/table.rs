//! The instruction table: every family's rows.

use crate::row::Row;
use crate::{compressed, fp, integer, system, vector};

/// The standard families, in the order in which documentation lists them. A custom family is one more slice given to
/// [`Decoder::new`](crate::decode::Decoder::new).
pub fn standard() -> Vec<&'static [Row]> {
    [integer::families(), system::families(), fp::families(), compressed::families(), vector::families()].concat()
}
