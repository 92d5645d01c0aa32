/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What a program without a C library needs of one: Linux calls, memset and memcpy, text. For the one file of a program that defines
 * rt_start. */
#ifndef RT_SYS_H
#define RT_SYS_H

#include <stddef.h>
#include <stdint.h>

/* ---- system calls ------------------------------------------------------------------------------------------------ */

enum { SYS_OPENAT = 56, SYS_READ = 63, SYS_WRITE = 64, SYS_EXIT_GROUP = 94, SYS_MUNMAP = 215, SYS_MMAP = 222 };
enum { PAGE = 4096, PROT_RW = 3, MAP_PRIVATE_ANONYMOUS = 0x22 };

static long syscall6(long n, long a, long b, long c, long d, long e, long f) {
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d;
    register long a4 __asm__("a4") = e;
    register long a5 __asm__("a5") = f;
    register long a7 __asm__("a7") = n;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5), "r"(a7) : "memory");
    return a0;
}

__attribute__((noreturn)) static void rt_exit(int status) {
    for (;;)
        syscall6(SYS_EXIT_GROUP, status, 0, 0, 0, 0, 0);
}

static void write_all(int fd, const void *data, uint64_t bytes) {
    const char *p = data;
    while (bytes) {
        long n = syscall6(SYS_WRITE, fd, (long)p, (long)bytes, 0, 0, 0);
        if (n <= 0)
            rt_exit(4);
        p += n;
        bytes -= (uint64_t)n;
    }
}

/* ---- what GCC may call even in a freestanding program ------------------------------------------------------------ */

void *memset(void *dst, int c, size_t n) {
    unsigned char *p = dst;
    while (n--)
        *p++ = (unsigned char)c;
    return dst;
}

void *memcpy(void *dst, const void *src, size_t n) {
    unsigned char *p = dst;
    const unsigned char *s = src;
    while (n--)
        *p++ = *s++;
    return dst;
}

/* ---- text -------------------------------------------------------------------------------------------------------- */

/* The rest of `s` behind `prefix`, or NULL. */
static const char *after(const char *s, const char *prefix) {
    while (*prefix)
        if (*s++ != *prefix++)
            return NULL;
    return s;
}

static int equal(const char *a, const char *b) {
    const char *rest = after(a, b);
    return rest && !*rest;
}

static int parse_u64(const char *s, uint64_t *value) {
    uint64_t v = 0;
    if (!*s)
        return 0;
    for (; *s; s++) {
        if (*s < '0' || *s > '9' || v > (UINT64_MAX - 9) / 10)
            return 0;
        v = v * 10 + (uint64_t)(*s - '0');
    }
    *value = v;
    return 1;
}

static char line[512];
static uint64_t line_len;

static void put(const char *s) {
    while (*s && line_len < sizeof line)
        line[line_len++] = *s++;
}

static void put_number(uint64_t v, unsigned base, unsigned min_digits) {
    char buf[21];
    unsigned i = sizeof buf;
    buf[--i] = 0;
    do {
        buf[--i] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v || sizeof buf - 1 - i < min_digits);
    put(buf + i);
}

static void flush(int fd) {
    write_all(fd, line, line_len);
    line_len = 0;
}

#endif
