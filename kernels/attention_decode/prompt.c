/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Storing keys and values of many positions.
 *
 * A key alone is a strided store of single elements, each to a line of its own. Here eight keys are the fields of a segment store, and as many
 * elements of a head as a register holds go together: their rows of a block are 8 KiB at VLEN 512, which stay in the L1D while all positions
 * of the block pass, and of each position they are whole lines. */
#include "cache.h"

typedef void attn_keys(size_t n, const float *x, size_t x_bytes, void *dst, size_t dst_bytes, size_t groups, const float *factors);
attn_keys attn_keys_f32, attn_keys_f16, attn_keys_i8;
float attn_abs_max(size_t n, const float *x);
void attn_scale(float *dst, const float *src, size_t n, float factor);
void attn_to_f16(size_t n, const float *x, const float *scale, float factor, uint16_t *y);
void attn_to_i8(size_t n, const float *x, int8_t *y, float factor);

enum { FIELDS = 8, MOST = 128 };

/* The scale of an int8 row, and what its elements are multiplied with. */
static float scale_row(size_t d, const float *x, float *scale) {
    float max = attn_abs_max(d, x);
    int zero = max < 0x1p-119f;
    *scale = zero ? 0 : max / 127;
    return zero ? 0 : 127 / max;
}

/* Positions of one block, groups of FIELDS, at most MOST. */
static void store_keys(const struct kv_cache *kv, size_t head, size_t position, size_t groups, const float *x, size_t stride) {
    size_t d = kv->head_dim, lanes = attn_lanes(), bytes = element_bytes[kv->format], lane = position & (lanes - 1);
    size_t chunk = lanes / (2 * bytes);
    char *dst = key_block(kv, head, position - lane) + lane * bytes;
    float factors[MOST];
    if (kv->format == KV_I8)
        for (size_t i = 0; i < FIELDS * groups; i++)
            factors[i] = scale_row(d, x + i * stride, kv->k_scale + head * kv->capacity + position + i);
    attn_keys *keys = kv->format == KV_F32 ? attn_keys_f32 : kv->format == KV_F16 ? attn_keys_f16 : attn_keys_i8;
    for (size_t c = 0; c < d; c += chunk)
        keys(min(chunk, d - c), x + c, 4 * stride, dst + c * lanes * bytes, lanes * bytes, groups, factors);
}

static void store_value(const struct kv_cache *kv, size_t head, size_t position, const float *x) {
    size_t d = kv->head_dim;
    void *dst = value_row(kv, head, position);
    if (kv->format == KV_F32)
        attn_scale(dst, x, d, 1);
    else if (kv->format == KV_F16)
        attn_to_f16(d, x, NULL, 1, dst);
    else
        attn_to_i8(d, x, dst, scale_row(d, x, kv->v_scale + head * kv->capacity + position));
}

void kv_cache_store_many(const struct kv_cache *kv, size_t position, size_t count, const float *k, const float *v) {
    size_t lanes = attn_lanes(), d = kv->head_dim, stride = kv->kv_heads * d;
    for (size_t done = 0; done < count;) {
        size_t first = position + done, some = min(min(count - done, MOST), lanes - (first & (lanes - 1)));
        size_t groups = some / FIELDS, grouped = groups * FIELDS;
        const float *from_k = k + done * stride, *from_v = v + done * stride;
        for (size_t h = 0; groups && h < kv->kv_heads; h++) {
            store_keys(kv, h, first, groups, from_k + h * d, stride);
            for (size_t i = 0; i < grouped; i++)
                store_value(kv, h, first + i, from_v + i * stride + h * d);
        }
        for (size_t i = grouped; i < some; i++)
            kv_cache_store(kv, first + i, from_k + i * stride, from_v + i * stride);
        done += some;
    }
}
