//! Constant stride.

use super::legality;
use super::walk::{Fields, elements};
use crate::hart::Hart;
use crate::op::{Flow, Op};
use crate::row::Exec;
use crate::vector::element::Element;

/// `vlse`, `vlsseg`.
pub(super) const fn load<T: Element>() -> Exec {
    Exec::Select(|inst, ctx| {
        legality::data(inst, ctx, legality::emul_log2::<T>(ctx))?;
        Ok(if inst.nf() == 1 { load_elements::<T, true> } else { load_elements::<T, false> })
    })
}

/// `vsse`, `vssseg`.
pub(super) const fn store<T: Element>() -> Exec {
    Exec::Select(|inst, ctx| {
        legality::data(inst, ctx, legality::emul_log2::<T>(ctx))?;
        Ok(if inst.nf() == 1 { store_elements::<T, true> } else { store_elements::<T, false> })
    })
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
