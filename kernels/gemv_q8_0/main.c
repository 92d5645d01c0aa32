/* SPDX-License-Identifier: MIT OR Apache-2.0
 * y = W x: W is M x K in Q8_0 blocks, x fp32, quantised to int8 in blocks of 32 as part of the call. */
#include "rt_quant.h"

enum { BYTES = 32 };

static size_t m, k, blocks;
static const struct block_q8_0 *w;
static const float *x;
static float *y;
static void *panels;
static int8_t *xq;
static float *xd;

static void gemv_scalar(void) {
    rt_quantize_q8_0(k, x, xq, xd);
    for (size_t i = 0; i < m; i++) {
        float sum = 0;
        for (size_t b = 0; b < blocks; b++) {
            const struct block_q8_0 *block = &w[i * blocks + b];
            const int8_t *q = xq + 32 * b;
            int32_t dot = 0;
            for (size_t j = 0; j < BYTES; j++)
                dot += block->qs[j] * q[j];
            sum = __builtin_fmaf((float)dot * rt_from_f16(block->d), xd[b], sum);
        }
        y[i] = sum;
    }
}

static void setup(const uint64_t *dims) {
    m = dims[0], k = dims[1], blocks = (k + 31) / 32;
    w = rt_input_blocks(m, blocks, BYTES);
    x = rt_input("x", RT_F32, k, 0);
    y = rt_array("y", RT_F32, RT_OUTPUT, m, 0);
    panels = rt_scratch(panels_q8_0_bytes(m, k));
    pack_q8_0(m, k, w, panels);
    xq = rt_scratch(32 * blocks);
    xd = rt_scratch(4 * blocks);
}

static void run(enum rt_variant variant) {
    if (variant == RT_RVV) {
        quantize_q8_0(k, x, xq, xd);
        gemv_q8_0(m, k, panels, xq, xd, y);
    } else {
        gemv_scalar();
    }
}

static const char *validate(const uint64_t *dims) { return dims[0] && dims[1] ? NULL : "M and K must be at least 1"; }

const struct rt_kernel rt_kernels[] = {{
    .name = "gemv_q8_0",
    .dims_help = "<M> <K>",
    .dims = 2,
    .patterns = 1 << RT_WIDE | 1 << RT_EXTREME | 1 << RT_ZERO | 1 << RT_TINY,
    .scalar_runs = 1,
    .validate = validate,
    .setup = setup,
    .run = run,
}, {0}};
