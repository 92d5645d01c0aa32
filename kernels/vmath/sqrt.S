# SPDX-License-Identifier: MIT OR Apache-2.0
# Written by functions.py.
# void vmath_sqrt(size_t n, const double *x, double *y): y[i] = sqrt(x[i])
    .text
    .balign 4
    .globl vmath_sqrt
    .type vmath_sqrt, @function
vmath_sqrt:
1:
    vsetvli t1, a0, e64, m4, ta, ma
    vle64.v v4, (a1)
    vfsqrt.v v4, v4
    vse64.v v4, (a2)
    sub a0, a0, t1
    slli t1, t1, 3
    add a1, a1, t1
    add a2, a2, t1
    bnez a0, 1b
    ret
    .size vmath_sqrt, . - vmath_sqrt
