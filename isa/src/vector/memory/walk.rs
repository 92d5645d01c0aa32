//! The loops over elements that all forms share.

use crate::hart::Hart;
use crate::memory::PAGE;
use crate::op::Op;
use crate::vector::element::Element;
use crate::vector::vtype::Vtype;

/// The fields of a segment access, and how many registers lie between them.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    /// Number of fields, 1 when the access is no segment access.
    pub nf: usize,
    regs: u8,
}

impl Fields {
    /// Of an operation that moves elements of `T`.
    #[inline(always)]
    pub fn of<T>(op: &Op) -> Fields {
        let vtype = Vtype::from_bits(op.vtype);
        let emul = (8 * size_of::<T>()).ilog2() as i32 - vtype.sew_log2() + vtype.lmul_log2();
        Fields { nf: usize::from(op.small), regs: 1 << emul.max(0) }
    }

    /// The first register of a field.
    #[inline(always)]
    pub fn reg(self, op: &Op, field: usize) -> u8 {
        op.rd + field as u8 * self.regs
    }
}

/// Runs `access` for every active element from vstart to vl. `None`: it failed at the element that vstart now names.
/// For loads, inactive and tail elements become all ones where policy says so.
#[inline(always)]
pub(super) fn elements<T: Element, const LOAD: bool>(
    h: &mut Hart,
    op: &Op,
    mut access: impl FnMut(&mut Hart, usize) -> Option<()>,
) -> Option<()> {
    let (start, vl) = (h.vstart as usize, h.vl as usize);
    let ones = LOAD && h.config().agnostic_ones && Vtype::from_bits(op.vtype).ma();
    for index in start..vl {
        if op.masked == 0 || h.v.mask_bit(0, index) {
            if access(h, index).is_none() {
                h.vstart = index as u32;
                return None;
            }
        } else if ones {
            fill_ones::<T>(h, op, index..index + 1);
        }
    }
    if LOAD && start < vl {
        tail::<T>(h, op);
    }
    h.vstart = 0;
    Some(())
}

/// Elements of every field become all ones.
fn fill_ones<T: Element>(h: &mut Hart, op: &Op, range: std::ops::Range<usize>) {
    let fields = Fields::of::<T>(op);
    for field in 0..fields.nf {
        for index in range.clone() {
            h.v.set(fields.reg(op, field), index, T::ONES);
        }
    }
}

/// The elements of every field from vl on become all ones where policy says so.
pub(super) fn tail<T: Element>(h: &mut Hart, op: &Op) {
    if h.config().agnostic_ones && Vtype::from_bits(op.vtype).ta() {
        let end = (op.aux as usize).max(h.vlenb() / size_of::<T>());
        fill_ones::<T>(h, op, h.vl as usize..end);
    }
}

/// Loads elements `start..end` of the group at `reg` from consecutive addresses; element 0 is at `base`. A fault leaves
/// its element in vstart.
pub(super) fn load_run<T: Element>(h: &mut Hart, reg: u8, base: u64, start: usize, end: usize) -> Option<()> {
    let mut index = start;
    while index < end {
        let at = base.wrapping_add((index * size_of::<T>()) as u64);
        let whole = ((PAGE - at % PAGE) as usize / size_of::<T>()).min(end - index);
        h.vstart = index as u32;
        let span = if whole > 0 { h.load_span(at, whole * size_of::<T>()) } else { None };
        let Some(from) = span else {
            // This element lies in two pages, or not all of the others may be loaded.
            let value = h.load::<T>(at)?;
            h.v.set(reg, index, value);
            index += 1;
            continue;
        };
        // SAFETY: the span is readable for as many bytes, and legality has put the group into the register file.
        unsafe {
            std::ptr::copy_nonoverlapping(from, h.v.ptr_mut(reg).add(index * size_of::<T>()), whole * size_of::<T>())
        };
        index += whole;
    }
    h.vstart = 0;
    Some(())
}

/// Stores elements `start..end` of the group at `reg` to consecutive addresses; element 0 is at `base`. A fault leaves
/// its element in vstart.
pub(super) fn store_run<T: Element>(h: &mut Hart, reg: u8, base: u64, start: usize, end: usize) -> Option<()> {
    let mut index = start;
    while index < end {
        let at = base.wrapping_add((index * size_of::<T>()) as u64);
        let whole = ((PAGE - at % PAGE) as usize / size_of::<T>()).min(end - index);
        h.vstart = index as u32;
        let span = if whole > 0 { h.store_span(at, whole * size_of::<T>()) } else { None };
        let Some(to) = span else {
            // This element lies in two pages, or not all of the others may be stored.
            h.store::<T>(at, h.v.get(reg, index))?;
            index += 1;
            continue;
        };
        // SAFETY: the span is writable for as many bytes, and legality has put the group into the register file.
        unsafe { std::ptr::copy_nonoverlapping(h.v.ptr(reg).add(index * size_of::<T>()), to, whole * size_of::<T>()) };
        index += whole;
    }
    h.vstart = 0;
    Some(())
}
