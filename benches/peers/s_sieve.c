/* Primes below a million. */
#include "runtime.h"

enum { LIMIT = 1000000 };
static uint8_t composite[LIMIT];

uint64_t workload(void) {
  uint64_t hash = 1;
  for (long round = 0; round < ITERATIONS; round++) {
    long count = 0;
    for (long i = 2; i < LIMIT; i++) composite[i] = 0;
    for (long i = 2; i < LIMIT; i++) {
      if (composite[i]) continue;
      count++;
      for (long j = i * i; j < LIMIT; j += i) composite[j] = 1;
    }
    hash = fold(hash, (uint64_t)(count + round));
  }
  return hash;
}
