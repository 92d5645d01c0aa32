# SPDX-License-Identifier: MIT OR Apache-2.0
#
# y = W x with fp16 weights in panels (see rvtile_kernels.h), fp16 x and fp32 sums, by widening multiply-adds.
#
# Rows are lanes. For 128 rows at VLEN 512 a vfwmacc.vf of LMUL 4 takes 8 cycles, as long as the load of its 256 bytes on
# the 32-byte port, and above its latency of 7: one sum for each row is enough. Four register groups of weights give each load
# three multiply-adds of time. The halves of a panel are read side by side, as in gemv_f32.
#
# void gemv_f16(size_t m, size_t k, const uint16_t *w, const uint16_t *x, float *y)
#   a0 rows left      a2 t3  weights, x of the first half      t0 rows (vl)             t2 pairs of columns left
#   a1 pairs          a5 t6  weights, x of the second half     t1 bytes of a column     t4 temporary
#   a4 y              a3 a6  x: starts of the halves           a7 1 if k is odd: the second half has one column more
#   v0 v4 v8 v12 weights, v24 sums (LMUL 8)

    .option arch, +zfh
    .text

.macro LOAD v, w
    vle16.v \v, (\w)
    add \w, \w, t1
.endm

.macro MAC v, x, offset
    flh fa0, \offset(\x)
    vfwmacc.vf v24, fa0, \v
.endm

    .globl gemv_f16
    .type gemv_f16, @function
gemv_f16:
    andi a7, a1, 1
    srli a1, a1, 1
    slli a6, a1, 1
    add a6, a6, a3
1:  vsetvli t0, a0, e32, m8, ta, ma
    slli t1, t0, 1
    mul t4, t1, a1
    add a5, a2, t4
    vmv.v.i v24, 0
    vsetvli x0, x0, e16, m4, ta, ma
    mv t3, a3
    mv t6, a6
    mv t2, a1
    andi t4, a1, 1
    beqz t4, 2f
    LOAD v0, a2                         # one pair first, so that the rest are two and two
    LOAD v4, a5
    MAC v0, t3, 0
    MAC v4, t6, 0
    addi t3, t3, 2
    addi t6, t6, 2
    addi t2, t2, -1
2:  beqz t2, 5f
    LOAD v0, a2
    LOAD v4, a5
    LOAD v8, a2
    LOAD v12, a5
    addi t2, t2, -2
    beqz t2, 4f
3:  MAC v0, t3, 0
    MAC v4, t6, 0
    LOAD v0, a2
    MAC v8, t3, 2
    LOAD v4, a5
    MAC v12, t6, 2
    LOAD v8, a2
    addi t3, t3, 4
    addi t6, t6, 4
    addi t2, t2, -2
    LOAD v12, a5
    bnez t2, 3b
4:  MAC v0, t3, 0
    MAC v4, t6, 0
    MAC v8, t3, 2
    MAC v12, t6, 2
    addi t6, t6, 4
5:  beqz a7, 6f
    LOAD v0, a5
    MAC v0, t6, 0
6:  mv a2, a5                           # behind the second half stands the next panel
    vse32.v v24, (a4)
    slli t4, t0, 2
    add a4, a4, t4
    sub a0, a0, t0
    bnez a0, 1b
    ret
    .size gemv_f16, . - gemv_f16
