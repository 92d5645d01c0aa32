// Mappings: fixed, moved, protected, discarded; a fault that the program handles; code made at run time.
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static sigjmp_buf back;
static void *volatile fault_address;

static void on_fault(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    fault_address = info->si_addr;
    siglongjmp(back, 1);
}

#define CHECK(what) printf("%s %s\n", (what) ? "ok" : "FAIL", #what)

int main(void) {
    enum { PAGE = 4096, RW = PROT_READ | PROT_WRITE, ANON = MAP_PRIVATE | MAP_ANONYMOUS };
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, 0);

    char *a = mmap(0, 4 * PAGE, RW, ANON, -1, 0);
    CHECK(a != MAP_FAILED && a[0] == 0);
    memset(a, 1, 4 * PAGE);
    CHECK(mmap(a + PAGE, PAGE, RW, ANON | MAP_FIXED, -1, 0) == a + PAGE && a[PAGE] == 0 && a[2 * PAGE] == 1);
    CHECK(mmap(a, PAGE, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED && errno == EEXIST);
    CHECK(mmap(0, PAGE, RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED && errno == EPERM);
    CHECK(madvise(a, PAGE, MADV_DONTNEED) == 0 && a[0] == 0);

    CHECK(mprotect(a, PAGE, PROT_READ) == 0);
    if (!sigsetjmp(back, 1))
        a[5] = 1;
    CHECK(fault_address == a + 5);
    CHECK(munmap(a + 2 * PAGE, PAGE) == 0);
    fault_address = 0;
    if (!sigsetjmp(back, 1))
        (void)*(volatile char *)(a + 2 * PAGE);
    CHECK(fault_address == a + 2 * PAGE && a[3 * PAGE] == 1);
    CHECK(mprotect(a, 4 * PAGE, RW) == -1 && errno == ENOMEM);

    char *b = mmap(0, PAGE, RW, ANON, -1, 0);
    strcpy(b, "moved");
    char *c = mremap(b, PAGE, 64 * PAGE, MREMAP_MAYMOVE);
    CHECK(c != MAP_FAILED && !strcmp(c, "moved") && c[63 * PAGE] == 0);
    CHECK(mremap(c, 64 * PAGE, PAGE, 0) == c);
    CHECK(mmap((void *)1, ~0ul - PAGE, RW, ANON, -1, 0) == MAP_FAILED && errno == ENOMEM);

    char *heap = sbrk(0);
    CHECK(sbrk(3 * PAGE) == heap && heap[3 * PAGE - 1] == 0);
    heap[100] = 9;
    CHECK(brk(heap) == 0 && sbrk(PAGE) == heap && heap[100] == 0);

    unsigned *code = mmap(0, PAGE, RW | PROT_EXEC, ANON, -1, 0);
    for (int round = 1; round <= 2; round++) {
        code[0] = 0x00000513u | (unsigned)round << 20;
        code[1] = 0x00008067;
        __builtin___clear_cache((char *)code, (char *)(code + 2));
        CHECK(((int (*)(void))code)() == round);
    }
    return 0;
}
