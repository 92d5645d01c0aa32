/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Attention of one token over its cache; the layout of the cache is told in rvtile_kernels.h.
 *
 * For each key head, for each 4 query heads that share it:
 *     scores = q K^T block by block (lanes are keys), scaled, biased; maximum
 *     p = exp(scores - maximum) over all positions, its sum
 *     out = p V (lanes are elements of the head) / sum
 * The scores of 4 heads stay in scratch memory, 16 bytes a position: little beside 4 d bytes of fp16 keys and values. */
#include "cache.h"

struct attn_tile {
    size_t rows, k;
    const void *a;
    size_t a_bytes;
    const void *b;
    size_t b_bytes;
    float *c;
    size_t c_bytes;
    size_t nr;
};

void attn_tile_f32(const struct attn_tile *t);
void attn_tile_f16(const struct attn_tile *t);
void attn_tile_i8(const struct attn_tile *t);
float attn_finish(size_t n, float *s, const float *key_scale, const float *bias, float scale, float slope, float first);
float attn_exp_sum(size_t n, float *s, float max);
void attn_to_f16(size_t n, const float *x, const float *scale, float factor, uint16_t *y);
float attn_abs_max(size_t n, const float *x);
void attn_scale(float *dst, const float *src, size_t n, float factor);
void attn_scatter_f32(size_t n, const float *x, void *dst, size_t stride);
void attn_scatter_f16(size_t n, const float *x, void *dst, size_t stride);
void attn_scatter_i8(size_t n, const float *x, void *dst, size_t stride, float factor);

enum { ROWS = 4 };

size_t kv_cache_key_bytes(const struct kv_cache *kv) {
    return kv->kv_heads * padded(kv) * kv->head_dim * element_bytes[kv->format];
}

size_t kv_cache_value_bytes(const struct kv_cache *kv) {
    return kv->kv_heads * kv->capacity * kv->head_dim * element_bytes[kv->format];
}

size_t attention_decode_scratch(size_t head_dim, size_t positions) {
    return ROWS * (2 * head_dim + 4 * positions + 2 * positions) + 8;
}

static void scatter(const struct kv_cache *kv, const float *x, void *dst, size_t stride, float *scale) {
    size_t d = kv->head_dim;
    if (kv->format == KV_F32) {
        attn_scatter_f32(d, x, dst, stride);
    } else if (kv->format == KV_F16) {
        attn_scatter_f16(d, x, dst, stride);
    } else {
        float max = attn_abs_max(d, x);
        int zero = max < 0x1p-119f;
        *scale = zero ? 0 : max / 127;
        attn_scatter_i8(d, x, dst, stride, zero ? 0 : 127 / max);
    }
}

void kv_cache_store(const struct kv_cache *kv, size_t position, const float *k, const float *v) {
    size_t lanes = attn_lanes(), bytes = element_bytes[kv->format], lane = position % lanes;
    for (size_t h = 0; h < kv->kv_heads; h++) {
        size_t scale = h * kv->capacity + position;
        scatter(kv, k + h * kv->head_dim, key_block(kv, h, position - lane) + lane * bytes, lanes * bytes,
                kv->k_scale + scale);
        scatter(kv, v + h * kv->head_dim, value_row(kv, h, position), bytes, kv->v_scale + scale);
    }
}

/* c = a b in pieces of as many columns as the registers take. */
static void product(enum kv_format format, struct attn_tile tile, size_t columns) {
    size_t lanes = attn_lanes() / (format == KV_F32 || tile.rows > 2 ? 2 : 1);
    const char *b = tile.b;
    float *c = tile.c;
    for (size_t j = 0; j < columns; j += lanes) {
        tile.b = b + j * element_bytes[format];
        tile.c = c + j;
        tile.nr = min(lanes, columns - j);
        if (format == KV_F32)
            attn_tile_f32(&tile);
        else if (format == KV_F16)
            attn_tile_f16(&tile);
        else
            attn_tile_i8(&tile);
    }
}

void attention_decode(const struct attention_decode *a) {
    const struct kv_cache *kv = &a->cache;
    const size_t d = kv->head_dim, n = a->positions, lanes = attn_lanes(), bytes = element_bytes[kv->format];
    const size_t group = a->heads / kv->kv_heads;
    float *scores = (float *)(((uintptr_t)a->scratch + 3) & -(uintptr_t)4);
    uint16_t *weights = (uint16_t *)(scores + ROWS * n), *queries = weights + ROWS * n;
    int wide = kv->format == KV_F32;

    for (size_t head = 0, rows; head < a->heads; head += rows) {
        size_t shared = head / group;
        rows = min(ROWS, (shared + 1) * group - head);
        const float *q = a->q + head * d;
        if (!wide)
            attn_to_f16(rows * d, q, NULL, 1, queries);
        for (size_t j = 0; j < n; j += lanes) {
            struct attn_tile tile = {.rows = rows,
                                     .k = d,
                                     .a = wide ? (const void *)q : queries,
                                     .a_bytes = wide ? 4 * d : 2 * d,
                                     .b = key_block(kv, shared, j),
                                     .b_bytes = lanes * bytes,
                                     .c = scores + j,
                                     .c_bytes = 4 * n};
            product(kv->format, tile, min(lanes, n - j));
        }

        const float *k_scale = NULL, *v_scale = NULL;
        float v_max = 1;
        if (kv->format == KV_I8) {
            k_scale = kv->k_scale + shared * kv->capacity;
            v_scale = kv->v_scale + shared * kv->capacity;
            v_max = attn_abs_max(n, v_scale);
        }
        float factor[ROWS];
        for (size_t r = 0; r < rows; r++) {
            float *s = scores + r * n;
            float max = attn_finish(n, s, k_scale, a->bias ? a->bias + (head + r) * n : NULL, a->scale,
                                    a->slopes ? a->slopes[head + r] : 0, 1 - (float)n);
            factor[r] = v_max / attn_exp_sum(n, s, max);
            if (!wide)
                attn_to_f16(n, s, v_scale, v_max > 0 ? 1 / v_max : 0, weights + r * n);
        }
        struct attn_tile tile = {.rows = rows,
                                 .k = n,
                                 .a = wide ? (const void *)scores : weights,
                                 .a_bytes = wide ? 4 * n : 2 * n,
                                 .b = value_row(kv, shared, 0),
                                 .b_bytes = d * bytes,
                                 .c = a->out + head * d,
                                 .c_bytes = 4 * d};
        product(kv->format, tile, d);
        for (size_t r = 0; r < rows; r++)
            attn_scale(a->out + (head + r) * d, a->out + (head + r) * d, d, factor[r]);
    }
}

/* 2^(-8 (i + 1) / n) for n a power of two: by square roots of 2^-8 and a power. */
static float slope_of_power(size_t i, size_t n) {
    float base = 0x1p-8f, slope = 1;
    for (; n > 1; n /= 2)
        base = __builtin_sqrtf(base);
    for (size_t power = i + 1; power; power /= 2, base *= base)
        if (power & 1)
            slope *= base;
    return slope;
}

void alibi_slopes(size_t heads, float *slopes) {
    size_t power = 1;
    while (power * 2 <= heads)
        power *= 2;
    for (size_t h = 0; h < heads; h++)
        slopes[h] = h < power ? slope_of_power(h, power) : slope_of_power(2 * (h - power), 2 * power);
}
