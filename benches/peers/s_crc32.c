/* CRC-32 with a table, over a buffer that changes. */
#include "runtime.h"

enum { BYTES = 1 << 18 };
static uint32_t table[256];
static uint8_t data[BYTES];

uint64_t workload(void) {
  uint32_t state = 7, crc = 0;
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int bit = 0; bit < 8; bit++) c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
    table[i] = c;
  }
  for (int i = 0; i < BYTES; i++) data[i] = (uint8_t)random32(&state);
  for (long round = 0; round < ITERATIONS; round++) {
    uint32_t c = ~crc;
    for (int i = 0; i < BYTES; i++) c = table[(c ^ data[i]) & 255] ^ c >> 8;
    crc = ~c;
    data[round % BYTES] ^= (uint8_t)crc;
  }
  return crc;
}
