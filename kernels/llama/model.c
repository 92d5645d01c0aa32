/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A network of the Llama 2 architecture on the vector kernels. Checkpoints, all numbers little-endian:
 *
 * - Version 0, fp32: seven int32 (dim, hidden, layers, heads, key heads, vocabulary, context; the vocabulary negative if the head is
 *   not the embedding), then embedding, attention norms, wq, wk, wv, wo, ffn norms, w1, w2, w3, final norm, two unused tables of
 *   context x head_dim / 2, and the head if it is not the embedding. A tensor holds all its layers in a row.
 * - Version 2, int8: "ak42" read as a number, 2, the seven int32, one byte (1: the head is the embedding), int32 group size, up to byte
 *   256 nothing; then in fp32 attention norms, ffn norms, final norm; then embedding, wq, wk, wv, wo, w1, w2, w3 and maybe the head,
 *   layer by layer all int8 and then all fp32 scales, one a group of a row. Groups are cut into blocks of 32 with fp16 scales.
 */
#include "llama.h"
#include "rt_quant.h"
#include "rvtile.h"

enum { MAGIC = 0x616b3432, HEADER = 256 };
enum { BLOCK = 32 };

#define EPSILON 1e-5f

/* One region a kernel and place, under these names in reports. */
#define REGION(name, call)                                                                                             \
    do {                                                                                                               \
        rvtile_region_begin(name);                                                                                     \
        call;                                                                                                          \
        rvtile_region_end(name);                                                                                       \
    } while (0)

/* ---- loading ----------------------------------------------------------------------------------------------------- */

static const float *read_f32(const struct file *file, size_t n) {
    float *data = allocate(4 * n);
    read_exact(file, data, 4 * n);
    return data;
}

/* To panels, fp32 or, with a form, int8 with one scale a row: an output channel. */
static struct matrix convert(const struct linear_form *form, size_t rows, size_t cols, const float *f32) {
    if (!form) {
        float *panels = allocate(panels_f32_bytes(rows, cols));
        pack_f32(rows, cols, f32, panels);
        return (struct matrix){.rows = rows, .cols = cols, .panels = panels};
    }
    int8_t *q = allocate(rows * cols);
    float *scale = allocate(4 * rows);
    for (size_t i = 0; i < rows; i++)
        scale[i] = rt_quantize(cols, f32 + i * cols, q + i * cols);
    void *packed = allocate(linear_packed_bytes(form, cols, rows));
    linear_pack(form, cols, rows, q, 1, cols, packed);
    return (struct matrix){.rows = rows, .cols = cols, .panels = packed, .scale = scale};
}

static struct matrix *read_matrices(struct model *m, const struct file *file, size_t rows, size_t cols) {
    struct matrix *all = allocate(m->layers * sizeof *all);
    for (size_t l = 0; l < m->layers; l++)
        all[l] = convert(m->linear, rows, cols, read_f32(file, rows * cols));
    return all;
}

/* The next int8 tensor as blocks, row by row. */
static struct block_q8_0 *read_blocks(const struct file *file, size_t rows, size_t cols, size_t group) {
    size_t n = rows * cols;
    int8_t *q = allocate(n);
    float *scales = allocate(n / group * 4);
    read_exact(file, q, n);
    read_exact(file, scales, n / group * 4);
    struct block_q8_0 *blocks = allocate(n / BLOCK * sizeof *blocks);
    for (size_t i = 0; i < n; i++) {
        if (i % BLOCK == 0)
            blocks[i / BLOCK].d = rt_to_f16(scales[i / group]);
        blocks[i / BLOCK].qs[i % BLOCK] = q[i];
    }
    return blocks;
}

static struct matrix pack(size_t rows, size_t cols, const struct block_q8_0 *blocks) {
    void *panels = allocate(panels_q8_0_bytes(rows, cols));
    pack_q8_0(rows, cols, blocks, panels);
    return (struct matrix){.rows = rows, .cols = cols, .panels = panels};
}

static struct matrix *read_quantized(const struct file *file, size_t layers, size_t rows, size_t cols, size_t group) {
    struct matrix *all = allocate(layers * sizeof *all);
    for (size_t l = 0; l < layers; l++)
        all[l] = pack(rows, cols, read_blocks(file, rows, cols, group));
    return all;
}

static void load_f32(struct model *m, const struct file *file, int shared) {
    m->embedding = read_f32(file, m->vocabulary * m->dim);
    m->attention_norm = read_f32(file, m->layers * m->dim);
    m->wq = read_matrices(m, file, m->dim, m->dim);
    m->wk = read_matrices(m, file, m->kv_dim, m->dim);
    m->wv = read_matrices(m, file, m->kv_dim, m->dim);
    m->wo = read_matrices(m, file, m->dim, m->dim);
    m->ffn_norm = read_f32(file, m->layers * m->dim);
    m->w1 = read_matrices(m, file, m->hidden, m->dim);
    m->w2 = read_matrices(m, file, m->dim, m->hidden);
    m->w3 = read_matrices(m, file, m->hidden, m->dim);
    m->final_norm = read_f32(file, m->dim);
    read_f32(file, m->context * m->head_dim);
    const float *head = shared ? m->embedding : read_f32(file, m->vocabulary * m->dim);
    m->head = convert(m->linear, m->vocabulary, m->dim, head);
}

static void load_quantized(struct model *m, const struct file *file, int shared, size_t group) {
    if (group == 0 || group % BLOCK || m->dim % group || m->hidden % group)
        fail(file->name, "groups must be a multiple of 32 and a divisor of dim and hidden size");
    m->attention_norm = read_f32(file, m->layers * m->dim);
    m->ffn_norm = read_f32(file, m->layers * m->dim);
    m->final_norm = read_f32(file, m->dim);
    m->embedding_blocks = read_blocks(file, m->vocabulary, m->dim, group);
    m->wq = read_quantized(file, m->layers, m->dim, m->dim, group);
    m->wk = read_quantized(file, m->layers, m->kv_dim, m->dim, group);
    m->wv = read_quantized(file, m->layers, m->kv_dim, m->dim, group);
    m->wo = read_quantized(file, m->layers, m->dim, m->dim, group);
    m->w1 = read_quantized(file, m->layers, m->hidden, m->dim, group);
    m->w2 = read_quantized(file, m->layers, m->dim, m->hidden, group);
    m->w3 = read_quantized(file, m->layers, m->hidden, m->dim, group);
    const struct block_q8_0 *head = shared ? m->embedding_blocks : read_blocks(file, m->vocabulary, m->dim, group);
    m->head = pack(m->vocabulary, m->dim, head);
}

/* The seven sizes; messages say which one is out of range. */
static void set_sizes(struct model *m, const struct file *file, const int32_t *sizes) {
    static const char *const wrong[] = {"dim is not from 1 to 65536",         "hidden size is not from 1 to 262144",
                                        "layers are not from 1 to 1024",      "heads are not from 1 to 1024",
                                        "key heads are not from 1 to 1024",   "vocabulary is not from 4 to 1048576",
                                        "context is not from 1 to 1048576"};
    static const int32_t most[] = {65536, 262144, 1024, 1024, 1024, 1048576, 1048576};
    for (int i = 0; i < 7; i++)
        if (sizes[i] < (i == 5 ? 4 : 1) || sizes[i] > most[i])
            fail(file->name, wrong[i]);
    m->dim = (size_t)sizes[0], m->hidden = (size_t)sizes[1], m->layers = (size_t)sizes[2], m->heads = (size_t)sizes[3];
    m->kv_heads = (size_t)sizes[4], m->vocabulary = (size_t)sizes[5], m->context = (size_t)sizes[6];
    if (m->dim % m->heads || m->heads % m->kv_heads || m->dim / m->heads % 2)
        fail(file->name, "dim must be heads times an even number, heads a multiple of key heads");
    m->head_dim = m->dim / m->heads;
    m->kv_dim = m->kv_heads * m->head_dim;
}

/* Sine and cosine of an angle of at least 0: whole turns are taken off, then a Taylor series up to pi, in double precision. */
static void sincos_f64(double angle, float *sine, float *cosine) {
    const double turn = 0x1.921fb54442d18p+2;
    double x = angle - turn * (double)(int64_t)(angle / turn + 0.5), s = 0, c = 0, term = 1;
    for (int i = 1; i < 30; i += 2) {
        c += term;
        term *= x / i;
        s += term;
        term *= -x / (i + 1);
    }
    *sine = (float)s, *cosine = (float)c;
}

/* Pair i of a head turns by position / 10000^(2i / head_dim). */
static void fill_rope(struct model *m, size_t positions) {
    size_t pairs = m->head_dim / 2;
    m->cosine = allocate(4 * positions * pairs), m->sine = allocate(4 * positions * pairs);
    /* exp(t) as (exp(t / 1024))^1024 */
    double t = -0x1.26bb1bbb55516p+3 / (double)pairs / 1024, step = 1, term = 1, frequency = 1;
    for (int i = 1; i < 12; i++)
        step += term *= t / i;
    for (int i = 0; i < 10; i++)
        step *= step;
    for (size_t i = 0; i < pairs; i++, frequency *= step)
        for (size_t p = 0; p < positions; p++)
            sincos_f64((double)p * frequency, m->sine + p * pairs + i, m->cosine + p * pairs + i);
}

static void make_room(struct model *m, size_t positions) {
    m->cache = allocate(m->layers * sizeof *m->cache);
    for (size_t l = 0; l < m->layers; l++) {
        struct kv_cache *c = &m->cache[l];
        *c = (struct kv_cache){.format = KV_F32, .kv_heads = m->kv_heads, .head_dim = m->head_dim, .capacity = positions};
        c->k = allocate(kv_cache_key_bytes(c)), c->v = allocate(kv_cache_value_bytes(c));
    }
    m->x = allocate(4 * m->dim), m->y = allocate(4 * m->dim), m->q = allocate(4 * m->dim);
    m->k = allocate(4 * m->kv_dim), m->v = allocate(4 * m->kv_dim);
    m->gate = allocate(4 * m->hidden), m->up = allocate(4 * m->hidden);
    m->logits = allocate(4 * m->vocabulary);
    size_t longest = m->dim > m->hidden ? m->dim : m->hidden;
    m->xq = allocate(longest + BLOCK), m->xd = allocate(4 * (longest / BLOCK + 1));
    size_t scratch = attention_decode_scratch(m->head_dim, positions);
    if (m->linear && scratch < linear_scratch_bytes(m->linear, 1, longest))
        scratch = linear_scratch_bytes(m->linear, 1, longest);
    m->scratch = allocate(scratch);
}

size_t model_load(struct model *m, const struct file *file, size_t positions, const struct linear_form *form) {
    int32_t first[7];
    read_exact(file, first, sizeof first);
    if (first[0] == MAGIC) {
        char header[HEADER];
        for (size_t i = 0; i < sizeof first; i++)
            header[i] = ((const char *)first)[i];
        read_exact(file, header + sizeof first, HEADER - sizeof first);
        if (first[1] != 2)
            fail(file->name, "of the checkpoints marked ak42 only version 2 (int8) can be read");
        set_sizes(m, file, (const int32_t *)header + 2);
        int32_t group;
        __builtin_memcpy(&group, header + 37, sizeof group);
        if (form)
            fail(file->name, "int8= makes int8 of an fp32 checkpoint, and this one is int8");
        m->quantized = 1;
        load_quantized(m, file, header[36], (size_t)(group < 0 ? 0 : group));
    } else {
        int shared = first[5] > 0;
        first[5] = shared ? first[5] : -first[5];
        set_sizes(m, file, first);
        m->linear = form;
        load_f32(m, file, shared);
    }
    if (positions == 0 || positions > m->context)
        positions = m->context;
    fill_rope(m, positions);
    make_room(m, positions);
    return positions;
}

/* ---- one token --------------------------------------------------------------------------------------------------- */

/* Quantises what the next products read; nothing to do in fp32. */
static void quantize(struct model *m, size_t n, const float *x) {
    if (m->quantized)
        REGION("quantize_q8_0", quantize_q8_0(n, x, m->xq, m->xd));
    if (m->linear)
        REGION("quantize_i8", m->xd[0] = quantize_i8(n, x, m->xq));
}

/* y = w x, with x as last quantised if the weights are. */
static void multiply(struct model *m, const struct matrix *w, const float *x, float *y) {
    if (m->quantized) {
        gemv_q8_0(w->rows, w->cols, w->panels, m->xq, m->xd, y);
    } else if (m->linear) {
        struct linear l = {
            .m = 1,
            .k = w->cols,
            .n = w->rows,
            .x = m->xq,
            .x_stride = (w->cols + 31) / 32 * 32,
            .x_scale = m->xd,
            .w = w->panels,
            .w_scale = w->scale,
            .y = y,
            .scratch = m->scratch,
        };
        linear(m->linear, &l);
    } else {
        gemv_f32(w->rows, w->cols, w->panels, x, y);
    }
}

static void attention(struct model *m, size_t layer, size_t position) {
    size_t pairs = m->head_dim / 2;
    const float *cosine = m->cosine + position * pairs, *sine = m->sine + position * pairs;
    REGION("rmsnorm", rmsnorm_f32(1, m->dim, m->x, m->attention_norm + layer * m->dim, EPSILON, m->y));
    quantize(m, m->dim, m->y);
    REGION("gemv wq", multiply(m, &m->wq[layer], m->y, m->q));
    REGION("gemv wk wv", {
        multiply(m, &m->wk[layer], m->y, m->k);
        multiply(m, &m->wv[layer], m->y, m->v);
    });
    REGION("rope_interleaved", {
        rope_interleaved_f32(m->heads, m->head_dim, m->head_dim, m->q, cosine, sine, m->q);
        rope_interleaved_f32(m->kv_heads, m->head_dim, m->head_dim, m->k, cosine, sine, m->k);
    });
    REGION("kv_cache_store", kv_cache_store(&m->cache[layer], position, m->k, m->v));
    struct attention_decode a = {
        .cache = m->cache[layer],
        .heads = m->heads,
        .positions = position + 1,
        .q = m->q,
        .scale = 1 / __builtin_sqrtf((float)m->head_dim),
        .out = m->y,
        .scratch = m->scratch,
    };
    REGION("attention_decode", attention_decode(&a));
    quantize(m, m->dim, m->y);
    REGION("gemv wo", multiply(m, &m->wo[layer], m->y, m->q));
    REGION("residual", add_f32(m->dim, m->x, m->q, m->x));
}

static void feed_forward(struct model *m, size_t layer) {
    REGION("rmsnorm", rmsnorm_f32(1, m->dim, m->x, m->ffn_norm + layer * m->dim, EPSILON, m->y));
    quantize(m, m->dim, m->y);
    REGION("gemv w1 w3", {
        multiply(m, &m->w1[layer], m->y, m->gate);
        multiply(m, &m->w3[layer], m->y, m->up);
    });
    REGION("swiglu", swiglu_f32(m->hidden, m->gate, m->up, m->up));
    quantize(m, m->hidden, m->up);
    REGION("gemv w2", multiply(m, &m->w2[layer], m->up, m->y));
    REGION("residual", add_f32(m->dim, m->x, m->y, m->x));
}

const float *model_forward(struct model *m, size_t token, size_t position) {
    if (m->quantized)
        REGION("embedding", embedding_q8_0(m->dim, m->embedding_blocks + token * (m->dim / BLOCK), m->x));
    else
        REGION("embedding", embedding_f32(m->dim, m->embedding + token * m->dim, m->x));
    for (size_t layer = 0; layer < m->layers; layer++) {
        attention(m, layer, position);
        feed_forward(m, layer);
    }
    REGION("rmsnorm", rmsnorm_f32(1, m->dim, m->x, m->final_norm, EPSILON, m->y));
    quantize(m, m->dim, m->y);
    REGION("gemv head", multiply(m, &m->head, m->y, m->logits));
    return m->logits;
}
