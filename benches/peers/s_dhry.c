/* Records, strings and calls, in the manner of Dhrystone. */
#include "runtime.h"

typedef struct record {
  struct record *next;
  int kind, number;
  char name[32];
} record;

static record first, second;
static char text[32] = "A STRING THAT IS COPIED OFTEN";
static int table[64];

__attribute__((noinline)) static void copy_text(char *to, const char *from) {
  while ((*to++ = *from++)) {}
}

__attribute__((noinline)) static int compare_text(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return *a - *b;
}

__attribute__((noinline)) static int kind_of(int number) {
  switch (number & 3) {
  case 0: return 2;
  case 1: return number > 100 ? 0 : 3;
  case 2: return 1;
  default: return 4;
  }
}

__attribute__((noinline)) static void update(record *at, int number) {
  record *next = at->next;
  *next = *at;
  next->number = number + at->kind;
  next->kind = kind_of(number);
  next->next = at;
  at->number = next->number * 3 / (at->kind + 1);
}

uint64_t workload(void) {
  uint64_t hash = 1;
  first.next = &second;
  copy_text(first.name, text);
  for (long round = 0; round < ITERATIONS; round++) {
    first.kind = kind_of((int)round);
    update(&first, (int)round);
    copy_text(second.name, text);
    second.name[round & 15] = (char)('A' + (round & 7));
    table[round & 63] += compare_text(first.name, second.name) > 0 ? first.number : second.number;
    hash = fold(hash, (uint64_t)table[round * 7 & 63]);
  }
  return hash;
}
