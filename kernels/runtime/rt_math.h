/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Scalar mathematics for the C twins, by the same formulas as the vector code (see exp_f32.inc). */
#ifndef RT_MATH_H
#define RT_MATH_H

#include <stdint.h>

/* exp(t) for t <= 0. The bits of t*log2e + magic hold n + 127 in their low part. */
static inline float rt_expf(float t) {
    const float magic = 0x1.8000fep23f;
    if (!(t > -88.0f))
        t = -88.0f;
    union {
        float f;
        uint32_t u;
    } z = {t * 0x1.715476p+0f + magic};
    float n = z.f - magic;
    float r = __builtin_fmaf(n, -0x1.62e430p-1f, t);
    r = __builtin_fmaf(n, 0x1.05c610p-29f, r);
    z.u <<= 23;
    float p = 0x1.6ac6b2p-10f * r + 0x1.123de0p-7f;
    p = __builtin_fmaf(p, r, 0x1.555858p-5f);
    p = __builtin_fmaf(p, r, 0x1.55548cp-3f);
    p = __builtin_fmaf(p, r, 0x1.fffffcp-2f);
    p = __builtin_fmaf(p, r, 1.0f);
    p = __builtin_fmaf(p, r, 1.0f);
    return p * z.f;
}

#endif
