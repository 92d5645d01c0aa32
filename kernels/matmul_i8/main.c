/* SPDX-License-Identifier: MIT OR Apache-2.0
 * C = A * B, int8 x int8 -> int32, exact: A is M x K, B is K x N, C is M x N, row-major. */
#include "gemm.h"

size_t gemm_i8_nr_max(void);
void gemm_i8_pack_a(void *dst, const void *src, size_t lda_bytes, size_t rows, size_t kc);
void gemm_i8_pack_b(void *dst, const void *src, size_t ldb_bytes, size_t kc, size_t nr);
gemm_tile gemm_i8_tile_set, gemm_i8_tile_add;

static const struct gemm_ops ops = {
    .mr = 7,
    .mc = 84,
    .a_bytes = 1,
    .b_bytes = 1,
    .packed_a_bytes = 1,
    .packed_b_bytes = 2, /* widened */
    .c_bytes = 4,
    .nr_max = gemm_i8_nr_max,
    .pack_a = gemm_i8_pack_a,
    .pack_b = gemm_i8_pack_b,
    .tile_set = gemm_i8_tile_set,
    .tile_add = gemm_i8_tile_add,
};

static struct gemm g;

static void matmul_scalar(size_t m, size_t k, size_t n, const int8_t *a, const int8_t *b, int32_t *c) {
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++)
            c[i * n + j] = 0;
        for (size_t p = 0; p < k; p++) {
            int32_t x = a[i * k + p];
            for (size_t j = 0; j < n; j++)
                c[i * n + j] += x * b[p * n + j];
        }
    }
}

static void setup(const uint64_t *dims) {
    g.m = dims[0], g.k = dims[1], g.n = dims[2];
    g.a = rt_input("a", RT_I8, g.m, g.k);
    g.b = rt_input("b", RT_I8, g.k, g.n);
    g.c = rt_array("c", RT_I32, RT_OUTPUT, g.m, g.n);
    gemm_scratch(&g, &ops);
}

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        gemm_run(&g, &ops);
    else
        matmul_scalar(g.m, g.k, g.n, (const int8_t *)g.a, (const int8_t *)g.b, (int32_t *)g.c);
}

/* K * 128 * 128 must fit in int32. */
static const char *validate(const uint64_t *dims) {
    return dims[1] > 131071 ? "K above 131071 could overflow int32" : gemm_validate(dims);
}

const struct rt_kernel rt_kernels[] = {{
    .name = "matmul_i8",
    .dims_help = "<M> <K> <N>",
    .dims = 3,
    .patterns = 1 << RT_EXTREME,
    .scalar_runs = 1,
    .validate = validate,
    .setup = setup,
    .run = run,
}, {0}};
