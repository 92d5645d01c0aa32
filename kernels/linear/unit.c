/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Y = X W^T by a matrix unit whose tiles hold all sums of a block of 2 TE rows and columns, so k is not cut. W has the panels of gemv_i8 and
 * linear_rvv, 2 TE columns: one matrix in memory serves them all. bf16 has the same panels.
 *
 *     for each block of rows of X: pack it, k by k, then
 *         for each panel of W: sums, which leave scaled
 */
#include "linear.h"

#define UNIT(NAME)                                                                                                     \
    void linear_##NAME##_pack(void *dst, size_t dst_stride, const void *src, size_t src_stride, size_t rows, size_t k); \
    void linear_##NAME##_block(size_t bytes, const void *x, const void *w, size_t rows, size_t columns);                   \
    void linear_##NAME##_leave(float *y, size_t y_bytes, size_t rows, size_t columns, const float *w_scale,            \
                               const float *x_scale);                                                                  \
    const struct linear_unit linear_##NAME##_unit = {linear_##NAME##_pack, linear_##NAME##_block, linear_##NAME##_leave};

UNIT(xsfmm)
UNIT(zvt)
UNIT(xsfmm_bf16)
UNIT(zvt_bf16)

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

void linear_by_unit(const struct linear_form *form, size_t depth, const struct linear *l) {
    const struct linear_unit *unit = form->unit;
    /* Rows of int8 are filled up with zeros already. */
    size_t k = form->bytes == 1 ? depth : l->k, row_bytes = k * form->bytes;
    size_t most = panel_rows(), edge = most / 2;
    char *packed = l->scratch;
    for (size_t row = 0; row < l->m; row += most) {
        size_t rows = least(most, l->m - row);
        const char *x = (const char *)l->x + row * l->x_stride;
        const float *x_scale = l->x_scale ? l->x_scale + row : NULL;
        if (rows == 1) { /* It lies as it should; but more is read than there is. */
            linear_pack_row(packed, x, l->k * form->bytes, depth, 8);
        } else {
            for (size_t i = 0; i < rows; i += edge)
                unit->pack(packed + i * form->bytes, rows * form->bytes, x + i * l->x_stride, l->x_stride, least(edge, rows - i), k);
            if (row_bytes < depth)
                linear_zero(packed + row_bytes * rows, (depth - row_bytes) * rows);
        }
        for (size_t first = 0; first < l->n; first += most) {
            size_t columns = least(most, l->n - first);
            const float *w_scale = l->w_scale ? l->w_scale + first : NULL;
            unit->block(depth, packed, (const char *)l->w + first * depth, rows, columns);
            unit->leave(l->y + row * l->n + first, 4 * l->n, rows, columns, w_scale, x_scale);
        }
    }
}
