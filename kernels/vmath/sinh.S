# SPDX-License-Identifier: MIT OR Apache-2.0
# Written by functions.py.
# void vmath_sinh(size_t n, const double *x, double *y): y[i] = sinh(x[i])
    .text
    .balign 4
    .globl vmath_sinh
    .type vmath_sinh, @function
vmath_sinh:
    lla a4, 9f
    ld a5, 0(a4)
    fld ft0, 8(a4)
    fld ft1, 16(a4)
    fld ft2, 24(a4)
    fld ft3, 32(a4)
    ld a6, 40(a4)
    fld ft4, 48(a4)
    ld a7, 56(a4)
    fld ft5, 64(a4)
    fld ft6, 72(a4)
    fld ft7, 80(a4)
    fld ft8, 88(a4)
    fld ft9, 96(a4)
    fld ft10, 104(a4)
    fld ft11, 112(a4)
    fld fa1, 120(a4)
    fld fa2, 128(a4)
    fld fa3, 136(a4)
    fld fa4, 144(a4)
    ld t2, 152(a4)
    ld t3, 160(a4)
    fld fa5, 168(a4)
1:
    vsetvli t1, a0, e64, m2, ta, ma
    vle64.v v2, (a1)
    vfclass.v v4, v2
    vand.vx v4, v4, a5
    vmsne.vi v0, v4, 0
    vcpop.m a3, v0
    bnez a3, 3f
2:
    vfsgnjx.vv v4, v2, v2
    vfmin.vf v4, v4, ft1
    vfmul.vf v6, v4, ft2
    vfcvt.x.f.v v6, v6
    vfcvt.f.x.v v8, v6
    vadd.vv v10, v6, v6
    vfnmsac.vf v4, ft3, v8
    vmin.vx v10, v10, a6
    vmv2r.v v12, v4
    vfnmsac.vf v12, ft4, v8
    vrsub.vx v10, v10, a7
    vfmul.vv v14, v12, v12
    vfmv.v.f v16, ft5
    vfmv.v.f v18, ft6
    vfmacc.vf v16, ft7, v14
    vfmv.v.f v20, ft8
    vfmacc.vf v18, ft9, v14
    vfmv.v.f v22, ft10
    vfmacc.vv v20, v16, v14
    vfmv.v.f v16, ft11
    vfmacc.vv v22, v18, v14
    vfmv.v.f v18, fa1
    vfmacc.vv v16, v20, v14
    vfmv.v.f v20, fa2
    vfmacc.vv v18, v22, v14
    vfmv.v.f v22, fa3
    vfmul.vf v24, v12, fa4
    vfsub.vv v4, v4, v12
    vfmacc.vv v20, v16, v14
    vfmacc.vv v22, v18, v14
    vmv2r.v v18, v12
    vfmacc.vv v18, v12, v24
    vmv2r.v v16, v12
    vfnmsac.vv v16, v12, v24
    vfnmsac.vf v4, ft4, v8
    vfmul.vv v14, v14, v12
    vmv2r.v v8, v20
    vfmacc.vv v8, v22, v12
    vfnmsac.vv v20, v22, v12
    vsll.vx v10, v10, t2
    vfsub.vv v22, v12, v18
    vfsub.vv v26, v12, v16
    vmsgt.vx v0, v6, t3
    vfmv.v.f v28, fa5
    vfmul.vv v8, v8, v14
    vfmul.vv v20, v20, v14
    vfmacc.vv v22, v12, v24
    vmv2r.v v14, v4
    vfmacc.vv v14, v12, v4
    vfnmsac.vv v26, v12, v24
    vfnmsub.vv v12, v4, v4
    vmv2r.v v4, v18
    vfmacc.vv v4, v16, v10
    vmerge.vvm v28, v28, v10, v0
    vfmacc.vv v8, v10, v20
    vfadd.vv v22, v22, v14
    vfadd.vv v26, v26, v12
    vfsub.vv v18, v18, v4
    vfsub.vv v12, v10, v28
    vfmacc.vv v18, v16, v10
    vfmacc.vv v22, v26, v10
    vfrsub.vf v12, v12, ft0
    vfadd.vv v10, v4, v8
    vfadd.vv v18, v18, v22
    vfsub.vv v4, v4, v10
    vfadd.vv v22, v12, v10
    vfsub.vv v18, v18, v28
    vfadd.vv v4, v4, v8
    vfsub.vv v12, v12, v22
    vadd.vi v6, v6, -1
    vfadd.vv v18, v18, v4
    vfadd.vv v12, v12, v10
    vsra.vi v10, v6, 1
    vfadd.vv v18, v18, v12
    vsub.vv v6, v6, v10
    vfadd.vv v22, v22, v18
    vsll.vx v10, v10, t2
    vadd.vx v6, v6, a7
    vadd.vv v22, v22, v10
    vsll.vx v6, v6, t2
    vfmul.vv v22, v22, v6
    vfsgnj.vv v22, v22, v2
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
    call vmath_sinh_special
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
    bnez a0, vmath_sinh
    ret
    .size vmath_sinh, . - vmath_sinh
    .section .rodata
    .balign 8
9:
    .dword 0x00000000000003bd
    .dword 0x3ff0000000000000  # 1.0
    .dword 0x4086500000000000  # 714.0
    .dword 0x3ff71547652b82fe  # 1.4426950408889634
    .dword 0x3fe62e42fefa39ef  # 0.6931471805599453
    .dword 0x000000000000003c
    .dword 0x3c7abc9e3b39803f  # 2.3190468138462996e-17
    .dword 0x00000000000003ff
    .dword 0x3ec71de0d318cd25  # 2.7557267905598355e-06
    .dword 0x3e927e4e1ad332e4  # 2.755728257364212e-07
    .dword 0x3e5af39d1c9e7bc0  # 2.5100648482993858e-08
    .dword 0x3f2a01a01a7e456e  # 0.00019841269863411385
    .dword 0x3e21f6788a88b983  # 2.091142443469978e-09
    .dword 0x3efa01a01a48d6e4  # 2.480158731739999e-05
    .dword 0x3f8111111111098a  # 0.00833333333332999
    .dword 0x3f56c16c16c167ca  # 0.0013888888888886502
    .dword 0x3fc5555555555556  # 0.16666666666666669
    .dword 0x3fa5555555555555  # 0.041666666666666664
    .dword 0x3fe0000000000000  # 0.5
    .dword 0x0000000000000034
    .dword 0x0000000000000019
    .dword 0x0000000000000000  # 0.0
