/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Programs of attention of one head over a prompt: what all forms of the problem share. A program includes this with FORM(name) defined as
 * the name of a routine of the form, defines attention_scalar(), and lists its variants with RT_ATTENTION_KERNELS. Its rows are tight. */
#ifndef ATTENTION_H
#define ATTENTION_H

#include "prompt.h"
#include "rt.h"
#include "rt_math.h"

static struct attention head;
static float *scalar_row; /* [S], scores of the scalar twin */

static void attention_scalar(void);

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        FORM()(&head);
    else
        attention_scalar();
}

static void setup(const uint64_t *dims) {
    size_t queries = dims[0], keys = dims[1], d = dims[2];
    head.queries = queries, head.keys = keys, head.head_dim = d;
    head.q_stride = head.kv_stride = head.out_stride = d;
    head.q = rt_input("q", RT_F32, queries, d);
    head.k = rt_input("k", RT_F32, keys, d);
    head.v = rt_input("v", RT_F32, keys, d);
    head.out = rt_array("o", RT_F32, RT_OUTPUT, queries, d);
    head.scratch = rt_scratch(FORM(_scratch)(queries, keys, d));
    scalar_row = rt_scratch(keys * 4);
}

static void setup_plain(const uint64_t *dims) {
    head.causal = dims[3] != 0;
    setup(dims);
}

static void setup_prefix(const uint64_t *dims) {
    head.causal = 1;
    head.prefix = dims[3];
    setup(dims);
}

/* Causal, with the slope of one of 40 heads. */
static void setup_alibi(const uint64_t *dims) {
    static float slopes[40];
    setup_prefix((const uint64_t[]){dims[0], dims[1], dims[2], 0});
    alibi_slopes(40, slopes);
    float *row = rt_scratch(4 * (dims[0] + dims[1] - 1));
    alibi_relative(slopes[dims[3]], dims[0], dims[1], row);
    head.relative = row;
}

/* Causal with the one-sided buckets of a decoder, else with the two-sided ones of an encoder. */
static void setup_t5(const uint64_t *dims) {
    setup_plain(dims);
    const float *table = rt_input("table", RT_F32, 32, 0);
    float *row = rt_scratch(4 * (dims[0] + dims[1] - 1));
    t5_relative(table, !dims[3], dims[0], dims[1], row);
    head.relative = row;
}

static const char *validate_plain(const uint64_t *dims) {
    if (!dims[0] || !dims[1] || !dims[2])
        return "T, S and d must be at least 1";
    if (dims[3] > 1)
        return "causal must be 0 or 1";
    return dims[3] && dims[0] > dims[1] ? "causal attention needs T <= S" : NULL;
}

static const char *validate_prefix(const uint64_t *dims) {
    if (dims[3] > dims[1])
        return "prefix must be at most S";
    return validate_plain((const uint64_t[]){dims[0], dims[1], dims[2], 1});
}

static const char *validate_alibi(const uint64_t *dims) {
    if (dims[3] >= 40)
        return "head must be below 40";
    return validate_plain((const uint64_t[]){dims[0], dims[1], dims[2], 1});
}

#define validate_t5 validate_plain

#define RT_ATTENTION(NAME, LAST, KIND)                                                                                 \
    {                                                                                                                  \
        .name = NAME, .dims_help = "<T> <S> <d> <" LAST ">", .dims = 4, .scalar_runs = 1,                              \
        .patterns = 1 << RT_WIDE | 1 << RT_EQUAL | 1 << RT_ZERO, .validate = validate_##KIND,                          \
        .setup = setup_##KIND, .run = run,                                                                             \
    }

/* The list of a program: one entry for each variant. */
#define RT_ATTENTION_KERNELS(TYPE)                                                                                     \
    {RT_ATTENTION("attention_" TYPE, "causal 0|1", plain), RT_ATTENTION("attention_prefix_" TYPE, "prefix", prefix),   \
     RT_ATTENTION("attention_alibi_" TYPE, "head", alibi), RT_ATTENTION("attention_t5_" TYPE, "causal 0|1", t5), {0}}

#endif
