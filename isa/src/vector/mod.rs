//! The vector extension.
//!
//! Legality (EMUL, alignment, overlap, SEW) depends only on operands and vtype, so it is decided when an instruction
//! is decoded (`Exec::Select`), and so is the handler: by SEW, by mask, by the host's SIMD level. A *fast* body may
//! assume: no mask, vstart zero, agnostic elements undisturbed. The *general* body handles all the rest.

pub mod config;
pub mod element;
pub mod integer;
pub mod legal;
pub mod simd;
pub mod vtype;

use crate::row::Row;

/// The rows of this family.
pub fn families() -> Vec<&'static [Row]> {
    vec![config::ROWS, integer::ROWS]
}
