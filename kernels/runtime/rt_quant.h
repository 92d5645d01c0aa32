/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Small formats for the drivers and the C twins: fp16 scalars, quantisation, blocks made of generated arrays. */
#ifndef RT_QUANT_H
#define RT_QUANT_H

#include "rt.h"
#include "rvtile_kernels.h"

/* GCC 12 has no half-precision type. */
static inline float rt_from_f16(uint16_t bits) {
    float y;
    __asm__(".option push\n\t"
            ".option arch, +zfh\n\t"
            "flh %0, %1\n\t"
            "fcvt.s.h %0, %0\n\t"
            ".option pop"
            : "=f"(y)
            : "m"(bits));
    return y;
}

static inline uint16_t rt_to_f16(float x) {
    uint16_t bits;
    __asm__(".option push\n\t"
            ".option arch, +zfh\n\t"
            "fcvt.h.s %1, %1\n\t"
            "fsh %1, %0\n\t"
            ".option pop"
            : "=m"(bits), "+f"(x));
    return bits;
}

/* d of n elements, which become q; see quantize_q8_0 in rvtile_kernels.h. */
static inline float rt_quantize(size_t n, const float *x, int8_t *q) {
    float max = 0;
    for (size_t i = 0; i < n; i++)
        max = __builtin_fabsf(x[i]) > max ? __builtin_fabsf(x[i]) : max;
    int zero = max < 0x1p-119f;
    float factor = zero ? 0 : 127 / max;
    for (size_t i = 0; i < n; i++)
        q[i] = (int8_t)__builtin_lrintf(x[i] * factor);
    return zero ? 0 : max / 127;
}

static inline void rt_quantize_q8_0(size_t k, const float *x, int8_t *q, float *d) {
    for (size_t i = 0; i < k; i += 32)
        d[i / 32] = rt_quantize(rt_min(32, k - i), x + i, q + i);
}

/* The input arrays wq (int8, m rows of `bytes` a block) and ws (fp16, one a block) as `blocks` of 2 + `bytes` bytes. */
static inline void *rt_input_blocks(size_t m, size_t blocks, size_t bytes) {
    const char *wq = rt_input("wq", RT_I8, m, blocks * bytes);
    const uint16_t *ws = rt_input("ws", RT_F16, m, blocks);
    char *out = rt_scratch(m * blocks * (2 + bytes)), *p = out;
    for (size_t i = 0; i < m * blocks; i++, p += 2 + bytes) {
        *(uint16_t *)p = ws[i];
        for (size_t j = 0; j < bytes; j++)
            p[2 + j] = wq[i * bytes + j];
    }
    return out;
}

#endif
