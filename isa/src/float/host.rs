//! Scalar operations on the host's floating-point unit, round-to-nearest-even only.
//!
//! Results equal those of soft float bit for bit, and exceptions gather in a status word until [`take_flags`]. On
//! x86-64 that word is MXCSR itself; elsewhere every operation is soft float and the word is a thread-local.
//!
//! # Protocol
//! [`begin`], then operations (here or in [`lanes`](super::lanes)), [`take_flags`] whenever the guest wants to see
//! `fflags`, [`end`]. In between, Rust's own float arithmetic in this thread may raise flags of its own in the same
//! word: keep it out, or bracket it with another `begin` and `end`.
//!
//! # Why the flags are right
//! SSE and RISC-V both follow IEEE 754 with tininess detected *after* rounding (Intel SDM volume 1, section 4.9.1.5),
//! and with underflow masked, UE is raised only if the result is also inexact. So for finite and infinite results IE,
//! ZE, OE, UE and PE are NV, DZ, OF, UF and NX; DE (a subnormal operand) has no counterpart and is dropped. They differ
//! only where the result is a NaN: its payload, and the fused `inf * 0 + qNaN`, where RISC-V raises NV and x86 does
//! not. Every NaN is therefore computed again by soft float, whose flags are added; what x86 raised by then, at most
//! IE, is a subset of them.
//!
//! # Why inline assembly
//! Rust assumes that nobody looks at the status word, so the compiler may fold, merge, hoist or speculate ordinary
//! float arithmetic. An `asm!` block without `pure` has side effects: it runs exactly as often as the program says, in
//! order with all other such blocks (LLVM sees a call that reads and writes inaccessible memory). `nomem` still lets
//! ordinary loads and stores move across. `preserves_flags` is left out on purpose: it would promise an unchanged
//! MXCSR.

use super::format::{Bits, F16, F32, F64, Format};
use super::{Flags, Rounding};
#[cfg(target_arch = "x86_64")]
use std::arch::asm;

/// Whether the whole module, fused and half-precision operations included, runs on host instructions.
///
/// If not, what is missing is done by soft float with the same results.
#[inline]
pub fn available() -> bool {
    status::has_fma() && status::has_f16c()
}

/// The status word as it was before [`begin`].
#[derive(Debug)]
#[must_use = "hand it to `end`, or the host's status word stays changed"]
pub struct Saved(u32);

/// Saves the host's status word and starts from no flags, rounding to nearest, all exceptions masked, subnormals
/// honoured.
#[inline]
pub fn begin() -> Saved {
    let saved = status::read();
    status::write(status::CLEAR);
    Saved(saved)
}

/// Puts back the status word of before [`begin`]. Flags not taken by then are lost.
#[inline]
pub fn end(saved: Saved) {
    status::write(saved.0);
}

/// Runs integer code that the compiler may have put on the floating-point unit: without AVX2, LLVM computes a vector of
/// left shifts by different amounts as conversions of powers of two, and 2^31 raises IE. The status word stays as it was.
#[inline(always)]
pub fn aside<R>(integer: impl FnOnce() -> R) -> R {
    let word = status::read();
    let result = integer();
    status::write(word);
    result
}

/// The exceptions since [`begin`] or the last call, and clears them.
#[inline]
pub fn take_flags() -> Flags {
    let word = status::read();
    if word & status::EXCEPTIONS == 0 {
        return Flags::empty();
    }
    status::write(word & !status::EXCEPTIONS);
    status::to_flags(word)
}

/// Adds exceptions found in software to the status word.
#[inline]
pub fn raise(flags: Flags) {
    let word = status::read();
    let raised = word | status::from_flags(flags);
    if raised != word {
        status::write(raised);
    }
}

/// Runs soft float and raises its flags in the status word.
#[cold]
#[inline(never)]
pub(super) fn soft(operation: impl FnOnce(&mut Flags) -> u64) -> u64 {
    let mut flags = Flags::empty();
    let result = operation(&mut flags);
    raise(flags);
    result
}

#[cfg(target_arch = "x86_64")]
mod status {
    use super::Flags;
    use std::arch::asm;

    /// All exceptions masked, to nearest, neither flush-to-zero nor denormals-are-zero: what Rust code expects as well.
    pub const CLEAR: u32 = 0x1f80;
    /// IE, DE, ZE, OE, UE, PE.
    pub const EXCEPTIONS: u32 = 0x3f;

    #[inline(always)]
    pub fn read() -> u32 {
        let mut word = 0u32;
        // SAFETY: stores four bytes to `word`. It touches memory, which keeps it in order with all other assembly.
        unsafe { asm!("stmxcsr [{}]", in(reg) &mut word, options(nostack)) };
        word
    }

    #[inline(always)]
    pub fn write(word: u32) {
        // SAFETY: loads four bytes; every `word` here is one read before or `CLEAR`, possibly with other sticky bits,
        // so the control bits are those that Rust expects or those the thread had.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &word, options(nostack)) };
    }

    /// MXCSR has, from bit 0, IE DE ZE OE UE PE; `fflags` has NX UF OF DZ NV.
    #[inline]
    pub fn to_flags(word: u32) -> Flags {
        let mut flags = Flags::empty();
        flags.set(Flags::NV, word & 1 << 0 != 0);
        flags.set(Flags::DZ, word & 1 << 2 != 0);
        flags.set(Flags::OF, word & 1 << 3 != 0);
        flags.set(Flags::UF, word & 1 << 4 != 0);
        flags.set(Flags::NX, word & 1 << 5 != 0);
        flags
    }

    #[inline]
    pub fn from_flags(flags: Flags) -> u32 {
        let bit = |flag, position: u32| u32::from(flags.contains(flag)) << position;
        bit(Flags::NV, 0) | bit(Flags::DZ, 2) | bit(Flags::OF, 3) | bit(Flags::UF, 4) | bit(Flags::NX, 5)
    }

    #[inline(always)]
    pub fn has_fma() -> bool {
        std::arch::is_x86_feature_detected!("fma")
    }

    #[inline(always)]
    pub fn has_f16c() -> bool {
        std::arch::is_x86_feature_detected!("f16c")
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod status {
    use super::Flags;
    use std::cell::Cell;

    thread_local!(static WORD: Cell<u32> = const { Cell::new(0) });

    pub const CLEAR: u32 = 0;
    pub const EXCEPTIONS: u32 = 0x1f;

    pub fn read() -> u32 {
        WORD.get()
    }

    pub fn write(word: u32) {
        WORD.set(word);
    }

    pub fn to_flags(word: u32) -> Flags {
        Flags::from_bits_truncate(word as u8)
    }

    pub fn from_flags(flags: Flags) -> u32 {
        flags.bits().into()
    }

    pub fn has_fma() -> bool {
        false
    }

    pub fn has_f16c() -> bool {
        false
    }
}

const RNE: Rounding = Rounding::Rne;

/// One scalar operation through soft float.
macro_rules! by_soft {
    ($format:ty, $soft:ident, $($x:ident),+) => {
        <$format as Format>::Bits::truncate(soft(|flags| super::$soft::<$format>($($x.into(),)+ RNE, flags)))
    };
}

/// Returns `$result` unless it is a NaN.
#[cfg(target_arch = "x86_64")]
macro_rules! return_number {
    ($format:ty, $result:expr) => {
        let result = $result;
        if !super::is_nan::<$format>(result.into()) {
            return result;
        }
    };
}

/// A binary operation in a format with host arithmetic; NaNs through soft float.
macro_rules! binary {
    ($name:ident, $format:ty, $bits:ty, $float:ty, $soft:ident, $instruction:expr, $doc:literal) => {
        #[doc = $doc]
        #[inline]
        pub fn $name(a: $bits, b: $bits) -> $bits {
            #[cfg(target_arch = "x86_64")]
            {
                let mut r = <$float>::from_bits(a);
                // SAFETY: register arithmetic of the baseline instruction set; the flags it raises are the purpose.
                unsafe {
                    asm!(concat!($instruction, " {r}, {b}"), r = inout(xmm_reg) r,
                        b = in(xmm_reg) <$float>::from_bits(b), options(nomem, nostack));
                }
                return_number!($format, r.to_bits());
            }
            by_soft!($format, $soft, a, b)
        }
    };
}

/// All operations of one format with host arithmetic.
macro_rules! host_format {
    ($format:ty, $bits:ty, $float:ty, $s:literal,
        $add:ident, $sub:ident, $mul:ident, $div:ident, $sqrt:ident, $mul_add:ident) => {
        binary!($add, $format, $bits, $float, add, concat!("add", $s), "`a + b`.");
        binary!($sub, $format, $bits, $float, sub, concat!("sub", $s), "`a - b`.");
        binary!($mul, $format, $bits, $float, mul, concat!("mul", $s), "`a * b`.");
        binary!($div, $format, $bits, $float, div, concat!("div", $s), "`a / b`.");

        /// The square root of `a`.
        #[inline]
        pub fn $sqrt(a: $bits) -> $bits {
            #[cfg(target_arch = "x86_64")]
            {
                let mut r = <$float>::from_bits(a);
                // SAFETY: register arithmetic of the baseline instruction set; the flags it raises are the purpose.
                unsafe { asm!(concat!("sqrt", $s, " {r}, {r}"), r = inout(xmm_reg) r, options(nomem, nostack)) };
                return_number!($format, r.to_bits());
            }
            by_soft!($format, sqrt, a)
        }

        /// `a * b + c` with one rounding; soft float if the host lacks FMA.
        #[inline]
        pub fn $mul_add(a: $bits, b: $bits, c: $bits) -> $bits {
            #[cfg(target_arch = "x86_64")]
            if status::has_fma() {
                let mut r = <$float>::from_bits(c);
                // SAFETY: the host has FMA; register arithmetic whose flags are the purpose.
                unsafe {
                    asm!(concat!("vfmadd231", $s, " {r}, {a}, {b}"), r = inout(xmm_reg) r,
                        a = in(xmm_reg) <$float>::from_bits(a), b = in(xmm_reg) <$float>::from_bits(b),
                        options(nomem, nostack));
                }
                return_number!($format, r.to_bits());
            }
            by_soft!($format, mul_add, a, b, c)
        }
    };
}

host_format!(F32, u32, f32, "ss", add_f32, sub_f32, mul_f32, div_f32, sqrt_f32, mul_add_f32);
host_format!(F64, u64, f64, "sd", add_f64, sub_f64, mul_f64, div_f64, sqrt_f64, mul_add_f64);

/// Defines the sum of consecutive elements, in order.
macro_rules! sum {
    ($name:ident, $format:ty, $bits:ty, $float:ty, $s:literal, $size:literal, $add:ident) => {
        /// `start` and `n` elements from `from` on, added one after the other.
        ///
        /// # Safety
        /// As many elements must be readable.
        #[inline]
        pub unsafe fn $name(start: $bits, from: *const $bits, n: usize) -> $bits {
            if n == 0 {
                return start;
            }
            #[cfg(target_arch = "x86_64")]
            {
                let mut sum = <$float>::from_bits(start);
                // SAFETY: by contract; the flags that the additions raise are the purpose.
                unsafe {
                    asm!("2:", concat!("add", $s, " {sum}, [{at}]"), concat!("add {at}, ", $size), "cmp {at}, {end}",
                        "jb 2b", sum = inout(xmm_reg) sum, at = inout(reg) from => _, end = in(reg) from.add(n),
                        options(nostack, readonly));
                }
                // Once a NaN, the sum stays one, and raises what RISC-V raises on the way; only its bits differ.
                let sum = sum.to_bits();
                if super::is_nan::<$format>(sum.into()) { <$format>::NAN as $bits } else { sum }
            }
            #[cfg(not(target_arch = "x86_64"))]
            {
                // SAFETY: by contract.
                (0..n).fold(start, |sum, i| $add(sum, unsafe { *from.add(i) }))
            }
        }
    };
}

sum!(sum_f32, F32, u32, f32, "ss", 4, add_f32);
sum!(sum_f64, F64, u64, f64, "sd", 8, add_f64);

/// `start` and `n` elements from `from` on, added one after the other.
///
/// # Safety
/// As many elements must be readable.
pub unsafe fn sum_f16(start: u16, from: *const u16, n: usize) -> u16 {
    // SAFETY: by contract.
    (0..n).fold(start, |sum, i| add_f16(sum, unsafe { *from.add(i) }))
}

// Half precision: widen to binary32 (exact), compute there, narrow (rounds, and raises OE, UE and PE as for binary16).
//
// Rounding twice is harmless for +, -, *, / and square root, for bits and flags alike:
// - No binary32 intermediate overflows or is subnormal: all lie in 2^-48 ..= 2^41 or are zero, infinite or NaN.
// - What the second rounding turns on is a number m of at most 12 bits: a binary16 number, a midpoint of two, or the
//   midpoint of 11-bit numbers just below the least normal (tininess). The first rounding must not put a result x != m
//   onto m; it moves x by at most 2^-24 relatively.
//   - Products have 22 bits and are exact. Subnormal sums are exact.
//   - A sum of more than 24 bits has one addend below an eighth of the other's last place, a quarter of the way to the
//     next m.
//   - With a, b, m as integers, |a/b - m| / m = |a - b m| / (b m) is at least 1 / (b m) > 2^-23.
//   - |sqrt(a) - m| is about |a - m^2| / 2m, at least 1 / 2m > 2^-13, half the last place of a 24-bit number below
//     2^12.
// - A result inexact in 24 bits is inexact in 11, so PE of the intermediate is right. UE comes from the narrowing only,
//   and by the above no inexact tiny result looks exact to it.
//
// The fused operation is not safe that way (a midpoint product plus a tiny addend), see `mul_add_f16`.

/// A half-precision operation in binary32; NaNs, and hosts without F16C, through soft float.
macro_rules! half {
    ($name:ident, $instruction:literal, $soft:ident, $doc:literal, $($x:ident),+) => {
        #[doc = $doc]
        #[inline]
        pub fn $name($($x: u16),+) -> u16 {
            #[cfg(target_arch = "x86_64")]
            if status::has_f16c() {
                let r: u32;
                // SAFETY: the host has F16C (hence AVX). `vmovd` clears the unused lanes, and they stay zero: no stray
                // flags.
                unsafe { half!(@asm $instruction, r, $($x),+) };
                return_number!(F16, r as u16);
            }
            by_soft!(F16, $soft, $($x),+)
        }
    };
    (@asm $instruction:literal, $r:ident, $a:ident, $b:ident) => {
        asm!("vmovd {x}, {a:e}", "vmovd {y}, {b:e}", "vcvtph2ps {x}, {x}", "vcvtph2ps {y}, {y}",
            concat!($instruction, " {x}, {x}, {y}"), "vcvtps2ph {x}, {x}, 0", "vmovd {r:e}, {x}",
            a = in(reg) u32::from($a), b = in(reg) u32::from($b), r = lateout(reg) $r,
            x = out(xmm_reg) _, y = out(xmm_reg) _, options(nomem, nostack))
    };
    (@asm $instruction:literal, $r:ident, $a:ident) => {
        asm!("vmovd {x}, {a:e}", "vcvtph2ps {x}, {x}",
            concat!($instruction, " {x}, {x}, {x}"), "vcvtps2ph {x}, {x}, 0", "vmovd {r:e}, {x}",
            a = in(reg) u32::from($a), r = lateout(reg) $r, x = out(xmm_reg) _, options(nomem, nostack))
    };
}

half!(add_f16, "vaddss", add, "`a + b`.", a, b);
half!(sub_f16, "vsubss", sub, "`a - b`.", a, b);
half!(mul_f16, "vmulss", mul, "`a * b`.", a, b);
half!(div_f16, "vdivss", div, "`a / b`.", a, b);
half!(sqrt_f16, "vsqrtss", sqrt, "The square root of `a`.", a);

/// `a * b + c` with one rounding; soft float if the host lacks F16C.
///
/// The product p is exact in binary32. The sum is rounded *to odd* there, which keeps all that a second rounding to 11
/// bits or fewer needs (Boldo and Melquiond, 24 >= 11 + 2): s = p + c to nearest, its exact error e by Knuth's TwoSum,
/// and if e is not zero and s is even, the neighbour of s towards e. All numbers involved are multiples of 2^-48 below
/// 2^34, so nothing over- or underflows; TwoSum is exact throughout if s is, so its steps raise PE only if computing s
/// did, and then the result is inexact in binary16 too.
#[inline]
pub fn mul_add_f16(a: u16, b: u16, c: u16) -> u16 {
    #[cfg(target_arch = "x86_64")]
    if status::has_f16c() {
        let (p, z, s): (f32, f32, f32);
        // SAFETY: the host has F16C (hence AVX). Lanes other than the first are zero.
        unsafe {
            asm!("vmovd {p}, {a:e}", "vmovd {s}, {b:e}", "vmovd {z}, {c:e}",
                "vcvtph2ps {p}, {p}", "vcvtph2ps {s}, {s}", "vcvtph2ps {z}, {z}",
                "vmulss {p}, {p}, {s}", "vaddss {s}, {p}, {z}",
                a = in(reg) u32::from(a), b = in(reg) u32::from(b), c = in(reg) u32::from(c),
                p = out(xmm_reg) p, z = out(xmm_reg) z, s = out(xmm_reg) s, options(nomem, nostack));
        }
        let bits = s.to_bits();
        let magnitude = bits & !F32::SIGN as u32;
        if u64::from(magnitude) == F32::INFINITY {
            // An operand was infinite; TwoSum would raise IE on inf - inf.
            return (bits >> 16 & F16::SIGN as u32) as u16 | F16::INFINITY as u16;
        }
        if u64::from(magnitude) < F32::INFINITY {
            let e: u32;
            // SAFETY: AVX arithmetic on registers.
            unsafe {
                asm!("vsubss {t}, {s}, {p}", "vsubss {u}, {s}, {t}", "vsubss {t}, {z}, {t}", "vsubss {u}, {p}, {u}",
                    "vaddss {t}, {t}, {u}", "vmovd {e:e}, {t}",
                    s = in(xmm_reg) s, p = in(xmm_reg) p, z = in(xmm_reg) z, e = out(reg) e,
                    t = out(xmm_reg) _, u = out(xmm_reg) _, options(nomem, nostack));
            }
            let odd = if e << 1 == 0 || bits & 1 != 0 {
                bits
            } else if (e ^ bits) >> 31 == 0 {
                bits + 1
            } else {
                bits - 1
            };
            let r: u32;
            // SAFETY: the host has F16C; `vmovd` clears the other lanes.
            unsafe {
                asm!("vmovd {t}, {x:e}", "vcvtps2ph {t}, {t}, 0", "vmovd {r:e}, {t}",
                    x = in(reg) odd, r = lateout(reg) r, t = out(xmm_reg) _, options(nomem, nostack));
            }
            return r as u16;
        }
    }
    by_soft!(F16, mul_add, a, b, c)
}
