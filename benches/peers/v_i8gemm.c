/* Product of matrices of bytes, summed in 32 bits. */
#include "runtime.h"

enum { N = 256 };
static int8_t a[N / 4][N][4], b[N][N];
static int32_t c[N][N];

uint64_t workload(void) {
  uint32_t state = 29;
  uint64_t hash = 1;
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++) a[i / 4][k][i % 4] = (int8_t)random32(&state), b[i][k] = (int8_t)random32(&state);
  for (long round = 0; round < ITERATIONS; round++) {
    for (long j = 0, done; j < N; j += done)
      for (long i = 0; i < N; i += 4) done = i8gemm_rows(a[i / 4][0], &b[0][j], &c[i][j], N, sizeof b[0], sizeof c[0]);
    hash = fold(hash, checksum(c, 256));
    b[round % N][3] ^= (int8_t)(hash & 7);
  }
  return hash;
}
