// Hand-written vector code: instructions of every family at several settings. Prints a hash of the whole destination
// group after each, with masks and tails left undisturbed.
#include <stdint.h>
#include <stdio.h>

static uint8_t data[4][8192] __attribute__((aligned(64)));
static uint8_t out[8 * 128] __attribute__((aligned(64)));
static uint8_t memory[8192] __attribute__((aligned(64)));

static uint64_t hash(const uint8_t *bytes, unsigned long count) {
    uint64_t h = 0xcbf29ce484222325;
    for (unsigned long i = 0; i < count; i += 8) {
        h = (h ^ *(const uint64_t *)(bytes + i)) * 0x100000001b3;
        h ^= h >> 29;
    }
    return h;
}

static void refill(void) {
    for (unsigned long i = 0; i < sizeof memory / 8; i++) ((uint64_t *)memory)[i] = i * 0x0706050403020107;
}

static void report(const char *config, const char *text, unsigned long vl, unsigned long vlenb, uint64_t scalar,
                   int stores) {
    unsigned long status;
    asm volatile("csrr %0, vcsr" : "=r"(status));
    unsigned long flags;
    asm volatile("csrr %0, fflags\n csrw fflags, x0\n csrw vcsr, x0" : "=r"(flags));
    printf("%-8s %-40s %4lu %016lx %016lx %016lx %lx %lx\n", config, text, vl, hash(out, 8 * vlenb),
           stores ? hash(memory, sizeof memory) : 0, scalar, status, flags);
    if (stores) refill();
}

// v0 mask, v8 destination, v16 and v24 sources, a1 = 3 or a float's bits in fa1, a2 = memory, a3 = stride.
#define RUN(CONFIG, TEXT, STORES)                                                                                     \
    do {                                                                                                              \
        unsigned long vl, vlenb, scalar;                                                                              \
        asm volatile("csrr %[vlenb], vlenb\n vl8re8.v v8, (%[d0])\n vl8re8.v v16, (%[d1])\n vl8re8.v v24, (%[d2])\n"  \
                     "vl1re8.v v0, (%[d3])\n vsetvli %[vl], %[n], " CONFIG ", tu, mu\n"                               \
                     "li a0, 0\n li a1, 3\n li a3, 24\n mv a2, %[mem]\n fcvt.s.w fa1, a1\n"                           \
                     "fcvt.d.s fa2, fa1\n" TEXT "\n mv %[scalar], a0\n vs8r.v v8, (%[out])"                           \
                     : [vl] "=&r"(vl), [vlenb] "=&r"(vlenb), [scalar] "=r"(scalar)                                    \
                     : [n] "r"(n), [d0] "r"(data[0]), [d1] "r"(data[1]), [d2] "r"(data[2]), [d3] "r"(data[3]),        \
                       [mem] "r"(memory), [out] "r"(out)                                                              \
                     : "a0", "a1", "a2", "a3", "fa1", "fa2", "memory");                                               \
        report(CONFIG, TEXT, vl, vlenb, scalar, STORES);                                                              \
    } while (0)

#define OP(CONFIG, TEXT) RUN(CONFIG, TEXT, 0)
#define BOTH(CONFIG, TEXT) OP(CONFIG, TEXT); OP(CONFIG, TEXT ", v0.t")
#define STORE(CONFIG, TEXT) RUN(CONFIG, TEXT, 1); RUN(CONFIG, TEXT ", v0.t", 1)

#define INTEGER(C)                                                                                                    \
    BOTH(C, "vadd.vv v8, v16, v24"); BOTH(C, "vsub.vx v8, v16, a1"); BOTH(C, "vrsub.vi v8, v16, -5");                 \
    BOTH(C, "vand.vv v8, v16, v24"); BOTH(C, "vor.vi v8, v16, 9"); BOTH(C, "vxor.vx v8, v16, a1");                    \
    BOTH(C, "vsll.vv v8, v16, v24"); BOTH(C, "vsrl.vi v8, v16, 3"); BOTH(C, "vsra.vx v8, v16, a1");                   \
    BOTH(C, "vminu.vv v8, v16, v24"); BOTH(C, "vmax.vx v8, v16, a1"); BOTH(C, "vmul.vv v8, v16, v24");                \
    BOTH(C, "vmulh.vv v8, v16, v24"); BOTH(C, "vmulhsu.vx v8, v16, a1"); BOTH(C, "vmulhu.vv v8, v16, v24");           \
    BOTH(C, "vdivu.vv v8, v16, v24"); BOTH(C, "vdiv.vx v8, v16, a1"); BOTH(C, "vrem.vv v8, v16, v24");                \
    BOTH(C, "vremu.vx v8, v16, a1"); BOTH(C, "vmacc.vv v8, v16, v24"); BOTH(C, "vnmsub.vx v8, a1, v24");              \
    BOTH(C, "vmadd.vx v8, a1, v24"); BOTH(C, "vnmsac.vv v8, v16, v24");                                               \
    OP(C, "vadc.vvm v8, v16, v24, v0"); OP(C, "vmadc.vxm v8, v16, a1, v0"); OP(C, "vsbc.vxm v8, v16, a1, v0");        \
    OP(C, "vmsbc.vv v8, v16, v24"); OP(C, "vmerge.vvm v8, v16, v24, v0"); OP(C, "vmv.v.i v8, -3")

#define FIXED(C)                                                                                                      \
    BOTH(C, "vsaddu.vv v8, v16, v24"); BOTH(C, "vsadd.vi v8, v16, 15"); BOTH(C, "vssubu.vx v8, v16, a1");             \
    BOTH(C, "vssub.vv v8, v16, v24"); BOTH(C, "csrwi vxrm, 1\n vaaddu.vv v8, v16, v24");                              \
    BOTH(C, "csrwi vxrm, 2\n vasub.vx v8, v16, a1"); BOTH(C, "csrwi vxrm, 3\n vsmul.vv v8, v16, v24");                \
    BOTH(C, "vssrl.vi v8, v16, 5"); BOTH(C, "csrwi vxrm, 1\n vssra.vx v8, v16, a1")

#define WIDENING(C)                                                                                                   \
    BOTH(C, "vwaddu.vv v8, v16, v24"); BOTH(C, "vwsub.vx v8, v16, a1"); BOTH(C, "vwadd.wv v8, v16, v24");             \
    BOTH(C, "vwsubu.wx v8, v16, a1"); BOTH(C, "vwmul.vv v8, v16, v24"); BOTH(C, "vwmulsu.vx v8, v16, a1");            \
    BOTH(C, "vwmaccu.vv v8, v16, v24"); BOTH(C, "vwmaccsu.vx v8, a1, v24"); BOTH(C, "vwmaccus.vx v8, a1, v24");       \
    BOTH(C, "vnsrl.wi v8, v16, 4"); BOTH(C, "vnsra.wv v8, v16, v24"); BOTH(C, "vnclip.wx v8, v16, a1");               \
    BOTH(C, "csrwi vxrm, 2\n vnclipu.wi v8, v16, 2"); BOTH(C, "vwredsum.vs v8, v16, v24")

#define MASKS(C)                                                                                                      \
    BOTH(C, "vmseq.vv v8, v16, v24"); BOTH(C, "vmsltu.vx v8, v16, a1"); BOTH(C, "vmsle.vi v8, v16, 4");               \
    BOTH(C, "vmsgt.vx v8, v16, a1"); OP(C, "vmand.mm v8, v16, v24"); OP(C, "vmnor.mm v8, v16, v24");                  \
    OP(C, "vmxnor.mm v8, v16, v24"); OP(C, "vmorn.mm v8, v16, v24"); BOTH(C, "vcpop.m a0, v16");                      \
    BOTH(C, "vfirst.m a0, v16"); BOTH(C, "vmsbf.m v8, v16"); BOTH(C, "vmsif.m v8, v16"); BOTH(C, "vmsof.m v8, v16");  \
    BOTH(C, "viota.m v8, v16"); OP(C, "vid.v v8"); OP(C, "vid.v v8, v0.t")

#define PERMUTE(C)                                                                                                    \
    BOTH(C, "vslideup.vi v8, v16, 3"); BOTH(C, "vslidedown.vx v8, v16, a1"); BOTH(C, "vslide1up.vx v8, v16, a1");     \
    BOTH(C, "vslide1down.vx v8, v16, a1"); BOTH(C, "vrgather.vv v8, v16, v24"); BOTH(C, "vrgather.vx v8, v16, a1");   \
    OP(C, "vcompress.vm v8, v16, v24"); OP(C, "vmv.x.s a0, v16"); OP(C, "vmv.s.x v8, a1"); OP(C, "vmv1r.v v8, v17")

#define REDUCE(C)                                                                                                     \
    BOTH(C, "vredsum.vs v8, v16, v24"); BOTH(C, "vredand.vs v8, v16, v24"); BOTH(C, "vredxor.vs v8, v16, v24");       \
    BOTH(C, "vredmaxu.vs v8, v16, v24"); BOTH(C, "vredmin.vs v8, v16, v24"); BOTH(C, "vredor.vs v8, v16, v24")

#define FLOAT(C, F)                                                                                                   \
    BOTH(C, "vfadd.vv v8, v16, v24"); BOTH(C, "vfsub.vf v8, v16, " F); BOTH(C, "vfrsub.vf v8, v16, " F);              \
    BOTH(C, "vfmul.vv v8, v16, v24"); BOTH(C, "vfdiv.vv v8, v16, v24"); BOTH(C, "vfrdiv.vf v8, v16, " F);             \
    BOTH(C, "vfsqrt.v v8, v16"); BOTH(C, "vfrsqrt7.v v8, v16"); BOTH(C, "vfrec7.v v8, v16");                          \
    BOTH(C, "vfmacc.vv v8, v16, v24"); BOTH(C, "vfnmsac.vf v8, " F ", v24"); BOTH(C, "vfmadd.vv v8, v16, v24");       \
    BOTH(C, "vfnmadd.vf v8, " F ", v24"); BOTH(C, "vfmin.vv v8, v16, v24"); BOTH(C, "vfmax.vf v8, v16, " F);          \
    BOTH(C, "vfsgnjx.vv v8, v16, v24"); BOTH(C, "vfclass.v v8, v16"); BOTH(C, "vmfeq.vv v8, v16, v24");               \
    BOTH(C, "vmflt.vf v8, v16, " F); BOTH(C, "vfcvt.x.f.v v8, v16"); BOTH(C, "vfcvt.f.xu.v v8, v16");                 \
    OP(C, "vfmerge.vfm v8, v16, " F ", v0"); OP(C, "vfmv.v.f v8, " F); BOTH(C, "vfslide1up.vf v8, v16, " F);          \
    BOTH(C, "vfredosum.vs v8, v16, v24"); BOTH(C, "vfredusum.vs v8, v16, v24"); BOTH(C, "vfredmax.vs v8, v16, v24")

#define FLOAT_WIDENING(C, F)                                                                                          \
    BOTH(C, "vfwadd.vv v8, v16, v24"); BOTH(C, "vfwsub.wf v8, v16, " F); BOTH(C, "vfwmul.vf v8, v16, " F);            \
    BOTH(C, "vfwmacc.vv v8, v16, v24"); BOTH(C, "vfwnmsac.vf v8, " F ", v24"); BOTH(C, "vfwcvt.f.f.v v8, v16");       \
    BOTH(C, "vfwcvt.x.f.v v8, v16"); BOTH(C, "vfncvt.f.f.w v8, v16"); BOTH(C, "vfncvt.rod.f.f.w v8, v16");            \
    BOTH(C, "vfncvt.f.x.w v8, v16"); BOTH(C, "vfwredosum.vs v8, v16, v24")

#define MEMORY(C, EEW)                                                                                                \
    BOTH(C, "vle" EEW ".v v8, (a2)"); STORE(C, "vse" EEW ".v v16, (a2)"); BOTH(C, "vlse" EEW ".v v8, (a2), a3");      \
    STORE(C, "vsse" EEW ".v v16, (a2), a3"); BOTH(C, "vle" EEW "ff.v v8, (a2)"); OP(C, "vlm.v v8, (a2)");             \
    RUN(C, "vsm.v v16, (a2)", 1); OP(C, "vl2re" EEW ".v v8, (a2)"); RUN(C, "vs4r.v v16, (a2)", 1);                    \
    BOTH(C, "vand.vi v24, v24, 12\n vluxei" EEW ".v v8, (a2), v24");                                                  \
    STORE(C, "vand.vi v24, v24, 12\n vsoxei" EEW ".v v16, (a2), v24")

#define SEGMENTS(C, EEW)                                                                                              \
    BOTH(C, "vlseg2e" EEW ".v v8, (a2)"); BOTH(C, "vlseg5e" EEW ".v v8, (a2)"); STORE(C, "vsseg8e" EEW ".v v16, (a2)"); \
    BOTH(C, "vlsseg3e" EEW ".v v8, (a2), a3"); STORE(C, "vssseg4e" EEW ".v v16, (a2), a3");                           \
    BOTH(C, "vand.vi v24, v24, 12\n vluxseg2ei" EEW ".v v8, (a2), v24");                                              \
    STORE(C, "vand.vi v24, v24, 12\n vsuxseg3ei" EEW ".v v16, (a2), v24")

#define ALL(C) INTEGER(C); FIXED(C); MASKS(C); PERMUTE(C); REDUCE(C)

int main(void) {
    uint64_t x = 88172645463325252;
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 8192; j += 8) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            // Every other word holds two floats of moderate size, or a double, or small integers.
            uint64_t word = x;
            if (j % 32 == 8) word = (x & 0x807fffff807fffff) | 0x3f8000003f000000;
            if (j % 32 == 16) word = (x & 0x800fffffffffffff) | 0x3ff0000000000000;
            if (j % 32 == 24) word = x & 0x000f0007000f0007;
            *(uint64_t *)&data[i][j] = word;
        }
    }
    refill();
    static const unsigned long lengths[] = {1000, 5};
    for (int i = 0; i < 2; i++) {
        unsigned long n = lengths[i];
        ALL("e8,m1"); ALL("e16,m2"); ALL("e32,m4"); ALL("e64,m8"); ALL("e8,mf4"); ALL("e32,mf2");
        WIDENING("e8,m1"); WIDENING("e16,mf2"); WIDENING("e32,m4");
        FLOAT("e32,m1", "fa1"); FLOAT("e32,mf2", "fa1"); FLOAT("e64,m4", "fa2"); FLOAT_WIDENING("e32,m2", "fa1");
        OP("e16,m1", "vzext.vf2 v8, v16"); OP("e64,m4", "vsext.vf8 v8, v16"); OP("e32,m2", "vrgatherei16.vv v8, v16, v24");
        MEMORY("e8,m1", "8"); MEMORY("e16,m4", "16"); MEMORY("e32,m2", "32"); MEMORY("e64,m8", "64");
        SEGMENTS("e8,m1", "8"); SEGMENTS("e32,mf2", "32"); SEGMENTS("e64,m1", "64");
    }
    return 0;
}
