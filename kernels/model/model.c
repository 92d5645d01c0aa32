/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Runs the kernel calls of a whole model's step, one after another. The simulator lays arrays and the list of calls into memory
 * and points rvtile_plan to the list; sim/src/model/chip.rs is the other side.
 *
 * Routines get their whole numbers and pointers in a[] and their one float beside them, as the calling convention has it.
 * Calls of the same region that follow each other are measured as one. */
#include "gemm.h"
#include "rvtile.h"
#include "rvtile_kernels.h"

struct call {
    const char *region; /* NULL: not measured */
    void (*routine)(uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, float); /* NULL: the end */
    uint64_t a[8];
    float f;
};

const struct call *volatile rvtile_plan;

/* ---- what the library leaves to its caller ------------------------------------------------------------------------ */

void attn_to_f16(size_t n, const float *x, const float *scale, float factor, uint16_t *y);
void attn_fill(float *dst, size_t n, float value);
void model_from_f16(size_t n, const uint16_t *x, float *y);
void model_to_bf16(size_t n, const float *x, uint16_t *y);

/* int8: the scale of the activations goes through memory. */
void model_quantize_i8(size_t k, const float *x, int8_t *q, float *d) { *d = quantize_i8(k, x, q); }

void model_gemv_i8(size_t m, size_t k, const void *w, const float *scale, const int8_t *q, const float *d, float *y) {
    gemv_i8(m, k, w, scale, q, *d, y);
}

_Static_assert(sizeof(struct linear) == 80, "ten words, as sim/src/model/plan.rs writes them");

void model_linear_rvv(const struct linear *l) { linear(&linear_rvv, l); }
void model_linear_dod(const struct linear *l) { linear(&linear_dod, l); }
void model_linear_qoq(const struct linear *l) { linear(&linear_qoq, l); }
void model_linear_ime(const struct linear *l) { linear(&linear_ime, l); }
void model_linear_xsfmm(const struct linear *l) { linear(&linear_xsfmm, l); }
void model_linear_zvt(const struct linear *l) { linear(&linear_zvt, l); }
void model_linear_qqq(const struct linear *l) { linear(&linear_qqq, l); }
void model_linear_xsfmm_bf16(const struct linear *l) { linear(&linear_xsfmm_bf16, l); }
void model_linear_zvt_bf16(const struct linear *l) { linear(&linear_zvt_bf16, l); }

size_t gemm_f32_nr_max(void);
size_t gemm_f16_nr_max(void);
void gemm_f32_pack_a(void *dst, const void *src, size_t lda_bytes, size_t rows, size_t kc);
void gemm_f16_pack_a(void *dst, const void *src, size_t lda_bytes, size_t rows, size_t kc);
void gemm_bf16_pack_a(void *dst, const void *src, size_t lda_bytes, size_t rows, size_t kc);
void gemm_f32_pack_b(void *dst, const void *src, size_t ldb_bytes, size_t kc, size_t nr);
void gemm_f16_pack_b(void *dst, const void *src, size_t ldb_bytes, size_t kc, size_t nr);
void gemm_bf16_pack_b(void *dst, const void *src, size_t ldb_bytes, size_t kc, size_t nr);
gemm_tile gemm_f32_tile_set, gemm_f32_tile_add, gemm_f16_tile_set, gemm_f16_tile_add;

/* The blocking of the matmul_ programs. */
#define OPS(TYPE, TILE, MR, MC, BYTES, PACKED_A, PACKED_B, C_BYTES)                                                    \
    static const struct gemm_ops TYPE##_ops = {                                                                        \
        MR, MC, BYTES, BYTES, C_BYTES, PACKED_A, PACKED_B, gemm_##TILE##_nr_max,                                       \
        gemm_##TYPE##_pack_a, gemm_##TYPE##_pack_b, gemm_##TILE##_tile_set, gemm_##TILE##_tile_add,                    \
    };                                                                                                                 \
    /* y[m][n] = x[m][k] w[k][n] */                                                                                    \
    void model_gemm_##TYPE(size_t m, size_t k, size_t n, const void *x, const void *w, void *y, char *scratch) {       \
        struct gemm g = {m, k, n, x, w, y, scratch, scratch + (MC) * GEMM_KC * (PACKED_A)};                            \
        gemm_run(&g, &TYPE##_ops);                                                                                     \
    }

OPS(f32, f32, 6, 24, 4, 4, 4, 4)
OPS(f16, f16, 6, 48, 2, 2, 2, 2)
OPS(bf16, f32, 6, 24, 2, 4, 4, 4)

/* What a plan may call: the simulator looks the names up. */
__attribute__((used)) static const void *const routines[] = {
    embedding_f32,     embedding_q8_0,    embedding_q4_0,       rmsnorm_f32,          layernorm_f32,    quantize_q8_0,
    attn_fill,         attn_to_f16,          model_to_bf16,     model_from_f16,       model_quantize_i8,    gemv_f32,         gemv_f16,
    gemv_bf16,         model_gemv_i8,     gemv_q8_0,            gemv_q4_0,            matmul_q8_0,      matmul_q4_0,
    model_gemm_f32,    model_gemm_f16,    model_gemm_bf16,      model_linear_rvv,     model_linear_dod, model_linear_qoq,
    model_linear_ime,  model_linear_xsfmm, model_linear_zvt,    model_linear_qqq,     model_linear_xsfmm_bf16,
    model_linear_zvt_bf16, add_f32,       rope_half_f32,        rope_interleaved_f32, kv_cache_store, kv_cache_store_many, attention_decode,
    t5_relative,       swiglu_f32,        geglu_f32,            gelu_tanh_f32,        gelu_erf_f32,     relu2_f32,
    sigmoid_mul_f32,   rwkv_shift_f32,    rwkv_wkv_f32,         argmax_f32,
};

/* ---- the program -------------------------------------------------------------------------------------------------- */

/* GCC may call it even in a freestanding program. */
void *memcpy(void *dst, const void *src, size_t n) {
    unsigned char *p = dst;
    const unsigned char *s = src;
    while (n--)
        *p++ = *s++;
    return dst;
}

__attribute__((noreturn, used)) void rt_start(void) {
    const char *open = NULL;
    for (const struct call *c = rvtile_plan;; c++) {
        if (c->region != open) {
            if (open)
                rvtile_region_end(open);
            open = c->region;
            if (open)
                rvtile_region_begin(open);
        }
        if (!c->routine)
            break;
        c->routine(c->a[0], c->a[1], c->a[2], c->a[3], c->a[4], c->a[5], c->a[6], c->a[7], c->f);
    }
    register long status __asm__("a0") = 0, exit_group __asm__("a7") = 94;
    for (;;)
        __asm__ volatile("ecall" : : "r"(status), "r"(exit_group));
}
