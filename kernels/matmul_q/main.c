/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Y = X W^T: X is M x K fp32, quantised as part of the call; W is N x K in Q8_0 or Q4_0 blocks; Y is M x N fp32. */
#include "rt_quant.h"

static size_t m, k, n, blocks;
static int four_bit;
static const float *x;
static const char *w;
static float *y;
static void *panels, *scratch;
static int8_t *xq;
static float *xd;

static int32_t block_dot(const char *block, const int8_t *q) {
    int32_t dot = 0;
    for (size_t j = 0; j < 32; j++) {
        int byte = (unsigned char)block[2 + j % 16];
        int weight = four_bit ? (j < 16 ? byte & 15 : byte >> 4) - 8 : (signed char)block[2 + j];
        dot += weight * q[j];
    }
    return dot;
}

static void matmul_scalar(void) {
    size_t bytes = four_bit ? 18 : 34;
    for (size_t t = 0; t < m; t++) {
        rt_quantize_q8_0(k, x + t * k, xq, xd);
        for (size_t i = 0; i < n; i++) {
            float sum = 0;
            for (size_t b = 0; b < blocks; b++) {
                const char *block = w + (i * blocks + b) * bytes;
                float scale = rt_from_f16(*(const uint16_t *)block);
                sum = __builtin_fmaf((float)block_dot(block, xq + 32 * b) * scale, xd[b], sum);
            }
            y[t * n + i] = sum;
        }
    }
}

static void setup(const uint64_t *dims) {
    m = dims[0], k = dims[1], n = dims[2], blocks = (k + 31) / 32;
    x = rt_input("x", RT_F32, m, k);
    w = rt_input_blocks(n, blocks, four_bit ? 16 : 32);
    y = rt_array("y", RT_F32, RT_OUTPUT, m, n);
    panels = rt_scratch(four_bit ? panels_q4_0_bytes(n, k) : panels_q8_0_bytes(n, k));
    if (four_bit)
        pack_q4_0(n, k, (const struct block_q4_0 *)w, panels);
    else
        pack_q8_0(n, k, (const struct block_q8_0 *)w, panels);
    scratch = rt_scratch(matmul_q_scratch(k));
    xq = rt_scratch(32 * blocks);
    xd = rt_scratch(4 * blocks);
}

static void setup_q4_0(const uint64_t *dims) {
    four_bit = 1;
    setup(dims);
}

static void run(enum rt_variant variant) {
    if (variant == RT_SCALAR)
        matmul_scalar();
    else if (four_bit)
        matmul_q4_0(m, k, n, x, panels, y, scratch);
    else
        matmul_q8_0(m, k, n, x, panels, y, scratch);
}

static const char *validate(const uint64_t *dims) {
    return dims[0] && dims[1] && dims[2] ? NULL : "M, K and N must be at least 1";
}

#define MATMUL(NAME, SETUP)                                                                                            \
    {                                                                                                                  \
        .name = NAME, .dims_help = "<M> <K> <N>", .dims = 3,                                                           \
        .patterns = 1 << RT_WIDE | 1 << RT_EXTREME | 1 << RT_ZERO, .scalar_runs = 1, .validate = validate,             \
        .setup = SETUP, .run = run,                                                                                    \
    }

const struct rt_kernel rt_kernels[] = {MATMUL("matmul_q8_0", setup), MATMUL("matmul_q4_0", setup_q4_0), {0}};
