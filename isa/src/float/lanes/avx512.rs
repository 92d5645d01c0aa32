//! 512-bit vectors. Needs AVX-512 F, BW (16-bit masked moves), DQ and VL, and FP16 for [`native_half`].

use super::kernel::{arithmetic, kernels};
use super::op::{ADD, DIV, MACC, MSAC, MUL, NMACC, NMSAC, RDIV, RSUB, SUB};
use super::{F16, F32, Format};
use std::arch::asm;
use std::arch::x86_64::*;

/// Bits as integers whatever the format: moves of floats would be the same, and no float operation of Rust's is
/// involved.
type V = __m512i;

#[inline]
#[target_feature(enable = "avx512f")]
fn zero() -> V {
    _mm512_setzero_si512()
}

macro_rules! memory {
    ($features:literal, $bits:ty, $signed:ty, $mask:ty, $load:ident, $mask_load:ident, $set1:ident, $store:ident,
        $mask_store:ident) => {
        const LANES: usize = 64 / size_of::<$bits>();

        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn load(p: *const $bits) -> V {
            // SAFETY: by contract, a vector is readable at `p`.
            unsafe { $load(p.cast()) }
        }

        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn splat(p: *const $bits) -> V {
            // SAFETY: by contract, an element is readable at `p`.
            $set1(unsafe { *p } as $signed)
        }

        /// `n` elements, then copies of the first.
        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn load_tail(p: *const $bits, n: usize) -> V {
            // SAFETY: by contract, `n` elements are readable; masked lanes are not accessed.
            unsafe { $mask_load(splat(p), first(n), p.cast()) }
        }

        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn store(p: *mut $bits, v: V) {
            // SAFETY: by contract, a vector is writable at `p`.
            unsafe { $store(p.cast(), v) }
        }

        #[inline]
        #[target_feature(enable = $features)]
        unsafe fn store_tail(p: *mut $bits, n: usize, v: V) {
            // SAFETY: by contract, `n` elements are writable; masked lanes are not accessed.
            unsafe { $mask_store(p.cast(), first(n), v) }
        }

        fn first(n: usize) -> $mask {
            !(<$mask>::MAX << n)
        }
    };
}

/// Whether either of two results has a NaN. The comparison is quiet and results are never signalling NaNs, so it raises nothing.
macro_rules! any_nan {
    ($cast:ident, $compare:ident) => {
        #[inline]
        #[target_feature(enable = "avx512f")]
        fn any_nan(x: V, y: V) -> bool {
            $compare::<_CMP_UNORD_Q>($cast(x), $cast(y)) != 0
        }
    };
}

pub mod single {
    use super::*;
    use crate::float::lanes::portable::single as elements;

    memory!(
        "avx512f",
        u32,
        i32,
        __mmask16,
        _mm512_loadu_epi32,
        _mm512_mask_loadu_epi32,
        _mm512_set1_epi32,
        _mm512_storeu_epi32,
        _mm512_mask_storeu_epi32
    );
    any_nan!(_mm512_castsi512_ps, _mm512_cmp_ps_mask);
    arithmetic!(binary "avx512f", zmm_reg, "ps");
    arithmetic!(fused "avx512f", zmm_reg, "ps");
    kernels!("avx512f", u32);
}

pub mod double {
    use super::*;
    use crate::float::lanes::portable::double as elements;

    memory!(
        "avx512f",
        u64,
        i64,
        __mmask8,
        _mm512_loadu_epi64,
        _mm512_mask_loadu_epi64,
        _mm512_set1_epi64,
        _mm512_storeu_epi64,
        _mm512_mask_storeu_epi64
    );
    any_nan!(_mm512_castsi512_pd, _mm512_cmp_pd_mask);
    arithmetic!(binary "avx512f", zmm_reg, "pd");
    arithmetic!(fused "avx512f", zmm_reg, "pd");
    kernels!("avx512f", u64);
}

/// Binary16 in the lanes of binary32; see [`host`](crate::float::host) for why that is exact.
pub mod half {
    use super::*;
    use crate::float::lanes::portable::half as elements;

    const LANES: usize = 16;

    /// Raises IE for signalling NaNs only, as every operation on them does.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn widen(x: __m256i) -> V {
        let r: V;
        // SAFETY: register conversion of the function's own features; the flags it raises are the purpose.
        unsafe { asm!("vcvtph2ps {r}, {x}", r = lateout(zmm_reg) r, x = in(ymm_reg) x, options(nomem, nostack)) };
        r
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    fn narrow(x: V) -> __m256i {
        let r: __m256i;
        // SAFETY: register conversion of the function's own features; the flags it raises are the purpose.
        unsafe { asm!("vcvtps2ph {r}, {x}, 0", r = lateout(ymm_reg) r, x = in(zmm_reg) x, options(nomem, nostack)) };
        r
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn load(p: *const u16) -> V {
        // SAFETY: by contract, 16 elements are readable at `p`.
        widen(unsafe { _mm256_loadu_si256(p.cast()) })
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn splat(p: *const u16) -> V {
        // SAFETY: by contract, an element is readable at `p`.
        widen(_mm256_set1_epi16(unsafe { *p } as i16))
    }

    /// `n` elements, then copies of the first.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    unsafe fn load_tail(p: *const u16, n: usize) -> V {
        // SAFETY: by contract, `n` elements are readable; masked lanes are not accessed.
        widen(unsafe { _mm256_mask_loadu_epi16(_mm256_set1_epi16(*p as i16), first(n), p.cast()) })
    }

    #[inline]
    #[target_feature(enable = "avx512f")]
    unsafe fn store(p: *mut u16, v: V) {
        // SAFETY: by contract, 16 elements are writable at `p`.
        unsafe { _mm256_storeu_si256(p.cast(), narrow(v)) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl")]
    unsafe fn store_tail(p: *mut u16, n: usize, v: V) {
        // SAFETY: by contract, `n` elements are writable; masked lanes are not accessed.
        unsafe { _mm256_mask_storeu_epi16(p.cast(), first(n), narrow(v)) }
    }

    fn first(n: usize) -> __mmask16 {
        !(u16::MAX << n)
    }

    any_nan!(_mm512_castsi512_ps, _mm512_cmp_ps_mask);
    arithmetic!(binary "avx512f", zmm_reg, "ps");

    /// The sum rounded to odd in binary32, as `host::mul_add_f16` explains.
    #[inline]
    #[target_feature(enable = "avx512f")]
    fn apply_fused<const OP: u8>(a: V, b: V, c: V) -> V {
        let sign = _mm512_set1_epi32(i32::MIN);
        let a = if OP == NMACC || OP == NMSAC { _mm512_xor_si512(a, sign) } else { a };
        let c = if OP == NMACC || OP == MSAC { _mm512_xor_si512(c, sign) } else { c };
        let (mut p, s): (V, V);
        // SAFETY: register arithmetic of the function's own features; the flags it raises are the purpose.
        unsafe {
            asm!("vmulps {p}, {a}, {b}", "vaddps {s}, {p}, {c}", p = out(zmm_reg) p, s = lateout(zmm_reg) s,
                a = in(zmm_reg) a, b = in(zmm_reg) b, c = in(zmm_reg) c, options(nomem, nostack));
        }
        // TwoSum in the finite lanes only: elsewhere it would raise IE. Zeros raise nothing.
        let infinity = _mm512_set1_epi32(F32::INFINITY as i32);
        let finite = _mm512_cmplt_epu32_mask(_mm512_andnot_si512(sign, s), infinity);
        p = _mm512_maskz_mov_epi32(finite, p);
        let c = _mm512_maskz_mov_epi32(finite, c);
        let t = _mm512_maskz_mov_epi32(finite, s);
        // An output without a type may be printed as a register that there is not, if it is one of the upper sixteen.
        let (e, _y): (V, V);
        // SAFETY: as above.
        unsafe {
            asm!("vsubps {x}, {s}, {p}", "vsubps {y}, {s}, {x}", "vsubps {x}, {c}, {x}", "vsubps {y}, {p}, {y}",
                "vaddps {x}, {x}, {y}", s = in(zmm_reg) t, p = in(zmm_reg) p, c = in(zmm_reg) c, x = out(zmm_reg) e,
                y = out(zmm_reg) _y, options(nomem, nostack));
        }
        let inexact = _mm512_test_epi32_mask(e, _mm512_set1_epi32(i32::MAX));
        let even = _mm512_mask_testn_epi32_mask(inexact, s, _mm512_set1_epi32(1));
        // One place up in magnitude if the error has the sign of the sum, else one down.
        let step = _mm512_or_si512(_mm512_srai_epi32::<31>(_mm512_xor_si512(s, e)), _mm512_set1_epi32(1));
        _mm512_mask_add_epi32(s, even, s, step)
    }

    kernels!("avx512f,avx512bw,avx512vl", u16);
}

/// Binary16 on hosts that compute in it: AVX-512 FP16.
pub mod native_half {
    use super::*;
    use crate::float::lanes::portable::half as elements;

    memory!(
        "avx512f,avx512bw",
        u16,
        i16,
        __mmask32,
        _mm512_loadu_epi16,
        _mm512_mask_loadu_epi16,
        _mm512_set1_epi16,
        _mm512_storeu_epi16,
        _mm512_mask_storeu_epi16
    );

    /// As integers: larger in magnitude than infinity.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn any_nan(x: V, y: V) -> bool {
        let magnitude = |v| _mm512_and_si512(v, _mm512_set1_epi16(i16::MAX));
        let larger = _mm512_max_epu16(magnitude(x), magnitude(y));
        _mm512_cmpgt_epu16_mask(larger, _mm512_set1_epi16(F16::INFINITY as i16)) != 0
    }

    arithmetic!(binary "avx512f,avx512fp16", zmm_reg, "ph");
    arithmetic!(fused "avx512f,avx512fp16", zmm_reg, "ph");
    kernels!("avx512f,avx512bw,avx512fp16", u16);
}
