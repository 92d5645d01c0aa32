//! Slides.

use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::element::{Element, Imm, ScalarSource, X, for_active, general};
use crate::vector::legal;
use crate::vector::permute::scalar::{legal_float, unboxed};
use crate::vector::rows::op;

/// The scalar that a slide by one brings in.
trait Incoming: 'static {
    fn value<T: Element>(h: &Hart, op: &Op) -> T;
}

/// A floating-point register.
struct F;

impl Incoming for X {
    #[inline(always)]
    fn value<T: Element>(h: &Hart, op: &Op) -> T {
        T::of(h.x[op.rs1 as usize])
    }
}

impl Incoming for F {
    #[inline(always)]
    fn value<T: Element>(h: &Hart, op: &Op) -> T {
        unboxed(h, op.rs1)
    }
}

/// Moves `count` elements of the group at `op.rs2` from element `from` on to element `to` on of the group at `op.rd`.
///
/// # Safety
/// Both ranges must lie in the register file.
#[inline(always)]
unsafe fn shift<T: Element>(h: &mut Hart, op: &Op, from: usize, to: usize, count: usize) {
    let (source, dest) = (h.v.ptr(op.rs2).cast::<T>(), h.v.ptr_mut(op.rd).cast::<T>());
    // SAFETY: the caller's promise.
    unsafe { std::ptr::copy(source.add(from), dest.add(to), count) };
}

/// Elements below the offset are left alone, whatever the mask policy.
fn up<T: Element, S: ScalarSource, const GENERAL: bool>(h: &mut Hart, op: &Op) -> Flow {
    let vl = h.vl as usize;
    let offset = S::value(h, op).min(u64::from(h.vl)) as usize;
    h.log.push((vl - offset) as u64);
    if GENERAL {
        // Raising vstart past those elements must not hide the tail: with vstart < vl it is still agnostic.
        if (h.vstart as usize) < vl && offset == vl {
            crate::vector::element::tail::<T>(h, op, vl, op.aux as usize);
        }
        h.vstart = h.vstart.max(offset as u32);
        for_active::<T>(h, op, |h, i| {
            let value = h.v.get::<T>(op.rs2, i - offset);
            h.v.set(op.rd, i, value);
        });
    } else {
        // SAFETY: legality guarantees that the groups lie in the register file; offset <= vl.
        unsafe { shift::<T>(h, op, 0, offset, vl - offset) };
    }
    Flow::Next
}

/// Elements from beyond VLMAX are zero.
fn down<T: Element, S: ScalarSource, const GENERAL: bool>(h: &mut Hart, op: &Op) -> Flow {
    let (vl, vlmax) = (h.vl as usize, op.aux as usize);
    let offset = S::value(h, op).min(vlmax as u64) as usize;
    if GENERAL {
        for_active::<T>(h, op, |h, i| {
            let value = if i + offset < vlmax { h.v.get(op.rs2, i + offset) } else { T::ZERO };
            h.v.set(op.rd, i, value);
        });
    } else {
        let count = vl.min(vlmax - offset);
        // SAFETY: legality guarantees that the groups lie in the register file; offset + count <= VLMAX.
        unsafe {
            shift::<T>(h, op, offset, 0, count);
            std::ptr::write_bytes(h.v.ptr_mut(op.rd).cast::<T>().add(count), 0, vl - count);
        }
    }
    Flow::Next
}

fn up_by_one<T: Element, S: Incoming, const GENERAL: bool>(h: &mut Hart, op: &Op) -> Flow {
    let incoming = S::value::<T>(h, op);
    if GENERAL {
        for_active::<T>(h, op, |h, i| {
            let value = if i == 0 { incoming } else { h.v.get(op.rs2, i - 1) };
            h.v.set(op.rd, i, value);
        });
    } else if h.vl > 0 {
        let vl = h.vl as usize;
        // SAFETY: legality guarantees that the groups lie in the register file.
        unsafe { shift::<T>(h, op, 0, 1, vl - 1) };
        h.v.set(op.rd, 0, incoming);
    }
    Flow::Next
}

fn down_by_one<T: Element, S: Incoming, const GENERAL: bool>(h: &mut Hart, op: &Op) -> Flow {
    let incoming = S::value::<T>(h, op);
    let vl = h.vl as usize;
    if GENERAL {
        for_active::<T>(h, op, |h, i| {
            let value = if i + 1 == vl { incoming } else { h.v.get(op.rs2, i + 1) };
            h.v.set(op.rd, i, value);
        });
    } else if vl > 0 {
        // SAFETY: legality guarantees that the groups lie in the register file.
        unsafe { shift::<T>(h, op, 1, 0, vl - 1) };
        h.v.set(op.rd, vl - 1, incoming);
    }
    Flow::Next
}

/// Only a slide up must not overwrite its source.
fn legal(inst: &Inst, ctx: &Ctx, up: bool) -> Result<(), Illegal> {
    legal::vtype(ctx)?;
    let lmul = ctx.vtype.lmul_log2();
    legal::mask_overlap(inst)?;
    legal::aligned(inst.rd, lmul)?;
    legal::aligned(inst.rs2, lmul)?;
    if up { legal::disjoint((inst.rd, lmul), (inst.rs2, lmul)) } else { Ok(()) }
}

/// The handler of a function for SEW and body.
macro_rules! by_sew {
    ($function:ident, $source:ty, $inst:expr, $ctx:expr) => {
        match ($ctx.vtype.sew(), general($inst, $ctx)) {
            (8, false) => $function::<u8, $source, false>,
            (16, false) => $function::<u16, $source, false>,
            (32, false) => $function::<u32, $source, false>,
            (_, false) => $function::<u64, $source, false>,
            (8, true) => $function::<u8, $source, true>,
            (16, true) => $function::<u16, $source, true>,
            (32, true) => $function::<u32, $source, true>,
            (_, true) => $function::<u64, $source, true>,
        }
    };
}

fn select_up<S: ScalarSource>(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal(inst, ctx, true)?;
    Ok(by_sew!(up, S, inst, ctx))
}

fn select_down<S: ScalarSource>(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal(inst, ctx, false)?;
    Ok(by_sew!(down, S, inst, ctx))
}

fn select_up_by_one<S: Incoming>(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal(inst, ctx, true)?;
    Ok(by_sew!(up_by_one, S, inst, ctx))
}

fn select_down_by_one<S: Incoming>(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal(inst, ctx, false)?;
    Ok(by_sew!(down_by_one, S, inst, ctx))
}

/// A slide by one with a floating-point scalar.
const fn float(row: Row) -> Row {
    Row { ext: crate::ext::Ext::ZVE32F, ..row }.with(Props::FLOAT)
}

/// Rows of this file.
pub const ROWS: &[Row] = &[
    op!("vslideup.vx", vx 0x0e, VSlide, Exec::Select(select_up::<X>)).with(Props::READS_VD.union(Props::WORK)),
    op!("vslideup.vi", vu 0x0e, VSlide, Exec::Select(select_up::<Imm>)).with(Props::READS_VD.union(Props::WORK)),
    op!("vslidedown.vx", vx 0x0f, VSlide, Exec::Select(select_down::<X>)),
    op!("vslidedown.vi", vu 0x0f, VSlide, Exec::Select(select_down::<Imm>)),
    op!("vslide1up.vx", mvx 0x0e, VSlide, Exec::Select(select_up_by_one::<X>)),
    op!("vslide1down.vx", mvx 0x0f, VSlide, Exec::Select(select_down_by_one::<X>)),
    float(op!("vfslide1up.vf", fvf 0x0e, VSlide, Exec::Select(|inst, ctx| {
        legal_float(ctx)?;
        select_up_by_one::<F>(inst, ctx)
    }))),
    float(op!("vfslide1down.vf", fvf 0x0f, VSlide, Exec::Select(|inst, ctx| {
        legal_float(ctx)?;
        select_down_by_one::<F>(inst, ctx)
    }))),
];
