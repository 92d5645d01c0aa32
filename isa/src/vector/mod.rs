//! The vector extension.
//!
//! Legality (EMUL, alignment, overlap, SEW) depends only on operands and vtype, so it is decided when an instruction
//! is decoded (`Exec::Select`), and so is the handler: by SEW, by mask, by the host's SIMD level. A *fast* body may
//! assume: no mask, vstart zero, agnostic elements undisturbed. The *general* body handles all the rest.

pub mod config;
pub mod crypto;
pub mod element;
pub mod fixed;
pub mod float;
pub mod integer;
pub mod legal;
pub mod mask;
pub mod memory;
pub mod permute;
pub mod reduce;
mod rows;
pub mod simd;
pub mod vtype;
mod work;

use crate::row::Row;

/// The rows of this family.
pub fn families() -> Vec<&'static [Row]> {
    let mut families: Vec<&'static [Row]> = vec![
        config::ROWS,
        integer::arith::ROWS,
        integer::shift::ROWS,
        integer::mul::ROWS,
        integer::widen::ROWS,
        integer::carry::ROWS,
        integer::compare::ROWS,
        integer::moves::ROWS,
        fixed::ROWS,
    ];
    families.extend(mask::ROWS);
    families.extend(permute::ROWS);
    families.extend([memory::FAMILIES, float::FAMILIES, reduce::FAMILIES].concat());
    families.extend(crypto::FAMILIES);
    families
}
