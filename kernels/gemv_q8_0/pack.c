/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "rvtile_kernels.h"

enum { BYTES = 32 };

void pack_q8_0(size_t m, size_t k, const struct block_q8_0 *src, void *dst) {
    size_t full = panel_rows(), blocks = (k + 31) / 32;
    for (size_t first = 0; first < m; first += full) {
        size_t rows = m - first < full ? m - first : full;
        char *panel = (char *)dst + first * blocks * sizeof(struct block_q8_0);
        for (size_t r = 0; r < rows; r++) {
            const struct block_q8_0 *row = src + (first + r) * blocks;
            for (size_t b = 0; b < blocks; b++) {
                int8_t *qs = (int8_t *)(panel + b * rows * sizeof(struct block_q8_0));
                for (size_t j = 0; j < BYTES; j++)
                    qs[j * rows + r] = row[b].qs[j];
                ((uint16_t *)(qs + BYTES * rows))[r] = row[b].d;
            }
        }
    }
}
