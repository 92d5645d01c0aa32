//! Minimum, maximum, sign injection, merge and splat: operations that only choose bits.

use std::marker::PhantomData;

use super::active::{PORTION, Portions, finish, gather, scatter};
use super::{Real, by_format, single_width, unbox};
use crate::class::Class;
use crate::ext::Ext;
use crate::float::{F16, F32, F64, Flags, is_nan, max, min, sign_copy, sign_negate, sign_xor};
use crate::hart::Hart;
use crate::op::{Flow, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::element::{Element, Second, Splat, fill_chunks};
use crate::vector::simd::{Body, versioned};

macro_rules! row {
    (vv $name:literal, $funct6:literal, $choice:ident) => {
        Row::new(
            concat!($name, ".vv"),
            "vd, vs2, vs1 vm",
            concat!("vm vs2 vs1 vd 31..26=", $funct6, " 14..12=1 6..0=0x57"),
            Ext::ZVE32F,
            Class::VFpOther,
            choose::<$choice, false>(),
        )
    };
    (vf $name:literal, $funct6:literal, $choice:ident) => {
        Row::new(
            concat!($name, ".vf"),
            "vd, vs2, fs1 vm",
            concat!("vm vs2 rs1 vd 31..26=", $funct6, " 14..12=5 6..0=0x57"),
            Ext::ZVE32F,
            Class::VFpOther,
            choose::<$choice, true>(),
        )
    };
}

/// Rows of this file.
pub(super) const ROWS: &[Row] = &[
    row!(vv "vfmin", 0x04, MIN),
    row!(vf "vfmin", 0x04, MIN),
    row!(vv "vfmax", 0x06, MAX),
    row!(vf "vfmax", 0x06, MAX),
    row!(vv "vfsgnj", 0x08, COPY),
    row!(vf "vfsgnj", 0x08, COPY),
    row!(vv "vfsgnjn", 0x09, NEGATE),
    row!(vf "vfsgnjn", 0x09, NEGATE),
    row!(vv "vfsgnjx", 0x0a, XOR),
    row!(vf "vfsgnjx", 0x0a, XOR),
    Row::new(
        "vfmerge.vfm",
        "vd, vs2, fs1, v0",
        "vs2 rs1 vd 31..25=0x2e 14..12=5 6..0=0x57",
        Ext::ZVE32F,
        Class::VMerge,
        Exec::Select(|inst, ctx| {
            single_width(inst, ctx, false)?;
            if inst.rd == 0 {
                return Err(Illegal::Rule("a merge must not overwrite its mask v0"));
            }
            Ok(by_format!(ctx, merge))
        }),
    )
    .with(Props::FLOAT.union(Props::FLAGS)),
    Row::new(
        "vfmv.v.f",
        "vd, fs1",
        "rs1 vd 31..25=0x2f 24..20=0 14..12=5 6..0=0x57",
        Ext::ZVE32F,
        Class::VMerge,
        Exec::Select(|inst, ctx| {
            single_width(inst, ctx, false)?;
            Ok(match ctx.vtype.sew() {
                16 => versioned::<Broadcast<F16>>(ctx.level),
                32 => versioned::<Broadcast<F32>>(ctx.level),
                _ => versioned::<Broadcast<F64>>(ctx.level),
            })
        }),
    )
    .with(Props::FLOAT.union(Props::FLAGS)),
];

const MIN: u8 = 0;
const MAX: u8 = 1;
const COPY: u8 = 2;
const NEGATE: u8 = 3;
const XOR: u8 = 4;

/// `vd[i] = choice(vs2[i], vs1[i])`, or of `f[rs1]`.
const fn choose<const CHOICE: u8, const SCALAR: bool>() -> Exec {
    Exec::Select(|inst, ctx| {
        single_width(inst, ctx, !SCALAR)?;
        Ok(match ctx.vtype.sew() {
            16 => versioned::<Choose<F16, CHOICE, SCALAR>>(ctx.level),
            32 => versioned::<Choose<F32, CHOICE, SCALAR>>(ctx.level),
            _ => versioned::<Choose<F64, CHOICE, SCALAR>>(ctx.level),
        })
    })
}

#[inline(always)]
fn apply<F: Real, const CHOICE: u8>(a: F::Bits, b: F::Bits, flags: &mut Flags) -> F::Bits {
    let (a, b) = (a.zext(), b.zext());
    F::Bits::of(match CHOICE {
        MIN => min::<F>(a, b, flags),
        MAX => max::<F>(a, b, flags),
        COPY => sign_copy::<F>(a, b),
        NEGATE => sign_negate::<F>(a, b),
        _ => sign_xor::<F>(a, b),
    })
}

struct Choose<F, const CHOICE: u8, const SCALAR: bool>(PhantomData<F>);

impl<F: Real, const CHOICE: u8, const SCALAR: bool> Body for Choose<F, CHOICE, SCALAR> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        if op.masked == 0 && h.vstart == 0 && !h.config().agnostic_ones && whole::<F, CHOICE, SCALAR>(h, op) {
            return Flow::Next;
        }
        let mut flags = Flags::empty();
        let scalar = if SCALAR { unbox::<F>(h, op.rs1) } else { F::Bits::default() };
        let mut portions = Portions::new(h);
        while let Some(portion) = portions.next(h, op) {
            let mut a: [F::Bits; PORTION] = gather(h, op.rs2, portion);
            let b = if SCALAR { [scalar; PORTION] } else { gather(h, op.rs1, portion) };
            if CHOICE > MAX {
                for (a, &b) in a.iter_mut().zip(&b) {
                    *a = apply::<F, CHOICE>(*a, b, &mut Flags::empty());
                }
            } else if numbers::<F>(&a, &b) {
                for (a, &b) in a.iter_mut().zip(&b) {
                    let first = (order(*a) < order(b)) == (CHOICE == MIN);
                    *a = if first { *a } else { b };
                }
            } else {
                for (a, &b) in a.iter_mut().zip(&b).take(portion.len()) {
                    *a = apply::<F, CHOICE>(*a, b, &mut flags);
                }
            }
            scatter(h, op.rd, portion, &a);
        }
        h.fflags |= flags;
        finish::<F::Bits>(h, op);
        Flow::Next
    }
}

/// A whole group at once; false, with nothing done, when a NaN needs more care.
#[inline(always)]
fn whole<F: Real, const CHOICE: u8, const SCALAR: bool>(h: &mut Hart, op: &Op) -> bool {
    if SCALAR {
        let scalar = unbox::<F>(h, op.rs1);
        whole_with::<F, CHOICE>(h, op, Splat(scalar))
    } else {
        let b = h.v.ptr(op.rs1).cast::<F::Bits>();
        whole_with::<F, CHOICE>(h, op, b)
    }
}

#[inline(always)]
fn whole_with<F: Real, const CHOICE: u8>(h: &mut Hart, op: &Op, b: impl Second<F::Bits>) -> bool {
    let n = h.vl as usize;
    let (d, a) = (h.v.ptr_mut(op.rd).cast::<F::Bits>(), h.v.ptr(op.rs2).cast::<F::Bits>());
    // SAFETY: legality has put the groups into the register file, the same or disjoint.
    unsafe {
        if CHOICE > MAX {
            fill_chunks(d, n, |i| apply::<F, CHOICE>(*a.add(i), b.at(i), &mut Flags::empty()));
            return true;
        }
        let mut nan = F::Bits::ZERO;
        for i in 0..n {
            let either = is_nan::<F>((*a.add(i)).zext()) | is_nan::<F>(b.at(i).zext());
            nan = F::Bits::of(nan.zext() | u64::from(either));
        }
        if nan != F::Bits::ZERO {
            return false;
        }
        fill_chunks(d, n, |i| {
            let (a, b) = (*a.add(i), b.at(i));
            if (order(a) < order(b)) == (CHOICE == MIN) { a } else { b }
        });
    }
    true
}

/// Whether no element is a NaN.
#[inline(always)]
pub(super) fn numbers<F: Real>(a: &[F::Bits; PORTION], b: &[F::Bits; PORTION]) -> bool {
    a.iter().zip(b).fold(true, |all, (a, b)| all & !is_nan::<F>(a.zext()) & !is_nan::<F>(b.zext()))
}

/// A monotone map of numbers to unsigned integers of their width, -0 just below +0.
#[inline(always)]
pub(in crate::vector) fn order<T: Element>(a: T) -> T {
    T::of(a.zext() ^ ((a.sext() >> 63) as u64 | 1 << (T::BITS - 1)))
}

/// The inverse of [`order`].
#[inline(always)]
pub(in crate::vector) fn from_order<T: Element>(place: T) -> T {
    T::of(place.zext() ^ (!(place.sext() >> 63) as u64 | 1 << (T::BITS - 1)))
}

fn merge<F: Real>(h: &mut Hart, op: &Op) -> Flow {
    let scalar = unbox::<F>(h, op.rs1);
    let mut portions = Portions::new(h);
    while let Some(portion) = portions.next(h, op) {
        let mut a: [F::Bits; PORTION] = gather(h, op.rs2, portion);
        for (at, a) in a.iter_mut().enumerate().take(portion.len()) {
            if h.v.mask_bit(0, portion.index(at)) {
                *a = scalar;
            }
        }
        scatter(h, op.rd, portion, &a);
    }
    finish::<F::Bits>(h, op);
    Flow::Next
}

/// `vd[i] = f[rs1]`.
struct Broadcast<F>(PhantomData<F>);

impl<F: Real> Body for Broadcast<F> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let scalar = unbox::<F>(h, op.rs1);
        if h.vstart == 0 && !h.config().agnostic_ones {
            // SAFETY: legality has put the group into the register file, where an element is aligned.
            unsafe { fill_chunks(h.v.ptr_mut(op.rd).cast(), h.vl as usize, |_| scalar) };
            return Flow::Next;
        }
        let mut portions = Portions::new(h);
        while let Some(portion) = portions.next(h, op) {
            scatter(h, op.rd, portion, &[scalar; PORTION]);
        }
        finish::<F::Bits>(h, op);
        Flow::Next
    }
}
