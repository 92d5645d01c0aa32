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
#include "attention.h"
#include "gemm.h"

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

static void prepare(void) {
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

const struct rt_kernel rt_kernels[] = RT_ATTENTION_KERNELS("f32");
