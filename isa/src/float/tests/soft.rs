//! Binary and fused operations and conversions against `rustc_apfloat`; square roots against integers.

use super::*;
use rustc_apfloat::ieee::{BFloat, Double, Half, Single};
use rustc_apfloat::{Float, FloatConvert, Round, Status, StatusAnd};

/// A format with its counterpart in `rustc_apfloat`.
trait Pair: Format {
    type Reference: Float;
}
impl Pair for F16 {
    type Reference = Half;
}
impl Pair for BF16 {
    type Reference = BFloat;
}
impl Pair for F32 {
    type Reference = Single;
}
impl Pair for F64 {
    type Reference = Double;
}

fn round(rm: Rounding) -> Round {
    match rm {
        Rounding::Rne => Round::NearestTiesToEven,
        Rounding::Rtz => Round::TowardZero,
        Rounding::Rdn => Round::TowardNegative,
        Rounding::Rup => Round::TowardPositive,
        Rounding::Rmm => Round::NearestTiesToAway,
        Rounding::Rod => unreachable!(),
    }
}

fn flags_of(status: Status) -> Flags {
    let mut flags = Flags::empty();
    flags.set(Flags::NX, status.contains(Status::INEXACT));
    flags.set(Flags::UF, status.contains(Status::UNDERFLOW));
    flags.set(Flags::OF, status.contains(Status::OVERFLOW));
    flags.set(Flags::DZ, status.contains(Status::DIV_BY_ZERO));
    flags.set(Flags::NV, status.contains(Status::INVALID_OP));
    flags
}

/// Compares, making up for what `rustc_apfloat` does differently: NaN payloads are ours to choose; a result is tiny
/// there by its rounding to subnormal digits, so the least normal may lack UF; overflow to the greatest finite number
/// lacks OF. The last two are checked by `tininess_is_detected_after_rounding` and `overflow_in_every_mode`.
fn check<F: Pair>(what: &str, operands: &[u64], rm: Rounding, ours: (u64, Flags), theirs: StatusAnd<F::Reference>) {
    let expected = if theirs.value.is_nan() { F::NAN } else { theirs.value.to_bits() as u64 };
    let mut flags = flags_of(theirs.status);
    if expected & !F::SIGN == F::MIN_NORMAL && ours.1.contains(Flags::UF | Flags::NX) && flags == Flags::NX {
        flags |= Flags::UF;
    }
    if expected & !F::SIGN == F::MAX_FINITE && ours.1 == Flags::OF | Flags::NX && flags == Flags::NX {
        flags |= Flags::OF;
    }
    assert_eq!(
        (ours.0, ours.1),
        (expected, flags),
        "{what} {operands:x?} {rm:?} {}: {:x} expected {expected:x}",
        std::any::type_name::<F>(),
        ours.0
    );
}

fn binary_and_fused<F: Pair>() {
    let mut rng = Rng::new(1);
    let special = specials::<F>();
    let n = special.len() as u64;
    let triples = n * n * 7;
    for case in 0..triples + cases(200_000) {
        let (a, b, c) = if case < triples {
            (special[(case % n) as usize], special[(case / n % n) as usize], rng.operand::<F>())
        } else {
            (rng.operand::<F>(), rng.operand::<F>(), rng.operand::<F>())
        };
        // Addends that nearly cancel the product are too rare by chance.
        let c = match rng.below(4) {
            0 => {
                mul::<F>(a, b, Rounding::Rne, &mut Flags::empty()).wrapping_add(rng.below(3)).wrapping_sub(1) & F::MASK
            }
            1 => mul::<F>(a, b, Rounding::Rtz, &mut Flags::empty()) ^ F::SIGN,
            _ => c,
        };
        let [x, y, z] = [a, b, c].map(|bits| F::Reference::from_bits(bits.into()));
        for rm in MODES {
            let r = round(rm);
            check::<F>("add", &[a, b], rm, flagged(|f| add::<F>(a, b, rm, f)), x.add_r(y, r));
            check::<F>("sub", &[a, b], rm, flagged(|f| sub::<F>(a, b, rm, f)), x.sub_r(y, r));
            check::<F>("mul", &[a, b], rm, flagged(|f| mul::<F>(a, b, rm, f)), x.mul_r(y, r));
            check::<F>("div", &[a, b], rm, flagged(|f| div::<F>(a, b, rm, f)), x.div_r(y, r));
            let mut fused = x.mul_add_r(y, z, r);
            if fused.value.is_nan() {
                // By rule instead: the references differ in NaN operands.
                let infinite_zero = x.is_infinite() && y.is_zero() || x.is_zero() && y.is_infinite();
                let cancels = !x.is_nan() && !y.is_nan() && !z.is_nan();
                let signals = [a, b, c].iter().any(|&v| is_signaling::<F>(v));
                fused.status = if infinite_zero || cancels || signals { Status::INVALID_OP } else { Status::OK };
            }
            check::<F>("fma", &[a, b, c], rm, flagged(|f| mul_add::<F>(a, b, c, rm, f)), fused);
        }
    }
}

#[test]
fn arithmetic_f16() {
    binary_and_fused::<F16>();
}
#[test]
fn arithmetic_bf16() {
    binary_and_fused::<BF16>();
}
#[test]
fn arithmetic_f32() {
    binary_and_fused::<F32>();
}
#[test]
fn arithmetic_f64() {
    binary_and_fused::<F64>();
}

fn to_format<A: Pair, B: Pair>()
where
    A::Reference: FloatConvert<B::Reference>,
{
    let mut rng = Rng::new(2);
    for case in 0..cases(100_000) + 65536 {
        let a = if A::WIDTH == 16 && case < 65536 { case } else { rng.operand::<A>() };
        let x = A::Reference::from_bits(a.into());
        for rm in MODES {
            let mut theirs = x.convert_r(round(rm), &mut false);
            if x.is_nan() {
                theirs.status = if is_signaling::<A>(a) { Status::INVALID_OP } else { Status::OK };
            }
            check::<B>("convert", &[a], rm, flagged(|f| convert::<A, B>(a, rm, f)), theirs);
        }
    }
}

macro_rules! all_pairs {
    ($($from:ident)*) => {$(
        to_format::<$from, F16>();
        to_format::<$from, BF16>();
        to_format::<$from, F32>();
        to_format::<$from, F64>();
    )*};
}

#[test]
fn between_formats() {
    all_pairs!(F16 BF16 F32 F64);
}

fn integers<F: Pair>() {
    let mut rng = Rng::new(3);
    let ints = [Int::I8, Int::U8, Int::I16, Int::U16, Int::I32, Int::U32, Int::I64, Int::U64];
    for case in 0..cases(100_000) {
        let a = match rng.below(3) {
            0 => rng.operand::<F>(),
            // A value around the range of some integer, with a fraction.
            1 => {
                let exp = F::BIAS as u64 + rng.below(u64::from(F::PRECISION.max(66)).min(F::BIAS as u64));
                rng.next() & (F::SIGN | F::FRAC_MASK) | exp << F::FRAC_BITS
            }
            _ => {
                let edge = 1u64 << rng.below(64);
                let near = from_u64::<F>(edge, Rounding::Rne, &mut Flags::empty());
                (near.wrapping_add(rng.below(5)).wrapping_sub(2) | rng.next() & F::SIGN) & F::MASK
            }
        };
        let whole = rng.next() >> rng.below(64);
        let x = F::Reference::from_bits(a.into());
        for rm in MODES {
            for int in ints {
                let width = int.width as usize;
                let (value, status) = if int.signed {
                    let r = x.to_i128_r(width, round(rm), &mut false);
                    (r.value as u64, r.status)
                } else {
                    let r = x.to_u128_r(width, round(rm), &mut false);
                    (r.value as u64, r.status)
                };
                // RISC-V: NaNs are the upper end.
                let value = if x.is_nan() { int.max() } else { value };
                assert_eq!(
                    flagged(|f| to_int::<F>(a, int, rm, f)),
                    (value, flags_of(status)),
                    "case {case}: {a:x} {rm:?} {int:?}"
                );
            }
            let unsigned = F::Reference::from_u128_r(whole.into(), round(rm));
            check::<F>("from_u64", &[whole], rm, flagged(|f| from_u64::<F>(whole, rm, f)), unsigned);
            let signed = F::Reference::from_i128_r((whole as i64).into(), round(rm));
            check::<F>("from_i64", &[whole], rm, flagged(|f| from_i64::<F>(whole as i64, rm, f)), signed);
            let signed = F::Reference::from_i128_r((whole as i32).into(), round(rm));
            check::<F>("from_i32", &[whole], rm, flagged(|f| from_i32::<F>(whole as i32, rm, f)), signed);
            let unsigned = F::Reference::from_u128_r((whole as u32).into(), round(rm));
            check::<F>("from_u32", &[whole], rm, flagged(|f| from_u32::<F>(whole as u32, rm, f)), unsigned);

            if !x.is_nan() {
                let integral = x.round_to_integral(round(rm)).value.to_bits() as u64;
                let (ours, flags) = flagged(|f| round_to_integral::<F>(a, rm, true, f));
                assert_eq!(ours, integral, "{a:x} {rm:?}");
                assert_eq!(flags, if integral == a { Flags::empty() } else { Flags::NX });
                assert_eq!(flagged(|f| round_to_integral::<F>(a, rm, false, f)), (ours, Flags::empty()));
            }
        }
    }
}

#[test]
fn to_and_from_integers() {
    integers::<F16>();
    integers::<BF16>();
    integers::<F32>();
    integers::<F64>();
}

/// The significand as an integer and its exponent; `a` is positive and finite.
fn digits<F: Format>(a: u64) -> (u128, i32) {
    let exp = (a >> F::FRAC_BITS) as i32;
    let frac = u128::from(a & F::FRAC_MASK);
    let least = 1 - F::BIAS - F::FRAC_BITS as i32;
    if exp == 0 { (frac, least) } else { (frac | 1 << F::FRAC_BITS, least + exp - 1) }
}

/// Whether `r * r`, with `r` in halves of a last place, is less than, equal to or greater than `a`.
fn square_against(r: (u128, i32), a: (u128, i32)) -> std::cmp::Ordering {
    let (square, exp) = (r.0 * r.0, 2 * r.1);
    // Roots have nearly as many digits as there are, so the square's exponent is the lower one, or a little higher.
    if exp <= a.1 { square.cmp(&(a.0 << (a.1 - exp))) } else { (square << (exp - a.1)).cmp(&a.0) }
}

fn roots<F: Format>(a: u64) {
    use std::cmp::Ordering::{Equal, Greater, Less};
    if a & F::SIGN != 0 || a == 0 || a >= F::INFINITY {
        return;
    }
    let value = digits::<F>(a);
    for rm in MODES {
        let (r, flags) = flagged(|f| sqrt::<F>(a, rm, f));
        let (m, e) = digits::<F>(r);
        let order = square_against((m, e), value);
        assert_eq!(flags, if order == Equal { Flags::empty() } else { Flags::NX }, "{a:x} {rm:?}");
        if order == Equal {
            continue;
        }
        let ok = match rm {
            Rounding::Rtz | Rounding::Rdn => order == Less && square_against((m + 1, e), value) == Greater,
            Rounding::Rup => order == Greater && square_against((m - 1, e), value) == Less,
            // A root is never halfway between two numbers.
            _ => {
                square_against((2 * m - 1, e - 1), value) == Less
                    && square_against((2 * m + 1, e - 1), value) == Greater
            }
        };
        assert!(ok, "sqrt {a:x} {rm:?} = {r:x}");
    }
}

#[test]
fn square_root() {
    for a in 0..65536 {
        roots::<F16>(a);
        roots::<BF16>(a);
    }
    let mut rng = Rng::new(4);
    for _ in 0..cases(200_000) {
        roots::<F32>(rng.operand::<F32>() & !F32::SIGN);
        roots::<F64>(rng.operand::<F64>() & !F64::SIGN);
    }
    for (a, r, f) in [
        (F64::SIGN, F64::SIGN, Flags::empty()),
        (0, 0, Flags::empty()),
        (F64::INFINITY, F64::INFINITY, Flags::empty()),
        (F64::INFINITY | F64::SIGN, F64::NAN, Flags::NV),
        (1 | F64::SIGN, F64::NAN, Flags::NV),
        (F64::INFINITY | 1, F64::NAN, Flags::NV),
        (F64::NAN | 1, F64::NAN, Flags::empty()),
    ] {
        assert_eq!(flagged(|f| sqrt::<F64>(a, Rounding::Rne, f)), (r, f));
    }
}

/// Every product of binary16 numbers near the least normal, against the exact value: UF if and only if inexact and the
/// magnitude rounded to 11 bits with no least exponent is below the least normal.
#[test]
fn tininess_is_detected_after_rounding() {
    let mut met = 0;
    for a in (F16::MIN_NORMAL..8 * F16::MIN_NORMAL).step_by(3) {
        for b in ((F16::BIAS as u64 - 8) << 10..(F16::BIAS as u64) << 10).step_by(7) {
            for rm in MODES {
                let (r, flags) = flagged(|f| mul::<F16>(a, b, rm, f));
                let ((m, e), (n, g)) = (digits::<F16>(a), digits::<F16>(b));
                // Exact in binary64; rounding to 11 bits there by scaling the exponent away from binary16's least.
                let exact = (m * n) as u64;
                let unbounded = from_u64::<F64>(exact, rm, &mut Flags::empty());
                let cut = 42; // 52 - 10 bits of fraction
                let low = unbounded & ((1 << cut) - 1);
                let half = 1u64 << (cut - 1);
                let kept = unbounded >> cut;
                let up = match rm {
                    Rounding::Rne => low > half || low == half && kept & 1 == 1,
                    Rounding::Rup => low != 0,
                    Rounding::Rmm => low >= half,
                    _ => false,
                };
                let rounded = f64::from_bits((kept + u64::from(up)) << cut) * 2f64.powi(e + g);
                let tiny = rounded < 2f64.powi(-14);
                let value = exact as f64 * 2f64.powi(e + g);
                let inexact = value != f64::from_bits(convert::<F16, F64>(r, rm, &mut Flags::empty()));
                assert_eq!(flags.contains(Flags::NX), inexact);
                assert_eq!(flags.contains(Flags::UF), tiny && inexact, "{a:x} * {b:x} {rm:?} = {r:x}");
                met += u32::from(r == F16::MIN_NORMAL && flags.contains(Flags::UF));
            }
        }
    }
    assert!(met > 0, "the interesting case never came up");
}

/// OF is raised when the value rounded with no greatest exponent would exceed the greatest finite number.
#[test]
fn overflow_in_every_mode() {
    let max = f64::from(f32::MAX);
    let ulp = 2f64.powi(104);
    let none = Flags::NX;
    let over = Flags::NX | Flags::OF;
    for (add, nearest, up, down) in [
        (0.25, none, over, none),
        (0.5, over, over, none),
        (0.75, over, over, none),
        (1.0, over, over, over),
        (3.5, over, over, over),
    ] {
        for sign in [1.0, -1.0] {
            let x = (sign * (max + add * ulp)).to_bits();
            for rm in MODES {
                let (away, expected) = match rm {
                    Rounding::Rne | Rounding::Rmm => (nearest == over, nearest),
                    Rounding::Rup if sign > 0.0 => (true, up),
                    Rounding::Rdn if sign < 0.0 => (true, up),
                    _ => (false, down),
                };
                let magnitude = if away { F32::INFINITY } else { F32::MAX_FINITE };
                let sign = if sign < 0.0 { F32::SIGN } else { 0 };
                assert_eq!(flagged(|f| convert::<F64, F32>(x, rm, f)), (magnitude | sign, expected), "{add} {rm:?}");
            }
        }
    }
}

/// Round to odd: of the two neighbours, the one with the odd last digit, and never infinity.
#[test]
fn round_to_odd() {
    let mut rng = Rng::new(5);
    for _ in 0..cases(100_000) {
        let a = rng.operand::<F64>();
        if is_nan::<F64>(a) {
            continue;
        }
        let (down, lost) = flagged(|f| convert::<F64, F32>(a, Rounding::Rtz, f));
        let (odd, flags) = flagged(|f| convert::<F64, F32>(a, Rounding::Rod, f));
        assert_eq!(odd, if lost.contains(Flags::NX) { down | 1 } else { down });
        assert_eq!(flags & !Flags::UF, lost & !Flags::UF);
    }
}
