//! Operations on one operand: square root, estimates, class, and the frame for conversions.

use std::marker::PhantomData;

use super::active::{PORTION, Portions, finish, gather, scatter};
use super::kernels::Arithmetic;
use super::on_host::Function;
use super::{Real, arithmetic_ext, need, ready, rounding};
use crate::class::Class;
use crate::ext::Ext;
use crate::float::lanes::Level;
use crate::float::{self, F16, F32, F64, Flags, Rounding};
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::element::Element;
use crate::vector::legal;
use crate::vector::simd::{Body, versioned};
use crate::vector::work::log_ordinary;

/// A function of one element.
pub(super) trait Unary<S: Element, D: Element>: 'static {
    /// One element.
    fn apply(a: S, rm: Rounding, flags: &mut Flags) -> D;

    /// Writes the access log, for instructions that have one.
    #[inline(always)]
    fn log(_: &mut Hart, _: &Op) {}

    /// The first `n` of a portion; the rest of `from` is zero.
    #[inline(always)]
    fn portion(_: Level, from: &[S; PORTION], n: usize, rm: Rounding, flags: &mut Flags) -> [D; PORTION] {
        one_by_one::<S, D, Self>(from, n, rm, flags)
    }
}

#[inline(never)]
fn one_by_one<S, D, U>(from: &[S; PORTION], n: usize, rm: Rounding, flags: &mut Flags) -> [D; PORTION]
where
    S: Element,
    D: Element,
    U: Unary<S, D> + ?Sized,
{
    let mut to = [D::default(); PORTION];
    for (to, &from) in to.iter_mut().zip(from).take(n) {
        *to = U::apply(from, rm, flags);
    }
    to
}

/// Makes NaNs canonical.
#[inline(always)]
fn canonical<F: Real>(mut values: [F::Bits; PORTION]) -> [F::Bits; PORTION] {
    for value in &mut values {
        if float::is_nan::<F>(value.zext()) {
            *value = F::Bits::of(F::NAN);
        }
    }
    values
}

const fn row(name: &'static str, encoding: &'static str, class: Class, exec: Exec) -> Row {
    Row::new(name, "vd, vs2 vm", encoding, Ext::ZVE32F, class, exec)
}

/// Rows of this file.
pub(super) const ROWS: &[Row] = &[
    row(
        "vfsqrt.v",
        "vm vs2 vd 31..26=0x13 19..15=0x00 14..12=1 6..0=0x57",
        Class::VFpDiv,
        Exec::Select(|inst, ctx| single::<Sqrt<F16>, Sqrt<F32>, Sqrt<F64>>(inst, ctx)),
    )
    .with(Props::WORK),
    row(
        "vfrsqrt7.v",
        "vm vs2 vd 31..26=0x13 19..15=0x04 14..12=1 6..0=0x57",
        Class::VFpConvert,
        Exec::Select(|inst, ctx| single::<RootEstimate<F16>, RootEstimate<F32>, RootEstimate<F64>>(inst, ctx)),
    ),
    row(
        "vfrec7.v",
        "vm vs2 vd 31..26=0x13 19..15=0x05 14..12=1 6..0=0x57",
        Class::VFpConvert,
        Exec::Select(|inst, ctx| single::<Estimate<F16>, Estimate<F32>, Estimate<F64>>(inst, ctx)),
    ),
    row(
        "vfclass.v",
        "vm vs2 vd 31..26=0x13 19..15=0x10 14..12=1 6..0=0x57",
        Class::VFpOther,
        Exec::Select(|inst, ctx| single::<Classify<F16>, Classify<F32>, Classify<F64>>(inst, ctx)),
    ),
];

/// The handler of a function of one width, given for each format.
pub(super) fn single<H, S, D>(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal>
where
    H: Unary<u16, u16>,
    S: Unary<u32, u32>,
    D: Unary<u64, u64>,
{
    ready(ctx)?;
    let sew = ctx.vtype.sew();
    need(ctx, arithmetic_ext(sew)?)?;
    match sew {
        16 => unary::<u16, u16, H>(inst, ctx),
        32 => unary::<u32, u32, S>(inst, ctx),
        _ => unary::<u64, u64, D>(inst, ctx),
    }
}

/// The handler of a function from elements of `S` to elements of `D`, of which the narrower has SEW.
pub(super) fn unary<S: Element, D: Element, U: Unary<S, D>>(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    let lmul = |bits: u32| ctx.vtype.lmul_log2() + bits.ilog2() as i32 - ctx.vtype.sew_log2();
    legal::mask_overlap(inst)?;
    legal::aligned(inst.rd, lmul(D::BITS))?;
    legal::aligned(inst.rs2, lmul(S::BITS))?;
    if S::BITS != D::BITS {
        legal::mixed_overlap((inst.rd, lmul(D::BITS)), (inst.rs2, lmul(S::BITS)))?;
    }
    Ok(versioned::<OneOperand<S, D, U>>(ctx.level))
}

struct OneOperand<S, D, U>(PhantomData<(S, D, U)>);

impl<S: Element, D: Element, U: Unary<S, D>> Body for OneOperand<S, D, U> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        U::log(h, op);
        let (rm, level) = (rounding(h), h.config().level);
        let mut flags = Flags::empty();
        let mut portions = Portions::new(h);
        while let Some(portion) = portions.next(h, op) {
            let results = U::portion(level, &gather(h, op.rs2, portion), portion.len(), rm, &mut flags);
            scatter(h, op.rd, portion, &results);
        }
        h.fflags |= flags;
        finish::<D>(h, op);
        Flow::Next
    }
}

/// Square root.
struct Sqrt<F>(PhantomData<F>);

impl<F: Arithmetic> Unary<F::Bits, F::Bits> for Sqrt<F> {
    #[inline(always)]
    fn apply(a: F::Bits, rm: Rounding, flags: &mut Flags) -> F::Bits {
        if rm == Rounding::Rne { F::host_sqrt(a) } else { F::Bits::of(float::sqrt::<F>(a.zext(), rm, flags)) }
    }

    #[inline(always)]
    fn log(h: &mut Hart, op: &Op) {
        log_ordinary::<F>(h, op, |h, i| h.v.get::<F::Bits>(op.rs2, i).zext(), None::<fn(&Hart, usize) -> u64>);
    }

    #[inline(always)]
    fn portion(
        level: Level,
        from: &[F::Bits; PORTION],
        n: usize,
        rm: Rounding,
        flags: &mut Flags,
    ) -> [F::Bits; PORTION] {
        let on_host = if rm == Rounding::Rne { Function::sqrt::<F>() } else { None };
        match on_host.and_then(|function| function.apply(level, from)) {
            Some(to) => canonical::<F>(to),
            None => one_by_one::<_, _, Self>(from, n, rm, flags),
        }
    }
}

/// 7-bit estimate of the reciprocal square root.
struct RootEstimate<F>(PhantomData<F>);

impl<F: Real> Unary<F::Bits, F::Bits> for RootEstimate<F> {
    #[inline(always)]
    fn apply(a: F::Bits, _: Rounding, flags: &mut Flags) -> F::Bits {
        F::Bits::of(float::rsqrt7::<F>(a.zext(), flags))
    }
}

/// 7-bit estimate of the reciprocal.
struct Estimate<F>(PhantomData<F>);

impl<F: Real> Unary<F::Bits, F::Bits> for Estimate<F> {
    #[inline(always)]
    fn apply(a: F::Bits, rm: Rounding, flags: &mut Flags) -> F::Bits {
        F::Bits::of(float::rec7::<F>(a.zext(), rm, flags))
    }
}

/// Class mask.
struct Classify<F>(PhantomData<F>);

impl<F: Real> Unary<F::Bits, F::Bits> for Classify<F> {
    #[inline(always)]
    fn apply(a: F::Bits, _: Rounding, _: &mut Flags) -> F::Bits {
        F::Bits::of(float::classify::<F>(a.zext()).bits().into())
    }
}

/// Between formats; to odd if `ODD`.
pub(super) struct Convert<S, D, const ODD: bool>(PhantomData<(S, D)>);

impl<S: Real, D: Real, const ODD: bool> Unary<S::Bits, D::Bits> for Convert<S, D, ODD> {
    #[inline(always)]
    fn apply(a: S::Bits, rm: Rounding, flags: &mut Flags) -> D::Bits {
        D::Bits::of(float::convert::<S, D>(a.zext(), if ODD { Rounding::Rod } else { rm }, flags))
    }

    #[inline(always)]
    fn portion(
        level: Level,
        from: &[S::Bits; PORTION],
        n: usize,
        rm: Rounding,
        flags: &mut Flags,
    ) -> [D::Bits; PORTION] {
        let on_host = if rm == Rounding::Rne && !ODD { Function::convert::<S, D>() } else { None };
        match on_host.and_then(|function| function.apply(level, from)) {
            Some(to) => canonical::<D>(to),
            None => one_by_one::<_, _, Self>(from, n, rm, flags),
        }
    }
}

/// To an integer; towards zero if `ZERO`.
pub(super) struct ToInt<F, const SIGNED: bool, const ZERO: bool>(PhantomData<F>);

impl<F: Real, D: Element, const SIGNED: bool, const ZERO: bool> Unary<F::Bits, D> for ToInt<F, SIGNED, ZERO> {
    #[inline(always)]
    fn apply(a: F::Bits, rm: Rounding, flags: &mut Flags) -> D {
        let int = float::Int { signed: SIGNED, width: D::BITS };
        D::of(float::to_int::<F>(a.zext(), int, if ZERO { Rounding::Rtz } else { rm }, flags))
    }

    #[inline(always)]
    fn portion(level: Level, from: &[F::Bits; PORTION], n: usize, rm: Rounding, flags: &mut Flags) -> [D; PORTION] {
        let on_host = if SIGNED && (ZERO || rm == Rounding::Rne) { Function::to_int::<F>(ZERO) } else { None };
        let Some(to) = on_host.and_then(|function| function.apply::<_, D>(level, from)) else {
            return one_by_one::<_, _, Self>(from, n, rm, flags);
        };
        // What the host gives for all that does not fit.
        let bad = D::of(1 << (D::BITS - 1));
        let doubtful = to.iter().fold(0u8, |any, &to| any | u8::from(to == bad));
        if doubtful == 0 { to } else { one_by_one::<_, _, Self>(from, n, rm, flags) }
    }
}

/// From an integer.
pub(super) struct FromInt<F, const SIGNED: bool>(PhantomData<F>);

impl<F: Real, S: Element, const SIGNED: bool> Unary<S, F::Bits> for FromInt<F, SIGNED> {
    #[inline(always)]
    fn apply(a: S, rm: Rounding, flags: &mut Flags) -> F::Bits {
        F::Bits::of(if SIGNED {
            float::from_i64::<F>(a.sext(), rm, flags)
        } else {
            float::from_u64::<F>(a.zext(), rm, flags)
        })
    }

    #[inline(always)]
    fn portion(level: Level, from: &[S; PORTION], n: usize, rm: Rounding, flags: &mut Flags) -> [F::Bits; PORTION] {
        let on_host = if SIGNED && rm == Rounding::Rne { Function::from_int::<F>() } else { None };
        on_host
            .and_then(|function| function.apply(level, from))
            .unwrap_or_else(|| one_by_one::<_, _, Self>(from, n, rm, flags))
    }
}
