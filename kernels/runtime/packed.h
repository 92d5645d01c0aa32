/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Matrix products of packed operands by tiles of C in registers: C = A * B, A is M x K, B is K x N, C is M x N, row-major.
 *
 * B is packed while the arrays are made, as weights are, and not measured. A is packed in the measured call, a block at a time, for the
 * time in which all panels of B pass. C leaves in its rows. Here is what programs share whose tiles are written in different ways. */
#ifndef PACKED_H
#define PACKED_H

#include "job.h"
#include "rt.h"

enum {
    PAGE = 4096,
    MOST_PIECES = 128 /* of a tile */
};

static size_t m, k, n;
static const signed char *a, *b;
static char *c;
static size_t rows, cols;               /* of a tile */
static size_t strip_bytes, panel_bytes; /* of packed rows of A, of packed columns of B, a tile of them each */
static size_t beyond;                   /* bytes that are read beyond the end of A, from its beginning */
static size_t ksteps, piece;            /* of a tile, elements of C that are moved together */
static size_t words;                    /* as a job has them */
static void (*run_tiles)(const struct job *job);

static size_t block_strips;
static char *packed, *scratch, *edge;
/* Where the pieces that a tile leaves in the scratch belong, in C and in the edge. */
static int64_t in_place[MOST_PIECES + 1], at_edge[MOST_PIECES + 1];

static inline size_t vlenb(void) {
    size_t bytes;
    __asm__("csrr %0, vlenb" : "=r"(bytes));
    return bytes;
}

/* Where packed A and B are: A in the odd pages of the same memory, B in the even ones. A way of an L1D of 32 KiB has two pages, so where vector
 * loads fill it A, of which all passes by while a panel of B is in use, leaves half of the sets to the panel. */
static char *in_a(size_t offset) { return packed + offset / PAGE * 2 * PAGE + PAGE + offset % PAGE; }
static char *in_b(size_t offset) { return packed + offset / PAGE * 2 * PAGE + offset % PAGE; }

/* Where the index-th of the parts of `size` begins that cover `count`: the last one overlaps the one before it, and computes the same
 * again, rather than leave an edge. Only where there is less than one part, there is one. */
static size_t start(size_t index, size_t size, size_t count) {
    return count < size ? 0 : rt_min(index * size, count - size);
}

static size_t parts(size_t size, size_t count) { return (count + size - 1) / size; }

/* `block_bytes` of A are packed together; the L2 serves them once a panel. */
static void allocate(size_t block_bytes) {
    block_strips = strip_bytes < block_bytes ? block_bytes / strip_bytes : 1;
    size_t a_bytes = block_strips * strip_bytes + beyond, b_bytes = parts(cols, n) * panel_bytes;
    size_t pages = (a_bytes > b_bytes ? a_bytes : b_bytes) / PAGE + 2; /* the next one may be touched */
    packed = rt_scratch(2 * (pages + 1) * PAGE);
    packed += -(uintptr_t)packed % (2 * PAGE);
    size_t tile_bytes = 4 * (rows * cols + piece); /* a piece behind the last one is read */
    if (tile_bytes < 8 * vlenb())
        tile_bytes = 8 * vlenb();
    scratch = rt_scratch(tile_bytes + 2 * PAGE); /* beside B, where A does not drive it out either */
    scratch += -(uintptr_t)scratch % (2 * PAGE);
    edge = rt_scratch(4 * rows * cols);
}

/* A tile, of so many rows, that C has not all of. */
static void edge_tile(struct job job, size_t height) {
    uint32_t *to = job.c;
    job.c = edge;
    job.offsets = at_edge;
    job.offsets_end = job.narrow_end = at_edge + height * cols / piece;
    run_tiles(&job);
    const uint32_t *from = (const uint32_t *)edge;
    for (size_t y = 0; y < height && y < m; y++)
        for (size_t x = 0; x < cols && x < n; x++)
            to[y * n + x] = from[y * cols + x];
}

#endif
