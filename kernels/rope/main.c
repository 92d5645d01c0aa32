/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Rotary positions of the heads of one token: pairs by halves, interleaved, or 2-D: both halves of a head by halves, each with a
 * position of its own. cosine and sine are any numbers here; each pair of functions has rotary / 2 of them. */
#include "rt.h"
#include "rvtile_kernels.h"

static size_t heads, head_dim, rotary;
static const float *x, *cosine, *sine;
static float *y;
static enum { HALF, INTERLEAVED, TWO_D } kind;

static void rotate(const float *a, const float *b, size_t i, float *out_a, float *out_b) {
    *out_a = __builtin_fmaf(-*b, sine[i], *a * cosine[i]);
    *out_b = __builtin_fmaf(*a, sine[i], *b * cosine[i]);
}

static void rope_scalar(void) {
    size_t half = rotary / 2;
    for (size_t h = 0; h < heads; h++) {
        const float *in = x + h * head_dim;
        float *out = y + h * head_dim;
        for (size_t j = rotary; j < head_dim; j++)
            out[j] = in[j];
        for (size_t i = 0; i < half; i++) {
            /* 2-D: the second quarter of the pairs starts at the middle of the head. */
            size_t a = kind == INTERLEAVED ? 2 * i : kind == TWO_D && i >= half / 2 ? half / 2 + i : i;
            size_t b = kind == INTERLEAVED ? a + 1 : kind == TWO_D ? a + half / 2 : a + half;
            rotate(in + a, in + b, i, out + a, out + b);
        }
    }
}

static void setup(const uint64_t *dims) {
    heads = dims[0], head_dim = dims[1], rotary = dims[2];
    x = rt_input("x", RT_F32, heads, head_dim);
    cosine = rt_input("cos", RT_F32, rotary / 2, 0);
    sine = rt_input("sin", RT_F32, rotary / 2, 0);
    y = rt_array("y", RT_F32, RT_OUTPUT, heads, head_dim);
}

static void setup_interleaved(const uint64_t *dims) {
    kind = INTERLEAVED;
    setup(dims);
}

static void setup_2d(const uint64_t *dims) {
    kind = TWO_D;
    uint64_t whole[] = {dims[0], dims[1], dims[1]};
    setup(whole);
}

static void run(enum rt_variant variant) {
    if (variant == RT_SCALAR)
        rope_scalar();
    else if (kind == INTERLEAVED)
        rope_interleaved_f32(heads, head_dim, rotary, x, cosine, sine, y);
    else if (kind == HALF)
        rope_half_f32(heads, head_dim, rotary, x, cosine, sine, y);
    else
        for (size_t part = 0, width = head_dim / 2; part < 2; part++)
            for (size_t h = 0; h < heads; h++)
                rope_half_f32(1, width, width, x + h * head_dim + part * width, cosine + part * width / 2,
                              sine + part * width / 2, y + h * head_dim + part * width);
}

static const char *validate(const uint64_t *dims) {
    if (!dims[0] || !dims[2] || dims[2] % 2 || dims[2] > dims[1])
        return "heads must be at least 1, rotary an even number from 2 to head_dim";
    return NULL;
}

static const char *validate_2d(const uint64_t *dims) {
    return dims[0] && dims[1] && dims[1] % 4 == 0 ? NULL : "heads must be at least 1, head_dim a multiple of 4";
}

const struct rt_kernel rt_kernels[] = {
    {.name = "rope_half_f32",
     .dims_help = "<heads> <head_dim> <rotary>",
     .dims = 3,
     .validate = validate,
     .setup = setup,
     .run = run},
    {.name = "rope_interleaved_f32",
     .dims_help = "<heads> <head_dim> <rotary>",
     .dims = 3,
     .validate = validate,
     .setup = setup_interleaved,
     .run = run},
    {.name = "rope_2d_f32",
     .dims_help = "<heads> <head_dim>",
     .dims = 2,
     .validate = validate_2d,
     .setup = setup_2d,
     .run = run},
    {0}};
