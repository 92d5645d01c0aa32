# SPDX-License-Identifier: MIT OR Apache-2.0
#
# What fp32 attention needs beside the GEMM routines of matmul_f32: transposing K, softmax with a running maximum, scaling.
# The tiles and their order are in main.c.
#
# Lanes are keys, so that one query (decoding) uses the whole vector. That costs a reduction for the maximum per query and
# key block (35 cycles); the sum stays spread over the lanes until the end.
#
# Cycles for one query and 64 keys with d = 64 at VLEN 512: scores 512, maximum 40, exp 136 (17 operations of
# 8 cycles), weighted values 512, packing of P 20, rescaling 24: about 80 % of the time is GEMM at the FMA peak.

#include "exp_f32.inc"
    EXP_F32_TABLE

# void attn_pack_kt(float *dst, const float *src, size_t row_bytes, size_t keys, size_t d)
#   dst[c][j] = src[j][c], c < d, j < keys: rows of dst tight (keys elements). A strided segment load brings 8 columns
#   of 16 keys in one cycle a key; element-wise strided loads would take 8.
#   a0 dst, a1 src, a2 source row bytes, a3 keys left, a4 d
#   a5 dst row bytes, a6 source of this chunk of keys, a7 columns left, t0 vl, t1 dst, t2 constant
.macro PACK_ROW vs
    vse32.v \vs, (t1)
    add t1, t1, a5
.endm

.macro PACK_COLUMNS n, load
    \load v8, (a6), a2
    PACK_ROW v8
    .if \n > 1
    PACK_ROW v9
    .endif
    .if \n > 2
    PACK_ROW v10
    .endif
    .if \n > 3
    PACK_ROW v11
    .endif
    .if \n > 4
    PACK_ROW v12
    .endif
    .if \n > 5
    PACK_ROW v13
    .endif
    .if \n > 6
    PACK_ROW v14
    .endif
    .if \n > 7
    PACK_ROW v15
    .endif
    addi a6, a6, 4 * \n
.endm

    .globl attn_pack_kt
    .type attn_pack_kt, @function
attn_pack_kt:
    slli a5, a3, 2
1:  vsetvli t0, a3, e32, m1, ta, ma
    mv a6, a1
    mv a7, a4
    mv t1, a0
    li t2, 8
    bltu a7, t2, 3f
2:  PACK_COLUMNS 8, vlsseg8e32.v
    addi a7, a7, -8
    bgeu a7, t2, 2b
3:  andi t2, a7, 4
    beqz t2, 4f
    PACK_COLUMNS 4, vlsseg4e32.v
4:  andi t2, a7, 2
    beqz t2, 5f
    PACK_COLUMNS 2, vlsseg2e32.v
5:  andi t2, a7, 1
    beqz t2, 6f
    PACK_COLUMNS 1, vlse32.v
6:  sub a3, a3, t0
    mul t2, t0, a2
    add a1, a1, t2
    slli t2, t0, 2
    add a0, a0, t2
    bnez a3, 1b
    ret
    .size attn_pack_kt, . - attn_pack_kt

# void attn_scale(float *dst, const float *src, size_t n, float factor)
#   dst[i] = src[i] * factor; dst may be src.
    .globl attn_scale
    .type attn_scale, @function
attn_scale:
1:  vsetvli t0, a2, e32, m4, ta, ma
    vle32.v v0, (a1)
    slli t1, t0, 2
    sub a2, a2, t0
    add a1, a1, t1
    vfmul.vf v8, v0, fa0
    vse32.v v8, (a0)
    add a0, a0, t1
    bnez a2, 1b
    ret
    .size attn_scale, . - attn_scale

# void attn_fill(float *dst, size_t n, float value)
    .globl attn_fill
    .type attn_fill, @function
attn_fill:
    beqz a1, 2f
    vsetvli t0, x0, e32, m8, ta, ma
    vfmv.v.f v0, fa0
1:  vsetvli t0, a1, e32, m8, ta, ma
    vse32.v v0, (a0)
    slli t1, t0, 2
    sub a1, a1, t0
    add a0, a0, t1
    bnez a1, 1b
2:  ret
    .size attn_fill, . - attn_fill

# void attn_max(size_t rows, const float *s, const float *m_old, float *m_new)
#   m_new[i] = max(m_old[i], all VLMAX(m4) elements of row i of s). The results never pass through a scalar register here,
#   so the rows follow each other without waiting for a transfer (11 cycles).
#   a0 rows left, a1 s, a2 m_old, a3 m_new | t0 vl, t1 row bytes
    .globl attn_max
    .type attn_max, @function
attn_max:
    vsetvli t0, x0, e32, m4, ta, ma
    slli t1, t0, 2
1:  vsetvli t0, x0, e32, m4, ta, ma
    vle32.v v8, (a1)
    add a1, a1, t1
    vsetvli t0, x0, e32, m2, ta, ma
    vfmax.vv v8, v8, v10
    vsetivli x0, 1, e32, m1, ta, ma
    vle32.v v16, (a2)
    addi a2, a2, 4
    vsetvli t0, x0, e32, m1, ta, ma
    vfmax.vv v8, v8, v9
    vfredmax.vs v8, v8, v16
    vsetivli x0, 1, e32, m1, ta, ma
    vse32.v v8, (a3)
    addi a3, a3, 4
    addi a0, a0, -1
    bnez a0, 1b
    ret
    .size attn_max, . - attn_max

# void attn_exp(size_t rows, float *s, float *sums, const float *m_old, const float *m_new, float *correction)
#   correction[i] = exp(m_old[i] - m_new[i]); s[i][j] = exp(s[i][j] - m_new[i]);
#   sums[i][j] = sums[i][j] * correction[i] + s[i][j], over all VLMAX(m4) lanes j.
#   a0 rows left, a1 s, a2 sums, a3 m_old, a4 m_new, a5 correction | t0 vl, t1 row bytes, t2 temporary
#   v0 sums, v4..v28 as in exp_f32.inc, fa1 m_new[i], fa2 correction[i]
    .globl attn_exp
    .type attn_exp, @function
attn_exp:
    vsetvli t0, x0, e32, m4, ta, ma
    slli t1, t0, 2
    EXP_F32_SETUP t2
    vsetvli x0, a0, e32, m4, ta, ma     # one lane a row; the constants reach as far
    vle32.v v20, (a3)
    vle32.v v0, (a4)
    vfsub.vv v20, v20, v0
    EXP_F32
    vse32.v v28, (a5)
    vsetvli t0, x0, e32, m4, ta, ma
1:  vle32.v v20, (a1)
    flw fa1, 0(a4)
    addi a4, a4, 4
    vfsub.vf v20, v20, fa1
    vle32.v v0, (a2)
    EXP_F32
    flw fa2, 0(a5)
    addi a5, a5, 4
    addi a0, a0, -1
    vse32.v v28, (a1)
    add a1, a1, t1
    vfmadd.vf v0, fa2, v28
    vse32.v v0, (a2)
    add a2, a2, t1
    bnez a0, 1b
    ret
    .size attn_exp, . - attn_exp

# float attn_sum(const float *s): the sum of VLMAX(m4) elements, by a tree.
    .globl attn_sum
    .type attn_sum, @function
attn_sum:
    vsetvli t0, x0, e32, m4, ta, ma
    vle32.v v8, (a0)
    vsetvli t0, x0, e32, m2, ta, ma
    vfadd.vv v8, v8, v10
    vsetvli t0, x0, e32, m1, ta, ma
    vfadd.vv v8, v8, v9
    vmv.s.x v16, x0
    vfredusum.vs v8, v8, v16
    vfmv.f.s fa0, v8
    ret
    .size attn_sum, . - attn_sum
