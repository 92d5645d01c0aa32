//! Bit-exact RISC-V floating point on raw bit patterns.
//!
//! Three layers, each checked against the one before:
//!
//! 1. *Soft float* (this module's functions): integer-only, every format and rounding mode, the reference for all else.
//!    An operation unpacks to (sign, exponent, significand), works exactly in `u128`, and leaves through one
//!    `round_pack`, so that rounding, overflow and underflow have a single definition.
//! 2. [`host`]: one operation at a time on the host's SSE/FMA units, round-to-nearest-even only, flags in MXCSR.
//! 3. [`lanes`]: the same on whole register groups, AVX2 or AVX-512 chosen once at decode time.
//!
//! Values travel as bit patterns in the low bits of a `u64`; bits above the format's width are ignored on input and
//! zero on output (NaN boxing belongs to the register file, not here). NaN results are canonical, tininess is detected
//! after rounding and subnormals are always honoured, as the F, D, Zfh and V chapters of the RISC-V specification
//! require.

mod arith;
mod compare;
mod convert;
mod estimate;
mod format;
pub mod host;
pub mod lanes;
mod round;
#[cfg(test)]
mod tests;

pub use arith::{add, div, mul, mul_add, sqrt, sub};
pub use compare::{
    Class, classify, eq, is_nan, is_signaling, le, le_quiet, lt, lt_quiet, max, maxm, min, minm, sign_copy,
    sign_negate, sign_xor,
};
pub use convert::{
    Int, convert, fcvtmod_w_d, from_i32, from_i64, from_u32, from_u64, load_immediate, round_to_integral, to_int,
};
pub use estimate::{rec7, rsqrt7};
pub use format::{BF16, Bits, F16, F32, F64, Format};

bitflags::bitflags! {
    /// Accrued exceptions, laid out as the `fflags` CSR.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Flags: u8 {
        /// Inexact.
        const NX = 1;
        /// Underflow: tiny after rounding, and inexact.
        const UF = 2;
        /// Overflow.
        const OF = 4;
        /// Divide by zero: an exact infinity from finite operands.
        const DZ = 8;
        /// Invalid operation.
        const NV = 16;
    }
}

/// Rounding mode; the value of the first five is their `frm` encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Rounding {
    /// To nearest, ties to even.
    Rne = 0,
    /// Towards zero.
    Rtz = 1,
    /// Down, towards minus infinity.
    Rdn = 2,
    /// Up, towards plus infinity.
    Rup = 3,
    /// To nearest, ties to maximum magnitude (away from zero).
    Rmm = 4,
    /// To odd: truncate, and set the last bit if anything was lost. Not an `frm` value (hence outside the three-bit
    /// field); only `vfncvt.rod.f.f.w` asks for it.
    Rod = 8,
}

impl Rounding {
    /// The mode of an `frm` or static `rm` field; `None` for the reserved values 5 and 6, and for 7 (dynamic).
    pub const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits {
            0 => Self::Rne,
            1 => Self::Rtz,
            2 => Self::Rdn,
            3 => Self::Rup,
            4 => Self::Rmm,
            _ => return None,
        })
    }
}
