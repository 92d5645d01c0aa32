/* SPDX-License-Identifier: MIT OR Apache-2.0
 * C = A * B with tiles: int8 to int32, exact, or bf16 to fp32. A is M x K, B is K x N, C is M x N, row-major.
 *
 * B is packed while the arrays are made, as weights are, and not measured. A is packed in the measured call, the rows of two tiles
 * at a time. C leaves in its rows, those of a block while the next is multiplied. */
#include "matmul.h"

/* Two tiles, one below the other, or one; tiles.inc reads it. */
struct block {
    const char *b; /* packed panel */
    char *c;
    size_t rows, upper, columns; /* upper: rows of the upper tile */
    size_t slice;                /* first row of the upper tile */
};

struct form {
    size_t bytes; /* of an element */
    size_t (*edge)(void);
    void (*pack)(void *dst, const void *src, size_t src_stride, size_t rows, size_t upper, size_t k, size_t slice);
    void (*block)(size_t k, const void *a, const struct block *now, const struct block *before, size_t ldc_bytes);
};

#define FORM(NAME, BYTES)                                                                                              \
    size_t gemm_##NAME##_edge(void);                                                                                   \
    void gemm_##NAME##_pack(void *dst, const void *src, size_t src_stride, size_t rows, size_t upper, size_t k,        \
                            size_t slice);                                                                             \
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
static char *packed_a, *packed_b;

/* Panels of columns, rows of k. */
static void pack_b(void) {
    for (size_t j = 0; j < n; j += edge) {
        char *to = packed_b + j * k * form->bytes;
        for (size_t p = 0; p < k; p++, to += row_bytes)
            for (size_t x = 0; x < rt_min(edge, n - j) * form->bytes; x++)
                to[x] = b[(p * n + j) * form->bytes + x];
    }
}

static void setup(const uint64_t *dims, const struct form *chosen, enum rt_dtype from, enum rt_dtype to) {
    form = chosen;
    m = dims[0], k = dims[1], n = dims[2];
    a = rt_input("a", from, m, k);
    b = rt_input("b", from, k, n);
    c = rt_array("c", to, RT_OUTPUT, m, n);
    edge = form->edge();
    row_bytes = edge * form->bytes;
    /* Up to two steps behind k are read. */
    packed_a = rt_scratch((k + 8) * 2 * row_bytes);
    packed_b = rt_scratch(((n + edge - 1) / edge * k + 8) * row_bytes);
    pack_b();
}

static void matmul_vector(void) {
    struct block before = {0}, now = {0};
    for (size_t i = 0; i < m; i += 2 * edge) {
        now.rows = rt_min(2 * edge, m - i);
        now.upper = now.rows > edge ? (now.rows + 1) / 2 : now.rows;
        form->pack(packed_a, a + i * k * form->bytes, k * form->bytes, now.rows, now.upper, k, now.slice);
        for (size_t j = 0; j < n; j += edge) {
            now.b = packed_b + j * k * form->bytes;
            now.c = c + 4 * (i * n + j);
            now.columns = rt_min(edge, n - j);
            form->block(k, packed_a, &now, &before, 4 * n);
            before = now;
            now.slice ^= 8 << 27;
        }
    }
    form->block(0, packed_a, &now, &before, 4 * n);
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
