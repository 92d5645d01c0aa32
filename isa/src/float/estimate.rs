//! The 7-bit estimates of the vector extension (RVV 1.0, sections 13.9 and 13.10).

use super::compare::{Class, classify};
use super::format::{Format, signed};
use super::round::overflowed;
use super::{Flags, Rounding};

/// Fraction of the reciprocal square root by (low bit of the exponent, six bits of fraction).
#[rustfmt::skip]
const RSQRT7: [u8; 128] = [
    52, 51, 50, 48, 47, 46, 44, 43, 42, 41, 40, 39, 38, 36, 35, 34,
    33, 32, 31, 30, 30, 29, 28, 27, 26, 25, 24, 23, 23, 22, 21, 20,
    19, 19, 18, 17, 16, 16, 15, 14, 14, 13, 12, 12, 11, 10, 10, 9,
    9, 8, 7, 7, 6, 6, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0,
    127, 125, 123, 121, 119, 118, 116, 114, 113, 111, 109, 108, 106, 105, 103, 102,
    100, 99, 97, 96, 95, 93, 92, 91, 90, 88, 87, 86, 85, 84, 83, 82,
    80, 79, 78, 77, 76, 75, 74, 73, 72, 71, 70, 70, 69, 68, 67, 66,
    65, 64, 63, 63, 62, 61, 60, 59, 59, 58, 57, 56, 56, 55, 54, 53,
];

/// Fraction of the reciprocal by seven bits of fraction.
#[rustfmt::skip]
const REC7: [u8; 128] = [
    127, 125, 123, 121, 119, 117, 116, 114, 112, 110, 109, 107, 105, 104, 102, 100,
    99, 97, 96, 94, 93, 91, 90, 88, 87, 85, 84, 83, 81, 80, 79, 77,
    76, 75, 74, 72, 71, 70, 69, 68, 66, 65, 64, 63, 62, 61, 60, 59,
    58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43,
    42, 41, 40, 40, 39, 38, 37, 36, 35, 35, 34, 33, 32, 31, 31, 30,
    29, 28, 28, 27, 26, 25, 25, 24, 23, 23, 22, 21, 21, 20, 19, 19,
    18, 17, 17, 16, 15, 15, 14, 14, 13, 12, 12, 11, 11, 10, 9, 9,
    8, 8, 7, 7, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0,
];

/// The biased exponent and fraction of a non-zero finite value, subnormals normalised (their exponent is then 0 or
/// less).
fn normalised<F: Format>(a: u64) -> (i32, u64) {
    let exp = (a >> F::FRAC_BITS) as i32 & F::EXP_SPECIAL;
    let frac = a & F::FRAC_MASK;
    if exp != 0 {
        return (exp, frac);
    }
    let lz = frac.leading_zeros() - (64 - F::FRAC_BITS);
    (-(lz as i32), frac << (lz + 1) & F::FRAC_MASK)
}

/// `vfrsqrt7.v`: about `1 / sqrt(a)`. Raises DZ for zeros, NV for negative numbers and signalling NaNs; never NX.
pub fn rsqrt7<F: Format>(a: u64, flags: &mut Flags) -> u64 {
    match classify::<F>(a) {
        Class::POS_SUBNORMAL | Class::POS_NORMAL => {
            let (exp, frac) = normalised::<F>(a);
            let index = (exp as usize & 1) << 6 | (frac >> (F::FRAC_BITS - 6)) as usize;
            // 3 * BIAS - 1 - exp is positive for every exponent, so the division rounds down.
            let out = ((3 * F::BIAS - 1 - exp) / 2) as u64;
            out << F::FRAC_BITS | u64::from(RSQRT7[index]) << (F::FRAC_BITS - 7)
        }
        Class::POS_INFINITY => 0,
        zero @ (Class::NEG_ZERO | Class::POS_ZERO) => {
            *flags |= Flags::DZ;
            signed::<F>(zero == Class::NEG_ZERO, F::INFINITY)
        }
        Class::QUIET_NAN => F::NAN,
        _ => {
            *flags |= Flags::NV;
            F::NAN
        }
    }
}

/// `vfrec7.v`: about `1 / a`. Raises DZ for zeros, OF and NX if the reciprocal is out of range (the result is then
/// infinite or the greatest finite number as `rm` says), NV for signalling NaNs; never UF, and NX for nothing else.
pub fn rec7<F: Format>(a: u64, rm: Rounding, flags: &mut Flags) -> u64 {
    let sign = a & F::SIGN != 0;
    match classify::<F>(a) {
        Class::NEG_INFINITY | Class::POS_INFINITY => signed::<F>(sign, 0),
        Class::NEG_ZERO | Class::POS_ZERO => {
            *flags |= Flags::DZ;
            signed::<F>(sign, F::INFINITY)
        }
        Class::QUIET_NAN => F::NAN,
        Class::SIGNALING_NAN => {
            *flags |= Flags::NV;
            F::NAN
        }
        _ => {
            let (exp, frac) = normalised::<F>(a);
            if exp < -1 {
                *flags |= Flags::OF | Flags::NX;
                return overflowed::<F>(sign, rm);
            }
            let estimate = u64::from(REC7[(frac >> (F::FRAC_BITS - 7)) as usize]) << (F::FRAC_BITS - 7);
            let magnitude = match 2 * F::BIAS - 1 - exp {
                // The two greatest binades have subnormal reciprocals: the hidden bit moves into the fraction.
                out @ (0 | -1) => (estimate | F::MIN_NORMAL) >> (1 - out),
                out => (out as u64) << F::FRAC_BITS | estimate,
            };
            signed::<F>(sign, magnitude)
        }
    }
}
