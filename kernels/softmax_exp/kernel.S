# SPDX-License-Identifier: MIT OR Apache-2.0
#
# softmax_f32 with Xsfvfexp32e: three passes over each row, maximum, exponentials and their sum, scaling. One instruction takes the
# place of the fifteen of exp_f32.inc and of their constants; e^-infinity is 0.
#
# void softmax_exp_f32(size_t rows, size_t cols, const float *x, float *y)
#   a0 rows left, a1 cols, a2 x row, a3 y row
#   t0 vl, t1 elements left, t2 input pointer, t3 output pointer, t4 temporary
#   fa1 maximum, fa2 1/sum, fa3 -infinity, fa4 1
#   pass 1: v20 maximum, v24 and v28 loads    pass 2: v0 sum, v20 x, v28 exponential    pass 3: v20, v24

#include "matrix.inc"

    .text
    .globl softmax_exp_f32
    .type softmax_exp_f32, @function
softmax_exp_f32:
    li t4, 0xff800000
    fmv.w.x fa3, t4
    li t4, 0x3f800000
    fmv.w.x fa4, t4

1:  # Pass 1. Two load groups in turn, so that no load waits for the reader of its register.
    vsetvli t0, x0, e32, m4, ta, ma
    vfmv.v.f v20, fa3
    mv t1, a1
    mv t2, a2
2:  vsetvli t0, t1, e32, m4, tu, ma     # lanes beyond vl keep their maximum
    vle32.v v24, (t2)
    slli t4, t0, 2
    add t2, t2, t4
    sub t1, t1, t0
    vfmax.vv v20, v20, v24
    beqz t1, 3f
    vsetvli t0, t1, e32, m4, tu, ma
    vle32.v v28, (t2)
    slli t4, t0, 2
    add t2, t2, t4
    sub t1, t1, t0
    vfmax.vv v20, v20, v28
    bnez t1, 2b
3:  # Folding to one register first makes the reduction tree two levels lower: 6 + 29 cycles instead of 45.
    vsetvli t0, x0, e32, m2, ta, ma
    vfmax.vv v20, v20, v22
    vsetvli t0, x0, e32, m1, ta, ma
    vfmax.vv v20, v20, v21
    vfredmax.vs v24, v20, v20
    vfmv.f.s fa1, v24

    # Pass 2.
    vsetvli t0, x0, e32, m4, ta, ma
    vmv.v.i v0, 0
    mv t1, a1
    mv t2, a2
    mv t3, a3
4:  vsetvli t0, t1, e32, m4, tu, ma     # lanes beyond vl keep their sum
    vle32.v v20, (t2)
    vfsub.vf v20, v20, fa1
    sf_vfexp_v v28, v20
    slli t4, t0, 2
    add t2, t2, t4
    sub t1, t1, t0
    vse32.v v28, (t3)
    add t3, t3, t4
    vfadd.vv v0, v0, v28
    bnez t1, 4b
    vsetvli t0, x0, e32, m2, ta, ma
    vfadd.vv v0, v0, v2
    vsetvli t0, x0, e32, m1, ta, ma
    vfadd.vv v0, v0, v1
    vmv.s.x v20, x0
    vfredusum.vs v20, v0, v20
    vfmv.f.s fa2, v20
    fdiv.s fa2, fa4, fa2

    # Pass 3.
    mv t1, a1
    mv t3, a3
5:  vsetvli t0, t1, e32, m4, ta, ma
    vle32.v v20, (t3)
    sub t1, t1, t0
    slli t4, t0, 2
    vfmul.vf v24, v20, fa2
    vse32.v v24, (t3)
    add t3, t3, t4
    bnez t1, 5b

    slli t4, a1, 2
    add a2, a2, t4
    add a3, a3, t4
    addi a0, a0, -1
    bnez a0, 1b
    ret
    .size softmax_exp_f32, . - softmax_exp_f32
