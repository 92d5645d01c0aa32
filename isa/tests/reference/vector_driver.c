// Executes single vector instructions on a reference machine (Linux user mode, RV64GCV).
//
// Reads from standard input records of `struct in` and writes for each a `struct out`, both followed by the 32 vector
// registers. Integer operands are in a1 and fa1, results in a0 and fa0.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

struct in {
    uint64_t vtype, x, f;
    uint32_t insn, vl, vxrm, vstart;
};

struct out {
    uint64_t a0, fa0;
    uint32_t vxsat, vl, vstart, illegal;
};

static volatile uint32_t illegal;

static void on_illegal(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    illegal = 1;
    ((ucontext_t *)context)->uc_mcontext.__gregs[0] += 4;
}

void execute(const struct in *in, const uint8_t *v_in, struct out *out, uint8_t *v_out, void *code, uint64_t vlenb8);

__asm__(
    ".text\n"
    ".globl execute\n"
    "execute:\n"
    "  addi sp, sp, -48\n"
    "  sd ra, 0(sp)\n"
    "  sd s0, 8(sp)\n"
    "  sd s1, 16(sp)\n"
    "  sd s2, 24(sp)\n"
    "  mv s0, a2\n"
    "  mv s1, a3\n"
    "  mv s2, a5\n"
    "  mv t0, a1\n"
    "  vl8re8.v v0, (t0)\n"
    "  add t0, t0, a5\n"
    "  vl8re8.v v8, (t0)\n"
    "  add t0, t0, a5\n"
    "  vl8re8.v v16, (t0)\n"
    "  add t0, t0, a5\n"
    "  vl8re8.v v24, (t0)\n"
    "  lw t1, 32(a0)\n" // vxrm
    "  csrw vxrm, t1\n"
    "  csrw vxsat, zero\n"
    "  lw t2, 36(a0)\n" // vstart
    "  lw t3, 28(a0)\n" // vl
    "  ld t4, 0(a0)\n"  // vtype
    "  ld a1, 8(a0)\n"  // x
    "  fld fa1, 16(a0)\n"
    "  fmv.d.x fa0, zero\n"
    "  li a0, 0\n"
    "  vsetvl zero, t3, t4\n"
    "  csrw vstart, t2\n"
    "  jalr ra, a4\n"
    "  csrr t2, vstart\n"
    "  csrr t1, vl\n"
    "  csrr t3, vxsat\n"
    "  csrw vstart, zero\n"
    "  sd a0, 0(s0)\n"
    "  fsd fa0, 8(s0)\n"
    "  sw t3, 16(s0)\n"
    "  sw t1, 20(s0)\n"
    "  sw t2, 24(s0)\n"
    "  vs8r.v v0, (s1)\n"
    "  add s1, s1, s2\n"
    "  vs8r.v v8, (s1)\n"
    "  add s1, s1, s2\n"
    "  vs8r.v v16, (s1)\n"
    "  add s1, s1, s2\n"
    "  vs8r.v v24, (s1)\n"
    "  ld ra, 0(sp)\n"
    "  ld s0, 8(sp)\n"
    "  ld s1, 16(sp)\n"
    "  ld s2, 24(sp)\n"
    "  addi sp, sp, 48\n"
    "  ret\n");

int main(void) {
    static uint8_t v_in[32 * 512], v_out[32 * 512];
    struct sigaction action = {.sa_sigaction = on_illegal, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &action, NULL);
    uint32_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t vlenb;
    __asm__ volatile("csrr %0, vlenb" : "=r"(vlenb));
    struct in in;
    struct out out;
    // Every case gets fresh addresses until the page is full: fewer translations to throw away.
    size_t at = 0;
    while (fread(&in, sizeof in, 1, stdin) == 1 && fread(v_in, 32 * vlenb, 1, stdin) == 1) {
        memset(&out, 0, sizeof out);
        illegal = 0;
        code[at] = in.insn;
        code[at + 1] = 0x00008067; // ret
        __asm__ volatile("fence.i" ::: "memory");
        execute(&in, v_in, &out, v_out, &code[at], 8 * vlenb);
        out.illegal = illegal;
        fwrite(&out, sizeof out, 1, stdout);
        fwrite(v_out, 32 * vlenb, 1, stdout);
        at = at + 2 < 1000 ? at + 2 : 0;
    }
    return 0;
}
