/* SPDX-License-Identifier: MIT OR Apache-2.0
 * C = A * B with tiles: int8 to int32, exact, or bf16 to fp32. A is M x K, B is K x N, C is M x N, row-major.
 *
 * B is packed while the arrays are made, as weights are, and not measured. A is packed in the measured call, the rows of a tile
 * at a time. C leaves in its rows, those of a block while the next is multiplied. Blocks are about equally large, so that none is
 * so small that its loads take longer than its multiplies. */
#include "matmul.h"

/* Two tiles side by side, or one; tiles.inc reads it. */
struct block {
    const char *b; /* packed strip */
    char *c;
    size_t rows, columns, left; /* left: columns of the left tile */
    size_t slice;               /* first row of the left tile */
};

struct form {
    size_t bytes; /* of an element */
    size_t (*edge)(void);
    void (*pack)(void *dst, const void *src, size_t src_stride, size_t rows, size_t k, size_t slice);
    void (*block)(size_t k, const void *a, const struct block *now, const struct block *before, size_t ldc_bytes);
};

#define FORM(NAME, BYTES)                                                                                              \
    size_t gemm_##NAME##_edge(void);                                                                                   \
    void gemm_##NAME##_pack(void *dst, const void *src, size_t src_stride, size_t rows, size_t k, size_t slice);       \
    void gemm_##NAME##_block(size_t k, const void *a, const struct block *now, const struct block *before,             \
                             size_t ldc_bytes);                                                                        \
    static const struct form NAME = {BYTES, gemm_##NAME##_edge, gemm_##NAME##_pack, gemm_##NAME##_block};

FORM(xsfmm_i8, 1)
FORM(zvt_i8, 1)
FORM(xsfmm_bf16, 2)
FORM(zvt_bf16, 2)

static const struct form *form;
static size_t m, k, n;
static const char *a, *b;
static char *c;
static size_t edge, row_bytes; /* of a tile; of a row of one packed panel */
static size_t height, width;   /* of a block at most: of one tile, of two */
static char *packed_a, *packed_b;

/* Columns of the left one of the tiles that so many need: about half of them, in whole granules of C, or all if one tile is enough. */
static size_t left_of(size_t columns) { return columns > edge ? (columns + 7) / 8 * 4 : columns; }

/* So many columns of B from column j on as a panel, whose rows are so many bytes apart. */
static void pack_panel(char *to, size_t stride, size_t j, size_t columns) {
    for (size_t p = 0; p < k; p++, to += stride)
        for (size_t x = 0; x < columns * form->bytes; x++)
            to[x] = b[(p * n + j) * form->bytes + x];
}

/* Bytes of a row of a packed strip: a panel for the left tile, and one for the right tile beside it if there is one. */
static size_t strip_bytes(size_t columns) { return left_of(columns) < columns ? 2 * row_bytes : row_bytes; }

static void pack_b(void) {
    char *to = packed_b;
    for (size_t j = 0; j < n; j += width) {
        size_t columns = rt_min(width, n - j), left = left_of(columns), stride = strip_bytes(columns);
        pack_panel(to, stride, j, left);
        pack_panel(to + row_bytes, stride, j + left, columns - left);
        to += k * stride;
    }
}

/* The greatest part, a multiple of so much, if a length is divided evenly into as few parts of at most `most` as there can be. */
static size_t part(size_t length, size_t most, size_t multiple) {
    size_t parts = (length + most - 1) / most;
    return (length + parts * multiple - 1) / (parts * multiple) * multiple;
}

static void setup(const uint64_t *dims, const struct form *chosen, enum rt_dtype from, enum rt_dtype to) {
    form = chosen;
    m = dims[0], k = dims[1], n = dims[2];
    a = rt_input("a", from, m, k);
    b = rt_input("b", from, k, n);
    c = rt_array("c", to, RT_OUTPUT, m, n);
    edge = form->edge();
    row_bytes = edge * form->bytes;
    height = part(m, edge, 1);
    width = part(n, 2 * edge, 16); /* whole lines of C */
    /* Up to two steps behind k are read. */
    packed_a = rt_scratch((k + 8) * row_bytes);
    packed_b = rt_scratch(((n + width - 1) / width * k + 8) * 2 * row_bytes);
    pack_b();
}

static void matmul_vector(void) {
    struct block blocks[] = {{.slice = 0}, {.slice = 8 << 27}}, *now = blocks, *before = blocks + 1;
    for (size_t i = 0; i < m; i += height) {
        size_t rows = rt_min(height, m - i);
        form->pack(packed_a, a + i * k * form->bytes, k * form->bytes, rows, k, now->slice);
        const char *strip = packed_b;
        for (size_t j = 0; j < n; j += width) {
            size_t columns = rt_min(width, n - j);
            now->b = strip, now->c = c + 4 * (i * n + j);
            now->rows = rows, now->columns = columns, now->left = left_of(columns);
            form->block(k, packed_a, now, before, 4 * n);
            strip += k * strip_bytes(columns);
            struct block *next = before;
            before = now, now = next;
        }
    }
    form->block(0, packed_a, now, before, 4 * n);
}

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        matmul_vector();
    else
        matmul_scalar(form->bytes, m, k, n, a, b, c);
}

static void setup_xsfmm_i8(const uint64_t *dims) { setup(dims, &xsfmm_i8, RT_I8, RT_I32); }
static void setup_zvt_i8(const uint64_t *dims) { setup(dims, &zvt_i8, RT_I8, RT_I32); }
static void setup_xsfmm_bf16(const uint64_t *dims) { setup(dims, &xsfmm_bf16, RT_BF16, RT_F32); }
static void setup_zvt_bf16(const uint64_t *dims) { setup(dims, &zvt_bf16, RT_BF16, RT_F32); }

const struct rt_kernel rt_kernels[] = {
    MATMUL_I8("matmul_i8_xsfmm", setup_xsfmm_i8),
    MATMUL_I8("matmul_i8_zvt", setup_zvt_i8),
    MATMUL_BF16("matmul_bf16_xsfmm", setup_xsfmm_bf16),
    MATMUL_BF16("matmul_bf16_zvt", setup_zvt_bf16),
    {0},
};
