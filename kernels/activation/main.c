/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Activation functions of a vector, gated or not. The C twins use the formulas of kernel.S. */
#include "rt.h"
#include "rt_math.h"
#include "rvtile_kernels.h"

static size_t n;
static const float *x, *up;
static float *y;
static void (*plain)(size_t n, const float *x, float *y);
static void (*gated)(size_t n, const float *gate, const float *up, float *y);
static float (*scalar)(float x);

/* s(x) from h = s(-|x|) */
static inline float by_sign(float x, float h) { return x >= 0 ? 1 - h : h; }

static inline float logistic(float magnitude) {
    float e = rt_expf(-magnitude);
    return e / (1 + e);
}

static float silu(float x) { return x * by_sign(x, logistic(__builtin_fabsf(x))); }

static float gelu_tanh(float x) {
    float u2 = x * (x * x * 0x1.2444f2p-4f + 0x1.988454p+0f);
    return x * by_sign(x, logistic(__builtin_fabsf(u2)));
}

static float gelu_erf(float x) {
    static const float q[] = {-0x1.dd05aap-6f, 0x1.268a88p-3f,  -0x1.05857ap-2f, 0x1.4537b2p-3f, -0x1.76473cp-6f,
                              0x1.afaff8p-4f,  0x1.eaf57ep-4f, 0x1.1e6da6p-3f,  0x1.1df1f6p-3f};
    float scaled = __builtin_fabsf(x) * 0x1.666666p-2f;
    float t = 1 / (1 + (scaled < 0x1p23f ? scaled : 0x1p23f));
    float p = q[0];
    for (int i = 1; i < 9; i++)
        p = p * t + q[i];
    return x * by_sign(x, rt_expf(x * x * -0.5f) * t * p);
}

static float relu2(float x) { return x > 0 ? x * x : 0; }

static void setup(const uint64_t *dims) {
    n = dims[0];
    x = rt_input("x", RT_F32, n, 0);
    if (gated)
        up = rt_input("up", RT_F32, n, 0);
    y = rt_array("y", RT_F32, RT_OUTPUT, n, 0);
}

static void run(enum rt_variant variant) {
    if (variant == RT_SCALAR)
        for (size_t i = 0; i < n; i++)
            y[i] = gated ? scalar(x[i]) * up[i] : scalar(x[i]);
    else if (gated)
        gated(n, x, up, y);
    else
        plain(n, x, y);
}

static const char *validate(const uint64_t *dims) { return dims[0] ? NULL : "n must be at least 1"; }

#define SETUP(NAME, FIELD, FUNCTION, SCALAR)                                                                           \
    static void setup_##NAME(const uint64_t *dims) {                                                                   \
        FIELD = FUNCTION;                                                                                              \
        scalar = SCALAR;                                                                                               \
        setup(dims);                                                                                                   \
    }

SETUP(silu, plain, silu_f32, silu)
SETUP(gelu_tanh, plain, gelu_tanh_f32, gelu_tanh)
SETUP(gelu_erf, plain, gelu_erf_f32, gelu_erf)
SETUP(relu2, plain, relu2_f32, relu2)
SETUP(swiglu, gated, swiglu_f32, silu)
SETUP(geglu, gated, geglu_f32, gelu_tanh)

#define ACTIVATION(NAME)                                                                                               \
    {                                                                                                                  \
        .name = #NAME "_f32", .dims_help = "<n>", .dims = 1,                                                           \
        .patterns = 1 << RT_WIDE | 1 << RT_LARGE | 1 << RT_ZERO | 1 << RT_TINY | 1 << RT_SPECIAL,                      \
        .validate = validate, .setup = setup_##NAME, .run = run,                                                       \
    }

const struct rt_kernel rt_kernels[] = {ACTIVATION(silu),  ACTIVATION(gelu_tanh), ACTIVATION(gelu_erf), ACTIVATION(relu2),
                                       ACTIVATION(swiglu), ACTIVATION(geglu),     {0}};
