/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The parts of the language model program: files and memory (main.c), the network (model.c), text (tokenizer.c). */
#ifndef LLAMA_H
#define LLAMA_H

#include <stddef.h>
#include <stdint.h>

#include "rvtile_kernels.h"

/* ---- main.c ------------------------------------------------------------------------------------------------------ */

/* A file that is read once from front to back; its name is for messages. */
struct file {
    const char *name;
    int fd;
};

/* Says what is wrong with which file and ends the program with status 1. */
__attribute__((noreturn)) void fail(const char *name, const char *why);
/* Zeroed memory, aligned to a page. */
void *allocate(size_t bytes);
/* The next bytes of a file; too few are an error. */
void read_exact(const struct file *file, void *dst, size_t bytes);

/* ---- model.c ----------------------------------------------------------------------------------------------------- */

/* Special tokens. */
enum { UNKNOWN, BEGIN, END, BYTES };

/* rows x cols in panels: of fp32, of Q8_0, or of int8 with a scale a row as linear() has it. */
struct matrix {
    size_t rows, cols;
    const void *panels;
    const float *scale;
};

struct model {
    size_t dim, hidden, layers, heads, kv_heads, vocabulary, context;
    size_t head_dim, kv_dim;
    int quantized;                   /* the checkpoint is int8 */
    const struct linear_form *linear; /* what multiplies int8 rows that were made of an fp32 checkpoint; else NULL */

    const float *attention_norm, *ffn_norm, *final_norm; /* layers x dim, layers x dim, dim */
    const float *embedding;                              /* vocabulary x dim; NULL if there are blocks instead */
    const struct block_q8_0 *embedding_blocks;
    struct matrix *wq, *wk, *wv, *wo, *w1, *w2, *w3; /* one a layer */
    struct matrix head;

    struct kv_cache *cache;    /* one a layer */
    float *cosine, *sine;      /* positions x head_dim / 2 */
    float *x, *y, *q, *k, *v;  /* dim (k, v: kv_dim): the stream, a normed or mixed vector, one token's projections */
    float *gate, *up;          /* hidden */
    float *logits;             /* vocabulary */
    int8_t *xq;                /* an activation in int8 and its scales */
    float *xd;
    void *scratch;
};

/* Reads a checkpoint and makes room for so many positions (at most its context; 0: as many as that). Returns the number. With a form, the
 * matrices of an fp32 checkpoint become int8 with a scale a row. */
size_t model_load(struct model *m, const struct file *file, size_t positions, const struct linear_form *form);
/* Logits of what follows `token` at a position, those before it having been run in order. */
const float *model_forward(struct model *m, size_t token, size_t position);

/* ---- tokenizer.c ------------------------------------------------------------------------------------------------- */

struct piece {
    float score;
    uint32_t bytes;
    const char *text;
};

struct tokenizer {
    size_t size;
    struct piece *pieces;
};

void tokenizer_load(struct tokenizer *t, const struct file *file, size_t vocabulary);
/* Tokens of a text, BEGIN in front; `tokens` has room for 2 more than the text has bytes. Returns how many. */
size_t tokenizer_encode(const struct tokenizer *t, const char *text, size_t *tokens);
/* The text of a token that follows another one; it lives until the next call. */
struct piece tokenizer_decode(const struct tokenizer *t, size_t previous, size_t token);

#endif
