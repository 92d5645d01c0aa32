# SPDX-License-Identifier: MIT OR Apache-2.0
#
# One row of an embedding table as fp32: copied, or dequantised from blocks of 32 (row-major, as stored).
# A block at VLEN 512: load 1 to 2 cycles, conversion to fp32 and product 4 each, store 4.

    .option arch, +zfh
    .text

# void embedding_f32(size_t d, const float *row, float *y)
    .globl embedding_f32
    .type embedding_f32, @function
embedding_f32:
1:  vsetvli t0, a0, e32, m8, ta, ma
    vle32.v v0, (a1)
    slli t1, t0, 2
    add a1, a1, t1
    sub a0, a0, t0
    vse32.v v0, (a2)
    add a2, a2, t1
    bnez a0, 1b
    ret
    .size embedding_f32, . - embedding_f32

# void embedding_q8_0(size_t d, const struct block_q8_0 *row, float *y)
    .globl embedding_q8_0
    .type embedding_q8_0, @function
embedding_q8_0:
    li t1, 32
1:  mv t2, a0
    bltu a0, t1, 2f
    mv t2, t1
2:  vsetvli t0, t2, e32, m8, ta, ma     # 32 elements fit at VLEN 128
    flh fa0, 0(a1)
    addi t3, a1, 2
    vle8.v v8, (t3)
    addi a1, a1, 34
    fcvt.s.h fa0, fa0
    sub a0, a0, t2
    vsext.vf4 v0, v8
    vfcvt.f.x.v v0, v0
    vfmul.vf v0, v0, fa0
    vse32.v v0, (a2)
    addi a2, a2, 128
    bnez a0, 1b
    ret
    .size embedding_q8_0, . - embedding_q8_0

# Up to 16 fp32 from nibbles in \nib, as n - 8 times fa0, to \to; t2 elements.
.macro NIBBLES nib, to
    vsetvli t0, t2, e32, m8, ta, ma
    vzext.vf4 v16, \nib
    vadd.vi v16, v16, -8
    vfcvt.f.x.v v16, v16
    vfmul.vf v16, v16, fa0
    vse32.v v16, (\to)
.endm

# void embedding_q4_0(size_t d, const struct block_q4_0 *row, float *y)
    .globl embedding_q4_0
    .type embedding_q4_0, @function
embedding_q4_0:
    li t1, 16
1:  flh fa0, 0(a1)
    addi t3, a1, 2
    vsetivli x0, 16, e8, m2, ta, ma
    vle8.v v8, (t3)
    addi a1, a1, 18
    fcvt.s.h fa0, fa0
    vand.vi v4, v8, 15
    vsrl.vi v6, v8, 4
    mv t2, a0
    bltu a0, t1, 2f
    mv t2, t1
2:  NIBBLES v4, a2
    sub a0, a0, t2
    beqz a0, 4f
    mv t2, a0
    bltu a0, t1, 3f
    mv t2, t1
3:  addi a2, a2, 64
    NIBBLES v6, a2
    addi a2, a2, 64
    sub a0, a0, t2
    bnez a0, 1b
4:  ret
    .size embedding_q4_0, . - embedding_q4_0
