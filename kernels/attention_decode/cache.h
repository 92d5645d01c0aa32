/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Where things are in a cache of keys and values; its layout is told in rvtile_kernels.h. */
#ifndef CACHE_H
#define CACHE_H

#include "rvtile_kernels.h"

static const size_t element_bytes[] = {[KV_F32] = 4, [KV_F16] = 2, [KV_I8] = 1};

static inline size_t min(size_t a, size_t b) { return a < b ? a : b; }

static inline size_t padded(const struct kv_cache *kv) {
    size_t lanes = attn_lanes();
    return (kv->capacity + lanes - 1) / lanes * lanes;
}

static inline char *key_block(const struct kv_cache *kv, size_t head, size_t position) {
    return (char *)kv->k + (head * padded(kv) + position) * kv->head_dim * element_bytes[kv->format];
}

static inline char *value_row(const struct kv_cache *kv, size_t head, size_t position) {
    return (char *)kv->v + (head * kv->capacity + position) * kv->head_dim * element_bytes[kv->format];
}

#endif
