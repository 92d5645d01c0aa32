/* Product of double-precision matrices, one element at a time. */
#include "runtime.h"

enum { N = 128 };
static double a[N][N], b[N][N], c[N][N];

uint64_t workload(void) {
  uint32_t state = 13;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) a[i][j] = random_float(&state), b[i][j] = random_float(&state);
  for (long round = 0; round < ITERATIONS; round++) {
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        double sum = 0;
        for (int k = 0; k < N; k++) sum += a[i][k] * b[k][j];
        c[i][j] = sum;
      }
    a[round % N][3] = c[5][round % N];
  }
  return checksum(c, sizeof c / 4);
}
