// Nothing repeats for long: pseudo-random branches, calls, addresses, strides, lengths and alignments, in a footprint
// that grows from the first cache level to memory. Built with -march=rv64gcv.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state = 88172645463325252u;

static uint64_t any(void) {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static uint64_t add(uint64_t a, uint64_t b) { return a + b; }
static uint64_t divide(uint64_t a, uint64_t b) { return a / (b | 1); }
static uint64_t twice(uint64_t a, uint64_t b) { return b & 1 ? add(a, b) * 2 : a ^ b; }
static uint64_t (*const operations[])(uint64_t, uint64_t) = {add, divide, twice};

static int compare(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

#define BYTES (1 << 21)
static uint8_t bytes[BYTES + 64], copies[BYTES + 64];
static uint32_t order[4096];

static uint64_t scalar(uint64_t reach) {
    uint64_t sum = 0, at = 0;
    for (int i = 0; i < 3000; i++) {
        const uint64_t r = any();
        at = (at + r) % reach;
        sum = operations[r % 3](sum, bytes[at]);
        if (r & 8)
            bytes[(r >> 20) % reach] = (uint8_t)sum;
        else if (r & 16)
            *(uint64_t *)(bytes + (r >> 20) % reach / 8 * 8) += sum;
        if ((r & 0x700) == 0x700)
            sum = (uint64_t)((double)(sum & 0xffff) / 3.0 + 0.5);
    }
    return sum;
}

// One case: `text` between a load of v8 and a store of it, `a` and `b` being addresses, `c` a number.
#define CASE(number, text) \
    case number: \
        __asm__ volatile("vsetvli %0, %1, e32, m4, ta, ma\n vle32.v v8, (%2)\n" text "\n vse32.v v8, (%3)\n" \
                         "vmv.s.x v4, zero\n vredsum.vs v4, v8, v4\n vmv.x.s %1, v4" \
                         : "=&r"(vl), "+r"(length) \
                         : "r"(from), "r"(to), "r"(r), "r"(stride), "r"(mask) \
                         : "memory"); \
        break;

static uint64_t vector(uint64_t reach) {
    uint64_t sum = 0;
    for (int i = 0; i < 300; i++) {
        const uint64_t r = any(), stride = (r >> 50 & 15) * 4, mask = 0xffc;
        uint64_t vl, length = 1 + r % 80;
        uint8_t *from = bytes + (r >> 10) % (reach - 8192) / 4 * 4, *to = copies + (r >> 30) % (reach - 8192) / 4 * 4;
        switch (r >> 60) {
            CASE(0, "vlse32.v v8, (%2), %5")
            CASE(1, "vand.vx v8, v8, %6\n vluxei32.v v8, (%2), v8")
            CASE(2, "vsse32.v v8, (%3), %5")
            CASE(3, "vand.vx v12, v8, %6\n vsuxei32.v v8, (%3), v12")
            CASE(4, "vmul.vv v8, v8, v8")
            CASE(5, "vdivu.vx v8, v8, %4")
            CASE(6, "vmv.v.i v12, 0\n vslideup.vx v12, v8, %5\n vmv.v.v v8, v12")
            CASE(7, "vid.v v12\n vrgather.vv v4, v8, v12")
            CASE(8, "vmsltu.vx v0, v8, %4\n vadd.vv v8, v8, v8, v0.t")
            CASE(9, "vmsgtu.vx v0, v8, %4\n vcpop.m %0, v0\n vfirst.m %0, v0")
            CASE(10, "vle32ff.v v8, (%2)\n csrr %0, vl")
            CASE(11, "vmacc.vx v8, %4, v8")
            CASE(12, "vlseg2e32.v v8, (%2)\n vsseg2e8.v v8, (%3)")
            CASE(13, "vl4re32.v v8, (%2)\n vs2r.v v8, (%3)")
            CASE(14, "vse8.v v8, (%3)\n fence")
            CASE(15, "vsetvli %0, %1, e8, mf2, ta, ma\n vloxei8.v v8, (%2), v8, v0.t")
        }
        sum += vl ^ length;
    }
    return sum;
}

int main(void) {
    uint64_t sum = 0;
    for (int i = 0; i < BYTES; i += 8)
        *(uint64_t *)(bytes + i) = any();
    for (uint64_t reach = 16384; reach <= BYTES; reach *= 8) {
        sum += scalar(reach);
        sum += vector(reach);
        for (int i = 0; i < 4096; i++)
            order[i] = (uint32_t)any() % 1000;
        qsort(order, 4096, sizeof *order, compare);
        sum += order[any() % 4096];
        printf("%lu: %lu\n", (unsigned long)reach, (unsigned long)sum);
    }
    return 0;
}
