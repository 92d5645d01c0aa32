//! Nanoseconds per operation, for the curious: `cargo test --release -- --ignored --nocapture speed`.

use super::*;
use crate::float::lanes::{Form, FusedOp, Level};
use std::hint::black_box;
use std::time::Instant;

fn time(what: &str, operations: usize, mut run: impl FnMut()) {
    let rounds = 20_000_000 / operations;
    let best = (0..5)
        .map(|_| {
            let start = Instant::now();
            (0..rounds).for_each(|_| run());
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    println!("{what:<40} {:8.3} ns", best * 1e9 / (rounds * operations) as f64);
}

fn soft<F: Format>(name: &str) {
    let mut rng = Rng::new(12);
    let values: Vec<u64> = (0..256)
        .map(|_| rng.next() & (F::SIGN | F::FRAC_MASK) | (F::BIAS as u64 + rng.below(8) - 4) << F::FRAC_BITS)
        .collect();
    let mut flags = Flags::empty();
    let pair = |i: usize| (values[i % 256], values[(i + 1) % 256]);
    macro_rules! each {
        ($($what:literal: |$i:ident, $f:ident| $call:expr;)*) => {$(
            time(&format!("soft {} {name}", $what), 256, || for $i in 0..256 { let $f = &mut flags; black_box($call); });
        )*};
    }
    const RNE: Rounding = Rounding::Rne;
    each! {
        "add": |i, f| add::<F>(pair(i).0, pair(i).1, RNE, f);
        "mul": |i, f| mul::<F>(pair(i).0, pair(i).1, RNE, f);
        "fma": |i, f| mul_add::<F>(pair(i).0, pair(i).1, pair(i + 5).0, RNE, f);
        "div": |i, f| div::<F>(pair(i).0, pair(i).1, RNE, f);
        "sqrt": |i, f| sqrt::<F>(pair(i).0 & !F::SIGN, RNE, f);
    }
}

#[test]
#[ignore = "a measurement"]
fn speed() {
    soft::<F16>("f16");
    soft::<F32>("f32");
    soft::<F64>("f64");
    let saved = host::begin();
    let xs: Vec<u32> = (0..1024).map(|i| (1.0 + i as f32 / 7.0).to_bits()).collect();
    time("host add f32", 256, || (0..256).for_each(|i| drop(black_box(host::add_f32(xs[i], xs[i + 1])))));
    time("host fma f32", 256, || (0..256).for_each(|i| drop(black_box(host::mul_add_f32(xs[i], xs[i + 1], xs[i + 5])))));
    let hs: Vec<u16> = (0..1024).map(|i| 0x3c00 + i as u16).collect();
    time("host fma f16", 256, || (0..256).for_each(|i| drop(black_box(host::mul_add_f16(hs[i], hs[i + 1], hs[i + 5])))));
    for level in [Level::Portable, Level::Avx2, Level::Avx512] {
        for form in [Form::Vector, Form::Scalar] {
            for n in [5, 16, 64, 128] {
                let f = black_box(lanes::fused_f32(FusedOp::Macc, form, level));
                let mut acc = vec![0u32; 128];
                // SAFETY: every buffer has at least 128 elements.
                time(&format!("lanes fma f32 {level:?} {form:?} n={n}"), n, || unsafe {
                    f(acc.as_mut_ptr(), xs.as_ptr(), xs[200..].as_ptr(), acc.as_ptr(), n)
                });
            }
        }
        let f = black_box(lanes::fused_f64(FusedOp::Macc, Form::Vector, level));
        let ds = vec![1f64.to_bits(); 64];
        let mut acc = vec![0u64; 64];
        // SAFETY: every buffer has 64 elements.
        time(&format!("lanes fma f64 {level:?} n=64"), 64, || unsafe {
            f(acc.as_mut_ptr(), ds.as_ptr(), ds.as_ptr(), acc.as_ptr(), 64)
        });
        let f = black_box(lanes::fused_f16(FusedOp::Macc, Form::Vector, level));
        let mut acc = vec![0u16; 64];
        // SAFETY: every buffer has at least 64 elements.
        time(&format!("lanes fma f16 {level:?} n=64"), 64, || unsafe {
            f(acc.as_mut_ptr(), hs.as_ptr(), hs[99..].as_ptr(), acc.as_ptr(), 64)
        });
    }
    host::end(saved);
}
