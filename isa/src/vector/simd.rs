//! Handlers compiled once for each SIMD level of the host.

use crate::float::lanes::Level;
use crate::hart::Hart;
use crate::op::{Flow, Handler, Op};

/// Semantics as a type, so that one source can be compiled for several host feature sets.
/// Implementations must be `#[inline(always)]`, as must everything hot that they call.
pub trait Body {
    /// Executes the operation.
    fn run(h: &mut Hart, op: &Op) -> Flow;
}

/// The handler of a body for a level.
pub fn versioned<B: Body>(level: Level) -> Handler {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => avx512::<B>,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => avx2::<B>,
        _ => B::run,
    }
}

/// # Safety
/// The host must have these features: `Level::detect` says so.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi1,bmi2")]
unsafe fn avx512<B: Body>(h: &mut Hart, op: &Op) -> Flow {
    B::run(h, op)
}

/// # Safety
/// The host must have these features: `Level::detect` says so.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2")]
unsafe fn avx2<B: Body>(h: &mut Hart, op: &Op) -> Flow {
    B::run(h, op)
}
