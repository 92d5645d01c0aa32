//! Indexed: byte offsets from a vector, the data has SEW.

use super::legality;
use super::walk::{Fields, elements};
use crate::hart::Hart;
use crate::op::{Flow, Op};
use crate::row::Exec;
use crate::vector::element::Element;

/// `vluxei`, `vloxei` and their segment forms, with indices of type `I`.
pub(super) const fn load<I: Element>() -> Exec {
    Exec::Select(|inst, ctx| {
        legality::data(inst, ctx, ctx.vtype.lmul_log2())?;
        legality::index(inst, ctx, legality::emul_log2::<I>(ctx))?;
        Ok(match ctx.vtype.sew() {
            8 => load_elements::<u8, I>,
            16 => load_elements::<u16, I>,
            32 => load_elements::<u32, I>,
            _ => load_elements::<u64, I>,
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
