/* SPDX-License-Identifier: MIT OR Apache-2.0
 * C = A * B with block instructions: int8 to int32, exact, or bf16 to fp32. */
#include "matmul.h"
#include "packed.h"

enum {
    ROWS = 8,   /* of a tile */
    BLOCK = 65536, /* bytes of A that are packed together: half of the X280's L2 */
    BEYOND = 3, /* k steps that are read beyond the end of A */
    PIECE = 8   /* elements of C that are moved together */
};

struct form {
    size_t r;     /* rows of a block, each of 8 bytes */
    size_t bytes; /* of an element */
    void (*pack)(void *dst, const void *src, size_t row_bytes, size_t strips, void *scratch);
    void (*tiles)(const struct job *job);
};

#define FORM(NAME, R, BYTES)                                                                                           \
    void gemm_##NAME##_pack(void *dst, const void *src, size_t row_bytes, size_t strips, void *scratch);               \
    void gemm_##NAME##_tiles(const struct job *job);                                                                   \
    static const struct form NAME = {R, BYTES, gemm_##NAME##_pack, gemm_##NAME##_tiles};

FORM(dod, 2, 1)
FORM(qoq, 4, 1)
FORM(qqq, 4, 2)

static const struct form *form;

/* How blocks lie in a group of C: `fields` registers (or pairs of them) with `turns` blocks each. */
static size_t fields, turns;

static void place_pieces(int64_t *offsets, size_t row_bytes) {
    size_t r = form->r, pairs = r / 2;
    for (size_t i = 0; i < ROWS * cols / PIECE; i++) {
        size_t pair = i * PIECE / (2 * fields); /* the scratch holds [group][turn][row][pair of columns][field][2] */
        size_t row = pair / pairs % r, turn = pair / pairs / r % turns, group = pair / pairs / r / turns;
        size_t column = turn * fields * r + pair % pairs * 2 * fields + i * PIECE % (2 * fields);
        offsets[i] = (int64_t)((group * r + row) * row_bytes + 4 * column);
    }
}

/* Panels of `cols` columns; in each k step, 8 bytes of a row of A, the blocks of a group, each row-major. */
static void pack_b(void) {
    size_t r = form->r, bytes = form->bytes, depth = 8 / bytes, step = 8 * cols;
    for (size_t index = 0; index < parts(cols, n); index++) {
        for (size_t x = 0; x < cols && x < n; x++) {
            size_t turn = x / (fields * r), pair = x / (2 * fields) % (r / 2), field = x / 2 % fields;
            size_t first = (field * turns + turn) * r * depth + 2 * pair + x % 2;
            const signed char *from = b + (start(index, cols, n) + x) * bytes;
            for (size_t p = 0; p < k; p++)
                for (size_t i = 0; i < bytes; i++)
                    *in_b(index * panel_bytes + p / depth * step + (first + p % depth * r) * bytes + i) =
                        from[p * n * bytes + i];
        }
    }
}

static void setup(const uint64_t *dims, const struct form *chosen, enum rt_dtype from, enum rt_dtype to) {
    form = chosen;
    m = dims[0], k = dims[1], n = dims[2];
    a = rt_input("a", from, m, k);
    b = rt_input("b", from, k, n);
    c = rt_array("c", to, RT_OUTPUT, m, n);

    size_t block_bytes = 4 * form->r * form->r, registers = 2 * form->r;
    fields = vlenb() < block_bytes ? registers / 2 : registers;
    turns = vlenb() < block_bytes ? 1 : vlenb() / block_bytes;
    rows = ROWS;
    cols = fields * turns * form->r;
    ksteps = (k * form->bytes + 7) / 8;
    strip_bytes = 8 * ROWS * ksteps;
    panel_bytes = 8 * cols * ksteps;
    beyond = 8 * ROWS * BEYOND;
    piece = PIECE;
    run_tiles = form->tiles;
    allocate(BLOCK);
    place_pieces(in_place, 4 * n);
    place_pieces(at_edge, 4 * cols);
    pack_b();
}

/* What is missing of the last word is zero; rows that do not exist are zero, too. */
static void pack_strips(size_t row, size_t strips) {
    size_t row_bytes = k * form->bytes;
    if (m >= ROWS)
        form->pack(in_a(0), a + row * row_bytes, row_bytes, strips, scratch);
    else
        for (size_t r = 0; r < m; r++)
            for (size_t x = 0; x < row_bytes; x++)
                *in_a(x / 8 * 8 * ROWS + 8 * r + x % 8) = a[r * row_bytes + x];
}

/* The strips that are packed, from a row of C on, by panels. */
static void tiles(size_t row, size_t strips, size_t panel, size_t panels) {
    if (!strips || !panels)
        return;
    size_t column = start(panel, cols, n);
    struct job job = {
        .strips = strips,
        .panels = panels,
        .ksteps = ksteps,
        .a = in_a(0),
        .b = in_b(panel * panel_bytes),
        .c = c + 4 * (row * n + column),
        .strip_step = 4 * rows * n,
        .panel_step = 4 * cols,
        .offsets = in_place,
        .offsets_end = in_place + rows * cols / piece,
        .scratch = scratch,
        .words = words,
    };
    if (m >= rows && n >= cols) {
        run_tiles(&job);
        return;
    }
    job.strips = job.panels = 1;
    for (size_t i = 0; i < strips; i++) {
        for (size_t j = 0; j < panels; j++) {
            job.a = in_a(i * strip_bytes);
            job.b = in_b((panel + j) * panel_bytes);
            job.c = c + 4 * ((row + i * rows) * n + column + j * cols);
            edge_tile(job, rows);
        }
    }
}

/* The last strip and the last panel may overlap those before them, or be the only ones, and so have calls of their own. */
static void matmul_vector(void) {
    size_t all_strips = parts(rows, m), all_panels = parts(cols, n), whole_panels = n / cols;
    for (size_t strip = 0, strips; strip < all_strips; strip += strips) {
        strips = strip < m / rows ? rt_min(block_strips, m / rows - strip) : 1;
        size_t row = start(strip, rows, m);
        pack_strips(row, strips);
        for (size_t i = 0; i < beyond; i += 8)
            *(uint64_t *)in_a(strips * strip_bytes + i) = *(const uint64_t *)in_a(i);
        tiles(row, strips, 0, whole_panels);
        tiles(row, strips, whole_panels, all_panels - whole_panels);
    }
}

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        matmul_vector();
    else
        matmul_scalar(form->bytes, m, k, n, a, b, c);
}

static void setup_dod(const uint64_t *dims) { setup(dims, &dod, RT_I8, RT_I32); }
static void setup_qoq(const uint64_t *dims) { setup(dims, &qoq, RT_I8, RT_I32); }
static void setup_qqq(const uint64_t *dims) { setup(dims, &qqq, RT_BF16, RT_F32); }

const struct rt_kernel rt_kernels[] = {
    MATMUL_I8("matmul_i8_dod", setup_dod),
    MATMUL_I8("matmul_i8_qoq", setup_qoq),
    MATMUL_BF16("matmul_bf16_qqq", setup_qqq),
    {0},
};
