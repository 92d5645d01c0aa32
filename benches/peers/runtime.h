/* What every workload shares. A workload returns a checksum, which all simulators must agree on. */
#ifndef RUNTIME_H
#define RUNTIME_H
#include <stddef.h>
#include <stdint.h>

uint64_t workload(void);

/* xorshift: reproducible numbers. */
static inline uint32_t random32(uint32_t *state) {
  uint32_t x = *state;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

/* A number in [-1, 1), a multiple of 2^-15. */
static inline float random_float(uint32_t *state) { return (float)((int32_t)random32(state) >> 16) * 0x1p-15f; }

/* FNV-1a by words. */
static inline uint64_t fold(uint64_t hash, uint64_t word) { return (hash ^ word) * 0x100000001b3ull; }

static inline uint64_t checksum(const void *data, size_t words) {
  const uint32_t *word = data;
  uint64_t hash = 0xcbf29ce484222325ull;
  for (size_t i = 0; i < words; i++) hash = fold(hash, word[i]);
  return hash;
}

#ifdef NATIVE
#include "native.h"
#else
/* kernels.S. Matrices are row-major; `a` is packed: four rows side by side. Strides are in bytes. */
long sgemm_rows(const float *a, const float *b, float *c, long k, long b_stride, long c_stride);
long hgemm_rows(const uint16_t *a, const uint16_t *b, uint16_t *c, long k, long b_stride, long c_stride);
long i8gemm_rows(const int8_t *a, const int8_t *b, int32_t *c, long k, long b_stride, long c_stride);
void softmax(float *to, const float *from, long n);
void layer_norm(float *to, const float *from, const float *scale, const float *shift, long n);
void saxpy(float *y, const float *x, float a, long n);
void copy(void *to, const void *from, long bytes);
void gather(uint32_t *to, const uint32_t *table, const uint32_t *offsets, const uint32_t *strided, long n, long stride);
#endif
#endif
