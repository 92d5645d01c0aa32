//! Xsfvfexp16e, Xsfvfbfexp16e, Xsfvfexp32e: the exponential; Xsfvfexpa, Xsfvfexpa64e: its table step.
//!
//! Assumed, because only the encodings are public:
//! - `sf.vfexp.v` gives e^x rounded under frm from a value that is good to about 2^-50, so almost always the correctly rounded one. It raises NX for
//!   every result but those of 0, infinities and NaNs; OF and UF as a rounding to the format does; NV for signalling NaNs. NaNs become canonical.
//! - `sf.vfexpa.v` takes j from the low 5 (binary16) or 6 bits of an element and the biased exponent from the bits above; the result is positive,
//!   2^(j/32) or 2^(j/64) with its fraction rounded to nearest, and that exponent. Every bit pattern is taken as it is, and nothing is raised.

pub mod table;

use crate::class::Class;
use crate::ext::Ext;
use crate::float::{BF16, F16, F32, F64, Flags, Format, Rounding, convert, host, is_nan, is_signaling};
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::element::{Element, for_active};
use crate::vector::float::{Real, need, ready, rounding};
use crate::vector::legal;
use crate::vector::simd::{Body, versioned};

/// Extensions with the exponential.
pub const EXP: Ext = Ext::XSFVFEXP16E.union(Ext::XSFVFBFEXP16E).union(Ext::XSFVFEXP32E);
/// Extensions with the table step.
pub const EXPA: Ext = Ext::XSFVFEXPA.union(Ext::XSFVFEXPA64E);

/// Rows of this family.
pub const ROWS: &[Row] = &[
    Row::new(
        "sf.vfexp.v",
        "vd, vs2 vm",
        "vm vs2 vd 31..26=0x13 19..15=7 14..12=1 6..0=0x57",
        EXP,
        Class::VFpExp,
        Exec::Select(select_exp),
    )
    .with(Props::ALTFMT),
    Row::new(
        "sf.vfexpa.v",
        "vd, vs2 vm",
        "vm vs2 vd 31..26=0x13 19..15=6 14..12=1 6..0=0x57",
        EXPA,
        Class::VFpExpTable,
        Exec::Select(select_table),
    ),
];

fn groups(inst: &Inst, ctx: &Ctx) -> Result<(), Illegal> {
    let lmul = ctx.vtype.lmul_log2();
    legal::mask_overlap(inst)?;
    legal::aligned(inst.rd, lmul)?;
    legal::aligned(inst.rs2, lmul)
}

fn select_exp(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    ready(ctx)?;
    groups(inst, ctx)?;
    let fast = !crate::vector::element::general(inst, ctx) && ctx.frm == Rounding::Rne as u8;
    match (ctx.vtype.sew(), ctx.vtype.alt()) {
        (16, false) => need(ctx, Ext::XSFVFEXP16E).map(|()| general::<F16> as Handler),
        (16, true) => need(ctx, Ext::XSFVFBFEXP16E).map(|()| general::<BF16> as Handler),
        (32, _) if fast => need(ctx, Ext::XSFVFEXP32E).map(|()| versioned::<Single>(ctx.level)),
        (32, _) => need(ctx, Ext::XSFVFEXP32E).map(|()| general::<F32> as Handler),
        _ => Err(Illegal::Rule("the exponential needs SEW 16 or 32")),
    }
}

fn general<F: Real>(h: &mut Hart, op: &Op) -> Flow {
    let rm = rounding(h);
    let mut flags = Flags::empty();
    // The arithmetic below is this instruction's own affair: its flags are not.
    let saved = host::begin();
    for_active::<F::Bits>(h, op, |h, i| {
        let value = exponential::<F>(h.v.get::<F::Bits>(op.rs2, i).into(), rm, &mut flags);
        h.v.set(op.rd, i, F::Bits::of(value));
    });
    host::end(saved);
    h.fflags |= flags;
    Flow::Next
}

/// One element in any format and rounding mode.
fn exponential<F: Real>(bits: u64, rm: Rounding, flags: &mut Flags) -> u64 {
    if is_nan::<F>(bits) {
        if is_signaling::<F>(bits) {
            *flags |= Flags::NV;
        }
        return F::NAN;
    }
    let x = f64::from_bits(convert::<F, F64>(bits, Rounding::Rne, flags));
    if x.is_infinite() {
        return if x > 0.0 { F::INFINITY } else { 0 };
    }
    let result = convert::<F64, F>(exp([x])[0].to_bits(), rm, flags);
    if x != 0.0 {
        *flags |= Flags::NX;
    }
    result
}

/// binary32, unmasked, to nearest: without a branch for each element, so that the host takes many at a time.
struct Single;

impl Body for Single {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        const CHUNK: usize = 16;
        let n = h.vl as usize;
        let saved = host::begin();
        let mut seen = Flags::empty();
        for first in (0..n).step_by(CHUNK) {
            let len = (n - first).min(CHUNK);
            let mut bits = [0u32; CHUNK];
            for (i, bits) in bits[..len].iter_mut().enumerate() {
                *bits = h.v.get(op.rs2, first + i);
            }
            let mut results = [0u32; CHUNK];
            let (mut special, mut inexact, mut over, mut under) = (false, false, false, false);
            let values = exp(bits.map(|bits| f64::from(f32::from_bits(bits))));
            for ((&bits, result), y) in bits.iter().zip(&mut results).zip(values) {
                *result = (y as f32).to_bits();
                special |= bits & 0x7fff_ffff >= 0x7f80_0000;
                inexact |= bits & 0x7fff_ffff != 0;
                over |= y >= OVERFLOWS;
                under |= y < TINY;
            }
            if special {
                for (&bits, result) in bits.iter().zip(&mut results).take(len) {
                    *result = exponential::<F32>(bits.into(), Rounding::Rne, &mut seen) as u32;
                }
            } else {
                seen.set(Flags::NX, seen.contains(Flags::NX) || inexact);
                seen.set(Flags::OF, seen.contains(Flags::OF) || over);
                seen.set(Flags::UF, seen.contains(Flags::UF) || under);
            }
            for (i, &result) in results[..len].iter().enumerate() {
                h.v.set(op.rd, first + i, result);
            }
        }
        host::end(saved);
        h.fflags |= seen;
        Flow::Next
    }
}

/// The least value that rounds to infinity in binary32: half a unit above the greatest finite one.
const OVERFLOWS: f64 = f64::from_bits(0x47ef_ffff_f000_0000);
/// Values below are tiny after rounding in binary32: the least normal less a quarter of a unit.
const TINY: f64 = f64::from_bits(0x380f_ffff_f000_0000);

/// 1/12!, 1/11! and so on to 1/0!: what e^x has in front of the powers of x, from the highest on.
const COEFFICIENTS: [f64; 13] = {
    let (mut table, mut factorial, mut n) = ([1.0; 13], 1.0, 1);
    while n < 13 {
        factorial *= n as f64;
        table[12 - n] = 1.0 / factorial;
        n += 1;
    }
    table
};

/// e^x in binary64 for results that are rounded to binary32 or less: beyond 200 it is as at 200. No x is a NaN.
#[inline(always)]
fn exp<const N: usize>(x: [f64; N]) -> [f64; N] {
    /// Adding and subtracting it rounds to an integer.
    const TO_INTEGER: f64 = 6_755_399_441_055_744.0;
    /// ln 2 in two parts: the first has few enough bits that its multiples are exact.
    const LN2: [f64; 2] = [f64::from_bits(0x3fe6_2e42_fee0_0000), f64::from_bits(0x3dea_39ef_3579_3c76)];
    let x = x.map(|x| x.clamp(-200.0, 200.0));
    let shifted = x.map(|x| x * std::f64::consts::LOG2_E + TO_INTEGER);
    let mut rest = [0.0; N];
    for ((rest, x), shifted) in rest.iter_mut().zip(x).zip(shifted) {
        let k = shifted - TO_INTEGER;
        *rest = (x - k * LN2[0]) - k * LN2[1];
    }
    // The series to r^13: |r| <= ln(2)/2, where the next term is below 2^-57.
    let mut sums = [1.0 / 6_227_020_800.0; N];
    for coefficient in COEFFICIENTS {
        for (sum, rest) in sums.iter_mut().zip(rest) {
            *sum = *sum * rest + coefficient;
        }
    }
    // The low bits of `shifted` are k; no result leaves the range of normal numbers.
    for (sum, shifted) in sums.iter_mut().zip(shifted) {
        *sum = f64::from_bits(sum.to_bits().wrapping_add(shifted.to_bits() << 52));
    }
    sums
}

fn select_table(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    groups(inst, ctx)?;
    match ctx.vtype.sew() {
        16 => need(ctx, Ext::XSFVFEXPA).map(|()| step::<u16> as Handler),
        32 => need(ctx, Ext::XSFVFEXPA).map(|()| step::<u32> as Handler),
        64 => need(ctx, Ext::XSFVFEXPA64E).map(|()| step::<u64> as Handler),
        _ => Err(Illegal::Rule("the table step needs SEW 16, 32 or 64")),
    }
}

fn step<T: Element>(h: &mut Hart, op: &Op) -> Flow {
    for_active::<T>(h, op, |h, i| {
        let bits = h.v.get::<T>(op.rs2, i).zext();
        h.v.set(op.rd, i, T::of(entry(T::BITS, bits)));
    });
    Flow::Next
}

/// The table step of one element.
fn entry(width: u32, bits: u64) -> u64 {
    let field = |index_bits: u32, exponent_bits: u32| (bits >> index_bits) & ((1 << exponent_bits) - 1);
    match width {
        16 => field(5, F16::EXP_BITS) << F16::FRAC_BITS | u64::from(table::HALF[bits as usize & 31]),
        32 => field(6, F32::EXP_BITS) << F32::FRAC_BITS | u64::from(table::SINGLE[bits as usize & 63]),
        _ => field(6, F64::EXP_BITS) << F64::FRAC_BITS | table::DOUBLE[bits as usize & 63],
    }
}
