//! Handlers compiled once for each SIMD level of the host.

use crate::chain::{self, Hot};
use crate::float::lanes::Level;
use crate::hart::Hart;
use crate::op::{Flow, Handler, Op};
use crate::vector::element::ScalarSource;

/// Semantics as a type, so that one source can be compiled for several host feature sets.
/// Implementations must be `#[inline(always)]`, as must everything hot that they call.
pub trait Body {
    /// Executes the operation.
    fn run(h: &mut Hart, op: &Op) -> Flow;
}

/// As [`Body`], for operations with a scalar operand: one body serves its `.vx` and `.vi` forms.
pub trait ScalarBody {
    /// Executes the operation with this operand.
    fn run(h: &mut Hart, op: &Op, scalar: u64) -> Flow;
}

/// The handler of a body for a level.
pub fn versioned<B: Body>(level: Level) -> Handler {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 | Level::Avx512Fp16 => avx512::<B>,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => avx2::<B>,
        _ => B::run,
    }
}

/// As [`versioned`], for bodies that also have a general handler: on x86-64 a host without AVX2 uses that, so that
/// hundreds of bodies are not compiled once more for hosts that hardly exist.
pub fn versioned_or<B: Body>(level: Level, general: Handler) -> Handler {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 | Level::Avx512Fp16 => avx512::<B>,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => avx2::<B>,
        _ if cfg!(target_arch = "x86_64") => general,
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

/// As [`versioned_or`], for a body with a scalar operand.
pub fn versioned_scalar_or<B: ScalarBody, S: ScalarSource>(level: Level, general: Handler) -> Handler {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 | Level::Avx512Fp16 => |h, op| {
            let scalar = S::value(h, op);
            // SAFETY: `Level::detect` found the features.
            unsafe { avx512_scalar::<B>(h, op, scalar) }
        },
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => |h, op| {
            let scalar = S::value(h, op);
            // SAFETY: `Level::detect` found the features.
            unsafe { avx2_scalar::<B>(h, op, scalar) }
        },
        _ if cfg!(target_arch = "x86_64") => general,
        _ => |h, op| {
            let scalar = S::value(h, op);
            portable_scalar::<B>(h, op, scalar)
        },
    }
}

/// # Safety
/// The host must have these features: `Level::detect` says so.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi1,bmi2")]
unsafe fn avx512_scalar<B: ScalarBody>(h: &mut Hart, op: &Op, scalar: u64) -> Flow {
    B::run(h, op, scalar)
}

/// # Safety
/// The host must have these features: `Level::detect` says so.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2")]
unsafe fn avx2_scalar<B: ScalarBody>(h: &mut Hart, op: &Op, scalar: u64) -> Flow {
    B::run(h, op, scalar)
}

#[inline(never)]
fn portable_scalar<B: ScalarBody>(h: &mut Hart, op: &Op, scalar: u64) -> Flow {
    B::run(h, op, scalar)
}

/// Arithmetic whose usual case is one kernel: the chain's functions for each level know theirs, and look nothing up.
pub trait Lanewise: 'static {
    /// The usual case on a host of this level; `None` says that nothing was done. Must be `#[inline(always)]`.
    fn quick(h: &mut Hart, op: &Op, level: Level) -> Option<()>;
    /// Every case.
    fn general(h: &mut Hart, op: &Op) -> Flow;
}

/// The semantics for a level.
pub fn lanewise<L: Lanewise>(level: Level) -> Hot {
    let chain: chain::Chain = match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512Fp16 => lanes_avx512fp16::<L>,
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => lanes_avx512::<L>,
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => lanes_avx2::<L>,
        _ => lanes_portable::<L>,
    };
    Hot { chain, ..Hot::cold(L::general) }
}

/// The form for one level.
macro_rules! lanewise {
    ($chain:ident, $level:ident $(, $features:literal)?) => {
        /// # Safety
        /// That of [`chain::Chain`], and the host must have the features: `Level::detect` says so.
        $(#[target_feature(enable = $features)])?
        unsafe fn $chain<L: Lanewise>(h: &mut Hart, op: *const Op) -> Flow {
            // SAFETY: the caller's promise.
            unsafe {
                match L::quick(h, &*op, Level::$level) {
                    Some(()) => chain::go(h, op.add(1)),
                    None => chain::any(h, op),
                }
            }
        }
    };
}

lanewise!(lanes_portable, Portable);
#[cfg(target_arch = "x86_64")]
lanewise!(lanes_avx2, Avx2, "avx2,fma,f16c,bmi1,bmi2");
#[cfg(target_arch = "x86_64")]
lanewise!(lanes_avx512, Avx512, "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi1,bmi2");
#[cfg(target_arch = "x86_64")]
lanewise!(lanes_avx512fp16, Avx512Fp16, "avx512f,avx512bw,avx512dq,avx512vl,avx512fp16,avx2,fma,bmi1,bmi2");

/// An access to memory from x\[rs1\] on, which it logs; the usual case is compiled for several host feature sets.
pub trait Usual: 'static {
    /// The usual case, without the access log; `None` says that nothing was done. Must be `#[inline(always)]`.
    fn run(h: &mut Hart, op: &Op) -> Option<()>;
    /// What of it takes no call, so that the chain goes on with a jump and nothing is saved before.
    #[inline(always)]
    fn quick(h: &mut Hart, op: &Op) -> Option<()> {
        Self::run(h, op)
    }
    /// Every case.
    fn general(h: &mut Hart, op: &Op) -> Flow;
}

/// The semantics for a level.
pub fn usual<U: Usual>(level: Level) -> Hot {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 | Level::Avx512Fp16 => {
            Hot { alone: usual_avx512::<U>, chain: chain_avx512::<U>, kind: 0, logged: logged_avx512::<U> }
        }
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => Hot { alone: usual_avx2::<U>, chain: chain_avx2::<U>, kind: 0, logged: logged_avx2::<U> },
        _ => Hot { alone: usual_portable::<U>, chain: chain_portable::<U>, kind: 0, logged: logged_portable::<U> },
    }
}

/// The forms for one level.
macro_rules! usual {
    ($alone:ident, $chain:ident, $logged:ident $(, $features:literal)?) => {
        /// # Safety
        /// The host must have the features: `Level::detect` says so.
        $(#[target_feature(enable = $features)])?
        unsafe fn $alone<U: Usual>(h: &mut Hart, op: &Op) -> Flow {
            match U::run(h, op) {
                Some(()) => {
                    h.log.push(h.x[op.rs1 as usize]);
                    Flow::Next
                }
                None => U::general(h, op),
            }
        }

        /// # Safety
        /// That of [`chain::Chain`], and the host must have the features: `Level::detect` says so.
        $(#[target_feature(enable = $features)])?
        unsafe fn $chain<U: Usual>(h: &mut Hart, op: *const Op) -> Flow {
            // SAFETY: the caller's promise.
            unsafe {
                match U::quick(h, &*op) {
                    Some(()) => chain::go(h, op.add(1)),
                    None => chain::any(h, op),
                }
            }
        }

        /// # Safety
        /// That of [`chain::Chain`], and the host must have the features: `Level::detect` says so.
        $(#[target_feature(enable = $features)])?
        unsafe fn $logged<U: Usual>(h: &mut Hart, op: *const Op) -> Flow {
            // SAFETY: the caller's promise.
            unsafe { chain::logged(h, op, |h, op| U::quick(h, op).map(|()| h.x[op.rs1 as usize])) }
        }
    };
}

usual!(usual_portable, chain_portable, logged_portable);
#[cfg(target_arch = "x86_64")]
usual!(usual_avx2, chain_avx2, logged_avx2, "avx2,fma,bmi1,bmi2");
#[cfg(target_arch = "x86_64")]
usual!(usual_avx512, chain_avx512, logged_avx512, "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi1,bmi2");
