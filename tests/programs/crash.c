// Does what a program must not: argv[1] says what.
#include <stdio.h>

__attribute__((noinline)) static int load(volatile int *address) {
    return *address; // the bad load
}

int main(int argc, char **argv) {
    printf("before\n");
    fflush(stdout);
    if (argc > 1 && argv[1][0] == 'i')
        __asm__ volatile(".4byte 0xffffffff");
    return load((volatile int *)8);
}
