//! The active elements of an operation.

use super::Real;
use crate::float::Rounding;
use crate::hart::{Hart, Scalar};
use crate::inst::Inst;
use crate::op::{Ctx, Op};
use crate::vector::element::{Element, Second, fill_chosen};
use crate::vector::vtype::Vtype;

/// Elements in a portion.
pub(in crate::vector) const PORTION: usize = 64;

/// A portion of the active elements.
#[derive(Clone, Copy)]
pub(in crate::vector) enum Portion<'a> {
    /// As many elements, one after the other, from this one on.
    Run(usize, usize),
    /// These.
    Picked(&'a [u16]),
}

impl Portion<'_> {
    /// Number of elements, at most [`PORTION`].
    #[inline(always)]
    pub fn len(&self) -> usize {
        match self {
            Portion::Run(_, len) => *len,
            Portion::Picked(indices) => indices.len(),
        }
    }

    /// The place of an element of the portion in its group.
    #[inline(always)]
    pub fn index(&self, at: usize) -> usize {
        match self {
            Portion::Run(start, _) => start + at,
            Portion::Picked(indices) => indices[at] as usize,
        }
    }
}

/// The active elements from vstart to vl, in order, portion by portion.
///
/// To be taken in a loop: a function that is called for each portion would be compiled apart, without the features of the host that the
/// operation is compiled for.
pub(in crate::vector) struct Portions {
    from: usize,
    vl: usize,
    indices: [u16; PORTION],
}

impl Portions {
    /// All of the present operation.
    #[inline(always)]
    pub fn new(h: &Hart) -> Portions {
        Portions { from: h.vstart as usize, vl: h.vl as usize, indices: [0; PORTION] }
    }

    /// The next one; it may have no elements.
    #[inline(always)]
    pub fn next(&mut self, h: &Hart, op: &Op) -> Option<Portion<'_>> {
        let (from, to) = (self.from, self.vl.min(self.from + PORTION));
        if from >= to {
            return None;
        }
        self.from = to;
        if op.masked == 0 {
            return Some(Portion::Run(from, to - from));
        }
        let mut count = 0;
        for index in from..to {
            self.indices[count] = index as u16;
            count += usize::from(h.v.mask_bit(0, index));
        }
        Some(Portion::Picked(&self.indices[..count]))
    }
}

/// Ends an operation whose destination is a group of elements of `D`: sets inactive and tail elements to ones where policy says so and
/// clears vstart.
#[inline(always)]
pub(in crate::vector) fn finish<D: Element>(h: &mut Hart, op: &Op) {
    if h.config().agnostic_ones {
        agnostic::<D>(h, op);
    }
    h.vstart = 0;
}

#[cold]
fn agnostic<D: Element>(h: &mut Hart, op: &Op) {
    let (start, vl, vtype) = (h.vstart as usize, h.vl as usize, Vtype::from_bits(op.vtype));
    if op.masked != 0 && vtype.ma() {
        for index in start..vl {
            if !h.v.mask_bit(0, index) {
                h.v.set(op.rd, index, D::ONES);
            }
        }
    }
    if start < vl && vtype.ta() {
        for index in vl..(op.aux as usize).max(h.vlenb() / size_of::<D>()) {
            h.v.set(op.rd, index, D::ONES);
        }
    }
}

/// The same for a destination that is a mask register. Its tail is agnostic whatever vtype says.
/// `mask` is v0 as it was before the operation: the destination may be v0.
pub(in crate::vector) fn finish_mask(h: &mut Hart, op: &Op, mask: impl Fn(usize) -> bool) {
    let (start, vl) = (h.vstart as usize, h.vl as usize);
    if h.config().agnostic_ones && start < vl {
        if op.masked != 0 && Vtype::from_bits(op.vtype).ma() {
            for index in (start..vl).filter(|&index| !mask(index)) {
                h.v.set_mask_bit(op.rd, index, true);
            }
        }
        for index in vl..8 * h.vlenb() {
            h.v.set_mask_bit(op.rd, index, true);
        }
    }
    h.vstart = 0;
}

/// An operation is [`masked`] when nothing but its mask is unusual.
pub(in crate::vector) fn only_masked(inst: &Inst, ctx: &Ctx) -> bool {
    inst.masked() && !ctx.vstart && !ctx.agnostic_ones && ctx.frm == Rounding::Rne as u8
}

/// The portions of a masked operation: the first element of each, its length and its bits of v0.
#[inline(always)]
pub(in crate::vector) fn masked(h: &Hart) -> impl Iterator<Item = (usize, usize, *const u8)> + use<> {
    let (vl, mask) = (h.vl as usize, h.v.ptr(0));
    (0..vl).step_by(PORTION).map(move |from| (from, (vl - from).min(PORTION), mask.wrapping_add(from / 8)))
}

/// The first `len` elements from `second` on where the bit of `mask` is set, and elsewhere 1: whatever the operation, it
/// raises no flags and gives no NaN.
///
/// # Safety
/// `second` must be readable for as many elements, and `mask` for [`PORTION`] bits.
#[inline(always)]
pub(in crate::vector) unsafe fn active_or_one<F: Real>(
    mask: *const u8,
    second: impl Second<F::Bits>,
    len: usize,
) -> [F::Bits; PORTION] {
    let ones = [F::Bits::of((F::BIAS as u64) << F::FRAC_BITS); PORTION];
    let mut to = ones;
    // SAFETY: the caller's promise, and arrays are as long as a portion can be.
    unsafe { fill_chosen(to.as_mut_ptr(), len, mask, ones.as_ptr(), second) };
    to
}

/// The elements of a group that a portion names, side by side, and zeros.
#[inline(always)]
pub(in crate::vector) fn gather<T: Scalar + Default>(h: &Hart, reg: u8, portion: Portion) -> [T; PORTION] {
    if let Portion::Run(start, PORTION) = portion {
        let from = h.v.from(reg)[start * size_of::<T>()..][..PORTION * size_of::<T>()].as_ptr();
        // SAFETY: the slice has as many bytes, and any bytes are a number.
        return unsafe { from.cast::<[T; PORTION]>().read_unaligned() };
    }
    let mut values = [T::default(); PORTION];
    match portion {
        Portion::Run(start, len) => {
            let from = h.v.from(reg)[start * size_of::<T>()..][..len * size_of::<T>()].as_ptr();
            // SAFETY: the slice has as many bytes, and a portion is no longer than the array.
            unsafe { std::ptr::copy_nonoverlapping(from, values.as_mut_ptr().cast(), len * size_of::<T>()) };
        }
        Portion::Picked(indices) => {
            for (value, &index) in values.iter_mut().zip(indices) {
                *value = h.v.get(reg, index as usize);
            }
        }
    }
    values
}

/// Puts values back to where a portion has them from.
#[inline(always)]
pub(in crate::vector) fn scatter<T: Scalar>(h: &mut Hart, reg: u8, portion: Portion, values: &[T; PORTION]) {
    match portion {
        Portion::Run(start, PORTION) => {
            let to = h.v.from_mut(reg)[start * size_of::<T>()..][..PORTION * size_of::<T>()].as_mut_ptr();
            // SAFETY: the slice has as many bytes.
            unsafe { to.cast::<[T; PORTION]>().write_unaligned(*values) };
        }
        Portion::Run(start, len) => {
            let to = h.v.from_mut(reg)[start * size_of::<T>()..][..len * size_of::<T>()].as_mut_ptr();
            // SAFETY: the slice has as many bytes, and a portion is no longer than the array.
            unsafe { std::ptr::copy_nonoverlapping(values.as_ptr().cast(), to, len * size_of::<T>()) };
        }
        Portion::Picked(indices) => {
            for (&value, &index) in values.iter().zip(indices) {
                h.v.set(reg, index as usize, value);
            }
        }
    }
}
