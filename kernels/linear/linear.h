/* SPDX-License-Identifier: MIT OR Apache-2.0
 * What the driver and the tiles of all forms tell each other. */
#ifndef LINEAR_H
#define LINEAR_H

#define LINEAR_FIRST 1
#define LINEAR_LAST 2

#ifndef __ASSEMBLER__
#include "rvtile_kernels.h"

/* acc += X W^T for the rows of a strip and the columns of a panel, over `quads` times four steps of k, 32 bytes but for dots. With
 * LINEAR_FIRST acc begins at zero; with LINEAR_LAST it leaves in rows, in the pieces that geometry() tells, and until then as the
 * tile likes. */
typedef void linear_tile(size_t quads, const void *x, const void *w, void *acc, size_t flags, size_t columns);

enum { LINEAR_STRIP = 4 }; /* blocks of the highest strip */

/* How a form has W in memory, and X for its tiles. */
enum linear_layout {
    LINEAR_LANES,  /* panels are rows of k, not filled up; X is read where it lies */
    LINEAR_BLOCKS, /* steps of 8 bytes of k, in them blocks with the columns of a k side by side; X packed by strips */
    LINEAR_DOTS    /* steps of as many bytes as VLEN gives, in them blocks with the k of a column side by side; X packed by strips */
};

/* A matrix unit with accumulators of its own, TE x TE in each of four tiles, TE = VLEN / 8. */
struct linear_unit {
    /* dst[p][r] = src[r][p] for at most TE rows; up to three p behind the last are written. */
    void (*pack)(void *dst, size_t dst_stride, const void *src, size_t src_stride, size_t rows, size_t k);
    /* The tiles become X W^T for at most 2 TE rows and columns; x is [k][rows], w [k][columns], k a multiple of 32 bytes. */
    void (*block)(size_t bytes, const void *x, const void *w, size_t rows, size_t columns);
    /* y = w_scale x_scale times the tiles; bf16: the tiles. */
    void (*leave)(float *y, size_t y_bytes, size_t rows, size_t columns, const float *w_scale, const float *x_scale);
};

struct linear_form {
    size_t bytes; /* of an element */
    enum linear_layout layout;
    size_t block_log2;                 /* rows of a block of X; dots: as VLEN has it */
    size_t strip_log2;                 /* blocks of a strip */
    linear_tile *tiles[LINEAR_STRIP];  /* by the blocks in a strip, less 1 */
    const struct linear_unit *unit;    /* instead of tiles */
};

extern const struct linear_unit linear_xsfmm_unit, linear_zvt_unit, linear_xsfmm_bf16_unit, linear_zvt_bf16_unit;
linear_tile linear_rvv_tile, linear_dod_tile1, linear_dod_tile2, linear_dod_tile4, linear_qoq_tile1, linear_qoq_tile2, linear_qqq_tile1,
    linear_qqq_tile2, linear_ime_tile1, linear_ime_tile2;
void linear_by_unit(const struct linear_form *form, size_t depth, const struct linear *l);
void linear_pack_row(void *dst, const void *src, size_t bytes, size_t padded, size_t stride);
void linear_zero(void *dst, size_t bytes);
void linear_scale_row(size_t n, const void *acc, size_t piece, size_t stride, const float *w_scale, float *y, float x_scale);
void linear_copy_row(size_t n, const void *acc, size_t piece, size_t stride, float *y);
#endif
#endif
