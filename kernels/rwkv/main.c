/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Time mix and channel mix of RWKV-4 for one token, without their matrix products, whose results are inputs here.
 *
 * time mix:    mixed[i] = shift of x by mu[i], i = 0..2; y = wkv(k, v, u, w, state) / (1 + exp(-r))
 * channel mix: mixed[i] = shift of x by mu[i], i = 0..1; hidden = max(h, 0)^2 of 4 d elements; y = value / (1 + exp(-r)) */
#include "rt.h"
#include "rt_math.h"
#include "rvtile_kernels.h"

static size_t d, mixes;
static const float *x, *mu, *rkv, *uw, *h;
static float *mixed, *wkv, *state, *next, *hidden, *y;

static float sigmoid(float v) {
    float e = rt_expf(-__builtin_fabsf(v));
    return (v >= 0 ? 1 : e) / (1 + e);
}

/* (a, b) at exponent p joined with (v, 1) at exponent t */
static void join(float a, float b, float p, float v, float t, float *out_a, float *out_b) {
    float e = rt_expf(-__builtin_fabsf(p - t));
    *out_a = p < t ? __builtin_fmaf(e, a, v) : __builtin_fmaf(e, v, a);
    *out_b = p < t ? __builtin_fmaf(e, b, 1) : b + e;
}

static void time_scalar(size_t i) {
    const float *r = rkv, *k = rkv + d, *v = rkv + 2 * d;
    float a = state[i], b = state[d + i], p = state[2 * d + i], above, below;
    join(a, b, p, v[i], uw[i] + k[i], &above, &below);
    y[i] = above / below * sigmoid(r[i]);
    float t = p + uw[d + i];
    join(a, b, t, v[i], k[i], &next[i], &next[d + i]);
    next[2 * d + i] = t > k[i] ? t : k[i];
}

static void mix(enum rt_variant variant) {
    for (size_t m = 0; m < mixes; m++) {
        if (variant == RT_RVV) {
            rwkv_shift_f32(d, x, x + d, mu + m * d, mixed + m * d);
            continue;
        }
        for (size_t i = 0; i < d; i++)
            mixed[m * d + i] = __builtin_fmaf(mu[m * d + i], x[i] - x[d + i], x[d + i]);
    }
}

static void run_time(enum rt_variant variant) {
    mix(variant);
    if (variant == RT_RVV) {
        rwkv_wkv_f32(d, rkv + d, rkv + 2 * d, uw, uw + d, state, next, wkv);
        sigmoid_mul_f32(d, rkv, wkv, y);
        return;
    }
    for (size_t i = 0; i < d; i++)
        time_scalar(i);
}

static void run_channel(enum rt_variant variant) {
    mix(variant);
    if (variant == RT_RVV) {
        relu2_f32(4 * d, h, hidden);
        sigmoid_mul_f32(d, rkv, rkv + d, y);
        return;
    }
    for (size_t i = 0; i < 4 * d; i++)
        hidden[i] = h[i] > 0 ? h[i] * h[i] : 0;
    for (size_t i = 0; i < d; i++)
        y[i] = rkv[d + i] * sigmoid(rkv[i]);
}

static void setup(const uint64_t *dims, size_t count) {
    d = dims[0], mixes = count;
    x = rt_input("x", RT_F32, 2, d); /* this token's and the previous one's */
    mu = rt_input("mu", RT_F32, mixes, d);
    rkv = rt_input(count == 3 ? "rkv" : "rv", RT_F32, count, d);
    mixed = rt_array("mixed", RT_F32, RT_OUTPUT, mixes, d);
    y = rt_array("y", RT_F32, RT_OUTPUT, d, 0);
}

static void setup_time(const uint64_t *dims) {
    setup(dims, 3);
    uw = rt_input("uw", RT_F32, 2, d);
    const float *generated = rt_input("state", RT_F32, 3, d);
    next = rt_array("next", RT_F32, RT_OUTPUT, 3, d);
    state = rt_scratch(12 * d);
    wkv = rt_scratch(4 * d);
    /* A denominator is never negative. */
    for (size_t i = 0; i < 3 * d; i++)
        state[i] = i / d == 1 ? __builtin_fabsf(generated[i]) : generated[i];
}

static void setup_channel(const uint64_t *dims) {
    setup(dims, 2);
    h = rt_input("h", RT_F32, 4 * d, 0);
    hidden = rt_array("hidden", RT_F32, RT_OUTPUT, 4 * d, 0);
}

static const char *validate(const uint64_t *dims) { return dims[0] ? NULL : "d must be at least 1"; }

#define MIX(KIND)                                                                                                      \
    {                                                                                                                  \
        .name = "rwkv_" #KIND "_mix_f32", .dims_help = "<d>", .dims = 1, .patterns = 1 << RT_WIDE | 1 << RT_EQUAL,     \
        .validate = validate, .setup = setup_##KIND, .run = run_##KIND,                                                \
    }

const struct rt_kernel rt_kernels[] = {MIX(time), MIX(channel), {0}};
