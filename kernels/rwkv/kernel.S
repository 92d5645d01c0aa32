# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The parts of RWKV-4 that are no matrix products, for one token; everything works by elements, so channels are lanes.

#include "exp_f32.inc"
    EXP_F32_TABLE

# void rwkv_shift_f32(size_t n, const float *x, const float *previous, const float *mu, float *y)
#   y = previous + mu (x - previous). Three loads and a store: 64 cycles of the port for 128 elements at VLEN 512.
    .globl rwkv_shift_f32
    .type rwkv_shift_f32, @function
rwkv_shift_f32:
1:  vsetvli t0, a0, e32, m8, ta, ma
    vle32.v v0, (a1)
    slli t1, t0, 2
    add a1, a1, t1
    vle32.v v8, (a2)
    add a2, a2, t1
    vle32.v v16, (a3)
    add a3, a3, t1
    sub a0, a0, t0
    vfsub.vv v0, v0, v8
    vfmadd.vv v0, v16, v8
    vse32.v v0, (a4)
    add a4, a4, t1
    bnez a0, 1b
    ret
    .size rwkv_shift_f32, . - rwkv_shift_f32

# void rwkv_wkv_f32(size_t n, const float *k, const float *v, const float *u, const float *w, const float *state, float *next,
#                   float *y)
#   The recurrence in the form that cannot overflow. state and next are [3][n]: numerator a and denominator b, both
#   times exp(-p), and the exponent p. Of each pair of exponentials the larger is 1, so one of two is computed:
#       t = u + k:  y = (a exp(p - max(p, t)) + v exp(t - max(p, t))) / (b exp(..) + exp(..))
#       t = p + w:  a, b the same of (t, k), p = max(t, k)
#   LMUL 2 with the groups between those of exp_f32.inc; 32 channels take about 330 cycles at VLEN 512.
#   a0 n left, a1 k, a2 v, a3 u, a4 w, a5 a, a6 next a, a7 y | t0 vl, t1 t2 temporary, t3 bytes of a row of state
#   v0 mask, v2 k, v6 v, v10 a, v14 b, v18 p, v22 t, v26 and v30 results; fa1 -1, fa2 1

# v26 = a, v30 = b: the sums of (a, b) at exponent \p and (v, 1) at exponent \t, relative to the larger.
.macro JOIN p, t
    vfsub.vv v20, \p, \t
    vfsgnj.vf v20, v20, fa1
    EXP_F32
    vmflt.vv v0, \p, \t
    vmv.v.v v26, v10
    vfmacc.vv v26, v28, v6              # p is larger: a + e v, b + e
    vmv.v.v v24, v6
    vfmacc.vv v24, v28, v10             # t is larger: e a + v, e b + 1
    vfadd.vv v30, v14, v28
    vmv.v.v v20, v4
    vfmacc.vv v20, v28, v14
    vmerge.vvm v26, v26, v24, v0
    vmerge.vvm v30, v30, v20, v0
.endm

    .globl rwkv_wkv_f32
    .type rwkv_wkv_f32, @function
rwkv_wkv_f32:
    li t1, 0xbf800000
    fmv.w.x fa1, t1
    slli t3, a0, 2
    vsetvli t0, x0, e32, m2, ta, ma
    EXP_F32_SETUP t1
1:  vsetvli t0, a0, e32, m2, ta, ma
    vle32.v v2, (a1)
    vle32.v v22, (a3)
    add t1, a5, t3
    add t2, t1, t3
    vle32.v v18, (t2)
    vle32.v v6, (a2)
    vle32.v v10, (a5)
    vle32.v v14, (t1)
    vfadd.vv v22, v22, v2
    JOIN v18, v22
    vfdiv.vv v26, v26, v30
    vse32.v v26, (a7)
    vle32.v v22, (a4)
    vfadd.vv v22, v22, v18
    JOIN v22, v2
    vfmax.vv v22, v22, v2
    add t1, a6, t3
    add t2, t1, t3
    vse32.v v26, (a6)
    vse32.v v30, (t1)
    vse32.v v22, (t2)
    slli t1, t0, 2
    sub a0, a0, t0
    .irp pointer, a1, a2, a3, a4, a5, a6, a7
    add \pointer, \pointer, t1
    .endr
    bnez a0, 1b
    ret
    .size rwkv_wkv_f32, . - rwkv_wkv_f32
