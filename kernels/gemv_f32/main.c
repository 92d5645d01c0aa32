/* SPDX-License-Identifier: MIT OR Apache-2.0
 * y = W x in fp32: W is M x K. */
#include "rvtile_kernels.h"
#include "rt.h"

static size_t m, k;
static const float *w, *x;
static float *y;
static float *panels;

static void gemv_scalar(void) {
    for (size_t i = 0; i < m; i++) {
        float sum = 0;
        for (size_t j = 0; j < k; j++)
            sum = __builtin_fmaf(w[i * k + j], x[j], sum);
        y[i] = sum;
    }
}

static void setup(const uint64_t *dims) {
    m = dims[0], k = dims[1];
    w = rt_input("w", RT_F32, m, k);
    x = rt_input("x", RT_F32, k, 0);
    y = rt_array("y", RT_F32, RT_OUTPUT, m, 0);
    panels = rt_scratch(panels_f32_bytes(m, k));
    pack_f32(m, k, w, panels);
}

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        gemv_f32(m, k, panels, x, y);
    else
        gemv_scalar();
}

static const char *validate(const uint64_t *dims) { return dims[0] && dims[1] ? NULL : "M and K must be at least 1"; }

const struct rt_kernel rt_kernels[] = {{
    .name = "gemv_f32",
    .dims_help = "<M> <K>",
    .dims = 2,
    .patterns = 1 << RT_WIDE | 1 << RT_LARGE | 1 << RT_ZERO | 1 << RT_TINY,
    .validate = validate,
    .setup = setup,
    .run = run,
}, {0}};
