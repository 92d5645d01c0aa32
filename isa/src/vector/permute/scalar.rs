//! Moves between element 0 and scalar registers.

use crate::class::Class;
use crate::ext::Ext;
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::element::{Element, tail};
use crate::vector::legal;

/// A floating-point scalar of the present SEW: there must be such a format, and frm must be valid, as for every
/// vector floating-point instruction.
pub(super) fn legal_float(ctx: &Ctx) -> Result<(), Illegal> {
    legal::vtype(ctx)?;
    let needed = match ctx.vtype.sew() {
        8 => return Err(Illegal::Rule("there are no 8-bit floating-point elements")),
        16 => Ext::ZVFH,
        32 => Ext::ZVE32F,
        _ => Ext::ZVE64D,
    };
    if !ctx.isa.intersects(needed) {
        return Err(Illegal::Missing(needed));
    }
    if ctx.frm > 4 { Err(Illegal::Rule("frm holds an invalid rounding mode")) } else { Ok(()) }
}

/// The value of `f[reg]` in the width of `T`: the canonical NaN when a narrower value is not NaN-boxed.
#[inline(always)]
pub(super) fn unboxed<T: Element>(h: &Hart, reg: u8) -> T {
    let value = h.f[reg as usize];
    let canonical_nan = if T::BITS == 16 { 0x7e00 } else { 0x7fc0_0000 };
    T::of(if T::BITS == 64 || value | T::ONES.zext() == u64::MAX { value } else { canonical_nan })
}

/// vmv.x.s: executes whatever vl and vstart are.
fn to_x<T: Element>(h: &mut Hart, op: &Op) -> Flow {
    h.x[op.rd as usize] = h.v.get::<T>(op.rs2, 0).sext() as u64;
    h.vstart = 0;
    Flow::Next
}

/// vfmv.f.s: as vmv.x.s, NaN-boxed.
fn to_f<T: Element>(h: &mut Hart, op: &Op) -> Flow {
    h.f[op.rd as usize] = h.v.get::<T>(op.rs2, 0).zext() | !T::ONES.zext();
    h.vstart = 0;
    Flow::Next
}

/// Sets element 0; all others are tail elements.
#[inline(always)]
fn set_first<T: Element>(h: &mut Hart, op: &Op, value: T) -> Flow {
    if h.vstart < h.vl {
        h.v.set(op.rd, 0, value);
        tail::<T>(h, op, 1, 1);
    }
    h.vstart = 0;
    Flow::Next
}

fn from_x<T: Element>(h: &mut Hart, op: &Op) -> Flow {
    let value = T::of(h.x[op.rs1 as usize]);
    set_first(h, op, value)
}

fn from_f<T: Element>(h: &mut Hart, op: &Op) -> Flow {
    let value = unboxed::<T>(h, op.rs1);
    set_first(h, op, value)
}

fn select_to_x(_: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    Ok(match ctx.vtype.sew() {
        8 => to_x::<u8>,
        16 => to_x::<u16>,
        32 => to_x::<u32>,
        _ => to_x::<u64>,
    })
}

fn select_from_x(_: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    Ok(match ctx.vtype.sew() {
        8 => from_x::<u8>,
        16 => from_x::<u16>,
        32 => from_x::<u32>,
        _ => from_x::<u64>,
    })
}

fn select_to_f(_: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal_float(ctx)?;
    Ok(match ctx.vtype.sew() {
        16 => to_f::<u16>,
        32 => to_f::<u32>,
        _ => to_f::<u64>,
    })
}

fn select_from_f(_: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal_float(ctx)?;
    Ok(match ctx.vtype.sew() {
        16 => from_f::<u16>,
        32 => from_f::<u32>,
        _ => from_f::<u64>,
    })
}

/// Rows of this file.
pub const ROWS: &[Row] = &[
    Row::new(
        "vmv.x.s",
        "rd, vs2",
        "vs2 rd 31..26=0x10 25..25=1 19..15=0 14..12=2 6..0=0x57",
        Ext::ZVE32X,
        Class::VToScalar,
        Exec::Select(select_to_x),
    ),
    Row::new(
        "vmv.s.x",
        "vd, rs1",
        "rs1 vd 31..26=0x10 25..25=1 24..20=0 14..12=6 6..0=0x57",
        Ext::ZVE32X,
        Class::VFromScalar,
        Exec::Select(select_from_x),
    ),
    Row::new(
        "vfmv.f.s",
        "fd, vs2",
        "vs2 rd 31..26=0x10 25..25=1 19..15=0 14..12=1 6..0=0x57",
        Ext::ZVE32F,
        Class::VToScalar,
        Exec::Select(select_to_f),
    )
    .with(Props::FLOAT),
    Row::new(
        "vfmv.s.f",
        "vd, fs1",
        "rs1 vd 31..26=0x10 25..25=1 24..20=0 14..12=5 6..0=0x57",
        Ext::ZVE32F,
        Class::VFromScalar,
        Exec::Select(select_from_f),
    )
    .with(Props::FLOAT),
];
