//! Widening add, subtract, multiply and multiply-add; sign and zero extension.

use crate::class::Class;
use crate::ext::Ext;
use crate::inst::Inst;
use crate::op::{Ctx, Handler, Illegal};
use crate::row::{Exec, Props, Row};
use crate::vector::element::{Element, Lane, Narrow, Source, Vxrm, Widening, WideningW, pick, widening, widening_w};
use crate::vector::legal;
use crate::vector::rows::op;

/// Defines functions whose destination `d` is twice as wide as the sources `a` (vs2) and `b`.
macro_rules! widening {
    ($($name:ident = |$d:tt, $a:ident, $b:ident| $value:expr;)*) => { $(
        struct $name;
        impl<T: Narrow> Lane<T::Wide, T, T> for $name {
            #[inline(always)]
            fn apply($d: T::Wide, $a: T, $b: T, _: Vxrm, _: &mut T::Wide) -> T::Wide {
                $value
            }
        }
    )* };
}

/// Defines functions whose destination and first source `a` are twice as wide as the second source `b`.
macro_rules! widening_w {
    ($($name:ident = |$a:ident, $b:ident| $value:expr;)*) => { $(
        struct $name;
        impl<T: Narrow> Lane<T::Wide, T::Wide, T> for $name {
            #[inline(always)]
            fn apply(_: T::Wide, $a: T::Wide, $b: T, _: Vxrm, _: &mut T::Wide) -> T::Wide {
                $value
            }
        }
    )* };
}

#[inline(always)]
fn add<T: Element>(a: T, b: T) -> T {
    T::of(a.zext().wrapping_add(b.zext()))
}

#[inline(always)]
fn sub<T: Element>(a: T, b: T) -> T {
    T::of(a.zext().wrapping_sub(b.zext()))
}

widening! {
    AddU = |_, a, b| add(a.wide(), b.wide());
    Add = |_, a, b| add(a.wide_signed(), b.wide_signed());
    SubU = |_, a, b| sub(a.wide(), b.wide());
    Sub = |_, a, b| sub(a.wide_signed(), b.wide_signed());
    MulU = |_, a, b| a.wide().mul(b.wide());
    Mul = |_, a, b| a.wide_signed().mul(b.wide_signed());
    // Signed vs2, unsigned second source.
    MulSu = |_, a, b| a.wide_signed().mul(b.wide());
    MaccU = |d, a, b| add(d, b.wide().mul(a.wide()));
    Macc = |d, a, b| add(d, b.wide_signed().mul(a.wide_signed()));
    // Signed second source (the first operand in assembly), unsigned vs2.
    MaccSu = |d, a, b| add(d, b.wide_signed().mul(a.wide()));
    MaccUs = |d, a, b| add(d, b.wide().mul(a.wide_signed()));
}

widening_w! {
    AddUw = |a, b| add(a, b.wide());
    AddW = |a, b| add(a, b.wide_signed());
    SubUw = |a, b| sub(a, b.wide());
    SubW = |a, b| sub(a, b.wide_signed());
}

const fn vv<F: Widening>() -> Exec {
    Exec::Select(|inst, ctx| widening::<F>(inst, ctx, Source::Vector))
}

const fn vx<F: Widening>() -> Exec {
    Exec::Select(|inst, ctx| widening::<F>(inst, ctx, Source::X))
}

const fn wv<F: WideningW>() -> Exec {
    Exec::Select(|inst, ctx| widening_w::<F>(inst, ctx, Source::Vector))
}

const fn wx<F: WideningW>() -> Exec {
    Exec::Select(|inst, ctx| widening_w::<F>(inst, ctx, Source::X))
}

/// Zero extension; the second source is not used.
struct Zext;
/// Sign extension.
struct Sext;

impl<D: Element, A: Element> Lane<D, A, A> for Zext {
    #[inline(always)]
    fn apply(_: D, a: A, _: A, _: Vxrm, _: &mut D) -> D {
        D::of(a.zext())
    }
}

impl<D: Element, A: Element> Lane<D, A, A> for Sext {
    #[inline(always)]
    fn apply(_: D, a: A, _: A, _: Vxrm, _: &mut D) -> D {
        D::of(a.sext() as u64)
    }
}

/// The factor f of `vzext.vf<f>` and `vsext.vf<f>` (class [`Class::VExtend`]): the EEW of vs2 is SEW/f.
pub fn extension_factor(inst: &Inst) -> u32 {
    16 >> (inst.rs1 >> 1)
}

/// The handler of an extension. The instruction has no second source, so the scalar form with the (unused) immediate
/// reads nothing beside vs2.
fn extend<F>(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal>
where
    F: Lane<u16, u8, u8>
        + Lane<u32, u16, u16>
        + Lane<u64, u32, u32>
        + Lane<u32, u8, u8>
        + Lane<u64, u16, u16>
        + Lane<u64, u8, u8>,
{
    legal::vtype(ctx)?;
    let (lmul, factor) = (ctx.vtype.lmul_log2(), extension_factor(inst));
    let from = lmul - factor.ilog2() as i32;
    legal::mask_overlap(inst)?;
    legal::aligned(inst.rd, lmul)?;
    legal::aligned(inst.rs2, from)?;
    legal::mixed_overlap((inst.rd, lmul), (inst.rs2, from))?;
    let source = Source::Immediate;
    Ok(match (ctx.vtype.sew(), factor) {
        (16, 2) => pick::<u16, u8, u8, F>(source, inst, ctx),
        (32, 2) => pick::<u32, u16, u16, F>(source, inst, ctx),
        (64, 2) => pick::<u64, u32, u32, F>(source, inst, ctx),
        (32, 4) => pick::<u32, u8, u8, F>(source, inst, ctx),
        (64, 4) => pick::<u64, u16, u16, F>(source, inst, ctx),
        (64, 8) => pick::<u64, u8, u8, F>(source, inst, ctx),
        _ => return Err(Illegal::Rule("the source elements of this extension would be narrower than 8 bits")),
    })
}

const fn extension(
    name: &'static str,
    encoding: &'static str,
    select: fn(&Inst, &Ctx) -> Result<Handler, Illegal>,
) -> Row {
    Row::new(name, "vd, vs2 vm", encoding, Ext::ZVE32X, Class::VExtend, Exec::Select(select))
}

/// Rows of this file.
pub const ROWS: &[Row] = &[
    op!("vwaddu.vv", mvv 0x30, VWiden, vv::<AddU>()),
    op!("vwaddu.vx", mvx 0x30, VWiden, vx::<AddU>()),
    op!("vwadd.vv", mvv 0x31, VWiden, vv::<Add>()),
    op!("vwadd.vx", mvx 0x31, VWiden, vx::<Add>()),
    op!("vwsubu.vv", mvv 0x32, VWiden, vv::<SubU>()),
    op!("vwsubu.vx", mvx 0x32, VWiden, vx::<SubU>()),
    op!("vwsub.vv", mvv 0x33, VWiden, vv::<Sub>()),
    op!("vwsub.vx", mvx 0x33, VWiden, vx::<Sub>()),
    op!("vwaddu.wv", mvv 0x34, VWiden, wv::<AddUw>()).with(Props::WIDE_VS2),
    op!("vwaddu.wx", mvx 0x34, VWiden, wx::<AddUw>()).with(Props::WIDE_VS2),
    op!("vwadd.wv", mvv 0x35, VWiden, wv::<AddW>()).with(Props::WIDE_VS2),
    op!("vwadd.wx", mvx 0x35, VWiden, wx::<AddW>()).with(Props::WIDE_VS2),
    op!("vwsubu.wv", mvv 0x36, VWiden, wv::<SubUw>()).with(Props::WIDE_VS2),
    op!("vwsubu.wx", mvx 0x36, VWiden, wx::<SubUw>()).with(Props::WIDE_VS2),
    op!("vwsub.wv", mvv 0x37, VWiden, wv::<SubW>()).with(Props::WIDE_VS2),
    op!("vwsub.wx", mvx 0x37, VWiden, wx::<SubW>()).with(Props::WIDE_VS2),
    op!("vwmulu.vv", mvv 0x38, VWiden, vv::<MulU>()),
    op!("vwmulu.vx", mvx 0x38, VWiden, vx::<MulU>()),
    op!("vwmulsu.vv", mvv 0x3a, VWiden, vv::<MulSu>()),
    op!("vwmulsu.vx", mvx 0x3a, VWiden, vx::<MulSu>()),
    op!("vwmul.vv", mvv 0x3b, VWiden, vv::<Mul>()),
    op!("vwmul.vx", mvx 0x3b, VWiden, vx::<Mul>()),
    op!("vwmaccu.vv", mac_vv 0x3c, VWidenMac, vv::<MaccU>()),
    op!("vwmaccu.vx", mac_vx 0x3c, VWidenMac, vx::<MaccU>()),
    op!("vwmacc.vv", mac_vv 0x3d, VWidenMac, vv::<Macc>()),
    op!("vwmacc.vx", mac_vx 0x3d, VWidenMac, vx::<Macc>()),
    op!("vwmaccus.vx", mac_vx 0x3e, VWidenMac, vx::<MaccUs>()),
    op!("vwmaccsu.vv", mac_vv 0x3f, VWidenMac, vv::<MaccSu>()),
    op!("vwmaccsu.vx", mac_vx 0x3f, VWidenMac, vx::<MaccSu>()),
    extension("vzext.vf8", "vm vs2 vd 31..26=0x12 19..15=2 14..12=2 6..0=0x57", extend::<Zext>),
    extension("vsext.vf8", "vm vs2 vd 31..26=0x12 19..15=3 14..12=2 6..0=0x57", extend::<Sext>),
    extension("vzext.vf4", "vm vs2 vd 31..26=0x12 19..15=4 14..12=2 6..0=0x57", extend::<Zext>),
    extension("vsext.vf4", "vm vs2 vd 31..26=0x12 19..15=5 14..12=2 6..0=0x57", extend::<Sext>),
    extension("vzext.vf2", "vm vs2 vd 31..26=0x12 19..15=6 14..12=2 6..0=0x57", extend::<Zext>),
    extension("vsext.vf2", "vm vs2 vd 31..26=0x12 19..15=7 14..12=2 6..0=0x57", extend::<Sext>),
];
