# SPDX-License-Identifier: MIT OR Apache-2.0
#
# void add_f32(size_t n, const float *a, const float *b, float *y): y = a + b; y may be a or b.
# Two loads and a store of 16 cycles each for 128 elements at VLEN 512: the port decides.
    .text
    .globl add_f32
    .type add_f32, @function
add_f32:
1:  vsetvli t0, a0, e32, m8, ta, ma
    vle32.v v0, (a1)
    slli t1, t0, 2
    add a1, a1, t1
    vle32.v v8, (a2)
    add a2, a2, t1
    sub a0, a0, t0
    vfadd.vv v16, v0, v8
    vse32.v v16, (a3)
    add a3, a3, t1
    bnez a0, 1b
    ret
    .size add_f32, . - add_f32
