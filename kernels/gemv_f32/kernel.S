# SPDX-License-Identifier: MIT OR Apache-2.0
#
# y = W x in fp32 with weights in panels (see rvtile_kernels.h).
#
# Rows are lanes: no reduction. For 128 rows at VLEN 512 a vfmacc.vf of LMUL 8 takes 16 cycles, as long as the load of its 512
# bytes on the 32-byte port, and above its latency of 7: one sum for each row is enough. Three register groups of weights give
# each load two multiply-adds of time, and leave the fourth to the sums.
#
# The halves of a panel are read side by side, so that weights come from memory in two streams: of one alone a prefetcher that
# stays 24 lines ahead has too few under way at a time for the rate of the memory, and each page that begins costs its latency.
#
# void gemv_f32(size_t m, size_t k, const float *w, const float *x, float *y)
#   a0 rows left      a2 a3  weights, x of the first half      t0 rows (vl)             t3 pairs of columns left
#   a1 pairs          a5 a6  weights, x of the second half     t1 bytes of a column     t4 constant
#   a4 y              t5 t6  x: starts of the halves           t2 bytes of half a panel
#   a7 1 if k is odd: the second half has one column more      v0 v8 v16 weights, v24 sums (LMUL 8)

    .text

.macro LOAD v, w
    vle32.v \v, (\w)
    add \w, \w, t1
.endm

.macro MAC v, x, offset=0
    flw fa0, \offset(\x)
    vfmacc.vf v24, fa0, \v
.endm

    .globl gemv_f32
    .type gemv_f32, @function
gemv_f32:
    andi a7, a1, 1
    srli a1, a1, 1
    mv t5, a3
    slli t6, a1, 2
    add t6, t6, a3
    li t4, 4
1:  vsetvli t0, a0, e32, m8, ta, ma
    slli t1, t0, 2
    mul t2, t1, a1
    add a5, a2, t2
    vmv.v.i v24, 0
    mv a3, t5
    mv a6, t6
    mv t3, a1
    beqz t3, 4f
    LOAD v0, a2
    LOAD v8, a5
    bltu t3, t4, 3f
2:  LOAD v16, a2                        # three pairs, and loads of the fourth
    MAC v0, a3, 0
    LOAD v0, a5
    MAC v8, a6, 0
    LOAD v8, a2
    MAC v16, a3, 4
    LOAD v16, a5
    MAC v0, a6, 4
    LOAD v0, a2
    MAC v8, a3, 8
    LOAD v8, a5
    MAC v16, a6, 8
    addi a3, a3, 12
    addi a6, a6, 12
    addi t3, t3, -3
    bgeu t3, t4, 2b
3:  MAC v0, a3
    MAC v8, a6
    addi a3, a3, 4
    addi a6, a6, 4
    addi t3, t3, -1
    beqz t3, 4f
    LOAD v0, a2
    LOAD v8, a5
    j 3b
4:  beqz a7, 5f
    LOAD v0, a5
    MAC v0, a6
5:  mv a2, a5                           # behind the second half stands the next panel
    vse32.v v24, (a4)
    add a4, a4, t1
    sub a0, a0, t0
    bnez a0, 1b
    ret
    .size gemv_f32, . - gemv_f32
