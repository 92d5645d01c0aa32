# SPDX-License-Identifier: MIT OR Apache-2.0
# Written by functions.py.
# void vmath_exp(size_t n, const double *x, double *y): y[i] = exp(x[i])
    .text
    .balign 4
    .globl vmath_exp
    .type vmath_exp, @function
vmath_exp:
    lla a4, 9f
    ld a5, 0(a4)
    fld ft0, 8(a4)
    fld ft1, 16(a4)
    fld ft2, 24(a4)
    fld ft3, 32(a4)
    fld ft4, 40(a4)
    fld ft5, 48(a4)
    fld ft6, 56(a4)
    fld ft7, 64(a4)
    fld ft8, 72(a4)
    fld ft9, 80(a4)
    fld ft10, 88(a4)
    fld ft11, 96(a4)
    fld fa1, 104(a4)
    fld fa2, 112(a4)
    fld fa3, 120(a4)
    fld fa4, 128(a4)
    fld fa5, 136(a4)
    ld a6, 144(a4)
    ld a7, 152(a4)
1:
    vsetvli t1, a0, e64, m4, ta, ma
    vle64.v v4, (a1)
    vfclass.v v8, v4
    vand.vx v8, v8, a5
    vmsne.vi v0, v8, 0
    vcpop.m a3, v0
    bnez a3, 3f
2:
    vfmax.vf v4, v4, ft1
    vfmin.vf v4, v4, ft2
    vfmul.vf v8, v4, ft3
    vfcvt.x.f.v v8, v8
    vfcvt.f.x.v v12, v8
    vfnmsac.vf v4, ft4, v12
    vmv4r.v v16, v4
    vfnmsac.vf v16, ft5, v12
    vfmv.v.f v20, ft6
    vfmv.v.f v24, ft7
    vfmacc.vf v20, ft8, v16
    vfmacc.vf v24, ft9, v16
    vfsub.vv v4, v4, v16
    vfnmsac.vf v4, ft5, v12
    vfmv.v.f v12, ft10
    vfmacc.vv v12, v20, v16
    vfmul.vv v20, v16, v16
    vfmul.vv v20, v20, v16
    vfmv.v.f v28, ft11
    vfmacc.vv v28, v24, v16
    vfmacc.vv v28, v12, v20
    vfmv.v.f v12, fa1
    vfmacc.vf v12, fa2, v16
    vfmv.v.f v24, fa3
    vfmacc.vv v24, v12, v16
    vfmacc.vv v24, v28, v20
    vfmv.v.f v20, fa4
    vfmacc.vv v20, v24, v16
    vfmul.vv v24, v16, v16
    vfmacc.vv v4, v20, v24
    vsra.vi v24, v8, 1
    vfadd.vv v4, v4, v16
    vsub.vv v8, v8, v24
    vfadd.vf v4, v4, fa5
    vsll.vx v24, v24, a6
    vadd.vx v8, v8, a7
    vadd.vv v4, v4, v24
    vsll.vx v8, v8, a6
    vfmul.vv v4, v4, v8
    vse64.v v4, (a2)
    bnez a3, 4f
    sub a0, a0, t1
    slli t1, t1, 3
    add a1, a1, t1
    add a2, a2, t1
    bnez a0, 1b
    ret
3:
    vfmerge.vfm v4, v4, ft0, v0
    j 2b
4:
    addi sp, sp, -48
    sd ra, 0(sp)
    sd a0, 8(sp)
    sd a1, 16(sp)
    sd a2, 24(sp)
    sd t1, 32(sp)
    mv a0, t1
    call vmath_exp_special
    ld ra, 0(sp)
    ld a0, 8(sp)
    ld a1, 16(sp)
    ld a2, 24(sp)
    ld t1, 32(sp)
    addi sp, sp, 48
    sub a0, a0, t1
    slli t1, t1, 3
    add a1, a1, t1
    add a2, a2, t1
    bnez a0, vmath_exp
    ret
    .size vmath_exp, . - vmath_exp
    .section .rodata
    .balign 8
9:
    .dword 0x0000000000000381
    .dword 0x0000000000000000  # 0.0
    .dword 0xc087500000000000  # -746.0
    .dword 0x4086300000000000  # 710.0
    .dword 0x3ff71547652b82fe  # 1.4426950408889634
    .dword 0x3fe62e42fefa39ef  # 0.6931471805599453
    .dword 0x3c7abc9e3b39803f  # 2.3190468138462996e-17
    .dword 0x3e928927607302d9  # 2.762043042718984e-07
    .dword 0x3f2a01a01a7e456e  # 0.00019841269863411385
    .dword 0x3e5af39d1c9e7bc0  # 2.5100648482993858e-08
    .dword 0x3efa019b8423ef22  # 2.4801520575031624e-05
    .dword 0x3ec71de0d318cd25  # 2.7557267905598355e-06
    .dword 0x3f56c16c178c03a5  # 0.0013888888917678946
    .dword 0x3fa5555555553cdc  # 0.04166666666662319
    .dword 0x3f8111111111098a  # 0.00833333333332999
    .dword 0x3fc5555555555556  # 0.16666666666666669
    .dword 0x3fe0000000000001  # 0.5000000000000001
    .dword 0x3ff0000000000000  # 1.0
    .dword 0x0000000000000034
    .dword 0x00000000000003ff
