# SPDX-License-Identifier: MIT OR Apache-2.0
# Written by functions.py.
# void vmath_tgamma(size_t n, const double *x, double *y): y[i] = tgamma(x[i])
    .text
    .balign 4
    .globl vmath_tgamma
    .type vmath_tgamma, @function
vmath_tgamma:
    lla a4, 9f
    fld ft0, 0(a4)
    fld ft1, 8(a4)
    fld ft2, 16(a4)
    fld ft3, 24(a4)
    fld ft4, 32(a4)
    ld a5, 40(a4)
    ld a6, 48(a4)
    fld ft5, 56(a4)
    ld a7, 64(a4)
    ld t2, 72(a4)
    ld t3, 80(a4)
    fld ft6, 88(a4)
    ld t4, 96(a4)
    ld t5, 104(a4)
    fld ft7, 112(a4)
    fld ft8, 120(a4)
    fld ft9, 128(a4)
    ld t6, 136(a4)
    fld ft10, 192(a4)
    fld ft11, 352(a4)
    fld fa1, 360(a4)
    fld fa2, 376(a4)
    csrwi vxrm, 1
1:
    vsetvli t1, a0, e64, m1, ta, ma
    vle64.v v1, (a1)
    vfsgnjx.vv v2, v1, v1
    vmfge.vf v0, v2, ft0
    vmfle.vf v3, v2, ft1
    vmnand.mm v2, v0, v3
    vmv1r.v v0, v2
    vcpop.m a3, v0
    bnez a3, 3f
2:
    vfsgnjx.vv v4, v1, v1
    vfmv.v.f v5, ft3
    vmflt.vf v0, v1, ft3
    vmv.v.v v1, v4
    vcpop.m t0, v0
    vmv1r.v v2, v0
    beqz t0, 16f
    vfadd.vf v6, v1, ft4
    vfrsub.vf v7, v6, ft4
    vfadd.vv v7, v7, v1
    vmv1r.v v0, v2
    vmerge.vvm v1, v1, v6, v0
    vmerge.vvm v5, v5, v7, v0
16:
    vmv.v.x v7, a5
    vmv.v.x v6, a6
    vmflt.vf v0, v1, ft5
    vcpop.m t0, v0
    vmv1r.v v3, v0
    beqz t0, 26f
    vsra.vx v8, v1, a7
    vmfge.vf v0, v1, ft4
    vrsub.vx v8, v8, t2
    vmand.mm v9, v3, v0
    vfmv.v.f v10, ft3
    vmandn.mm v11, v3, v0
    vadd.vx v12, v8, a6
    vmv1r.v v0, v9
    vfmerge.vfm v10, v10, ft4, v0
    vadd.vx v13, v12, t2
    vmerge.vvm v6, v6, v12, v0
    vmv1r.v v0, v11
    vfmerge.vfm v10, v10, ft5, v0
    vadd.vi v12, v12, -2
    vsll.vx v13, v13, a7
    vfadd.vv v14, v10, v1
    vmerge.vvm v6, v6, v12, v0
    vfmul.vv v12, v1, v13
    vfmul.vv v13, v5, v13
    vfsub.vv v10, v10, v14
    vfcvt.x.f.v v12, v12
    vfcvt.x.f.v v13, v13
    vfadd.vv v10, v10, v1
    vadd.vv v12, v12, v13
    vfadd.vv v10, v5, v10
    vmv1r.v v0, v3
    vmerge.vvm v1, v1, v14, v0
    vsra.vv v8, v12, v8
    vmv1r.v v0, v9
    vmerge.vvm v7, v7, v12, v0
    vmv1r.v v0, v3
    vmerge.vvm v5, v5, v10, v0
    vadd.vx v8, v8, a5
    vsmul.vv v12, v12, v8
    vmv1r.v v0, v11
    vmerge.vvm v7, v7, v12, v0
26:
    vsrl.vx v12, v1, t3
    vfrdiv.vf v8, v1, ft4
    vfsub.vf v10, v1, ft6
    vfmv.v.f v14, ft4
    vadd.vx v12, v12, t4
    vmv.v.i v13, 0
    vsra.vi v12, v12, 8
    vadd.vx v12, v12, t5
    vsll.vx v15, v12, a7
    vrsub.vx v16, v12, t2
    vfcvt.f.x.v v12, v12
    vsub.vv v15, v1, v15
    vsll.vx v16, v16, a7
    vfmul.vf v17, v12, ft7
    vfsub.vf v18, v15, ft4
    vfadd.vf v19, v15, ft4
    vfmul.vv v16, v5, v16
    vfsub.vf v17, v17, ft4
    vfdiv.vv v20, v18, v19
    vfrsub.vf v21, v19, ft4
    vfrec7.v v22, v19
    vfmv.v.f v23, ft4
    vfnmsac.vv v14, v1, v8
    vfadd.vv v21, v21, v15
    vfadd.vf v15, v8, ft8
    vfnmsac.vv v23, v22, v19
    vfnmsac.vv v14, v5, v8
    vfadd.vv v21, v21, v16
    vfmul.vf v15, v15, ft9
    vfmadd.vv v23, v22, v22
    vfmul.vv v14, v14, v8
    vfcvt.x.f.v v15, v15
    vfmul.vf v14, v14, ft9
    vfcvt.x.f.v v14, v14
    vsadd.vv v15, v15, v14
    vsmul.vx v14, v15, t6
    ld t0, 144(a4)
    vsmul.vx v8, v15, t0
    vfnmsac.vv v18, v20, v19
    vfmul.vf v19, v20, ft9
    vfadd.vv v22, v20, v20
    ld t0, 152(a4)
    vadd.vx v14, v14, t0
    vfnmsac.vv v18, v20, v21
    vfcvt.x.f.v v19, v19
    vfadd.vv v21, v17, v22
    vsmul.vv v14, v14, v15
    vfadd.vv v18, v18, v16
    ld t0, 160(a4)
    vadd.vx v8, v8, t0
    vfsub.vv v17, v17, v21
    ld t0, 168(a4)
    vadd.vx v14, v14, t0
    vfmul.vv v18, v18, v23
    vsmul.vv v8, v8, v15
    vfadd.vv v17, v17, v22
    vsmul.vv v14, v14, v15
    vfmul.vf v22, v18, ft9
    vfadd.vv v18, v18, v18
    ld t0, 176(a4)
    vadd.vx v8, v8, t0
    ld t0, 184(a4)
    vadd.vx v14, v14, t0
    vfcvt.x.f.v v22, v22
    vfadd.vv v17, v17, v18
    vsmul.vv v8, v8, v15
    vsmul.vv v14, v14, v15
    vadd.vv v19, v19, v22
    vfmacc.vf v17, ft10, v12
    ld t0, 200(a4)
    vadd.vx v8, v8, t0
    ld t0, 208(a4)
    vadd.vx v14, v14, t0
    vsmul.vv v12, v19, v19
    vsmul.vv v22, v15, v15
    vsmul.vv v8, v8, v15
    vsmul.vv v14, v14, v15
    ld t0, 216(a4)
    vsmul.vx v18, v12, t0
    vsmul.vv v19, v12, v19
    ld t0, 224(a4)
    vadd.vx v8, v8, t0
    ld t0, 232(a4)
    vadd.vx v14, v14, t0
    ld t0, 240(a4)
    vadd.vx v18, v18, t0
    vsmul.vv v22, v22, v15
    vsmul.vv v8, v8, v15
    vsmul.vv v14, v14, v15
    vsmul.vv v18, v18, v12
    vsmul.vv v23, v22, v22
    ld t0, 248(a4)
    vadd.vx v8, v8, t0
    ld t0, 256(a4)
    vadd.vx v14, v14, t0
    ld t0, 264(a4)
    vadd.vx v18, v18, t0
    vsmul.vv v23, v23, v22
    vsmul.vv v8, v8, v15
    vsmul.vv v14, v14, v15
    vsmul.vv v18, v18, v12
    ld t0, 272(a4)
    vadd.vx v8, v8, t0
    ld t0, 280(a4)
    vadd.vx v14, v14, t0
    ld t0, 288(a4)
    vadd.vx v18, v18, t0
    vsmul.vv v8, v8, v15
    vsmul.vv v14, v14, v15
    vsmul.vv v18, v18, v12
    ld t0, 296(a4)
    vadd.vx v8, v8, t0
    ld t0, 304(a4)
    vadd.vx v14, v14, t0
    ld t0, 312(a4)
    vadd.vx v18, v18, t0
    vsmul.vv v8, v8, v15
    vsmul.vv v14, v14, v23
    vsmul.vv v18, v18, v12
    ld t0, 320(a4)
    vadd.vx v8, v8, t0
    ld t0, 328(a4)
    vadd.vx v18, v18, t0
    vadd.vv v14, v14, v8
    vsmul.vv v18, v18, v12
    ld t0, 336(a4)
    vadd.vx v18, v18, t0
    vsmul.vv v18, v18, v12
    ld t0, 344(a4)
    vadd.vx v18, v18, t0
    vsmul.vv v18, v18, v19
    vfcvt.f.x.v v19, v18
    vfcvt.x.f.v v12, v19
    vfmul.vf v19, v19, ft11
    vsub.vv v18, v18, v12
    vfadd.vv v12, v21, v19
    vfcvt.f.x.v v18, v18
    vfsub.vv v21, v21, v12
    vfmul.vv v8, v10, v12
    vfmul.vf v18, v18, ft11
    vfadd.vv v21, v21, v19
    vmv1r.v v19, v8
    vfmsac.vv v19, v10, v12
    vfmul.vf v23, v8, fa1
    vfadd.vv v17, v17, v18
    vfcvt.x.f.v v23, v23
    vfadd.vv v21, v21, v17
    vfcvt.f.x.v v17, v23
    vfmacc.vv v19, v10, v21
    vadd.vv v23, v23, v6
    vfnmsac.vf v8, ft7, v17
    vfmacc.vv v19, v5, v12
    ld t0, 368(a4)
    vadd.vx v23, v23, t0
    vfmul.vf v8, v8, fa2
    vfnmsac.vf v19, ft10, v17
    vfcvt.x.f.v v8, v8
    vfmul.vf v19, v19, fa2
    vfcvt.x.f.v v19, v19
    vadd.vv v8, v8, v19
    ld t0, 384(a4)
    vsmul.vx v19, v8, t0
    ld t0, 392(a4)
    vsmul.vx v17, v8, t0
    vsmul.vv v12, v8, v8
    ld t0, 400(a4)
    vadd.vx v19, v19, t0
    ld t0, 408(a4)
    vadd.vx v17, v17, t0
    vsmul.vv v5, v12, v12
    vsmul.vv v19, v19, v8
    vsmul.vv v17, v17, v8
    vsmul.vv v5, v5, v8
    ld t0, 416(a4)
    vadd.vx v19, v19, t0
    ld t0, 424(a4)
    vadd.vx v17, v17, t0
    vsmul.vv v19, v19, v8
    vsmul.vv v17, v17, v8
    ld t0, 432(a4)
    vadd.vx v19, v19, t0
    ld t0, 440(a4)
    vadd.vx v17, v17, t0
    vsmul.vv v19, v19, v8
    vsmul.vv v17, v17, v8
    ld t0, 448(a4)
    vadd.vx v19, v19, t0
    ld t0, 456(a4)
    vadd.vx v17, v17, t0
    vsmul.vv v19, v19, v8
    ld t0, 464(a4)
    vadd.vx v19, v19, t0
    vsmul.vv v19, v19, v8
    ld t0, 472(a4)
    vadd.vx v19, v19, t0
    vsmul.vv v19, v19, v5
    vadd.vv v19, v19, v17
    vsmul.vv v19, v19, v12
    vadd.vv v19, v19, v8
    vsra.vi v19, v19, 1
    ld t0, 456(a4)
    vadd.vx v19, v19, t0
    vsmul.vv v19, v19, v14
    vcpop.m t0, v2
    beqz t0, 36f
    vfcvt.x.f.v v14, v4
    vfcvt.f.x.v v8, v14
    vfsub.vv v4, v4, v8
    vmfeq.vf v0, v4, ft3
    vmand.mm v11, v2, v0
    vcpop.m t0, v11
    add a3, a3, t0
    vfmul.vv v8, v4, v4
    vsll.vi v12, v4, 1
    vadd.vi v14, v14, 1
    vmv1r.v v17, v8
    vfmsac.vv v17, v4, v4
    vfmul.vf v8, v8, fa2
    ld t0, 480(a4)
    vsrl.vx v12, v12, t0
    ld t0, 488(a4)
    vsll.vx v14, v14, t0
    vfmul.vf v17, v17, fa2
    vfcvt.x.f.v v8, v8
    vrsub.vx v12, v12, t2
    vmv1r.v v0, v2
    vmerge.vvm v13, v13, v14, v0
    vfcvt.x.f.v v17, v17
    ld t0, 496(a4)
    vadd.vx v14, v12, t0
    vsub.vv v12, v12, v23
    vadd.vv v8, v8, v17
    vsll.vx v14, v14, a7
    ld t0, 504(a4)
    vadd.vx v12, v12, t0
    ld t0, 512(a4)
    vsmul.vx v17, v8, t0
    vfmul.vv v4, v4, v14
    vmerge.vvm v23, v23, v12, v0
    ld t0, 520(a4)
    vadd.vx v17, v17, t0
    vfcvt.x.f.v v4, v4
    vsmul.vv v17, v17, v8
    ld t0, 528(a4)
    vadd.vx v17, v17, t0
    vsmul.vv v17, v17, v8
    ld t0, 536(a4)
    vadd.vx v17, v17, t0
    vsmul.vv v17, v17, v8
    ld t0, 544(a4)
    vadd.vx v17, v17, t0
    vsmul.vv v17, v17, v8
    ld t0, 552(a4)
    vadd.vx v17, v17, t0
    vsmul.vv v17, v17, v8
    ld t0, 560(a4)
    vadd.vx v17, v17, t0
    vsmul.vv v17, v17, v8
    ld t0, 568(a4)
    vadd.vx v17, v17, t0
    vsmul.vv v17, v17, v8
    ld t0, 576(a4)
    vadd.vx v17, v17, t0
    vsmul.vv v17, v17, v8
    vsmul.vv v17, v17, v4
    vsll.vi v17, v17, 1
    vadd.vv v17, v17, v4
    vsmul.vv v17, v19, v17
    vmerge.vvm v19, v19, v7, v0
    vmerge.vvm v7, v7, v17, v0
36:
    vfcvt.f.x.v v17, v19
    vfcvt.f.x.v v4, v7
    vsra.vi v8, v23, 1
    vfcvt.x.f.v v12, v17
    vfdiv.vv v14, v17, v4
    vfcvt.x.f.v v5, v4
    vfrec7.v v6, v4
    vsub.vv v19, v19, v12
    vsub.vv v23, v23, v8
    vsub.vv v7, v7, v5
    vsll.vx v8, v8, a7
    vfcvt.f.x.v v19, v19
    vadd.vx v23, v23, t2
    vfcvt.f.x.v v7, v7
    vsll.vx v23, v23, a7
    vfnmsac.vv v17, v14, v4
    vfnmsac.vv v17, v14, v7
    vfadd.vv v17, v17, v19
    vfmul.vv v17, v17, v6
    vfadd.vv v14, v14, v17
    vadd.vv v14, v14, v8
    vfmul.vv v14, v14, v23
    vfsgnjx.vv v14, v14, v13
    vse64.v v14, (a2)
    bnez a3, 4f
    sub a0, a0, t1
    slli t1, t1, 3
    add a1, a1, t1
    add a2, a2, t1
    bnez a0, 1b
    ret
3:
    vfmerge.vfm v1, v1, ft2, v0
    j 2b
4:
    addi sp, sp, -48
    sd ra, 0(sp)
    sd a0, 8(sp)
    sd a1, 16(sp)
    sd a2, 24(sp)
    sd t1, 32(sp)
    mv a0, t1
    call vmath_tgamma_special
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
    bnez a0, vmath_tgamma
    ret
    .size vmath_tgamma, . - vmath_tgamma
    .section .rodata
    .balign 8
9:
    .dword 0x3c30000000000000  # 8.673617379884035e-19
    .dword 0x4066700000000000  # 179.5
    .dword 0x4008000000000000  # 3.0
    .dword 0x0000000000000000  # 0.0
    .dword 0x3ff0000000000000  # 1.0
    .dword 0x2000000000000000
    .dword 0x000000000000003d
    .dword 0x4000000000000000  # 2.0
    .dword 0x0000000000000034
    .dword 0x00000000000003ff
    .dword 0x000000000000002c
    .dword 0x3fe0000000000000  # 0.5
    .dword 0x0000000000000096
    .dword 0xfffffffffffffc01
    .dword 0x3fe62e42fefa4000  # 0.6931471805601177
    .dword 0xbfd0000000000000  # -0.25
    .dword 0x4400000000000000  # 3.6893488147419103e+19
    .dword 0x0000000000016647
    .dword 0x000000029cff1539
    .dword 0x00000000000cd6c6
    .dword 0x00000004d413e93d
    .dword 0xffffffffffc32b71
    .dword 0xffffffae46fad741
    .dword 0x0000000000272b57
    .dword 0xbd48432a1b0e2634  # -1.7239444525614835e-13
    .dword 0x0000011944c98e85
    .dword 0x000000000160937d
    .dword 0x000000010c32bb68
    .dword 0x000006f0128b1ac6
    .dword 0xfffffffff9fbb0c3
    .dword 0x00000010fba10abf
    .dword 0xffff8502d2c54614
    .dword 0x000000000a5765ed
    .dword 0x0000013b1c60b348
    .dword 0x000129164fb9ae57
    .dword 0x00000000189c25d0
    .dword 0x00001745cf837e35
    .dword 0x0107506fa6eafd27
    .dword 0xffffffff12512ced
    .dword 0x0001c71c720344fc
    .dword 0x31ac5563ac4391f1
    .dword 0x00249249248eb6c4
    .dword 0x03333333333347dc
    .dword 0x5555555555555542
    .dword 0x3ba0000000000000  # 1.6940658945086007e-21
    .dword 0x3ff71547652b82fe  # 1.4426950408889634
    .dword 0xffffffffffffffc4
    .dword 0x43e0000000000000  # 9.223372036854776e+18
    .dword 0x00000000587020ab
    .dword 0x002d82d82d82b40a
    .dword 0x000000047dffca06
    .dword 0x0111111111111117
    .dword 0x00000035cc8581b0
    .dword 0x05555555555555b5
    .dword 0x0000024fc9a756ac
    .dword 0x1555555555555555
    .dword 0x0000171de3a5abdc
    .dword 0x4000000000000000
    .dword 0x0000d00d00d50969
    .dword 0x000680680680659e
    .dword 0x0000000000000035
    .dword 0x000000000000003f
    .dword 0x000000000000043c
    .dword 0xfffffffffffffffe
    .dword 0xfffffff85c8655d2
    .dword 0x0000010fb117947c
    .dword 0xffffe2bdbca08405
    .dword 0x00026e8e330c9444
    .dword 0xffd98fd2ab8814d6
    .dword 0x01ac6805cf340fc2
    .dword 0xf3cab8dc6f9252af
    .dword 0x33f396805788d896
    .dword 0x96b96676b3e0b374
