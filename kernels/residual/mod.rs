//! `residual`: y = a + b in fp32.

use crate::{Checker, DType, Pattern, Run, Spec, any};

/// The residual connection, an addition of two vectors.
///
/// - Operations: `n`.
/// - Bytes: `12 n`.
/// - Error: none, an fp32 addition is what the host does; NaN for NaN.
pub static KERNEL: Spec = Spec {
    name: "residual",
    about: "fp32 addition of two vectors",
    elf: include_bytes!("../prebuilt/residual.elf"),
    dtype: DType::F32,
    dims: &["n"],
    shapes: &[&[4096]],
    awkward: &[&[1], &[129], &[1001]],
    patterns: &[Pattern::Tiny, Pattern::Special],
    in_default_set: false,
    accepts: any,
    flop: |s| s[0],
    bytes: |s| 12 * s[0],
    check,
};

fn check(run: &Run, checker: &mut Checker) -> Result<(), String> {
    let (a, b) = (run.input("a", run.shape)?, run.input("b", run.shape)?);
    for ((a, b), got) in a.iter().zip(b).zip(run.output("y", run.shape)?) {
        match f64::from(a + b) {
            want if want.is_nan() => checker.element(if got.is_nan() { 0.0 } else { 1.0 }, 0.0, 0.0),
            want => checker.element(got, want, 0.0),
        }
    }
    Ok(())
}
