/* SPDX-License-Identifier: MIT OR Apache-2.0
 * fp32 to int8 with a scale for each 32 elements. */
#include "rt_quant.h"

static size_t k;
static const float *x;
static int8_t *q;
static float *d;

static void setup(const uint64_t *dims) {
    k = dims[0];
    x = rt_input("x", RT_F32, k, 0);
    q = rt_array("q", RT_I8, RT_OUTPUT, (k + 31) / 32 * 32, 0);
    d = rt_array("d", RT_F32, RT_OUTPUT, (k + 31) / 32, 0);
}

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        quantize_q8_0(k, x, q, d);
    else
        rt_quantize_q8_0(k, x, q, d);
}

static const char *validate(const uint64_t *dims) { return dims[0] ? NULL : "K must be at least 1"; }

const struct rt_kernel rt_kernels[] = {{
    .name = "quantize",
    .dims_help = "<K>",
    .dims = 1,
    .patterns = 1 << RT_WIDE | 1 << RT_LARGE | 1 << RT_EQUAL | 1 << RT_ZERO | 1 << RT_TINY | 1 << RT_TIES,
    .validate = validate,
    .setup = setup,
    .run = run,
}, {0}};
