/* A mix of integer work: a linked list, a small matrix, a state machine over text, bit tricks. */
#include "runtime.h"

enum { NODES = 512, N = 20 };
typedef struct node {
  struct node *next;
  uint32_t key;
} node;

static node nodes[NODES];
static int16_t a[N][N], b[N][N];
static int32_t c[N][N];
static const char text[] = "12,-7,+3.5,4e9,.25,abc,0x1f,-.5e-3,77,+,1..2,9e,";

__attribute__((noinline)) static node *reverse(node *list) {
  node *done = 0;
  while (list) {
    node *next = list->next;
    list->next = done;
    done = list;
    list = next;
  }
  return done;
}

__attribute__((noinline)) static uint32_t scan(const char *at) {
  uint32_t states[5] = {0}, state = 0;
  for (; *at; at++) {
    char c = *at;
    if (c == ',') {
      states[state]++;
      state = 0;
    } else if (state == 0) {
      state = c == '+' || c == '-' || (c >= '0' && c <= '9') ? 1 : c == '.' ? 2 : 4;
    } else if (state == 1) {
      state = c == '.' ? 2 : c == 'e' ? 3 : c >= '0' && c <= '9' ? 1 : 4;
    } else if (state == 2) {
      state = c == 'e' ? 3 : c >= '0' && c <= '9' ? 2 : 4;
    }
  }
  return states[1] | states[2] << 8 | states[3] << 16 | states[4] << 24;
}

static uint32_t crc16(uint32_t crc, uint32_t value) {
  for (int bit = 0; bit < 16; bit++, value >>= 1) crc = (crc ^ value) & 1 ? crc >> 1 ^ 0xa001 : crc >> 1;
  return crc;
}

uint64_t workload(void) {
  uint32_t state = 17, crc = 0;
  for (int i = 0; i < NODES; i++) {
    nodes[i].next = i + 1 < NODES ? &nodes[(i + 1) * 7 % NODES] : 0;
    nodes[i].key = random32(&state);
  }
  for (int i = 0; i < NODES; i++) nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : 0;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) a[i][j] = (int16_t)random32(&state), b[i][j] = (int16_t)random32(&state);
  node *list = nodes;
  for (long round = 0; round < ITERATIONS; round++) {
    list = reverse(list);
    for (node *at = list; at; at = at->next) crc = crc16(crc, at->key += crc);
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        int32_t sum = 0;
        for (int k = 0; k < N; k++) sum += a[i][k] * b[k][j];
        c[i][j] = sum;
      }
    crc = crc16(crc, scan(text) ^ (uint32_t)c[round % N][3]);
  }
  return fold(checksum(c, N * N), crc);
}
