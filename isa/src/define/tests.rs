//! Declared kernels against plain loops.

use super::{Accumulate, Call, Dot, Layout, Matmul, Number};
use crate::float::Rounding;
use crate::float::lanes::Level;

/// A small generator of pseudo-random numbers (xorshift64*).
struct Random(u64);

impl Random {
    fn word(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.word() as u8).collect()
    }
}

/// Element `index` of an integer type.
fn element(number: Number, bytes: &[u8], index: usize) -> i128 {
    let bits = number.bits() as usize;
    let value = (0..bits).fold(0i128, |value, bit| {
        let at = index * bits + bit;
        value | i128::from(bytes[at / 8] >> (at % 8) & 1) << bit
    });
    if number.is_signed() && value >> (bits - 1) & 1 == 1 { value - (1 << bits) } else { value }
}

fn at(layout: Layout, (rows, columns): (usize, usize), row: usize, column: usize) -> usize {
    match layout {
        Layout::Rows => row * columns + column,
        Layout::Columns => column * rows + row,
    }
}

#[test]
fn integer_blocks() {
    let mut random = Random(7);
    let integers: Vec<Number> = Number::ALL.iter().copied().filter(|number| !number.is_float()).collect();
    let sources: Vec<Number> = integers.iter().copied().filter(|number| number.bits() < 64).collect();
    let layouts = [Layout::Rows, Layout::Columns];
    for (round, (m, k, n)) in
        [(4, 8, 4), (2, 8, 2), (4, 16, 4), (8, 16, 8), (1, 1, 1), (3, 6, 5), (4, 2, 16), (8, 4, 32), (16, 64, 8)]
            .into_iter()
            .cycle()
            .take(400)
            .enumerate()
    {
        let mut pick = |from: &[Number]| from[random.word() as usize % from.len()];
        let (a, b, c) = (pick(&sources), pick(&sources), pick(&integers));
        // A third are the common case, so that the built-in loops are met.
        let (a, b, c) = if round % 3 == 0 {
            (pick(&[Number::I8, Number::U8]), pick(&[Number::I8, Number::U8]), Number::I32)
        } else {
            (a, b, c)
        };
        if c.bits() < 8 || (k * n) % 2 == 1 && b.bits() < 8 {
            continue;
        }
        let layouts = [0; 3].map(|_| layouts[random.word() as usize % 2]);
        let layouts = if round % 3 == 0 { [Layout::Rows, layouts[1], Layout::Rows] } else { layouts };
        let saturate = round % 4 == 1;
        let what = Matmul { m, k, n, a, b, c, layouts, saturate, accumulate: Accumulate::Fused };
        let blocks = 3;
        let [a_bytes, b_bytes, c_bytes] = what.bytes();
        let (left, right, old) =
            (random.bytes(a_bytes), random.bytes(blocks * b_bytes), random.bytes(blocks * c_bytes));
        for level in Level::of_host() {
            let mut new = old.clone();
            let call = Call { count: blocks, rounding: Rounding::Rne, level };
            // SAFETY: the kernel was made for this host.
            let raised = unsafe { what.kernel(level)(&what, &call, &left, &right, &mut new) };
            let mut clamped = false;
            for block in 0..blocks {
                for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
                    let place = at(layouts[2], (m, n), i, j);
                    let (right, old, new) =
                        (&right[block * b_bytes..], &old[block * c_bytes..], &new[block * c_bytes..]);
                    let mut sum = element(c, old, place);
                    for step in 0..k {
                        sum += element(a, &left, at(layouts[0], (m, k), i, step))
                            * element(b, right, at(layouts[1], (k, n), step, j));
                    }
                    let (least, greatest) = c.limits();
                    clamped |= saturate && !(least..=greatest).contains(&sum);
                    let sum = if saturate { sum.clamp(least, greatest) } else { sum };
                    let mask = u64::MAX >> (64 - c.bits());
                    assert_eq!(element(c, new, place) as u64 & mask, sum as u64 & mask, "{what:?} {level:?} {i} {j}");
                }
            }
            assert_eq!(raised.saturated, clamped, "{what:?}");
        }
    }
}

#[test]
fn float_blocks() {
    // Small integers are exact in every format, so that all orders and roundings agree.
    let formats =
        [(Number::F16, 0x3c00u64), (Number::Bf16, 0x3f80), (Number::F32, 0x3f80_0000), (Number::F64, 0x3ff << 52)];
    for (source, one) in formats {
        for (c, _) in formats.into_iter().filter(|(c, _)| c.bits() >= source.bits() && *c != Number::Bf16) {
            for (accumulate, rounding) in [
                (Accumulate::Fused, Rounding::Rne),
                (Accumulate::Fused, Rounding::Rdn),
                (Accumulate::Once, Rounding::Rne),
            ] {
                let what = Matmul {
                    m: 2,
                    k: 3,
                    n: 5,
                    a: source,
                    b: source,
                    c,
                    layouts: [Layout::Rows; 3],
                    saturate: false,
                    accumulate,
                };
                let [a, b, _] = what.bytes();
                let ones = |bytes: usize| -> Vec<u8> {
                    let size = source.bits() as usize / 8;
                    (0..bytes / size).flat_map(|_| one.to_le_bytes()[..size].to_vec()).collect()
                };
                let mut sums = vec![0; c.bytes(20)];
                let call = Call { count: 2, rounding, level: Level::detect() };
                // SAFETY: the kernel was made for this host.
                let raised = unsafe { what.kernel(Level::detect())(&what, &call, &ones(a), &ones(2 * b), &mut sums) };
                let mut values = [0.0; 20];
                c.reals(&sums, 0, &mut values);
                assert_eq!((values, raised.flags.is_empty()), ([3.0; 20], true), "{what:?} {rounding:?}");
            }
        }
    }
}

#[test]
fn dot_products() {
    let mut random = Random(11);
    for (k, a, b, c, saturate) in [
        (4, Number::I8, Number::I8, Number::I32, false),
        (4, Number::U8, Number::I8, Number::I32, true),
        (8, Number::I4, Number::U4, Number::I32, false),
        (2, Number::I16, Number::I16, Number::I64, false),
        (3, Number::U8, Number::U8, Number::U16, false),
    ] {
        for (scalar, level) in [false, true].into_iter().flat_map(|scalar| Level::of_host().map(move |l| (scalar, l))) {
            let layouts = [Layout::Rows; 3];
            let each = Matmul { m: 1, k, n: 1, a, b, c, layouts, saturate, accumulate: Accumulate::Fused };
            let what = Dot { each, scalar };
            let count = 70;
            let (left, right) = (random.bytes(a.bytes(count * k)), random.bytes(b.bytes(count * k)));
            let old = random.bytes(c.bytes(count));
            let mut new = old.clone();
            let call = Call { count, rounding: Rounding::Rne, level };
            // SAFETY: the kernel was made for this host.
            unsafe { what.kernel(level)(&what, &call, &left, &right, &mut new) };
            let (least, greatest) = c.limits();
            for i in 0..count {
                let products = (0..k)
                    .map(|j| element(a, &left, if scalar { j } else { i * k + j }) * element(b, &right, i * k + j));
                let sum = element(c, &old, i) + products.sum::<i128>();
                let sum = if saturate { sum.clamp(least, greatest) } else { sum };
                let mask = u64::MAX >> (64 - c.bits());
                assert_eq!(element(c, &new, i) as u64 & mask, sum as u64 & mask, "{what:?} {level:?} {i}");
            }
        }
    }
}

#[test]
fn numbers_keep_their_range() {
    let mut bytes = [0; 8];
    assert!(Number::I8.put_integers(&[200, -3], &mut bytes, 1, true));
    assert_eq!(bytes[..4], [0, 127, 0xfd, 0]);
    assert!(!Number::U4.put_integers(&[9, 18], &mut bytes, 0, false));
    assert_eq!(bytes[0], 0x29);
    let mut flags = crate::float::Flags::empty();
    Number::U8.put_reals(&[2.5, 300.0, -1.0, f64::NAN], &mut bytes, 0, Rounding::Rne, &mut flags);
    assert_eq!(bytes[..4], [2, 255, 0, 255]);
    Number::F16.put_reals(&[1.5], &mut bytes, 1, Rounding::Rne, &mut flags);
    let mut values = [0.0];
    Number::F16.reals(&bytes, 1, &mut values);
    assert_eq!(values, [1.5]);
}
