/* SPDX-License-Identifier: MIT OR Apache-2.0
 * C = A * B with SpacemiT IME 1, int8 to int32, exact. */
#include "matmul.h"
#include "packed.h"

void gemm_ime_pack(void *dst, size_t dst_step, const void *src, size_t row_bytes, void *scratch, size_t groups,
                   size_t chunks, size_t strips);
void gemm_ime_pack8(void *dst, size_t dst_step, const void *src, size_t row_bytes, void *scratch, size_t groups);
void gemm_ime_tiles(const struct job *job);

enum {
    BLOCK = 98304, /* bytes of A that are packed together: three quarters of the X280's L2 */
    ROW_BLOCKS = 3,
    COLUMN_BLOCKS = 4
};

static size_t block, depth;  /* of the instruction: N rows and columns, and bytes of k */
static size_t chunk, chunks; /* bytes of a row that are packed together, and how often */
static size_t group_log2;    /* of the rows that are packed together, 2 or 4 */
static size_t pieces;        /* of a row of blocks of a tile */
/* Strips of three rows of blocks, and the few of two behind them; where each begins, in bytes of C. */
static size_t tall, narrow;
static int64_t *starts;

/* The k that byte q of k step s stands for: with 16 bytes a step has a word from each of two registers of a row. */
static size_t k_of(size_t s, size_t q) {
    size_t steps = chunk / depth;
    return s / steps * chunk + q / 8 * (chunk / 2) + s % steps * 8 + q % 8;
}

/* The column of a tile that column j of block f stands for. */
static size_t column(size_t f, size_t j) { return j / 2 * 2 * COLUMN_BLOCKS + 2 * f + j % 2; }

static size_t height(size_t strip) { return (strip < tall ? ROW_BLOCKS : ROW_BLOCKS - 1) * block; }

/* The last strip overlaps the one before it rather than leave an edge. */
static size_t strip_row(size_t strip) {
    size_t row = strip * ROW_BLOCKS * block - (strip < tall ? 0 : strip - tall) * block;
    return m < height(strip) ? 0 : rt_min(row, m - height(strip));
}

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
    if (chunks * chunk < 2 * depth)
        chunks = 2; /* a tile has two k steps */
    ksteps = chunks * chunk / depth;
    strip_bytes = ksteps * ROW_BLOCKS * vlenb();
    panel_bytes = ksteps * COLUMN_BLOCKS * vlenb();
    beyond = vlenb();
    piece = vlenb() / 4;
    pieces = block * cols / piece;
    group_log2 = depth == 16 || block == 4 ? 2 : 1;
    words = block * block / 2;
    run_tiles = gemm_ime_tiles;
    size_t row_blocks = parts(block, m);
    narrow = row_blocks == 1 ? 1 : (3 - row_blocks % 3) % 3;
    tall = row_blocks == 1 ? 0 : (row_blocks - 2 * narrow) / 3;
    starts = rt_scratch((tall + narrow + 1) * sizeof(int64_t));
    for (size_t i = 0; i < tall + narrow; i++)
        starts[i] = (int64_t)(4 * n * strip_row(i));
    allocate(BLOCK);
    place_pieces(in_place, 4 * n);
    place_pieces(at_edge, 4 * cols);
    pack_b();
}

/* How many strips from one on are packed in one go: those of one height, of rows one behind the other, with 16 bytes of k in a block. */
static size_t together(size_t strip, size_t strips) {
    size_t count = 1;
    while (depth == 16 && count < strips && height(strip + count) == height(strip) &&
           strip_row(strip + count) == strip_row(strip + count - 1) + height(strip))
        count++;
    return count;
}

/* Rows that do not exist are left out. What is missing of k does not matter, as B is zero there. */
static void pack_strips(size_t to, size_t strip, size_t strips) {
    size_t count = height(strip), step = count * depth, there = rt_min(count, m);
    const signed char *from = a + strip_row(strip) * k;
    size_t groups = there >> group_log2;
    if (groups && depth == 16)
        gemm_ime_pack(in_a(to), step, from, k, scratch, groups, chunks, strips);
    else if (groups)
        gemm_ime_pack8(in_a(to), step, from, k, scratch, groups);
    for (size_t r = groups << group_log2; r < there; r++)
        for (size_t s = 0; s < ksteps; s++)
            for (size_t q = 0; q < depth; q++)
                if (k_of(s, q) < k)
                    *in_a(to + s * step + r * depth + q) = from[r * k + k_of(s, q)];
}

/* Strips from the first on, that are packed, by panels from one on. */
static void tiles(size_t first, size_t strips, size_t panel, size_t panels) {
    static const int64_t here = 0;
    if (!panels)
        return;
    size_t lower = first + strips > tall ? rt_min(strips, first + strips - tall) : 0;
    struct job job = {
        .strips = strips,
        .panels = panels,
        .ksteps = ksteps,
        .a = in_a(0),
        .b = in_b(panel * panel_bytes),
        .c = c + 4 * start(panel, cols, n),
        .panel_step = 4 * cols,
        .offsets = in_place,
        .offsets_end = in_place + ROW_BLOCKS * pieces,
        .scratch = scratch,
        .words = words,
        .starts = starts + first,
        .narrow = lower,
        .narrow_end = in_place + (ROW_BLOCKS - 1) * pieces,
    };
    if (m >= height(first) && n >= cols) {
        gemm_ime_tiles(&job);
        return;
    }
    /* There is one strip only, or one panel. */
    size_t offset = 0;
    job.strips = 1;
    job.starts = &here;
    for (size_t strip = first; strip < first + strips; strip++) {
        job.narrow = strip >= tall;
        job.a = in_a(offset);
        for (size_t j = 0; j < panels; j++) {
            job.panels = 1;
            job.b = in_b((panel + j) * panel_bytes);
            job.c = c + starts[strip] + 4 * (start(panel, cols, n) + j * cols);
            edge_tile(job, height(strip));
        }
        offset += ksteps * height(strip) * depth;
    }
}

/* The last panel may overlap the one before it, or be the only one, and so has a call of its own. */
static void matmul_vector(void) {
    size_t whole_panels = n / cols, all_panels = parts(cols, n), all = tall + narrow;
    for (size_t first = 0, strips; first < all; first += strips) {
        size_t end = 0;
        strips = rt_min(block_strips, all - first);
        for (size_t strip = first, count; strip < first + strips; strip += count) {
            count = together(strip, first + strips - strip);
            pack_strips(end, strip, count);
            end += ksteps * height(strip) * depth * count;
        }
        for (size_t i = 0; i < beyond; i += 8)
            *(uint64_t *)in_a(end + i) = *(const uint64_t *)in_a(i);
        tiles(first, strips, 0, whole_panels);
        tiles(first, strips, whole_panels, all_panels - whole_panels);
    }
}

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        matmul_vector();
    else
        matmul_scalar(1, m, k, n, a, b, c);
}

const struct rt_kernel rt_kernels[] = {MATMUL_I8("matmul_i8_ime", setup), {0}};
