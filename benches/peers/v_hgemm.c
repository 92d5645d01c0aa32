/* Half-precision matrix product, of numbers between 2^-6 and 2^-5. */
#include "runtime.h"

enum { N = 256 };
static uint16_t a[N / 4][N][4], b[N][N], c[N][N];

uint64_t workload(void) {
  uint32_t state = 23;
  for (int i = 0; i < N; i++)
    for (int k = 0; k < N; k++) {
      a[i / 4][k][i % 4] = (uint16_t)(0x2400 | (random32(&state) & 0x83ff));
      b[i][k] = (uint16_t)(0x2400 | (random32(&state) & 0x83ff));
    }
  for (long round = 0; round < ITERATIONS; round++)
    for (long j = 0, done; j < N; j += done)
      for (long i = 0; i < N; i += 4) done = hgemm_rows(a[i / 4][0], &b[0][j], &c[i][j], N, sizeof b[0], sizeof c[0]);
  return checksum(c, 1024);
}
