//! Semantics that are declared, not written: what extension files are made of.
//!
//! A declaration names types, a geometry and layouts; a kernel compiled beforehand does the work, for the SIMD level of the host and with the same
//! loops as the built-in extensions. Kernels see bytes only: which registers they lie in is for the [`Definition`](crate::row::Definition) that calls them.

mod dot;
mod matmul;
mod number;
#[cfg(test)]
mod tests;

pub use dot::Dot;
pub use matmul::{Accumulate, Layout, Matmul};
pub use number::Number;

use crate::float::lanes::Level;
use crate::float::{Flags, Rounding};

/// What a kernel raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised {
    /// Floating-point flags, without those still in the host's status word.
    pub flags: Flags,
    /// A result was clamped.
    pub saturated: bool,
}

impl Raised {
    /// Nothing.
    pub const NOTHING: Raised = Raised { flags: Flags::empty(), saturated: false };

    /// What either raised.
    #[must_use]
    pub fn and(self, other: Raised) -> Raised {
        Raised { flags: self.flags | other.flags, saturated: self.saturated | other.saturated }
    }
}

/// A kernel of a declaration `T`: reads A and B, adds to C.
pub type Kernel<T> = unsafe fn(&T, &Call, &[u8], &[u8], &mut [u8]) -> Raised;

/// Those for all levels, in order.
pub type Kernels<T> = [Kernel<T>; Level::ALL.len()];

/// What changes from call to call.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Blocks of B and C, or elements of C.
    pub count: usize,
    /// Rounding mode of floating-point results.
    pub rounding: Rounding,
    /// SIMD level of the host that may be used.
    pub level: Level,
}

/// The body of a kernel as a type, so that one source is compiled for several host feature sets. Implementations must be
/// `#[inline(always)]`, as must everything hot that they call.
trait Work<T> {
    fn run(what: &T, call: &Call, a: &[u8], b: &[u8], c: &mut [u8]) -> Raised;
}

/// The kernel for a level.
fn versioned<T, W: Work<T>>(level: Level) -> Kernel<T> {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 | Level::Avx512Fp16 => avx512::<T, W>,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => avx2::<T, W>,
        _ => W::run,
    }
}

/// # Safety
/// The host must have these features: `Level::detect` says so.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi1,bmi2")]
unsafe fn avx512<T, W: Work<T>>(what: &T, call: &Call, a: &[u8], b: &[u8], c: &mut [u8]) -> Raised {
    W::run(what, call, a, b, c)
}

/// # Safety
/// The host must have these features: `Level::detect` says so.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2")]
unsafe fn avx2<T, W: Work<T>>(what: &T, call: &Call, a: &[u8], b: &[u8], c: &mut [u8]) -> Raised {
    W::run(what, call, a, b, c)
}
