//! Indexed: byte offsets from a vector, the data has SEW.

use std::marker::PhantomData;

use super::legality;
use super::walk::{Fields, elements};
use crate::hart::Hart;
use crate::op::{Flow, Op};
use crate::row::Exec;
use crate::vector::element::{self, Element};
use crate::vector::simd::{Body, versioned};

/// `vluxei`, `vloxei` and their segment forms, with indices of type `I`.
pub(super) const fn load<I: Element>() -> Exec {
    Exec::Select(|inst, ctx| {
        legality::data(inst, ctx, ctx.vtype.lmul_log2())?;
        legality::index(inst, ctx, legality::emul_log2::<I>(ctx))?;
        let whole = inst.nf() == 1 && !element::general(inst, ctx);
        Ok(match (ctx.vtype.sew(), whole) {
            (8, true) => versioned::<Whole<u8, I>>(ctx.level),
            (16, true) => versioned::<Whole<u16, I>>(ctx.level),
            (32, true) => versioned::<Whole<u32, I>>(ctx.level),
            (_, true) => versioned::<Whole<u64, I>>(ctx.level),
            (8, false) => load_elements::<u8, I>,
            (16, false) => load_elements::<u16, I>,
            (32, false) => load_elements::<u32, I>,
            (_, false) => load_elements::<u64, I>,
        })
    })
}

/// `vsuxei`, `vsoxei` and their segment forms, with indices of type `I`.
pub(super) const fn store<I: Element>() -> Exec {
    Exec::Select(|inst, ctx| {
        legality::data(inst, ctx, ctx.vtype.lmul_log2())?;
        legality::index(inst, ctx, legality::emul_log2::<I>(ctx))?;
        Ok(match ctx.vtype.sew() {
            8 => store_elements::<u8, I>,
            16 => store_elements::<u16, I>,
            32 => store_elements::<u32, I>,
            _ => store_elements::<u64, I>,
        })
    })
}

// An index may be overwritten by the element that it addresses, or by an earlier one only if it lies above: legality
// sees to it that going up through the elements reads every index in time.

/// One field, all elements active: one check for all of them where their memory lies in one piece.
struct Whole<T, I>(PhantomData<(T, I)>);

impl<T: Element, I: Element> Body for Whole<T, I> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let (base, n) = (h.x[op.rs1 as usize], h.vl as usize);
        let indices = h.v.ptr(op.rs2).cast::<I>();
        let (mut least, mut greatest, mut low_bits) = (I::ONES, I::ZERO, I::ZERO);
        for i in 0..n {
            // SAFETY: legality has put the indices into the register file, where they are aligned.
            let index = unsafe { *indices.add(i) };
            least = if index < least { index } else { least };
            greatest = if index > greatest { index } else { greatest };
            low_bits = I::of(low_bits.zext() | index.zext());
        }
        let size = size_of::<T>() as u64;
        let end = greatest.zext().checked_add(size - 1).and_then(|reach| base.checked_add(reach));
        let area = match (base.checked_add(least.zext()), end) {
            (Some(first), Some(last)) if n > 0 && (base | low_bits.zext()).is_multiple_of(size) => {
                h.load_area(first, last)
            }
            _ => None,
        };
        let Some(lowest) = area else { return load_elements::<T, I>(h, op) };
        let origin = lowest.wrapping_sub(least.zext() as usize);
        let to = h.v.ptr_mut(op.rd).cast::<T>();
        if h.log.on {
            h.log.words.push(n as u64);
            // SAFETY: as above.
            h.log.words.extend((0..n).map(|i| base.wrapping_add(unsafe { *indices.add(i) }.zext())));
        }
        for i in 0..n {
            // SAFETY: the element lies in the area and is aligned; the groups lie in the register file.
            unsafe { *to.add(i) = *origin.wrapping_add((*indices.add(i)).zext() as usize).cast::<T>() };
        }
        Flow::Next
    }
}

fn load_elements<T: Element, I: Element>(h: &mut Hart, op: &Op) -> Flow {
    let base = h.x[op.rs1 as usize];
    let fields = Fields::of::<T>(op);
    let log = begin(h);
    let access = elements::<T, true>(h, op, |h, index| {
        let at = base.wrapping_add(h.v.get::<I>(op.rs2, index).zext());
        for field in 0..fields.nf {
            let value = h.load::<T>(at.wrapping_add((field * size_of::<T>()) as u64))?;
            h.v.set(fields.reg(op, field), index, value);
        }
        h.log.push(at);
        Some(())
    });
    end(h, log, access)
}

fn store_elements<T: Element, I: Element>(h: &mut Hart, op: &Op) -> Flow {
    let base = h.x[op.rs1 as usize];
    let fields = Fields::of::<T>(op);
    let log = begin(h);
    let access = elements::<T, false>(h, op, |h, index| {
        let at = base.wrapping_add(h.v.get::<I>(op.rs2, index).zext());
        for field in 0..fields.nf {
            h.store::<T>(at.wrapping_add((field * size_of::<T>()) as u64), h.v.get(fields.reg(op, field), index))?;
        }
        h.log.push(at);
        Some(())
    });
    end(h, log, access)
}

/// Reserves the word for the count; returns its place.
fn begin(h: &mut Hart) -> usize {
    let place = h.log.words.len();
    h.log.push(0);
    place
}

/// Fills in the count, or takes back the words of an instruction that has not retired.
fn end(h: &mut Hart, place: usize, access: Option<()>) -> Flow {
    if access.is_none() {
        h.log.words.truncate(place);
        return Flow::Trap;
    }
    let count = h.log.words.len().saturating_sub(place + 1) as u64;
    if let Some(word) = h.log.words.get_mut(place) {
        *word = count;
    }
    Flow::Next
}
