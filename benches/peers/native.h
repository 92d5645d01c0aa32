/* The kernels of kernels.S as C that a compiler turns into the host's widest vectors. There is no half precision. */
#include <math.h>
#include <string.h>

typedef float many_floats __attribute__((vector_size(64), aligned(4)));
typedef int32_t many_words __attribute__((vector_size(64), aligned(4)));
typedef int8_t many_bytes __attribute__((vector_size(16), aligned(1)));

static long sgemm_rows(const float *a, const float *b, float *c, long k, long b_stride, long c_stride) {
  many_floats sum[4][4];
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) sum[i][j] = *(const many_floats *)(c + i * c_stride / 4 + j * 16);
  for (; k > 0; k--, a += 4, b += b_stride / 4) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      many_floats part = *(const many_floats *)(b + j * 16);
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) sum[i][j] += part * a[i];
    }
  }
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) *(many_floats *)(c + i * c_stride / 4 + j * 16) = sum[i][j];
  return 64;
}

static long i8gemm_rows(const int8_t *a, const int8_t *b, int32_t *c, long k, long b_stride, long c_stride) {
  many_words sum[4][4] = {0};
  for (; k > 0; k--, a += 4, b += b_stride) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) {
      many_words part = __builtin_convertvector(*(const many_bytes *)(b + 16 * j), many_words);
#pragma GCC unroll 4
      for (int i = 0; i < 4; i++) sum[i][j] += part * (int32_t)a[i];
    }
  }
  for (int i = 0; i < 4; i++)
    for (int j = 0; j < 4; j++) *(many_words *)(c + i * c_stride / 4 + j * 16) = sum[i][j];
  return 64;
}

static void softmax(float *restrict to, const float *restrict from, long n) {
  float greatest = -INFINITY, sum = 0;
  for (long i = 0; i < n; i++) greatest = from[i] > greatest ? from[i] : greatest;
  for (long i = 0; i < n; i++) {
    float x = from[i] - greatest;
    x = x > -87.0f ? x : -87.0f;
    float whole = rintf(x * 1.4426950f), r = x - whole * 0.69314718f;
    float p = ((0.041666668f * r + 0.16666667f) * r + 0.5f) * r + 1.0f;
    union { float number; int32_t bits; } power = {p * r + 1.0f};
    power.bits += (int32_t)whole << 23;
    to[i] = power.number;
    sum += power.number;
  }
  for (long i = 0; i < n; i++) to[i] /= sum;
}

static void layer_norm(float *restrict to, const float *restrict from, const float *restrict scale,
                       const float *restrict shift, long n) {
  float sum = 0, squares = 0;
  for (long i = 0; i < n; i++) sum += from[i], squares += from[i] * from[i];
  float mean = sum / n, factor = 1 / sqrtf(squares / n - mean * mean + 1e-5f);
  for (long i = 0; i < n; i++) {
    float x = (from[i] - mean) * factor * scale[i] + shift[i];
    to[i] = x < 0 ? x * 0.015625f : x;
  }
}

/* Calls that the compiler must make each time. */
__attribute__((noinline)) static void saxpy(float *restrict y, const float *restrict x, float a, long n) {
  for (long i = 0; i < n; i++) y[i] += a * x[i];
}

__attribute__((noinline)) static void copy(void *to, const void *from, long n) {
  memcpy(to, from, n);
  __asm__ volatile("" ::: "memory");
}

__attribute__((noinline)) static void gather(uint32_t *restrict to, const uint32_t *table, const uint32_t *offsets,
                                             const uint32_t *strided, long n, long stride) {
  for (long i = 0; i < n; i++) to[i] = table[offsets[i] / 4] + strided[i * stride / 4];
}
