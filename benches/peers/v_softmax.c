/* Softmax of rows. */
#include "runtime.h"

enum { ROWS = 64, N = 1024 };
static float from[ROWS][N], to[ROWS][N];

uint64_t workload(void) {
  uint32_t state = 31;
  for (int i = 0; i < ROWS; i++)
    for (int k = 0; k < N; k++) from[i][k] = 8 * random_float(&state);
  for (long round = 0; round < ITERATIONS; round++) {
    for (int i = 0; i < ROWS; i++) softmax(to[i], from[i], N);
    from[round % ROWS][round % N] += 0.5f;
  }
  return checksum(to, 1024);
}
