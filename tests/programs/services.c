// What a program asks the kernel about time, chance, itself and its machine.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static void *nothing(void *argument) { return argument; }

int main(void) {
    struct timespec before, after, nap = {2, 500};
    clock_gettime(CLOCK_MONOTONIC, &before);
    nanosleep(&nap, 0);
    clock_gettime(CLOCK_MONOTONIC, &after);
    printf("slept %s\n", after.tv_sec - before.tv_sec >= 2 ? "2 s" : "too little");
    struct timeval day;
    gettimeofday(&day, 0);
    time_t now = day.tv_sec;
    printf("year %d\n", gmtime(&now)->tm_year + 1900);

    unsigned char random[16] = {0}, zero[16] = {0};
    printf("random %zd %d\n", getrandom(random, sizeof random, 0), memcmp(random, zero, 16) != 0);

    struct utsname name;
    uname(&name);
    printf("%s %s\n", name.sysname, name.machine);
    struct sysinfo info;
    printf("sysinfo %d procs %d\n", sysinfo(&info), info.procs);
    cpu_set_t set;
    printf("processors %d\n", sched_getaffinity(0, sizeof set, &set) ? -1 : CPU_COUNT(&set));
    struct rlimit limit;
    getrlimit(RLIMIT_STACK, &limit);
    printf("stack %lu MiB\n", (unsigned long)limit.rlim_cur >> 20);
    printf("page %ld, hwcap 0x%lx, %s\n", sysconf(_SC_PAGESIZE), getauxval(AT_HWCAP) & 0x1fffff,
           (char *)getauxval(AT_EXECFN));
    printf("terminal %d\n", isatty(1));
    pthread_t thread;
    printf("thread %s\n", strerrorname_np(pthread_create(&thread, 0, nothing, 0)));
    long result = syscall(198, 1, 1, 0);
    printf("socket %ld %s\n", result, strerrorname_np(errno));
    syscall(198, 1, 1, 0);
    return 0;
}
