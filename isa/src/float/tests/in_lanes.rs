//! Lanes at every level against soft float: bits, flags, aliasing, every short length.

use super::on_host::on_host;
use super::*;
use crate::float::lanes::{BinaryOp, Form, FusedOp, Level};

const RNE: Rounding = Rounding::Rne;
const MOST: usize = 130;
/// Elements beyond `n` that must stay as they are.
const GUARD: usize = 70;

fn soft_binary<F: Format>(op: BinaryOp, a: u64, b: u64, flags: &mut Flags) -> u64 {
    match op {
        BinaryOp::Add => add::<F>(a, b, RNE, flags),
        BinaryOp::Sub => sub::<F>(a, b, RNE, flags),
        BinaryOp::Rsub => sub::<F>(b, a, RNE, flags),
        BinaryOp::Mul => mul::<F>(a, b, RNE, flags),
        BinaryOp::Div => div::<F>(a, b, RNE, flags),
        BinaryOp::Rdiv => div::<F>(b, a, RNE, flags),
    }
}

fn soft_fused<F: Format>(op: FusedOp, a: u64, b: u64, c: u64, flags: &mut Flags) -> u64 {
    let (a, c) = match op {
        FusedOp::Macc => (a, c),
        FusedOp::Nmacc => (a ^ F::SIGN, c ^ F::SIGN),
        FusedOp::Msac => (a, c ^ F::SIGN),
        FusedOp::Nmsac => (a ^ F::SIGN, c),
    };
    mul_add::<F>(a, b, c, RNE, flags)
}

/// Where results go: a fresh buffer, or over an operand.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Target {
    Fresh,
    Operand(usize),
}

/// Operands of one kind for a whole vector: anything at all; no NaNs and infinities, so that the quick path is taken;
/// or moderate numbers in which one element is special.
fn fill<F: Format>(rng: &mut Rng, kind: u64) -> Vec<F::Bits> {
    let tame = |rng: &mut Rng| {
        let exp = F::BIAS as u64 + rng.below(9) - 4;
        rng.next() & (F::SIGN | F::FRAC_MASK) | exp << F::FRAC_BITS
    };
    let odd_one = rng.below(MOST as u64) as usize;
    (0..MOST + GUARD)
        .map(|i| {
            let x = match kind {
                0 => rng.operand::<F>(),
                1 => loop {
                    let x = rng.operand::<F>();
                    if x & F::INFINITY != F::INFINITY {
                        break x;
                    }
                },
                // Exact arithmetic, so that a stray flag from unused lanes would show.
                2 => 0,
                3 => F::MIN_NORMAL * (F::BIAS as u64),
                _ if i == odd_one => rng.operand::<F>(),
                _ => tame(rng),
            };
            F::Bits::truncate(x)
        })
        .collect()
}

macro_rules! against_soft {
    ($name:ident, $format:ty, $bits:ty, $binary:ident, $fused:ident) => {
        #[test]
        fn $name() {
            use BinaryOp::*;
            use FusedOp::*;
            let mut rng = Rng::new(11);
            for n in (0..=MOST).chain((0..cases(400)).map(|x| (x as usize * 37) % (MOST + 1))) {
                for form in [Form::Vector, Form::Scalar] {
                    for target in [Target::Fresh, Target::Operand(0), Target::Operand(1), Target::Operand(2)] {
                        let scalar = form == Form::Scalar;
                        let kind = rng.below(6);
                        let sources: [Vec<$bits>; 3] = std::array::from_fn(|_| fill::<$format>(&mut rng, kind));
                        for op in [Add, Sub, Rsub, Mul, Div, Rdiv] {
                            if target == Target::Operand(2) || scalar && target == Target::Operand(1) {
                                continue;
                            }
                            let (expected, flags) = flagged(|f| {
                                (0..n)
                                    .map(|i| {
                                        let b = sources[1][if scalar { 0 } else { i }];
                                        soft_binary::<$format>(op, sources[0][i].into(), b.into(), f) as $bits
                                    })
                                    .collect::<Vec<_>>()
                            });
                            for level in Level::of_host() {
                                let mut work = sources.clone();
                                let fresh = &mut vec![0x55; MOST + GUARD];
                                let [a, b, _] = work.each_mut().map(|v| v.as_mut_ptr());
                                let dst = match target {
                                    Target::Fresh => fresh.as_mut_ptr(),
                                    Target::Operand(i) => [a, b][i],
                                };
                                let f = lanes::$binary(op, form, level);
                                // SAFETY: all buffers have more than `n` elements; `dst` is none or one operand, not
                                // the scalar.
                                let ((), got) = on_host(|| unsafe { f(dst, a, b, n) });
                                let after = match target {
                                    Target::Fresh => &*fresh,
                                    Target::Operand(i) => &work[i],
                                };
                                let place = format!("{op:?} {form:?} {level:?} {target:?} n={n}");
                                assert_eq!(after[..n], expected[..], "{place}");
                                assert_eq!(got, flags, "{place}");
                                match target {
                                    Target::Fresh => assert!(after[n..].iter().all(|&x| x == 0x55), "{place}"),
                                    Target::Operand(i) => assert_eq!(after[n..], sources[i][n..], "{place}"),
                                }
                            }
                        }
                        for op in [Macc, Nmacc, Msac, Nmsac] {
                            if scalar && target == Target::Operand(0) {
                                continue;
                            }
                            let (expected, flags) = flagged(|f| {
                                (0..n)
                                    .map(|i| {
                                        let a = sources[0][if scalar { 0 } else { i }];
                                        let (b, c) = (sources[1][i], sources[2][i]);
                                        soft_fused::<$format>(op, a.into(), b.into(), c.into(), f) as $bits
                                    })
                                    .collect::<Vec<_>>()
                            });
                            for level in Level::of_host() {
                                let mut work = sources.clone();
                                let fresh = &mut vec![0x55; MOST + GUARD];
                                let operands @ [a, b, c] = work.each_mut().map(|v| v.as_mut_ptr());
                                let dst = match target {
                                    Target::Fresh => fresh.as_mut_ptr(),
                                    Target::Operand(i) => operands[i],
                                };
                                let f = lanes::$fused(op, form, level);
                                // SAFETY: as above.
                                let ((), got) = on_host(|| unsafe { f(dst, a, b, c, n) });
                                let after = match target {
                                    Target::Fresh => &*fresh,
                                    Target::Operand(i) => &work[i],
                                };
                                let place = format!("{op:?} {form:?} {level:?} {target:?} n={n}");
                                assert_eq!(after[..n], expected[..], "{place}");
                                assert_eq!(got, flags, "{place}");
                                match target {
                                    Target::Fresh => assert!(after[n..].iter().all(|&x| x == 0x55), "{place}"),
                                    Target::Operand(i) => assert_eq!(after[n..], sources[i][n..], "{place}"),
                                }
                            }
                        }
                    }
                }
            }
        }
    };
}

against_soft!(half, F16, u16, binary_f16, fused_f16);
against_soft!(single, F32, u32, binary_f32, fused_f32);
against_soft!(double, F64, u64, binary_f64, fused_f64);

/// With no elements there is no operation: not even a signalling NaN in the scalar raises anything.
#[test]
fn nothing_to_do() {
    let (none, signaling) = (std::ptr::null_mut::<u16>(), F16::INFINITY as u16 | 1);
    for level in Level::of_host() {
        let binary = lanes::binary_f16(BinaryOp::Add, Form::Scalar, level);
        let fused = lanes::fused_f16(FusedOp::Macc, Form::Scalar, level);
        // SAFETY: nothing is accessed.
        let ((), flags) = on_host(|| unsafe {
            binary(none, none, &signaling, 0);
            fused(none, &signaling, none, none, 0);
        });
        assert_eq!(flags, Flags::empty(), "{level:?}");
    }
}
