# SPDX-License-Identifier: MIT OR Apache-2.0
#
# y = W x with Q8_0 weights in panels (see rvtile_kernels.h) and x in blocks of 32 int8 with an fp32 scale each.
#
# Rows are lanes: no reduction, one stream of weights, scales of a block as one vector. Cycles for 128 rows and a block of
# 32 at VLEN 512: 8 groups of 32 (gemv_i8.inc), then 16 conversion to fp32, 8 widening of the scales, 16 product, 16
# multiply-add with the scale of x: 312 for 4096 products and 4352 bytes, 13.9 bytes a cycle. The L2 fills at 12 bytes a cycle, so
# weights that come from beyond it decide; the arithmetic fits beside them.
#
# void gemv_q8_0(size_t m, size_t k, const void *w, const int8_t *xq, const float *xd, float *y)
#   a0 rows left      a2 weights        a6 scales of this block    v12 scales, fp16 (LMUL 4), widened to v8 (LMUL 8)
#   a1 blocks         a3 xq, a4 xd      a7 blocks left             v24 fp32 sums (LMUL 8)
#   a5 y              t5 xq, t6 xd: their starts                   the rest as in gemv_i8.inc

#include "gemv_i8.inc"

    .option arch, +zfh
    .text
    .globl gemv_q8_0
    .type gemv_q8_0, @function
gemv_q8_0:
    addi a1, a1, 31
    srli a1, a1, 5
    mv t5, a3
    mv t6, a4
1:  vsetvli t0, a0, e32, m8, ta, ma
    vmv.v.i v24, 0
    mv a3, t5
    mv a4, t6
    mv a7, a1
    DOT32_START
2:  DOT32_BODY 1
    mv a6, a2                           # behind the 32 k stand the scales, then the next block
    slli t1, t0, 1
    add a2, a2, t1
    addi a7, a7, -1
    beqz a7, 3f
    DOT32_GROUP 28, 30, 0, 1
    j 4f
3:  DOT32_GROUP 28, 30, 0, 0
4:  vle16.v v12, (a6)
    flw fa0, 0(a4)
    addi a4, a4, 4
    addi a3, a3, 32
    vsetvli x0, x0, e32, m8, ta, ma
    vfcvt.f.x.v v16, v16
    vsetvli x0, x0, e16, m4, ta, ma
    vfwcvt.f.f.v v8, v12                # in place: a source may be the upper half of a wider destination
    vsetvli x0, x0, e32, m8, ta, ma
    vfmul.vv v16, v16, v8
    vfmacc.vf v24, fa0, v16
    bnez a7, 2b
    vse32.v v24, (a5)
    slli t1, t0, 2
    add a5, a5, t1
    sub a0, a0, t0
    bnez a0, 1b
    ret
    .size gemv_q8_0, . - gemv_q8_0
