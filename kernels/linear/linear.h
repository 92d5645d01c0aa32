/* SPDX-License-Identifier: MIT OR Apache-2.0
 * What the driver and the tiles of all forms tell each other. */
#ifndef LINEAR_H
#define LINEAR_H

#define LINEAR_FIRST 1
#define LINEAR_LAST 2

#ifndef __ASSEMBLER__
#include "rvtile_kernels.h"

/* acc += X W^T for the rows of a strip and the columns of a panel, over `quads` times 32 bytes of k. With LINEAR_FIRST acc begins at
 * zero; with LINEAR_LAST it leaves in rows, in the pieces that struct linear_form tells, and until then as the tile likes. */
typedef void linear_tile(size_t quads, const void *x, const void *w, void *acc, size_t flags, size_t columns);

enum { LINEAR_HEIGHT = 8 }; /* rows of the highest strip */

struct linear_form {
    size_t bytes;                       /* of an element */
    size_t block_log2;                  /* rows of a block of X; 0: X is read where it lies, and panels are not filled up */
    size_t height;                      /* rows of a strip: a power of two */
    linear_tile *tiles[LINEAR_HEIGHT];  /* by the blocks in a strip, less 1 */
};

linear_tile linear_rvv_tile, linear_dod_tile1, linear_dod_tile2, linear_dod_tile4, linear_qoq_tile1, linear_qoq_tile2, linear_qqq_tile1,
    linear_qqq_tile2;
void linear_pack_row(void *dst, const void *src, size_t bytes, size_t padded, size_t stride);
void linear_scale_row(size_t n, const void *acc, size_t piece, size_t stride, const float *w_scale, float *y, float x_scale);
void linear_copy_row(size_t n, const void *acc, size_t piece, size_t stride, float *y);
#endif
#endif
