/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A language model that writes text:
 *
 *     llama <checkpoint> <tokenizer> [prompt=<text>] [tokens=<n>] [temperature=<t>] [top_p=<p>] [top_k=<k>] [seed=<n>]
 *           [int8=rvv|dod|qoq|ime|xsfmm|zvt] [ids]
 *
 * checkpoint   in a format of llama2.c: version 0 (fp32) or 2 (int8), see model.c; - is standard input
 * tokenizer    its file, see tokenizer.c; - is standard input, behind the checkpoint if that is there too
 * tokens       stop after so many, those of the prompt included (default 256, at most the context of the model)
 * temperature  0, the default, takes the most likely token
 * top_p top_k  otherwise the k likeliest are kept (default 40), of these the smallest set that has this probability (default 0.9)
 * seed         of the choice among them (default 1)
 * int8         multiply in int8 with a scale a row, made of an fp32 checkpoint, by standard vectors or by Xsfvqmaccdod, Xsfvqmaccqoq,
 *              Xsmtvdot, Xsfmm32a8i or Zvti8i32mm
 * ids          print the most likely token after each position as a number instead of text, and go on behind the end of the text
 *
 * The text goes to standard output token by token, as far as it can be printed. Exit status: 2 for a wrong command line, 1 for a
 * wrong file. Each kernel is a region of its own inside the region `token`, a position of the text.
 */
#include "llama.h"
#include "rt_sys.h"
#include "rvtile.h"

/* ---- files and memory -------------------------------------------------------------------------------------------- */

void fail(const char *name, const char *why) {
    put("llama: ");
    put(name);
    put(": ");
    put(why);
    put("\n");
    flush(2);
    rt_exit(1);
}

void *allocate(size_t bytes) {
    size_t whole = (bytes + PAGE) & -(size_t)PAGE;
    long p = syscall6(SYS_MMAP, 0, (long)whole, PROT_RW, MAP_PRIVATE_ANONYMOUS, -1, 0);
    if (p < 0 && p > -PAGE)
        fail("memory", "there is not enough");
    return (void *)p;
}

void read_exact(const struct file *file, void *dst, size_t bytes) {
    char *p = dst;
    while (bytes) {
        long n = syscall6(SYS_READ, file->fd, (long)p, (long)bytes, 0, 0, 0);
        if (n < 0)
            fail(file->name, "cannot be read");
        if (n == 0)
            fail(file->name, "ends too early for what its head announces");
        p += n;
        bytes -= (size_t)n;
    }
}

static struct file open_file(const char *name) {
    enum { AT_FDCWD = -100, O_RDONLY = 0 };
    if (equal(name, "-"))
        return (struct file){"standard input", 0};
    long fd = syscall6(SYS_OPENAT, AT_FDCWD, (long)name, O_RDONLY, 0, 0, 0);
    if (fd < 0)
        fail(name, "cannot be opened");
    return (struct file){name, (int)fd};
}

/* ---- choosing ---------------------------------------------------------------------------------------------------- */

struct choice {
    float temperature, top_p;
    uint64_t top_k, seed;
    float *values; /* top_k of each */
    uint32_t *indices;
    void *scratch;
};

/* In [0, 1), by the same generator as the inputs of the kernels. */
static float uniform(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (float)(*state >> 40) * 0x1p-24f;
}

static size_t choose(struct choice *c, size_t n, const float *logits) {
    size_t token;
    if (c->temperature == 0) {
        rvtile_region_begin("argmax");
        token = argmax_f32(n, logits);
        rvtile_region_end("argmax");
        return token;
    }
    rvtile_region_begin("top_k top_p");
    size_t found = top_k_f32(n, logits, c->top_k, c->values, c->indices, c->scratch);
    token = found ? c->indices[sample_top_p(found, c->values, c->temperature, c->top_p, uniform(&c->seed))] : 0;
    rvtile_region_end("top_k top_p");
    return token;
}

/* ---- the program ------------------------------------------------------------------------------------------------- */

__attribute__((noreturn)) static void usage(const char *why) {
    put("llama: ");
    put(why);
    put("\nusage: llama <checkpoint> <tokenizer> [prompt=<text>] [tokens=<n>] [temperature=<t>] [top_p=<p>] [top_k=<k>] [seed=<n>] "
        "[int8=rvv|dod|qoq|ime|xsfmm|zvt] [ids]\n");
    flush(2);
    rt_exit(2);
}

/* Digits with at most one point, such as 0.8. */
static int parse_decimal(const char *s, float *value) {
    double v = 0, unit = 1;
    int digits = 0, point = 0;
    for (; *s; s++) {
        if (*s == '.' && !point) {
            point = 1;
            continue;
        }
        if (*s < '0' || *s > '9')
            return 0;
        v = v * 10 + (*s - '0');
        unit *= point ? 10 : 1;
        digits++;
    }
    *value = (float)(v / unit);
    return digits > 0 && digits < 16;
}

/* What multiplies matrices in int8 with a scale a row; NULL if there is nothing of that name. */
static const struct linear_form *form_of(const char *name) {
    static const struct {
        const char *name;
        const struct linear_form *form;
    } forms[] = {{"rvv", &linear_rvv}, {"dod", &linear_dod},     {"qoq", &linear_qoq},
                 {"ime", &linear_ime}, {"xsfmm", &linear_xsfmm}, {"zvt", &linear_zvt}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (equal(name, forms[i].name))
            return forms[i].form;
    return NULL;
}

/* Control characters could play tricks on a terminal. */
static void print_piece(struct piece piece) {
    for (size_t i = 0; i < piece.bytes; i++) {
        char c[2] = {piece.text[i], 0};
        if ((unsigned char)c[0] >= ' ' || c[0] == '\n' || c[0] == '\t')
            put(c);
    }
    flush(1);
}

static void print_id(size_t token) {
    put_number(token, 10, 1);
    put("\n");
    flush(1);
}

static size_t length(const char *s) {
    size_t n = 0;
    while (s[n])
        n++;
    return n;
}

__attribute__((noreturn, used)) void rt_start(const uint64_t *stack) {
    uint64_t argc = stack[0];
    const char *const *argv = (const char *const *)(stack + 1);
    const char *prompt = "", *value;
    struct choice choice = {.temperature = 0, .top_p = 0.9f, .top_k = 40, .seed = 1};
    uint64_t positions = 256;
    const struct linear_form *form = NULL;
    int ids = 0;

    if (argc < 3)
        usage("a checkpoint and a tokenizer are needed");
    for (uint64_t i = 3; i < argc; i++) {
        if (equal(argv[i], "ids"))
            ids = 1;
        else if ((value = after(argv[i], "prompt=")))
            prompt = value;
        else if ((value = after(argv[i], "tokens=")) && parse_u64(value, &positions) && positions)
            ;
        else if ((value = after(argv[i], "temperature=")) && parse_decimal(value, &choice.temperature))
            ;
        else if ((value = after(argv[i], "top_p=")) && parse_decimal(value, &choice.top_p) && choice.top_p <= 1)
            ;
        else if ((value = after(argv[i], "top_k=")) && parse_u64(value, &choice.top_k) && choice.top_k)
            ;
        else if ((value = after(argv[i], "seed=")) && parse_u64(value, &choice.seed))
            ;
        else if ((value = after(argv[i], "int8=")) && (form = form_of(value)))
            ;
        else
            usage(argv[i]);
    }

    static struct model model;
    static struct tokenizer tokenizer;
    struct file checkpoint = open_file(argv[1]), pieces = open_file(argv[2]);
    positions = model_load(&model, &checkpoint, positions, form);
    tokenizer_load(&tokenizer, &pieces, model.vocabulary);
    size_t *tokens = allocate((length(prompt) + 2) * sizeof *tokens);
    size_t given = tokenizer_encode(&tokenizer, prompt, tokens);
    if (given > positions)
        usage("the prompt is longer than the text may become");
    choice.top_k = choice.top_k < model.vocabulary ? choice.top_k : model.vocabulary;
    choice.values = allocate(4 * choice.top_k), choice.indices = allocate(4 * choice.top_k);
    choice.scratch = allocate(TOP_K_SCRATCH);

    size_t token = BEGIN;
    for (size_t position = 0; position < positions; position++) {
        rvtile_region_begin("token");
        size_t next = choose(&choice, model.vocabulary, model_forward(&model, token, position));
        rvtile_region_end("token");
        if (ids)
            print_id(next);
        if (position + 1 < given)
            next = tokens[position + 1];
        else if (next <= END && !ids)
            break;
        if (!ids)
            print_piece(tokenizer_decode(&tokenizer, token, next));
        token = next;
    }
    put("\n");
    flush(1);
    rt_exit(0);
}
