/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "rvtile_kernels.h"

void pack_i8(size_t m, size_t k, const int8_t *src, void *dst) {
    size_t full = panel_rows(), columns = (k + 31) / 32 * 32;
    for (size_t first = 0; first < m; first += full) {
        size_t rows = m - first < full ? m - first : full;
        int8_t *panel = (int8_t *)dst + first * columns;
        for (size_t r = 0; r < rows; r++)
            for (size_t j = 0; j < columns; j++)
                panel[j * rows + r] = j < k ? src[(first + r) * k + j] : 0;
    }
}
