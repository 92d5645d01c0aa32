/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Products of several tokens with quantised weights in panels:
 *     for each tile of tokens: quantise, interleave: [block][32][tokens] int8, [block][tokens] scales and sums
 *         for each panel of weights, for each piece of as many rows as a tile has lanes: the tile, over all blocks */
#include "rvtile_kernels.h"

struct q_tile {
    size_t tokens; /* 1, 2, 4 or (Q4_0) 8 */
    const char *w; /* this piece of the panel's first block */
    const char *scales;
    size_t panel_rows;
    const int8_t *x;
    const float *xd;
    const int32_t *sums; /* -8 times the sum of a block of x */
    size_t blocks;
    float *c;
    size_t c_bytes;
    size_t columns;
};

void matmul_q4_0_tile(const struct q_tile *t);
void matmul_q8_0_tile(const struct q_tile *t);

enum { TOKENS = 8 };

static inline size_t min(size_t a, size_t b) { return a < b ? a : b; }

size_t matmul_q_scratch(size_t k) {
    size_t blocks = (k + 31) / 32;
    return (TOKENS + 1) * blocks * (32 + 4) + TOKENS * blocks * 4;
}

static void matmul_q(size_t tokens, size_t k, size_t n, const float *x, const void *w, float *y, void *scratch, size_t most,
                     size_t bytes, void (*run)(const struct q_tile *)) {
    size_t blocks = (k + 31) / 32, full = panel_rows(), lanes = full / 2;
    int8_t *packed = scratch, *row = packed + TOKENS * blocks * 32; /* eight tokens are loaded as one word */
    float *scales = (float *)(row + blocks * 32), *row_scales = scales + TOKENS * blocks;
    int32_t *sums = (int32_t *)(row_scales + blocks);

    for (size_t first = 0, count; first < tokens; first += count) {
        for (count = most; count > tokens - first; count /= 2)
            ;
        for (size_t t = 0; t < count; t++) {
            quantize_q8_0(k, x + (first + t) * k, row, row_scales);
            for (size_t b = 0; b < blocks; b++) {
                int32_t sum = 0;
                for (size_t j = 0; j < 32; j++) {
                    packed[(b * 32 + j) * count + t] = row[b * 32 + j];
                    sum += row[b * 32 + j];
                }
                scales[b * count + t] = row_scales[b];
                sums[b * count + t] = -8 * sum;
            }
        }
        for (size_t panel = 0; panel < n; panel += full) {
            size_t rows = min(full, n - panel);
            const char *weights = (const char *)w + panel * blocks * (bytes + 2);
            for (size_t j = 0; j < rows; j += lanes) {
                struct q_tile tile = {.tokens = count,
                                      .w = weights + j,
                                      .scales = weights + bytes * rows + 2 * j,
                                      .panel_rows = rows,
                                      .x = packed,
                                      .xd = scales,
                                      .sums = sums,
                                      .blocks = blocks,
                                      .c = y + first * n + panel + j,
                                      .c_bytes = 4 * n,
                                      .columns = min(lanes, rows - j)};
                run(&tile);
            }
        }
    }
}

void matmul_q8_0(size_t tokens, size_t k, size_t n, const float *x, const void *w, float *y, void *scratch) {
    matmul_q(tokens, k, n, x, w, y, scratch, 4, 32, matmul_q8_0_tile);
}

void matmul_q4_0(size_t tokens, size_t k, size_t n, const float *x, const void *w, float *y, void *scratch) {
    matmul_q(tokens, k, n, x, w, y, scratch, 8, 16, matmul_q4_0_tile);
}
