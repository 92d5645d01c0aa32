/* SPDX-License-Identifier: MIT OR Apache-2.0
 * One attention head in fp32: o = softmax(q k^T / sqrt(d)) v, q and o T x d, k and v S x d, row-major.
 * Causal: query i sees keys j <= i + S - T (the queries are the last T positions), which needs T <= S. Prefix: it also sees the
 * keys before a given one. ALiBi and the relative bias of T5 add a number that depends on j - (i + S - T) to each score.
 *
 * Scores are never stored whole: for each tile of at most 6 queries the keys pass by in blocks of VLMAX(m4) (64 at VLEN 512),
 * with a running maximum m, running sums (one a lane) and an output that is scaled by exp(m_old - m_new) when the
 * maximum has grown.
 *
 *     all of K: transposed into blocks [d][block], once
 *     for each tile of queries: q * 1/sqrt(d), packed
 *         for each block of keys that some query of the tile sees:
 *             scores = q k^T (register tile 6 x 64, length d); -infinity where a query sees no key
 *             m_new, p = exp(scores - m_new), sums, correction
 *             o = o * correction + p v (register tiles 6 x 64, length of the block)
 *         o = o / sum
 */
#include "gemm.h"
#include "rt_math.h"
#include "rvtile_kernels.h"

size_t gemm_f32_nr_max(void);
void gemm_f32_pack_a(void *dst, const void *src, size_t lda_bytes, size_t rows, size_t kc);
gemm_tile gemm_f32_tile_set, gemm_f32_tile_add;

void attn_pack_kt(float *dst, const float *src, size_t row_bytes, size_t keys, size_t d);
void attn_scale(float *dst, const float *src, size_t n, float factor);
void attn_fill(float *dst, size_t n, float value);
void attn_max(size_t rows, const float *s, const float *m_old, float *m_new);
void attn_exp(size_t rows, float *s, float *sums, const float *m_old, const float *m_new, float *correction);
float attn_sum(const float *s);

enum { ROWS = 6 };

static size_t queries, keys, d;
static int causal;
static size_t prefix;         /* keys that every query sees */
static const float *relative; /* [T + S - 1], or NULL: the bias of key j for query i is at j - i + T - 1 */
static const float *q, *k, *v;
static float *o;

static size_t block;      /* keys in a full block = lanes */
static float *kt;         /* K transposed: block b starts at element b * block * d */
static float *q_scaled;   /* [ROWS][d] */
static float *q_panel;    /* [d][rows] */
static float *scores;     /* [ROWS][block], then the weights p */
static float *p_panel;    /* [block][rows] */
static float *sums;       /* [ROWS][block], one sum a lane */
static float *maxima;     /* [3][8]: m_old, m_new (they swap), correction */
static float *scalar_row; /* [S], scores of the scalar twin */
static float scale;

static const float infinity = __builtin_inff();

/* How many keys query i sees. */
static inline size_t visible(size_t i) {
    size_t seen = causal ? i + 1 + keys - queries : keys;
    return seen > prefix ? seen : prefix;
}

static void attention_tile(size_t first, size_t rows) {
    float *m_old = maxima, *m_new = maxima + 8, *correction = maxima + 16;
    float *out = o + first * d;

    attn_scale(q_scaled, q + first * d, rows * d, scale);
    gemm_f32_pack_a(q_panel, q_scaled, d * 4, rows, d);
    attn_fill(m_old, rows, -infinity);
    attn_fill(sums, rows * block, 0);

    size_t end = visible(first + rows - 1);
    for (size_t j = 0; j < end; j += block) {
        size_t width = rt_min(block, keys - j);
        gemm_f32_tile_set(rows, d, q_panel, kt + j * d, width * 4, scores, block * 4, width);
        /* Every row has a number in its first block, so m_new is never -infinity. */
        for (size_t i = 0; i < rows; i++) {
            if (relative)
                add_f32(width, scores + i * block, relative + j + queries - 1 - (first + i), scores + i * block);
            size_t limit = visible(first + i);
            size_t seen = limit < j ? 0 : rt_min(width, limit - j);
            if (seen < block)
                attn_fill(scores + i * block + seen, block - seen, -infinity);
        }
        attn_max(rows, scores, m_old, m_new);
        attn_exp(rows, scores, sums, m_old, m_new, correction);
        gemm_f32_pack_a(p_panel, scores, block * 4, rows, width);
        /* The maximum of most rows stops growing after a few blocks. */
        for (size_t i = 0; j && i < rows; i++)
            if (correction[i] != 1)
                attn_scale(out + i * d, out + i * d, d, correction[i]);
        for (size_t c = 0; c < d; c += block)
            (j ? gemm_f32_tile_add : gemm_f32_tile_set)(rows, width, p_panel, v + j * d + c, d * 4, out + c, d * 4,
                                                        rt_min(block, d - c));
        float *swap = m_old;
        m_old = m_new;
        m_new = swap;
    }
    for (size_t i = 0; i < rows; i++)
        attn_scale(out + i * d, out + i * d, d, 1 / attn_sum(sums + i * block));
}

static void attention_rvv(void) {
    for (size_t j = 0; j < keys; j += block)
        attn_pack_kt(kt + j * d, k + j * d, d * 4, rt_min(block, keys - j), d);
    for (size_t i = 0; i < queries; i += ROWS)
        attention_tile(i, rt_min(ROWS, queries - i));
}

static void attention_scalar(void) {
    for (size_t i = 0; i < queries; i++) {
        size_t n = visible(i);
        float max = -infinity;
        for (size_t j = 0; j < n; j++) {
            float dot = 0;
            for (size_t c = 0; c < d; c++)
                dot = __builtin_fmaf(q[i * d + c], k[j * d + c], dot);
            scalar_row[j] = dot * scale + (relative ? relative[j + queries - 1 - i] : 0);
            if (scalar_row[j] > max)
                max = scalar_row[j];
        }
        float sum = 0;
        for (size_t c = 0; c < d; c++)
            o[i * d + c] = 0;
        for (size_t j = 0; j < n; j++) {
            float p = rt_expf(scalar_row[j] - max);
            sum += p;
            for (size_t c = 0; c < d; c++)
                o[i * d + c] = __builtin_fmaf(p, v[j * d + c], o[i * d + c]);
        }
        float inverse = 1 / sum;
        for (size_t c = 0; c < d; c++)
            o[i * d + c] *= inverse;
    }
}

static void setup(const uint64_t *dims) {
    queries = dims[0], keys = dims[1], d = dims[2];
    q = rt_input("q", RT_F32, queries, d);
    k = rt_input("k", RT_F32, keys, d);
    v = rt_input("v", RT_F32, keys, d);
    o = rt_array("o", RT_F32, RT_OUTPUT, queries, d);
    block = gemm_f32_nr_max();
    scale = 1 / __builtin_sqrtf((float)d);
    kt = rt_scratch(keys * d * 4);
    q_scaled = rt_scratch(ROWS * d * 4);
    q_panel = rt_scratch(ROWS * d * 4);
    scores = rt_scratch(ROWS * block * 4);
    p_panel = rt_scratch(ROWS * block * 4);
    sums = rt_scratch(ROWS * block * 4);
    maxima = rt_scratch(3 * 8 * 4);
    scalar_row = rt_scratch(keys * 4);
}

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        attention_rvv();
    else
        attention_scalar();
}

static void setup_plain(const uint64_t *dims) {
    causal = dims[3] != 0;
    setup(dims);
}

static void setup_prefix(const uint64_t *dims) {
    causal = 1;
    prefix = dims[3];
    setup(dims);
}

/* Causal, with the slope of one of 40 heads. */
static void setup_alibi(const uint64_t *dims) {
    static float slopes[40];
    setup_prefix((const uint64_t[]){dims[0], dims[1], dims[2], 0});
    alibi_slopes(40, slopes);
    float *row = rt_scratch(4 * (queries + keys - 1));
    alibi_relative(slopes[dims[3]], queries, keys, row);
    relative = row;
}

/* Causal with the one-sided buckets of a decoder, else with the two-sided ones of an encoder. */
static void setup_t5(const uint64_t *dims) {
    setup_plain(dims);
    const float *table = rt_input("table", RT_F32, 32, 0);
    float *row = rt_scratch(4 * (queries + keys - 1));
    t5_relative(table, !causal, queries, keys, row);
    relative = row;
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

#define ATTENTION(NAME, LAST, KIND)                                                                                    \
    {                                                                                                                  \
        .name = NAME, .dims_help = "<T> <S> <d> <" LAST ">", .dims = 4, .scalar_runs = 1,                              \
        .patterns = 1 << RT_WIDE | 1 << RT_EQUAL | 1 << RT_ZERO, .validate = validate_##KIND,                          \
        .setup = setup_##KIND, .run = run,                                                                             \
    }
#define validate_t5 validate_plain

const struct rt_kernel rt_kernels[] = {ATTENTION("attention_f32", "causal 0|1", plain),
                                       ATTENTION("attention_prefix_f32", "prefix", prefix),
                                       ATTENTION("attention_alibi_f32", "head", alibi),
                                       ATTENTION("attention_t5_f32", "causal 0|1", t5),
                                       {0}};
