/* SPDX-License-Identifier: MIT OR Apache-2.0
 * y = a + b, the residual connection. */
#include "rt.h"
#include "rvtile_kernels.h"

static size_t n;
static const float *a, *b;
static float *y;

static void setup(const uint64_t *dims) {
    n = dims[0];
    a = rt_input("a", RT_F32, n, 0);
    b = rt_input("b", RT_F32, n, 0);
    y = rt_array("y", RT_F32, RT_OUTPUT, n, 0);
}

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        add_f32(n, a, b, y);
    else
        for (size_t i = 0; i < n; i++)
            y[i] = a[i] + b[i];
}

static const char *validate(const uint64_t *dims) { return dims[0] ? NULL : "n must be at least 1"; }

const struct rt_kernel rt_kernels[] = {{
    .name = "residual",
    .dims_help = "<n>",
    .dims = 1,
    .patterns = 1 << RT_TINY | 1 << RT_SPECIAL,
    .validate = validate,
    .setup = setup,
    .run = run,
}, {0}};
