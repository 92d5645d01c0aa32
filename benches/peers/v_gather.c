/* Sums of indexed and strided loads. */
#include "runtime.h"

enum { N = 4096, TABLE = 16384 };
static uint32_t table[TABLE], strided[N * 3], offsets[N], to[N];

uint64_t workload(void) {
  uint32_t state = 47;
  uint64_t hash = 1;
  for (int i = 0; i < TABLE; i++) table[i] = random32(&state);
  for (int i = 0; i < N * 3; i++) strided[i] = random32(&state);
  for (int i = 0; i < N; i++) offsets[i] = random32(&state) % TABLE * 4;
  for (long round = 0; round < ITERATIONS; round++) {
    gather(to, table, offsets, strided, N, 12);
    offsets[round % N] ^= 4;
    hash = fold(hash, to[round % N]);
  }
  return fold(hash, checksum(to, 1024));
}
