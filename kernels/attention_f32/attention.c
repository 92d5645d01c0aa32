/* SPDX-License-Identifier: MIT OR Apache-2.0
 * One attention head in fp32: o = softmax(q k^T / sqrt(d)) v, q and o T x d, k and v S x d.
 * Causal: query i sees keys j <= i + S - T (the queries are the last T positions), which needs T <= S. Prefix: it also sees the
 * keys before a given one. ALiBi and the relative bias of T5 add a number that depends on j - (i + S - T) to each score.
 *
 * Scores are never stored whole: for each tile of at most 6 queries the keys pass by in blocks of VLMAX(m4) (64 at VLEN 512),
 * with a running maximum m, running sums (one a lane) and an output that is scaled by exp(m_old - m_new) when the
 * maximum has grown.
 *
 *     all of K: transposed into blocks [d][block], once; V moved together if its rows are apart
 *     for each tile of queries: q packed, times 1/sqrt(d)
 *         for each block of keys that some query of the tile sees:
 *             scores = q k^T (register tile 6 x 64, length d); -infinity where a query sees no key
 *             m_new, p = exp(scores - m_new), sums, correction
 *             o = o * correction + p v (register tiles 6 x 64, length of the block)
 *         out = o / sum
 */
#include "gemm.h"
#include "prompt.h"

size_t gemm_f32_nr_max(void);
void gemm_f32_pack_a(void *dst, const void *src, size_t lda_bytes, size_t rows, size_t kc);
void gemm_f32_pack_b(void *dst, const void *src, size_t ldb_bytes, size_t kc, size_t nr);
gemm_tile gemm_f32_tile_set, gemm_f32_tile_add;

void attn_pack_kt(float *dst, const float *src, size_t row_bytes, size_t keys, size_t d);
void attn_scale(float *dst, const float *src, size_t n, float factor);
void attn_fill(float *dst, size_t n, float value);
void attn_max(size_t rows, const float *s, const float *m_old, float *m_new);
void attn_exp(size_t rows, float *s, float *sums, const float *m_old, const float *m_new, float *correction);
float attn_sum(const float *s);

enum { ROWS = 6, LINE = 64 };

struct work {
    size_t block;   /* keys in a full block = lanes */
    float scale;
    float *kt;      /* K transposed: block b starts at element b * block * d */
    float *v;       /* V in panels of `block` columns, where its rows are not tight */
    float *tight;   /* a piece of K likewise, [block][block] at most */
    float *q_panel; /* [d][rows] */
    float *output;  /* [ROWS][d], to be divided by the sums */
    float *scores;  /* [ROWS][block], then the weights p */
    float *p_panel; /* [block][rows] */
    float *sums;    /* [ROWS][block], one sum a lane */
    float *maxima;  /* [3][8]: m_old, m_new (they swap), correction */
};

static const float infinity = __builtin_inff();

/* Places the arrays; returns the bytes of all. */
static size_t place(struct work *w, char *scratch, size_t keys, size_t d) {
    size_t used = 0;
    w->scale = 1 / __builtin_sqrtf((float)d);
    w->block = gemm_f32_nr_max();
    w->kt = part(scratch, &used, keys * d * 4, LINE);
    w->v = part(scratch, &used, keys * d * 4, LINE);
    w->tight = part(scratch, &used, least(w->block, keys) * least(w->block, d) * 4, LINE);
    w->output = part(scratch, &used, ROWS * d * 4, LINE);
    w->q_panel = part(scratch, &used, ROWS * d * 4, LINE);
    w->scores = part(scratch, &used, ROWS * w->block * 4, LINE);
    w->p_panel = part(scratch, &used, ROWS * w->block * 4, LINE);
    w->sums = part(scratch, &used, ROWS * w->block * 4, LINE);
    w->maxima = part(scratch, &used, 3 * 8 * 4, LINE);
    return used;
}

/* Whether K and V are used where they lie. Rows that are those of all heads are far apart, often by a power of two: then they have few sets
 * of the caches, and drive each other out. So they are moved together, once. */
static int tight_rows(const struct attention *a) { return a->kv_stride == a->head_dim; }

static void pack_keys(const struct attention *a, const struct work *w) {
    const size_t d = a->head_dim, block = w->block, keys = a->keys, bytes = 4 * a->kv_stride;
    for (size_t j = 0; j < keys; j += block) {
        const float *k = a->k + j * a->kv_stride;
        size_t width = least(block, keys - j);
        float *kt = w->kt + j * d;
        if (tight_rows(a)) {
            attn_pack_kt(kt, k, bytes, width, d);
            continue;
        }
        for (size_t c = 0; c < d; c += block) {
            size_t some = least(block, d - c);
            gemm_f32_pack_b(w->tight, k + c, bytes, width, some);
            attn_pack_kt(kt + c * width, w->tight, 4 * some, width, some);
        }
    }
    for (size_t c = 0; c < d && !tight_rows(a); c += block)
        gemm_f32_pack_b(w->v + c * keys, a->v + c, bytes, keys, least(block, d - c));
}

static void attention_tile(const struct attention *a, const struct work *w, size_t first, size_t rows) {
    const size_t d = a->head_dim, block = w->block;
    float *m_old = w->maxima, *m_new = w->maxima + 8, *correction = w->maxima + 16, *scores = w->scores;
    float *out = w->output;

    gemm_f32_pack_a(w->q_panel, a->q + first * a->q_stride, 4 * a->q_stride, rows, d);
    attn_scale(w->q_panel, w->q_panel, rows * d, w->scale);
    attn_fill(m_old, rows, -infinity);
    attn_fill(w->sums, rows * block, 0);

    size_t end = visible(a, first + rows - 1);
    for (size_t j = 0; j < end; j += block) {
        size_t width = least(block, a->keys - j);
        gemm_f32_tile_set(rows, d, w->q_panel, w->kt + j * d, width * 4, scores, block * 4, width);
        /* Every row has a number in its first block, so m_new is never -infinity. */
        for (size_t i = 0; i < rows; i++) {
            if (a->relative)
                add_f32(width, scores + i * block, a->relative + j + a->queries - 1 - (first + i), scores + i * block);
            size_t limit = visible(a, first + i);
            size_t seen = limit < j ? 0 : least(width, limit - j);
            if (seen < block)
                attn_fill(scores + i * block + seen, block - seen, -infinity);
        }
        attn_max(rows, scores, m_old, m_new);
        attn_exp(rows, scores, w->sums, m_old, m_new, correction);
        gemm_f32_pack_a(w->p_panel, scores, block * 4, rows, width);
        /* The maximum of most rows stops growing after a few blocks. */
        for (size_t i = 0; j && i < rows; i++)
            if (correction[i] != 1)
                attn_scale(out + i * d, out + i * d, d, correction[i]);
        for (size_t c = 0; c < d; c += block) {
            size_t some = least(block, d - c), v_stride = tight_rows(a) ? d : some;
            const float *v = tight_rows(a) ? a->v + c : w->v + c * a->keys;
            (j ? gemm_f32_tile_add : gemm_f32_tile_set)(rows, width, w->p_panel, v + j * v_stride, 4 * v_stride, out + c, 4 * d, some);
        }
        float *swap = m_old;
        m_old = m_new;
        m_new = swap;
    }
    for (size_t i = 0; i < rows; i++)
        attn_scale(a->out + (first + i) * a->out_stride, out + i * d, d, 1 / attn_sum(w->sums + i * block));
}

void attention_f32(const struct attention *a) {
    struct work w;
    place(&w, a->scratch, a->keys, a->head_dim);
    pack_keys(a, &w);
    for (size_t i = 0; i < a->queries; i += ROWS)
        attention_tile(a, &w, i, least(ROWS, a->queries - i));
}

size_t attention_f32_scratch(size_t queries, size_t keys, size_t head_dim) {
    struct work w;
    (void)queries;
    return place(&w, NULL, keys, head_dim);
}
