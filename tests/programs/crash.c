// Does what a program must not: argv[1] says what.
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

__attribute__((noinline)) static int load(volatile int *address) {
    return *address; // the bad load
}

int main(int argc, char **argv) {
    printf("before\n");
    fflush(stdout);
    if (argc > 1 && argv[1][0] == 'i')
        __asm__ volatile(".4byte 0xffffffff");
    if (argc > 1 && argv[1][0] == 's') {
        // No vector registers of 512 bits fit this stack.
        static char area[8192];
        stack_t stack = {.ss_sp = area + 4096, .ss_size = 2048};
        struct sigaction action = {.sa_handler = _exit, .sa_flags = SA_ONSTACK};
        sigaltstack(&stack, 0);
        sigaction(SIGUSR2, &action, 0);
        raise(SIGUSR2);
    }
    return load((volatile int *)8);
}
