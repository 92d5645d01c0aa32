/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Tries attention_f32 (attention.c) on one head, beside its scalar twin. */
#define FORM(NAME) attention_f32##NAME
#include "attention.h"

static void attention_scalar(void) {
    const size_t queries = head.queries, d = head.head_dim;
    const float *q = head.q, *k = head.k, *v = head.v, *relative = head.relative;
    float *o = head.out, scale = 1 / __builtin_sqrtf((float)d);
    for (size_t i = 0; i < queries; i++) {
        size_t n = visible(&head, i);
        float max = -__builtin_inff();
        for (size_t j = 0; j < n; j++) {
            float dot = 0;
            for (size_t c = 0; c < d; c++)
                dot = __builtin_fmaf(q[i * d + c], k[j * d + c], dot);
            scalar_row[j] = dot * scale + (relative ? relative[j + queries - 1 - i] : 0);
            if (scalar_row[j] > max)
                max = scalar_row[j];
        }
        float sum = 0;
        for (size_t c = 0; c < d; c++)
            o[i * d + c] = 0;
        for (size_t j = 0; j < n; j++) {
            float p = rt_expf(scalar_row[j] - max);
            sum += p;
            for (size_t c = 0; c < d; c++)
                o[i * d + c] = __builtin_fmaf(p, v[j * d + c], o[i * d + c]);
        }
        float inverse = 1 / sum;
        for (size_t c = 0; c < d; c++)
            o[i * d + c] *= inverse;
    }
}

const struct rt_kernel rt_kernels[] = RT_ATTENTION_KERNELS("f32");
