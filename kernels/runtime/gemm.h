/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Blocked GEMM, C = A * B, all row-major and tight, over the building blocks of one element type (see gemm_fp.inc).
 *
 *     for each block of NC columns, for each block of KC of the common dimension:
 *         pack B: panels of nr columns, each k-major
 *         for each block of MC rows:
 *             pack A: panels of mr rows, each k-major
 *             for each panel of B, for each panel of A: one register tile
 *
 * Sizes for 32 KiB L1D and 128 KiB L2 (fp32): the A block, MC*KC*4 = 24 KiB, stays in the L1D where its scalars are
 * loaded from; one panel of B, KC*nr*4 = 64 KiB, stays in the L2 while all A panels of the block pass over it.
 * Packing belongs to the GEMM and is measured with it: at 256^3 fp32 its 3 * 64 Ki element moves take about 2 % of the
 * cycles if they hit in the L1D.
 * With few rows (at most two A panels) a panel of B would be used once or twice: then B is read in place.
 */
#ifndef GEMM_H
#define GEMM_H

#include "rt.h"

enum { GEMM_KC = 256, GEMM_NC = 1024 };

typedef void gemm_tile(size_t rows, size_t kc, const void *ap, const void *bp, size_t ldb_bytes, void *c,
                       size_t ldc_bytes, size_t nr);

struct gemm_ops {
    size_t mr;                                           /* rows of a full tile */
    size_t mc;                                           /* rows of an A block, a multiple of mr */
    size_t a_bytes, b_bytes, c_bytes;                    /* per element */
    size_t packed_a_bytes, packed_b_bytes;
    size_t (*nr_max)(void);                              /* columns of a full tile: follows VLEN */
    void (*pack_a)(void *dst, const void *src, size_t lda_bytes, size_t rows, size_t kc);
    void (*pack_b)(void *dst, const void *src, size_t ldb_bytes, size_t kc, size_t nr);
    gemm_tile *tile_set, *tile_add;
};

struct gemm {
    size_t m, k, n;
    const char *a, *b;
    char *c;
    char *packed_a, *packed_b; /* scratch */
};

/* Columns in a block of B: whole panels, at least one. */
static inline size_t gemm_nc(const struct gemm_ops *ops) {
    size_t nr = ops->nr_max();
    return nr < GEMM_NC ? GEMM_NC / nr * nr : nr;
}

static inline void gemm_scratch(struct gemm *g, const struct gemm_ops *ops) {
    g->packed_a = rt_scratch(ops->mc * GEMM_KC * ops->packed_a_bytes);
    g->packed_b = rt_scratch(gemm_nc(ops) * GEMM_KC * ops->packed_b_bytes);
}

static inline void gemm_run(const struct gemm *g, const struct gemm_ops *ops) {
    size_t nr_max = ops->nr_max(), nc_max = gemm_nc(ops);
    size_t lda = g->k * ops->a_bytes, ldb = g->n * ops->b_bytes, ldc = g->n * ops->c_bytes;
    /* In place only where the packed format is the stored one (int8 is widened by packing). */
    int pack_b = g->m > 2 * ops->mr || ops->b_bytes != ops->packed_b_bytes;

    for (size_t jc = 0; jc < g->n; jc += nc_max) {
        size_t nc = rt_min(nc_max, g->n - jc);
        for (size_t pc = 0; pc < g->k; pc += GEMM_KC) {
            size_t kc = rt_min(GEMM_KC, g->k - pc);
            gemm_tile *tile = pc ? ops->tile_add : ops->tile_set;
            const char *b = g->b + pc * ldb + jc * ops->b_bytes;
            /* A panel that starts at column j of the block starts at packed element j * kc. */
            for (size_t j = 0; pack_b && j < nc; j += nr_max)
                ops->pack_b(g->packed_b + j * kc * ops->packed_b_bytes, b + j * ops->b_bytes, ldb, kc,
                            rt_min(nr_max, nc - j));
            for (size_t ic = 0; ic < g->m; ic += ops->mc) {
                size_t mc = rt_min(ops->mc, g->m - ic);
                for (size_t i = 0; i < mc; i += ops->mr)
                    ops->pack_a(g->packed_a + i * kc * ops->packed_a_bytes, g->a + (ic + i) * lda + pc * ops->a_bytes, lda,
                                rt_min(ops->mr, mc - i), kc);
                for (size_t j = 0; j < nc; j += nr_max) {
                    size_t nr = rt_min(nr_max, nc - j);
                    const char *bp = pack_b ? g->packed_b + j * kc * ops->packed_b_bytes : b + j * ops->b_bytes;
                    size_t bp_stride = pack_b ? nr * ops->packed_b_bytes : ldb;
                    for (size_t i = 0; i < mc; i += ops->mr)
                        tile(rt_min(ops->mr, mc - i), kc, g->packed_a + i * kc * ops->packed_a_bytes, bp, bp_stride,
                             g->c + (ic + i) * ldc + (jc + j) * ops->c_bytes, ldc, nr);
                }
            }
        }
    }
}

static inline const char *gemm_validate(const uint64_t *dims) {
    return dims[0] && dims[1] && dims[2] ? NULL : "M, K and N must be at least 1";
}

#endif
