/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "rvtile_kernels.h"

void pack_f32(size_t m, size_t k, const float *src, float *dst) {
    size_t full = panel_rows();
    for (size_t first = 0; first < m; first += full) {
        size_t rows = m - first < full ? m - first : full;
        float *panel = dst + first * k;
        for (size_t r = 0; r < rows; r++)
            for (size_t j = 0; j < k; j++)
                panel[j * rows + r] = src[(first + r) * k + j];
    }
}
