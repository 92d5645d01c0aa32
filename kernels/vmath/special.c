/* SPDX-License-Identifier: MIT OR Apache-2.0
 * The elements that the vector code leaves out: not finite, next to an end of the range, or in need of more digits. Each
 * function is called behind a strip that has some, with n elements of which only those are to be written. */
#include "vmath.h"

#include <stdint.h>

static uint64_t bits_of(double x) {
    union {
        double d;
        uint64_t u;
    } both = {.d = x};
    return both.u;
}

static const double infinity = __builtin_inf();
static const double half_pi = 0x1.921fb54442d18p+0, half_pi_rest = 0x1.1a62633145c07p-54;

static int exponent_field(double x) { return (int)(bits_of(x) >> 52 & 0x7ff); }
static int finite(double x) { return exponent_field(x) != 0x7ff; }
static double magnitude(double x) { return __builtin_fabs(x); }
static double with_sign(double x, double sign) { return __builtin_copysign(x, sign); }
static int is_subnormal(double x) { return x != 0 && exponent_field(x) == 0; }

/* A function that has no value there. */
static double invalid(double x) { return (x - x) / (x - x); }

/* What is not a number stays so, quietly. */
static double quiet(double x) { return x + x; }

void vmath_exp_special(size_t n, const double *x, double *y) {
    for (size_t i = 0; i < n; i++)
        if (!finite(x[i]))
            y[i] = x[i] == -infinity ? 0 : quiet(x[i]);
}

void vmath_expm1_special(size_t n, const double *x, double *y) {
    for (size_t i = 0; i < n; i++)
        if (!finite(x[i]))
            y[i] = x[i] == -infinity ? -1 : quiet(x[i]);
        else if (x[i] == 0)
            y[i] = x[i];
}

void vmath_sinh_special(size_t n, const double *x, double *y) {
    for (size_t i = 0; i < n; i++)
        if (!finite(x[i]))
            y[i] = quiet(x[i]);
        else if (exponent_field(x[i]) == 0)
            y[i] = x[i];
}

/* `scaled` is the logarithm of x * 2^54, by_two that of 2 as the sum of two numbers. */
static void logarithm(size_t n, const double *x, double *y, void (*vector)(size_t, const double *, double *),
                      double by_two, double rest) {
    for (size_t i = 0; i < n; i++) {
        if (x[i] == 0) {
            y[i] = -1 / magnitude(x[i]);
        } else if (x[i] < 0) {
            y[i] = invalid(x[i]);
        } else if (!finite(x[i])) {
            y[i] = quiet(x[i]);
        } else if (is_subnormal(x[i])) {
            double normal = x[i] * 0x1p54, scaled;
            vector(1, &normal, &scaled);
            y[i] = scaled - 54 * by_two - 54 * rest;
        }
    }
}

void vmath_log_special(size_t n, const double *x, double *y) {
    logarithm(n, x, y, vmath_log, 0x1.62e42fefa4p-1, -0x1.8432a1b0e2634p-43);
}

void vmath_log2_special(size_t n, const double *x, double *y) { logarithm(n, x, y, vmath_log2, 1, 0); }

void vmath_cbrt_special(size_t n, const double *x, double *y) {
    for (size_t i = 0; i < n; i++) {
        if (!finite(x[i]) || x[i] == 0) {
            y[i] = quiet(x[i]);
        } else if (is_subnormal(x[i])) {
            double normal = x[i] * 0x1p54, root;
            vmath_cbrt(1, &normal, &root);
            y[i] = root * 0x1p-18;
        }
    }
}

void vmath_asin_special(size_t n, const double *x, double *y) {
    for (size_t i = 0; i < n; i++) {
        double a = magnitude(x[i]);
        if (a < 0x1p-30)
            y[i] = x[i];
        else if (a == 1)
            y[i] = with_sign(half_pi, x[i]);
        else if (a > 1)
            y[i] = invalid(x[i]);
        else if (a != a)
            y[i] = quiet(x[i]);
    }
}

void vmath_atan_special(size_t n, const double *x, double *y) {
    for (size_t i = 0; i < n; i++) {
        double a = magnitude(x[i]);
        if (a < 0x1p-30)
            y[i] = x[i];
        else if (a >= 0x1p60)
            y[i] = with_sign(half_pi, x[i]);
        else if (a != a)
            y[i] = quiet(x[i]);
    }
}

void vmath_erfc_special(size_t n, const double *x, double *y) {
    for (size_t i = 0; i < n; i++)
        if (!finite(x[i]))
            y[i] = x[i] == infinity ? 0 : x[i] == -infinity ? 2 : quiet(x[i]);
}

void vmath_tgamma_special(size_t n, const double *x, double *y) {
    for (size_t i = 0; i < n; i++) {
        double a = magnitude(x[i]);
        if (a < 0x1p-60) {
            y[i] = 1 / x[i];
        } else if (x[i] > 179.5 || x[i] != x[i]) {
            y[i] = x[i] * infinity;
        } else if (x[i] < 0) {
            /* From 2^53 on all numbers are even. */
            double whole = a < 0x1p53 ? (double)(int64_t)a : a;
            if (whole == a)
                y[i] = invalid(x[i]);
            else if (a > 179.5)
                y[i] = (int64_t)whole % 2 ? 0.0 : -0.0;
        }
    }
}

/* 2/pi, behind 64 bits of zero. */
static const uint64_t two_over_pi[] = {
    0x0000000000000000, 0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041, 0xfe5163abdebbc561,
    0xb7246e3a424dd2e0, 0x06492eea09d1921c, 0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41,
    0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f, 0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7,
    0x4f463f669e5fea2d, 0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08, 0x56033046fc7b6bab,
};

static uint64_t from_bit(unsigned bit) {
    const uint64_t *word = two_over_pi + bit / 64;
    unsigned shift = bit % 64;
    return shift ? word[0] << shift | word[1] >> (64 - shift) : word[0];
}

/* a = (4k + quadrant + fraction) * pi/2 for a finite a >= 1/2; returns the quadrant, and fraction * pi/2, which is at most
 * pi/4 in magnitude, as the sum of two. */
static unsigned reduce(double a, double *high, double *low) {
    typedef unsigned __int128 u128;
    int exponent = exponent_field(a) - 1075;
    uint64_t m = (bits_of(a) & 0xfffffffffffff) | 0x10000000000000;
    /* Of 2/pi * 2^(exponent - 2), 192 bits behind the point: what is in front makes whole turns. */
    unsigned first = (unsigned)(exponent + 62);
    u128 p0 = (u128)m * from_bit(first + 128), p1 = (u128)m * from_bit(first + 64), p2 = (u128)m * from_bit(first);
    p1 += p0 >> 64;
    p2 += p1 >> 64;
    unsigned quadrant = (unsigned)((uint64_t)p2 >> 62);
    u128 fraction = (u128)(uint64_t)p2 << 66 | (u128)(uint64_t)p1 << 2 | (uint64_t)p0 >> 62;
    double sign = 1;
    if (fraction >> 127) {
        fraction = -fraction;
        quadrant++;
        sign = -1;
    }
    double scale = sign * 0x1p-128;
    while (!(fraction >> 120)) {
        fraction <<= 8;
        scale *= 0x1p-8;
    }
    /* The upper 53 bits and the next ones, each exact as a double. */
    double top = (double)(uint64_t)(fraction >> 75) * 0x1p75 * scale;
    double next = (double)((uint64_t)(fraction >> 22) & 0x1fffffffffffff) * 0x1p22 * scale;
    *high = top * half_pi;
    *low = __builtin_fma(top, half_pi, -*high) + (top * half_pi_rest + next * half_pi);
    return quadrant & 3;
}

/* sin(r + d) and cos(r + d) for |r| <= pi/4 by their series. */
static double sine(double r, double d) {
    static const double c[] = {-0x1.5555555555555p-3, 0x1.1111111111111p-7,  -0x1.a01a01a01a01ap-13, 0x1.71de3a556c734p-19,
                               -0x1.ae64567f544e4p-26, 0x1.6124613a86d09p-33, -0x1.ae7f3e733b81fp-41, 0x1.952c77030ad4ap-49};
    double s = r * r, p = 0;
    for (int k = 7; k >= 0; k--)
        p = p * s + c[k];
    return r + (p * s * r + d * (1 - s / 2));
}

static double cosine(double r, double d) {
    static const double c[] = {0x1.5555555555555p-5,  -0x1.6c16c16c16c17p-10, 0x1.a01a01a01a01ap-16, -0x1.27e4fb7789f5cp-22,
                               0x1.1eed8eff8d898p-29, -0x1.93974a8c07c9dp-37, 0x1.ae7f3e733b81fp-45};
    double s = r * r, p = 0;
    for (int k = 6; k >= 0; k--)
        p = p * s + c[k];
    double h = s / 2, head = 1 - h;
    return head + ((1 - head - h) + (p * s * s - r * d));
}

void vmath_sin_special(size_t n, const double *x, double *y) {
    for (size_t i = 0; i < n; i++) {
        double a = magnitude(x[i]), r, d;
        if (!finite(x[i])) {
            y[i] = invalid(x[i]);
        } else if (a >= 0.5) {
            unsigned quadrant = reduce(a, &r, &d);
            double value = quadrant & 1 ? cosine(r, d) : sine(r, d);
            y[i] = (quadrant >= 2) == (x[i] < 0) ? value : -value;
        }
    }
}
