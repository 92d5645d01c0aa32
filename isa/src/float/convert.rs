//! Between formats, to and from integers, to integral values; constants.

use super::compare::is_signaling;
use super::format::{F64, Format, Kind, signed, unpack};
use super::round::{Rounded, round_pack, round_shift};
use super::{Flags, Rounding};

/// An integer type that floating point converts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Int {
    /// Two's complement if set.
    pub signed: bool,
    /// 1 to 64.
    pub width: u32,
}

impl Int {
    /// Signed 8-bit.
    pub const I8: Self = Self { signed: true, width: 8 };
    /// Unsigned 8-bit.
    pub const U8: Self = Self { signed: false, width: 8 };
    /// Signed 16-bit.
    pub const I16: Self = Self { signed: true, width: 16 };
    /// Unsigned 16-bit.
    pub const U16: Self = Self { signed: false, width: 16 };
    /// Signed 32-bit.
    pub const I32: Self = Self { signed: true, width: 32 };
    /// Unsigned 32-bit.
    pub const U32: Self = Self { signed: false, width: 32 };
    /// Signed 64-bit.
    pub const I64: Self = Self { signed: true, width: 64 };
    /// Unsigned 64-bit.
    pub const U64: Self = Self { signed: false, width: 64 };

    /// The greatest value.
    #[inline]
    pub const fn max(self) -> u64 {
        u64::MAX >> (64 - self.width + self.signed as u32)
    }

    /// The magnitude of the least value.
    #[inline]
    const fn least(self) -> u64 {
        if self.signed { 1 << (self.width - 1) } else { 0 }
    }
}

/// Rounds to an integer; outside `int`'s range, and for infinities, gives the nearest end of it, for NaNs the upper
/// end, raising NV (and then not NX).
///
/// Signed results are sign-extended to 64 bits, unsigned ones zero-extended: `fcvt.wu` must still sign-extend its 32
/// bits.
pub fn to_int<F: Format>(a: u64, int: Int, rm: Rounding, flags: &mut Flags) -> u64 {
    let x = unpack::<F>(a);
    let limit = if x.sign { int.least() } else { int.max() };
    let rounded = match x.kind {
        Kind::Zero => return 0,
        Kind::Nan => {
            *flags |= Flags::NV;
            return int.max();
        }
        Kind::Finite if x.exp < 64 => Some(round_shift(x.sign, x.sig, (63 - x.exp) as u32, rm)),
        Kind::Finite | Kind::Infinity => None,
    };
    let magnitude = match rounded {
        Some(Rounded { int, inexact }) if int <= limit => {
            if inexact {
                *flags |= Flags::NX;
            }
            int
        }
        _ => {
            *flags |= Flags::NV;
            limit
        }
    };
    if x.sign { magnitude.wrapping_neg() } else { magnitude }
}

/// Zfa `fcvtmod.w.d`: truncates to an integer and keeps it modulo 2^32, sign-extended; infinities and NaNs give 0.
/// Flags are those of `fcvt.w.d` towards zero.
pub fn fcvtmod_w_d(a: u64, flags: &mut Flags) -> u64 {
    to_int::<F64>(a, Int::I32, Rounding::Rtz, flags);
    let x = unpack::<F64>(a);
    let magnitude = match x.exp {
        _ if x.kind != Kind::Finite => 0,
        0..=63 => x.sig >> (63 - x.exp),
        64..=126 => x.sig << (x.exp - 63),
        _ => 0,
    };
    let low = if x.sign { magnitude.wrapping_neg() } else { magnitude } as i32;
    i64::from(low) as u64
}

fn from_magnitude<F: Format>(sign: bool, magnitude: u64, rm: Rounding, flags: &mut Flags) -> u64 {
    if magnitude == 0 {
        return 0;
    }
    let lz = magnitude.leading_zeros();
    round_pack::<F>(sign, 63 - lz as i32, magnitude << lz, rm, flags)
}

/// From a signed 64-bit integer.
pub fn from_i64<F: Format>(a: i64, rm: Rounding, flags: &mut Flags) -> u64 {
    from_magnitude::<F>(a < 0, a.unsigned_abs(), rm, flags)
}

/// From an unsigned 64-bit integer.
pub fn from_u64<F: Format>(a: u64, rm: Rounding, flags: &mut Flags) -> u64 {
    from_magnitude::<F>(false, a, rm, flags)
}

/// From a signed 32-bit integer.
pub fn from_i32<F: Format>(a: i32, rm: Rounding, flags: &mut Flags) -> u64 {
    from_i64::<F>(a.into(), rm, flags)
}

/// From an unsigned 32-bit integer.
pub fn from_u32<F: Format>(a: u32, rm: Rounding, flags: &mut Flags) -> u64 {
    from_u64::<F>(a.into(), rm, flags)
}

/// Between formats. NaNs become canonical, signalling ones raise NV.
pub fn convert<From: Format, To: Format>(a: u64, rm: Rounding, flags: &mut Flags) -> u64 {
    let x = unpack::<From>(a);
    match x.kind {
        Kind::Finite => round_pack::<To>(x.sign, x.exp, x.sig, rm, flags),
        Kind::Zero => signed::<To>(x.sign, 0),
        Kind::Infinity => signed::<To>(x.sign, To::INFINITY),
        Kind::Nan => {
            if is_signaling::<From>(a) {
                *flags |= Flags::NV;
            }
            To::NAN
        }
    }
}

/// To an integral value of the same format, keeping the sign of zeros: Zfa `fround`, or `froundnx` if `raise_inexact`.
pub fn round_to_integral<F: Format>(a: u64, rm: Rounding, raise_inexact: bool, flags: &mut Flags) -> u64 {
    let x = unpack::<F>(a);
    match x.kind {
        Kind::Nan => {
            if is_signaling::<F>(a) {
                *flags |= Flags::NV;
            }
            F::NAN
        }
        Kind::Finite if x.exp < F::FRAC_BITS as i32 => {
            let Rounded { int, inexact } = round_shift(x.sign, x.sig, (63 - x.exp) as u32, rm);
            if inexact && raise_inexact {
                *flags |= Flags::NX;
            }
            // At most `PRECISION` bits, so this conversion is exact.
            signed::<F>(x.sign, from_magnitude::<F>(false, int, rm, flags))
        }
        _ => a & F::MASK,
    }
}

/// Zfa `fli`: the constant that `index` (5 bits) selects.
pub fn load_immediate<F: Format>(index: u32) -> u64 {
    #[rustfmt::skip]
    const TABLE: [f64; 32] = [
        -1.0, 0.0, // 1: the least positive normal, which depends on the format
        1.0 / 65536.0, 1.0 / 32768.0, 1.0 / 256.0, 1.0 / 128.0, 0.0625, 0.125,
        0.25, 0.3125, 0.375, 0.4375, 0.5, 0.625, 0.75, 0.875,
        1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0,
        8.0, 16.0, 128.0, 256.0, 32768.0, 65536.0, f64::INFINITY, f64::NAN,
    ];
    match index & 31 {
        1 => F::MIN_NORMAL,
        // All others are exact, but for 2^16 in F16, which the specification gives as infinity: what overflow gives.
        i => convert::<F64, F>(TABLE[i as usize].to_bits(), Rounding::Rne, &mut Flags::empty()),
    }
}
