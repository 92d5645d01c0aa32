// Signals that a program sends itself: handled, blocked, ignored, on another stack, and at last abort().
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t seen;
static char *volatile handler_stack;

static void count(int signal) {
    char here;
    handler_stack = &here;
    seen += signal == SIGUSR1 ? 1 : 100;
    // A handler may use floating point: the interrupted code must not notice.
    volatile double x = 1.5;
    x *= x;
}

int main(void) {
    signal(SIGUSR1, count);
    register double kept = 0.25;
    raise(SIGUSR1);
    printf("raised: %d, kept %g\n", seen, kept);

    sigset_t set, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, 0);
    raise(SIGUSR1);
    sigpending(&pending);
    printf("blocked: %d, pending %d\n", seen, sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &set, 0);
    printf("unblocked: %d\n", seen);

    static char area[16384];
    stack_t stack = {.ss_sp = area, .ss_size = sizeof area};
    sigaltstack(&stack, 0);
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_ONSTACK | SA_RESETHAND};
    sigaction(SIGUSR2, &action, 0);
    kill(getpid(), SIGUSR2);
    printf("on its stack: %d, %d\n", seen, handler_stack >= area && handler_stack < area + sizeof area);

    signal(SIGTERM, SIG_IGN);
    raise(SIGTERM);
    raise(SIGCHLD);
    puts("still here");
    fflush(stdout);
    abort();
}
