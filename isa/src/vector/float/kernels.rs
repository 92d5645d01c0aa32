//! The kernels of [`lanes`] for all operations, forms and levels.

use super::Real;
use super::active::PORTION;
use crate::float::lanes::{self, Binary, BinaryOp, Form, Fused, FusedOp, Level};
use crate::float::{F16, F32, F64, Flags, Rounding, add, div, host, mul, mul_add, sub};
use crate::vector::element::Element;

/// Kernels of one format and level, by operation and form.
pub(in crate::vector) struct Kernels<T> {
    binary: [[Binary<T>; 2]; 6],
    fused: [[Fused<T>; 2]; 4],
}

/// Those of two resolvers for a level.
macro_rules! kernels {
    ($binary:path, $fused:path, $level:expr) => {{
        macro_rules! forms {
            ($resolve:path, $op:expr) => {
                [$resolve($op, Form::Vector, $level), $resolve($op, Form::Scalar, $level)]
            };
        }
        Kernels {
            binary: [
                forms!($binary, BinaryOp::Add),
                forms!($binary, BinaryOp::Sub),
                forms!($binary, BinaryOp::Rsub),
                forms!($binary, BinaryOp::Mul),
                forms!($binary, BinaryOp::Div),
                forms!($binary, BinaryOp::Rdiv),
            ],
            fused: [
                forms!($fused, FusedOp::Macc),
                forms!($fused, FusedOp::Nmacc),
                forms!($fused, FusedOp::Msac),
                forms!($fused, FusedOp::Nmsac),
            ],
        }
    }};
}

impl<T> Kernels<T> {
    /// The kernel of a binary operation: `ADD` to `RDIV`.
    #[inline(always)]
    pub fn binary(&self, op: u8, scalar: bool) -> Binary<T> {
        self.binary[op as usize][usize::from(scalar)]
    }

    /// The kernel of a fused operation: `MACC` to `NMSAC`.
    #[inline(always)]
    pub fn fused(&self, op: u8, scalar: bool) -> Fused<T> {
        self.fused[op as usize][usize::from(scalar)]
    }
}

// The operations as numbers, for const generics and as indices.
pub(super) const ADD: u8 = 0;
pub(super) const SUB: u8 = 1;
pub(super) const RSUB: u8 = 2;
pub(super) const MUL: u8 = 3;
pub(super) const DIV: u8 = 4;
pub(super) const RDIV: u8 = 5;
pub(super) const MACC: u8 = 0;
pub(super) const NMACC: u8 = 1;
pub(super) const MSAC: u8 = 2;
pub(super) const NMSAC: u8 = 3;

/// A format with kernels.
pub(in crate::vector) trait Arithmetic: Real {
    /// The kernels of a level.
    fn kernels(level: Level) -> &'static Kernels<Self::Bits>;
    /// `a + b` on the host, to nearest even.
    fn host_add(a: Self::Bits, b: Self::Bits) -> Self::Bits;
    /// `start` and `n` elements from `from` on, added on the host one after the other, to nearest even.
    ///
    /// # Safety
    /// As many elements must be readable.
    unsafe fn host_sum(start: Self::Bits, from: *const Self::Bits, n: usize) -> Self::Bits;
    /// The square root of `a` on the host, to nearest even.
    fn host_sqrt(a: Self::Bits) -> Self::Bits;
}

macro_rules! arithmetic {
    ($($format:ident, $bits:ty, $binary:ident, $fused:ident, $add:ident, $sum:ident, $sqrt:ident;)*) => {$(
        impl Arithmetic for $format {
            #[inline(always)]
            fn kernels(level: Level) -> &'static Kernels<$bits> {
                static LEVELS: [Kernels<$bits>; Level::ALL.len()] = [
                    kernels!(lanes::$binary, lanes::$fused, Level::Portable),
                    kernels!(lanes::$binary, lanes::$fused, Level::Avx2),
                    kernels!(lanes::$binary, lanes::$fused, Level::Avx512),
                    kernels!(lanes::$binary, lanes::$fused, Level::Avx512Fp16),
                ];
                &LEVELS[level as usize]
            }
            #[inline(always)]
            fn host_add(a: $bits, b: $bits) -> $bits { host::$add(a, b) }
            #[inline(always)]
            unsafe fn host_sum(start: $bits, from: *const $bits, n: usize) -> $bits {
                // SAFETY: the caller's promise.
                unsafe { host::$sum(start, from, n) }
            }
            #[inline(always)]
            fn host_sqrt(a: $bits) -> $bits { host::$sqrt(a) }
        }
    )*};
}

arithmetic! {
    F16, u16, binary_f16, fused_f16, add_f16, sum_f16, sqrt_f16;
    F32, u32, binary_f32, fused_f32, add_f32, sum_f32, sqrt_f32;
    F64, u64, binary_f64, fused_f64, add_f64, sum_f64, sqrt_f64;
}

/// One element of a binary operation in any rounding mode.
#[inline(always)]
fn soft_binary<F: Real>(op: u8, a: F::Bits, b: F::Bits, rm: Rounding, flags: &mut Flags) -> F::Bits {
    let (a, b) = (a.zext(), b.zext());
    F::Bits::of(match op {
        ADD => add::<F>(a, b, rm, flags),
        SUB => sub::<F>(a, b, rm, flags),
        RSUB => sub::<F>(b, a, rm, flags),
        MUL => mul::<F>(a, b, rm, flags),
        DIV => div::<F>(a, b, rm, flags),
        _ => div::<F>(b, a, rm, flags),
    })
}

/// `a[i] = a[i] op b[i]` for the first `n` elements of a portion, in any rounding mode.
#[inline(always)]
pub(super) fn binary_portion<F: Arithmetic>(
    (op, level): (u8, Level),
    a: &mut [F::Bits; PORTION],
    b: &[F::Bits; PORTION],
    n: usize,
    rm: Rounding,
    flags: &mut Flags,
) {
    let (a, b) = (&mut a[..n], &b[..n]);
    if rm == Rounding::Rne {
        let to = a.as_mut_ptr();
        // SAFETY: both slices have as many elements, and the destination is the first operand.
        unsafe { F::kernels(level).binary(op, false)(to, to, b.as_ptr(), n) };
        return;
    }
    for (a, &b) in a.iter_mut().zip(b) {
        *a = soft_binary::<F>(op, *a, b, rm, flags);
    }
}

/// `d[i] = ±(a[i] * other[i]) ± d[i]` for the first `n` elements of a portion if `ADDS`, else `±(a[i] * d[i]) ± other[i]`, in any rounding
/// mode.
#[inline(always)]
pub(super) fn fused_portion<F: Arithmetic, const ADDS: bool>(
    (op, level): (u8, Level),
    d: &mut [F::Bits; PORTION],
    (a, other): (&[F::Bits; PORTION], &[F::Bits; PORTION]),
    n: usize,
    rm: Rounding,
    flags: &mut Flags,
) {
    let (d, a, other) = (&mut d[..n], &a[..n], &other[..n]);
    if rm == Rounding::Rne {
        let to = d.as_mut_ptr();
        let (b, c) = if ADDS { (other.as_ptr(), to.cast_const()) } else { (to.cast_const(), other.as_ptr()) };
        // SAFETY: all slices have as many elements, and the destination is one of the operands.
        unsafe { F::kernels(level).fused(op, false)(to, a.as_ptr(), b, c, n) };
        return;
    }
    for ((d, &a), &other) in d.iter_mut().zip(a).zip(other) {
        let (b, c) = if ADDS { (other, *d) } else { (*d, other) };
        *d = soft_fused::<F>(op, a, b, c, rm, flags);
    }
}

/// One element of a fused operation in any rounding mode.
#[inline(always)]
fn soft_fused<F: Real>(op: u8, a: F::Bits, b: F::Bits, c: F::Bits, rm: Rounding, flags: &mut Flags) -> F::Bits {
    let product = if op == NMACC || op == NMSAC { F::SIGN } else { 0 };
    let addend = if op == NMACC || op == MSAC { F::SIGN } else { 0 };
    F::Bits::of(mul_add::<F>(a.zext() ^ product, b.zext(), c.zext() ^ addend, rm, flags))
}
