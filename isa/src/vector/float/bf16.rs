//! bfloat16: Zvfbfmin and Zvfbfwma.

use super::kernels::MACC;
use super::unary::{Convert, unary};
use super::{need, ready, widen};
use crate::class::Class;
use crate::ext::Ext;
use crate::float::{BF16, F32};
use crate::inst::Inst;
use crate::op::{Ctx, Handler, Illegal};
use crate::row::{Exec, Row};
use crate::vector::simd::versioned;

/// Rows of this file.
pub(super) const ROWS: &[Row] = &[
    Row::new(
        "vfwcvtbf16.f.f.v",
        "vd, vs2 vm",
        "vm vs2 vd 31..26=0x12 19..15=0x0d 14..12=1 6..0=0x57",
        Ext::ZVFBFMIN,
        Class::VFpWiden,
        Exec::Select(|inst, ctx| {
            sew16(ctx)?;
            unary::<u16, u32, Convert<BF16, F32, false>>(inst, ctx)
        }),
    ),
    Row::new(
        "vfncvtbf16.f.f.w",
        "vd, vs2 vm",
        "vm vs2 vd 31..26=0x12 19..15=0x1d 14..12=1 6..0=0x57",
        Ext::ZVFBFMIN,
        Class::VFpNarrow,
        Exec::Select(|inst, ctx| {
            sew16(ctx)?;
            unary::<u32, u16, Convert<F32, BF16, false>>(inst, ctx)
        }),
    ),
    Row::new(
        "vfwmaccbf16.vv",
        "vd, vs1, vs2 vm",
        "vm vs2 vs1 vd 31..26=0x3b 14..12=1 6..0=0x57",
        Ext::ZVFBFWMA,
        Class::VFpWidenMac,
        Exec::Select(multiply_add::<false>),
    ),
    Row::new(
        "vfwmaccbf16.vf",
        "vd, fs1, vs2 vm",
        "vm vs2 rs1 vd 31..26=0x3b 14..12=5 6..0=0x57",
        Ext::ZVFBFWMA,
        Class::VFpWidenMac,
        Exec::Select(multiply_add::<true>),
    ),
];

fn sew16(ctx: &Ctx) -> Result<(), Illegal> {
    ready(ctx)?;
    if ctx.vtype.sew() == 16 { Ok(()) } else { Err(Illegal::Rule("bfloat16 instructions need SEW 16")) }
}

fn multiply_add<const SCALAR: bool>(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    sew16(ctx)?;
    need(ctx, Ext::ZVE32F)?;
    widen::groups(inst, ctx, SCALAR, false)?;
    Ok(versioned::<widen::Fused<BF16, MACC, SCALAR>>(ctx.level))
}
