/* SPDX-License-Identifier: MIT OR Apache-2.0
 * One attention head by 4x4x4 blocks of bf16: the arguments of attention_f32, whose fp32 operands are rounded to bf16 as part of the call. Products are summed in fp32, and the softmax is fp32.
 *
 * Everything is transposed: scores are K q^T, the output V^T p^T, with queries as columns (kernel.S tells why). V has a column
 * of ones more, so the sums of the weights are a row of the output: they are sums of the very weights that multiply V, rounded as those
 * are, and no vector operation is spent on them.
 *
 *     all of K and V: packed as left operands, V transposed, once
 *     for each tile of queries (32 at VLEN 512): q * log2(e)/sqrt(d), packed as right operands
 *         for each block of keys that some query of the tile sees:
 *             scores = K q^T (tiles of 8 keys x 32 queries, length d); + bias; -infinity where a query sees no key
 *             m_new, p = 2^(scores - m_new) as bf16, correction
 *             o^T = o^T * correction + V^T p^T (tiles of 8 elements x 32 queries, length of the block)
 *         o = o^T / its row of sums
 */
#include "prompt.h"

/* A product of packed operands, for kernel.S: tiles of C with `quads` times 4 steps of 4 each. */
struct attn_product {
    size_t tiles, quads;
    const char *a;
    size_t a_step, a_next; /* bytes from step to step, from tile to tile */
    const char *b;         /* steps lie one behind the other, and every tile reads all of them */
    float *c;
    size_t lanes;
    size_t add; /* C is added to, not written */
};

_Static_assert(sizeof(struct attn_product) == 72, "nine words, as kernel.S reads them");

void attn_qqq_tiles8(const struct attn_product *p);
void attn_qqq_tiles4(const struct attn_product *p);

/* Rows, transposed, 4 at a time. */
struct attn_transpose {
    char *dst;
    const float *src;
    size_t row_bytes, quads, d;
    void *scratch;
    size_t words;                 /* 4 or 8: columns in a piece */
    size_t piece_step, quad_step; /* bytes of dst */
    uint64_t more;                /* what stands behind the last column, in front of zeros */
    size_t end;                   /* how many columns these are */
    float factor;
};

_Static_assert(offsetof(struct attn_transpose, factor) == 88, "as kernel.S reads it");

void attn_qqq_transpose(const struct attn_transpose *t);
void attn_qqq_pack_k(char *dst, const float *src, size_t row_bytes, size_t strips, size_t d, void *scratch);
void attn_qqq_unpack(float *dst, size_t row_bytes, const float *src, size_t groups, size_t group_bytes);
void attn_qqq_touch(size_t groups, size_t lanes, const float *c);
void attn_qqq_reverse(float *dst, const float *last, size_t n, float factor);
void attn_qqq_expand(float *dst, const float *src, size_t blocks);
void attn_qqq_bias(size_t groups, size_t lanes, float *s, const float *bias);
void attn_qqq_mask(size_t groups, size_t lanes, float *s, const int32_t *limits, size_t key);
void attn_qqq_max(size_t groups, size_t lanes, const float *s, const float *m_old, float *m_new);
size_t attn_qqq_correct(size_t lanes, const float *m_old, const float *m_new, float *correction);
void attn_qqq_rescale(size_t groups, size_t lanes, float *c, const float *correction);
void attn_qqq_exp(size_t groups, size_t lanes, const float *s, const float *m, char *p);
void attn_scale(float *dst, const float *src, size_t n, float factor);
void attn_fill(float *dst, size_t n, float value);

/* A block of 128 keys is long enough that moving the output costs a tenth of its multiplies, and its scores are half of the L1D. */
enum {
    KEYS = 128,
    FILLED = 16, /* rows of K and V come in so many, the last ones zeros */
    PAGE = 4096  /* arrays that are in use together share none: so they drive each other out of the L1D less often */
};

static const float log2_e = 0x1.715476p+0f, infinity = __builtin_inff();

/* A call: its sizes, and its arrays in the scratch. */
struct work {
    size_t columns;   /* queries of a full tile */
    size_t depth;     /* d, filled up to whole quads of steps */
    size_t groups;    /* of 4 elements of the output, that of the sums included */
    size_t pairs;     /* of groups, the last one perhaps half */
    size_t all_keys;  /* keys, filled up likewise */
    float scale;
    char *packed_k;   /* [all_keys / 8][depth / 4][8][4] */
    char *packed_v;   /* [all_keys / KEYS][pairs][KEYS / 4][8][4] */
    char *packed_q;   /* [depth / 4], of the tile's lanes */
    char *weights;    /* [KEYS / 4], of lanes */
    float *scores;    /* [KEYS / 4], of lanes */
    float *output;    /* [groups], of lanes */
    float *maxima;    /* 3 groups: m_old, m_new (they swap), correction */
    int32_t *limits;  /* a group: how many keys its query sees, less the lane's place in four */
    float *rows;      /* [4][4 groups], rows of o on their way; [FILLED][d], last rows of k, v or q and zeros */
    char *segments;   /* 8 registers, and 16 columns of 4 rows */
    float *reversed;  /* biases from the farthest key on */
    float *biases;    /* blocks of them, see expand_biases() */
};

static size_t vlenb(void) {
    size_t bytes;
    __asm__("csrr %0, vlenb" : "=r"(bytes));
    return bytes;
}

/* The last rows of K or V, `count` of them, with rows of zeros behind. */
static const float *last_rows(const struct work *w, const float *from, size_t stride, size_t count, size_t d) {
    attn_fill(w->rows, FILLED * d, 0);
    for (size_t i = 0; i < count; i++)
        attn_scale(w->rows + i * d, from + i * stride, d, 1);
    return w->rows;
}

/* Rows in quads, filled up to a multiple of `whole` with rows of zeros. */
static void transpose(const struct work *w, struct attn_transpose *t, size_t count, size_t whole) {
    size_t rest = count & (whole - 1);
    t->quads = (count - rest) / 4;
    if (t->quads)
        attn_qqq_transpose(t);
    if (rest) {
        t->dst += t->quads * t->quad_step;
        t->src = last_rows(w, t->src + (count - rest) * (t->row_bytes / 4), t->row_bytes / 4, rest, t->d);
        t->row_bytes = 4 * t->d;
        t->quads = whole / 4;
        attn_qqq_transpose(t);
    }
}

static void pack_keys(const struct attention *a, const struct work *w) {
    size_t d = a->head_dim, stride = a->kv_stride, rest = a->keys % FILLED, whole = a->keys - rest;
    if (whole)
        attn_qqq_pack_k(w->packed_k, a->k, 4 * stride, whole / 8, d, w->segments);
    if (rest)
        attn_qqq_pack_k(w->packed_k + whole * 2 * w->depth, last_rows(w, a->k + whole * stride, stride, rest, d), 4 * d, FILLED / 8, d,
                        w->segments);
    for (size_t j = 0; j < a->keys; j += KEYS) {
        struct attn_transpose t = {
            .dst = w->packed_v + j * 16 * w->pairs, .src = a->v + j * stride, .row_bytes = 4 * stride, .d = d, .scratch = w->segments,
            .words = 8, .piece_step = 16 * KEYS, .quad_step = 64, .more = 0x3f803f803f803f80, .end = 4 * w->groups - d, .factor = 1,
        };
        transpose(w, &t, least(KEYS, a->keys - j), FILLED);
    }
}

/* The bias of a block of 4 keys x 4 queries depends on the distance of the blocks alone. Block u is for queries u - (all_keys / 4 - 1)
 * blocks behind the keys, so the biases of a group of 4 keys and all queries of a tile are neighbours. Distances that do not occur have 0. */
static void expand_biases(const struct attention *a, const struct work *w) {
    size_t blocks = up(a->queries, 4) / 4 + w->all_keys / 4, before = w->all_keys - a->keys, all = a->queries + a->keys - 1;
    attn_fill(w->reversed, before, 0);
    attn_fill(w->reversed + before + all, 4 * blocks - before - all, 0);
    attn_qqq_reverse(w->reversed + before, a->relative + all - 1, all, log2_e);
    attn_qqq_expand(w->biases, w->reversed, blocks - 1);
}

static void attention_tile(const struct attention *a, const struct work *w, size_t first, size_t count) {
    const size_t d = a->head_dim, depth = w->depth, groups = w->groups, pairs = w->pairs;
    size_t lanes = 4 * up(count, 4), seen = visible(a, first), end = up(visible(a, first + count - 1), FILLED);
    float *m_old = w->maxima, *m_new = w->maxima + lanes, *correction = w->maxima + 2 * lanes, *scores = w->scores, *output = w->output;

    struct attn_transpose t = {
        .dst = w->packed_q, .src = a->q + first * a->q_stride, .row_bytes = 4 * a->q_stride, .d = d, .scratch = w->segments, .words = 4,
        .piece_step = 2 * lanes, .quad_step = 32, .end = depth - d, .factor = w->scale,
    };
    transpose(w, &t, count, 4);
    for (size_t i = 0; i < lanes / 4; i++) {
        int32_t sees = (int32_t)visible(a, first + least(i, count - 1));
        for (int32_t place = 0; place < 4; place++)
            w->limits[i / 4 * 16 + (size_t)place * 4 + i % 4] = sees - place;
    }
    attn_fill(m_old, lanes, -infinity);

    for (size_t j = 0; j < end; j += KEYS) {
        size_t some = least(KEYS, end - j), in_sight = seen > j ? least(some, seen - j) / 4 : 0;
        struct attn_product p = {some / 8, depth / 16, w->packed_k + j * 2 * depth, 64, 16 * depth, w->packed_q, scores, lanes, 0};
        attn_qqq_tiles8(&p);
        if (a->relative)
            attn_qqq_bias(some / 4, lanes, scores, w->biases + 4 * (first + w->all_keys - 4 - j));
        if (in_sight < some / 4)
            attn_qqq_mask(some / 4 - in_sight, lanes, scores + in_sight * lanes, w->limits, j + 4 * in_sight);
        /* Every query sees a key of the first block, so m_new is never -infinity. */
        attn_qqq_max(some / 4, lanes, scores, m_old, m_new);
        attn_qqq_exp(some / 4, lanes, scores, m_new, w->weights);
        /* The maximum of most queries stops growing after a few blocks. */
        if (attn_qqq_correct(lanes, m_old, m_new, correction) && j)
            attn_qqq_rescale(groups, lanes, output, correction);
        p = (struct attn_product){groups / 2, some / 16, w->packed_v + j * 16 * pairs, 64, 16 * KEYS, w->weights, output, lanes, j != 0};
        if (groups > 1)
            attn_qqq_tiles8(&p);
        if (groups % 2) {
            p.tiles = 1;
            p.a += (pairs - 1) * 16 * KEYS;
            p.c += (groups - 1) * lanes;
            attn_qqq_tiles4(&p);
        }
        float *swap = m_old;
        m_old = m_new;
        m_new = swap;
    }
    attn_qqq_touch(groups, lanes, output);
    for (size_t i = 0; i < count; i++) {
        if (i % 4 == 0)
            attn_qqq_unpack(w->rows, 16 * groups, output + 4 * i, groups, 4 * lanes);
        const float *row = w->rows + i % 4 * 4 * groups;
        attn_scale(a->out + (first + i) * a->out_stride, row, d, 1 / row[d]);
    }
}

/* Sizes and places of the arrays; returns the bytes of all. */
static size_t place(struct work *w, char *scratch, size_t queries, size_t keys, size_t d) {
    size_t used = 0, beyond = 256 + 2 * vlenb(); /* loads run on behind left operands */
    w->scale = log2_e / __builtin_sqrtf((float)d);
    w->columns = vlenb() / 2;
    w->depth = up(d, 16);
    w->groups = d / 4 + 1;
    w->pairs = (w->groups + 1) / 2;
    w->all_keys = up(keys, FILLED);
    size_t lanes = 4 * least(w->columns, up(queries, 4));
    w->packed_k = part(scratch, &used, 2 * w->all_keys * w->depth + beyond, PAGE);
    w->packed_v = part(scratch, &used, 16 * up(keys, KEYS) * w->pairs + beyond, PAGE);
    w->packed_q = part(scratch, &used, w->depth / 4 * 2 * lanes, PAGE);
    w->weights = part(scratch, &used, KEYS / 4 * 2 * lanes, PAGE);
    w->scores = part(scratch, &used, KEYS / 4 * 4 * lanes, PAGE);
    w->output = part(scratch, &used, w->groups * 4 * lanes, PAGE);
    w->maxima = part(scratch, &used, 3 * 4 * lanes, PAGE);
    w->limits = part(scratch, &used, 4 * lanes, PAGE);
    w->segments = part(scratch, &used, 8 * vlenb() + 192, PAGE);
    w->reversed = part(scratch, &used, 4 * (up(queries, 4) + w->all_keys + 8), PAGE);
    w->biases = part(scratch, &used, 16 * (up(queries, 4) + w->all_keys), PAGE);
    w->rows = part(scratch, &used, 4 * FILLED * (d + 4), PAGE);
    return used;
}

void attention_bf16_qqq(const struct attention *a) {
    struct work w;
    place(&w, a->scratch, a->queries, a->keys, a->head_dim);
    pack_keys(a, &w);
    if (a->relative)
        expand_biases(a, &w);
    for (size_t i = 0; i < a->queries; i += w.columns)
        attention_tile(a, &w, i, least(w.columns, a->queries - i));
}

size_t attention_bf16_qqq_scratch(size_t queries, size_t keys, size_t head_dim) {
    struct work w;
    return place(&w, NULL, queries, keys, head_dim);
}
