# SPDX-License-Identifier: MIT OR Apache-2.0
#
# y = W x in int8 with int32 sums, by a coprocessor behind Xsfvcp. Its user opcode 0 in the form of three vectors is a dot product of
# four: vd[i] += sum over j < 4 of vs2.i8[4 i + j] * vs1.i8[4 i + j], modulo 2^32. The instruction is not SiFive's: the
# extension vcix-dot4 of the simulator has it.
#
# void gemv_vcix(size_t rows, size_t words, const int8_t *w, const int8_t *x, int32_t *y)
#   a0 rows left, a1 words of 4 elements in a row, a2 W, a3 x, a4 y | t0 vl, t1 words left, t2 x next, t3 bytes
#   v16 sums, v4 W, v8 x

#include "matrix.inc"

    .text
    .globl gemv_vcix
    .type gemv_vcix, @function
gemv_vcix:
    vsetvli t0, x0, e32, m4, ta, ma
    vmv.v.i v16, 0
    mv t1, a1
    mv t2, a3
1:  vsetvli t0, t1, e32, m4, tu, ma     # lanes beyond vl keep their sum
    vle32.v v4, (a2)
    vle32.v v8, (t2)
    slli t3, t0, 2
    add a2, a2, t3
    add t2, t2, t3
    sub t1, t1, t0
    sf_vc_v_vvv 0, v16, v8, v4
    bnez t1, 1b
    vsetvli t0, x0, e32, m4, ta, ma
    vmv.s.x v0, x0
    vredsum.vs v0, v16, v0
    vmv.x.s t3, v0
    sw t3, 0(a4)
    addi a4, a4, 4
    addi a0, a0, -1
    bnez a0, gemv_vcix
    ret
    .size gemv_vcix, . - gemv_vcix
