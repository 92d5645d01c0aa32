//! Conversions and square roots of whole portions with the host's vector instructions, round to nearest even.
//!
//! Flags gather in the host's status word as [`host`](crate::float::host) explains, and NaN results are repaired in the same way.
//! Elements beyond the active ones are zero and raise nothing.

use super::Real;
use super::active::PORTION;
use crate::float::lanes::Level;
use crate::float::{F16, F32, F64, Format};

/// What the host does to a portion.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    /// binary16 to binary32.
    HalfToSingle,
    /// binary32 to binary64.
    SingleToDouble,
    /// binary32 to binary16.
    SingleToHalf,
    /// binary64 to binary32.
    DoubleToSingle,
    /// Signed 32-bit integer to binary32.
    IntToSingle,
    /// binary32 to signed 32-bit integer; 0x80000000 where it does not fit.
    SingleToInt,
    /// The same, towards zero.
    SingleToIntByZero,
    /// Square root in binary32.
    SqrtSingle,
    /// Square root in binary64.
    SqrtDouble,
}

/// Whether a format is this one.
const fn is<F: Format, G: Format>() -> bool {
    F::EXP_BITS == G::EXP_BITS && F::FRAC_BITS == G::FRAC_BITS
}

impl Function {
    /// The conversion between two formats.
    #[inline(always)]
    pub fn convert<S: Real, D: Real>() -> Option<Function> {
        match () {
            () if is::<S, F16>() && is::<D, F32>() => Some(Function::HalfToSingle),
            () if is::<S, F32>() && is::<D, F64>() => Some(Function::SingleToDouble),
            () if is::<S, F32>() && is::<D, F16>() => Some(Function::SingleToHalf),
            () if is::<S, F64>() && is::<D, F32>() => Some(Function::DoubleToSingle),
            () => None,
        }
    }

    /// The conversion from a signed integer of the same width.
    #[inline(always)]
    pub fn from_int<F: Real>() -> Option<Function> {
        is::<F, F32>().then_some(Function::IntToSingle)
    }

    /// The conversion to a signed integer of the same width.
    #[inline(always)]
    pub fn to_int<F: Real>(zero: bool) -> Option<Function> {
        is::<F, F32>().then_some(if zero { Function::SingleToIntByZero } else { Function::SingleToInt })
    }

    /// The square root in a format.
    #[inline(always)]
    pub fn sqrt<F: Real>() -> Option<Function> {
        match () {
            () if is::<F, F32>() => Some(Function::SqrtSingle),
            () if is::<F, F64>() => Some(Function::SqrtDouble),
            () => None,
        }
    }

    /// Applies it to a portion; `None` when the host cannot. NaNs are as the host makes them.
    #[inline(always)]
    pub fn apply<S: Copy, D: Copy + Default>(self, level: Level, from: &[S; PORTION]) -> Option<[D; PORTION]> {
        let (source, result) = self.widths();
        if size_of::<S>() != source || size_of::<D>() != result || level < Level::Avx2 {
            return None;
        }
        let mut to = [D::default(); PORTION];
        // SAFETY: the level says that the host has AVX2 and F16C, and the arrays have the widths of this function.
        unsafe { run(self, from.as_ptr().cast(), to.as_mut_ptr().cast()) };
        Some(to)
    }

    /// Bytes of an element before and after.
    const fn widths(self) -> (usize, usize) {
        match self {
            Function::HalfToSingle => (2, 4),
            Function::SingleToDouble => (4, 8),
            Function::SingleToHalf => (4, 2),
            Function::DoubleToSingle => (8, 4),
            Function::SqrtDouble => (8, 8),
            Function::IntToSingle | Function::SingleToInt | Function::SingleToIntByZero | Function::SqrtSingle => {
                (4, 4)
            }
        }
    }
}

/// # Safety
/// The host must have AVX2 and F16C, and a portion must be readable and writable in the function's widths.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,f16c")]
unsafe fn run(function: Function, from: *const u8, to: *mut u8) {
    // So many bytes in and out at a time; the register is named in the width of the result.
    macro_rules! portion {
        ($instruction:literal, $source:literal $bytes_in:literal, $bytes_out:literal $result:literal) => {
            for at in 0..PORTION * function.widths().0 / $bytes_in {
                // SAFETY: by contract; the flags that the instruction raises are the purpose.
                unsafe {
                    std::arch::asm!(
                        concat!($instruction, " {t", $result, "}, ", $source, " ptr [{from}]"),
                        concat!("vmovups [{to}], {t", $result, "}"),
                        t = out(ymm_reg) _, from = in(reg) from.add(at * $bytes_in), to = in(reg) to.add(at * $bytes_out),
                        options(nostack)
                    );
                }
            }
        };
    }
    match function {
        Function::HalfToSingle => portion!("vcvtph2ps", "xmmword" 16, 32 ""),
        Function::SingleToDouble => portion!("vcvtps2pd", "xmmword" 16, 32 ""),
        Function::DoubleToSingle => portion!("vcvtpd2ps", "ymmword" 32, 16 ":x"),
        Function::IntToSingle => portion!("vcvtdq2ps", "ymmword" 32, 32 ""),
        Function::SingleToInt => portion!("vcvtps2dq", "ymmword" 32, 32 ""),
        Function::SingleToIntByZero => portion!("vcvttps2dq", "ymmword" 32, 32 ""),
        Function::SqrtSingle => portion!("vsqrtps", "ymmword" 32, 32 ""),
        Function::SqrtDouble => portion!("vsqrtpd", "ymmword" 32, 32 ""),
        Function::SingleToHalf => {
            for at in 0..PORTION / 8 {
                // SAFETY: as above.
                unsafe {
                    std::arch::asm!("vmovups {t}, [{from}]", "vcvtps2ph [{to}], {t}, 0", t = out(ymm_reg) _,
                        from = in(reg) from.add(at * 32), to = in(reg) to.add(at * 16), options(nostack));
                }
            }
        }
    }
}

/// There is no other host whose level says that it can.
///
/// # Safety
/// None is needed.
#[cfg(not(target_arch = "x86_64"))]
unsafe fn run(_: Function, _: *const u8, _: *mut u8) {
    unreachable!("portions run on x86-64 only")
}
