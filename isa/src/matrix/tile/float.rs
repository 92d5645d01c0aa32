//! Floating-point tile multiply.
//!
//! - binary32 and binary64: for k = 0 alone, a product and a sum, each rounded under frm (not fused).
//! - 8 and 16 bits into binary32: the products are exact; they are added up in the order of k, then the accumulator is added, all in binary64 rounded to
//!   odd; the result is rounded to binary32 under frm. (Zvt's model adds the products at once and ends with a round-to-odd style
//!   addition; that its intermediate has 53 bits here, and that XSfmm does the same, is assumed.)
//!
//! Assumed: no flags are raised. NaN results are canonical.

use std::marker::PhantomData;

use super::number::Narrow;
use super::{Extent, extent, multiplies, refuse_off};
use crate::float::{F32, F64, Flags, Rounding, add, convert, host, mul};
use crate::hart::{Hart, Scalar};
use crate::inst::Inst;
use crate::matrix::geometry::Geometry;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::vector::float::{ready, rounding};
use crate::vector::simd::{Body, versioned};

/// The geometry in force, for a multiplication of floating-point numbers.
///
/// # Errors
/// As for every tile multiplication, or frm is invalid.
pub fn geometry(inst: &Inst, ctx: &Ctx) -> Result<Geometry, Illegal> {
    let geometry = super::geometry(ctx)?;
    ready(ctx)?;
    multiplies(inst, geometry)?;
    Ok(geometry)
}

/// The handler of a multiplication of narrow formats into binary32: A from vs2, B from vs1.
pub fn narrow<A: Narrow, B: Narrow>(ctx: &Ctx) -> Handler {
    versioned::<Widening<A, B>>(ctx.level)
}

/// The handler of a binary32 multiplication.
pub fn single(ctx: &Ctx) -> Handler {
    versioned::<Same<f32>>(ctx.level)
}

/// The handler of a binary64 multiplication.
pub fn double(ctx: &Ctx) -> Handler {
    versioned::<Same<f64>>(ctx.level)
}

/// Longest row of a source: the largest edge.
const MOST: usize = 128;
/// Columns that are worked on together.
const LANES: usize = 8;

/// a + b rounded to odd, for each lane. The error of a rounded sum is itself a number: where there is one and the sum is even, the odd
/// neighbour lies on its side.
#[inline(always)]
fn add_to_odd(a: &[f64; LANES], b: &[f64; LANES]) -> [f64; LANES] {
    let (mut sums, mut errors, mut inexact) = ([0f64; LANES], [0f64; LANES], false);
    for lane in 0..LANES {
        let (a, b) = (a[lane], b[lane]);
        let sum = a + b;
        let part = sum - a;
        let error = (a - (sum - part)) + (b - part);
        (sums[lane], errors[lane]) = (sum, error);
        inexact |= error != 0.0;
    }
    // Most sums of narrow products are exact.
    if inexact {
        for (sum, error) in sums.iter_mut().zip(errors) {
            let bits = sum.to_bits();
            let outward = (error > 0.0) == (*sum > 0.0);
            let odd = if outward { bits.wrapping_add(1) } else { bits.wrapping_sub(1) };
            // Not an error that is a NaN, as infinities leave it.
            let adjust = ((error > 0.0) | (error < 0.0)) & (bits & 1 == 0);
            *sum = f64::from_bits(if adjust { odd } else { bits });
        }
    }
    sums
}

/// The products of one factor and a vector.
#[inline(always)]
fn products(a: f64, b: &[f64]) -> [f64; LANES] {
    let mut products = [0f64; LANES];
    for (product, b) in products.iter_mut().zip(b) {
        *product = a * b;
    }
    products
}

/// Adds the products of one row's factors with LANES columns of B to as many accumulators.
#[inline(always)]
fn add_products(a: &[f64], b: &[[f64; MOST]; 4], column: usize, c: &mut [u8], rm: Rounding) {
    let mut sums = products(a[0], &b[0][column..column + LANES]);
    for (a, b) in a.iter().zip(b).skip(1) {
        sums = add_to_odd(&sums, &products(*a, &b[column..column + LANES]));
    }
    let mut old = [0f64; LANES];
    for (old, c) in old.iter_mut().zip(c.chunks_exact(4)) {
        *old = f64::from(f32::from_le_bytes([c[0], c[1], c[2], c[3]]));
    }
    let sums = add_to_odd(&old, &sums);
    if rm != Rounding::Rne {
        return round_slowly(&sums, c, rm);
    }
    for (sum, c) in sums.iter().zip(c.chunks_exact_mut(4)) {
        let bits = if sum.is_nan() { 0x7fc0_0000 } else { (*sum as f32).to_bits() };
        c.copy_from_slice(&bits.to_le_bytes());
    }
}

/// Rounds to binary32 in a mode that the host does not have at hand.
#[cold]
fn round_slowly(sums: &[f64], c: &mut [u8], rm: Rounding) {
    let mut ignored = Flags::empty();
    for (sum, c) in sums.iter().zip(c.chunks_exact_mut(4)) {
        let bits = convert::<F64, F32>(sum.to_bits(), rm, &mut ignored) as u32;
        c.copy_from_slice(&bits.to_le_bytes());
    }
}

struct Widening<A, B>(PhantomData<(A, B)>);

impl<A: Narrow, B: Narrow> Body for Widening<A, B> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let Some(Extent { tm, tn, tk, geometry }) = extent(h, op) else { return refuse_off(h, op) };
        if tk == 0 {
            return Flow::Next;
        }
        let rm = rounding(h);
        let saved = host::begin();
        let row = |reg: u8, k: usize| reg + (k as u32 * geometry.row_stride()) as u8;
        let (mut a, mut b) = ([[0f64; 4]; MOST], [[0f64; MOST]; 4]);
        for k in 0..tk {
            for (m, to) in a[..tm].iter_mut().enumerate() {
                to[k] = A::value(h.v.get(row(op.rs2, k), m));
            }
            for (n, to) in b[k][..tn].iter_mut().enumerate() {
                *to = B::value(h.v.get(row(op.rs1, k), n));
            }
        }
        for (m, a) in a[..tm].iter().enumerate() {
            let at = h.matrix.tiles.offset(op.word >> 8 & 15, 32, m as u32, 0);
            let c = &mut h.matrix.tiles.all_mut()[at..at + 4 * tn];
            let mut chunks = c.chunks_exact_mut(4 * LANES);
            let mut column = 0;
            for c in &mut chunks {
                add_products(&a[..tk], &b, column, c, rm);
                column += LANES;
            }
            let rest = chunks.into_remainder();
            if !rest.is_empty() {
                let mut c = [0u8; 4 * LANES];
                c[..rest.len()].copy_from_slice(rest);
                add_products(&a[..tk], &b, column, &mut c, rm);
                rest.copy_from_slice(&c[..rest.len()]);
            }
        }
        host::end(saved);
        Flow::Next
    }
}

/// binary32 or binary64 on the host.
trait Real: Copy + 'static {
    /// Storage of an element.
    type Bits: Scalar;
    /// From storage.
    fn of(bits: Self::Bits) -> Self;
    /// `c + a * b`, rounded twice to nearest, as storage; NaNs are canonical.
    fn nearest(a: Self, b: Self, c: Self) -> Self::Bits;
    /// The same in any rounding mode.
    fn rounded(a: Self, b: Self, c: Self, rm: Rounding) -> Self::Bits;
}

macro_rules! real {
    ($type:ty, $bits:ty, $format:ty, $nan:expr) => {
        impl Real for $type {
            type Bits = $bits;
            #[inline(always)]
            fn of(bits: $bits) -> $type {
                <$type>::from_bits(bits)
            }
            #[inline(always)]
            fn nearest(a: $type, b: $type, c: $type) -> $bits {
                let result = c + a * b;
                if result.is_nan() { $nan } else { result.to_bits() }
            }
            fn rounded(a: $type, b: $type, c: $type, rm: Rounding) -> $bits {
                let mut ignored = Flags::empty();
                let product = mul::<$format>(a.to_bits().into(), b.to_bits().into(), rm, &mut ignored);
                add::<$format>(c.to_bits().into(), product, rm, &mut ignored) as $bits
            }
        }
    };
}

real!(f32, u32, F32, 0x7fc0_0000);
real!(f64, u64, F64, 0x7ff8_0000_0000_0000);

struct Same<T>(PhantomData<T>);

impl<T: Real> Body for Same<T> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let Some(Extent { tm, tn, tk, .. }) = extent(h, op) else { return refuse_off(h, op) };
        if tk == 0 {
            return Flow::Next;
        }
        let (rm, size) = (rounding(h), size_of::<T::Bits>());
        let saved = host::begin();
        let mut b = [T::of(h.v.get(op.rs1, 0)); MOST];
        for (n, b) in b[..tn].iter_mut().enumerate() {
            *b = T::of(h.v.get(op.rs1, n));
        }
        for m in 0..tm {
            let a = T::of(h.v.get(op.rs2, m));
            let at = h.matrix.tiles.offset(op.word >> 8 & 15, 8 * size as u32, m as u32, 0);
            let c = &mut h.matrix.tiles.all_mut()[at..at + size * tn];
            if rm == Rounding::Rne {
                for (c, &b) in c.chunks_exact_mut(size).zip(&b) {
                    T::nearest(a, b, T::of(T::Bits::from_le(c))).to_le(c);
                }
            } else {
                for (c, &b) in c.chunks_exact_mut(size).zip(&b) {
                    T::rounded(a, b, T::of(T::Bits::from_le(c)), rm).to_le(c);
                }
            }
        }
        host::end(saved);
        Flow::Next
    }
}
