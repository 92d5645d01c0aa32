/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The next token from n logits: the largest; the k largest; one of the k largest by a draw from those that make up p. */
#include "rt.h"
#include "rt_math.h"
#include "rvtile_kernels.h"

static size_t n, k;
static float p, uniform;
static const float *x;
static float *values;
static int32_t *indices, *chosen;
static void *scratch;

static int32_t argmax_scalar(void) {
    int32_t best = -1;
    for (size_t i = 0; i < n; i++)
        if (x[i] == x[i] && (best < 0 || x[i] > x[best]))
            best = (int32_t)i;
    return best < 0 ? 0 : best;
}

/* By insertion. */
static size_t top_k_scalar(void) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!(x[i] > -__builtin_inff()) || (count == k && !(x[i] > values[k - 1])))
            continue;
        size_t place = count < k ? count++ : k - 1;
        for (; place && x[i] > values[place - 1]; place--)
            values[place] = values[place - 1], indices[place] = indices[place - 1];
        values[place] = x[i], indices[place] = (int32_t)i;
    }
    return count;
}

static size_t top_p_scalar(size_t count) {
    float sum = 0, total = 0, max = values[0];
    for (size_t i = 0; i < count; i++) {
        values[i] = rt_expf(values[i] - max);
        sum += values[i];
    }
    size_t kept = 0, i = 0;
    for (size_t j = 0; j < count; j++)
        values[j] /= sum;
    while (kept < count && total < p)
        total += values[kept++];
    float point = uniform * total;
    for (float below = values[0]; i + 1 < kept && point >= below; below += values[i])
        i++;
    return i;
}

static void setup_argmax(const uint64_t *dims) {
    n = dims[0];
    x = rt_input("x", RT_F32, n, 0);
    chosen = rt_array("index", RT_I32, RT_OUTPUT, 1, 0);
}

static void setup_top_k(const uint64_t *dims) {
    n = dims[0], k = dims[1];
    x = rt_input("x", RT_F32, n, 0);
    values = rt_array("values", RT_F32, RT_OUTPUT, k, 0);
    indices = rt_array("indices", RT_I32, RT_OUTPUT, k, 0);
    scratch = rt_scratch(TOP_K_SCRATCH);
}

static void setup_top_p(const uint64_t *dims) {
    setup_top_k(dims);
    p = (float)dims[2] / 100, uniform = (float)dims[3] / 1000;
    chosen = rt_array("index", RT_I32, RT_OUTPUT, 1, 0);
}

static void run_argmax(enum rt_variant variant) {
    *chosen = variant == RT_RVV ? (int32_t)argmax_f32(n, x) : argmax_scalar();
}

static size_t top_k(enum rt_variant variant) {
    size_t count = variant == RT_RVV ? top_k_f32(n, x, k, values, (uint32_t *)indices, scratch) : top_k_scalar();
    for (size_t i = count; i < k; i++)
        values[i] = 0, indices[i] = -1;
    return count;
}

static void run_top_k(enum rt_variant variant) { top_k(variant); }

static void run_top_p(enum rt_variant variant) {
    size_t count = top_k(variant);
    *chosen = indices[variant == RT_RVV ? sample_top_p(count, values, 1, p, uniform) : top_p_scalar(count)];
}

static const char *validate_argmax(const uint64_t *dims) { return dims[0] ? NULL : "n must be at least 1"; }

static const char *validate_top_k(const uint64_t *dims) {
    return dims[0] && dims[1] && dims[1] <= dims[0] ? NULL : "n must be at least 1, k from 1 to n";
}

static const char *validate_top_p(const uint64_t *dims) {
    if (dims[2] > 100 || dims[3] > 999)
        return "percent must be at most 100, permille at most 999";
    return validate_top_k(dims);
}

const struct rt_kernel rt_kernels[] = {
    {.name = "argmax_f32",
     .dims_help = "<n>",
     .dims = 1,
     .patterns = 1 << RT_LARGE | 1 << RT_EQUAL | 1 << RT_NEGINF | 1 << RT_ZERO | 1 << RT_TIES | 1 << RT_SPECIAL,
     .validate = validate_argmax,
     .setup = setup_argmax,
     .run = run_argmax},
    {.name = "top_k_f32",
     .dims_help = "<n> <k>",
     .dims = 2,
     .patterns = 1 << RT_LARGE | 1 << RT_EQUAL | 1 << RT_NEGINF | 1 << RT_ZERO | 1 << RT_TIES | 1 << RT_SPECIAL,
     .validate = validate_top_k,
     .setup = setup_top_k,
     .run = run_top_k},
    {.name = "top_p_f32",
     .dims_help = "<n> <k> <percent> <permille>",
     .dims = 4,
     .patterns = 1 << RT_WIDE | 1 << RT_LARGE | 1 << RT_EQUAL | 1 << RT_ZERO | 1 << RT_TIES,
     .validate = validate_top_p,
     .setup = setup_top_p,
     .run = run_top_p},
    {0}};
