/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "rvtile_kernels.h"

float less_than_best(size_t n, const float *x, size_t k);
size_t select_above(size_t n, const float *x, float threshold, uint32_t first, float *values, uint32_t *indices);

enum { CHUNK = TOP_K_SCRATCH / 8 };

/* The k best so far are a heap with the worst at the top. */
struct heap {
    float *value;
    uint32_t *index;
    size_t size;
};

/* Whether element i comes behind element j in the result: smaller, or equal and further back in the input. */
static int worse(const struct heap *h, size_t i, size_t j) {
    return h->value[i] < h->value[j] || (h->value[i] == h->value[j] && h->index[i] > h->index[j]);
}

static void swap(struct heap *h, size_t i, size_t j) {
    float value = h->value[i];
    uint32_t index = h->index[i];
    h->value[i] = h->value[j], h->index[i] = h->index[j];
    h->value[j] = value, h->index[j] = index;
}

static void sift_down(struct heap *h, size_t i) {
    for (size_t child; (child = 2 * i + 1) < h->size; i = child) {
        if (child + 1 < h->size && worse(h, child + 1, child))
            child++;
        if (!worse(h, child, i))
            return;
        swap(h, i, child);
    }
}

static void push(struct heap *h, float value, uint32_t index) {
    size_t i = h->size++;
    h->value[i] = value, h->index[i] = index;
    for (; i && worse(h, i, (i - 1) / 2); i = (i - 1) / 2)
        swap(h, i, (i - 1) / 2);
}

/* Few candidates are above the first threshold. Where that is minus infinity, chunks that double from k on bring about k candidates
 * each, as the threshold has risen by then. */
size_t top_k_f32(size_t n, const float *x, size_t k, float *values, uint32_t *indices, void *scratch) {
    struct heap heap = {values, indices, 0};
    float *candidates = scratch, threshold = less_than_best(n, x, k);
    uint32_t *places = (uint32_t *)(candidates + CHUNK);
    size_t chunk = k < CHUNK ? k : CHUNK;
    for (size_t first = 0; first < n; first += chunk, chunk = chunk < CHUNK / 2 ? 2 * chunk : CHUNK) {
        chunk = chunk < n - first ? chunk : n - first;
        size_t found = select_above(chunk, x + first, threshold, (uint32_t)first, candidates, places);
        for (size_t i = 0; i < found; i++) {
            if (heap.size < k) {
                push(&heap, candidates[i], places[i]);
            } else if (candidates[i] > values[0]) {
                values[0] = candidates[i], indices[0] = places[i];
                sift_down(&heap, 0);
            }
        }
        if (heap.size == k)
            threshold = values[0];
    }
    size_t count = heap.size;
    while (heap.size > 1) {
        swap(&heap, 0, heap.size - 1);
        heap.size--;
        sift_down(&heap, 0);
    }
    return count;
}

size_t sample_top_p(size_t n, float *values, float temperature, float p, float uniform) {
    float inverse = 1 / temperature, total = 0;
    for (size_t i = 0; i < n; i++)
        values[i] *= inverse;
    softmax_f32(1, n, values, values);
    size_t kept = 0;
    while (kept < n && total < p)
        total += values[kept++];
    float point = uniform * total, sum = 0;
    for (size_t i = 0; i + 1 < kept; i++) {
        sum += values[i];
        if (point < sum)
            return i;
    }
    return kept ? kept - 1 : 0;
}
