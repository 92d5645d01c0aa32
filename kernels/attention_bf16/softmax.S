# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The softmax of attention by blocks, on groups of scores as kernel.S describes them. Scores are logarithms to the base 2: log2(e) is in the
# scale of the queries.

#include "exp_f32.inc"
#include "matrix.inc"
    EXP_F32_TABLE

# void attn_qqq_reverse(float *dst, const float *last, size_t n, float factor): dst[i] = last[-i] * factor
    .globl attn_qqq_reverse
    .type attn_qqq_reverse, @function
attn_qqq_reverse:
    li t2, -4
1:  vsetvli t0, a2, e32, m4, ta, ma
    vlse32.v v0, (a1), t2
    slli t1, t0, 2
    sub a1, a1, t1
    sub a2, a2, t0
    vfmul.vf v0, v0, fa0
    vse32.v v0, (a0)
    add a0, a0, t1
    bnez a2, 1b
    ret
    .size attn_qqq_reverse, . - attn_qqq_reverse

# void attn_qqq_expand(float *dst, const float *src, size_t blocks): dst[u][i][j] = src[4 u + 3 - i + j], i, j < 4
#   a3 bytes of a block, a4 i, t1 src, t2 dst, t3 blocks left
    .globl attn_qqq_expand
    .type attn_qqq_expand, @function
attn_qqq_expand:
    li a3, 64
    li a4, 4
    addi a1, a1, 12
1:  mv t1, a1
    mv t2, a0
    mv t3, a2
2:  vsetvli t0, t3, e32, m2, ta, ma
    vlseg4e32.v v0, (t1)
    vssseg4e32.v v0, (t2), a3
    slli t4, t0, 4
    add t1, t1, t4
    slli t4, t0, 6
    add t2, t2, t4
    sub t3, t3, t0
    bnez t3, 2b
    addi a1, a1, -4
    addi a0, a0, 16
    addi a4, a4, -1
    bnez a4, 1b
    ret
    .size attn_qqq_expand, . - attn_qqq_expand

# void attn_qqq_bias(size_t groups, size_t lanes, float *s, const float *bias)
#   Adds the blocks of expanded biases to each group: those of the next 4 keys begin a block earlier.
    .globl attn_qqq_bias
    .type attn_qqq_bias, @function
attn_qqq_bias:
    vsetvli x0, a1, e32, m8, ta, ma
    slli a1, a1, 2
1:  vle32.v v8, (a2)
    vle32.v v16, (a3)
    addi a3, a3, -64
    addi a0, a0, -1
    vfadd.vv v8, v8, v16
    vse32.v v8, (a2)
    add a2, a2, a1
    bnez a0, 1b
    ret
    .size attn_qqq_bias, . - attn_qqq_bias

# void attn_qqq_mask(size_t groups, size_t lanes, float *s, const int32_t *limits, size_t key)
#   Minus infinity where limits[lane] <= the first key of a group, `key` and every fourth behind it.
    .globl attn_qqq_mask
    .type attn_qqq_mask, @function
attn_qqq_mask:
    vsetvli x0, a1, e32, m8, ta, ma
    slli a1, a1, 2
    vle32.v v8, (a3)
    li t0, 0xff800000
    fmv.w.x fa0, t0
1:  vle32.v v16, (a2)
    vmsle.vx v0, v8, a4
    addi a4, a4, 4
    addi a0, a0, -1
    vfmerge.vfm v16, v16, fa0, v0
    vse32.v v16, (a2)
    add a2, a2, a1
    bnez a0, 1b
    ret
    .size attn_qqq_mask, . - attn_qqq_mask

# void attn_qqq_max(size_t groups, size_t lanes, const float *s, const float *m_old, float *m_new)
#   The maximum of each query over m_old and its lanes in all groups, in all its four lanes. These meet in memory: they are rows
#   of a block, 16 bytes apart.
    .globl attn_qqq_max
    .type attn_qqq_max, @function
attn_qqq_max:
    vsetvli x0, a1, e32, m8, ta, ma
    slli t1, a1, 2
    vle32.v v8, (a3)
1:  vle32.v v16, (a2)
    add a2, a2, t1
    addi a0, a0, -1
    vfmax.vv v8, v8, v16
    bnez a0, 1b
    vse32.v v8, (a4)
    li t1, 64
    srli t0, a1, 4
    addi t2, a4, 16
    addi t3, a4, 32
    addi t4, a4, 48
    vsetvli x0, t0, e64, m1, ta, ma
    vlsseg2e64.v v0, (a4), t1
    vlsseg2e64.v v2, (t2), t1
    vlsseg2e64.v v4, (t3), t1
    vlsseg2e64.v v6, (t4), t1
    slli t5, t0, 1
    vsetvli x0, t5, e32, m1, ta, ma
    vfmax.vv v0, v0, v2
    vfmax.vv v1, v1, v3
    vfmax.vv v4, v4, v6
    vfmax.vv v5, v5, v7
    vfmax.vv v0, v0, v4
    vfmax.vv v1, v1, v5
    vsetvli x0, t0, e64, m1, ta, ma
    vssseg2e64.v v0, (a4), t1
    vssseg2e64.v v0, (t2), t1
    vssseg2e64.v v0, (t3), t1
    vssseg2e64.v v0, (t4), t1
    ret
    .size attn_qqq_max, . - attn_qqq_max

# size_t attn_qqq_correct(size_t lanes, const float *m_old, const float *m_new, float *correction)
#   correction = 2^(m_old - m_new), as exp((m_old - m_new) ln 2). Returns whether any is not 1.
    .globl attn_qqq_correct
    .type attn_qqq_correct, @function
attn_qqq_correct:
    vsetvli t0, x0, e32, m4, ta, ma
    EXP_F32_SETUP t1
    la t1, .Lexp2
    flw fa1, 16(t1)
    mv t2, a0
    li a0, 0
1:  vsetvli t0, t2, e32, m4, ta, ma
    vle32.v v20, (a1)
    vle32.v v24, (a2)
    slli t1, t0, 2
    add a1, a1, t1
    add a2, a2, t1
    sub t2, t2, t0
    vfsub.vv v20, v20, v24
    vfmul.vf v20, v20, fa1
    EXP_F32
    vse32.v v28, (a3)
    add a3, a3, t1
    vmfne.vv v0, v28, v4
    vcpop.m t1, v0
    or a0, a0, t1
    bnez t2, 1b
    ret
    .size attn_qqq_correct, . - attn_qqq_correct

# void attn_qqq_rescale(size_t groups, size_t lanes, float *c, const float *correction): all groups times the correction
    .globl attn_qqq_rescale
    .type attn_qqq_rescale, @function
attn_qqq_rescale:
    vsetvli x0, a1, e32, m8, ta, ma
    slli a1, a1, 2
    vle32.v v8, (a3)
1:  vle32.v v16, (a2)
    addi a0, a0, -1
    vfmul.vv v16, v16, v8
    vse32.v v16, (a2)
    add a2, a2, a1
    bnez a0, 1b
    ret
    .size attn_qqq_rescale, . - attn_qqq_rescale

# void attn_qqq_exp(size_t groups, size_t lanes, const float *s, const float *m, uint16_t *p): p = 18.125 2^(s - m) as bf16
#   t = s - m <= 0 is n + r, n whole and |r| <= 1/2; 2^r is a cubic, whose leading coefficient is 1: the common factor cancels in the
#   quotient of weighted values and sums. Its error, 7.5e-5, is a fiftieth of bf16's own, so a higher degree would buy nothing.
#   t is clamped to -127, where the exponent field of 2^n becomes 0; so minus infinity gives 0.
#   Half a group at a time: operations of 4 registers cover the latency of those before.
#   a0 groups, a1 lanes left, a2 s, a3 m, a4 p, a5 bytes between groups of s, a6 of p, t0 lanes at once, t1 s, t2 p, t3 groups left
    .section .rodata
    .balign 4
.Lexp2:
    .word 0xc2fe0000                    # clamp   -127
    .word 0x4b40007f                    # magic   1.5*2^23 + 127
    .word 0x408cb763                    # c2
    .word 0x41490c64                    # c1
    .word 0x3f317218                    # ln 2
    .word 0x4190fdd5                    # c0
    .text
    .globl attn_qqq_exp
    .type attn_qqq_exp, @function
attn_qqq_exp:
    la t1, .Lexp2
    flw ft0, 0(t1)
    flw ft1, 4(t1)
    flw ft2, 8(t1)
    flw fa0, 12(t1)
    flw fa1, 20(t1)
    vsetvli t0, x0, e32, m4, ta, ma
    vfmv.v.f v4, fa0
    vfmv.v.f v8, fa1
    slli a5, a1, 2
    slli a6, a1, 1
1:  vsetvli t0, a1, e32, m4, ta, ma
    vle32.v v0, (a3)
    mv t1, a2
    mv t2, a4
    mv t3, a0
    vle32.v v12, (t1)
2:  add t1, t1, a5
    vfsub.vv v16, v12, v0
    addi t3, t3, -1
    vfmax.vf v16, v16, ft0
    beqz t3, 3f
    vle32.v v12, (t1)                   # the next group
3:  vfadd.vf v20, v16, ft1              # low bits: n + 127
    vfsub.vf v24, v20, ft1              # n
    vfsub.vv v16, v16, v24              # r
    vsll.vi v20, v20, 23                # 2^n
    vfadd.vf v24, v16, ft2
    vfmadd.vv v24, v16, v4
    vfmadd.vv v24, v16, v8
    vfmul.vv v24, v24, v20
    vsetvli x0, x0, e16, m2, ta, ma
    vfncvtbf16_f_f_w v28, v24
    vse16.v v28, (t2)
    add t2, t2, a6
    vsetvli x0, x0, e32, m4, ta, ma
    bnez t3, 2b
    slli t1, t0, 2
    add a2, a2, t1
    add a3, a3, t1
    slli t1, t0, 1
    add a4, a4, t1
    sub a1, a1, t0
    bnez a1, 1b
    ret
    .size attn_qqq_exp, . - attn_qqq_exp
