/* SPDX-License-Identifier: MIT OR Apache-2.0
 * What programs of matrix products in several forms share: the scalar twin and the entries of their lists. */
#ifndef MATMUL_H
#define MATMUL_H

#include "rt.h"

/* int8 to int32 or, with elements of two bytes, bf16 to fp32. */
static inline void matmul_scalar(size_t bytes, size_t m, size_t k, size_t n, const void *a, const void *b, void *c) {
    const int8_t *a8 = a, *b8 = b;
    const uint16_t *a16 = a, *b16 = b;
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            if (bytes == 1) {
                int32_t sum = 0;
                for (size_t p = 0; p < k; p++)
                    sum += a8[i * k + p] * b8[p * n + j];
                ((int32_t *)c)[i * n + j] = sum;
            } else {
                float sum = 0;
                for (size_t p = 0; p < k; p++)
                    sum = __builtin_fmaf(rt_from_bf16(a16[i * k + p]), rt_from_bf16(b16[p * n + j]), sum);
                ((float *)c)[i * n + j] = sum;
            }
        }
    }
}

static inline const char *matmul_validate(const uint64_t *dims) {
    return dims[0] && dims[1] && dims[2] ? NULL : "M, K and N must be at least 1";
}

/* K * 128 * 128 must fit in int32. */
static inline const char *matmul_validate_i8(const uint64_t *dims) {
    return dims[1] > 131071 ? "K above 131071 could overflow int32" : matmul_validate(dims);
}

/* They need a function `run`. */
#define MATMUL(NAME, PATTERNS, VALIDATE, SETUP)                                                                        \
    {                                                                                                                  \
        .name = NAME, .dims_help = "<M> <K> <N>", .dims = 3, .patterns = PATTERNS, .scalar_runs = 1,                   \
        .validate = VALIDATE, .setup = SETUP, .run = run,                                                              \
    }
#define MATMUL_I8(NAME, SETUP) MATMUL(NAME, 1 << RT_EXTREME, matmul_validate_i8, SETUP)
#define MATMUL_BF16(NAME, SETUP) MATMUL(NAME, 0, matmul_validate, SETUP)

#endif
