//! Floating-point reductions. Sums are made in element order, the unordered ones too: their order is free, and so
//! results are those of other simulators.

use std::marker::PhantomData;

use super::{end, start};
use crate::class::Class;
use crate::ext::Ext;
use crate::float::{F16, F32, F64, Flags, Rounding, add, is_nan, max, min};
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::element::Element;
use crate::vector::float::active::{Portions, gather};
use crate::vector::float::kernels::Arithmetic;
use crate::vector::float::select::{from_order, order};
use crate::vector::float::widen::{WideBits, Widens};
use crate::vector::float::{Real, arithmetic_ext, by_format, need, ready, rounding};
use crate::vector::legal;
use crate::vector::simd::{Body, versioned};

macro_rules! row {
    ($name:literal, $class:ident, $funct6:literal, $exec:expr) => {
        Row::new(
            $name,
            "vd, vs2, vs1 vm",
            concat!("vm vs2 vs1 vd 31..26=", $funct6, " 14..12=1 6..0=0x57"),
            Ext::ZVE32F,
            Class::$class,
            Exec::Select($exec),
        )
        .with(Props::NO_VSTART)
    };
}

/// Rows of this file.
pub(super) const ROWS: &[Row] = &[
    row!("vfredusum.vs", VFpReduce, 0x01, sum),
    row!("vfredosum.vs", VFpReduceOrdered, 0x03, sum),
    row!("vfredmin.vs", VFpReduceMinMax, 0x05, extreme::<false>),
    row!("vfredmax.vs", VFpReduceMinMax, 0x07, extreme::<true>),
    row!("vfwredusum.vs", VFpReduceWiden, 0x31, widening_sum),
    row!("vfwredosum.vs", VFpReduceOrdered, 0x33, widening_sum),
];

fn legality(inst: &Inst, ctx: &Ctx) -> Result<(), Illegal> {
    ready(ctx)?;
    need(ctx, arithmetic_ext(ctx.vtype.sew())?)?;
    legal::aligned(inst.rs2, ctx.vtype.lmul_log2())
}

fn sum(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legality(inst, ctx)?;
    Ok(by_format!(ctx, run_sum))
}

fn extreme<const MAX: bool>(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legality(inst, ctx)?;
    Ok(match ctx.vtype.sew() {
        16 => versioned::<Extreme<F16, MAX>>(ctx.level),
        32 => versioned::<Extreme<F32, MAX>>(ctx.level),
        _ => versioned::<Extreme<F64, MAX>>(ctx.level),
    })
}

fn widening_sum(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legality(inst, ctx)?;
    match ctx.vtype.sew() {
        16 => Ok(run_widening::<F16>),
        32 => {
            need(ctx, Ext::ZVE64D)?;
            Ok(run_widening::<F32>)
        }
        _ => Err(Illegal::Rule("widening floating point needs SEW 16 or 32")),
    }
}

#[inline(always)]
fn add_one<F: Arithmetic>(a: F::Bits, b: F::Bits, rm: Rounding, flags: &mut Flags) -> F::Bits {
    if rm == Rounding::Rne { F::host_add(a, b) } else { F::Bits::of(add::<F>(a.zext(), b.zext(), rm, flags)) }
}

fn run_sum<F: Arithmetic>(h: &mut Hart, op: &Op) -> Flow {
    let rm = rounding(h);
    let mut flags = Flags::empty();
    let Some(mut sum) = start::<F::Bits>(h, op) else { return Flow::Next };
    if op.masked == 0 && rm == Rounding::Rne {
        // SAFETY: legality has put the group into the register file, where an element is aligned.
        sum = unsafe { F::host_sum(sum, h.v.ptr(op.rs2).cast(), h.vl as usize) };
    } else {
        let mut portions = Portions::new(h);
        while let Some(portion) = portions.next(h, op) {
            for &element in &gather::<F::Bits>(h, op.rs2, portion)[..portion.len()] {
                sum = add_one::<F>(sum, element, rm, &mut flags);
            }
        }
    }
    end(h, op, sum);
    h.fflags |= flags;
    Flow::Next
}

struct Extreme<F, const MAX: bool>(PhantomData<F>);

impl<F: Real, const MAX: bool> Body for Extreme<F, MAX> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let mut flags = Flags::empty();
        let Some(start) = start::<F::Bits>(h, op) else { return Flow::Next };
        if op.masked == 0
            && let Some(value) = extreme_number::<F, MAX>(h, op, start)
        {
            end(h, op, value);
            return Flow::Next;
        }
        let mut value = start.zext();
        let mut portions = Portions::new(h);
        while let Some(portion) = portions.next(h, op) {
            for &element in &gather::<F::Bits>(h, op.rs2, portion)[..portion.len()] {
                let element = element.zext();
                value = if MAX { max::<F>(value, element, &mut flags) } else { min::<F>(value, element, &mut flags) };
            }
        }
        end(h, op, F::Bits::of(value));
        h.fflags |= flags;
        Flow::Next
    }
}

/// The extreme of all elements and `start`, if none is a NaN.
#[inline(always)]
fn extreme_number<F: Real, const MAX: bool>(h: &Hart, op: &Op, start: F::Bits) -> Option<F::Bits> {
    let from = h.v.ptr(op.rs2).cast::<F::Bits>();
    let (mut nan, mut best) = (u8::from(is_nan::<F>(start.zext())), order(start));
    for i in 0..h.vl as usize {
        // SAFETY: legality has put the group into the register file, where an element is aligned.
        let element = unsafe { *from.add(i) };
        nan |= u8::from(is_nan::<F>(element.zext()));
        let place = order(element);
        best = if (place > best) == MAX { place } else { best };
    }
    (nan == 0).then(|| from_order(best))
}

fn run_widening<N: Widens>(h: &mut Hart, op: &Op) -> Flow {
    let (rm, level) = (rounding(h), h.config().level);
    let mut flags = Flags::empty();
    let Some(mut sum) = start::<WideBits<N>>(h, op) else { return Flow::Next };
    let mut portions = Portions::new(h);
    while let Some(portion) = portions.next(h, op) {
        let wide = N::widen(level, &gather(h, op.rs2, portion), &mut flags);
        for &element in &wide[..portion.len()] {
            sum = add_one::<N::Wide>(sum, element, rm, &mut flags);
        }
    }
    end(h, op, sum);
    h.fflags |= flags;
    Flow::Next
}
