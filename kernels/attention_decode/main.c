/* SPDX-License-Identifier: MIT OR Apache-2.0
 * Attention of one token over T positions: H query heads on Hk key heads of size d; bias 0 none, 1 ALiBi, 2 a given one. */
#include "rt_math.h"
#include "rt_quant.h"

static struct attention_decode a;
static float *k, *v; /* Hk x T x d as fp32, with int8 rounded to what the cache holds */
static float *row;   /* scores of the scalar twin */

static const float infinity = __builtin_inff();

static void attention_scalar(void) {
    size_t d = a.cache.head_dim, n = a.positions, group = a.heads / a.cache.kv_heads;
    for (size_t h = 0; h < a.heads; h++) {
        const float *q = a.q + h * d, *keys = k + h / group * n * d, *values = v + h / group * n * d;
        float max = -infinity, sum = 0, *out = a.out + h * d;
        for (size_t j = 0; j < n; j++) {
            float dot = 0;
            for (size_t c = 0; c < d; c++)
                dot = __builtin_fmaf(q[c], keys[j * d + c], dot);
            row[j] = dot * a.scale + (a.bias ? a.bias[h * n + j] : 0);
            if (a.slopes)
                row[j] = __builtin_fmaf(a.slopes[h], (float)j - (float)(n - 1), row[j]);
            max = row[j] > max ? row[j] : max;
        }
        for (size_t c = 0; c < d; c++)
            out[c] = 0;
        for (size_t j = 0; j < n; j++) {
            float p = rt_expf(row[j] - max);
            sum += p;
            for (size_t c = 0; c < d; c++)
                out[c] = __builtin_fmaf(p, values[j * d + c], out[c]);
        }
        for (size_t c = 0; c < d; c++)
            out[c] /= sum;
    }
}

/* To what an int8 cache keeps of each head and position; so its scales are the same to a rounding when it is stored. */
static void round_to_i8(float *x, size_t rows, size_t d) {
    for (size_t i = 0; i < rows; i++, x += d) {
        float max = 0;
        for (size_t c = 0; c < d; c++)
            max = __builtin_fabsf(x[c]) > max ? __builtin_fabsf(x[c]) : max;
        float scale = max < 0x1p-119f ? 0 : max / 127, factor = max < 0x1p-119f ? 0 : 127 / max;
        for (size_t c = 0; c < d; c++)
            x[c] = scale * (float)__builtin_lrintf(x[c] * factor);
    }
}

static void setup(const uint64_t *dims, enum kv_format format) {
    size_t heads = dims[0], kv_heads = dims[1], d = dims[2], n = dims[3];
    size_t elements = kv_heads * n * d;
    a = (struct attention_decode){.cache = {.format = format, .kv_heads = kv_heads, .head_dim = d, .capacity = n},
                                  .heads = heads,
                                  .positions = n,
                                  .scale = 1 / __builtin_sqrtf((float)d)};
    a.q = rt_input("q", RT_F32, heads, d);
    if (format == KV_F16) {
        const uint16_t *k16 = rt_input("k", RT_F16, kv_heads * n, d), *v16 = rt_input("v", RT_F16, kv_heads * n, d);
        k = rt_scratch(4 * elements), v = rt_scratch(4 * elements);
        for (size_t i = 0; i < elements; i++)
            k[i] = rt_from_f16(k16[i]), v[i] = rt_from_f16(v16[i]);
    } else {
        const float *k32 = rt_input("k", RT_F32, kv_heads * n, d), *v32 = rt_input("v", RT_F32, kv_heads * n, d);
        k = rt_scratch(4 * elements), v = rt_scratch(4 * elements);
        for (size_t i = 0; i < elements; i++)
            k[i] = k32[i], v[i] = v32[i];
        if (format == KV_I8) {
            round_to_i8(k, kv_heads * n, d);
            round_to_i8(v, kv_heads * n, d);
        }
    }
    a.out = rt_array("o", RT_F32, RT_OUTPUT, heads, d);
    if (dims[4] == 1) {
        float *slopes = rt_array("slopes", RT_F32, RT_OUTPUT, heads, 0);
        alibi_slopes(heads, slopes);
        a.slopes = slopes;
    } else if (dims[4] == 2) {
        a.bias = rt_input("bias", RT_F32, heads, n);
    }
    a.cache.k = rt_scratch(kv_cache_key_bytes(&a.cache));
    a.cache.v = rt_scratch(kv_cache_value_bytes(&a.cache));
    a.cache.k_scale = rt_scratch(4 * kv_heads * n), a.cache.v_scale = rt_scratch(4 * kv_heads * n);
    a.scratch = rt_scratch(attention_decode_scratch(d, n));
    row = rt_scratch(4 * n);
    /* In pieces of 1, 3, 9, 27 positions and so on: one key alone, groups of them, what is left of a group, within blocks and across. */
    float *ks = rt_scratch(4 * elements), *vs = rt_scratch(4 * elements);
    for (size_t j = 0; j < n; j++)
        for (size_t h = 0; h < kv_heads; h++)
            for (size_t c = 0; c < d; c++) {
                ks[(j * kv_heads + h) * d + c] = k[(h * n + j) * d + c];
                vs[(j * kv_heads + h) * d + c] = v[(h * n + j) * d + c];
            }
    for (size_t j = 0, count = 1; j < n; j += count, count *= 3) {
        count = rt_min(count, n - j);
        if (count == 1)
            kv_cache_store(&a.cache, j, ks + j * kv_heads * d, vs + j * kv_heads * d);
        else
            kv_cache_store_many(&a.cache, j, count, ks + j * kv_heads * d, vs + j * kv_heads * d);
    }
}

static void setup_f32(const uint64_t *dims) { setup(dims, KV_F32); }
static void setup_f16(const uint64_t *dims) { setup(dims, KV_F16); }
static void setup_i8(const uint64_t *dims) { setup(dims, KV_I8); }

static void run(enum rt_variant variant) {
    if (variant == RT_RVV)
        attention_decode(&a);
    else
        attention_scalar();
}

static const char *validate(const uint64_t *dims) {
    if (!dims[0] || !dims[1] || dims[0] % dims[1] || !dims[2] || !dims[3])
        return "H, Hk, d and T must be at least 1, H a multiple of Hk";
    return dims[4] > 2 ? "bias must be 0, 1 or 2" : NULL;
}

#define DECODE(FORMAT)                                                                                                 \
    {                                                                                                                  \
        .name = "attention_decode_" #FORMAT, .dims_help = "<H> <Hk> <d> <T> <bias 0|1|2>", .dims = 5,                  \
        .patterns = 1 << RT_WIDE | 1 << RT_EQUAL | 1 << RT_ZERO, .scalar_runs = 1, .validate = validate,               \
        .setup = setup_##FORMAT, .run = run,                                                                           \
    }

const struct rt_kernel rt_kernels[] = {DECODE(f32), DECODE(f16), DECODE(i8), {0}};
