/* Layer norm of rows, then a leaky ReLU under a mask. */
#include "runtime.h"

enum { ROWS = 64, N = 768 };
static float from[ROWS][N], to[ROWS][N], scale[N], shift[N];

uint64_t workload(void) {
  uint32_t state = 37;
  for (int i = 0; i < ROWS; i++)
    for (int k = 0; k < N; k++) from[i][k] = 4 * random_float(&state);
  for (int k = 0; k < N; k++) scale[k] = 1 + random_float(&state) / 4, shift[k] = random_float(&state) / 2;
  for (long round = 0; round < ITERATIONS; round++) {
    for (int i = 0; i < ROWS; i++) layer_norm(to[i], from[i], scale, shift, N);
    from[round % ROWS][round % N] += 0.25f;
  }
  return checksum(to, 1024);
}
