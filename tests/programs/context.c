// A handler sees and changes the interrupted registers; floating-point and vector state come back as they were.
// Built with -march=rv64gcv.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <ucontext.h>

static void on_trap(int signal, siginfo_t *info, void *where) {
    (void)signal;
    ucontext_t *context = where;
    if ((unsigned long)info->si_addr != context->uc_mcontext.__gregs[REG_PC])
        return;
    context->uc_mcontext.__gregs[REG_PC] += 4;
    context->uc_mcontext.__gregs[REG_A0] += 1;
    __asm__ volatile("vsetivli zero, 2, e8, m1, ta, ma\n"
                     "vmv.v.i v8, 9\n"
                     "fmv.d.x fa0, zero\n"
                     "fsflags zero\n" ::: "fa0");
}

int main(void) {
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    sigaction(SIGTRAP, &action, 0);
    register long a0 __asm__("a0") = 41;
    register double fa0 __asm__("fa0") = 0.5;
    long vl, vtype, element, flags;
    __asm__ volatile("li %0, 3\n"
                     "vsetvli zero, %0, e32, m1, ta, ma\n"
                     "vmv.v.i v8, 5\n"
                     "fsflagsi 16\n"
                     ".option push\n.option norvc\nebreak\n.option pop\n"
                     "csrr %0, vl\ncsrr %1, vtype\nvmv.x.s %2, v8\nfrflags %3\n"
                     : "=&r"(vl), "=&r"(vtype), "=&r"(element), "=&r"(flags), "+r"(a0), "+f"(fa0));
    printf("a0 %ld fa0 %g flags %ld vl %ld vtype 0x%lx v8 %ld\n", a0, fa0, flags, vl, vtype, element);
    return 0;
}
