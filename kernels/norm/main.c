/* SPDX-License-Identifier: MIT OR Apache-2.0
 * RMSNorm y = w x / sqrt(mean(x^2) + eps) and LayerNorm y = w (x - mean) / sqrt(variance + eps) + b of each row, eps = 1e-5. */
#include "rt.h"
#include "rvtile_kernels.h"

static size_t rows, cols;
static const float *x, *w, *b;
static float *y;
static int layer;
static const float eps = 1e-5f;

static void norm_scalar(void) {
    for (size_t i = 0; i < rows; i++) {
        const float *in = x + i * cols;
        float mean = 0, squares = 0;
        if (layer) {
            for (size_t j = 0; j < cols; j++)
                mean += in[j];
            mean /= (float)cols;
        }
        for (size_t j = 0; j < cols; j++)
            squares = __builtin_fmaf(in[j] - mean, in[j] - mean, squares);
        float inverse = 1 / __builtin_sqrtf(squares / (float)cols + eps);
        for (size_t j = 0; j < cols; j++) {
            float value = (in[j] - mean) * inverse;
            y[i * cols + j] = b ? __builtin_fmaf(value, w[j], b[j]) : value * w[j];
        }
    }
}

static void setup(const uint64_t *dims) {
    rows = dims[0], cols = dims[1];
    x = rt_input("x", RT_F32, rows, cols);
    w = rt_input("w", RT_F32, cols, 0);
    y = rt_array("y", RT_F32, RT_OUTPUT, rows, cols);
}

static void setup_layer(const uint64_t *dims) {
    layer = 1;
    setup(dims);
}

static void setup_bias(const uint64_t *dims) {
    setup_layer(dims);
    b = rt_input("b", RT_F32, cols, 0);
}

static void run(enum rt_variant variant) {
    if (variant == RT_SCALAR)
        norm_scalar();
    else if (layer)
        layernorm_f32(rows, cols, x, w, b, eps, y);
    else
        rmsnorm_f32(rows, cols, x, w, eps, y);
}

static const char *validate(const uint64_t *dims) { return dims[0] && dims[1] ? NULL : "rows and cols must be at least 1"; }

#define NORM(NAME, SETUP)                                                                                              \
    {                                                                                                                  \
        .name = NAME, .dims_help = "<rows> <cols>", .dims = 2,                                                         \
        .patterns = 1 << RT_WIDE | 1 << RT_LARGE | 1 << RT_EQUAL | 1 << RT_ZERO | 1 << RT_TINY, .validate = validate,  \
        .setup = SETUP, .run = run,                                                                                    \
    }

const struct rt_kernel rt_kernels[] = {
    NORM("rmsnorm_f32", setup), NORM("layernorm_f32", setup_bias), NORM("layernorm_nobias_f32", setup_layer), {0}};
