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

/// Reduces with `f`, from element 0 of vs1 on; writes nothing when vl is zero.
#[inline(always)]
fn reduce<D: Element>(h: &mut Hart, op: &Op, f: impl FnOnce(&mut Hart, D) -> D) {
    if h.vl == 0 {
        return;
    }
    let result = f(h, h.v.get(op.rs1, 0));
    h.v.set(op.rd, 0, result);
    if h.config().agnostic_ones && Vtype::from_bits(op.vtype).ta() {
        for index in 1..h.vlenb() / size_of::<D>() {
            h.v.set(op.rd, index, D::ONES);
        }
    }
}
