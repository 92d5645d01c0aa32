//! 256-bit vectors. Needs AVX2, FMA and F16C.

use super::kernel::{arithmetic, kernels};
use super::op::{ADD, DIV, MACC, MSAC, MUL, NMACC, NMSAC, RDIV, RSUB, SUB};
use super::{F32, Format};
use std::arch::asm;
use std::arch::x86_64::*;

/// Bits as integers whatever the format: moves of floats would be the same, and no float operation of Rust's is
/// involved.
type V = __m256i;

#[inline]
#[target_feature(enable = "avx2")]
fn zero() -> V {
    _mm256_setzero_si256()
}

macro_rules! memory {
    ($bits:ty, $signed:ty, $iota:expr, $mask_load:ident, $set1:ident, $mask_store:ident, $greater:ident,
        $cast:ident, $compare:ident, $movemask:ident) => {
        const LANES: usize = 32 / size_of::<$bits>();

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn load(p: *const $bits) -> V {
            // SAFETY: by contract, a vector is readable at `p`.
            unsafe { _mm256_loadu_si256(p.cast()) }
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn splat(p: *const $bits) -> V {
            // SAFETY: by contract, an element is readable at `p`.
            $set1(unsafe { *p } as $signed)
        }

        /// `n` elements, then copies of the first.
        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn load_tail(p: *const $bits, n: usize) -> V {
            // SAFETY: by contract, `n` elements are readable; masked lanes are not accessed.
            unsafe { _mm256_blendv_epi8(splat(p), $mask_load(p.cast(), first(n)), first(n)) }
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn store(p: *mut $bits, v: V) {
            // SAFETY: by contract, a vector is writable at `p`.
            unsafe { _mm256_storeu_si256(p.cast(), v) }
        }

        #[inline]
        #[target_feature(enable = "avx2")]
        unsafe fn store_tail(p: *mut $bits, n: usize, v: V) {
            // SAFETY: by contract, `n` elements are writable; masked lanes are not accessed.
            unsafe { $mask_store(p.cast(), first(n), v) }
        }

        /// All ones in the first `n` lanes.
        #[inline]
        #[target_feature(enable = "avx2")]
        fn first(n: usize) -> V {
            $greater($set1(n as $signed), $iota)
        }

        /// The comparison is quiet and results are never signalling NaNs, so it raises nothing.
        #[inline]
        #[target_feature(enable = "avx2")]
        fn any_nan(x: V, y: V) -> bool {
            $movemask($compare::<_CMP_UNORD_Q>($cast(x), $cast(y))) != 0
        }
    };
}

pub mod single {
    use super::*;
    use crate::float::lanes::portable::single as elements;

    memory!(
        u32,
        i32,
        _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7),
        _mm256_maskload_epi32,
        _mm256_set1_epi32,
        _mm256_maskstore_epi32,
        _mm256_cmpgt_epi32,
        _mm256_castsi256_ps,
        _mm256_cmp_ps,
        _mm256_movemask_ps
    );
    arithmetic!(binary "avx2,fma", ymm_reg, "ps");
    arithmetic!(fused "avx2,fma", ymm_reg, "ps");
    kernels!("avx2,fma", u32);
}

pub mod double {
    use super::*;
    use crate::float::lanes::portable::double as elements;

    memory!(
        u64,
        i64,
        _mm256_setr_epi64x(0, 1, 2, 3),
        _mm256_maskload_epi64,
        _mm256_set1_epi64x,
        _mm256_maskstore_epi64,
        _mm256_cmpgt_epi64,
        _mm256_castsi256_pd,
        _mm256_cmp_pd,
        _mm256_movemask_pd
    );
    arithmetic!(binary "avx2,fma", ymm_reg, "pd");
    arithmetic!(fused "avx2,fma", ymm_reg, "pd");
    kernels!("avx2,fma", u64);
}

/// Binary16 in the lanes of binary32; see [`host`](crate::float::host) for why that is exact.
pub mod half {
    use super::*;
    use crate::float::lanes::portable::half as elements;

    const LANES: usize = 8;

    /// Raises IE for signalling NaNs only, as every operation on them does.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    fn widen(x: __m128i) -> V {
        let r: V;
        // SAFETY: register conversion of the function's own features; the flags it raises are the purpose.
        unsafe { asm!("vcvtph2ps {r}, {x}", r = lateout(ymm_reg) r, x = in(xmm_reg) x, options(nomem, nostack)) };
        r
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    fn narrow(x: V) -> __m128i {
        let r: __m128i;
        // SAFETY: register conversion of the function's own features; the flags it raises are the purpose.
        unsafe { asm!("vcvtps2ph {r}, {x}, 0", r = lateout(xmm_reg) r, x = in(ymm_reg) x, options(nomem, nostack)) };
        r
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn load(p: *const u16) -> V {
        // SAFETY: by contract, 8 elements are readable at `p`.
        widen(unsafe { _mm_loadu_si128(p.cast()) })
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn splat(p: *const u16) -> V {
        // SAFETY: by contract, an element is readable at `p`.
        widen(_mm_set1_epi16(unsafe { *p } as i16))
    }

    /// `n` elements, then copies of the first. There is no 16-bit masked move before AVX-512.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn load_tail(p: *const u16, n: usize) -> V {
        // SAFETY: by contract, `n` elements are readable at `p`, and `n` is at most `LANES`.
        unsafe {
            let mut lanes = [*p; LANES];
            p.copy_to_nonoverlapping(lanes.as_mut_ptr(), n);
            load(lanes.as_ptr())
        }
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn store(p: *mut u16, v: V) {
        // SAFETY: by contract, 8 elements are writable at `p`.
        unsafe { _mm_storeu_si128(p.cast(), narrow(v)) }
    }

    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    unsafe fn store_tail(p: *mut u16, n: usize, v: V) {
        let mut lanes = [0; LANES];
        // SAFETY: by contract, `n` elements are writable at `p`, and `n` is at most `LANES`.
        unsafe {
            store(lanes.as_mut_ptr(), v);
            p.copy_from_nonoverlapping(lanes.as_ptr(), n);
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn any_nan(x: V, y: V) -> bool {
        _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_UNORD_Q>(_mm256_castsi256_ps(x), _mm256_castsi256_ps(y))) != 0
    }

    arithmetic!(binary "avx2,f16c", ymm_reg, "ps");

    /// The sum rounded to odd in binary32, as `host::mul_add_f16` explains.
    #[inline]
    #[target_feature(enable = "avx2,f16c")]
    fn apply_fused<const OP: u8>(a: V, b: V, c: V) -> V {
        let sign = _mm256_set1_epi32(i32::MIN);
        let one = _mm256_set1_epi32(1);
        let a = if OP == NMACC || OP == NMSAC { _mm256_xor_si256(a, sign) } else { a };
        let c = if OP == NMACC || OP == MSAC { _mm256_xor_si256(c, sign) } else { c };
        let (mut p, s): (V, V);
        // SAFETY: register arithmetic of the function's own features; the flags it raises are the purpose.
        unsafe {
            asm!("vmulps {p}, {a}, {b}", "vaddps {s}, {p}, {c}", p = out(ymm_reg) p, s = lateout(ymm_reg) s,
                a = in(ymm_reg) a, b = in(ymm_reg) b, c = in(ymm_reg) c, options(nomem, nostack));
        }
        // TwoSum in the finite lanes only: elsewhere it would raise IE. Zeros raise nothing.
        let infinity = _mm256_set1_epi32(F32::INFINITY as i32);
        let finite = _mm256_cmpgt_epi32(infinity, _mm256_andnot_si256(sign, s));
        p = _mm256_and_si256(finite, p);
        let c = _mm256_and_si256(finite, c);
        let t = _mm256_and_si256(finite, s);
        let e: V;
        // SAFETY: as above.
        unsafe {
            asm!("vsubps {x}, {s}, {p}", "vsubps {y}, {s}, {x}", "vsubps {x}, {c}, {x}", "vsubps {y}, {p}, {y}",
                "vaddps {x}, {x}, {y}", s = in(ymm_reg) t, p = in(ymm_reg) p, c = in(ymm_reg) c, x = out(ymm_reg) e,
                y = out(ymm_reg) _, options(nomem, nostack));
        }
        // Exact or odd already: leave. Else one place up in magnitude if the error has the sign of the sum, else one
        // down.
        let exact = _mm256_cmpeq_epi32(_mm256_andnot_si256(sign, e), _mm256_setzero_si256());
        let odd = _mm256_cmpeq_epi32(_mm256_and_si256(s, one), one);
        let step = _mm256_or_si256(_mm256_srai_epi32::<31>(_mm256_xor_si256(s, e)), one);
        _mm256_add_epi32(s, _mm256_andnot_si256(_mm256_or_si256(exact, odd), step))
    }

    kernels!("avx2,f16c", u16);
}
