//! Everything that never rounds, against the host's comparisons and case tables; Zfa.

use super::*;

fn to_f64<F: Format>(a: u64) -> f64 {
    f64::from_bits(convert::<F, F64>(a, Rounding::Rne, &mut Flags::empty()))
}

fn comparisons<F: Format>(a: u64, b: u64) {
    let (x, y) = (to_f64::<F>(a), to_f64::<F>(b));
    let nan = x.is_nan() || y.is_nan();
    let quiet = if is_signaling::<F>(a) || is_signaling::<F>(b) { Flags::NV } else { Flags::empty() };
    let loud = if nan { Flags::NV } else { Flags::empty() };
    assert_eq!(flagged(|f| eq::<F>(a, b, f)), (x == y, quiet));
    assert_eq!(flagged(|f| lt::<F>(a, b, f)), (x < y, loud));
    assert_eq!(flagged(|f| le::<F>(a, b, f)), (x <= y, loud));
    assert_eq!(flagged(|f| lt_quiet::<F>(a, b, f)), (x < y, quiet));
    assert_eq!(flagged(|f| le_quiet::<F>(a, b, f)), (x <= y, quiet));

    let a_first = x < y || x == y && a & F::SIGN != 0;
    let (lesser, greater) = match (x.is_nan(), y.is_nan()) {
        (true, true) => (F::NAN, F::NAN),
        (true, false) => (b, b),
        (false, true) => (a, a),
        _ if a_first => (a, b),
        _ => (b, a),
    };
    assert_eq!(flagged(|f| min::<F>(a, b, f)), (lesser, quiet), "{a:x} {b:x}");
    assert_eq!(flagged(|f| max::<F>(a, b, f)), (greater, quiet), "{a:x} {b:x}");
    assert_eq!(flagged(|f| minm::<F>(a, b, f)), (if nan { F::NAN } else { lesser }, quiet));
    assert_eq!(flagged(|f| maxm::<F>(a, b, f)), (if nan { F::NAN } else { greater }, quiet));

    let (m, s, t) = (a & !F::SIGN, a & F::SIGN, b & F::SIGN);
    assert_eq!(sign_copy::<F>(a, b), m | t);
    assert_eq!(sign_negate::<F>(a, b), m | t ^ F::SIGN);
    assert_eq!(sign_xor::<F>(a, b), m | s ^ t);
}

fn all_comparisons<F: Format>() {
    for a in specials::<F>() {
        for b in specials::<F>() {
            comparisons::<F>(a, b);
        }
    }
    let mut rng = Rng::new(6);
    for _ in 0..cases(200_000) {
        comparisons::<F>(rng.operand::<F>(), rng.operand::<F>());
    }
}

#[test]
fn compare_and_select() {
    all_comparisons::<F16>();
    all_comparisons::<BF16>();
    all_comparisons::<F32>();
    all_comparisons::<F64>();
}

fn classes<F: Format>(a: u64) {
    use std::num::FpCategory::*;
    let negative = a & F::SIGN != 0;
    let subnormal = a & F::INFINITY == 0 && a & F::FRAC_MASK != 0;
    let bit = match to_f64::<F>(a).classify() {
        Nan => 8 + u32::from(!is_signaling::<F>(a)),
        Infinite => [7, 0][usize::from(negative)],
        Zero => [4, 3][usize::from(negative)],
        _ if subnormal => [5, 2][usize::from(negative)],
        _ => [6, 1][usize::from(negative)],
    };
    assert_eq!(classify::<F>(a).bits(), 1 << bit);
}

#[test]
fn class() {
    for a in 0..65536 {
        classes::<F16>(a);
        classes::<BF16>(a);
    }
    specials::<F32>().into_iter().for_each(classes::<F32>);
    specials::<F64>().into_iter().for_each(classes::<F64>);
}

/// All binary16 numbers to integral values and to integers, by exact arithmetic on 2^-24.
#[test]
fn half_to_integers_exhaustively() {
    for a in 0..65536u64 {
        let x = to_f64::<F16>(a);
        if !x.is_finite() {
            continue;
        }
        let fixed = (x * 16_777_216.0) as i128;
        let (down, rest) = (fixed >> 24, fixed & 0xff_ffff);
        let half = 1 << 23;
        for rm in MODES {
            let up = match rm {
                Rounding::Rne => rest > half || rest == half && down & 1 == 1,
                Rounding::Rtz => fixed < 0 && rest != 0,
                Rounding::Rdn => false,
                Rounding::Rup => rest != 0,
                Rounding::Rmm => rest > half || rest == half && fixed > 0,
                Rounding::Rod => unreachable!(),
            };
            let whole = down + i128::from(up);
            let inexact = if rest != 0 { Flags::NX } else { Flags::empty() };
            let (r, flags) = flagged(|f| round_to_integral::<F16>(a, rm, true, f));
            assert_eq!((to_f64::<F16>(r), flags), (whole as f64, inexact), "{a:x} {rm:?}");
            assert_eq!(r & F16::SIGN, a & F16::SIGN);
            for int in [Int::I8, Int::U8, Int::I16, Int::U16, Int::I32, Int::U32, Int::I64, Int::U64] {
                let (least, most) = if int.signed { (-(1i128 << (int.width - 1)), int.max()) } else { (0, int.max()) };
                let clamped = whole.clamp(least, most.into());
                let flags = if clamped == whole { inexact } else { Flags::NV };
                assert_eq!(flagged(|f| to_int::<F16>(a, int, rm, f)), (clamped as u64, flags), "{a:x} {rm:?} {int:?}");
            }
        }
    }
}

#[test]
fn special_to_int() {
    for (a, i32_, u32_, i64_, u64_) in [
        (F64::INFINITY, 0x7fff_ffff, 0xffff_ffff, i64::MAX as u64, u64::MAX),
        (F64::INFINITY | F64::SIGN, -0x8000_0000i64 as u64, 0, 1 << 63, 0),
        (F64::NAN, 0x7fff_ffff, 0xffff_ffff, i64::MAX as u64, u64::MAX),
        (F64::NAN | F64::SIGN, 0x7fff_ffff, 0xffff_ffff, i64::MAX as u64, u64::MAX),
        ((-1f64).to_bits(), 0, 0, 0, 0),
    ] {
        for (int, expected) in [(Int::I32, i32_), (Int::U32, u32_), (Int::I64, i64_), (Int::U64, u64_)] {
            if a == (-1f64).to_bits() && int.signed {
                continue;
            }
            assert_eq!(flagged(|f| to_int::<F64>(a, int, Rounding::Rtz, f)), (expected, Flags::NV));
        }
    }
}

#[test]
fn modular_conversion() {
    let mut rng = Rng::new(7);
    for _ in 0..cases(200_000) {
        let exp = rng.below(140) + 1023 - 10;
        let a = rng.next() & !F64::INFINITY | exp << 52;
        let (r, flags) = flagged(|f| fcvtmod_w_d(a, f));
        // |x| < 2^130, cut to a multiple of 2^-63 + ... digits as an exact pair instead of a float.
        let x = f64::from_bits(a);
        let truncated = x.trunc();
        let (m, e) = (
            (truncated.to_bits() & F64::FRAC_MASK | 1 << 52) as u128,
            (truncated.to_bits() >> 52 & 0x7ff) as i32 - 1075,
        );
        let magnitude = match e {
            _ if truncated == 0.0 => 0,
            0..=74 => m << e,
            75.. => 0,
            _ => m >> -e,
        };
        let low = magnitude as u32;
        let low = if x < 0.0 { low.wrapping_neg() } else { low } as i32;
        assert_eq!(r, i64::from(low) as u64, "{x:e}");
        let fits = (-2_147_483_648.0..=2_147_483_647.0).contains(&truncated);
        let expected = match (fits, truncated == x) {
            (false, _) => Flags::NV,
            (true, false) => Flags::NX,
            _ => Flags::empty(),
        };
        assert_eq!(flags, expected);
    }
    for a in [F64::INFINITY, F64::INFINITY | F64::SIGN, F64::NAN, F64::NAN | F64::SIGN, F64::INFINITY | 1] {
        assert_eq!(flagged(|f| fcvtmod_w_d(a, f)), (0, Flags::NV));
    }
}

#[test]
fn immediates() {
    let h: Vec<u64> = (0..32).map(load_immediate::<F16>).collect();
    #[rustfmt::skip]
    assert_eq!(h, [
        0xbc00, 0x0400, 0x0100, 0x0200, 0x1c00, 0x2000, 0x2c00, 0x3000,
        0x3400, 0x3500, 0x3600, 0x3700, 0x3800, 0x3900, 0x3a00, 0x3b00,
        0x3c00, 0x3d00, 0x3e00, 0x3f00, 0x4000, 0x4100, 0x4200, 0x4400,
        0x4800, 0x4c00, 0x5800, 0x5c00, 0x7800, 0x7c00, 0x7c00, 0x7e00,
    ]);
    assert_eq!(load_immediate::<F32>(1), 0x0080_0000);
    assert_eq!(load_immediate::<F32>(29), 65536f32.to_bits().into());
    assert_eq!(load_immediate::<F32>(31), 0x7fc0_0000);
    assert_eq!(load_immediate::<F64>(1), 0x0010_0000_0000_0000);
    assert_eq!(load_immediate::<F64>(9), 0.3125f64.to_bits());
}

#[test]
fn rounding_field() {
    for bits in 0..=255u8 {
        assert_eq!(Rounding::from_bits(bits).map(|rm| rm as u8), (bits < 5).then_some(bits));
    }
}
