# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Softmax of each row in fp32 in two passes: maximum and sum at once, then exp and scaling. It reads 2 n and writes n, where the
# three-pass form reads 3 n and writes 2 n, and pays with a second exponential.
#
# Each lane has a running maximum m and a sum s of exp(x - m). With e = exp(-|x - m|) a new x gives s = s + e if x <= m, else
# s = s e + 1 and m = x: one exponential whichever is larger. At the end the lanes are joined: s exp(m - max).
# Lanes start from the lowest finite number, so that nothing is infinity minus infinity; minus infinity in x adds nothing.
#
# That takes more registers than LMUL 4 leaves beside an exponential: LMUL 2, with the groups between those of exp_f32.inc. A
# dependent operation then waits 7 cycles where it streams 4, so a turn of 32 elements takes about 150 cycles in pass 1, 120 in
# pass 2.
#
# void softmax_online_f32(size_t rows, size_t cols, const float *x, float *y)
#   a0 rows left, a1 cols, a2 x row, a3 y row | t0 vl, t1 elements left, t2 input, t3 temporary
#   v0 mask, v2 maxima, v6 sums, v10 temporary, v14 x; v4..v28 as in exp_f32.inc; fa1 -1, fa2 maximum, fa3 1/sum, fa4 lowest, fa5 1

#include "exp_f32.inc"
    EXP_F32_TABLE

    .globl softmax_online_f32
    .type softmax_online_f32, @function
softmax_online_f32:
    li t3, 0xbf800000
    fmv.w.x fa1, t3
    li t3, 0xff7fffff
    fmv.w.x fa4, t3
    li t3, 0x3f800000
    fmv.w.x fa5, t3
    vsetvli t0, x0, e32, m2, ta, ma
    EXP_F32_SETUP t3

1:  vsetvli t0, x0, e32, m2, ta, ma
    vfmv.v.f v2, fa4
    vmv.v.i v6, 0
    mv t1, a1
    mv t2, a2
2:  vsetvli t0, t1, e32, m2, tu, mu     # lanes beyond vl keep their maximum and sum
    vle32.v v14, (t2)
    slli t3, t0, 2
    add t2, t2, t3
    sub t1, t1, t0
    vfsub.vv v20, v14, v2
    vfsgnj.vf v20, v20, fa1
    EXP_F32
    vmflt.vv v0, v2, v14
    vfadd.vv v10, v6, v28
    vfmadd.vv v6, v28, v4, v0.t
    vfmax.vv v2, v2, v14
    vmerge.vvm v6, v10, v6, v0
    bnez t1, 2b

    vsetvli t0, x0, e32, m1, ta, ma
    vfmax.vv v10, v2, v3
    vfredmax.vs v10, v10, v10
    vfmv.f.s fa2, v10
    vsetvli t0, x0, e32, m2, ta, ma
    vfsub.vf v20, v2, fa2
    EXP_F32
    vfmul.vv v6, v6, v28
    vsetvli t0, x0, e32, m1, ta, ma
    vfadd.vv v6, v6, v7
    vmv.s.x v10, x0
    vfredusum.vs v10, v6, v10
    vfmv.f.s fa3, v10
    fdiv.s fa3, fa5, fa3

    mv t1, a1
3:  vsetvli t0, t1, e32, m2, ta, ma
    vle32.v v20, (a2)
    slli t3, t0, 2
    add a2, a2, t3
    sub t1, t1, t0
    vfsub.vf v20, v20, fa2
    EXP_F32
    vfmul.vf v28, v28, fa3
    vse32.v v28, (a3)
    add a3, a3, t3
    bnez t1, 3b
    addi a0, a0, -1
    bnez a0, 1b
    ret
    .size softmax_online_f32, . - softmax_online_f32
