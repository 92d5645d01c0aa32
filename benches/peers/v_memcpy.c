/* Copies of 64 KiB between addresses of every alignment. */
#include "runtime.h"

enum { BYTES = 1 << 16 };
static uint32_t from[BYTES / 4 + 16], to[BYTES / 4 + 16];

uint64_t workload(void) {
  uint32_t state = 43;
  for (int i = 0; i < BYTES / 4 + 16; i++) from[i] = random32(&state);
  for (long round = 0; round < ITERATIONS; round++) {
    copy(to, (const char *)from + (round & 31), BYTES);
    from[round & 1023] ^= (uint32_t)round;
  }
  return checksum(to, 4096);
}
