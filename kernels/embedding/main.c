/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Rows of an embedding table for a list of tokens: token i is (i * 7919 + 1) mod vocabulary. */
#include "rt_quant.h"

static size_t tokens, vocabulary, d, blocks;
static const float *table;
static const void *quantised;
static float *y;
static enum { F32, Q8_0, Q4_0 } format;

static size_t token(size_t i) { return (i * 7919 + 1) % vocabulary; }

static float element(size_t row, size_t j) {
    if (format == F32)
        return table[row * d + j];
    size_t block = row * blocks + j / 32, place = j % 32;
    if (format == Q8_0) {
        const struct block_q8_0 *b = (const struct block_q8_0 *)quantised + block;
        return rt_from_f16(b->d) * (float)b->qs[place];
    }
    const struct block_q4_0 *b = (const struct block_q4_0 *)quantised + block;
    int byte = b->qs[place % 16];
    return rt_from_f16(b->d) * (float)((place < 16 ? byte & 15 : byte >> 4) - 8);
}

static void sizes(const uint64_t *dims) { tokens = dims[0], vocabulary = dims[1], d = dims[2], blocks = (d + 31) / 32; }

static void setup_f32(const uint64_t *dims) {
    sizes(dims);
    table = rt_input("table", RT_F32, vocabulary, d);
    y = rt_array("y", RT_F32, RT_OUTPUT, tokens, d);
}

static void setup_q8_0(const uint64_t *dims) {
    sizes(dims);
    format = Q8_0;
    quantised = rt_input_blocks(vocabulary, blocks, 32);
    y = rt_array("y", RT_F32, RT_OUTPUT, tokens, d);
}

static void setup_q4_0(const uint64_t *dims) {
    sizes(dims);
    format = Q4_0;
    quantised = rt_input_blocks(vocabulary, blocks, 16);
    y = rt_array("y", RT_F32, RT_OUTPUT, tokens, d);
}

static void run(enum rt_variant variant) {
    for (size_t i = 0; i < tokens; i++) {
        size_t row = token(i);
        float *out = y + i * d;
        if (variant == RT_SCALAR)
            for (size_t j = 0; j < d; j++)
                out[j] = element(row, j);
        else if (format == F32)
            embedding_f32(d, table + row * d, out);
        else if (format == Q8_0)
            embedding_q8_0(d, (const struct block_q8_0 *)quantised + row * blocks, out);
        else
            embedding_q4_0(d, (const struct block_q4_0 *)quantised + row * blocks, out);
    }
}

static const char *validate(const uint64_t *dims) {
    return dims[0] && dims[1] && dims[2] ? NULL : "tokens, vocabulary and d must be at least 1";
}

#define EMBEDDING(FORMAT)                                                                                              \
    {                                                                                                                  \
        .name = "embedding_" #FORMAT, .dims_help = "<tokens> <vocabulary> <d>", .dims = 3, .validate = validate,       \
        .setup = setup_##FORMAT, .run = run,                                                                           \
    }

const struct rt_kernel rt_kernels[] = {EMBEDDING(f32), EMBEDDING(q8_0), EMBEDDING(q4_0), {0}};
