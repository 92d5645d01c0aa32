//! Whole-register moves.

use crate::class::Class;
use crate::ext::Ext;
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Row};
use crate::vector::legal;
use crate::vector::vtype::Vtype;

/// Copies `REGS` registers from element vstart of width SEW on. vl does not matter.
fn copy<const REGS: usize>(h: &mut Hart, op: &Op) -> Flow {
    let bytes = REGS * h.vlenb();
    let done = h.vstart as usize * Vtype::from_bits(op.vtype).sew() as usize / 8;
    if done < bytes {
        let (from, to) = (h.v.ptr(op.rs2), h.v.ptr_mut(op.rd));
        // SAFETY: both groups are aligned to their size, so they lie in the register file.
        unsafe { std::ptr::copy(from.add(done), to.add(done), bytes - done) };
    }
    h.vstart = 0;
    Flow::Next
}

/// The moves depend on vtype (vstart counts in SEW), so an illegal one makes them illegal.
fn select<const REGS: usize>(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    legal::aligned(inst.rd, REGS.ilog2() as i32)?;
    legal::aligned(inst.rs2, REGS.ilog2() as i32)?;
    Ok(copy::<REGS>)
}

const fn row(name: &'static str, encoding: &'static str, select: fn(&Inst, &Ctx) -> Result<Handler, Illegal>) -> Row {
    Row::new(name, "vd, vs2", encoding, Ext::ZVE32X, Class::VMoveWhole, Exec::Select(select))
}

/// Rows of this file.
pub const ROWS: &[Row] = &[
    row("vmv1r.v", "vs2 vd 31..26=0x27 25..25=1 19..15=0 14..12=3 6..0=0x57", select::<1>),
    row("vmv2r.v", "vs2 vd 31..26=0x27 25..25=1 19..15=1 14..12=3 6..0=0x57", select::<2>),
    row("vmv4r.v", "vs2 vd 31..26=0x27 25..25=1 19..15=3 14..12=3 6..0=0x57", select::<4>),
    row("vmv8r.v", "vs2 vd 31..26=0x27 25..25=1 19..15=7 14..12=3 6..0=0x57", select::<8>),
];
