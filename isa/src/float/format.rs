//! The four interchange formats as types, and unpacking.

mod sealed {
    pub trait Sealed {}
}

/// The unsigned integer that holds a value of some format in memory.
pub trait Bits: sealed::Sealed + Copy + Default + Eq + std::fmt::Debug + Into<u64> + 'static {
    /// Keeps the low bits.
    fn truncate(wide: u64) -> Self;
}

macro_rules! bits {
    ($($t:ty)*) => {$(
        impl sealed::Sealed for $t {}
        impl Bits for $t {
            #[inline(always)]
            fn truncate(wide: u64) -> Self {
                wide as Self
            }
        }
    )*};
}
bits!(u16 u32 u64);

/// A binary interchange format: one sign bit, `EXP_BITS` of biased exponent, `FRAC_BITS` of fraction.
pub trait Format: sealed::Sealed + Copy + 'static {
    /// Storage of one value.
    type Bits: Bits;
    /// Width of the biased exponent field.
    const EXP_BITS: u32;
    /// Width of the fraction field.
    const FRAC_BITS: u32;

    /// Width of the whole value.
    const WIDTH: u32 = 1 + Self::EXP_BITS + Self::FRAC_BITS;
    /// Bits of significand, the hidden one included.
    const PRECISION: u32 = Self::FRAC_BITS + 1;
    /// Exponent bias.
    const BIAS: i32 = (1 << (Self::EXP_BITS - 1)) - 1;
    /// Biased exponent of infinities and NaNs.
    const EXP_SPECIAL: i32 = (1 << Self::EXP_BITS) - 1;
    /// The sign bit.
    const SIGN: u64 = 1 << (Self::WIDTH - 1);
    /// The fraction field.
    const FRAC_MASK: u64 = (1 << Self::FRAC_BITS) - 1;
    /// Plus infinity.
    const INFINITY: u64 = (Self::EXP_SPECIAL as u64) << Self::FRAC_BITS;
    /// The bit that is set in quiet NaNs.
    const QUIET: u64 = 1 << (Self::FRAC_BITS - 1);
    /// The canonical NaN: positive, quiet, no payload.
    const NAN: u64 = Self::INFINITY | Self::QUIET;
    /// The greatest finite value.
    const MAX_FINITE: u64 = Self::INFINITY - 1;
    /// The least positive normal value.
    const MIN_NORMAL: u64 = 1 << Self::FRAC_BITS;
    /// Everything that belongs to a value.
    const MASK: u64 = Self::SIGN | (Self::SIGN - 1);
}

macro_rules! format {
    ($($(#[$doc:meta])* $name:ident: $bits:ty, $exp:literal, $frac:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}
        impl sealed::Sealed for $name {}
        impl Format for $name {
            type Bits = $bits;
            const EXP_BITS: u32 = $exp;
            const FRAC_BITS: u32 = $frac;
        }
    )*};
}
format! {
    /// IEEE 754 binary16 (Zfh, Zvfh).
    F16: u16, 5, 10;
    /// bfloat16: the upper half of a binary32 (Zfbfmin, Zvfbfmin, Zvfbfwma).
    BF16: u16, 8, 7;
    /// IEEE 754 binary32 (F).
    F32: u32, 8, 23;
    /// IEEE 754 binary64 (D).
    F64: u64, 11, 52;
}

/// What a value is, as far as arithmetic needs to know before it looks at digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Zero,
    /// Subnormal or normal.
    Finite,
    Infinity,
    Nan,
}

/// A value taken apart. If `Finite`, it is `sig * 2^(exp - 63)` in magnitude, with bit 63 of `sig` set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unpacked {
    pub sign: bool,
    pub kind: Kind,
    pub exp: i32,
    pub sig: u64,
}

#[inline(always)]
pub(super) fn unpack<F: Format>(bits: u64) -> Unpacked {
    let sign = bits & F::SIGN != 0;
    let biased = (bits >> F::FRAC_BITS) as i32 & F::EXP_SPECIAL;
    // The fraction against the top of the word, where the hidden bit will be bit 63.
    let frac = (bits & F::FRAC_MASK) << (64 - F::PRECISION);
    if biased == 0 {
        if frac == 0 {
            return Unpacked { sign, kind: Kind::Zero, exp: 0, sig: 0 };
        }
        let lz = frac.leading_zeros();
        return Unpacked { sign, kind: Kind::Finite, exp: 1 - F::BIAS - lz as i32, sig: frac << lz };
    }
    if biased == F::EXP_SPECIAL {
        let kind = if frac == 0 { Kind::Infinity } else { Kind::Nan };
        return Unpacked { sign, kind, exp: 0, sig: 0 };
    }
    Unpacked { sign, kind: Kind::Finite, exp: biased - F::BIAS, sig: frac | 1 << 63 }
}

/// `magnitude` with a sign.
#[inline(always)]
pub(super) fn signed<F: Format>(sign: bool, magnitude: u64) -> u64 {
    if sign { magnitude | F::SIGN } else { magnitude }
}
