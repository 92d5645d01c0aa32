/* SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * Functions of double-precision arrays in RVV: y[i] = f(x[i]) for i < n. Any VLEN from 128, rounding to nearest. Results
 * are within 1.1 units in the last place of the exact value, over the whole range; infinities, NaNs and signed
 * zeros are as in C. Which exception flags are raised is not promised. x and y may be the same array.
 */
#ifndef VMATH_H
#define VMATH_H

#include <stddef.h>

void vmath_exp(size_t n, const double *x, double *y);
void vmath_expm1(size_t n, const double *x, double *y);
void vmath_log(size_t n, const double *x, double *y);
void vmath_log2(size_t n, const double *x, double *y);
void vmath_sqrt(size_t n, const double *x, double *y);
void vmath_cbrt(size_t n, const double *x, double *y);
void vmath_sin(size_t n, const double *x, double *y);
void vmath_asin(size_t n, const double *x, double *y);
void vmath_atan(size_t n, const double *x, double *y);
void vmath_sinh(size_t n, const double *x, double *y);
void vmath_erfc(size_t n, const double *x, double *y);
void vmath_tgamma(size_t n, const double *x, double *y);

#endif
