# SPDX-License-Identifier: MIT OR Apache-2.0
# Written by functions.py.
# void vmath_erfc(size_t n, const double *x, double *y): y[i] = erfc(x[i])
    .text
    .balign 4
    .globl vmath_erfc
    .type vmath_erfc, @function
vmath_erfc:
    lla a4, 9f
    ld a5, 0(a4)
    fld ft0, 8(a4)
    fld ft1, 16(a4)
    fld ft2, 24(a4)
    fld ft3, 32(a4)
    fld ft4, 40(a4)
    ld a6, 48(a4)
    fld ft5, 56(a4)
    ld a7, 64(a4)
    ld t2, 72(a4)
    fld ft6, 80(a4)
    fld ft7, 88(a4)
    fld ft8, 96(a4)
    ld t3, 104(a4)
    ld t4, 112(a4)
    fld ft9, 120(a4)
    fld ft10, 128(a4)
    ld t5, 136(a4)
    ld t6, 144(a4)
    fld ft11, 448(a4)
    csrwi vxrm, 1
1:
    vsetvli t1, a0, e64, m1, ta, ma
    vle64.v v1, (a1)
    vfclass.v v2, v1
    vand.vx v2, v2, a5
    vmsne.vi v0, v2, 0
    vcpop.m a3, v0
    bnez a3, 3f
2:
    vfsgnjx.vv v2, v1, v1
    vmflt.vf v0, v1, ft1
    vfmin.vf v2, v2, ft2
    vfmv.v.f v1, ft0
    vfadd.vf v3, v2, ft3
    vfmul.vv v4, v2, v2
    vfmacc.vf v1, ft4, v2
    vsra.vx v5, v2, a6
    vfrdiv.vf v6, v3, ft0
    vfrsub.vf v7, v3, ft3
    vfmv.v.f v8, ft0
    vfrec7.v v9, v3
    vfmul.vf v10, v4, ft5
    vfadd.vv v7, v7, v2
    vmv1r.v v11, v4
    vfmsac.vv v11, v2, v2
    vfrdiv.vf v12, v1, ft0
    vfcvt.x.f.v v10, v10
    vfrsub.vf v13, v1, ft0
    vfmv.v.f v14, ft0
    vmax.vx v5, v5, a7
    vfcvt.f.x.v v15, v10
    vfmacc.vf v13, ft4, v2
    vfrec7.v v2, v1
    vadd.vx v5, v5, t2
    vmv1r.v v16, v4
    vfmacc.vf v16, ft6, v15
    vfmacc.vf v4, ft6, v15
    vfmacc.vf v11, ft7, v15
    vsll.vx v15, v5, a6
    vsub.vv v10, v10, v5
    vfsgnjn.vv v16, v16, v4
    vfmul.vf v11, v11, ft8
    vadd.vx v10, v10, t3
    vfmul.vf v16, v16, ft8
    vfcvt.x.f.v v11, v11
    vrsub.vx v4, v10, t4
    vfcvt.x.f.v v16, v16
    vfnmsac.vv v8, v6, v3
    vfrsub.vf v3, v6, ft9
    vminu.vx v4, v4, t2
    vsub.vv v16, v16, v11
    vfnmsac.vv v8, v6, v7
    vfmul.vf v3, v3, ft10
    vsra.vi v7, v10, 1
    vsmul.vx v6, v16, t5
    vfmul.vv v8, v8, v9
    vfcvt.x.f.v v3, v3
    vsmul.vx v9, v16, t6
    ld t0, 152(a4)
    vadd.vx v6, v6, t0
    vfmul.vf v8, v8, ft10
    vsmul.vv v11, v16, v16
    ld t0, 160(a4)
    vadd.vx v9, v9, t0
    vsmul.vv v6, v6, v16
    vfcvt.x.f.v v8, v8
    vsmul.vv v5, v11, v11
    vsmul.vv v9, v9, v16
    ld t0, 168(a4)
    vadd.vx v6, v6, t0
    vsub.vv v3, v3, v8
    vfnmsac.vv v14, v12, v1
    ld t0, 176(a4)
    vadd.vx v9, v9, t0
    vsmul.vv v6, v6, v16
    ld t0, 184(a4)
    vsmul.vx v1, v3, t0
    ld t0, 192(a4)
    vsmul.vx v8, v3, t0
    ld t0, 200(a4)
    vsmul.vx v17, v3, t0
    ld t0, 208(a4)
    vadd.vx v6, v6, t0
    ld t0, 216(a4)
    vadd.vx v1, v1, t0
    ld t0, 224(a4)
    vadd.vx v8, v8, t0
    ld t0, 232(a4)
    vadd.vx v17, v17, t0
    vsmul.vv v9, v9, v16
    vsmul.vv v1, v1, v3
    vsmul.vv v8, v8, v3
    vsmul.vv v17, v17, v3
    vsmul.vv v6, v6, v16
    ld t0, 240(a4)
    vadd.vx v1, v1, t0
    ld t0, 248(a4)
    vadd.vx v8, v8, t0
    ld t0, 256(a4)
    vadd.vx v17, v17, t0
    ld t0, 264(a4)
    vadd.vx v9, v9, t0
    vsmul.vv v1, v1, v3
    vsmul.vv v8, v8, v3
    vsmul.vv v17, v17, v3
    ld t0, 272(a4)
    vadd.vx v6, v6, t0
    ld t0, 280(a4)
    vadd.vx v1, v1, t0
    ld t0, 288(a4)
    vadd.vx v8, v8, t0
    ld t0, 296(a4)
    vadd.vx v17, v17, t0
    vsmul.vv v9, v9, v16
    vsmul.vv v1, v1, v3
    vsmul.vv v8, v8, v3
    vsmul.vv v17, v17, v3
    vsmul.vv v18, v3, v3
    ld t0, 304(a4)
    vadd.vx v1, v1, t0
    ld t0, 312(a4)
    vadd.vx v8, v8, t0
    ld t0, 320(a4)
    vadd.vx v17, v17, t0
    vsmul.vv v6, v6, v16
    vsmul.vv v1, v1, v3
    vsmul.vv v8, v8, v3
    vsmul.vv v17, v17, v3
    ld t0, 328(a4)
    vadd.vx v9, v9, t0
    ld t0, 336(a4)
    vadd.vx v1, v1, t0
    ld t0, 344(a4)
    vadd.vx v8, v8, t0
    vsmul.vv v18, v18, v18
    ld t0, 352(a4)
    vadd.vx v17, v17, t0
    vsmul.vv v1, v1, v3
    vsmul.vv v8, v8, v3
    ld t0, 360(a4)
    vadd.vx v6, v6, t0
    vsmul.vv v9, v9, v16
    ld t0, 368(a4)
    vadd.vx v1, v1, t0
    ld t0, 376(a4)
    vadd.vx v8, v8, t0
    vsmul.vv v18, v18, v18
    vsmul.vv v17, v17, v3
    vsmul.vv v1, v1, v3
    vsmul.vv v8, v8, v3
    vsmul.vv v6, v6, v16
    vsmul.vv v5, v5, v11
    ld t0, 384(a4)
    vadd.vx v1, v1, t0
    ld t0, 392(a4)
    vadd.vx v9, v9, t0
    ld t0, 400(a4)
    vadd.vx v8, v8, t0
    ld t0, 408(a4)
    vadd.vx v17, v17, t0
    vsmul.vv v1, v1, v18
    vfnmsac.vv v14, v12, v13
    ld t0, 416(a4)
    vadd.vx v6, v6, t0
    vsmul.vv v5, v5, v16
    vsmul.vv v9, v9, v16
    vadd.vv v1, v1, v8
    vsmul.vv v17, v17, v3
    vfmul.vv v14, v14, v2
    vsmul.vv v6, v6, v5
    ld t0, 392(a4)
    vadd.vx v9, v9, t0
    vsmul.vv v1, v1, v18
    ld t0, 424(a4)
    vadd.vx v17, v17, t0
    vfmul.vv v12, v12, v15
    vfmul.vv v14, v14, v15
    vadd.vv v6, v6, v9
    vadd.vv v1, v1, v17
    vfcvt.x.f.v v12, v12
    vfcvt.x.f.v v14, v14
    vsub.vv v10, v10, v7
    vsmul.vv v1, v1, v6
    vsll.vx v7, v7, a6
    vadd.vv v12, v12, v14
    ld t0, 432(a4)
    vadd.vx v10, v10, t0
    vsmul.vv v1, v1, v12
    vsll.vx v10, v10, a6
    vsra.vv v4, v1, v4
    vfcvt.f.x.v v1, v1
    ld t0, 440(a4)
    vrsub.vx v4, v4, t0
    vadd.vv v1, v1, v7
    vfcvt.f.x.v v4, v4
    vfmul.vv v1, v1, v10
    vfmul.vf v4, v4, ft11
    vmerge.vvm v1, v1, v4, v0
    vse64.v v1, (a2)
    bnez a3, 4f
    sub a0, a0, t1
    slli t1, t1, 3
    add a1, a1, t1
    add a2, a2, t1
    bnez a0, 1b
    ret
3:
    vfmerge.vfm v1, v1, ft0, v0
    j 2b
4:
    addi sp, sp, -48
    sd ra, 0(sp)
    sd a0, 8(sp)
    sd a1, 16(sp)
    sd a2, 24(sp)
    sd t1, 32(sp)
    mv a0, t1
    call vmath_erfc_special
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
    bnez a0, vmath_erfc
    ret
    .size vmath_erfc, . - vmath_erfc
    .section .rodata
    .balign 8
9:
    .dword 0x0000000000000381
    .dword 0x3ff0000000000000  # 1.0
    .dword 0x0000000000000000  # 0.0
    .dword 0x403c000000000000  # 28.0
    .dword 0x4010000000000000  # 4.0
    .dword 0x4000000000000000  # 2.0
    .dword 0x0000000000000034
    .dword 0xbff71547652b82fe  # -1.4426950408889634
    .dword 0x00000000000003fe
    .dword 0x000000000000003f
    .dword 0x3fe62e42fefa39ef  # 0.6931471805599453
    .dword 0x3c7abc9e3b39803f  # 2.3190468138462996e-17
    .dword 0x43e0000000000000  # 9.223372036854776e+18
    .dword 0x0000000000000401
    .dword 0xffffffffffffffc4
    .dword 0x3fc0000000000000  # 0.125
    .dword 0x4410000000000000  # 7.378697629483821e+19
    .dword 0x000000002c3b51ad
    .dword 0x0016c16c16c1397c
    .dword 0x000000023f30bbda
    .dword 0x008888888888889a
    .dword 0x0000001ae6419f73
    .dword 0x02aaaaaaaaaaabaf
    .dword 0x000000015b74235b
    .dword 0x000017f2d538e622
    .dword 0x0260f3dbed546f14
    .dword 0x00000127e4c2b575
    .dword 0x0000000201d15239
    .dword 0xffffd0ee6b75eeb4
    .dword 0xfbc13e4806a7a6b6
    .dword 0xfffffff0de72f96c
    .dword 0xffff99a983020686
    .dword 0x05ffb8013844b4ca
    .dword 0x0aaaaaaaaaaaaaab
    .dword 0x00000b8ef1d2fb2a
    .dword 0xffffffecabce165e
    .dword 0x000277c0d0d3ce07
    .dword 0xf9889370f05de371
    .dword 0x000000762caa6de8
    .dword 0xfffcbc41c39c483b
    .dword 0x045bb3bf3e950382
    .dword 0x1ffffffffffffffe
    .dword 0x000000503b4c1d01
    .dword 0xfff395ab1e139a3c
    .dword 0x00fbfaefb37eb538
    .dword 0x00006806806cb35d
    .dword 0xfffffc89a9256185
    .dword 0x0052719c9ec00d5a
    .dword 0x0000013b70f3c392
    .dword 0x4000000000000000
    .dword 0xfef69dc77d7433bc
    .dword 0xf710729755aeb8a5
    .dword 0x00034034034030a4
    .dword 0x4ee9645ba7f5fb31
    .dword 0x00000000000003ff
    .dword 0x2000000000000000
    .dword 0x3c30000000000000  # 8.673617379884035e-19
