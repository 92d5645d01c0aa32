/* Quicksort of words, with an insertion sort for short parts. */
#include "runtime.h"

enum { COUNT = 100000 };
static uint32_t words[COUNT];

__attribute__((noinline)) static void sort(uint32_t *low, uint32_t *high) {
  while (high - low > 12) {
    uint32_t pivot = low[(high - low) / 2], *left = low, *right = high;
    while (left <= right) {
      while (*left < pivot) left++;
      while (*right > pivot) right--;
      if (left <= right) {
        uint32_t t = *left;
        *left++ = *right;
        *right-- = t;
      }
    }
    if (right - low < high - left) {
      sort(low, right);
      low = left;
    } else {
      sort(left, high);
      high = right;
    }
  }
  for (uint32_t *at = low + 1; at <= high; at++) {
    uint32_t value = *at, *to = at;
    for (; to > low && to[-1] > value; to--) *to = to[-1];
    *to = value;
  }
}

uint64_t workload(void) {
  uint32_t state = 11;
  uint64_t hash = 1;
  for (long round = 0; round < ITERATIONS; round++) {
    for (int i = 0; i < COUNT; i++) words[i] = random32(&state);
    sort(words, words + COUNT - 1);
    hash = fold(hash, words[COUNT / 2] ^ words[round % COUNT]);
  }
  return hash;
}
