/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Y = X W^T for few rows of X or many: one driver, one layout of the weights, tiles by form.
 *
 *     for each block of rows of X: pack it, then
 *         for each panel of W, for each chunk of k:
 *             for each strip of the block: sums of one tile, which continue those of the chunk before
 *         scale the rows of the panel
 *
 * A chunk of a panel is 16 KiB: it stays in the L1D, where loads fill it, or the L2 while all strips pass. The sums of a block by a panel are
 * 16 KiB as well, which is 128 rows of 32 columns: so W comes from memory once in 128 rows, and a chunk's tile moves its sums in 6 % of the time that its
 * multiplies take (IME: 256 rows of 16 columns). A single strip needs no chunks: its sums stay in registers. */
#include "linear.h"

enum { BUDGET = 16384, WORD = 8, BEYOND_STEPS = 8 };

const struct linear_form linear_rvv = {.bytes = 1, .layout = LINEAR_LANES, .tiles = {linear_rvv_tile}};
const struct linear_form linear_dod = {1, LINEAR_BLOCKS, 1, 2, {linear_dod_tile1, linear_dod_tile2, NULL, linear_dod_tile4}, NULL};
const struct linear_form linear_qoq = {1, LINEAR_BLOCKS, 2, 1, {linear_qoq_tile1, linear_qoq_tile2}, NULL};
const struct linear_form linear_qqq = {2, LINEAR_BLOCKS, 2, 1, {linear_qqq_tile1, linear_qqq_tile2}, NULL};
const struct linear_form linear_ime = {1, LINEAR_DOTS, 0, 1, {linear_ime_tile1, linear_ime_tile2}, NULL};
const struct linear_form linear_xsfmm = {.bytes = 1, .layout = LINEAR_LANES, .unit = &linear_xsfmm_unit};
const struct linear_form linear_zvt = {.bytes = 1, .layout = LINEAR_LANES, .unit = &linear_zvt_unit};
const struct linear_form linear_xsfmm_bf16 = {.bytes = 2, .layout = LINEAR_LANES, .unit = &linear_xsfmm_bf16_unit};
const struct linear_form linear_zvt_bf16 = {.bytes = 2, .layout = LINEAR_LANES, .unit = &linear_zvt_bf16_unit};

static size_t vlenb(void) {
    size_t bytes;
    __asm__("csrr %0, vlenb" : "=r"(bytes));
    return bytes;
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* To a multiple of a power of two: with small matrices a division would be felt. */
static size_t up(size_t n, size_t step) { return (n + step - 1) & -step; }

/* What VLEN makes of a form. Blocks lie in `fields` registers (or pairs of them) with `turns` blocks each; a row of their sums leaves in
 * `turns` pieces. */
struct geometry {
    size_t r, height;               /* rows of a block of X, of a strip */
    size_t step, quad, quad_log2;   /* bytes of k of a block, and of four */
    size_t columns, fields, turns, piece;
};

static struct geometry geometry(const struct linear_form *form) {
    struct geometry g = {.r = 1, .height = 1, .step = WORD, .quad_log2 = 5, .fields = 1, .turns = 1};
    if (form->layout == LINEAR_LANES) {
        g.piece = panel_rows();
    } else if (form->layout == LINEAR_BLOCKS) {
        size_t turns = vlenb() >> (2 + 2 * form->block_log2);
        g.r = (size_t)1 << form->block_log2;
        g.fields = turns ? 2 * g.r : g.r;
        g.turns = turns ? turns : 1;
        g.piece = g.fields * g.r;
    } else {
        /* The longest step with which sums take a register at least: r = vlenb / step, r^2 sums of 4 bytes. */
        for (g.r = vlenb() >> 3; 2 * g.r * g.r > vlenb(); g.r >>= 1)
            g.step <<= 1, g.quad_log2++;
        g.fields = 4;
        g.piece = 4 * g.r;
    }
    g.height = g.r << form->strip_log2;
    g.quad = (size_t)1 << g.quad_log2;
    g.columns = g.piece * g.turns;
    return g;
}

/* Bytes of a row of X or W. */
static size_t depth(const struct linear_form *form, struct geometry g, size_t k) { return up(k * form->bytes, g.quad); }

static size_t block_rows(struct geometry g) {
    size_t rows = BUDGET / 4 / g.columns;
    return rows > g.height ? rows : g.height;
}

/* Blocks of a strip of so many rows: three are filled up to four. */
static size_t strip_blocks(struct geometry g, size_t rows) {
    size_t blocks = 1;
    while (blocks * g.r < rows && blocks * g.r < g.height)
        blocks *= 2;
    return blocks;
}

/* Loads run beyond the end of W and of packed X. */
static size_t beyond(void) { return BEYOND_STEPS * (WORD * WORD + 6 * vlenb()); }

size_t linear_packed_bytes(const struct linear_form *form, size_t k, size_t n) {
    struct geometry g = geometry(form);
    return depth(form, g, k) * (form->layout == LINEAR_LANES ? n : up(n, g.columns)) + beyond();
}

size_t linear_scratch_bytes(const struct linear_form *form, size_t m, size_t k) {
    struct geometry g = geometry(form);
    if (form->unit)
        return least(m, g.columns) * depth(form, g, k) + beyond();
    size_t rows = least(up(m, g.height), block_rows(g));
    return up(4 * g.columns * rows, 64) + (g.r == 1 ? 0 : rows * depth(form, g, k) + beyond());
}

/* Where column x of a panel has byte b of its k, of `all`. A step of several words takes them as far apart as a row allows: so packing a row
 * is packing its parts, one word of a step each. */
static size_t place(const struct linear_form *form, struct geometry g, size_t all, size_t columns, size_t x, size_t b) {
    size_t bytes = form->bytes;
    if (g.r == 1)
        return (b / bytes * columns + x) * bytes + b % bytes;
    size_t part = all / (g.step / WORD), index = b % part / WORD, byte = b / part * WORD + b % WORD;
    /* Neighbours in a row of sums that has left are the same place of all fields. */
    size_t turn = x / g.piece, pair = x / (2 * g.fields) % (g.r / 2), field = x / 2 % g.fields;
    size_t block = field * g.turns + turn, column = 2 * pair + x % 2, at;
    if (form->layout == LINEAR_DOTS)
        at = (block * g.r + column) * g.step + byte;
    else
        at = ((block * g.step / bytes + byte / bytes) * g.r + column) * bytes + byte % bytes;
    return index * g.step * columns + at;
}

void linear_pack(const struct linear_form *form, size_t k, size_t n, const void *w, size_t k_stride, size_t n_stride, void *dst) {
    struct geometry g = geometry(form);
    size_t bytes = form->bytes, all = depth(form, g, k);
    for (size_t first = 0; first < n; first += g.columns) {
        size_t columns = form->layout == LINEAR_LANES ? least(g.columns, n - first) : g.columns;
        char *panel = (char *)dst + first * all;
        for (size_t x = 0; x < columns; x++) {
            const char *from = (const char *)w + (first + x) * n_stride * bytes;
            for (size_t b = 0; b < all; b++)
                panel[place(form, g, all, columns, x, b)] =
                    first + x < n && b < k * bytes ? from[b / bytes * k_stride * bytes + b % bytes] : 0;
        }
    }
}

/* Strips of up to `height` rows; in each step the blocks of a strip, each row by row. Rows that do not exist hold anything: so do
 * their sums, which nobody reads. */
static void pack_x(const struct linear_form *form, struct geometry g, const struct linear *l, size_t row, size_t rows, char *packed) {
    size_t all = depth(form, g, l->k), bytes = l->k * form->bytes, part = all >> (g.quad_log2 - 5);
    for (size_t i = 0; i < rows; i++) {
        size_t strip = i & -g.height, stride = strip_blocks(g, rows - strip) * g.r * g.step;
        const char *from = (const char *)l->x + (row + i) * l->x_stride;
        char *to = packed + strip * all + (i - strip) * g.step;
        for (size_t done = 0; done < all; done += part, to += WORD)
            linear_pack_row(to, from + done, bytes > done ? least(bytes - done, part) : 0, part, stride);
    }
}

void linear(const struct linear_form *form, const struct linear *l) {
    struct geometry g = geometry(form);
    size_t all = depth(form, g, l->k), most = block_rows(g), r = g.r;
    if (form->unit) {
        linear_by_unit(form, all, l);
        return;
    }
    for (size_t row = 0; row < l->m; row += most) {
        size_t rows = least(most, l->m - row), x_stride = r == 1 ? l->x_stride : all;
        size_t chunk = rows <= g.height ? all : up(4 * most, g.quad); /* by as many columns: the budget again */
        char *acc = l->scratch, *packed = acc + up(4 * g.columns * up(rows, g.height), 64);
        const char *x = (const char *)l->x + row * l->x_stride;
        if (r != 1) {
            pack_x(form, g, l, row, rows, packed);
            x = packed;
        }
        for (size_t first = 0; first < l->n; first += g.columns) {
            size_t some = least(g.columns, l->n - first), columns = r == 1 ? some : g.columns;
            const char *w = (const char *)l->w + first * all;
            for (size_t p = 0; p < all; p += chunk) {
                size_t bytes = least(chunk, all - p);
                size_t flags = (p ? 0 : LINEAR_FIRST) | (p + bytes < all ? 0 : LINEAR_LAST);
                for (size_t i = 0; i < rows; i += g.height) {
                    size_t blocks = strip_blocks(g, rows - i);
                    const char *strip = x + i * x_stride + p * blocks * r;
                    form->tiles[blocks - 1](bytes >> g.quad_log2, strip, w + p * columns, acc + 4 * g.columns * i, flags, columns);
                }
            }
            for (size_t i = 0; i < rows; i++) {
                size_t stride = 4 * g.piece * r;
                const char *sums = acc + 4 * g.columns * (i & -r) + 4 * g.piece * (i & (r - 1));
                float *y = l->y + (row + i) * l->n + first;
                if (l->w_scale)
                    linear_scale_row(some, sums, g.piece, stride, l->w_scale + first, y, l->x_scale[row + i]);
                else
                    linear_copy_row(some, sums, g.piece, stride, y);
            }
        }
    }
}
