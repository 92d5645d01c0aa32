/* Single-precision matrix product. */
#include "runtime.h"

enum { N = 256 };
static float a[N / 4][N][4], b[N][N], c[N][N];

uint64_t workload(void) {
  uint32_t state = 19;
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++) a[i / 4][k][i % 4] = random_float(&state), b[i][k] = random_float(&state);
  for (long round = 0; round < ITERATIONS; round++)
    for (long j = 0, done; j < N; j += done)
      for (long i = 0; i < N; i += 4) done = sgemm_rows(a[i / 4][0], &b[0][j], &c[i][j], N, sizeof b[0], sizeof c[0]);
  return checksum(c, 1024);
}
