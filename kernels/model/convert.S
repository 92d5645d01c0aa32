# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Conversions around matrix products of several tokens. Each moves its elements once; the port decides.
    .text

# void model_from_f16(size_t n, const uint16_t *x, float *y)
    .globl model_from_f16
    .type model_from_f16, @function
model_from_f16:
1:  vsetvli t0, a0, e16, m4, ta, ma
    vle16.v v0, (a1)
    slli t1, t0, 1
    add a1, a1, t1
    sub a0, a0, t0
    vfwcvt.f.f.v v8, v0
    vse32.v v8, (a2)
    slli t1, t0, 2
    add a2, a2, t1
    bnez a0, 1b
    ret
    .size model_from_f16, . - model_from_f16

# void model_to_bf16(size_t n, const float *x, uint16_t *y): to nearest even, for finite numbers
    .globl model_to_bf16
    .type model_to_bf16, @function
model_to_bf16:
    li t2, 0x7fff
    li t3, 1
1:  vsetvli t0, a0, e32, m8, ta, ma
    vle32.v v0, (a1)
    slli t1, t0, 2
    add a1, a1, t1
    sub a0, a0, t0
    vsrl.vi v8, v0, 16
    vand.vx v8, v8, t3
    vadd.vx v8, v8, t2
    vadd.vv v0, v0, v8
    vsetvli x0, x0, e16, m4, ta, ma
    vnsrl.wi v8, v0, 16
    vse16.v v8, (a2)
    srli t1, t1, 1
    add a2, a2, t1
    bnez a0, 1b
    ret
    .size model_to_bf16, . - model_to_bf16
