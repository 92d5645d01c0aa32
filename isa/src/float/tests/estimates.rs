//! `vfrec7` and `vfrsqrt7`: the specification's special cases, and its bound on the relative error.

use super::*;

const NONE: Flags = Flags::empty();

fn special_cases<F: Format>() {
    let neg = |x: u64| x | F::SIGN;
    for (a, rec, rec_flags, rsqrt, rsqrt_flags) in [
        (0, F::INFINITY, Flags::DZ, F::INFINITY, Flags::DZ),
        (neg(0), neg(F::INFINITY), Flags::DZ, neg(F::INFINITY), Flags::DZ),
        (F::INFINITY, 0, NONE, 0, NONE),
        (neg(F::INFINITY), neg(0), NONE, F::NAN, Flags::NV),
        (F::NAN | 1, F::NAN, NONE, F::NAN, NONE),
        (neg(F::NAN), F::NAN, NONE, F::NAN, NONE),
        (F::INFINITY | 1, F::NAN, Flags::NV, F::NAN, Flags::NV),
    ] {
        for rm in MODES {
            assert_eq!(flagged(|f| rec7::<F>(a, rm, f)), (rec, rec_flags));
        }
        assert_eq!(flagged(|f| rsqrt7::<F>(a, f)), (rsqrt, rsqrt_flags));
    }
    for a in [neg(1), neg(F::MIN_NORMAL), neg(F::MAX_FINITE)] {
        assert_eq!(flagged(|f| rsqrt7::<F>(a, f)), (F::NAN, Flags::NV));
    }
    // Reciprocals out of range: subnormals with two or more leading zeros.
    for a in [1, 2, F::QUIET / 2 - 1] {
        for rm in MODES {
            let (up, down) = match rm {
                Rounding::Rne | Rounding::Rmm => (F::INFINITY, neg(F::INFINITY)),
                Rounding::Rtz => (F::MAX_FINITE, neg(F::MAX_FINITE)),
                Rounding::Rdn => (F::MAX_FINITE, neg(F::INFINITY)),
                _ => (F::INFINITY, neg(F::MAX_FINITE)),
            };
            assert_eq!(flagged(|f| rec7::<F>(a, rm, f)), (up, Flags::OF | Flags::NX));
            assert_eq!(flagged(|f| rec7::<F>(neg(a), rm, f)), (down, Flags::OF | Flags::NX));
        }
    }
    assert_eq!(flagged(|f| rec7::<F>(F::QUIET / 2, Rounding::Rne, f)).1, NONE);
}

#[test]
fn special() {
    special_cases::<F16>();
    special_cases::<BF16>();
    special_cases::<F32>();
    special_cases::<F64>();
}

/// "Accurate to 7 bits": relative error at most 2^-7.
fn close<F: Format>(a: u64) {
    let value = |x| f64::from_bits(convert::<F, F64>(x, Rounding::Rne, &mut Flags::empty()));
    let x = value(a);
    let r = rec7::<F>(a, Rounding::Rne, &mut Flags::empty());
    if x.is_finite() && x != 0.0 && value(r).is_finite() && r & F::INFINITY != 0 {
        assert!((value(r) * x - 1.0).abs() <= 1.0 / 128.0, "rec {a:x} {r:x}");
    }
    if x.is_finite() && x > 0.0 {
        let r = rsqrt7::<F>(a, &mut Flags::empty());
        assert!((value(r) * x.sqrt() - 1.0).abs() <= 1.0 / 128.0, "rsqrt {a:x} {r:x}");
    }
}

#[test]
fn accuracy() {
    for a in 0..65536 {
        close::<F16>(a);
        close::<BF16>(a);
    }
    let mut rng = Rng::new(10);
    for _ in 0..cases(100_000) {
        close::<F32>(rng.operand::<F32>());
        // Away from the subnormals, where the product would be inexact in binary64 itself.
        close::<F64>(rng.next() & (F64::SIGN | F64::FRAC_MASK) | (rng.below(1000) + 500) << 52);
    }
}

/// The examples of RVV 1.0: 1 / 0x00718abc and 1 / sqrt(0x00718abc).
#[test]
fn specification_examples() {
    assert_eq!(rec7::<F32>(0x0071_8abc, Rounding::Rne, &mut Flags::empty()), 0x7e90_0000);
    assert_eq!(rsqrt7::<F32>(0x0071_8abc, &mut Flags::empty()), 0x5f08_0000);
}
