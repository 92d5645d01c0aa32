//! Add, subtract, multiply, divide, square root, fused multiply-add.

use super::compare::is_signaling;
use super::format::{Format, Kind, Unpacked, signed, unpack};
use super::round::{normalise_wide, round_pack};
use super::{Flags, Rounding};

/// The canonical NaN, with NV if one of the operands is a signalling NaN.
#[cold]
fn propagate<F: Format>(operands: &[u64], flags: &mut Flags) -> u64 {
    if operands.iter().any(|&x| is_signaling::<F>(x)) {
        *flags |= Flags::NV;
    }
    F::NAN
}

/// The canonical NaN of an operation that has no answer.
#[cold]
fn invalid<F: Format>(flags: &mut Flags) -> u64 {
    *flags |= Flags::NV;
    F::NAN
}

/// An exact, non-zero term of a sum: `sig * 2^(exp - 126)` in magnitude, with bit 126 of `sig` set.
#[derive(Clone, Copy)]
struct Term {
    sign: bool,
    exp: i32,
    sig: u128,
}

impl Term {
    #[inline(always)]
    fn new(x: Unpacked) -> Self {
        Self { sign: x.sign, exp: x.exp, sig: u128::from(x.sig) << 63 }
    }

    /// The exact product. Each factor has at most 53 significant bits, so the one-bit shift loses nothing.
    #[inline(always)]
    fn product(x: Unpacked, y: Unpacked) -> Self {
        let wide = u128::from(x.sig) * u128::from(y.sig);
        let carry = (wide >> 127) as u32;
        Self { sign: x.sign != y.sign, exp: x.exp + y.exp + carry as i32, sig: wide >> carry }
    }

    #[inline(always)]
    fn round<F: Format>(self, rm: Rounding, flags: &mut Flags) -> u64 {
        let (sig, lz) = normalise_wide(self.sig);
        round_pack::<F>(self.sign, self.exp + 1 - lz, sig, rm, flags)
    }
}

/// The sign of a zero that is the sum of `+0` and `-0`, or of two opposite numbers.
#[inline(always)]
fn cancelled<F: Format>(rm: Rounding) -> u64 {
    signed::<F>(rm == Rounding::Rdn, 0)
}

/// Rounds the exact sum of two terms.
#[inline(always)]
fn sum<F: Format>(x: Term, y: Term, rm: Rounding, flags: &mut Flags) -> u64 {
    let (big, small) = if (x.exp, x.sig) >= (y.exp, y.sig) { (x, y) } else { (y, x) };
    let distance = (big.exp - small.exp) as u32;
    // Bits shifted out leave a sticky trace. Only terms one apart or nearer can cancel by more than a bit, and those
    // lose no bits here (a product ends above bit 20), so the trace stays far below the rounding position.
    let shifted = if distance < 127 {
        let kept = small.sig >> distance;
        kept | u128::from(kept << distance != small.sig)
    } else {
        1
    };
    let sig = if big.sign == small.sign { big.sig + shifted } else { big.sig - shifted };
    if sig == 0 {
        return cancelled::<F>(rm);
    }
    Term { sig, ..big }.round::<F>(rm, flags)
}

/// `a + b`.
pub fn add<F: Format>(a: u64, b: u64, rm: Rounding, flags: &mut Flags) -> u64 {
    let (x, y) = (unpack::<F>(a), unpack::<F>(b));
    match (x.kind, y.kind) {
        (Kind::Finite, Kind::Finite) => sum::<F>(Term::new(x), Term::new(y), rm, flags),
        (Kind::Nan, _) | (_, Kind::Nan) => propagate::<F>(&[a, b], flags),
        (Kind::Infinity, Kind::Infinity) if x.sign != y.sign => invalid::<F>(flags),
        (Kind::Zero, Kind::Zero) if x.sign != y.sign => cancelled::<F>(rm),
        (Kind::Infinity, _) | (_, Kind::Zero) => a & F::MASK,
        (_, Kind::Infinity) | (Kind::Zero, _) => b & F::MASK,
    }
}

/// `a - b`.
pub fn sub<F: Format>(a: u64, b: u64, rm: Rounding, flags: &mut Flags) -> u64 {
    // Negation keeps a NaN a NaN of the same kind, so addition does the rest.
    add::<F>(a, b ^ F::SIGN, rm, flags)
}

/// `a * b`.
pub fn mul<F: Format>(a: u64, b: u64, rm: Rounding, flags: &mut Flags) -> u64 {
    let (x, y) = (unpack::<F>(a), unpack::<F>(b));
    let sign = x.sign != y.sign;
    match (x.kind, y.kind) {
        (Kind::Finite, Kind::Finite) => Term::product(x, y).round::<F>(rm, flags),
        (Kind::Nan, _) | (_, Kind::Nan) => propagate::<F>(&[a, b], flags),
        (Kind::Infinity, Kind::Zero) | (Kind::Zero, Kind::Infinity) => invalid::<F>(flags),
        (Kind::Infinity, _) | (_, Kind::Infinity) => signed::<F>(sign, F::INFINITY),
        (Kind::Zero, _) | (_, Kind::Zero) => signed::<F>(sign, 0),
    }
}

/// `a * b + c` with one rounding. Infinity times zero raises NV even if `c` is a quiet NaN.
pub fn mul_add<F: Format>(a: u64, b: u64, c: u64, rm: Rounding, flags: &mut Flags) -> u64 {
    let (x, y, z) = (unpack::<F>(a), unpack::<F>(b), unpack::<F>(c));
    let sign = x.sign != y.sign;
    if (x.kind, y.kind, z.kind) == (Kind::Finite, Kind::Finite, Kind::Finite) {
        return sum::<F>(Term::product(x, y), Term::new(z), rm, flags);
    }
    match (x.kind, y.kind) {
        (Kind::Infinity, Kind::Zero) | (Kind::Zero, Kind::Infinity) => invalid::<F>(flags),
        (Kind::Nan, _) | (_, Kind::Nan) => propagate::<F>(&[a, b, c], flags),
        _ if z.kind == Kind::Nan => propagate::<F>(&[a, b, c], flags),
        (Kind::Infinity, _) | (_, Kind::Infinity) => {
            if z.kind == Kind::Infinity && z.sign != sign {
                return invalid::<F>(flags);
            }
            signed::<F>(sign, F::INFINITY)
        }
        _ if z.kind == Kind::Infinity => c & F::MASK,
        (Kind::Zero, _) | (_, Kind::Zero) => {
            if z.kind == Kind::Zero && z.sign != sign {
                return cancelled::<F>(rm);
            }
            c & F::MASK
        }
        // Two finite factors and a zero addend: all other addends are dealt with above.
        (Kind::Finite, Kind::Finite) => Term::product(x, y).round::<F>(rm, flags),
    }
}

/// `a / b`.
pub fn div<F: Format>(a: u64, b: u64, rm: Rounding, flags: &mut Flags) -> u64 {
    let (x, y) = (unpack::<F>(a), unpack::<F>(b));
    let sign = x.sign != y.sign;
    match (x.kind, y.kind) {
        (Kind::Finite, Kind::Finite) => {
            // Quotient of the integer significands with two digits more than needed, at least.
            let scale = F::PRECISION + 2;
            let (n, d) = (x.sig >> (64 - F::PRECISION), y.sig >> (64 - F::PRECISION));
            let (quotient, exact) = if 2 * F::PRECISION + 2 <= 64 {
                let n = n << (scale & 63);
                (n / d, n % d == 0)
            } else {
                let (n, d) = (u128::from(n) << scale, u128::from(d));
                ((n / d) as u64, n % d == 0)
            };
            let lz = quotient.leading_zeros();
            let exp = x.exp - y.exp + 63 - lz as i32 - scale as i32;
            round_pack::<F>(sign, exp, quotient << lz | u64::from(!exact), rm, flags)
        }
        (Kind::Nan, _) | (_, Kind::Nan) => propagate::<F>(&[a, b], flags),
        (Kind::Infinity, Kind::Infinity) | (Kind::Zero, Kind::Zero) => invalid::<F>(flags),
        (Kind::Infinity, _) => signed::<F>(sign, F::INFINITY),
        (Kind::Zero, _) | (_, Kind::Infinity) => signed::<F>(sign, 0),
        (Kind::Finite, Kind::Zero) => {
            *flags |= Flags::DZ;
            signed::<F>(sign, F::INFINITY)
        }
    }
}

/// The square root of `a`.
pub fn sqrt<F: Format>(a: u64, rm: Rounding, flags: &mut Flags) -> u64 {
    let x = unpack::<F>(a);
    match x.kind {
        Kind::Nan => propagate::<F>(&[a], flags),
        Kind::Zero => a & F::MASK,
        _ if x.sign => invalid::<F>(flags),
        Kind::Infinity => F::INFINITY,
        Kind::Finite => {
            // a = n * 2^exp with integer n; scale n so that the exponent is even and the root has two digits to spare.
            let n = x.sig >> (64 - F::PRECISION);
            let exp = x.exp - F::FRAC_BITS as i32;
            let scale = F::PRECISION + 4 + ((exp + F::PRECISION as i32) & 1) as u32;
            let (root, exact) = if 2 * F::PRECISION + 5 <= 64 {
                let n = n << (scale & 63);
                let root = n.isqrt();
                (root, root * root == n)
            } else {
                let n = u128::from(n) << scale;
                let root = n.isqrt();
                (root as u64, root * root == n)
            };
            let lz = root.leading_zeros();
            let exp = (exp - scale as i32) / 2 + 63 - lz as i32;
            round_pack::<F>(false, exp, root << lz | u64::from(!exact), rm, flags)
        }
    }
}
