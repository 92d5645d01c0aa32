//! Constant stride.

use super::legality;
use super::walk::{Fields, elements};
use crate::hart::Hart;
use crate::op::{Flow, Op};
use crate::row::Exec;
use crate::vector::element::{self, Element};

/// `vlse`, `vlsseg`.
pub(super) const fn load<T: Element>() -> Exec {
    Exec::Select(|inst, ctx| {
        legality::data(inst, ctx, legality::emul_log2::<T>(ctx))?;
        Ok(match (inst.nf(), element::general(inst, ctx)) {
            (1, false) => load_whole::<T>,
            (1, true) => load_elements::<T, true>,
            _ => load_elements::<T, false>,
        })
    })
}

/// `vsse`, `vssseg`.
pub(super) const fn store<T: Element>() -> Exec {
    Exec::Select(|inst, ctx| {
        legality::data(inst, ctx, legality::emul_log2::<T>(ctx))?;
        Ok(if inst.nf() == 1 { store_elements::<T, true> } else { store_elements::<T, false> })
    })
}

/// One field, all elements active: one check for all of them where their memory lies in one piece.
fn load_whole<T: Element>(h: &mut Hart, op: &Op) -> Flow {
    let (base, stride, n) = (h.x[op.rs1 as usize], h.x[op.rs2 as usize], h.vl as usize);
    let aligned = (base | stride).is_multiple_of(size_of::<T>() as u64);
    let reach = (n as i64 - 1).checked_mul(stride as i64).and_then(|reach| base.checked_add_signed(reach));
    let area = match reach {
        Some(end) if n > 0 && aligned => h.load_area(base.min(end), base.max(end) + (size_of::<T>() as u64 - 1)),
        _ => None,
    };
    let Some(lowest) = area else { return load_elements::<T, true>(h, op) };
    let first = if (stride as i64) < 0 { lowest.wrapping_sub((stride as usize).wrapping_mul(n - 1)) } else { lowest };
    let to = h.v.ptr_mut(op.rd).cast::<T>();
    for index in 0..n {
        // SAFETY: the element lies in the area and is aligned; legality has put the group into the register file.
        unsafe { *to.add(index) = *first.wrapping_add(index.wrapping_mul(stride as usize)).cast::<T>() };
    }
    done(h, base, stride, Some(()))
}

fn load_elements<T: Element, const ONE: bool>(h: &mut Hart, op: &Op) -> Flow {
    let (base, stride) = (h.x[op.rs1 as usize], h.x[op.rs2 as usize]);
    let fields = Fields::of::<T>(op);
    let access = elements::<T, true>(h, op, |h, index| {
        let at = base.wrapping_add(stride.wrapping_mul(index as u64));
        for field in 0..if ONE { 1 } else { fields.nf } {
            let value = h.load::<T>(at.wrapping_add((field * size_of::<T>()) as u64))?;
            h.v.set(fields.reg(op, field), index, value);
        }
        Some(())
    });
    done(h, base, stride, access)
}

fn store_elements<T: Element, const ONE: bool>(h: &mut Hart, op: &Op) -> Flow {
    let (base, stride) = (h.x[op.rs1 as usize], h.x[op.rs2 as usize]);
    let fields = Fields::of::<T>(op);
    let access = elements::<T, false>(h, op, |h, index| {
        let at = base.wrapping_add(stride.wrapping_mul(index as u64));
        for field in 0..if ONE { 1 } else { fields.nf } {
            h.store::<T>(at.wrapping_add((field * size_of::<T>()) as u64), h.v.get(fields.reg(op, field), index))?;
        }
        Some(())
    });
    done(h, base, stride, access)
}

fn done(h: &mut Hart, base: u64, stride: u64, access: Option<()>) -> Flow {
    if access.is_none() {
        return Flow::Trap;
    }
    h.log.push(base);
    h.log.push(stride);
    Flow::Next
}
