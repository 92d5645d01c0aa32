/* SPDX-License-Identifier: MIT OR Apache-2.0
 * C = A * B in fp16 with fp16 sums: A is M x K, B is K x N, C is M x N, row-major. */
#include "gemm.h"

size_t gemm_f16_nr_max(void);
void gemm_f16_pack_a(void *dst, const void *src, size_t lda_bytes, size_t rows, size_t kc);
void gemm_f16_pack_b(void *dst, const void *src, size_t ldb_bytes, size_t kc, size_t nr);
gemm_tile gemm_f16_tile_set, gemm_f16_tile_add;

static const struct gemm_ops ops = {
    .mr = 6,
    .mc = 48,
    .a_bytes = 2,
    .b_bytes = 2,
    .packed_a_bytes = 2,
    .packed_b_bytes = 2,
    .c_bytes = 2,
    .nr_max = gemm_f16_nr_max,
    .pack_a = gemm_f16_pack_a,
    .pack_b = gemm_f16_pack_b,
    .tile_set = gemm_f16_tile_set,
    .tile_add = gemm_f16_tile_add,
};

static struct gemm g;

/* *c = *a * *b + *c. GCC 12 has no half-precision type; this is what it would make of the expression. */
static inline void fma_f16(const uint16_t *a, const uint16_t *b, uint16_t *c) {
    float x, y, z;
    __asm__(".option push\n\t"
            ".option arch, +zfh\n\t"
            "flh %1, %4\n\t"
            "flh %2, %5\n\t"
            "flh %3, %0\n\t"
            "fmadd.h %3, %1, %2, %3\n\t"
            "fsh %3, %0\n\t"
            ".option pop"
            : "+m"(*c), "=&f"(x), "=&f"(y), "=&f"(z)
            : "m"(*a), "m"(*b));
}

static void matmul_scalar(size_t m, size_t k, size_t n, const uint16_t *a, const uint16_t *b, uint16_t *c) {
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++)
            c[i * n + j] = 0;
        for (size_t p = 0; p < k; p++)
            for (size_t j = 0; j < n; j++)
                fma_f16(&a[i * k + p], &b[p * n + j], &c[i * n + j]);
    }
}

static void setup(const uint64_t *dims) {
    g.m = dims[0], g.k = dims[1], g.n = dims[2];
    g.a = rt_input("a", RT_F16, g.m, g.k);
    g.b = rt_input("b", RT_F16, g.k, g.n);
    g.c = rt_array("c", RT_F16, RT_OUTPUT, g.m, g.n);
    gemm_scratch(&g, &ops);
}

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        gemm_run(&g, &ops);
    else
        matmul_scalar(g.m, g.k, g.n, (const uint16_t *)g.a, (const uint16_t *)g.b, (uint16_t *)g.c);
}

const struct rt_kernel rt_kernels[] = {{
    .name = "matmul_f16",
    .dims_help = "<M> <K> <N>",
    .dims = 3,
    .scalar_runs = 1,
    .validate = gemm_validate,
    .setup = setup,
    .run = run,
}, {0}};
