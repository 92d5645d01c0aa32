//! Xsfvfnrclipxfqf: binary32 times a scale, clipped to int8.
//!
//! Assumed, because only the encoding is public: the product with the scale in fs1 is rounded to binary32 under frm, then to an integer under frm as
//! `vfcvt` does it: out of range becomes the nearest limit, NaN the greatest value, both with NV. Flags of both steps accrue.

use crate::class::Class;
use crate::ext::Ext;
use crate::float::{F32, Flags, Int, Rounding, mul, to_int};
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Row};
use crate::vector::element::for_active;
use crate::vector::float::{ready, rounding, unbox};
use crate::vector::legal;

/// Rows of this family.
pub const ROWS: &[Row] = &[
    Row::new(
        "sf.vfnrclip.xu.f.qf",
        "vd, vs2, fs1 vm",
        "vm vs2 rs1 vd 31..26=0x22 14..12=5 6..0=0x5b",
        Ext::XSFVFNRCLIPXFQF,
        Class::VFpClip,
        Exec::Select(select::<false>),
    ),
    Row::new(
        "sf.vfnrclip.x.f.qf",
        "vd, vs2, fs1 vm",
        "vm vs2 rs1 vd 31..26=0x23 14..12=5 6..0=0x5b",
        Ext::XSFVFNRCLIPXFQF,
        Class::VFpClip,
        Exec::Select(select::<true>),
    ),
];

fn select<const SIGNED: bool>(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    ready(ctx)?;
    let lmul = ctx.vtype.lmul_log2();
    if ctx.vtype.sew() != 8 {
        return Err(Illegal::Rule("clipping to int8 needs SEW 8"));
    }
    legal::mask_overlap(inst)?;
    legal::aligned(inst.rd, lmul)?;
    legal::aligned(inst.rs2, lmul + 2)?;
    legal::mixed_overlap((inst.rd, lmul), (inst.rs2, lmul + 2))?;
    Ok(clip::<SIGNED>)
}

fn clip<const SIGNED: bool>(h: &mut Hart, op: &Op) -> Flow {
    let (rm, scale) = (rounding(h), unbox::<F32>(h, op.rs1));
    let mut flags = Flags::empty();
    // Ascending order reads a source element before a destination element can cover it.
    for_active::<u8>(h, op, |h, i| {
        let value = clipped::<SIGNED>(h.v.get(op.rs2, i), scale, rm, &mut flags);
        h.v.set(op.rd, i, value);
    });
    h.fflags |= flags;
    Flow::Next
}

/// One element.
fn clipped<const SIGNED: bool>(value: u32, scale: u32, rm: Rounding, flags: &mut Flags) -> u8 {
    let product = mul::<F32>(value.into(), scale.into(), rm, flags);
    to_int::<F32>(product, if SIGNED { Int::I8 } else { Int::U8 }, rm, flags) as u8
}
