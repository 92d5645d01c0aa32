//! The only place where soft float rounds.

use super::format::{Format, signed};
use super::{Flags, Rounding};

const HALF: u64 = 1 << 63;

/// An integer quotient after rounding, and whether rounding lost anything.
pub(super) struct Rounded {
    pub int: u64,
    pub inexact: bool,
}

/// Rounds `sig / 2^shift` to an integer; `sign` only steers the directed modes. `sig` is not zero; any `shift` is
/// allowed.
#[inline(always)]
pub(super) fn round_shift(sign: bool, sig: u64, shift: u32, rm: Rounding) -> Rounded {
    // `rest` is what falls off, left-aligned, so that HALF is one half whatever the shift.
    let (int, rest) = match shift {
        0 => (sig, 0),
        1..=63 => (sig >> shift, sig << (64 - shift)),
        64 => (0, sig),
        _ => (0, 1),
    };
    let odd = int & 1 != 0;
    let up = match rm {
        Rounding::Rne => rest > HALF || rest == HALF && odd,
        Rounding::Rtz => false,
        Rounding::Rdn => sign && rest != 0,
        Rounding::Rup => !sign && rest != 0,
        Rounding::Rmm => rest >= HALF,
        // One more than an even truncation is odd, and an odd one stays.
        Rounding::Rod => !odd && rest != 0,
    };
    Rounded { int: int + u64::from(up), inexact: rest != 0 }
}

/// What a magnitude too large for the format becomes.
pub(super) fn overflowed<F: Format>(sign: bool, rm: Rounding) -> u64 {
    let to_infinity = match rm {
        Rounding::Rne | Rounding::Rmm => true,
        Rounding::Rtz | Rounding::Rod => false,
        Rounding::Rdn => sign,
        Rounding::Rup => !sign,
    };
    signed::<F>(sign, if to_infinity { F::INFINITY } else { F::MAX_FINITE })
}

/// Rounds `sig * 2^(exp - 63)` into the format and raises NX, OF and UF.
///
/// `sig` has bit 63 set. Its bit 0 may stand for any non-zero tail below it ("sticky"): every format drops at least
/// eleven bits, so bit 0 only ever tells "exactly half" from "more" and "exact" from "inexact".
#[inline(always)]
pub(super) fn round_pack<F: Format>(sign: bool, exp: i32, sig: u64, rm: Rounding, flags: &mut Flags) -> u64 {
    debug_assert!(sig >> 63 == 1);
    let dropped = 64 - F::PRECISION;
    let biased = exp + F::BIAS;
    if biased < 1 {
        return round_pack_tiny::<F>(sign, biased, sig, rm, flags);
    }
    let Rounded { int, inexact } = round_shift(sign, sig, dropped, rm);
    // The hidden bit of `int` adds the one missing from the exponent field, and a carry out of rounding one more.
    let magnitude = (((biased - 1) as u64) << F::FRAC_BITS) + int;
    if biased >= F::EXP_SPECIAL || magnitude >= F::INFINITY {
        *flags |= Flags::OF | Flags::NX;
        return overflowed::<F>(sign, rm);
    }
    if inexact {
        *flags |= Flags::NX;
    }
    signed::<F>(sign, magnitude)
}

/// [`round_pack`] below the normal range, where the digits kept are fewer.
fn round_pack_tiny<F: Format>(sign: bool, biased: i32, sig: u64, rm: Rounding, flags: &mut Flags) -> u64 {
    let dropped = 64 - F::PRECISION;
    let Rounded { int, inexact } = round_shift(sign, sig, dropped + (1 - biased) as u32, rm);
    if inexact {
        *flags |= Flags::NX;
        // Tiny after rounding: would rounding to full precision, were there no least exponent, stay below the least
        // normal? Only the binade just below it can be carried up there.
        let tiny = biased < 0 || round_shift(sign, sig, dropped, rm).int >> F::PRECISION == 0;
        if tiny {
            *flags |= Flags::UF;
        }
    }
    // `int` may have grown to the least normal; then its hidden bit is the exponent field.
    signed::<F>(sign, int)
}

/// Narrows a non-zero `u128` to a normalised 64-bit significand with a sticky last bit; the shift made is returned.
#[inline(always)]
pub(super) fn normalise_wide(wide: u128) -> (u64, i32) {
    let lz = wide.leading_zeros();
    let wide = wide << lz;
    ((wide >> 64) as u64 | u64::from(wide as u64 != 0), lz as i32)
}
