//! Comparison, minimum and maximum, classification and sign injection: everything that never rounds.

use super::Flags;
use super::format::Format;

bitflags::bitflags! {
    /// The mask that `fclass` returns: exactly one bit is set.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Class: u16 {
        /// Minus infinity.
        const NEG_INFINITY = 1 << 0;
        /// Negative normal number.
        const NEG_NORMAL = 1 << 1;
        /// Negative subnormal number.
        const NEG_SUBNORMAL = 1 << 2;
        /// `-0`.
        const NEG_ZERO = 1 << 3;
        /// `+0`.
        const POS_ZERO = 1 << 4;
        /// Positive subnormal number.
        const POS_SUBNORMAL = 1 << 5;
        /// Positive normal number.
        const POS_NORMAL = 1 << 6;
        /// Plus infinity.
        const POS_INFINITY = 1 << 7;
        /// Signalling NaN.
        const SIGNALING_NAN = 1 << 8;
        /// Quiet NaN.
        const QUIET_NAN = 1 << 9;
    }
}

#[inline(always)]
fn magnitude<F: Format>(a: u64) -> u64 {
    a & (F::SIGN - 1)
}

/// Whether `a` is a NaN of either kind.
#[inline(always)]
pub fn is_nan<F: Format>(a: u64) -> bool {
    magnitude::<F>(a) > F::INFINITY
}

/// Whether `a` is a signalling NaN.
#[inline(always)]
pub fn is_signaling<F: Format>(a: u64) -> bool {
    is_nan::<F>(a) && a & F::QUIET == 0
}

/// A monotone map of the numbers (no NaNs) to integers; `-0` goes just below `+0`.
#[inline(always)]
fn order<F: Format>(a: u64) -> i64 {
    let m = magnitude::<F>(a) as i64;
    if a & F::SIGN != 0 { !m } else { m }
}

#[inline(always)]
fn raise_if_signaling<F: Format>(a: u64, b: u64, flags: &mut Flags) {
    if is_signaling::<F>(a) || is_signaling::<F>(b) {
        *flags |= Flags::NV;
    }
}

/// `a == b` (`feq`): quiet, so only signalling NaNs raise NV.
pub fn eq<F: Format>(a: u64, b: u64, flags: &mut Flags) -> bool {
    if is_nan::<F>(a) || is_nan::<F>(b) {
        raise_if_signaling::<F>(a, b, flags);
        return false;
    }
    (a ^ b) & F::MASK == 0 || magnitude::<F>(a | b) == 0
}

#[inline(always)]
fn ordered_lt<F: Format>(a: u64, b: u64) -> bool {
    order::<F>(a) < order::<F>(b) && magnitude::<F>(a | b) != 0
}

#[inline(always)]
fn ordered_le<F: Format>(a: u64, b: u64) -> bool {
    order::<F>(a) <= order::<F>(b) || magnitude::<F>(a | b) == 0
}

/// `a < b` (`flt`): signalling, so any NaN raises NV.
pub fn lt<F: Format>(a: u64, b: u64, flags: &mut Flags) -> bool {
    if is_nan::<F>(a) || is_nan::<F>(b) {
        *flags |= Flags::NV;
        return false;
    }
    ordered_lt::<F>(a, b)
}

/// `a <= b` (`fle`): signalling, so any NaN raises NV.
pub fn le<F: Format>(a: u64, b: u64, flags: &mut Flags) -> bool {
    if is_nan::<F>(a) || is_nan::<F>(b) {
        *flags |= Flags::NV;
        return false;
    }
    ordered_le::<F>(a, b)
}

/// `a < b` (Zfa `fltq`): only signalling NaNs raise NV.
pub fn lt_quiet<F: Format>(a: u64, b: u64, flags: &mut Flags) -> bool {
    if is_nan::<F>(a) || is_nan::<F>(b) {
        raise_if_signaling::<F>(a, b, flags);
        return false;
    }
    ordered_lt::<F>(a, b)
}

/// `a <= b` (Zfa `fleq`): only signalling NaNs raise NV.
pub fn le_quiet<F: Format>(a: u64, b: u64, flags: &mut Flags) -> bool {
    if is_nan::<F>(a) || is_nan::<F>(b) {
        raise_if_signaling::<F>(a, b, flags);
        return false;
    }
    ordered_le::<F>(a, b)
}

/// The lesser or, if `greater`, the greater of two operands; `None` if one of them is a NaN.
#[inline(always)]
fn pick<F: Format>(a: u64, b: u64, greater: bool, flags: &mut Flags) -> Option<u64> {
    raise_if_signaling::<F>(a, b, flags);
    if is_nan::<F>(a) || is_nan::<F>(b) {
        return None;
    }
    let a_is_less = order::<F>(a) < order::<F>(b);
    Some(if a_is_less != greater { a } else { b } & F::MASK)
}

/// IEEE 754-2019 `minimumNumber` / `maximumNumber`: a NaN loses against a number.
#[inline(always)]
fn number<F: Format>(a: u64, b: u64, greater: bool, flags: &mut Flags) -> u64 {
    pick::<F>(a, b, greater, flags).unwrap_or_else(|| match (is_nan::<F>(a), is_nan::<F>(b)) {
        (true, true) => F::NAN,
        (true, false) => b & F::MASK,
        _ => a & F::MASK,
    })
}

/// `fmin`: the lesser number, `-0 < +0`; of a NaN and a number the number; NV for signalling NaNs.
pub fn min<F: Format>(a: u64, b: u64, flags: &mut Flags) -> u64 {
    number::<F>(a, b, false, flags)
}

/// `fmax`: the greater number, `-0 < +0`; of a NaN and a number the number; NV for signalling NaNs.
pub fn max<F: Format>(a: u64, b: u64, flags: &mut Flags) -> u64 {
    number::<F>(a, b, true, flags)
}

/// Zfa `fminm` (IEEE 754-2019 `minimum`): as [`min`], but any NaN gives the canonical NaN.
pub fn minm<F: Format>(a: u64, b: u64, flags: &mut Flags) -> u64 {
    pick::<F>(a, b, false, flags).unwrap_or(F::NAN)
}

/// Zfa `fmaxm` (IEEE 754-2019 `maximum`): as [`max`], but any NaN gives the canonical NaN.
pub fn maxm<F: Format>(a: u64, b: u64, flags: &mut Flags) -> u64 {
    pick::<F>(a, b, true, flags).unwrap_or(F::NAN)
}

/// `fclass`.
pub fn classify<F: Format>(a: u64) -> Class {
    let m = magnitude::<F>(a);
    let (negative, positive) = match m {
        0 => (Class::NEG_ZERO, Class::POS_ZERO),
        _ if m < F::MIN_NORMAL => (Class::NEG_SUBNORMAL, Class::POS_SUBNORMAL),
        _ if m < F::INFINITY => (Class::NEG_NORMAL, Class::POS_NORMAL),
        _ if m == F::INFINITY => (Class::NEG_INFINITY, Class::POS_INFINITY),
        _ if m & F::QUIET == 0 => return Class::SIGNALING_NAN,
        _ => return Class::QUIET_NAN,
    };
    if a & F::SIGN != 0 { negative } else { positive }
}

/// `fsgnj`: `a` with the sign of `b`.
#[inline]
pub fn sign_copy<F: Format>(a: u64, b: u64) -> u64 {
    magnitude::<F>(a) | b & F::SIGN
}

/// `fsgnjn`: `a` with the opposite of the sign of `b`.
#[inline]
pub fn sign_negate<F: Format>(a: u64, b: u64) -> u64 {
    magnitude::<F>(a) | !b & F::SIGN
}

/// `fsgnjx`: `a`, negated if `b` is negative.
#[inline]
pub fn sign_xor<F: Format>(a: u64, b: u64) -> u64 {
    (a ^ b & F::SIGN) & F::MASK
}
