/* y += a x in single registers: the cost of a vector instruction rather than of its elements. */
#include "runtime.h"

enum { N = 1024 };
static float x[N], y[N];

uint64_t workload(void) {
  uint32_t state = 41;
  for (int i = 0; i < N; i++) x[i] = random_float(&state), y[i] = random_float(&state);
  for (long round = 0; round < ITERATIONS; round++) saxpy(y, x, round & 1 ? 0.5f : -0.4375f, N);
  return checksum(y, N);
}
