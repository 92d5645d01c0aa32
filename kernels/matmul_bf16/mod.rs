//! `matmul_bf16`: C = A B with bf16 inputs and fp32 sums; A is M x K, B is K x N.

use crate::bounds::{U32, gamma};
use crate::{Checker, DType, Form, Multiply, Run, Spec, any};

/// The bf16 GEMM with fp32 sums; it runs at the fp32 rate, as its operands are widened while they are packed.
///
/// - Operations: `2 M K N`.
/// - Bytes: `2 (M K + K N) + 4 M N`.
/// - Error: as `matmul_f32`, `gamma_K sum |a| |b|`.
pub static KERNEL: Form = PLAIN;

const PLAIN: Form = Form {
    spec: SPEC,
    problem: "matmul_bf16",
    profile: "standard",
    in_qemu: true,
    vlens: 128..=65536,
    multiply: Some(Multiply { name: "vfmacc.vf", sew: 32, lmul: 4 }),
};

/// By Zvfbfwma, at twice the fp32 rate. Each step rounds once, as in the form above, so the bound is the same.
pub static ZVFBFWMA: Form = Form {
    spec: Spec { name: "matmul_bf16_zvfbfwma", about: "matmul_bf16 with the multiply-add of Zvfbfwma", ..SPEC },
    in_qemu: false,
    multiply: Some(Multiply { name: "vfwmaccbf16.vf", sew: 16, lmul: 2 }),
    ..PLAIN
};

/// What all forms of the problem share.
pub(crate) const SPEC: Spec = Spec {
    name: "matmul_bf16",
    about: "bf16 matrix product C = A B with fp32 sums, widened while packed",
    elf: include_bytes!("../prebuilt/matmul_bf16.elf"),
    dtype: DType::F32,
    dims: &["M", "K", "N"],
    shapes: &[&[128, 128, 128], &[256, 256, 256]],
    awkward: &[&[1, 1, 1], &[3, 5, 17], &[7, 1, 127], &[29, 513, 33], &[4, 19, 1100], &[33, 47, 29]],
    patterns: &[],
    in_default_set: false,
    accepts: any,
    flop: |s| 2 * s[0] * s[1] * s[2],
    bytes: |s| 2 * (s[0] * s[1] + s[1] * s[2]) + 4 * s[0] * s[2],
    check,
};

fn check(run: &Run, checker: &mut Checker) -> Result<(), String> {
    let [m, k, n] = run.dims();
    let (a, b) = (run.input_64ths("a", &[m, k])?, run.input_64ths("b", &[k, n])?);
    for (index, got) in run.output("c", &[m, n])?.into_iter().enumerate() {
        let (row, column) = (index / n as usize, index % n as usize);
        let row = &a[row * k as usize..][..k as usize];
        let products = row.iter().zip(b.iter().skip(column).step_by(n as usize)).map(|(a, b)| a * b);
        let (sum, magnitude) = products.fold((0.0, 0.0), |(sum, all), p: f64| (sum + p, all + p.abs()));
        checker.element(got, sum, gamma(k, U32) * magnitude);
    }
    Ok(())
}
