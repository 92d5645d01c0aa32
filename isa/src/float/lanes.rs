//! Element-wise arithmetic on whole vector register groups, at the host's vector width, round-to-nearest-even.
//!
//! A caller resolves a function once, at decode time ([`binary_f32`], [`fused_f32`], ...), and later only calls it.
//! Results and flags are those of soft float; flags gather in the host's status word (see [`host`], whose protocol and
//! reasons hold here as well: all arithmetic is inline assembly with side effects).
//!
//! At a chunk whose results hold a NaN, a wide function stores nothing but leaves the rest to its portable sibling,
//! which goes element by element and lets soft float see to the NaNs. The operands are still in memory then, even if
//! the destination is the same memory, and raising a flag twice does no harm. It is a tail call, so the common path
//! pays one predicted branch. Where fewer elements than a vector remain, the unused lanes repeat the first of them, and
//! raise nothing that it does not raise.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod kernel;
mod portable;

use super::format::{F16, F32, F64, Format};
use super::host;

/// How wide the host computes; ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// One element at a time: [`host`] operations, or soft float where there are none.
    Portable,
    /// 256-bit vectors: AVX2, FMA, F16C.
    Avx2,
    /// 512-bit vectors: AVX-512 F, BW, DQ, VL.
    Avx512,
    /// The same, and arithmetic on binary16: AVX-512 FP16.
    Avx512Fp16,
}

impl Level {
    /// All of them, in order.
    pub const ALL: [Level; 4] = [Level::Portable, Level::Avx2, Level::Avx512, Level::Avx512Fp16];

    /// Those of this host.
    pub fn of_host() -> impl Iterator<Item = Level> {
        Level::ALL.into_iter().filter(|&level| level <= Level::detect())
    }

    /// The widest level of this host.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            if has!("avx2") && has!("fma") && has!("f16c") {
                if has!("avx512f") && has!("avx512bw") && has!("avx512dq") && has!("avx512vl") {
                    return if has!("avx512fp16") { Self::Avx512Fp16 } else { Self::Avx512 };
                }
                return Self::Avx2;
            }
        }
        Self::Portable
    }
}

/// An operation on two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum BinaryOp {
    /// `a + b`
    Add,
    /// `a - b`
    Sub,
    /// `b - a`
    Rsub,
    /// `a * b`
    Mul,
    /// `a / b`
    Div,
    /// `b / a`
    Rdiv,
}

/// An operation on three operands with a single rounding, named as the vector instruction that accumulates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FusedOp {
    /// `a * b + c`
    Macc,
    /// `-(a * b) - c`
    Nmacc,
    /// `a * b - c`
    Msac,
    /// `-(a * b) + c`
    Nmsac,
}

/// Which operands are vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// All of them.
    Vector,
    /// The last operand of a binary operation (`b`), the first of a fused one (`a`), points to a single element; the
    /// others are vectors.
    Scalar,
}

/// `dst[i] = a[i] op b[i]` for `i < n`; with [`Form::Scalar`], `b[0]` for `b[i]`.
///
/// # Safety
/// The host must have the level that the function was asked for. `a` (and `b`, in vector form) must be readable and `dst`
/// writable for `n` elements; no alignment is needed beyond that of `T`. `dst` may be the same address as a vector operand
/// but not overlap one otherwise, nor hold the scalar. Nothing is accessed if `n` is zero.
pub type Binary<T> = unsafe fn(dst: *mut T, a: *const T, b: *const T, n: usize);

/// `dst[i] = ±(a[i] * b[i]) ± c[i]` for `i < n`; with [`Form::Scalar`], `a[0]` for `a[i]`.
///
/// # Safety
/// As for [`Binary`], with `a`, `b`, `c` the operands.
pub type Fused<T> = unsafe fn(dst: *mut T, a: *const T, b: *const T, c: *const T, n: usize);

/// Constants of [`BinaryOp`] for const generics.
mod op {
    use super::{BinaryOp, FusedOp};

    pub const ADD: u8 = BinaryOp::Add as u8;
    pub const SUB: u8 = BinaryOp::Sub as u8;
    pub const RSUB: u8 = BinaryOp::Rsub as u8;
    pub const MUL: u8 = BinaryOp::Mul as u8;
    pub const DIV: u8 = BinaryOp::Div as u8;
    pub const RDIV: u8 = BinaryOp::Rdiv as u8;
    pub const MACC: u8 = FusedOp::Macc as u8;
    pub const NMACC: u8 = FusedOp::Nmacc as u8;
    pub const MSAC: u8 = FusedOp::Msac as u8;
    pub const NMSAC: u8 = FusedOp::Nmsac as u8;
}

/// Picks the instance of a generic function by run-time operation and form.
macro_rules! instance {
    ($function:path, $op:expr, $form:expr, $type:ident: $($variant:ident = $constant:ident),+) => {
        match ($op, $form) {
            $(
                ($type::$variant, Form::Vector) => { use $function as f; f::<{ op::$constant }, false> }
                ($type::$variant, Form::Scalar) => { use $function as f; f::<{ op::$constant }, true> }
            )+
        }
    };
}

/// The two resolvers of one format: its name, bits, module, and the module for hosts with arithmetic on binary16.
macro_rules! resolvers {
    ($($format:ident, $bits:ty, $module:ident, $native:ident, $binary:ident, $fused:ident;)*) => {$(
        #[doc = concat!("The element-wise operation on ", stringify!($format), " for hosts of a level.")]
        pub const fn $binary(op: BinaryOp, form: Form, level: Level) -> Binary<$bits> {
            match level {
                #[cfg(target_arch = "x86_64")]
                Level::Avx512Fp16 => instance!(avx512::$native::binary, op, form, BinaryOp:
                    Add = ADD, Sub = SUB, Rsub = RSUB, Mul = MUL, Div = DIV, Rdiv = RDIV),
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => instance!(avx512::$module::binary, op, form, BinaryOp:
                    Add = ADD, Sub = SUB, Rsub = RSUB, Mul = MUL, Div = DIV, Rdiv = RDIV),
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => instance!(avx2::$module::binary, op, form, BinaryOp:
                    Add = ADD, Sub = SUB, Rsub = RSUB, Mul = MUL, Div = DIV, Rdiv = RDIV),
                _ => instance!(portable::$module::binary, op, form, BinaryOp:
                    Add = ADD, Sub = SUB, Rsub = RSUB, Mul = MUL, Div = DIV, Rdiv = RDIV),
            }
        }

        #[doc = concat!("The fused operation on ", stringify!($format), " for hosts of a level.")]
        pub const fn $fused(op: FusedOp, form: Form, level: Level) -> Fused<$bits> {
            match level {
                #[cfg(target_arch = "x86_64")]
                Level::Avx512Fp16 => instance!(avx512::$native::fused, op, form, FusedOp:
                    Macc = MACC, Nmacc = NMACC, Msac = MSAC, Nmsac = NMSAC),
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => instance!(avx512::$module::fused, op, form, FusedOp:
                    Macc = MACC, Nmacc = NMACC, Msac = MSAC, Nmsac = NMSAC),
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => instance!(avx2::$module::fused, op, form, FusedOp:
                    Macc = MACC, Nmacc = NMACC, Msac = MSAC, Nmsac = NMSAC),
                _ => instance!(portable::$module::fused, op, form, FusedOp:
                    Macc = MACC, Nmacc = NMACC, Msac = MSAC, Nmsac = NMSAC),
            }
        }
    )*};
}

resolvers! {
    F16, u16, half, native_half, binary_f16, fused_f16;
    F32, u32, single, single, binary_f32, fused_f32;
    F64, u64, double, double, binary_f64, fused_f64;
}

/// The sign bits to flip in the product and in the addend of a fused operation.
const fn flips<F: Format>(op: u8) -> (u64, u64) {
    let product = if op == op::NMACC || op == op::NMSAC { F::SIGN } else { 0 };
    let addend = if op == op::NMACC || op == op::MSAC { F::SIGN } else { 0 };
    (product, addend)
}
