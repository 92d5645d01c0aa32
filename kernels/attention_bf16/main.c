/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Tries attention_bf16_qqq (attention.c) on one head, beside its scalar twin. */
#define FORM(NAME) attention_bf16_qqq##NAME
#include "attention.h"

static const float log2_e = 0x1.715476p+0f;

/* As bf16, to nearest even; finite numbers. */
static float rounded(float x) {
    union {
        float f;
        uint32_t u;
    } bits = {x};
    return rt_from_bf16((bits.u + 0x7fff + (bits.u >> 16 & 1)) >> 16);
}

static void attention_scalar(void) {
    const size_t queries = head.queries, d = head.head_dim;
    const float *q = head.q, *k = head.k, *v = head.v, *relative = head.relative;
    float *o = head.out, scale = log2_e / __builtin_sqrtf((float)d);
    for (size_t i = 0; i < queries; i++) {
        size_t n = visible(&head, i);
        float max = -__builtin_inff();
        for (size_t j = 0; j < n; j++) {
            float dot = 0;
            for (size_t c = 0; c < d; c++)
                dot = __builtin_fmaf(rounded(q[i * d + c] * scale), rounded(k[j * d + c]), dot);
            scalar_row[j] = dot + (relative ? relative[j + queries - 1 - i] * log2_e : 0);
            if (scalar_row[j] > max)
                max = scalar_row[j];
        }
        float sum = 0;
        for (size_t c = 0; c < d; c++)
            o[i * d + c] = 0;
        for (size_t j = 0; j < n; j++) {
            float p = rt_expf((scalar_row[j] - max) * 0x1.62e430p-1f);
            sum += p;
            for (size_t c = 0; c < d; c++)
                o[i * d + c] = __builtin_fmaf(p, rounded(v[j * d + c]), o[i * d + c]);
        }
        float inverse = 1 / sum;
        for (size_t c = 0; c < d; c++)
            o[i * d + c] *= inverse;
    }
}

const struct rt_kernel rt_kernels[] = RT_ATTENTION_KERNELS("bf16_qqq");
