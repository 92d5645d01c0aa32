/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Linear layers. int8: X (M x K, fp32) is quantised to int8 with a scale a row as part of the call, W is N x K int8 with a scale a row,
 * an output channel. bf16: the arrays of matmul_bf16. W is packed beforehand, as weights are, X within the call. */
#include "linear.h"
#include "rt_quant.h"

static const struct linear_form *form;
static struct linear l;
static const float *x;
static const void *w;
static int8_t *xq;
static float *x_scale;

static void prepare(const void *weights, size_t k_stride, size_t n_stride) {
    w = weights;
    void *packed = rt_scratch(linear_packed_bytes(form, l.k, l.n));
    linear_pack(form, l.k, l.n, w, k_stride, n_stride, packed);
    l.w = packed;
    l.scratch = rt_scratch(linear_scratch_bytes(form, l.m, l.k));
}

static void setup_i8(const uint64_t *dims) {
    l.m = dims[0], l.k = dims[1], l.n = dims[2];
    x = rt_input("x", RT_F32, l.m, l.k);
    const int8_t *weights = rt_input("w", RT_I8, l.n, l.k);
    l.w_scale = rt_input("scale", RT_F32, l.n, 0);
    l.y = rt_array("y", RT_F32, RT_OUTPUT, l.m, l.n);
    l.x_stride = (l.k + 31) / 32 * 32;
    l.x = xq = rt_scratch(l.m * l.x_stride);
    l.x_scale = x_scale = rt_scratch(4 * l.m);
    prepare(weights, 1, l.k);
}

static void setup_bf16(const uint64_t *dims) {
    l.m = dims[0], l.k = dims[1], l.n = dims[2];
    l.x = rt_input("a", RT_BF16, l.m, l.k);
    const void *weights = rt_input("b", RT_BF16, l.k, l.n);
    l.y = rt_array("c", RT_F32, RT_OUTPUT, l.m, l.n);
    l.x_stride = 2 * l.k;
    prepare(weights, l.n, 1);
}

static void scalar_i8(void) {
    const int8_t *rows = w;
    for (size_t i = 0; i < l.m; i++) {
        int8_t *q = xq + i * l.x_stride;
        float d = rt_quantize(l.k, x + i * l.k, q);
        for (size_t j = 0; j < l.n; j++) {
            int32_t sum = 0;
            for (size_t p = 0; p < l.k; p++)
                sum += q[p] * rows[j * l.k + p];
            l.y[i * l.n + j] = (float)sum * (l.w_scale[j] * d);
        }
    }
}

static void run_i8(enum rt_variant variant) {
    if (variant == RT_SCALAR) {
        scalar_i8();
        return;
    }
    for (size_t i = 0; i < l.m; i++)
        x_scale[i] = quantize_i8(l.k, x + i * l.k, xq + i * l.x_stride);
    linear(form, &l);
}

static void run_bf16(enum rt_variant variant) {
    if (variant == RT_RVV) {
        linear(form, &l);
        return;
    }
    const uint16_t *a = l.x, *b = w;
    for (size_t i = 0; i < l.m; i++) {
        for (size_t j = 0; j < l.n; j++) {
            float sum = 0;
            for (size_t p = 0; p < l.k; p++)
                sum = __builtin_fmaf(rt_from_bf16(a[i * l.k + p]), rt_from_bf16(b[p * l.n + j]), sum);
            l.y[i * l.n + j] = sum;
        }
    }
}

static const char *validate(const uint64_t *dims) {
    return dims[0] && dims[1] && dims[2] ? NULL : "M, K and N must be at least 1";
}

static const char *validate_i8(const uint64_t *dims) {
    return dims[1] > 131072 ? "K above 131072 could overflow int32" : validate(dims);
}

#define FORM(FORM, TYPE)                                                                                               \
    static void setup_##FORM(const uint64_t *dims) {                                                                   \
        form = &linear_##FORM;                                                                                         \
        setup_##TYPE(dims);                                                                                            \
    }

FORM(rvv, i8)
FORM(dod, i8)
FORM(qoq, i8)
FORM(ime, i8)
FORM(xsfmm, i8)
FORM(zvt, i8)
FORM(qqq, bf16)
FORM(xsfmm_bf16, bf16)
FORM(zvt_bf16, bf16)

enum { I8_PATTERNS = 1 << RT_WIDE | 1 << RT_EXTREME | 1 << RT_ZERO | 1 << RT_TINY };

#define LINEAR(NAME, PATTERNS, VALIDATE, SETUP, RUN)                                                                   \
    {                                                                                                                  \
        .name = NAME, .dims_help = "<M> <K> <N>", .dims = 3, .patterns = PATTERNS, .scalar_runs = 1,                   \
        .validate = VALIDATE, .setup = SETUP, .run = RUN,                                                              \
    }

const struct rt_kernel rt_kernels[] = {
    LINEAR("linear_i8", I8_PATTERNS, validate_i8, setup_rvv, run_i8),
    LINEAR("linear_i8_dod", I8_PATTERNS, validate_i8, setup_dod, run_i8),
    LINEAR("linear_i8_qoq", I8_PATTERNS, validate_i8, setup_qoq, run_i8),
    LINEAR("linear_i8_ime", I8_PATTERNS, validate_i8, setup_ime, run_i8),
    LINEAR("linear_i8_xsfmm", I8_PATTERNS, validate_i8, setup_xsfmm, run_i8),
    LINEAR("linear_i8_zvt", I8_PATTERNS, validate_i8, setup_zvt, run_i8),
    LINEAR("linear_bf16_qqq", 0, validate, setup_qqq, run_bf16),
    LINEAR("linear_bf16_xsfmm", 0, validate, setup_xsfmm_bf16, run_bf16),
    LINEAR("linear_bf16_zvt", 0, validate, setup_zvt_bf16, run_bf16),
    {0},
};
