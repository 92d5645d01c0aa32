//! `matmul_i8`: C = A B with int8 inputs and int32 results; A is M x K, B is K x N.

use crate::{Checker, DType, Form, Multiply, Pattern, Run, Spec};

/// The int8 GEMM.
///
/// - Operations: `2 M K N`.
/// - Bytes: `M K + K N + 4 M N`.
/// - Error: none; the bound is 0. `K * 128 * 128` must fit in int32, so K is at most 131071.
pub static KERNEL: Form = Form {
    spec: SPEC,
    problem: "matmul_i8",
    profile: "standard",
    in_qemu: true,
    vlens: 128..=65536,
    multiply: Some(Multiply { name: "vwmacc.vx", sew: 16, lmul: 2 }),
};

/// What all forms of the problem share.
pub(crate) const SPEC: Spec = Spec {
    name: "matmul_i8",
    about: "int8 matrix product C = A B with exact int32 sums, B widened to int16 while packed",
    elf: include_bytes!("../prebuilt/matmul_i8.elf"),
    dtype: DType::I8,
    dims: &["M", "K", "N"],
    shapes: &[&[64, 64, 64], &[128, 128, 128], &[256, 256, 256], &[100, 300, 130]],
    awkward: &[
        &[1, 1, 1],
        &[1, 7, 3],
        &[2, 2, 16],
        &[3, 5, 17],
        &[4, 3, 63],
        &[5, 31, 64],
        &[6, 2, 65],
        &[7, 1, 127],
        &[13, 64, 129],
        &[37, 41, 43],
        &[100, 257, 70],
        &[29, 513, 33],
        &[17, 19, 1100],
        &[8, 9, 11],
        &[14, 70000, 1],
        &[9, 70, 33],
    ],
    patterns: &[Pattern::Extreme],
    in_default_set: true,
    accepts: |s| match s[1] {
        k if k > MAX_K => Err(format!("K = {k} is above {MAX_K}: sums could overflow int32")),
        _ => Ok(()),
    },
    flop: |s| 2 * s.iter().product::<u64>(),
    bytes: |s| {
        let [m, k, n] = s[..] else { return 0 };
        m * k + k * n + 4 * m * n
    },
    check,
};

const MAX_K: u64 = 131_071;

fn check(run: &Run, checker: &mut Checker) -> Result<(), String> {
    let [m, k, n] = run.dims();
    let a = run.input_i8("a", &[m, k])?;
    let b = run.input_i8("b", &[k, n])?;
    let c = run.arrays.i32("c", &[m, n])?;
    let columns = n as usize;
    for (a_row, c_row) in a.chunks_exact(k as usize).zip(c.chunks_exact(columns)) {
        let mut sums = vec![0i32; columns];
        for (x, b_row) in a_row.iter().zip(b.chunks_exact(columns)) {
            for (sum, y) in sums.iter_mut().zip(b_row) {
                *sum += i32::from(*x) * i32::from(*y);
            }
        }
        for (got, want) in c_row.iter().zip(sums) {
            checker.element(f64::from(*got), f64::from(want), 0.0);
        }
    }
    Ok(())
}
