//! Conversions between integers and formats, of one width, widening and narrowing.

use super::unary::{Convert, FromInt, ToInt, Unary, single, unary};
use super::{need, ready};
use crate::class::Class;
use crate::ext::Ext;
use crate::float::{F16, F32, F64};
use crate::inst::Inst;
use crate::op::{Ctx, Handler, Illegal};
use crate::row::{Exec, Row};

/// `"name", class, number (the vs1 field), semantics`.
macro_rules! rows {
    ($($name:literal, $class:ident, $number:literal, $select:expr;)*) => {
        &[$(Row::new(
            $name,
            "vd, vs2 vm",
            concat!("vm vs2 vd 31..26=0x12 19..15=", $number, " 14..12=1 6..0=0x57"),
            Ext::ZVE32F,
            Class::$class,
            Exec::Select($select),
        ),)*]
    };
}

/// Rows of this file.
pub(super) const ROWS: &[Row] = rows! {
    "vfcvt.xu.f.v", VFpConvert, 0x00, to_int::<false, false>;
    "vfcvt.x.f.v", VFpConvert, 0x01, to_int::<true, false>;
    "vfcvt.f.xu.v", VFpConvert, 0x02, from_int::<false>;
    "vfcvt.f.x.v", VFpConvert, 0x03, from_int::<true>;
    "vfcvt.rtz.xu.f.v", VFpConvert, 0x06, to_int::<false, true>;
    "vfcvt.rtz.x.f.v", VFpConvert, 0x07, to_int::<true, true>;
    "vfwcvt.xu.f.v", VFpWiden, 0x08, widen_to_int::<false, false>;
    "vfwcvt.x.f.v", VFpWiden, 0x09, widen_to_int::<true, false>;
    "vfwcvt.f.xu.v", VFpWiden, 0x0a, widen_from_int::<false>;
    "vfwcvt.f.x.v", VFpWiden, 0x0b, widen_from_int::<true>;
    "vfwcvt.f.f.v", VFpWiden, 0x0c, widen;
    "vfwcvt.rtz.xu.f.v", VFpWiden, 0x0e, widen_to_int::<false, true>;
    "vfwcvt.rtz.x.f.v", VFpWiden, 0x0f, widen_to_int::<true, true>;
    "vfncvt.xu.f.w", VFpNarrow, 0x10, narrow_to_int::<false, false>;
    "vfncvt.x.f.w", VFpNarrow, 0x11, narrow_to_int::<true, false>;
    "vfncvt.f.xu.w", VFpNarrow, 0x12, narrow_from_int::<false>;
    "vfncvt.f.x.w", VFpNarrow, 0x13, narrow_from_int::<true>;
    "vfncvt.f.f.w", VFpNarrow, 0x14, narrow::<false>;
    "vfncvt.rod.f.f.w", VFpNarrow, 0x15, narrow::<true>;
    "vfncvt.rtz.xu.f.w", VFpNarrow, 0x16, narrow_to_int::<false, true>;
    "vfncvt.rtz.x.f.w", VFpNarrow, 0x17, narrow_to_int::<true, true>;
};

type Selected = Result<Handler, Illegal>;

/// The handler of `U`, given the extensions that the conversion needs.
fn conversion<S, D, U>(inst: &Inst, ctx: &Ctx, needs: &[Ext]) -> Selected
where
    S: crate::vector::element::Element,
    D: crate::vector::element::Element,
    U: Unary<S, D>,
{
    ready(ctx)?;
    for &ext in needs {
        need(ctx, ext)?;
    }
    unary::<S, D, U>(inst, ctx)
}

fn no_such_width() -> Selected {
    Err(Illegal::Rule("this conversion does not exist for this SEW"))
}

fn to_int<const SIGNED: bool, const ZERO: bool>(inst: &Inst, ctx: &Ctx) -> Selected {
    single::<ToInt<F16, SIGNED, ZERO>, ToInt<F32, SIGNED, ZERO>, ToInt<F64, SIGNED, ZERO>>(inst, ctx)
}

fn from_int<const SIGNED: bool>(inst: &Inst, ctx: &Ctx) -> Selected {
    single::<FromInt<F16, SIGNED>, FromInt<F32, SIGNED>, FromInt<F64, SIGNED>>(inst, ctx)
}

fn widen_to_int<const SIGNED: bool, const ZERO: bool>(inst: &Inst, ctx: &Ctx) -> Selected {
    match ctx.vtype.sew() {
        16 => conversion::<u16, u32, ToInt<F16, SIGNED, ZERO>>(inst, ctx, &[Ext::ZVFH]),
        32 => conversion::<u32, u64, ToInt<F32, SIGNED, ZERO>>(inst, ctx, &[Ext::ZVE64F]),
        _ => no_such_width(),
    }
}

fn widen_from_int<const SIGNED: bool>(inst: &Inst, ctx: &Ctx) -> Selected {
    match ctx.vtype.sew() {
        8 => conversion::<u8, u16, FromInt<F16, SIGNED>>(inst, ctx, &[Ext::ZVFH]),
        16 => conversion::<u16, u32, FromInt<F32, SIGNED>>(inst, ctx, &[]),
        32 => conversion::<u32, u64, FromInt<F64, SIGNED>>(inst, ctx, &[Ext::ZVE64D]),
        _ => no_such_width(),
    }
}

fn widen(inst: &Inst, ctx: &Ctx) -> Selected {
    match ctx.vtype.sew() {
        16 => conversion::<u16, u32, Convert<F16, F32, false>>(inst, ctx, &[Ext::ZVFHMIN]),
        32 => conversion::<u32, u64, Convert<F32, F64, false>>(inst, ctx, &[Ext::ZVE64D]),
        _ => no_such_width(),
    }
}

fn narrow_to_int<const SIGNED: bool, const ZERO: bool>(inst: &Inst, ctx: &Ctx) -> Selected {
    match ctx.vtype.sew() {
        8 => conversion::<u16, u8, ToInt<F16, SIGNED, ZERO>>(inst, ctx, &[Ext::ZVFH]),
        16 => conversion::<u32, u16, ToInt<F32, SIGNED, ZERO>>(inst, ctx, &[]),
        32 => conversion::<u64, u32, ToInt<F64, SIGNED, ZERO>>(inst, ctx, &[Ext::ZVE64D]),
        _ => no_such_width(),
    }
}

fn narrow_from_int<const SIGNED: bool>(inst: &Inst, ctx: &Ctx) -> Selected {
    match ctx.vtype.sew() {
        16 => conversion::<u32, u16, FromInt<F16, SIGNED>>(inst, ctx, &[Ext::ZVFH]),
        32 => conversion::<u64, u32, FromInt<F32, SIGNED>>(inst, ctx, &[Ext::ZVE64F]),
        _ => no_such_width(),
    }
}

fn narrow<const ODD: bool>(inst: &Inst, ctx: &Ctx) -> Selected {
    match ctx.vtype.sew() {
        // Zvfhmin has the ordinary narrowing only.
        16 if ODD => conversion::<u32, u16, Convert<F32, F16, true>>(inst, ctx, &[Ext::ZVFH]),
        16 => conversion::<u32, u16, Convert<F32, F16, false>>(inst, ctx, &[Ext::ZVFHMIN]),
        32 => conversion::<u64, u32, Convert<F64, F32, ODD>>(inst, ctx, &[Ext::ZVE64D]),
        _ => no_such_width(),
    }
}
