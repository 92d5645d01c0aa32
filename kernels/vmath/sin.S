# SPDX-License-Identifier: MIT OR Apache-2.0
# Written by functions.py.
# void vmath_sin(size_t n, const double *x, double *y): y[i] = sin(x[i])
    .text
    .balign 4
    .globl vmath_sin
    .type vmath_sin, @function
vmath_sin:
    lla a4, 9f
    ld a5, 0(a4)
    ld a6, 8(a4)
    fld ft0, 16(a4)
    fld ft1, 24(a4)
    fld ft2, 32(a4)
    fld ft3, 40(a4)
    fld ft4, 48(a4)
    fld ft5, 56(a4)
    fld ft6, 64(a4)
    fld ft7, 72(a4)
    fld ft8, 80(a4)
    fld ft9, 88(a4)
    fld ft10, 96(a4)
    fld ft11, 104(a4)
    fld fa1, 112(a4)
    fld fa2, 120(a4)
    fld fa3, 128(a4)
    fld fa4, 136(a4)
    fld fa5, 144(a4)
    fld fa6, 152(a4)
    fld fa7, 160(a4)
    ld a7, 168(a4)
1:
    vsetvli t1, a0, e64, m2, ta, ma
    vle64.v v2, (a1)
    vsll.vi v4, v2, 1
    vsrl.vx v4, v4, a5
    vmsgeu.vx v0, v4, a6
    vcpop.m a3, v0
    bnez a3, 3f
2:
    vfsgnjx.vv v4, v2, v2
    vfmul.vf v6, v4, ft1
    vfcvt.x.f.v v6, v6
    vfcvt.f.x.v v8, v6
    vmsne.vi v0, v6, 0
    vfnmsac.vf v4, ft2, v8
    vfsgnjx.vv v10, v4, v4
    vmflt.vf v1, v10, ft3
    vmand.mm v10, v1, v0
    vcpop.m t0, v10
    add a3, a3, t0
    vmv2r.v v12, v4
    vfnmsac.vf v12, ft4, v8
    vand.vi v14, v6, 1
    vfmul.vf v16, v12, ft5
    vfmv.v.f v18, ft6
    vmsne.vi v0, v14, 0
    vmv2r.v v14, v18
    vfmacc.vv v14, v16, v12
    vfmv.v.f v20, ft7
    vfmv.v.f v22, ft8
    vfmv.v.f v24, ft9
    vfmv.v.f v26, ft10
    vfsub.vv v4, v4, v12
    vfmul.vv v28, v12, v12
    vfsub.vv v18, v18, v14
    vfmerge.vfm v20, v20, ft11, v0
    vfmerge.vfm v22, v22, fa1, v0
    vfmv.v.f v30, fa2
    vfmerge.vfm v24, v24, fa3, v0
    vfmerge.vfm v26, v26, fa4, v0
    vfnmsac.vf v4, ft4, v8
    vfmv.v.f v8, fa5
    vfmacc.vv v18, v12, v16
    vfmul.vv v16, v28, v12
    vfmacc.vv v22, v20, v28
    vfmerge.vfm v30, v30, fa6, v0
    vfmacc.vv v26, v24, v28
    vfmerge.vfm v8, v8, fa7, v0
    vfmul.vv v24, v4, v14
    vfnmsac.vv v18, v12, v4
    vfmacc.vv v30, v22, v28
    vfmacc.vv v8, v26, v28
    vfmul.vv v26, v16, v16
    vfmul.vv v28, v28, v28
    vfmacc.vv v8, v30, v26
    vmerge.vvm v16, v16, v28, v0
    vmerge.vvm v24, v24, v18, v0
    vmerge.vvm v12, v12, v14, v0
    vfmacc.vv v24, v8, v16
    vsll.vx v6, v6, a7
    vfadd.vv v12, v12, v24
    vfsgnjx.vv v12, v12, v6
    vfsgnjx.vv v12, v12, v2
    vse64.v v12, (a2)
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
    call vmath_sin_special
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
    bnez a0, vmath_sin
    ret
    .size vmath_sin, . - vmath_sin
    .section .rodata
    .balign 8
9:
    .dword 0x0000000000000035
    .dword 0x0000000000000417
    .dword 0x0000000000000000  # 0.0
    .dword 0x3fe45f306dc9c883  # 0.6366197723675814
    .dword 0x3ff921fb54442d18  # 1.5707963267948966
    .dword 0x3f00000000000000  # 3.0517578125e-05
    .dword 0x3c91a62633145c07  # 6.123233995736766e-17
    .dword 0xbfe0000000000000  # -0.5
    .dword 0x3ff0000000000000  # 1.0
    .dword 0x3de5e0922cad5022  # 1.5917780144198388e-10
    .dword 0xbe5ae60058c25c90  # -2.505112699276029e-08
    .dword 0xbf2a01a019e7f9d6  # -0.0001984126983671358
    .dword 0x3f81111111110ba1  # 0.008333333333330918
    .dword 0xbda907babbfc44c3  # -1.1382413999658665e-11
    .dword 0x3e21eeb662d4ae85  # 2.0876143232899932e-09
    .dword 0x3ec71de37914a4d2  # 2.7557316079241897e-06
    .dword 0x3efa01a019f4ca8d  # 2.480158729873754e-05
    .dword 0xbf56c16c16c1695e  # -0.0013888888888887378
    .dword 0xbfc5555555555555  # -0.16666666666666666
    .dword 0xbe927e4fa1539884  # -2.7557317257147136e-07
    .dword 0x3fa5555555555555  # 0.041666666666666664
    .dword 0x000000000000003e
