/* SPDX-License-Identifier: MIT OR Apache-2.0
 * vmath <function> vector|scalar <n> [given]: f of n numbers, twice; the second time is the region <function>. The scalar
 * functions are those of the C library. The numbers are random in the function's usual range, or, with `given`, what the
 * simulator put into vmath_x; the results are in vmath_y. */
#include "rvtile.h"
#include "vmath.h"

#include <stdint.h>

double exp(double), expm1(double), log(double), log2(double), sqrt(double), cbrt(double), sin(double), asin(double),
    atan(double), sinh(double), erfc(double), tgamma(double);

enum { CAPACITY = 4096, SYS_EXIT_GROUP = 94, USAGE = 2 };

double vmath_x[CAPACITY], vmath_y[CAPACITY];

struct function {
    const char *name;
    void (*vector)(size_t n, const double *x, double *y);
    double (*scalar)(double x);
    double low, high;
};

#define FUNCTION(NAME, LOW, HIGH) {#NAME, vmath_##NAME, NAME, LOW, HIGH}

static const struct function functions[] = {
    FUNCTION(exp, -20, 20), FUNCTION(expm1, -20, 20), FUNCTION(log, 0, 100),  FUNCTION(log2, 0, 100),
    FUNCTION(sqrt, 0, 100), FUNCTION(cbrt, -100, 100), FUNCTION(sin, -20, 20), FUNCTION(asin, -1, 1),
    FUNCTION(atan, -20, 20), FUNCTION(sinh, -20, 20), FUNCTION(erfc, -5, 20),  FUNCTION(tgamma, -20, 20),
};

__attribute__((noreturn)) static void leave(long status) {
    register long a0 __asm__("a0") = status;
    register long a7 __asm__("a7") = SYS_EXIT_GROUP;
    for (;;)
        __asm__ volatile("ecall" : : "r"(a0), "r"(a7) : "memory");
}

static int equal(const char *a, const char *b) {
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static size_t number(const char *text) {
    size_t n = 0;
    for (; *text >= '0' && *text <= '9' && n <= CAPACITY; text++)
        n = n * 10 + (size_t)(*text - '0');
    if (*text || n == 0 || n > CAPACITY)
        leave(USAGE);
    return n;
}

static void fill(const struct function *f, size_t n) {
    uint64_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 6364136223846793005 + 1442695040888963407;
        vmath_x[i] = f->low + (f->high - f->low) * (double)(state >> 11) * 0x1p-53;
    }
}

static void call(const struct function *f, int scalar, size_t n) {
    if (!scalar) {
        f->vector(n, vmath_x, vmath_y);
        return;
    }
    for (size_t i = 0; i < n; i++)
        vmath_y[i] = f->scalar(vmath_x[i]);
}

/* The C library keeps errno in thread-local memory: there is one thread, and this is its own. */
static char thread[256] __attribute__((aligned(16)));

__attribute__((noreturn, used)) void rt_start(const uint64_t *stack) {
    __asm__ volatile("mv tp, %0" : : "r"(thread));
    const char *const *arguments = (const char *const *)(stack + 1);
    uint64_t count = stack[0];
    if (count < 4 || count > 5)
        leave(USAGE);
    const struct function *f = functions, *end = functions + sizeof functions / sizeof *functions;
    while (f < end && !equal(f->name, arguments[1]))
        f++;
    int scalar = equal(arguments[2], "scalar"), given = count == 5 && equal(arguments[4], "given");
    size_t n = number(arguments[3]);
    if (f == end || !(scalar || equal(arguments[2], "vector")) || given != (count == 5))
        leave(USAGE);
    if (!given)
        fill(f, n);
    call(f, scalar, n);
    rvtile_region_begin(f->name);
    call(f, scalar, n);
    rvtile_region_end(f->name);
    leave(0);
}
