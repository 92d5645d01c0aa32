/* SPDX-License-Identifier: MIT OR Apache-2.0
 * C = A * B with block instructions: int8 to int32, exact, or bf16 to fp32. A is M x K, B is K x N, C is M x N, row-major.
 *
 * B is packed while the arrays are made, as weights are, and not measured. A is packed in the measured call, a block at a time.
 * C leaves in its rows. */
#include "job.h"
#include "rt.h"

enum {
    ROWS = 8,            /* of a tile */
    BLOCK_BYTES = 65536, /* of A that are packed together: half of the L2, which serves them once a panel */
    BEYOND = 3,          /* k steps that are read beyond the end of A, from its beginning */
    PAGE = 4096,
    PIECE = 8,           /* elements of C that are moved together */
    MOST_PIECES = 128    /* of a tile: at VLEN 2048 */
};

struct form {
    size_t r;     /* rows of a block, each of 8 bytes */
    size_t bytes; /* of an element */
    void (*pack)(void *dst, const void *src, size_t row_bytes, size_t strips, void *scratch);
    void (*tiles)(const struct job *job);
};

#define DECLARE(NAME)                                                                                                  \
    void gemm_##NAME##_pack(void *dst, const void *src, size_t row_bytes, size_t strips, void *scratch);               \
    void gemm_##NAME##_tiles(const struct job *job);

DECLARE(dod)
DECLARE(qoq)
DECLARE(qqq)

static const struct form dod = {2, 1, gemm_dod_pack, gemm_dod_tiles};
static const struct form qoq = {4, 1, gemm_qoq_pack, gemm_qoq_tiles};
static const struct form qqq = {4, 2, gemm_qqq_pack, gemm_qqq_tiles};

static const struct form *form;
static size_t m, k, n;
static const signed char *a, *b;
static char *c;

/* How blocks lie in a group of C: `fields` registers (or pairs of them) with `turns` blocks each. */
static size_t fields, turns;
static size_t cols, block_strips; /* of a tile; strips of a block of A */
static size_t ksteps, panel_bytes, strip_bytes; /* a k step is 8 bytes of a row of A; panels of B and, 8 rows each, strips of A */
static char *packed, *scratch, *edge;
/* Where the pieces that a tile leaves in the scratch belong, in C and in the edge. */
static int64_t in_place[MOST_PIECES + 1], at_edge[MOST_PIECES + 1];

/* Where packed A and B are: A in the odd pages of the same memory, B in the even ones. A way of the X280's L1D has two pages, so A, of which
 * all passes by while a panel of B is in use, leaves half of the sets to the panel. */
static char *in_a(size_t offset) { return packed + offset / PAGE * 2 * PAGE + PAGE + offset % PAGE; }
static char *in_b(size_t offset) { return packed + offset / PAGE * 2 * PAGE + offset % PAGE; }

static size_t vlenb(void) {
    size_t bytes;
    __asm__("csrr %0, vlenb" : "=r"(bytes));
    return bytes;
}

static void place_pieces(int64_t *offsets, size_t row_bytes) {
    size_t r = form->r, pairs = r / 2;
    for (size_t i = 0; i < ROWS * cols / PIECE; i++) {
        size_t pair = i * PIECE / (2 * fields); /* the scratch holds [group][turn][row][pair of columns][field][2] */
        size_t row = pair / pairs % r, turn = pair / pairs / r % turns, group = pair / pairs / r / turns;
        size_t column = turn * fields * r + pair % pairs * 2 * fields + i * PIECE % (2 * fields);
        offsets[i] = (int64_t)((group * r + row) * row_bytes + 4 * column);
    }
}

/* Where the index-th of the parts of `size` begins that cover `count`: the last one overlaps the one before it, and computes the same
 * again, rather than leave an edge. Only where there is less than one part, there is one. */
static size_t start(size_t index, size_t size, size_t count) {
    return count < size ? 0 : rt_min(index * size, count - size);
}

static size_t parts(size_t size, size_t count) { return (count + size - 1) / size; }

/* Panels of `cols` columns; in each k step the blocks of a group, each row-major. */
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
    cols = fields * turns * form->r;
    ksteps = (k * form->bytes + 7) / 8;
    panel_bytes = 8 * cols * ksteps;
    strip_bytes = 8 * ROWS * ksteps;
    block_strips = strip_bytes < BLOCK_BYTES ? BLOCK_BYTES / strip_bytes : 1;
    size_t a_bytes = block_strips * strip_bytes + 8 * ROWS * BEYOND, b_bytes = parts(cols, n) * panel_bytes;
    size_t pages = (a_bytes > b_bytes ? a_bytes : b_bytes) / PAGE + 2; /* the next one may be touched */
    packed = rt_scratch(2 * (pages + 1) * PAGE);
    packed += -(uintptr_t)packed % (2 * PAGE);
    scratch = rt_scratch(8 * vlenb() > 4 * ROWS * cols ? 8 * vlenb() : 4 * ROWS * cols + 4 * PIECE);
    edge = rt_scratch(4 * ROWS * cols);
    place_pieces(in_place, 4 * n);
    place_pieces(at_edge, 4 * cols);
    pack_b();
}

/* Rows of A as strips. What is missing of the last word is zero; rows that do not exist are zero, too. */
static void pack_a(size_t row, size_t strips) {
    size_t row_bytes = k * form->bytes;
    if (m >= ROWS)
        form->pack(in_a(0), a + row * row_bytes, row_bytes, strips, scratch);
    else
        for (size_t r = 0; r < m; r++)
            for (size_t x = 0; x < row_bytes; x++)
                *in_a(x / 8 * 8 * ROWS + 8 * r + x % 8) = a[r * row_bytes + x];
    for (size_t i = 0; i < 8 * ROWS * BEYOND; i += 8)
        *(uint64_t *)in_a(strips * strip_bytes + i) = *(const uint64_t *)in_a(i);
}

/* A tile that C has not all of. */
static void edge_tile(struct job job) {
    uint32_t *to = job.c;
    job.c = edge;
    job.offsets = at_edge;
    job.offsets_end = at_edge + ROWS * cols / PIECE;
    form->tiles(&job);
    const uint32_t *from = (const uint32_t *)edge;
    for (size_t y = 0; y < ROWS && y < m; y++)
        for (size_t x = 0; x < cols && x < n; x++)
            to[y * n + x] = from[y * cols + x];
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
        .strip_step = 4 * ROWS * n,
        .panel_step = 4 * cols,
        .offsets = in_place,
        .offsets_end = in_place + ROWS * cols / PIECE,
        .scratch = scratch,
    };
    if (m >= ROWS && n >= cols) {
        form->tiles(&job);
        return;
    }
    job.strips = job.panels = 1;
    for (size_t i = 0; i < strips; i++) {
        for (size_t j = 0; j < panels; j++) {
            job.a = in_a(i * strip_bytes);
            job.b = in_b((panel + j) * panel_bytes);
            job.c = c + 4 * ((row + i * ROWS) * n + column + j * cols);
            edge_tile(job);
        }
    }
}

/* The last strip and the last panel may overlap those before them, or be the only ones, and so have calls of their own. */
static void matmul_vector(void) {
    size_t all_strips = parts(ROWS, m), all_panels = parts(cols, n), whole_panels = n / cols;
    for (size_t strip = 0, strips; strip < all_strips; strip += strips) {
        strips = strip < m / ROWS ? rt_min(block_strips, m / ROWS - strip) : 1;
        size_t row = start(strip, ROWS, m);
        pack_a(row, strips);
        tiles(row, strips, 0, whole_panels);
        tiles(row, strips, whole_panels, all_panels - whole_panels);
    }
}

static inline float from_bf16(uint16_t bits) {
    union {
        uint32_t u;
        float f;
    } y = {(uint32_t)bits << 16};
    return y.f;
}

static void matmul_scalar(void) {
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++) {
            if (form->bytes == 1) {
                int32_t sum = 0;
                for (size_t p = 0; p < k; p++)
                    sum += a[i * k + p] * b[p * n + j];
                ((int32_t *)c)[i * n + j] = sum;
            } else {
                float sum = 0;
                for (size_t p = 0; p < k; p++)
                    sum = __builtin_fmaf(from_bf16(((const uint16_t *)a)[i * k + p]),
                                         from_bf16(((const uint16_t *)b)[p * n + j]), sum);
                ((float *)c)[i * n + j] = sum;
            }
        }
    }
}

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        matmul_vector();
    else
        matmul_scalar();
}

static const char *validate(const uint64_t *dims) {
    return dims[0] && dims[1] && dims[2] ? NULL : "M, K and N must be at least 1";
}

/* K * 128 * 128 must fit in int32. */
static const char *validate_i8(const uint64_t *dims) {
    return dims[1] > 131071 ? "K above 131071 could overflow int32" : validate(dims);
}

static void setup_dod(const uint64_t *dims) { setup(dims, &dod, RT_I8, RT_I32); }
static void setup_qoq(const uint64_t *dims) { setup(dims, &qoq, RT_I8, RT_I32); }
static void setup_qqq(const uint64_t *dims) { setup(dims, &qqq, RT_BF16, RT_F32); }

#define MATMUL(NAME, PATTERNS, VALIDATE, SETUP)                                                                        \
    {                                                                                                                  \
        .name = NAME, .dims_help = "<M> <K> <N>", .dims = 3, .patterns = PATTERNS, .scalar_runs = 1,                   \
        .validate = VALIDATE, .setup = SETUP, .run = run,                                                              \
    }

const struct rt_kernel rt_kernels[] = {
    MATMUL("matmul_i8_dod", 1 << RT_EXTREME, validate_i8, setup_dod),
    MATMUL("matmul_i8_qoq", 1 << RT_EXTREME, validate_i8, setup_qoq),
    MATMUL("matmul_bf16_qqq", 0, validate, setup_qqq),
    {0},
};
