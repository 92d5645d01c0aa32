//! Comparisons: the result is a mask.

use std::marker::PhantomData;

use super::active::{PORTION, Portion, Portions, finish_mask, gather};
use super::select::{numbers, order};
use super::{Real, arithmetic_ext, need, ready, unbox};
use crate::class::Class;
use crate::ext::Ext;
use crate::float::{F16, F32, F64, Flags, eq, le, lt};
use crate::hart::Hart;
use crate::op::{Flow, Op};
use crate::row::{Exec, Row};
use crate::vector::element::Element;
use crate::vector::legal;
use crate::vector::simd::{Body, versioned};

macro_rules! row {
    (vv $name:literal, $funct6:literal, $cmp:ident) => {
        Row::new(
            concat!($name, ".vv"),
            "vd, vs2, vs1 vm",
            concat!("vm vs2 vs1 vd 31..26=", $funct6, " 14..12=1 6..0=0x57"),
            Ext::ZVE32F,
            Class::VFpCompare,
            compare::<$cmp, false>(),
        )
    };
    (vf $name:literal, $funct6:literal, $cmp:ident) => {
        Row::new(
            concat!($name, ".vf"),
            "vd, vs2, fs1 vm",
            concat!("vm vs2 rs1 vd 31..26=", $funct6, " 14..12=5 6..0=0x57"),
            Ext::ZVE32F,
            Class::VFpCompare,
            compare::<$cmp, true>(),
        )
    };
}

/// Rows of this file.
pub(super) const ROWS: &[Row] = &[
    row!(vv "vmfeq", 0x18, EQ),
    row!(vf "vmfeq", 0x18, EQ),
    row!(vv "vmfle", 0x19, LE),
    row!(vf "vmfle", 0x19, LE),
    row!(vv "vmflt", 0x1b, LT),
    row!(vf "vmflt", 0x1b, LT),
    row!(vv "vmfne", 0x1c, NE),
    row!(vf "vmfne", 0x1c, NE),
    row!(vf "vmfgt", 0x1d, GT),
    row!(vf "vmfge", 0x1f, GE),
];

const EQ: u8 = 0;
const NE: u8 = 1;
const LT: u8 = 2;
const LE: u8 = 3;
const GT: u8 = 4;
const GE: u8 = 5;

/// `vd.mask[i] = vs2[i] cmp vs1[i]`, or `cmp f[rs1]`.
const fn compare<const CMP: u8, const SCALAR: bool>() -> Exec {
    Exec::Select(|inst, ctx| {
        ready(ctx)?;
        need(ctx, arithmetic_ext(ctx.vtype.sew())?)?;
        let lmul = ctx.vtype.lmul_log2();
        // A mask is narrower than any group: it may be the lowest register of a source.
        let to = (inst.rd, -4);
        legal::aligned(inst.rs2, lmul)?;
        legal::mixed_overlap(to, (inst.rs2, lmul))?;
        if !SCALAR {
            legal::aligned(inst.rs1, lmul)?;
            legal::mixed_overlap(to, (inst.rs1, lmul))?;
        }
        Ok(match ctx.vtype.sew() {
            16 => versioned::<Compare<F16, CMP, SCALAR>>(ctx.level),
            32 => versioned::<Compare<F32, CMP, SCALAR>>(ctx.level),
            _ => versioned::<Compare<F64, CMP, SCALAR>>(ctx.level),
        })
    })
}

#[inline(always)]
fn holds<F: Real, const CMP: u8>(a: F::Bits, b: F::Bits, flags: &mut Flags) -> bool {
    let (a, b) = (a.zext(), b.zext());
    match CMP {
        EQ => eq::<F>(a, b, flags),
        NE => !eq::<F>(a, b, flags),
        LT => lt::<F>(a, b, flags),
        LE => le::<F>(a, b, flags),
        GT => lt::<F>(b, a, flags),
        _ => le::<F>(b, a, flags),
    }
}

/// The same for numbers, without flags.
#[inline(always)]
fn holds_for_numbers<T: Element, const CMP: u8>(a: T, b: T) -> bool {
    // Zeros are equal whatever their signs.
    let zeros = (a.zext() | b.zext()) << (64 - T::BITS + 1) == 0;
    let (x, y) = (order(a), order(b));
    match CMP {
        EQ => x == y || zeros,
        NE => x != y && !zeros,
        LT => x < y && !zeros,
        LE => x <= y || zeros,
        GT => x > y && !zeros,
        _ => x >= y || zeros,
    }
}

struct Compare<F, const CMP: u8, const SCALAR: bool>(PhantomData<F>);

impl<F: Real, const CMP: u8, const SCALAR: bool> Body for Compare<F, CMP, SCALAR> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let mut flags = Flags::empty();
        let scalar = if SCALAR { unbox::<F>(h, op.rs1) } else { F::Bits::default() };
        let mask = h.config().agnostic_ones.then(|| h.v.from(0)[..h.vlenb()].to_vec());
        let mut portions = Portions::new(h);
        while let Some(portion) = portions.next(h, op) {
            let a: [F::Bits; PORTION] = gather(h, op.rs2, portion);
            let b = if SCALAR { [scalar; PORTION] } else { gather(h, op.rs1, portion) };
            let mut holds = [false; PORTION];
            if numbers::<F>(&a, &b) {
                for (holds, (&a, &b)) in holds.iter_mut().zip(a.iter().zip(&b)) {
                    *holds = holds_for_numbers::<F::Bits, CMP>(a, b);
                }
            } else {
                for (holds, (&a, &b)) in holds.iter_mut().zip(a.iter().zip(&b)).take(portion.len()) {
                    *holds = self::holds::<F, CMP>(a, b, &mut flags);
                }
            }
            if let Portion::Run(start, PORTION) = portion
                && start % 8 == 0
            {
                let bits: [u8; PORTION / 8] = std::array::from_fn(|byte| {
                    let eight: [u8; 8] = std::array::from_fn(|bit| u8::from(holds[8 * byte + bit]));
                    // Bit 0 of byte i comes to bit 56 + i.
                    (u64::from_le_bytes(eight).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
                });
                h.v.from_mut(op.rd)[start / 8..][..bits.len()].copy_from_slice(&bits);
            } else {
                for (at, &holds) in holds.iter().enumerate().take(portion.len()) {
                    h.v.set_mask_bit(op.rd, portion.index(at), holds);
                }
            }
        }
        h.fflags |= flags;
        finish_mask(h, op, |index| mask.as_ref().is_some_and(|mask| mask[index / 8] >> (index % 8) & 1 == 1));
        Flow::Next
    }
}
