/* SPDX-License-Identifier: MIT OR Apache-2.0
 * C = A * B with SpacemiT IME 1, int8 to int32, exact: A is M x K, B is K x N, C is M x N, row-major.
 *
 * B is packed while the arrays are made, as weights are, and not measured. A is packed in the measured call, a block at a time: it
 * and a panel of B stay in the L1D. C leaves in its rows. */
#include "rt.h"

void gemm_ime_pack(void *dst, size_t dst_stride, const void *src, size_t src_stride, size_t chunks);
void gemm_ime_tile(size_t ksteps, const void *a, const void *b, void *scratch, size_t n, void *c, size_t ldc_bytes,
                   size_t rows);
void gemm_ime_rows(void *c, size_t ldc_bytes, const void *scratch, size_t bytes, size_t rows);

enum { BLOCK_BYTES = 12288, ROW_BLOCKS = 3, COLUMN_BLOCKS = 4 };

static size_t m, k, n;
static const signed char *a, *b;
static char *c;
static size_t vlenb, edge, depth; /* of the instruction: N rows and columns, and bytes of k */
static size_t rows, cols;         /* of a tile */
static size_t ksteps, block_rows, strip_bytes, panel_bytes;
static signed char *packed_a, *packed_b;
static char *scratch;

/* The k that byte q of k step s stands for: with 16 bytes a step has a word from each of two registers of a row. */
static size_t k_of(size_t s, size_t q) {
    if (depth == 8)
        return 8 * s + q;
    size_t words = vlenb / 8;
    return s / words * 2 * vlenb + q / 8 * vlenb + s % words * 8 + q % 8;
}

/* The column of a tile that column j of block f stands for. */
static size_t column(size_t f, size_t j) { return j / 2 * 2 * COLUMN_BLOCKS + 2 * f + j % 2; }

static void pack_b(void) {
    for (size_t s = 0; s < ksteps; s++) {
        for (size_t q = 0; q < depth; q++) {
            size_t p = k_of(s, q);
            if (p >= k)
                continue;
            for (size_t j0 = 0; j0 < n; j0 += cols) {
                signed char *step = packed_b + j0 / cols * panel_bytes + s * COLUMN_BLOCKS * vlenb + q;
                for (size_t f = 0; f < COLUMN_BLOCKS; f++)
                    for (size_t j = 0; j < edge; j++)
                        if (j0 + column(f, j) < n)
                            step[f * vlenb + j * depth] = b[p * n + j0 + column(f, j)];
            }
        }
    }
}

static void setup(const uint64_t *dims) {
    m = dims[0], k = dims[1], n = dims[2];
    a = rt_input("a", RT_I8, m, k);
    b = rt_input("b", RT_I8, k, n);
    c = rt_array("c", RT_I32, RT_OUTPUT, m, n);

    __asm__("csrr %0, vlenb" : "=r"(vlenb));
    /* 4 lambda bytes of k, lambda^2 at most VLEN / 32: the power of two that the instruction has. */
    size_t lambda = 1;
    while (4 * lambda * lambda <= vlenb / 4)
        lambda *= 2;
    depth = 4 * lambda;
    edge = vlenb / depth;
    rows = ROW_BLOCKS * edge;
    cols = COLUMN_BLOCKS * edge;
    size_t chunk = depth == 8 ? 8 : 2 * vlenb;
    ksteps = (k + chunk - 1) / chunk * chunk / depth;
    strip_bytes = ksteps * ROW_BLOCKS * vlenb;
    panel_bytes = ksteps * COLUMN_BLOCKS * vlenb;
    block_rows = strip_bytes < BLOCK_BYTES ? BLOCK_BYTES / strip_bytes * rows : rows;
    packed_a = rt_scratch(block_rows / rows * strip_bytes);
    packed_b = rt_scratch((n + cols - 1) / cols * panel_bytes);
    scratch = rt_scratch(4 * rows * cols + vlenb); /* a row beyond the end is read */
    pack_b();
}

/* Rows of A as a strip; rows that do not exist are what they were, and what is behind the last k stays zero. */
static void pack_a(signed char *strip, const signed char *from, size_t count) {
    size_t stride = ROW_BLOCKS * vlenb, whole = depth == 16 ? k / (2 * vlenb) : 0;
    size_t chunk = depth == 8 ? 8 : 2 * vlenb, steps = chunk / depth;
    for (size_t r = 0; r < count; r += 4) {
        size_t done = count - r >= 4 ? whole : 0;
        if (done)
            gemm_ime_pack(strip + r * depth, stride, from + r * k, k, done);
        for (size_t j = r; j < r + 4 && j < count; j++) {
            const signed char *row = from + j * k;
            signed char *to = strip + j * depth + done * steps * stride;
            for (size_t p = done * chunk; p < k; p += chunk, to += steps * stride)
                for (size_t half = 0; half < depth / 8; half++)
                    for (size_t s = 0; s < steps; s++)
                        for (size_t q = 0; q < 8 && p + half * vlenb + 8 * s + q < k; q++)
                            to[s * stride + half * 8 + q] = row[p + half * vlenb + 8 * s + q];
        }
    }
}

static void matmul_vector(void) {
    char *left = NULL; /* where the rows of the tile in the scratch belong */
    size_t left_rows = 0, row_bytes = 4 * cols;
    for (size_t ic = 0; ic < m; ic += block_rows) {
        size_t count = rt_min(block_rows, m - ic);
        signed char *to_strip = packed_a;
        for (size_t i = 0; i < count; i += rows, to_strip += strip_bytes)
            pack_a(to_strip, a + (ic + i) * k, rt_min(rows, count - i));
        const signed char *panel = packed_b;
        for (size_t j = 0; j < n; j += cols, panel += panel_bytes) {
            const signed char *strip = packed_a;
            char *to = c + 4 * (ic * n + j);
            for (size_t i = 0; i < count; i += rows, strip += strip_bytes, to += 4 * rows * n) {
                gemm_ime_tile(ksteps, strip, panel, scratch, edge, left, 4 * n, left_rows);
                left = to;
                left_rows = rt_min(rows, count - i);
                /* What is no register long, or not whole, goes to C at once. */
                if (n - j < cols) {
                    for (size_t y = 0; y < left_rows; y++)
                        for (size_t x = 0; x < n - j; x++)
                            ((int32_t *)to)[y * n + x] = ((const int32_t *)scratch)[y * cols + x];
                    left_rows = 0;
                } else if (row_bytes != vlenb) {
                    gemm_ime_rows(to, 4 * n, scratch, row_bytes, left_rows);
                    left_rows = 0;
                }
            }
        }
    }
    if (left_rows)
        gemm_ime_rows(left, 4 * n, scratch, row_bytes, left_rows);
}

static void matmul_scalar(void) {
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            int32_t sum = 0;
            for (size_t p = 0; p < k; p++)
                sum += a[i * k + p] * b[p * n + j];
            ((int32_t *)c)[i * n + j] = sum;
        }
    }
}

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        matmul_vector();
    else
        matmul_scalar();
}

/* K * 128 * 128 must fit in int32. */
static const char *validate(const uint64_t *dims) {
    if (dims[1] > 131071)
        return "K above 131071 could overflow int32";
    return dims[0] && dims[1] && dims[2] ? NULL : "M, K and N must be at least 1";
}

const struct rt_kernel rt_kernels[] = {{
    .name = "matmul_i8_ime",
    .dims_help = "<M> <K> <N>",
    .dims = 3,
    .patterns = 1 << RT_EXTREME,
    .scalar_runs = 1,
    .validate = validate,
    .setup = setup,
    .run = run,
}, {0}};
