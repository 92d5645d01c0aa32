//! Arithmetic whose result has twice the width: operands are widened, which is exact, and the operation rounds once.

use std::marker::PhantomData;

use super::active::{PORTION, Portion, Portions, finish, gather, scatter};
use super::kernels::{ADD, Arithmetic, MACC, MSAC, MUL, NMACC, NMSAC, SUB, binary_portion, fused_portion};
use super::on_host::Function;
use super::{Real, arithmetic_ext, need, ready, rounding, unbox};
use crate::class::Class;
use crate::ext::Ext;
use crate::float::lanes::Level;
use crate::float::{BF16, F16, F32, F64, Flags, Rounding, convert};
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::element::Element;
use crate::vector::legal;
use crate::vector::simd::{Body, versioned};

/// A format and the one that its widening operations have as result.
pub(in crate::vector) trait Widens: Real {
    /// The format of twice the width.
    type Wide: Arithmetic;

    /// Widens all elements. Invalid operations are raised for signalling NaNs, in `flags` or in the host's status
    /// word; those of BF16 stay signalling instead, for arithmetic to raise.
    fn widen(level: Level, from: &[Self::Bits; PORTION], flags: &mut Flags) -> [WideBits<Self>; PORTION];
}

/// Bits of the wide format.
pub(in crate::vector) type WideBits<N> = <<N as Widens>::Wide as crate::float::Format>::Bits;

macro_rules! widens {
    ($($narrow:ident => $wide:ident, $function:ident;)*) => { $(
        impl Widens for $narrow {
            type Wide = $wide;

            #[inline(always)]
            fn widen(level: Level, from: &[Self::Bits; PORTION], flags: &mut Flags) -> [WideBits<Self>; PORTION] {
                Function::$function.apply(level, from).unwrap_or_else(|| {
                    from.map(|bits| Element::of(convert::<$narrow, $wide>(bits.zext(), Rounding::Rne, flags)))
                })
            }
        }
    )* };
}

widens! {
    F16 => F32, HalfToSingle;
    F32 => F64, SingleToDouble;
}

impl Widens for BF16 {
    type Wide = F32;

    #[inline(always)]
    fn widen(_: Level, from: &[u16; PORTION], _: &mut Flags) -> [u32; PORTION] {
        from.map(|bits| u32::from(bits) << 16)
    }
}

const fn row(name: &'static str, syntax: &'static str, encoding: &'static str, class: Class, exec: Exec) -> Row {
    Row::new(name, syntax, encoding, Ext::ZVE32F, class, exec)
}

/// `form "name", class, funct6, semantics`.
macro_rules! rows {
    ($($form:ident $name:literal, $class:ident, $funct6:literal, $exec:expr $(, $props:expr)?;)*) => {
        &[$(rows!(@$form $name, $class, $funct6, $exec)$(.with($props))?,)*]
    };
    (@vv $name:literal, $class:ident, $funct6:literal, $exec:expr) => {
        row(concat!($name, "v"), "vd, vs2, vs1 vm", concat!("vm vs2 vs1 vd 31..26=", $funct6, " 14..12=1 6..0=0x57"),
            Class::$class, $exec)
    };
    (@vf $name:literal, $class:ident, $funct6:literal, $exec:expr) => {
        row(concat!($name, "f"), "vd, vs2, fs1 vm", concat!("vm vs2 rs1 vd 31..26=", $funct6, " 14..12=5 6..0=0x57"),
            Class::$class, $exec)
    };
    (@mac_vv $name:literal, $class:ident, $funct6:literal, $exec:expr) => {
        row(concat!($name, "v"), "vd, vs1, vs2 vm", concat!("vm vs2 vs1 vd 31..26=", $funct6, " 14..12=1 6..0=0x57"),
            Class::$class, $exec)
    };
    (@mac_vf $name:literal, $class:ident, $funct6:literal, $exec:expr) => {
        row(concat!($name, "f"), "vd, fs1, vs2 vm", concat!("vm vs2 rs1 vd 31..26=", $funct6, " 14..12=5 6..0=0x57"),
            Class::$class, $exec)
    };
}

/// Rows of this file.
pub(super) const ROWS: &[Row] = rows! {
    vv "vfwadd.v", VFpWiden, 0x30, binary::<ADD, false, false>();
    vf "vfwadd.v", VFpWiden, 0x30, binary::<ADD, true, false>();
    vv "vfwsub.v", VFpWiden, 0x32, binary::<SUB, false, false>();
    vf "vfwsub.v", VFpWiden, 0x32, binary::<SUB, true, false>();
    vv "vfwadd.w", VFpWiden, 0x34, binary::<ADD, false, true>(), Props::WIDE_VS2;
    vf "vfwadd.w", VFpWiden, 0x34, binary::<ADD, true, true>(), Props::WIDE_VS2;
    vv "vfwsub.w", VFpWiden, 0x36, binary::<SUB, false, true>(), Props::WIDE_VS2;
    vf "vfwsub.w", VFpWiden, 0x36, binary::<SUB, true, true>(), Props::WIDE_VS2;
    vv "vfwmul.v", VFpWiden, 0x38, binary::<MUL, false, false>();
    vf "vfwmul.v", VFpWiden, 0x38, binary::<MUL, true, false>();
    mac_vv "vfwmacc.v", VFpWidenMac, 0x3c, fused::<MACC, false>();
    mac_vf "vfwmacc.v", VFpWidenMac, 0x3c, fused::<MACC, true>();
    mac_vv "vfwnmacc.v", VFpWidenMac, 0x3d, fused::<NMACC, false>();
    mac_vf "vfwnmacc.v", VFpWidenMac, 0x3d, fused::<NMACC, true>();
    mac_vv "vfwmsac.v", VFpWidenMac, 0x3e, fused::<MSAC, false>();
    mac_vf "vfwmsac.v", VFpWidenMac, 0x3e, fused::<MSAC, true>();
    mac_vv "vfwnmsac.v", VFpWidenMac, 0x3f, fused::<NMSAC, false>();
    mac_vf "vfwnmsac.v", VFpWidenMac, 0x3f, fused::<NMSAC, true>();
};

/// Groups of a widening operation; vs2 has the wide format if `wide`, vs1 is no group if `scalar`.
pub(super) fn groups(inst: &Inst, ctx: &Ctx, scalar: bool, wide: bool) -> Result<(), Illegal> {
    let lmul = ctx.vtype.lmul_log2();
    let to = (inst.rd, lmul + 1);
    legal::mask_overlap(inst)?;
    legal::aligned(inst.rd, lmul + 1)?;
    legal::aligned(inst.rs2, lmul + i32::from(wide))?;
    if !wide {
        legal::mixed_overlap(to, (inst.rs2, lmul))?;
    }
    if scalar {
        return Ok(());
    }
    legal::aligned(inst.rs1, lmul)?;
    legal::mixed_overlap(to, (inst.rs1, lmul))
}

fn legality(inst: &Inst, ctx: &Ctx, scalar: bool, wide: bool) -> Result<(), Illegal> {
    ready(ctx)?;
    let sew = ctx.vtype.sew();
    if sew != 16 && sew != 32 {
        return Err(Illegal::Rule("widening floating point needs SEW 16 or 32"));
    }
    need(ctx, arithmetic_ext(sew)?)?;
    need(ctx, arithmetic_ext(2 * sew)?)?;
    groups(inst, ctx, scalar, wide)
}

/// `vd[i] = vs2[i] op vs1[i]`, or `op f[rs1]`.
const fn binary<const OP: u8, const SCALAR: bool, const WIDE: bool>() -> Exec {
    Exec::Select(|inst, ctx| {
        legality(inst, ctx, SCALAR, WIDE)?;
        Ok(if ctx.vtype.sew() == 16 {
            versioned::<Binary<F16, OP, SCALAR, WIDE>>(ctx.level)
        } else {
            versioned::<Binary<F32, OP, SCALAR, WIDE>>(ctx.level)
        })
    })
}

/// `vd[i] = ±(vs1[i] * vs2[i]) ± vd[i]`, or `±(f[rs1] * vs2[i]) ± vd[i]`.
const fn fused<const OP: u8, const SCALAR: bool>() -> Exec {
    Exec::Select(|inst, ctx| {
        legality(inst, ctx, SCALAR, false)?;
        Ok(if ctx.vtype.sew() == 16 {
            versioned::<Fused<F16, OP, SCALAR>>(ctx.level)
        } else {
            versioned::<Fused<F32, OP, SCALAR>>(ctx.level)
        })
    })
}

/// The first source of a portion, widened. A scalar is widened once, for the first portion, and is kept.
#[inline(always)]
fn first<N: Widens, const SCALAR: bool>(
    h: &Hart,
    op: &Op,
    portion: Portion,
    scalar: &mut Option<[WideBits<N>; PORTION]>,
    flags: &mut Flags,
) -> [WideBits<N>; PORTION] {
    if let Some(wide) = *scalar {
        return wide;
    }
    let narrow = if SCALAR { [unbox::<N>(h, op.rs1); PORTION] } else { gather(h, op.rs1, portion) };
    let wide = N::widen(h.config().level, &narrow, flags);
    *scalar = SCALAR.then_some(wide);
    wide
}

struct Binary<N, const OP: u8, const SCALAR: bool, const WIDE: bool>(PhantomData<N>);

impl<N: Widens, const OP: u8, const SCALAR: bool, const WIDE: bool> Body for Binary<N, OP, SCALAR, WIDE> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let (rm, level) = (rounding(h), h.config().level);
        let mut flags = Flags::empty();
        let mut scalar = None;
        let mut portions = Portions::new(h);
        while let Some(portion) = portions.next(h, op) {
            // Without an active element nothing may be widened: a signalling scalar would raise.
            if portion.len() == 0 {
                continue;
            }
            let mut a = if WIDE {
                gather(h, op.rs2, portion)
            } else {
                N::widen(level, &gather(h, op.rs2, portion), &mut flags)
            };
            let b = first::<N, SCALAR>(h, op, portion, &mut scalar, &mut flags);
            binary_portion::<N::Wide>((OP, level), &mut a, &b, portion.len(), rm, &mut flags);
            scatter(h, op.rd, portion, &a);
        }
        h.fflags |= flags;
        finish::<WideBits<N>>(h, op);
        Flow::Next
    }
}

/// Widening multiply-add.
pub(super) struct Fused<N, const OP: u8, const SCALAR: bool>(PhantomData<N>);

impl<N: Widens, const OP: u8, const SCALAR: bool> Body for Fused<N, OP, SCALAR> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let (rm, level) = (rounding(h), h.config().level);
        let mut flags = Flags::empty();
        let mut scalar = None;
        let mut portions = Portions::new(h);
        while let Some(portion) = portions.next(h, op) {
            if portion.len() == 0 {
                continue;
            }
            let a = first::<N, SCALAR>(h, op, portion, &mut scalar, &mut flags);
            let b = N::widen(level, &gather(h, op.rs2, portion), &mut flags);
            let mut d: [WideBits<N>; PORTION] = gather(h, op.rd, portion);
            fused_portion::<N::Wide, true>((OP, level), &mut d, (&a, &b), portion.len(), rm, &mut flags);
            scatter(h, op.rd, portion, &d);
        }
        h.fflags |= flags;
        finish::<WideBits<N>>(h, op);
        Flow::Next
    }
}
