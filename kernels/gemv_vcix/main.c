/* SPDX-License-Identifier: MIT OR Apache-2.0
 * y = W x, int8 to int32, exact: W is M x K, K a multiple of 4. */
#include "rt.h"

void gemv_vcix(size_t rows, size_t words, const int8_t *w, const int8_t *x, int32_t *y);

static size_t m, k;
static const int8_t *w, *x;
static int32_t *y;

static void setup(const uint64_t *dims) {
    m = dims[0], k = dims[1];
    w = rt_input("w", RT_I8, m, k);
    x = rt_input("x", RT_I8, k, 0);
    y = rt_array("y", RT_I32, RT_OUTPUT, m, 0);
}

static void run(enum rt_variant variant) {
    if (variant == RT_RVV) {
        gemv_vcix(m, k / 4, w, x, y);
        return;
    }
    for (size_t i = 0; i < m; i++) {
        int32_t sum = 0;
        for (size_t p = 0; p < k; p++)
            sum += w[i * k + p] * x[p];
        y[i] = sum;
    }
}

/* K * 128 * 128 must fit in int32. */
static const char *validate(const uint64_t *dims) {
    if (dims[1] % 4 || dims[1] > 131068)
        return "K must be a multiple of 4, at most 131068";
    return dims[0] && dims[1] ? NULL : "M and K must be at least 1";
}

const struct rt_kernel rt_kernels[] = {{
    .name = "gemv_vcix",
    .dims_help = "<M> <K>",
    .dims = 2,
    .patterns = 1 << RT_EXTREME,
    .validate = validate,
    .setup = setup,
    .run = run,
}, {0}};
