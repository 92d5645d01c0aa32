/* SPDX-License-Identifier: MIT OR Apache-2.0
 * C = A * B with SpacemiT IME 1, int8 to int32, exact. */
#include "matmul.h"
#include "packed.h"

void gemm_ime_pack(void *dst, size_t dst_step, const void *src, size_t row_bytes, void *scratch, size_t groups,
                   size_t chunks);
void gemm_ime_tiles(const struct job *job);

enum { ROW_BLOCKS = 3, COLUMN_BLOCKS = 4 };

static size_t block, depth; /* of the instruction: N rows and columns, and bytes of k */
static size_t chunk, chunks; /* bytes of a row that are packed together, and how often */

/* The k that byte q of k step s stands for: with 16 bytes a step has a word from each of two registers of a row. */
static size_t k_of(size_t s, size_t q) {
    size_t steps = chunk / depth;
    return s / steps * chunk + q / 8 * (chunk / 2) + s % steps * 8 + q % 8;
}

/* The column of a tile that column j of block f stands for. */
static size_t column(size_t f, size_t j) { return j / 2 * 2 * COLUMN_BLOCKS + 2 * f + j % 2; }

static void pack_b(void) {
    for (size_t index = 0; index < parts(cols, n); index++) {
        size_t first = start(index, cols, n);
        for (size_t s = 0; s < ksteps; s++)
            for (size_t q = 0; q < depth; q++)
                for (size_t f = 0; f < COLUMN_BLOCKS; f++)
                    for (size_t j = 0; j < block; j++)
                        if (k_of(s, q) < k && column(f, j) < n)
                            *in_b(index * panel_bytes + (s * COLUMN_BLOCKS + f) * vlenb() + j * depth + q) =
                                b[k_of(s, q) * n + first + column(f, j)];
    }
}

static void place_pieces(int64_t *offsets, size_t row_bytes) {
    for (size_t i = 0; i < rows * cols / piece; i++)
        offsets[i] = (int64_t)(i * piece / cols * row_bytes + 4 * (i * piece % cols));
}

static void setup(const uint64_t *dims) {
    m = dims[0], k = dims[1], n = dims[2];
    a = rt_input("a", RT_I8, m, k);
    b = rt_input("b", RT_I8, k, n);
    c = rt_array("c", RT_I32, RT_OUTPUT, m, n);

    /* 4 lambda bytes of k, lambda^2 at most VLEN / 32: the power of two that the instruction has. */
    size_t lambda = 1;
    while (4 * lambda * lambda <= vlenb() / 4)
        lambda *= 2;
    depth = 4 * lambda;
    block = vlenb() / depth;
    chunk = depth == 8 ? 8 : 2 * vlenb();
    rows = ROW_BLOCKS * block;
    cols = COLUMN_BLOCKS * block;
    chunks = parts(chunk, k);
    ksteps = chunks * chunk / depth;
    strip_bytes = ksteps * ROW_BLOCKS * vlenb();
    panel_bytes = ksteps * COLUMN_BLOCKS * vlenb();
    beyond = ROW_BLOCKS * vlenb();
    piece = vlenb() / 4;
    words = block * block / 2;
    run_tiles = gemm_ime_tiles;
    allocate();
    place_pieces(in_place, 4 * n);
    place_pieces(at_edge, 4 * cols);
    pack_b();
}

/* What is missing of the last chunk is zero, and so are rows that do not exist. With 8 bytes of k a block nothing has to be brought together that
 * a row does not have together. */
static void pack_strips(size_t row, size_t strips) {
    for (size_t i = 0; i < strips; i++) {
        const signed char *from = a + (row + i * rows) * k;
        if (depth == 16 && m >= rows) {
            gemm_ime_pack(in_a(i * strip_bytes), ROW_BLOCKS * vlenb(), from, k, scratch, rows / 4, chunks);
            continue;
        }
        for (size_t r = 0; r < rows && r < m; r++)
            for (size_t s = 0; s < ksteps; s++)
                for (size_t q = 0; q < depth; q++)
                    if (k_of(s, q) < k)
                        *in_a(i * strip_bytes + (s * rows + r) * depth + q) = from[r * k + k_of(s, q)];
    }
}

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        matmul_vector();
    else
        matmul_scalar(1, m, k, n, a, b, c);
}

const struct rt_kernel rt_kernels[] = {MATMUL_I8("matmul_i8_ime", setup), {0}};
