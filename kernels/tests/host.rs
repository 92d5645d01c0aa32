//! The host side alone: formulas, references, bounds, and that the checks refuse what is wrong.

use rvtile_kernels::bounds::{EXP_POLYNOMIAL, EXP2_CUBIC, f16_to_f64, gamma};
use rvtile_kernels::{Array, Arrays, Checker, ElementType, Kernel, Pattern, Shape, Variant, find, inputs};

fn kernel(name: &str) -> &'static dyn Kernel {
    find(name).expect("registered kernel")
}

fn shape(text: &str) -> Shape {
    text.parse().expect("a shape")
}

fn f32_array(name: &str, dims: &[u64], values: &[f32]) -> Array {
    let data = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    Array { name: name.into(), dtype: ElementType::F32, dims: dims.to_vec(), data }
}

fn input(name: &str, stream: u64, pattern: Pattern, dims: [u64; 2]) -> Array {
    f32_array(name, &dims, &inputs::f32(stream, pattern, dims[0] * dims[1], dims[1]))
}

/// Arrays of a correct `matmul_f32` of 3 x 5 x 2, computed in f64 and rounded once.
fn small_matmul() -> Vec<Array> {
    let (a, b) = (inputs::f32(0, Pattern::Uniform, 15, 5), inputs::f32(1, Pattern::Uniform, 10, 2));
    let dot =
        |i: usize, j: usize| (0..5).map(|k| f64::from(a[i * 5 + k]) * f64::from(b[k * 2 + j])).sum::<f64>() as f32;
    let c: Vec<f32> = (0..6).map(|e| dot(e / 2, e % 2)).collect();
    vec![f32_array("a", &[3, 5], &a), f32_array("b", &[5, 2], &b), f32_array("c", &[3, 2], &c)]
}

fn element(array: &mut Array, index: usize, change: impl Fn(f32) -> f32) {
    let bytes = &mut array.data[index * 4..index * 4 + 4];
    let value = change(f32::from_le_bytes(bytes.try_into().unwrap()));
    bytes.copy_from_slice(&value.to_le_bytes());
}

#[test]
fn shapes_read_and_print() {
    assert_eq!(shape("256x1x30"), Shape(vec![256, 1, 30]));
    assert_eq!(shape("256x1x30").to_string(), "256x1x30");
    for wrong in ["", "x", "3x", "3x-1", "3 x 4"] {
        assert!(wrong.parse::<Shape>().is_err(), "{wrong}");
    }
}

#[test]
fn operations_and_bytes() {
    let cases = [
        ("matmul_f32", "3x5x7", 210, 4 * (15 + 35 + 21)),
        ("matmul_f16", "3x5x7", 210, 2 * (15 + 35 + 21)),
        ("matmul_i8", "3x5x7", 210, 15 + 35 + 4 * 21),
        ("gemv_f32", "3x5", 30, 4 * (15 + 5 + 3)),
        ("softmax_f32", "3x5", 75, 120),
        ("attention_f32", "3x5x8x0", 4 * 8 * 15, 4 * 2 * 8 * (3 + 5)),
        ("gemv_q8_0", "3x33", 198, 3 * 2 * 34 + 4 * (33 + 3)),
        ("gemv_q4_0", "3x64", 384, 3 * 2 * 18 + 4 * (64 + 3)),
        ("gemv_i8", "3x5", 30, 15 + 4 * (2 * 3 + 5)),
        ("linear_i8", "2x5x3", 60, 15 + 4 * (3 + 2 * 5 + 2 * 3)),
        ("linear_bf16_qqq", "3x5x7", 210, 2 * (15 + 35) + 4 * 21),
        ("linear_bf16_xsfmm", "3x5x7", 210, 2 * (15 + 35) + 4 * 21),
        ("gemv_f16", "3x5", 30, 30 + 10 + 12),
        ("matmul_q4_0", "2x32x5", 640, 5 * 18 + 4 * (64 + 10)),
        ("rmsnorm_f32", "2x8", 64, 4 * (32 + 8)),
        ("rope_half_f32", "2x8x4", 24, 128 + 16),
        ("swiglu_f32", "10", 60, 120),
        ("attention_decode_f16", "4x2x8x10x0", 4 * 4 * 8 * 10, 4 * 2 * 8 * 10 + 8 * 4 * 8),
        ("attention_decode_i8", "4x2x8x10x0", 4 * 4 * 8 * 10, 2 * 2 * 12 * 10 + 8 * 4 * 8),
        // Queries at keys 3 and 4 of five behind a prefix of five see all five.
        ("attention_prefix_f32", "2x5x8x5", 4 * 8 * 10, 4 * 2 * 8 * (2 + 5)),
        // Three queries at the end of five keys see 3, 4 and 5 of them.
        ("attention_f32", "3x5x8x1", 4 * 8 * 12, 4 * 2 * 8 * (3 + 5)),
    ];
    for (name, dims, flop, bytes) in cases {
        assert_eq!(kernel(name).flop(&shape(dims)), flop, "{name} {dims}");
        assert_eq!(kernel(name).bytes(&shape(dims)), bytes, "{name} {dims}");
    }
}

#[test]
fn wrong_shapes_are_refused() {
    let cases = [
        ("matmul_f32", "3x5", "expected 3 dimensions (M, K, N), got 2"),
        ("matmul_f32", "3x0x5", "K = 0 is not between 1 and 2^30"),
        ("matmul_f16", "1x65505x1", "overflow fp16"),
        ("matmul_i8", "1x131072x1", "overflow int32"),
        ("attention_f32", "6x5x8x1", "T <= S"),
        ("attention_f32", "4x5x8x2", "causal = 2"),
        ("attention_f32", "4x5x8", "expected 4 dimensions"),
        ("softmax_f32", "0x4", "rows = 0"),
        ("gemv_f32", "1x2x3", "expected 2 dimensions"),
        ("gemv_i8", "1x131073", "overflow int32"),
        ("linear_i8_qoq", "1x131073x1", "overflow int32"),
        ("rope_half_f32", "1x8x3", "not an even number"),
        ("attention_decode_f16", "5x2x8x1x0", "no multiple of Hk"),
        ("top_k_f32", "4x5", "above n"),
    ];
    for (name, dims, part) in cases {
        let error = kernel(name).validate(&shape(dims)).expect_err(dims);
        assert!(error.contains(part), "{name} {dims}: {error}");
        assert!(kernel(name).check(&shape(dims), &Arrays::default()).is_err());
    }
}

#[test]
fn arguments() {
    assert_eq!(
        kernel("attention_f32").args(Variant::Scalar, &shape("2x3x4x1")),
        ["attention_f32", "scalar", "2", "3", "4", "1"]
    );
}

#[test]
fn matmul_check_accepts_the_rounded_result_and_refuses_others() {
    let check = |arrays| kernel("matmul_f32").check(&shape("3x5x2"), &Arrays::new(arrays).unwrap());
    let right = check(small_matmul()).unwrap();
    assert!(right.ok && right.elements == 6, "{right:?}");

    for change in [|v: f32| v * 1.001, |v: f32| v + 1.0, |_| f32::NAN, |_| f32::INFINITY] {
        let mut arrays = small_matmul();
        element(&mut arrays[2], 4, change);
        let wrong = check(arrays).unwrap();
        assert!(!wrong.ok && wrong.worst.index == 4, "{wrong:?}");
    }
}

#[test]
fn spoiled_missing_or_misshapen_arrays_are_errors() {
    let check = |arrays| kernel("matmul_f32").check(&shape("3x5x2"), &Arrays::new(arrays).unwrap());
    let mut spoiled = small_matmul();
    element(&mut spoiled[1], 7, |v| -v);
    assert_eq!(check(spoiled).unwrap_err(), "input `b` differs from the generator's at element 7");

    let mut missing = small_matmul();
    missing.remove(2);
    assert_eq!(check(missing).unwrap_err(), "no array `c` (there are: a, b)");

    let mut misshapen = small_matmul();
    misshapen[2].dims = vec![2, 3];
    assert_eq!(check(misshapen).unwrap_err(), "array `c` is f32 [2, 3], expected f32 [3, 2]");

    let mut mistyped = small_matmul();
    mistyped[2].dtype = ElementType::I32;
    assert_eq!(check(mistyped).unwrap_err(), "array `c` is i32 [3, 2], expected f32 [3, 2]");

    let mut short = small_matmul();
    short[2].data.pop();
    assert_eq!(Arrays::new(short).unwrap_err(), "array `c` has 23 bytes, expected 24");
}

#[test]
fn int8_check_is_exact() {
    let (a, b) = (inputs::i8(0, Pattern::Uniform, 6), inputs::i8(1, Pattern::Uniform, 3));
    let arrays = |off: i32| {
        let dot = |i: usize| (0..3).map(|k| i32::from(a[i * 3 + k]) * i32::from(b[k])).sum::<i32>();
        let c = [dot(0), dot(1) + off];
        let bytes = |v: &[i8]| v.iter().map(|x| *x as u8).collect::<Vec<u8>>();
        let array =
            |name: &str, dtype, dims: [u64; 2], data| Array { name: name.into(), dtype, dims: dims.into(), data };
        Arrays::new(vec![
            array("a", ElementType::I8, [2, 3], bytes(&a)),
            array("b", ElementType::I8, [3, 1], bytes(&b)),
            array("c", ElementType::I32, [2, 1], c.iter().flat_map(|v| v.to_le_bytes()).collect()),
        ])
        .unwrap()
    };
    let check = |off| kernel("matmul_i8").check(&shape("2x3x1"), &arrays(off)).unwrap();
    assert!(check(0).ok);
    assert!(!check(1).ok && !check(-1).ok);
}

#[test]
fn softmax_check_sees_a_relative_error_of_1e_5() {
    for pattern in [Pattern::Uniform, Pattern::Wide, Pattern::Large, Pattern::Equal, Pattern::NegInf] {
        let x = inputs::f32(0, pattern, 120, 40);
        let mut y = Vec::new();
        for row in x.chunks_exact(40) {
            let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let terms: Vec<f64> = row.iter().map(|v| f64::from(*v - max).exp()).collect();
            let sum: f64 = terms.iter().sum();
            y.extend(terms.iter().map(|t| (t / sum) as f32));
        }
        let run = |y: &[f32]| {
            let arrays = Arrays::new(vec![input("x", 0, pattern, [3, 40]), f32_array("y", &[3, 40], y)]).unwrap();
            kernel("softmax_f32").check_pattern(&shape("3x40"), pattern, &arrays).unwrap()
        };
        assert!(run(&y).ok, "{pattern:?}");
        let largest = (0..40).max_by(|a, b| y[*a].total_cmp(&y[*b])).unwrap();
        y[largest] *= 1.0 + 2e-5;
        assert!(!run(&y).ok, "{pattern:?}");
    }
}

#[test]
fn attention_check_sees_one_key_too_many() {
    let dims = shape("4x6x3x1");
    let (q, k, v) = (
        inputs::f32(0, Pattern::Uniform, 12, 3),
        inputs::f32(1, Pattern::Uniform, 18, 3),
        inputs::f32(2, Pattern::Uniform, 18, 3),
    );
    let run = |extra: usize| {
        let mut o = Vec::new();
        for i in 0..4 {
            let seen = (i + 3 + extra).min(6);
            let score = |j: usize| (0..3).map(|c| f64::from(q[i * 3 + c]) * f64::from(k[j * 3 + c])).sum::<f64>();
            let weights: Vec<f64> = (0..seen).map(|j| (score(j) / 3f64.sqrt()).exp()).collect();
            let sum: f64 = weights.iter().sum();
            for c in 0..3 {
                o.push(
                    (weights.iter().enumerate().map(|(j, w)| w * f64::from(v[j * 3 + c])).sum::<f64>() / sum) as f32,
                );
            }
        }
        let arrays = Arrays::new(vec![
            f32_array("q", &[4, 3], &q),
            f32_array("k", &[6, 3], &k),
            f32_array("v", &[6, 3], &v),
            f32_array("o", &[4, 3], &o),
        ]);
        kernel("attention_f32").check(&dims, &arrays.unwrap()).unwrap()
    };
    let right = run(0);
    assert!(right.ok, "{right:?}");
    assert!(right.worst.bound < 1e-5, "the bound is useful: {right:?}");
    assert!(!run(1).ok);
}

#[test]
fn checker_counts_nan_as_wrong_and_equal_infinities_as_right() {
    let check = |got, want, bound| {
        let mut checker = Checker::new();
        checker.element(1.0, 1.0, 0.0);
        checker.element(got, want, bound);
        checker.finish().unwrap().ok
    };
    assert!(check(1.5, 1.0, 0.5) && !check(1.5, 1.0, 0.49));
    assert!(!check(f64::NAN, 1.0, f64::INFINITY) && !check(f64::NAN, f64::NAN, 1.0));
    assert!(!check(1.0, f64::INFINITY, f64::INFINITY) && check(f64::INFINITY, f64::INFINITY, 0.0));
    assert!(!check(1.0, 2.0, f64::NAN));
    assert!(Checker::new().finish().is_err());
}

#[test]
fn half_precision_values() {
    for (bits, value) in [
        (0x0000, 0.0),
        (0x3c00, 1.0),
        (0xbc00, -1.0),
        (0x3c01, 1.0 + 1.0 / 1024.0),
        (0x7bff, 65504.0),
        (0x0001, 1.0 / 16_777_216.0),
        (0x0400, 1.0 / 16384.0),
        (0xfc00, f64::NEG_INFINITY),
    ] {
        assert_eq!(f16_to_f64(bits), value, "{bits:#x}");
    }
    assert!(f16_to_f64(0x7e00).is_nan());
}

#[test]
fn gamma_knows_where_it_ends() {
    assert_eq!(gamma(1, 0.25), 0.25 / 0.75);
    assert_eq!(gamma(2048, 1.0 / 2048.0), f64::INFINITY);
}

/// The polynomial of `runtime/exp_f32.inc` against exp, on its interval. (Maxima of the error lie 0.1 apart; 20,001 points
/// miss less than 1e-6 of their height.)
#[test]
fn exp_polynomial_has_the_stated_error() {
    let c: Vec<f64> = [0x3f80_0000u32, 0x3f80_0000, 0x3eff_fffe, 0x3e2a_aa46, 0x3d2a_ac2c, 0x3c09_1ef0, 0x3ab5_6359]
        .iter()
        .map(|bits| f64::from(f32::from_bits(*bits)))
        .collect();
    let half = std::f64::consts::LN_2 * 0.5005;
    let mut worst = 0.0f64;
    for i in -10_000..=10_000 {
        let r = half * f64::from(i) / 10_000.0;
        let p = c.iter().rev().fold(0.0, |p, c| p * r + c);
        worst = worst.max((p / r.exp() - 1.0).abs());
    }
    assert!(worst < EXP_POLYNOMIAL && worst > EXP_POLYNOMIAL / 2.0, "{worst}");
}

/// The monic cubic of `attention_bf16/softmax.S` against the best multiple of 2^r.
#[test]
fn cubic_has_the_stated_error() {
    let c = [0x4190_fdd5u32, 0x4149_0c64, 0x408c_b763, 0x3f80_0000].map(|bits| f64::from(f32::from_bits(bits)));
    let (mut low, mut high) = (f64::INFINITY, 0.0f64);
    for i in -10_000..=10_000 {
        let r = f64::from(i) / 20_000.0;
        let ratio = c.iter().rev().fold(0.0, |p, c| p * r + c) / r.exp2();
        (low, high) = (low.min(ratio), high.max(ratio));
    }
    let worst = (high - low) / (high + low);
    assert!(worst < EXP2_CUBIC && worst > EXP2_CUBIC / 2.0, "{worst}");
}

/// Q of `activation/kernel.S`: `exp(x^2/2) Phi(-x) = t Q(t)`, `t = 1 / (1 + 0.35 x)`, as far as exp(-x^2/2) is a normal number.
/// The function by its continued fraction from 2.5 on; below, by the series of Phi.
#[test]
fn gelu_polynomial_has_the_stated_error() {
    let q = [0xbcee_82d5u32, 0x3e13_4544, 0xbe82_c2bd, 0x3e22_9bd9, 0xbcbb_239e, 0x3dd7_d7fc, 0x3df5_7abf, 0x3e0f_36d3]
        .into_iter()
        .chain([0x3e0e_f8fb])
        .map(|bits| f64::from(f32::from_bits(bits)));
    let q: Vec<f64> = q.collect();
    let root = (2.0 * std::f64::consts::PI).sqrt();
    let tail = |x: f64| match x < 2.5 {
        true => {
            let (mut term, mut sum) = (x, x);
            for n in 1..100 {
                term *= x * x / f64::from(2 * n + 1);
                sum += term;
            }
            0.5 * (x * x / 2.0).exp() - sum / root
        }
        false => 1.0 / (root * (x + (1..400).rev().fold(0.0, |f, k| f64::from(k) / (x + f)))),
    };
    let mut worst = 0.0f64;
    for i in 0..=13_000 {
        let x = f64::from(i) / 1000.0;
        let t = 1.0 / (1.0 + f64::from(0.35f32) * x);
        let value = t * q.iter().fold(0.0, |p, c| p * t + c);
        worst = worst.max((value / tail(x) - 1.0).abs());
    }
    assert!(worst < 7e-8 && worst > 3e-8, "{worst}");
}

/// Guest memory of 4 KiB at 0x1000 with a manifest of one array, built by hand.
fn manifest(change: impl Fn(&mut Vec<u8>)) -> Result<Arrays, String> {
    let mut memory = vec![0u8; 4096];
    let words = [0x1100u64, 0x1110, 0x1120, 2, 1, 0, 0];
    for (at, word) in words.iter().enumerate() {
        memory[at * 8..at * 8 + 8].copy_from_slice(&word.to_le_bytes());
    }
    memory[0x100..0x102].copy_from_slice(b"xy");
    memory[0x110..0x113].copy_from_slice(b"f32");
    memory[0x120..0x124].copy_from_slice(&1.5f32.to_le_bytes());
    change(&mut memory);
    Arrays::read(0x1000, |address, length| {
        let start = usize::try_from(address.checked_sub(0x1000)?).ok()?;
        memory.get(start..start.checked_add(length as usize)?).map(<[u8]>::to_vec)
    })
}

#[test]
fn manifest_is_read_from_memory() {
    let arrays = manifest(|_| ()).unwrap();
    assert_eq!(arrays.iter().count(), 1);
    assert_eq!(arrays.f32("xy", &[2, 1]).unwrap(), [1.5, 0.0]);
}

#[test]
fn damaged_manifests_are_named() {
    let word =
        |at: usize, value: u64| move |m: &mut Vec<u8>| m[at * 8..at * 8 + 8].copy_from_slice(&value.to_le_bytes());
    let error = |result: Result<Arrays, String>| result.expect_err("damaged");
    assert_eq!(error(manifest(word(0, 0x9999_0000))), "name of array 0: 0x99990000 is not readable");
    assert_eq!(error(manifest(word(1, 0x1100))), "array `xy` has unknown type `xy`");
    assert_eq!(error(manifest(word(2, 0x1ffc))), "array `xy`: 8 bytes at 0x1ffc are not readable");
    assert_eq!(error(manifest(word(3, 0))), "array `xy` has impossible sizes []");
    assert!(error(manifest(word(3, u64::MAX))).contains("impossible sizes"));
    let endless = |m: &mut Vec<u8>| {
        m[0x100..0x200].fill(b'a');
        m[0x200] = 0;
    };
    assert!(error(manifest(endless)).contains("longer than 64 bytes"));
    assert_eq!(error(Arrays::read(0x10, |_, _| None)), "manifest entry 0 at 0x10 is not readable");
}
