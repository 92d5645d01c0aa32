/* SPDX-License-Identifier: MIT OR Apache-2.0
 * y = W x: W is M x K int8 with an fp32 scale a row, x fp32, quantised to int8 with one scale as part of the call. */
#include "rt_quant.h"

static size_t m, k;
static const int8_t *w;
static const float *scale, *x;
static float *y;
static void *panels;
static int8_t *xq;

static void gemv_scalar(void) {
    float xd = rt_quantize(k, x, xq);
    for (size_t i = 0; i < m; i++) {
        int32_t dot = 0;
        for (size_t j = 0; j < k; j++)
            dot += w[i * k + j] * xq[j];
        y[i] = (float)dot * (scale[i] * xd);
    }
}

static void setup(const uint64_t *dims) {
    m = dims[0], k = dims[1];
    w = rt_input("w", RT_I8, m, k);
    scale = rt_input("scale", RT_F32, m, 0);
    x = rt_input("x", RT_F32, k, 0);
    y = rt_array("y", RT_F32, RT_OUTPUT, m, 0);
    panels = rt_scratch(panels_i8_bytes(m, k));
    pack_i8(m, k, w, panels);
    xq = rt_scratch((k + 31) / 32 * 32);
}

static void run(enum rt_variant variant) {
    if (variant == RT_RVV) {
        float xd = quantize_i8(k, x, xq);
        gemv_i8(m, k, panels, scale, xq, xd, y);
    } else {
        gemv_scalar();
    }
}

static const char *validate(const uint64_t *dims) {
    if (dims[1] > 131072)
        return "K above 131072 could overflow int32";
    return dims[0] && dims[1] ? NULL : "M and K must be at least 1";
}

const struct rt_kernel rt_kernels[] = {{
    .name = "gemv_i8",
    .dims_help = "<M> <K>",
    .dims = 2,
    .patterns = 1 << RT_WIDE | 1 << RT_EXTREME | 1 << RT_ZERO | 1 << RT_TINY,
    .scalar_runs = 1,
    .validate = validate,
    .setup = setup,
    .run = run,
}, {0}};
