# SPDX-License-Identifier: MIT OR Apache-2.0
# Written by functions.py.
# void vmath_expm1(size_t n, const double *x, double *y): y[i] = expm1(x[i])
    .text
    .balign 4
    .globl vmath_expm1
    .type vmath_expm1, @function
vmath_expm1:
    lla a4, 9f
    ld a5, 0(a4)
    fld ft0, 8(a4)
    fld ft1, 16(a4)
    fld ft2, 24(a4)
    fld ft3, 32(a4)
    ld a6, 40(a4)
    ld a7, 48(a4)
    fld ft4, 56(a4)
    ld t2, 64(a4)
    fld ft5, 72(a4)
    fld ft6, 80(a4)
    fld ft7, 88(a4)
    fld ft8, 96(a4)
    fld ft9, 104(a4)
    fld ft10, 112(a4)
    fld ft11, 120(a4)
    fld fa1, 128(a4)
    fld fa2, 136(a4)
    fld fa3, 144(a4)
    fld fa4, 152(a4)
    fld fa5, 160(a4)
    ld t3, 168(a4)
1:
    vsetvli t1, a0, e64, m2, ta, ma
    vle64.v v2, (a1)
    vfclass.v v4, v2
    vand.vx v4, v4, a5
    vmsne.vi v0, v4, 0
    vcpop.m a3, v0
    bnez a3, 3f
2:
    vfmax.vf v2, v2, ft1
    vfmin.vf v2, v2, ft2
    vfmul.vf v4, v2, ft3
    vfcvt.x.f.v v4, v4
    vmin.vx v6, v4, a6
    vfcvt.f.x.v v8, v4
    vrsub.vx v6, v6, a7
    vfnmsac.vf v2, ft4, v8
    vsll.vx v6, v6, t2
    vfmv.v.f v10, ft0
    vmv2r.v v12, v2
    vfnmsac.vf v12, ft5, v8
    vfadd.vv v14, v10, v6
    vfmul.vf v16, v12, ft6
    vfmv.v.f v18, ft7
    vfsub.vv v20, v14, v6
    vmv2r.v v22, v12
    vfmacc.vv v22, v12, v16
    vfmacc.vf v18, ft8, v12
    vfmv.v.f v24, ft9
    vfmv.v.f v26, ft10
    vfsub.vv v28, v14, v20
    vfsub.vv v2, v2, v12
    vfmacc.vv v24, v18, v12
    vfsub.vv v18, v12, v22
    vfmacc.vf v26, ft11, v12
    vfsub.vv v10, v10, v20
    vfmv.v.f v20, fa1
    vfsub.vv v6, v6, v28
    vfmul.vv v28, v12, v12
    vfnmsac.vf v2, ft5, v8
    vfmv.v.f v8, fa2
    vfmacc.vv v18, v12, v16
    vfmv.v.f v16, fa3
    vfmacc.vv v20, v24, v12
    vfmul.vv v28, v28, v12
    vfmacc.vv v8, v26, v12
    vfmacc.vf v16, fa4, v12
    vfmv.v.f v26, fa5
    vfadd.vv v10, v10, v6
    vmv2r.v v6, v2
    vfmacc.vv v6, v12, v2
    vfmacc.vv v8, v20, v28
    vfmacc.vv v26, v16, v12
    vfadd.vv v18, v18, v10
    vfmacc.vv v26, v8, v28
    vfadd.vv v18, v18, v6
    vsra.vi v6, v4, 1
    vfmacc.vv v18, v26, v28
    vsub.vv v4, v4, v6
    vfadd.vv v22, v22, v18
    vsll.vx v6, v6, t2
    vfadd.vv v22, v22, v14
    vadd.vx v4, v4, t3
    vadd.vv v22, v22, v6
    vsll.vx v4, v4, t2
    vfmul.vv v22, v22, v4
    vse64.v v22, (a2)
    bnez a3, 4f
    sub a0, a0, t1
    slli t1, t1, 3
    add a1, a1, t1
    add a2, a2, t1
    bnez a0, 1b
    ret
3:
    vfmerge.vfm v2, v2, ft0, v0
    j 2b
4:
    addi sp, sp, -48
    sd ra, 0(sp)
    sd a0, 8(sp)
    sd a1, 16(sp)
    sd a2, 24(sp)
    sd t1, 32(sp)
    mv a0, t1
    call vmath_expm1_special
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
    bnez a0, vmath_expm1
    ret
    .size vmath_expm1, . - vmath_expm1
    .section .rodata
    .balign 8
9:
    .dword 0x0000000000000399
    .dword 0x3ff0000000000000  # 1.0
    .dword 0xc045000000000000  # -42.0
    .dword 0x4086300000000000  # 710.0
    .dword 0x3ff71547652b82fe  # 1.4426950408889634
    .dword 0x0000000000000040
    .dword 0x0000000000000bff
    .dword 0x3fe62e42fefa39ef  # 0.6931471805599453
    .dword 0x0000000000000034
    .dword 0x3c7abc9e3b39803f  # 2.3190468138462996e-17
    .dword 0x3fe0000000000000  # 0.5
    .dword 0x3e5af39d1c9e7bc0  # 2.5100648482993858e-08
    .dword 0x3e21f6788a88b983  # 2.091142443469978e-09
    .dword 0x3e927e4e1ad332e4  # 2.755728257364212e-07
    .dword 0x3f2a01a01a7e456e  # 0.00019841269863411385
    .dword 0x3efa01a01a48d6e4  # 2.480158731739999e-05
    .dword 0x3ec71de0d318cd25  # 2.7557267905598355e-06
    .dword 0x3f56c16c16c167ca  # 0.0013888888888886502
    .dword 0x3fa5555555555555  # 0.041666666666666664
    .dword 0x3f8111111111098a  # 0.00833333333332999
    .dword 0x3fc5555555555556  # 0.16666666666666669
    .dword 0x00000000000003ff
