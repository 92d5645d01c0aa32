/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "rvtile_kernels.h"

void pack_bf16(size_t m, size_t k, const uint16_t *src, void *dst) {
    size_t full = panel_rows(), pairs = (k + 1) / 2;
    for (size_t first = 0; first < m; first += full) {
        size_t rows = m - first < full ? m - first : full;
        uint32_t *panel = (uint32_t *)dst + first * pairs;
        for (size_t r = 0; r < rows; r++) {
            const uint16_t *row = src + (first + r) * k;
            for (size_t i = 0; i < pairs; i++) {
                uint32_t upper = 2 * i + 1 < k ? row[2 * i + 1] : 0;
                panel[i * rows + r] = upper << 16 | row[2 * i];
            }
        }
    }
}
