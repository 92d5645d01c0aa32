//! `linear_i8`, its forms with matrix extensions, and the forms of `linear_bf16`: linear layers for any number of tokens.

use crate::bounds::{MIN_NORMAL32, U32, gamma};
use crate::folders::matmul_bf16;
use crate::quant::quantize;
use crate::{Checker, DType, Form, Multiply, Pattern, Run, Spec};

const ELF: &[u8] = include_bytes!("../prebuilt/linear.elf");

/// With standard vector instructions; M = 1 is the problem of `gemv_i8`.
pub static I8: Form = Form {
    spec: SPEC,
    problem: "linear_i8",
    profile: "standard",
    in_qemu: true,
    vlens: 128..=65536,
    multiply: Some(Multiply { name: "vwmacc.vx", sew: 8, lmul: 2 }),
};

/// With 2x8x2 blocks.
pub static DOD: Form = Form {
    spec: Spec { name: "linear_i8_dod", about: "linear_i8 with sf.vqmacc.2x8x2", ..SPEC },
    multiply: Some(Multiply { name: "sf.vqmacc.2x8x2", sew: 8, lmul: 4 }),
    ..BLOCKS
};

/// With 4x8x4 blocks.
pub static QOQ: Form = Form {
    spec: Spec { name: "linear_i8_qoq", about: "linear_i8 with sf.vqmacc.4x8x4", ..SPEC },
    multiply: Some(Multiply { name: "sf.vqmacc.4x8x4", sew: 8, lmul: 4 }),
    ..BLOCKS
};

/// With SpacemiT IME 1.
pub static IME: Form = Form {
    spec: Spec { name: "linear_i8_ime", about: "linear_i8 with smt.vmadot", ..SPEC },
    profile: "spacemit",
    vlens: 128..=2048,
    multiply: Some(Multiply { name: "smt.vmadot", sew: 8, lmul: 1 }),
    ..BLOCKS
};

/// With XSfmm.
pub static XSFMM: Form = Form {
    spec: Spec { name: "linear_i8_xsfmm", about: "linear_i8 with XSfmm tiles", ..SPEC },
    multiply: Some(Multiply { name: "sf.mm.s.s", sew: 8, lmul: 1 }),
    ..TILES
};

/// With Zvt.
pub static ZVT: Form = Form {
    spec: Spec { name: "linear_i8_zvt", about: "linear_i8 with Zvt tiles", ..SPEC },
    profile: "zvt",
    multiply: Some(Multiply { name: "vtmms.tvv", sew: 8, lmul: 1 }),
    ..TILES
};

/// With 4x4x4 blocks: `matmul_bf16` in chunks of K, for matrices that come from memory. Each product is added by a rounded multiply-add
/// in the order of k, so the bound is that of `matmul_bf16`.
pub static QQQ: Form = Form {
    spec: Spec {
        name: "linear_bf16_qqq",
        about: "matmul_bf16 with sf.vfwmacc.4x4x4 in chunks of K, B packed beforehand",
        ..BF16
    },
    problem: "matmul_bf16",
    multiply: Some(Multiply { name: "sf.vfwmacc.4x4x4", sew: 16, lmul: 4 }),
    ..BLOCKS
};

/// bf16 with XSfmm: sums stay in the tiles for all of K. Those of a step are exact but for the rounding to fp32 at its end, so the bound is
/// that of `matmul_bf16`.
pub static XSFMM_BF16: Form = Form {
    spec: Spec {
        name: "linear_bf16_xsfmm",
        about: "matmul_bf16 with XSfmm tiles for any M, B packed beforehand",
        ..BF16
    },
    problem: "matmul_bf16",
    multiply: Some(Multiply { name: "sf.mm.f.f", sew: 16, lmul: 2 }),
    ..TILES
};

/// bf16 with Zvt.
pub static ZVT_BF16: Form = Form {
    spec: Spec { name: "linear_bf16_zvt", about: "matmul_bf16 with Zvt tiles for any M, B packed beforehand", ..BF16 },
    problem: "matmul_bf16",
    profile: "zvt",
    multiply: Some(Multiply { name: "vtfmm.alt.tvv", sew: 16, lmul: 2 }),
    ..TILES
};

const BF16: Spec = Spec { elf: ELF, in_default_set: false, awkward: AWKWARD, ..matmul_bf16::SPEC };

/// A block of X takes a register: from VLEN 256 on.
const BLOCKS: Form =
    Form { spec: SPEC, problem: "linear_i8", profile: "sifive", in_qemu: false, vlens: 256..=2048, multiply: None };

/// A row of a tile fills a register as long as the edge follows VLEN.
const TILES: Form = Form { vlens: 128..=1024, ..BLOCKS };

/// Every number of blocks in a strip, one strip and several blocks of rows, one chunk of K and several, panels that are not full.
const AWKWARD: &[&[u64]] = &[
    &[1, 1, 1],
    &[2, 31, 3],
    &[3, 32, 17],
    &[4, 33, 64],
    &[5, 95, 65],
    &[6, 64, 31],
    &[7, 70, 33],
    &[8, 100, 129],
    &[9, 1100, 61],
    &[13, 97, 300],
    &[37, 600, 40],
    &[140, 530, 35],
    &[70, 97, 300],
    &[300, 70, 40],
    &[1, 40000, 3],
];

/// The int8 linear layer, `Y = X W^T`: W is N x K with an fp32 scale for each output channel, X is M x K fp32, quantised to int8 with one
/// scale a row as part of the call; exact int32 sums.
///
/// - Operations: `2 M K N`.
/// - Bytes: `N K + 4 (N + M K + M N)`.
/// - Error, against the exact product of the quantised operands: the sum converts to fp32 with one rounding, two products
///   round once each: `gamma_3 |s d S|`, and `2^-126 |S|` if a product of the scales is subnormal.
const SPEC: Spec = Spec {
    name: "linear_i8",
    about: "int8 weights with a scale an output channel times rows quantised to int8, fp32 result",
    elf: ELF,
    dtype: DType::I8,
    dims: &["M", "K", "N"],
    shapes: &[&[1, 1024, 1024], &[8, 1024, 1024], &[128, 1024, 1024]],
    awkward: AWKWARD,
    patterns: &[Pattern::Wide, Pattern::Extreme, Pattern::Zero, Pattern::Tiny],
    in_default_set: false,
    accepts: |s| match s[1] {
        k if k > 131_072 => Err(format!("K = {k} is above 131072: sums could overflow int32")),
        _ => Ok(()),
    },
    flop: |s| 2 * s.iter().product::<u64>(),
    bytes: |s| s[2] * s[1] + 4 * (s[2] + s[0] * s[1] + s[0] * s[2]),
    check,
};

fn check(run: &Run, checker: &mut Checker) -> Result<(), String> {
    let [m, k, n] = run.dims();
    let x = run.input("x", &[m, k])?;
    let w = run.input_i8("w", &[n, k])?;
    let scales = run.input_f64("scale", &[n])?;
    let y = run.output("y", &[m, n])?;
    for (row, y) in x.chunks_exact(k as usize).zip(y.chunks_exact(n as usize)) {
        let (q, d) = quantize(row);
        for ((weights, scale), got) in w.chunks_exact(k as usize).zip(&scales).zip(y) {
            let sum = f64::from(weights.iter().zip(&q).map(|(w, q)| i32::from(*w) * i32::from(*q)).sum::<i32>());
            let want = scale * f64::from(d) * sum;
            checker.element(*got, want, gamma(3, U32) * want.abs() + MIN_NORMAL32 * (sum.abs() + 1.0));
        }
    }
    Ok(())
}
