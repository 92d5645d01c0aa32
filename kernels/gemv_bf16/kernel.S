# SPDX-License-Identifier: MIT OR Apache-2.0
#
# y = W x with bf16 weights in panels of pairs (see rvtile_kernels.h), fp32 x and sums, without any bf16 instruction.
#
# A 32-bit word holds the weights of an even k (lower half) and the next k (upper half) of one row. A bf16 is the upper half of
# an fp32, so a shift makes the one an fp32 and a mask the other. For 128 rows at VLEN 512 each of shift, mask and two
# multiply-adds takes 16 cycles: 256 products in 64 cycles, 4 a cycle and 8 bytes a cycle.
#
# void gemv_bf16(size_t m, size_t k, const uint16_t *w, const float *x, float *y)
#   a0 rows left, a1 k, a2 weights, a3 x, a4 y | t0 rows (vl), t1 bytes of a pair, t2 pairs left, t3 x, t4 mask
#   v0 v24 weights, v8 widened, v16 sums (LMUL 8)

    .text

.macro PAIR w
    flw fa0, 0(t3)
    flw fa1, 4(t3)
    vsll.vi v8, \w, 16
    vfmacc.vf v16, fa0, v8
    vand.vx v8, \w, t4
    addi t3, t3, 8
    vfmacc.vf v16, fa1, v8
.endm

.macro LOAD w
    vle32.v \w, (a2)
    add a2, a2, t1
.endm

    .globl gemv_bf16
    .type gemv_bf16, @function
gemv_bf16:
    lui t4, 0xffff0
1:  vsetvli t0, a0, e32, m8, ta, ma
    slli t1, t0, 2
    vmv.v.i v16, 0
    mv t3, a3
    srli t2, a1, 1
    beqz t2, 5f
    LOAD v0
2:  addi t2, t2, -1
    beqz t2, 3f
    LOAD v24
    PAIR v0
    addi t2, t2, -1
    beqz t2, 4f
    LOAD v0
    PAIR v24
    j 2b
3:  PAIR v0
    j 5f
4:  PAIR v24
5:  andi t2, a1, 1                      # an odd last k stands alone in the lower half
    beqz t2, 6f
    flw fa0, 0(t3)
    LOAD v0
    vsll.vi v8, v0, 16
    vfmacc.vf v16, fa0, v8
6:  vse32.v v16, (a4)
    add a4, a4, t1
    sub a0, a0, t0
    bnez a0, 1b
    ret
    .size gemv_bf16, . - gemv_bf16
