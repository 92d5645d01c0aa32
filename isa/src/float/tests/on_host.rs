//! Host operations against soft float: bits and flags.

use super::*;

/// Runs host operations with a clean status word.
pub(crate) fn on_host<T>(operation: impl FnOnce() -> T) -> (T, Flags) {
    let saved = host::begin();
    let result = operation();
    let flags = host::take_flags();
    host::end(saved);
    (result, flags)
}

macro_rules! against_soft {
    ($name:ident, $format:ty, $bits:ty, $add:ident, $sub:ident, $mul:ident, $div:ident, $sqrt:ident, $fma:ident) => {
        #[test]
        fn $name() {
            const RNE: Rounding = Rounding::Rne;
            let mut rng = Rng::new(8);
            let special = specials::<$format>();
            let count = special.len() as u64;
            for case in 0..count.pow(3) + cases(2_000_000) {
                let (a, b, c) = if case < count.pow(3) {
                    let pick = |i: u64| special[(i % count) as usize];
                    (pick(case), pick(case / count), pick(case / count / count))
                } else {
                    (rng.operand::<$format>(), rng.operand::<$format>(), rng.operand::<$format>())
                };
                let (x, y, mut z) = (a as $bits, b as $bits, c as $bits);
                if rng.below(3) == 0 {
                    z = (mul::<$format>(a, b, RNE, &mut Flags::empty()) ^ <$format>::SIGN) as $bits;
                }
                let c = u64::from(z);
                let check = |what: &str, host: ($bits, Flags), soft: (u64, Flags)| {
                    assert_eq!((u64::from(host.0), host.1), soft, "{what} {a:x} {b:x} {c:x}");
                };
                check("add", on_host(|| host::$add(x, y)), flagged(|f| add::<$format>(a, b, RNE, f)));
                check("sub", on_host(|| host::$sub(x, y)), flagged(|f| sub::<$format>(a, b, RNE, f)));
                check("mul", on_host(|| host::$mul(x, y)), flagged(|f| mul::<$format>(a, b, RNE, f)));
                check("div", on_host(|| host::$div(x, y)), flagged(|f| div::<$format>(a, b, RNE, f)));
                check("sqrt", on_host(|| host::$sqrt(x)), flagged(|f| sqrt::<$format>(a, RNE, f)));
                check("fma", on_host(|| host::$fma(x, y, z)), flagged(|f| mul_add::<$format>(a, b, c, RNE, f)));
            }
        }
    };
}

against_soft!(f16, F16, u16, add_f16, sub_f16, mul_f16, div_f16, sqrt_f16, mul_add_f16);
against_soft!(f32, F32, u32, add_f32, sub_f32, mul_f32, div_f32, sqrt_f32, mul_add_f32);
against_soft!(f64, F64, u64, add_f64, sub_f64, mul_f64, div_f64, sqrt_f64, mul_add_f64);

type Hard = fn(u16, u16) -> u16;
type Soft = fn(u64, u64, Rounding, &mut Flags) -> u64;

/// All 2^16 operands against a few thousand others: the proof in `host.rs` that rounding twice is harmless, by trial.
#[test]
fn half_binary_widely() {
    const RNE: Rounding = Rounding::Rne;
    let mut rng = Rng::new(9);
    let others: Vec<u16> =
        specials::<F16>().into_iter().chain((0..cases(100)).map(|_| rng.next() & 0xffff)).map(|x| x as u16).collect();
    for a in 0..=u16::MAX {
        for &b in &others {
            let (x, y) = (u64::from(a), u64::from(b));
            let pairs: [(Hard, Soft); 4] = [
                (host::add_f16, add::<F16>),
                (host::sub_f16, sub::<F16>),
                (host::mul_f16, mul::<F16>),
                (host::div_f16, div::<F16>),
            ];
            for (i, (hard, soft)) in pairs.into_iter().enumerate() {
                let (r, flags) = on_host(|| hard(a, b));
                assert_eq!((u64::from(r), flags), flagged(|f| soft(x, y, RNE, f)), "{i}: {a:x} {b:x}");
            }
        }
        let (r, flags) = on_host(|| host::sqrt_f16(a));
        assert_eq!((u64::from(r), flags), flagged(|f| sqrt::<F16>(a.into(), RNE, f)), "sqrt {a:x}");
    }
}

#[test]
fn status_word() {
    let outer = host::begin();
    host::raise(Flags::DZ);
    // Nested use neither sees nor disturbs the outer flags.
    let ((), inner) = on_host(|| host::raise(Flags::NV | Flags::UF));
    assert_eq!(inner, Flags::NV | Flags::UF);
    assert_eq!(host::take_flags(), Flags::DZ);
    assert_eq!(host::take_flags(), Flags::empty());
    for bits in 0..32 {
        host::raise(Flags::from_bits_truncate(bits));
        assert_eq!(host::take_flags().bits(), bits);
    }
    // Flags accumulate.
    host::div_f32(1f32.to_bits(), 0);
    host::add_f64(1f64.to_bits(), 1e-300f64.to_bits());
    assert_eq!(host::take_flags(), Flags::DZ | Flags::NX);
    host::end(outer);
}
