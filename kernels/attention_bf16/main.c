/* SPDX-License-Identifier: MIT OR Apache-2.0
 * One attention head by 4x4x4 blocks of bf16: the arguments and variants of attention_f32, whose fp32 operands are rounded to bf16 as part
 * of the call. Products are summed in fp32, and the softmax is fp32.
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
#include "attention.h"

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
enum { KEYS = 128 };

static const float log2_e = 0x1.715476p+0f, infinity = __builtin_inff();

static size_t columns;    /* queries of a full tile */
static size_t depth;      /* d, filled up to whole quads of steps */
static size_t groups;     /* of 4 elements of the output, that of the sums included */
static size_t pairs;      /* of groups, the last one perhaps half */
static size_t all_keys;   /* keys, filled up likewise */
static char *packed_k;    /* [all_keys / 8][depth / 4][8][4] */
static char *packed_v;    /* [all_keys / KEYS][pairs][KEYS / 4][8][4] */
static char *packed_q;    /* [depth / 4], of the tile's lanes */
static char *weights;     /* [KEYS / 4], of lanes */
static float *scores;     /* [KEYS / 4], of lanes */
static float *output;     /* [groups], of lanes */
static float *maxima;     /* 3 groups: m_old, m_new (they swap), correction */
static int32_t *limits;   /* a group: how many keys its query sees, less the lane's place in four */
static float *rows;       /* [4][4 groups], rows of o on their way; [8][d], last rows of k, v or q and zeros */
static char *scratch;     /* 8 registers, and 16 columns of 4 rows */
static float *reversed;   /* biases from the farthest key on */
static float *biases;     /* blocks of them, see expand_biases() */
static float *scalar_row; /* [S], scores of the scalar twin */
static float scale;

static size_t vlenb(void) {
    size_t bytes;
    __asm__("csrr %0, vlenb" : "=r"(bytes));
    return bytes;
}

static size_t up(size_t n, size_t step) { return (n + step - 1) / step * step; }

/* The last rows of K or V, with rows of zeros behind them. */
static const float *last_rows(const float *from, size_t count) {
    attn_fill(rows, 8 * d, 0);
    attn_scale(rows, from, count * d, 1);
    return rows;
}

/* Rows in quads, the rows that lack in the last one being zeros. */
static void transpose(struct attn_transpose *t, size_t count) {
    t->quads = count / 4;
    if (t->quads)
        attn_qqq_transpose(t);
    if (count % 4) {
        t->dst += t->quads * t->quad_step;
        t->src = last_rows(t->src + t->quads * 4 * d, count % 4);
        t->quads = 1;
        attn_qqq_transpose(t);
    }
}

/* What lies behind the last key stays as it is, zero. */
static void pack_keys(void) {
    size_t strips = keys / 8, rest = keys % 8;
    if (strips)
        attn_qqq_pack_k(packed_k, k, 4 * d, strips, d, scratch);
    if (rest)
        attn_qqq_pack_k(packed_k + strips * 16 * depth, last_rows(k + strips * 8 * d, rest), 4 * d, 1, d, scratch);
    for (size_t j = 0; j < keys; j += KEYS) {
        struct attn_transpose t = {
            .dst = packed_v + j * 16 * pairs, .src = v + j * d, .row_bytes = 4 * d, .d = d, .scratch = scratch, .words = 8,
            .piece_step = 16 * KEYS, .quad_step = 64, .more = 0x3f803f803f803f80, .end = 4 * groups - d, .factor = 1,
        };
        transpose(&t, rt_min(KEYS, keys - j));
    }
}

/* The bias of a block of 4 keys x 4 queries depends on the distance of the blocks alone. Block u is for queries u - (all_keys / 4 - 1)
 * blocks behind the keys, so the biases of a group of 4 keys and all queries of a tile are neighbours. Distances that do not occur have 0. */
static void expand_biases(void) {
    size_t blocks = up(queries, 4) / 4 + all_keys / 4, before = all_keys - keys;
    attn_qqq_reverse(reversed + before, relative + queries + keys - 2, queries + keys - 1, log2_e);
    attn_qqq_expand(biases, reversed, blocks - 1);
}

static void attention_tile(size_t first, size_t count) {
    size_t lanes = 4 * up(count, 4), seen = visible(first), end = up(visible(first + count - 1), 16);
    float *m_old = maxima, *m_new = maxima + lanes, *correction = maxima + 2 * lanes;

    struct attn_transpose t = {
        .dst = packed_q, .src = q + first * d, .row_bytes = 4 * d, .d = d, .scratch = scratch, .words = 4,
        .piece_step = 2 * lanes, .quad_step = 32, .end = depth - d, .factor = scale,
    };
    transpose(&t, count);
    for (size_t lane = 0; lane < lanes; lane++) {
        size_t query = lane / 16 * 4 + lane % 4, place = lane / 4 % 4;
        limits[lane] = (int32_t)visible(first + rt_min(query, count - 1)) - (int32_t)place;
    }
    attn_fill(m_old, lanes, -infinity);

    for (size_t j = 0; j < end; j += KEYS) {
        size_t some = rt_min(KEYS, end - j), in_sight = seen > j ? rt_min(some, seen - j) / 4 : 0;
        struct attn_product p = {some / 8, depth / 16, packed_k + j * 2 * depth, 64, 16 * depth, packed_q, scores, lanes, 0};
        attn_qqq_tiles8(&p);
        if (relative)
            attn_qqq_bias(some / 4, lanes, scores, biases + 4 * (first + all_keys - 4 - j));
        if (in_sight < some / 4)
            attn_qqq_mask(some / 4 - in_sight, lanes, scores + in_sight * lanes, limits, j + 4 * in_sight);
        /* Every query sees a key of the first block, so m_new is never -infinity. */
        attn_qqq_max(some / 4, lanes, scores, m_old, m_new);
        attn_qqq_exp(some / 4, lanes, scores, m_new, weights);
        /* The maximum of most queries stops growing after a few blocks. */
        if (attn_qqq_correct(lanes, m_old, m_new, correction) && j)
            attn_qqq_rescale(groups, lanes, output, correction);
        p = (struct attn_product){groups / 2, some / 16, packed_v + j * 16 * pairs, 64, 16 * KEYS, weights, output, lanes, j != 0};
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
            attn_qqq_unpack(rows, 16 * groups, output + 4 * i, groups, 4 * lanes);
        const float *row = rows + i % 4 * 4 * groups;
        attn_scale(o + (first + i) * d, row, d, 1 / row[d]);
    }
}

static void attention_rvv(void) {
    pack_keys();
    if (relative)
        expand_biases();
    for (size_t i = 0; i < queries; i += columns)
        attention_tile(i, rt_min(columns, queries - i));
}

/* As bf16, to nearest even; finite numbers. */
static float rounded(float x) {
    union {
        float f;
        uint32_t u;
    } bits = {x};
    return rt_from_bf16((bits.u + 0x7fff + (bits.u >> 16 & 1)) >> 16);
}

static void attention_scalar(void) {
    for (size_t i = 0; i < queries; i++) {
        size_t n = visible(i);
        float max = -infinity;
        for (size_t j = 0; j < n; j++) {
            float dot = 0;
            for (size_t c = 0; c < d; c++)
                dot = __builtin_fmaf(rounded(q[i * d + c] * scale), rounded(k[j * d + c]), dot);
            scalar_row[j] = dot + (relative ? relative[j + queries - 1 - i] * log2_e : 0);
            if (scalar_row[j] > max)
                max = scalar_row[j];
        }
        float sum = 0;
        for (size_t c = 0; c < d; c++)
            o[i * d + c] = 0;
        for (size_t j = 0; j < n; j++) {
            float p = rt_expf((scalar_row[j] - max) * 0x1.62e430p-1f);
            sum += p;
            for (size_t c = 0; c < d; c++)
                o[i * d + c] = __builtin_fmaf(p, rounded(v[j * d + c]), o[i * d + c]);
        }
        float inverse = 1 / sum;
        for (size_t c = 0; c < d; c++)
            o[i * d + c] *= inverse;
    }
}

static void prepare(void) {
    columns = vlenb() / 2;
    depth = up(d, 16);
    groups = d / 4 + 1;
    pairs = (groups + 1) / 2;
    all_keys = up(keys, 16);
    scale = log2_e / __builtin_sqrtf((float)d);
    size_t lanes = 4 * rt_min(columns, up(queries, 4)), beyond = 256 + 2 * vlenb(); /* loads run on behind left operands */
    packed_k = rt_scratch(2 * all_keys * depth + beyond);
    packed_v = rt_scratch(16 * up(keys, KEYS) * pairs + beyond);
    packed_q = rt_scratch(depth / 4 * 2 * lanes);
    weights = rt_scratch(KEYS / 4 * 2 * lanes);
    scores = rt_scratch(KEYS / 4 * 4 * lanes);
    output = rt_scratch(groups * 4 * lanes);
    maxima = rt_scratch(3 * 4 * lanes);
    limits = rt_scratch(4 * lanes);
    rows = rt_scratch(4 * 8 * (d + 4));
    scratch = rt_scratch(8 * vlenb() + 192);
    reversed = rt_scratch(4 * (up(queries, 4) + all_keys + 8));
    biases = rt_scratch(16 * (up(queries, 4) + all_keys));
    scalar_row = rt_scratch(keys * 4);
}

const struct rt_kernel rt_kernels[] = RT_ATTENTION_KERNELS("bf16_qqq");
