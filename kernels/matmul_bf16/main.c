/* SPDX-License-Identifier: MIT OR Apache-2.0
 * C = A * B in bf16 with fp32 sums: A is M x K, B is K x N, C is M x N, row-major. Two forms: widened while packed, and by Zvfbfwma. */
#include "gemm.h"

size_t gemm_f32_nr_max(void);
void gemm_bf16_pack_a(void *dst, const void *src, size_t lda_bytes, size_t rows, size_t kc);
void gemm_bf16_pack_b(void *dst, const void *src, size_t ldb_bytes, size_t kc, size_t nr);
gemm_tile gemm_f32_tile_set, gemm_f32_tile_add;

size_t gemm_zvfbfwma_nr_max(void);
void gemm_zvfbfwma_pack_a(void *dst, const void *src, size_t lda_bytes, size_t rows, size_t kc);
void gemm_f16_pack_b(void *dst, const void *src, size_t ldb_bytes, size_t kc, size_t nr); /* 16 bits are 16 bits */
gemm_tile gemm_zvfbfwma_tile_set, gemm_zvfbfwma_tile_add;

static const struct gemm_ops widened = {
    .mr = 6,
    .mc = 24,
    .a_bytes = 2,
    .b_bytes = 2,
    .packed_a_bytes = 4,
    .packed_b_bytes = 4,
    .c_bytes = 4,
    .nr_max = gemm_f32_nr_max,
    .pack_a = gemm_bf16_pack_a,
    .pack_b = gemm_bf16_pack_b,
    .tile_set = gemm_f32_tile_set,
    .tile_add = gemm_f32_tile_add,
};

static const struct gemm_ops zvfbfwma = {
    .mr = 7,
    .mc = 42,
    .a_bytes = 2,
    .b_bytes = 2,
    .packed_a_bytes = 2,
    .packed_b_bytes = 2,
    .c_bytes = 4,
    .nr_max = gemm_zvfbfwma_nr_max,
    .pack_a = gemm_zvfbfwma_pack_a,
    .pack_b = gemm_f16_pack_b,
    .tile_set = gemm_zvfbfwma_tile_set,
    .tile_add = gemm_zvfbfwma_tile_add,
};

static const struct gemm_ops *ops;
static struct gemm g;

/* What a C programmer writes: the i-k-j order streams rows of B and C. */
static void matmul_scalar(size_t m, size_t k, size_t n, const uint16_t *a, const uint16_t *b, float *c) {
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++)
            c[i * n + j] = 0;
        for (size_t p = 0; p < k; p++) {
            float x = rt_from_bf16(a[i * k + p]);
            for (size_t j = 0; j < n; j++)
                c[i * n + j] = __builtin_fmaf(x, rt_from_bf16(b[p * n + j]), c[i * n + j]);
        }
    }
}

static void setup(const uint64_t *dims, const struct gemm_ops *chosen) {
    ops = chosen;
    g.m = dims[0], g.k = dims[1], g.n = dims[2];
    g.a = rt_input("a", RT_BF16, g.m, g.k);
    g.b = rt_input("b", RT_BF16, g.k, g.n);
    g.c = rt_array("c", RT_F32, RT_OUTPUT, g.m, g.n);
    gemm_scratch(&g, ops);
}

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        gemm_run(&g, ops);
    else
        matmul_scalar(g.m, g.k, g.n, (const uint16_t *)g.a, (const uint16_t *)g.b, (float *)g.c);
}

static void setup_widened(const uint64_t *dims) { setup(dims, &widened); }
static void setup_zvfbfwma(const uint64_t *dims) { setup(dims, &zvfbfwma); }

#define FORM(NAME, SETUP)                                                                                              \
    {                                                                                                                  \
        .name = NAME, .dims_help = "<M> <K> <N>", .dims = 3, .scalar_runs = 1, .validate = gemm_validate,             \
        .setup = SETUP, .run = run,                                                                                    \
    }

const struct rt_kernel rt_kernels[] = {
    FORM("matmul_bf16", setup_widened),
    FORM("matmul_bf16_zvfbfwma", setup_zvfbfwma),
    {0},
};
