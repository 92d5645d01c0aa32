/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Transformer kernels for RV64GCV in vector assembly, any VLEN from 128 (fp16 formats also need Zfh and Zvfh).
 * Build librvtile_kernels.a with `make library`; the routines need no C library, allocate nothing and keep no state.
 *
 * Conventions: matrices are row-major and tight unless told otherwise; sizes are numbers of elements and at least 1; arrays need
 * the alignment of their elements only; pointers may be equal only where told so. fp16 and bf16 are passed as bits. Rounding is to
 * nearest even (frm = 0). Vector registers, vtype and vl are clobbered as the calling convention has it.
 */
#ifndef RVTILE_KERNELS_H
#define RVTILE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- stored weight formats --------------------------------------------------------------------------------------- */

/* 32 weights of a row: weight j is d * qs[j]. */
struct block_q8_0 {
    uint16_t d; /* fp16 */
    int8_t qs[32];
};

/* 32 weights of a row: weight j is d * ((qs[j] & 15) - 8), weight j + 16 is d * ((qs[j] >> 4) - 8), j < 16. */
struct block_q4_0 {
    uint16_t d; /* fp16 */
    uint8_t qs[16];
};

/* ---- panels ------------------------------------------------------------------------------------------------------
 *
 * The matrix-vector products below keep rows in vector lanes. They want an M x K matrix cut into panels of R = panel_rows()
 * rows, R following VLEN; the last panel has what is left, r <= R rows, and is stored tight. Within a panel of r rows the
 * elements stand column by column:
 *     f32    [K][r] fp32
 *     f16    [K][r] fp16
 *     bf16   [ceil(K/2)][r] 32-bit words: column 2i in the lower, 2i + 1 (0 if there is none) in the upper half
 *     i8     [ceil(K/32) * 32][r] int8, columns from K on are 0
 *     q8_0   for each block of 32 columns: [32][r] int8, then [r] fp16 scales
 *     q4_0   for each block of 32 columns: [16][r] bytes as in block_q4_0, then [r] fp16 scales
 * So a panel format takes exactly the bytes of its stored form (bf16, i8: rounded up in K).
 */

size_t panel_rows(void);

/* Bytes of a packed matrix: what the destination of a pack_ routine must hold. */
static inline size_t panels_f32_bytes(size_t m, size_t k) { return 4 * m * k; }
static inline size_t panels_f16_bytes(size_t m, size_t k) { return 2 * m * k; }
static inline size_t panels_bf16_bytes(size_t m, size_t k) { return 4 * m * ((k + 1) / 2); }
static inline size_t panels_i8_bytes(size_t m, size_t k) { return m * ((k + 31) / 32 * 32); }
static inline size_t panels_q8_0_bytes(size_t m, size_t k) { return sizeof(struct block_q8_0) * m * ((k + 31) / 32); }
static inline size_t panels_q4_0_bytes(size_t m, size_t k) { return sizeof(struct block_q4_0) * m * ((k + 31) / 32); }

/* Row-major M x K (blocks: M x ceil(K/32)) to panels; dst is aligned to 4 bytes. Plain C: for loading, not for speed. */
void pack_f32(size_t m, size_t k, const float *src, float *dst);
void pack_f16(size_t m, size_t k, const uint16_t *src, void *dst);
void pack_bf16(size_t m, size_t k, const uint16_t *src, void *dst);
void pack_i8(size_t m, size_t k, const int8_t *src, void *dst);
void pack_q8_0(size_t m, size_t k, const struct block_q8_0 *src, void *dst);
void pack_q4_0(size_t m, size_t k, const struct block_q4_0 *src, void *dst);

/* ---- activations to int8 -----------------------------------------------------------------------------------------
 *
 * q[i] = x[i] / d rounded, |q| <= 127, d = max |x| / 127 over the block (32 elements) or the vector; where max |x| < 2^-119, d and
 * q are 0. q holds ceil(k/32) * 32 elements, those from k on become 0, and is aligned to 4 bytes; d holds ceil(k/32).
 * Infinities and NaN give unspecified values.
 */

void quantize_q8_0(size_t k, const float *x, int8_t *q, float *d);
float quantize_i8(size_t k, const float *x, int8_t *q); /* returns d */

/* ---- matrix-vector products: y[M] = W[M][K] x[K] ----------------------------------------------------------------- */

/* W in panels; fused multiply-adds, the halves of k in turn. */
void gemv_f32(size_t m, size_t k, const float *w, const float *x, float *y);
/* W in panels; products exact, sums in fp32, the halves of k in turn. */
void gemv_f16(size_t m, size_t k, const void *w, const uint16_t *x, float *y);
/* W in panels; fused multiply-adds in fp32, even and odd k in turn. */
void gemv_bf16(size_t m, size_t k, const void *w, const float *x, float *y);
/* W in panels, int8 with one scale a row; exact int32 sums, k <= 131072. xq and xd from quantize_i8. */
void gemv_i8(size_t m, size_t k, const void *w, const float *scale, const int8_t *xq, float xd, float *y);
/* W in panels of blocks; xq and xd from quantize_q8_0. Integer sums of a block are exact, blocks are added in fp32. */
void gemv_q8_0(size_t m, size_t k, const void *w, const int8_t *xq, const float *xd, float *y);
void gemv_q4_0(size_t m, size_t k, const void *w, const int8_t *xq, const float *xd, float *y);

/* Several tokens: y[tokens][n] = x[tokens][k] W^T with W n x k in panels; x is quantised in blocks of 32 on the way. scratch:
 * matmul_q_scratch(k) bytes, aligned to 8. Results are those of the matrix-vector products. */
size_t matmul_q_scratch(size_t k);
void matmul_q8_0(size_t tokens, size_t k, size_t n, const float *x, const void *w, float *y, void *scratch);
void matmul_q4_0(size_t tokens, size_t k, size_t n, const float *x, const void *w, float *y, void *scratch);

/* ---- linear layers: y = x w^T for m rows of x, m x k times (n x k)^T -----------------------------------------------
 * Forms with different instructions have one layout of w each, for any number of rows. int8 with sums in int32:
 *     y[i][j] = x_scale[i] w_scale[j] sum of x[i][.] w[j][.], |x| at most 127, k at most 131072
 * bf16 with sums in fp32 has no scales. dod, qoq and qqq run at VLEN 256 to 2048, ime 128 to 2048, tiles 128 to 1024; rvv, xsfmm
 * and zvt have the panels of gemv_i8, the tiles of bf16 the same with their elements. */

struct linear_form;
extern const struct linear_form linear_rvv; /* int8, standard vector instructions */
extern const struct linear_form linear_dod; /* int8, Xsfvqmaccdod */
extern const struct linear_form linear_qoq; /* int8, Xsfvqmaccqoq */
extern const struct linear_form linear_ime; /* int8, Xsmtvdot */
extern const struct linear_form linear_xsfmm; /* int8, Xsfmm32a8i with tiles of VLEN / 8 */
extern const struct linear_form linear_zvt; /* int8, Zvti8i32mm with tiles of VLEN / 8 */
extern const struct linear_form linear_qqq; /* bf16, Xsfvfwmaccqqq */
extern const struct linear_form linear_xsfmm_bf16; /* bf16, Xsfmm32a16f with tiles of VLEN / 8 */
extern const struct linear_form linear_zvt_bf16; /* bf16, Zvtbf16fmm with tiles of VLEN / 8 */

struct linear {
    size_t m, k, n;
    const void *x;
    size_t x_stride;      /* bytes of a row; rvv, xsfmm, zvt: a multiple of 32, filled up with zeros */
    const float *x_scale; /* m; quantize_i8 gives them */
    const void *w;        /* linear_packed_bytes(), made by linear_pack() */
    const float *w_scale; /* n; or NULL: no scales, bf16 */
    float *y;
    void *scratch;        /* linear_scratch_bytes(), aligned to 64 */
};

size_t linear_packed_bytes(const struct linear_form *form, size_t k, size_t n);
size_t linear_scratch_bytes(const struct linear_form *form, size_t m, size_t k);
/* Element p of column j of w^T stands at w[p * k_stride + j * n_stride]. */
void linear_pack(const struct linear_form *form, size_t k, size_t n, const void *w, size_t k_stride, size_t n_stride, void *dst);
void linear(const struct linear_form *form, const struct linear *l);

/* ---- normalisation of each row; y may be x ----------------------------------------------------------------------- */

/* y = w x / sqrt(mean(x^2) + eps) */
void rmsnorm_f32(size_t rows, size_t cols, const float *x, const float *w, float eps, float *y);
/* y = w (x - mean) / sqrt(variance + eps) + b; b may be NULL */
void layernorm_f32(size_t rows, size_t cols, const float *x, const float *w, const float *b, float eps, float *y);

/* ---- activations of n elements; y may be x or up -----------------------------------------------------------------
 * Infinity gives infinity, minus infinity and NaN give NaN (relu2: 0); relative errors near 1e-6. */

void silu_f32(size_t n, const float *x, float *y);
void gelu_tanh_f32(size_t n, const float *x, float *y);
void gelu_erf_f32(size_t n, const float *x, float *y);
void relu2_f32(size_t n, const float *x, float *y);
void swiglu_f32(size_t n, const float *gate, const float *up, float *y); /* silu(gate) * up */
void geglu_f32(size_t n, const float *gate, const float *up, float *y);  /* gelu_tanh(gate) * up */
void sigmoid_mul_f32(size_t n, const float *x, const float *y, float *z); /* y / (1 + exp(-x)) */

/* ---- positions: the heads of one token, heads x head_dim; y may be x ---------------------------------------------
 * (a, b) becomes (a c - b s, b c + a s); cosine and sine hold rotary / 2 values each, for the pairs of every head alike.
 * rotary is even and at most head_dim; elements from rotary on are copied. */

/* pair i is (x[i], x[i + rotary / 2]) */
void rope_half_f32(size_t heads, size_t head_dim, size_t rotary, const float *x, const float *cosine, const float *sine,
                   float *y);
/* pair i is (x[2 i], x[2 i + 1]) */
void rope_interleaved_f32(size_t heads, size_t head_dim, size_t rotary, const float *x, const float *cosine,
                          const float *sine, float *y);

/* ---- residual and embedding --------------------------------------------------------------------------------------- */

void add_f32(size_t n, const float *a, const float *b, float *y); /* y = a + b; y may be a or b */
/* One row of d elements as fp32. */
void embedding_f32(size_t d, const float *row, float *y);
void embedding_q8_0(size_t d, const struct block_q8_0 *row, float *y);
void embedding_q4_0(size_t d, const struct block_q4_0 *row, float *y);

/* ---- attention of one token over a cache of keys and values ------------------------------------------------------
 *
 * k holds, for each key head, blocks of B = attn_lanes() positions, each [head_dim][B]: position p of head h has its element c at
 *     ((h * ceil(capacity / B) + p / B) * head_dim + c) * B + p % B
 * v is [kv_heads][capacity][head_dim]. int8 entries have a scale for each head and position: k_scale and v_scale, both
 * [kv_heads][capacity], else NULL. Store positions with kv_cache_store and the layout takes care of itself.
 */

enum kv_format { KV_F32, KV_F16, KV_I8 };

struct kv_cache {
    enum kv_format format;
    size_t kv_heads, head_dim, capacity; /* capacity in positions */
    void *k, *v;                         /* kv_cache_key_bytes() and kv_cache_value_bytes(), aligned to their elements */
    float *k_scale, *v_scale;
};

size_t attn_lanes(void);
size_t kv_cache_key_bytes(const struct kv_cache *kv);
size_t kv_cache_value_bytes(const struct kv_cache *kv);

/* k and v of one position, kv_heads x head_dim each, converted (int8: scale max |x| / 127 for each head) and stored. */
void kv_cache_store(const struct kv_cache *kv, size_t position, const float *k, const float *v);
/* The same of `count` positions from `position` on: k and v are count x kv_heads x head_dim. */
void kv_cache_store_many(const struct kv_cache *kv, size_t position, size_t count, const float *k, const float *v);

/* out[h] = sum_j p_hj v_j / sum_j p_hj, p_hj = exp(s_hj - max), s_hj = scale q_h . k_j + slopes[h] (j - positions + 1) + bias[h][j]
 * for the positions j stored so far. heads is a multiple of kv_heads (equal: MHA; 1 key head: MQA). With fp16 and int8 caches q and p
 * are rounded to fp16 and products summed in fp32; with fp32 all is fp32. */
struct attention_decode {
    struct kv_cache cache;
    size_t heads, positions;
    const float *q;      /* heads x head_dim */
    const float *slopes; /* of ALiBi, one a head; or NULL */
    const float *bias;   /* heads x positions; or NULL */
    float scale;         /* usually 1 / sqrt(head_dim) */
    float *out;          /* heads x head_dim */
    void *scratch;       /* attention_decode_scratch() bytes */
};

size_t attention_decode_scratch(size_t head_dim, size_t positions);
void attention_decode(const struct attention_decode *a);

/* ---- attention of a prompt, one head -----------------------------------------------------------------------------
 *
 * out_i = sum_j p_ij v_j / sum_j p_ij, p_ij = exp(s_ij - max), s_ij = q_i . k_j / sqrt(head_dim) + bias, for the keys j that query i sees. The
 * queries stand at the last keys: if causal, query i sees the keys j <= i + keys - queries (queries <= keys), and those before `prefix`.
 *
 * A head is read where it lies, in rows of all heads: rows of q are q_stride elements apart, those of k and v kv_stride, those of out
 * out_stride. Heads that share keys and values are calls with the same k and v. bf16_qqq (Xsfvfwmaccqqq, VLEN 256 to 2048) rounds q, k, v
 * and p to bf16; sums and softmax are fp32 in both. */

struct attention {
    size_t queries, keys, head_dim;
    size_t causal;         /* 0 or 1 */
    size_t prefix;         /* keys that every query sees */
    const float *relative; /* queries + keys - 1 biases by distance, as below; or NULL */
    const float *q, *k, *v;
    float *out;
    size_t q_stride, kv_stride, out_stride;
    void *scratch;         /* the form's _scratch() bytes; aligned to 4096 it is fastest */
};

size_t attention_f32_scratch(size_t queries, size_t keys, size_t head_dim);
void attention_f32(const struct attention *a);
size_t attention_bf16_qqq_scratch(size_t queries, size_t keys, size_t head_dim);
void attention_bf16_qqq(const struct attention *a);

/* Slopes of ALiBi: for a power of two 2^(-8 (h + 1) / heads); else those of the power below, then every second one of the power above. */
void alibi_slopes(size_t heads, float *slopes);

/* Biases by distance for queries that stand at the last of the keys: key j for query i is at row[j - i + queries - 1], so `row` has
 * queries + keys - 1 entries. T5: 32 buckets up to distance 128, `table` holds the 32 numbers of one head. */
void alibi_relative(float slope, size_t queries, size_t keys, float *row);
void t5_relative(const float *table, int bidirectional, size_t queries, size_t keys, float *row);

/* ---- RWKV-4, one token, n channels -------------------------------------------------------------------------------- */

void rwkv_shift_f32(size_t n, const float *x, const float *previous, const float *mu, float *y); /* previous + mu (x - previous) */
/* The wkv recurrence that cannot overflow. state and next are [3][n]: numerator, denominator (at least 0; at first 0 both) and the
 * exponent of their common factor (at first -1e38); next may be state. u is the bonus of the token itself, w = -exp(decay). */
void rwkv_wkv_f32(size_t n, const float *k, const float *v, const float *u, const float *w, const float *state, float *next,
                  float *y);

/* ---- softmax of each row, y = exp(x - max) / sum; y may be x -----------------------------------------------------
 * x may be minus infinity where a row has a number; other infinities and NaN give unspecified values. */

void softmax_f32(size_t rows, size_t cols, const float *x, float *y);        /* three passes */
void softmax_online_f32(size_t rows, size_t cols, const float *x, float *y); /* two, with two exponentials */

/* ---- choosing a token from n logits ------------------------------------------------------------------------------- */

/* The lowest index of the maximum; NaN is never chosen; 0 if there is nothing but NaN. */
size_t argmax_f32(size_t n, const float *x);

/* The k largest in falling order with their indices, the lower index first among equals. NaN and minus infinity are not chosen, so
 * fewer than k may be found: the number is returned. scratch: TOP_K_SCRATCH bytes, aligned to 4. */
enum { TOP_K_SCRATCH = 8192 };
size_t top_k_f32(size_t n, const float *x, size_t k, float *values, uint32_t *indices, void *scratch);

/* Nucleus sampling from n logits in falling order (as top_k_f32 gives them; they become probabilities): softmax of values /
 * temperature; the smallest head of the list that reaches p is kept; uniform, in [0, 1), chooses from it. Returns the place in the
 * list. temperature > 0; p >= 1 keeps all. */
size_t sample_top_p(size_t n, float *values, float temperature, float p, float uniform);

#ifdef __cplusplus
}
#endif
#endif
