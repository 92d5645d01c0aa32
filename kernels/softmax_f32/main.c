/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Softmax in fp32 on plain RVV, in three passes over a row or in two. */
#include "rvtile_kernels.h"
#include "softmax.h"

static void (*vector)(size_t rows, size_t cols, const float *x, float *y) = softmax_f32;

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        vector(rows, cols, x, y);
    else
        softmax_scalar();
}

static void setup_online(const uint64_t *dims) {
    vector = softmax_online_f32;
    setup(dims);
}

const struct rt_kernel rt_kernels[] = {SOFTMAX("softmax_f32", setup), SOFTMAX("softmax_online_f32", setup_online), {0}};
