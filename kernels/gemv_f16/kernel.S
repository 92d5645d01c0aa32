# SPDX-License-Identifier: MIT OR Apache-2.0
#
# y = W x with fp16 weights in panels (see rvtile_kernels.h), fp16 x and fp32 sums, by widening multiply-adds.
#
# Rows are lanes. For 128 rows at VLEN 512 a vfwmacc.vf of LMUL 4 takes 8 cycles, as long as the load of its 256 bytes on
# the 32-byte port, and above its latency of 7: one sum for each row is enough. Four register groups of weights give each load
# three multiply-adds of time.
#
# void gemv_f16(size_t m, size_t k, const uint16_t *w, const uint16_t *x, float *y)
#   a0 rows left, a1 k, a2 weights, a3 x, a4 y | t0 rows (vl), t1 bytes of a k, t2 k left, t3 x, t4 constant, t5 temporary
#   v0 v4 v8 v12 weights, v24 sums (LMUL 8)

    .option arch, +zfh
    .text

.macro LOAD v
    vle16.v \v, (a2)
    add a2, a2, t1
.endm

.macro MAC v, offset
    flh fa0, \offset(t3)
    vfwmacc.vf v24, fa0, \v
.endm

    .globl gemv_f16
    .type gemv_f16, @function
gemv_f16:
    li t4, 4
1:  vsetvli t0, a0, e32, m8, ta, ma
    slli t1, t0, 1
    vmv.v.i v24, 0
    vsetvli x0, x0, e16, m4, ta, ma
    mv t3, a3
    mv t2, a1
    andi t5, a1, 3
    sub t2, t2, t5
    beqz t5, 3f
2:  LOAD v0                             # k modulo 4 first
    MAC v0, 0
    addi t3, t3, 2
    addi t5, t5, -1
    bnez t5, 2b
    beqz t2, 6f
3:  LOAD v0
    LOAD v4
    LOAD v8
    LOAD v12
    beq t2, t4, 5f
4:  MAC v0, 0
    MAC v4, 2
    LOAD v0
    MAC v8, 4
    LOAD v4
    MAC v12, 6
    LOAD v8
    addi t3, t3, 8
    addi t2, t2, -4
    LOAD v12
    bne t2, t4, 4b
5:  MAC v0, 0
    MAC v4, 2
    MAC v8, 4
    MAC v12, 6
6:  vse32.v v24, (a4)
    slli t5, t0, 2
    add a4, a4, t5
    sub a0, a0, t0
    bnez a0, 1b
    ret
    .size gemv_f16, . - gemv_f16
