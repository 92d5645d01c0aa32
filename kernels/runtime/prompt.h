/* SPDX-License-Identifier: MIT OR Apache-2.0
 * What routines of attention over a prompt share, and the programs that try them. */
#ifndef PROMPT_H
#define PROMPT_H

#include "rvtile_kernels.h"

/* How many keys query i sees. */
static inline size_t visible(const struct attention *a, size_t i) {
    size_t seen = a->causal ? i + 1 + a->keys - a->queries : a->keys;
    return seen > a->prefix ? seen : a->prefix;
}

static inline size_t least(size_t x, size_t y) { return x < y ? x : y; }

/* To a multiple of a power of two. */
static inline size_t up(size_t n, size_t step) { return (n + step - 1) & -step; }

/* The next array of a scratch. Without a scratch: only its bytes are counted. */
static inline void *part(char *scratch, size_t *used, size_t bytes, size_t align) {
    size_t at = up(*used, align);
    *used = at + bytes;
    return scratch ? scratch + at : NULL;
}

#endif
