# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The tile of linear_rvv, a linear_tile: one row of X by a panel of W, by the inner loop of gemv_i8: 16 products a cycle at VLEN 512.
#   a0 blocks left, a2 weights, a3 x, a5 columns (in t0 as the inner loop wants them), a6 sums, a7 flags

#include "gemv_i8.inc"
#include "linear.h"

    .text
    .globl linear_rvv_tile
    .type linear_rvv_tile, @function
linear_rvv_tile:
    mv a6, a3
    mv a3, a1
    andi a7, a4, LINEAR_FIRST
    vsetvli t0, a5, e32, m8, ta, ma
    bnez a7, 1f
    vle32.v v16, (a6)
    j 2f
1:  vmv.v.i v16, 0
2:  vsetvli x0, a5, e8, m2, ta, ma
    addi a0, a0, -1
    DOT32_START
    DOT32_BODY 0
    beqz a0, 4f
3:  DOT32_GROUP 28, 30, 0, 1
    addi a3, a3, 32
    addi a0, a0, -1
    DOT32_BODY 0
    bnez a0, 3b
4:  DOT32_GROUP 28, 30, 0, 0
    vsetvli x0, x0, e32, m8, ta, ma
    vse32.v v16, (a6)
    ret
    .size linear_rvv_tile, . - linear_rvv_tile
