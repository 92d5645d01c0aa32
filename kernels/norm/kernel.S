# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Normalisation of rows in fp32. Sums are taken in lanes of two groups of LMUL 4 in turn, then by a tree.
# For 4096 elements at VLEN 512 each pass moves 64 elements in 8 cycles of the port (16 with a store, 24 with weights as
# well): RMSNorm 8 + 24 = 32 cycles, LayerNorm 8 + 8 + 32 = 48; a row adds about 100 for its sums, root and divisions.

    .text

# Past the vl fp32 elements of this turn; t6 is temporary.
.macro BUMP pointer
    slli t6, t0, 2
    add \pointer, \pointer, t6
.endm

# fa0 = sum of the lanes of v8 and v12 (LMUL 4 each), a group as the full vectors are.
.macro SUM
    vsetvli t0, x0, e32, m4, ta, ma
    vfadd.vv v8, v8, v12
    vsetvli t0, x0, e32, m2, ta, ma
    vfadd.vv v8, v8, v10
    vsetvli t0, x0, e32, m1, ta, ma
    vfadd.vv v8, v8, v9
    vmv.s.x v16, x0
    vfredusum.vs v16, v8, v16
    vfmv.f.s fa0, v16
.endm

# Sum over the row at a2 of a1 elements: \body acc, x for each vector; twice per turn with sums v8 and v12.
.macro ROW_SUM body
    vsetvli t0, x0, e32, m4, ta, ma
    vmv.v.i v8, 0
    vmv.v.i v12, 0
    mv t1, a1
    mv t2, a2
71: vsetvli t0, t1, e32, m4, tu, ma     # lanes beyond vl keep their sum
    vle32.v v0, (t2)
    BUMP t2
    sub t1, t1, t0
    \body v8, v0
    beqz t1, 72f
    vsetvli t0, t1, e32, m4, tu, ma
    vle32.v v4, (t2)
    BUMP t2
    sub t1, t1, t0
    \body v12, v4
    bnez t1, 71b
72: SUM
.endm

.macro SQUARE acc, x
    vfmacc.vv \acc, \x, \x
.endm

.macro PLAIN acc, x
    vfadd.vv \acc, \acc, \x
.endm

.macro DEVIATION acc, x
    vfsub.vf \x, \x, fa3
    vfmacc.vv \acc, \x, \x
.endm

# fa2 = 1 / sqrt(fa0 / cols + eps); ft0 = cols, ft1 = eps, ft2 = 1
.macro INVERSE_ROOT
    fdiv.s fa2, fa0, ft0
    fadd.s fa2, fa2, ft1
    fsqrt.s fa2, fa2
    fdiv.s fa2, ft2, fa2
.endm

.macro CONSTANTS
    fcvt.s.lu ft0, a1
    fmv.s ft1, fa0
    li t1, 0x3f800000
    fmv.w.x ft2, t1
.endm

# void rmsnorm_f32(size_t rows, size_t cols, const float *x, const float *w, float eps, float *y)
#   a0 rows left, a1 cols, a2 x row, a3 w, a4 y row | t0 vl, t1 elements left, t2 t3 t4 pointers
    .globl rmsnorm_f32
    .type rmsnorm_f32, @function
rmsnorm_f32:
    CONSTANTS
1:  ROW_SUM SQUARE
    INVERSE_ROOT
    mv t1, a1
    mv t2, a2
    mv t3, a3
2:  vsetvli t0, t1, e32, m4, ta, ma
    vle32.v v0, (t2)
    vle32.v v8, (t3)
    vfmul.vf v4, v0, fa2
    BUMP t2
    BUMP t3
    sub t1, t1, t0
    vfmul.vv v4, v4, v8
    vse32.v v4, (a4)
    BUMP a4
    bnez t1, 2b
    mv a2, t2
    addi a0, a0, -1
    bnez a0, 1b
    ret
    .size rmsnorm_f32, . - rmsnorm_f32

# void layernorm_f32(size_t rows, size_t cols, const float *x, const float *w, const float *b, float eps, float *y)
#   a5 y row; b may be NULL; the variance is that of the deviations, so a large mean costs no digits
    .globl layernorm_f32
    .type layernorm_f32, @function
layernorm_f32:
    CONSTANTS
1:  ROW_SUM PLAIN
    fdiv.s fa3, fa0, ft0
    ROW_SUM DEVIATION
    INVERSE_ROOT
    mv t1, a1
    mv t2, a2
    mv t3, a3
    mv t4, a4
2:  vsetvli t0, t1, e32, m4, ta, ma
    vle32.v v0, (t2)
    vle32.v v8, (t3)
    vfsub.vf v4, v0, fa3
    BUMP t2
    BUMP t3
    sub t1, t1, t0
    vfmul.vf v4, v4, fa2
    beqz a4, 3f
    vle32.v v12, (t4)
    BUMP t4
    vfmadd.vv v4, v8, v12
    vse32.v v4, (a5)
    BUMP a5
    bnez t1, 2b
    j 4f
3:  vfmul.vv v4, v4, v8
    vse32.v v4, (a5)
    BUMP a5
    bnez t1, 2b
4:  mv a2, t2
    addi a0, a0, -1
    bnez a0, 1b
    ret
    .size layernorm_f32, . - layernorm_f32
