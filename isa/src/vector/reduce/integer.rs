//! Integer reductions.

use std::marker::PhantomData;

use super::{end, start};
use crate::class::Class;
use crate::ext::Ext;
use crate::hart::Hart;
use crate::op::{Flow, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::element::Element;
use crate::vector::legal;
use crate::vector::simd::{Body, versioned};

macro_rules! row {
    ($name:literal, $class:ident, $funct6:literal, $funct3:literal, $exec:expr) => {
        Row::new(
            $name,
            "vd, vs2, vs1 vm",
            concat!("vm vs2 vs1 vd 31..26=", $funct6, " 14..12=", $funct3, " 6..0=0x57"),
            Ext::ZVE32X,
            Class::$class,
            $exec,
        )
        .with(Props::NO_VSTART)
    };
}

/// Rows of this file.
pub(super) const ROWS: &[Row] = &[
    row!("vredsum.vs", VReduce, 0x00, 2, single::<SUM>()),
    row!("vredand.vs", VReduce, 0x01, 2, single::<AND>()),
    row!("vredor.vs", VReduce, 0x02, 2, single::<OR>()),
    row!("vredxor.vs", VReduce, 0x03, 2, single::<XOR>()),
    row!("vredminu.vs", VReduce, 0x04, 2, single::<MINU>()),
    row!("vredmin.vs", VReduce, 0x05, 2, single::<MIN>()),
    row!("vredmaxu.vs", VReduce, 0x06, 2, single::<MAXU>()),
    row!("vredmax.vs", VReduce, 0x07, 2, single::<MAX>()),
    row!("vwredsumu.vs", VReduceWiden, 0x30, 0, widening::<false>()),
    row!("vwredsum.vs", VReduceWiden, 0x31, 0, widening::<true>()),
];

const SUM: u8 = 0;
const AND: u8 = 1;
const OR: u8 = 2;
const XOR: u8 = 3;
const MINU: u8 = 4;
const MIN: u8 = 5;
const MAXU: u8 = 6;
const MAX: u8 = 7;

const fn single<const KIND: u8>() -> Exec {
    Exec::Select(|inst, ctx| {
        legal::vtype(ctx)?;
        legal::aligned(inst.rs2, ctx.vtype.lmul_log2())?;
        Ok(match ctx.vtype.sew() {
            8 => versioned::<Single<u8, KIND>>(ctx.level),
            16 => versioned::<Single<u16, KIND>>(ctx.level),
            32 => versioned::<Single<u32, KIND>>(ctx.level),
            _ => versioned::<Single<u64, KIND>>(ctx.level),
        })
    })
}

const fn widening<const SIGNED: bool>() -> Exec {
    Exec::Select(|inst, ctx| {
        legal::vtype(ctx)?;
        legal::aligned(inst.rs2, ctx.vtype.lmul_log2())?;
        Ok(match ctx.vtype.sew() {
            8 => versioned::<Wide<u8, u16, SIGNED>>(ctx.level),
            16 => versioned::<Wide<u16, u32, SIGNED>>(ctx.level),
            32 => versioned::<Wide<u32, u64, SIGNED>>(ctx.level),
            _ => return Err(Illegal::Rule("a widening reduction needs SEW below 64")),
        })
    })
}

#[inline(always)]
fn combine<T: Element, const KIND: u8>(a: T, b: T) -> T {
    match KIND {
        SUM => T::of(a.zext().wrapping_add(b.zext())),
        AND => T::of(a.zext() & b.zext()),
        OR => T::of(a.zext() | b.zext()),
        XOR => T::of(a.zext() ^ b.zext()),
        MINU => T::of(a.zext().min(b.zext())),
        MIN => T::of(a.sext().min(b.sext()) as u64),
        MAXU => T::of(a.zext().max(b.zext())),
        _ => T::of(a.sext().max(b.sext()) as u64),
    }
}

/// Folds the active elements of vs2 into `value`.
#[inline(always)]
fn fold<T: Element, D>(h: &Hart, op: &Op, mut value: D, f: impl Fn(D, T) -> D) -> D {
    let n = h.vl as usize;
    let elements = h.v.from(op.rs2)[..n * size_of::<T>()].chunks_exact(size_of::<T>()).map(T::from_le);
    if op.masked == 0 {
        return elements.fold(value, f);
    }
    for (index, element) in elements.enumerate() {
        if h.v.mask_bit(0, index) {
            value = f(value, element);
        }
    }
    value
}

struct Single<T, const KIND: u8>(PhantomData<T>);

impl<T: Element, const KIND: u8> Body for Single<T, KIND> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        if let Some(start) = start::<T>(h, op) {
            let result = fold::<T, T>(h, op, start, combine::<T, KIND>);
            end(h, op, result);
        }
        Flow::Next
    }
}

struct Wide<T, D, const SIGNED: bool>(PhantomData<(T, D)>);

impl<T: Element, D: Element, const SIGNED: bool> Body for Wide<T, D, SIGNED> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        if let Some(start) = start::<D>(h, op) {
            // Whatever is beyond the width of the result does not change it.
            let add = |sum: D, element: T| {
                let element = if SIGNED { element.sext() as u64 } else { element.zext() };
                D::of(sum.zext().wrapping_add(element))
            };
            let result = fold::<T, D>(h, op, start, add);
            end(h, op, result);
        }
        Flow::Next
    }
}
