/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Softmax in fp32 with an instruction for the exponential. */
#include "softmax.h"

void softmax_exp_f32(size_t rows, size_t cols, const float *x, float *y);

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        softmax_exp_f32(rows, cols, x, y);
    else
        softmax_scalar();
}

const struct rt_kernel rt_kernels[] = {SOFTMAX("softmax_exp_f32", setup), {0}};
