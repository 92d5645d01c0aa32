/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Y = X W^T for few rows of X or many: one driver, one layout of the weights, tiles by form.
 *
 *     for each block of rows of X: pack it, then
 *         for each panel of W, for each chunk of k:
 *             for each strip of the block: sums of one tile, which continue those of the chunk before
 *         scale the rows of the panel
 *
 * A chunk of a panel is 16 KiB: it stays in the L1D while all strips pass. The sums of a block by a panel are 16 KiB as well, which is
 * 128 rows of 32 columns: so W comes from memory once in 128 rows, and a chunk's tile moves its sums in 6 % of the time that its
 * multiplies take. A single strip needs no chunks: its sums stay in registers. */
#include "linear.h"

enum { BUDGET = 16384, QUAD = 32, STEP = 8, BEYOND_STEPS = 8 };

const struct linear_form linear_rvv = {1, 0, 1, {linear_rvv_tile}};
const struct linear_form linear_dod = {1, 1, 8, {linear_dod_tile1, linear_dod_tile2, NULL, linear_dod_tile4}};
const struct linear_form linear_qoq = {1, 2, 8, {linear_qoq_tile1, linear_qoq_tile2}};
const struct linear_form linear_qqq = {2, 2, 8, {linear_qqq_tile1, linear_qqq_tile2}};

static size_t vlenb(void) {
    size_t bytes;
    __asm__("csrr %0, vlenb" : "=r"(bytes));
    return bytes;
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* To a multiple of a power of two: with small matrices a division would be felt. */
static size_t up(size_t n, size_t step) { return (n + step - 1) & -step; }

/* How blocks lie in their sums: `fields` registers (or pairs of them) with `turns` blocks each; a row of them leaves in `turns` pieces. */
struct geometry {
    size_t columns, fields, turns, piece;
};

static struct geometry geometry(const struct linear_form *form) {
    if (form->block_log2 == 0)
        return (struct geometry){panel_rows(), 1, 1, panel_rows()};
    size_t r = (size_t)1 << form->block_log2, turns = vlenb() >> (2 + 2 * form->block_log2);
    struct geometry g;
    g.fields = turns ? 2 * r : r;
    g.turns = turns ? turns : 1;
    g.piece = g.fields * r;
    g.columns = g.piece * g.turns;
    return g;
}

/* Bytes of a row of X or W. */
static size_t depth(const struct linear_form *form, size_t k) { return up(k * form->bytes, QUAD); }

static size_t block_rows(const struct linear_form *form, size_t columns) {
    size_t rows = BUDGET / 4 / columns;
    return rows > form->height ? rows : form->height;
}

/* Blocks of a strip of so many rows: three are filled up to four. */
static size_t strip_blocks(const struct linear_form *form, size_t rows) {
    size_t blocks = (least(rows, form->height) + ((size_t)1 << form->block_log2) - 1) >> form->block_log2;
    return blocks == 3 ? 4 : blocks;
}

/* Loads run beyond the end of W and of packed X. */
static size_t beyond(void) { return BEYOND_STEPS * (STEP * LINEAR_HEIGHT + 4 * vlenb()); }

size_t linear_packed_bytes(const struct linear_form *form, size_t k, size_t n) {
    size_t columns = geometry(form).columns;
    return depth(form, k) * (form->block_log2 == 0 ? n : up(n, columns)) + beyond();
}

size_t linear_scratch_bytes(const struct linear_form *form, size_t m, size_t k) {
    size_t columns = geometry(form).columns, rows = least(up(m, form->height), block_rows(form, columns));
    return up(4 * columns * rows, 64) + (form->block_log2 == 0 ? 0 : rows * depth(form, k) + beyond());
}

/* Where column x of a panel has byte b of k. */
static size_t place(const struct linear_form *form, struct geometry g, size_t columns, size_t x, size_t b) {
    size_t r = (size_t)1 << form->block_log2;
    if (r == 1)
        return b * columns + x;
    /* Neighbours in a row of sums that has left are the same place of all fields. */
    size_t turn = x / g.piece, pair = x / (2 * g.fields) % (r / 2), field = x / 2 % g.fields;
    size_t step = STEP / form->bytes, k = b / form->bytes;
    size_t element = ((field * g.turns + turn) * step + k % step) * r + 2 * pair + x % 2;
    return k / step * STEP * columns + element * form->bytes + b % form->bytes;
}

void linear_pack(const struct linear_form *form, size_t k, size_t n, const void *w, size_t k_stride, size_t n_stride, void *dst) {
    struct geometry g = geometry(form);
    size_t bytes = form->bytes, all = depth(form, k);
    for (size_t first = 0; first < n; first += g.columns) {
        size_t columns = form->block_log2 == 0 ? least(g.columns, n - first) : g.columns;
        char *panel = (char *)dst + first * all;
        for (size_t x = 0; x < columns; x++) {
            const char *from = (const char *)w + (first + x) * n_stride * bytes;
            for (size_t b = 0; b < all; b++)
                panel[place(form, g, columns, x, b)] =
                    first + x < n && b < k * bytes ? from[b / bytes * k_stride * bytes + b % bytes] : 0;
        }
    }
}

/* Strips of up to `height` rows; in each step the blocks of a strip, each row by row. Rows that do not exist hold anything: so do
 * their sums, which nobody reads. */
static void pack_x(const struct linear_form *form, const struct linear *l, size_t row, size_t rows, char *packed) {
    size_t all = depth(form, l->k);
    for (size_t i = 0; i < rows; i++) {
        size_t strip = i & -form->height, height = strip_blocks(form, rows - strip) << form->block_log2;
        linear_pack_row(packed + strip * all + (i - strip) * STEP, (const char *)l->x + (row + i) * l->x_stride,
                        l->k * form->bytes, all, height * STEP);
    }
}

void linear(const struct linear_form *form, const struct linear *l) {
    struct geometry g = geometry(form);
    size_t all = depth(form, l->k), most = block_rows(form, g.columns), r = (size_t)1 << form->block_log2;
    for (size_t row = 0; row < l->m; row += most) {
        size_t rows = least(most, l->m - row), x_stride = r == 1 ? l->x_stride : all;
        size_t chunk = rows <= form->height ? all : up(4 * most, QUAD); /* by as many columns: the budget again */
        char *acc = l->scratch, *packed = acc + up(4 * g.columns * up(rows, form->height), 64);
        const char *x = (const char *)l->x + row * l->x_stride;
        if (r != 1) {
            pack_x(form, l, row, rows, packed);
            x = packed;
        }
        for (size_t first = 0; first < l->n; first += g.columns) {
            size_t some = least(g.columns, l->n - first), columns = r == 1 ? some : g.columns;
            const char *w = (const char *)l->w + first * all;
            for (size_t p = 0; p < all; p += chunk) {
                size_t bytes = least(chunk, all - p);
                size_t flags = (p ? 0 : LINEAR_FIRST) | (p + bytes < all ? 0 : LINEAR_LAST);
                for (size_t i = 0; i < rows; i += form->height) {
                    size_t blocks = strip_blocks(form, rows - i);
                    const char *strip = x + i * x_stride + p * blocks * r;
                    form->tiles[blocks - 1](bytes / QUAD, strip, w + p * columns, acc + 4 * g.columns * i, flags, columns);
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
