//! `gemv_vcix`: y = W x in int8 with int32 results, by a coprocessor that a definition supplies.

use crate::{Checker, DType, Form, Pattern, Run, Spec};

/// The matrix-vector product by dot products of four; `kernel.S` says what the coprocessor computes.
///
/// - Operations: `2 M K`. Bytes: `M K + K + 4 M`.
/// - Error: none; the bound is 0. `K * 128 * 128` must fit in int32.
pub static KERNEL: Form = Form {
    spec: Spec {
        name: "gemv_vcix",
        about: "int8 matrix-vector product with exact int32 sums, by a coprocessor's dot products of four",
        elf: include_bytes!("../prebuilt/gemv_vcix.elf"),
        dtype: DType::I8,
        dims: &["M", "K"],
        shapes: &[&[256, 1024]],
        awkward: &[&[1, 4], &[3, 20], &[7, 300], &[2, 1028], &[5, 4096]],
        patterns: &[Pattern::Extreme],
        in_default_set: false,
        accepts: |s| match s[1] {
            k if k % 4 != 0 || k > 131_068 => Err(format!("K = {k} is no multiple of 4, or above 131068")),
            _ => Ok(()),
        },
        flop: |s| 2 * s[0] * s[1],
        bytes: |s| s[0] * s[1] + s[1] + 4 * s[0],
        check,
    },
    problem: "gemv_vcix",
    profile: "sifive",
    in_qemu: false,
    vlens: 128..=65536,
    multiply: None,
};

fn check(run: &Run, checker: &mut Checker) -> Result<(), String> {
    let [m, k] = run.dims();
    let (w, x) = (run.input_i8("w", &[m, k])?, run.input_i8("x", &[k])?);
    for (row, got) in w.chunks_exact(k as usize).zip(run.arrays.i32("y", &[m])?) {
        let want: i32 = row.iter().zip(&x).map(|(w, x)| i32::from(*w) * i32::from(*x)).sum();
        checker.element(f64::from(got), f64::from(want), 0.0);
    }
    Ok(())
}
