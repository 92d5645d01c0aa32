# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Activation functions of fp32 vectors. All but relu2 have the form y = x s(x) with 0 <= s <= 1 and s(-x) = 1 - s(x), so what is
# computed is h = s(-|x|), at most 1/2, by an exponential of a number that is never positive; then s = h or 1 - h.
#
#   silu       s = 1 / (1 + exp(-x)):        e = exp(-|x|), h = e / (1 + e)
#   gelu_tanh  s = (1 + tanh u) / 2:         the same with 2 u = x (1.5957691 + 0.0713548 x^2) for x
#   gelu_erf   s = Phi(x):                   h = exp(-x^2 / 2) t Q(t), t = 1 / (1 + 0.35 |x|), Q of degree 8; relative error 7e-8
#
# Divisions of vectors run at 1.5 cycles an element; an estimate of 7 bits with two Newton steps takes 7 operations, 0.9.
# Cycles an element at VLEN 512: silu 28 operations, 3.5; gelu_tanh 4; gelu_erf 5.9; the gated ones 0.13 more; relu2 1/4 (the port).
# Infinity gives infinity; minus infinity and NaN give NaN; results whose h is below 2^-126 are 0 (or -0).
#
# Registers: as in exp_f32.inc, v0 temporary and mask; fa1 0, fa2 1, fa3 -1, fa4.. fa7 constants of one function.
#   a0 elements left, a1 x, then pointers; t0 vl, t1 temporary

#include "exp_f32.inc"
    EXP_F32_TABLE

# Coefficients of Q, highest first.
    .section .rodata
    .balign 4
.Lphi:
    .word 0xbcee82d5, 0x3e134544, 0xbe82c2bd, 0x3e229bd9, 0xbcbb239e, 0x3dd7d7fc, 0x3df57abf, 0x3e0f36d3, 0x3e0ef8fb
    .text

.macro LOAD_F reg, bits
    li t1, \bits
    fmv.w.x \reg, t1
.endm

.macro SETUP
    vsetvli t0, x0, e32, m4, ta, mu
    EXP_F32_SETUP t1
    fmv.w.x fa1, x0
    LOAD_F fa2, 0x3f800000
    LOAD_F fa3, 0xbf800000
.endm

# v20 = 1 / v24 for 1 <= v24 < 2^126; clobbers v0.
.macro RECIPROCAL
    vfrec7.v v20, v24
    vmv.v.v v0, v4
    vfnmsac.vv v0, v24, v20             # 1 - d r
    vfmacc.vv v20, v0, v20              # r + r (1 - d r): 2^-7, then 2^-14, then 2^-28
    vmv.v.v v0, v4
    vfnmsac.vv v0, v24, v20
    vfmacc.vv v20, v0, v20
.endm

# v28 = h for -|x| in v20
.macro LOGISTIC
    EXP_F32
    vfadd.vf v24, v28, fa2
    RECIPROCAL
    vfmul.vv v28, v28, v20
.endm

.macro ARGUMENT_SILU
    vle32.v v20, (a1)
    vfsgnj.vf v20, v20, fa3
    LOGISTIC
.endm

.macro ARGUMENT_GELU_TANH
    vle32.v v20, (a1)
    vfmul.vv v24, v20, v20
    vfmul.vf v24, v24, fa5
    vfadd.vf v24, v24, fa4
    vfmul.vv v20, v20, v24
    vfsgnj.vf v20, v20, fa3
    LOGISTIC
.endm

.macro ARGUMENT_GELU_ERF
    vle32.v v20, (a1)
    vfmul.vv v20, v20, v20
    vfmul.vf v20, v20, fa4              # -x^2 / 2
    EXP_F32
    vle32.v v24, (a1)
    vfsgnjx.vv v24, v24, v24
    vfmul.vf v24, v24, fa5
    vfmin.vf v24, v24, fa6              # infinity has no reciprocal by Newton's steps
    vfadd.vf v24, v24, fa2
    RECIPROCAL
    vfmul.vv v28, v28, v20              # e t
    la t1, .Lphi
    flw ft7, 0(t1)
    vfmul.vf v24, v20, ft7
    .irp offset, 4, 8, 12, 16, 20, 24, 28
    flw ft7, \offset(t1)
    vfadd.vf v24, v24, ft7
    vfmul.vv v24, v24, v20
    .endr
    flw ft7, 32(t1)
    vfadd.vf v24, v24, ft7
    vfmul.vv v28, v28, v24
.endm

# From h in v28 to y; gated: times the vector at a2, and y is at a3, else at a2.
.macro ACTIVATION name, argument, gated
    .globl \name
    .type \name, @function
\name:
    SETUP
    .ifc \argument, ARGUMENT_GELU_TANH
    LOAD_F fa4, 0x3fcc422a              # 2 sqrt(2 / pi)
    LOAD_F fa5, 0x3d922279              # 0.044715 of it
    .endif
    .ifc \argument, ARGUMENT_GELU_ERF
    LOAD_F fa4, 0xbf000000
    LOAD_F fa5, 0x3eb33333              # 0.35
    LOAD_F fa6, 0x4b000000              # 2^23: exp is 0 long before
    .endif
1:  vsetvli t0, a0, e32, m4, ta, mu
    \argument
    vle32.v v20, (a1)
    slli t1, t0, 2
    add a1, a1, t1
    sub a0, a0, t0
    vmfge.vf v0, v20, fa1
    vfrsub.vf v28, v28, fa2, v0.t
    vfmul.vv v28, v28, v20
    .if \gated
    vle32.v v24, (a2)
    add a2, a2, t1
    vfmul.vv v28, v28, v24
    vse32.v v28, (a3)
    add a3, a3, t1
    .else
    vse32.v v28, (a2)
    add a2, a2, t1
    .endif
    bnez a0, 1b
    ret
    .size \name, . - \name
.endm

# void silu_f32(size_t n, const float *x, float *y), and the like
    ACTIVATION silu_f32, ARGUMENT_SILU, 0
    ACTIVATION gelu_tanh_f32, ARGUMENT_GELU_TANH, 0
    ACTIVATION gelu_erf_f32, ARGUMENT_GELU_ERF, 0
# void swiglu_f32(size_t n, const float *gate, const float *up, float *y), and the like
    ACTIVATION swiglu_f32, ARGUMENT_SILU, 1
    ACTIVATION geglu_f32, ARGUMENT_GELU_TANH, 1

# void relu2_f32(size_t n, const float *x, float *y): max(x, 0)^2; NaN gives 0 (vfmax takes the number)
    .globl relu2_f32
    .type relu2_f32, @function
relu2_f32:
    fmv.w.x fa1, x0
1:  vsetvli t0, a0, e32, m8, ta, ma
    vle32.v v0, (a1)
    slli t1, t0, 2
    add a1, a1, t1
    sub a0, a0, t0
    vfmax.vf v8, v0, fa1
    vfmul.vv v8, v8, v8
    vse32.v v8, (a2)
    add a2, a2, t1
    bnez a0, 1b
    ret
    .size relu2_f32, . - relu2_f32

# void sigmoid_mul_f32(size_t n, const float *x, const float *y, float *z): z = y / (1 + exp(-x)), the gates of RWKV
    .globl sigmoid_mul_f32
    .type sigmoid_mul_f32, @function
sigmoid_mul_f32:
    SETUP
1:  vsetvli t0, a0, e32, m4, ta, mu
    ARGUMENT_SILU
    vle32.v v20, (a1)
    slli t1, t0, 2
    add a1, a1, t1
    sub a0, a0, t0
    vle32.v v24, (a2)
    add a2, a2, t1
    vmfge.vf v0, v20, fa1
    vfrsub.vf v28, v28, fa2, v0.t
    vfmul.vv v28, v28, v24
    vse32.v v28, (a3)
    add a3, a3, t1
    bnez a0, 1b
    ret
    .size sigmoid_mul_f32, . - sigmoid_mul_f32
