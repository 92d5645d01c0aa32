//! Reductions: a group and a scalar in element 0 of vs1 to a scalar in element 0 of vd.

mod float;
mod integer;
#[cfg(test)]
mod tests;

use crate::hart::Hart;
use crate::op::Op;
use crate::row::Row;
use crate::vector::element::Element;
use crate::vector::vtype::Vtype;

/// Rows of this family.
pub const FAMILIES: &[&[Row]] = &[integer::ROWS, float::ROWS];

/// What a reduction begins with, element 0 of vs1; `None` when vl is zero, and nothing is written.
#[inline(always)]
fn start<D: Element>(h: &Hart, op: &Op) -> Option<D> {
    (h.vl > 0).then(|| h.v.get(op.rs1, 0))
}

/// Ends a reduction with its result.
#[inline(always)]
fn end<D: Element>(h: &mut Hart, op: &Op, result: D) {
    h.v.set(op.rd, 0, result);
    if h.config().agnostic_ones && Vtype::from_bits(op.vtype).ta() {
        for index in 1..h.vlenb() / size_of::<D>() {
            h.v.set(op.rd, index, D::ONES);
        }
    }
}
