# SPDX-License-Identifier: MIT OR Apache-2.0
#
# y = W x with int8 weights in panels, one fp32 scale a row, and x as int8 with one scale; int32 sums are exact.
# The inner loop is that of gemv_i8.inc: 16 products a cycle at VLEN 512, 16 bytes, more than the L2 is filled with. The halves
# of a panel are read side by side, two k of each in turn, as in gemv_f32.
#
# void gemv_i8(size_t m, size_t k, const int8_t *w, const float *scale, const int8_t *xq, float xd, float *y)
#   a0 rows left      a2 a4  weights of the halves     a5 scale       a7 blocks of 32 k left
#   a1 blocks         a3 t6  xq of the halves          a6 y, fa0 xd   t5 start of xq
#   (the fifth argument arrives in a4)

#include "gemv_i8.inc"

    .text

# Two k of each half.
.macro GROUP k, first, load
    DOT32_GROUP \k, \k, \first, \load, a4, t6
.endm

# 32 k, 16 of each half, but the last four.
.macro BODY first
    GROUP 0, \first, 1
    GROUP 2, 0, 1
    GROUP 4, 0, 1
    GROUP 6, 0, 1
    GROUP 8, 0, 1
    GROUP 10, 0, 1
    GROUP 12, 0, 1
.endm

    .globl gemv_i8
    .type gemv_i8, @function
gemv_i8:
    mv a6, a5
    mv a5, a3
    mv t5, a4
    addi a1, a1, 31
    srli a1, a1, 5
1:  vsetvli t0, a0, e8, m2, ta, ma
    slli t1, a1, 4                      # k of a half
    mv a3, t5
    add t6, t5, t1
    mul t1, t1, t0
    add a4, a2, t1
    addi a7, a1, -1
    DOT32_START a4
    BODY 1
    beqz a7, 3f
2:  GROUP 14, 0, 1
    addi a3, a3, 16
    addi t6, t6, 16
    addi a7, a7, -1
    BODY 0
    bnez a7, 2b
3:  GROUP 14, 0, 0
    mv a2, a4                           # behind the second half stands the next panel
    vle32.v v8, (a5)
    vsetvli x0, x0, e32, m8, ta, ma
    vfcvt.f.x.v v16, v16
    vfmul.vf v8, v8, fa0
    vfmul.vv v16, v16, v8
    vse32.v v16, (a6)
    slli t1, t0, 2
    add a5, a5, t1
    add a6, a6, t1
    sub a0, a0, t0
    bnez a0, 1b
    ret
    .size gemv_i8, . - gemv_i8
