# SPDX-License-Identifier: MIT OR Apache-2.0
# Written by functions.py.
# void vmath_cbrt(size_t n, const double *x, double *y): y[i] = cbrt(x[i])
    .text
    .balign 4
    .globl vmath_cbrt
    .type vmath_cbrt, @function
vmath_cbrt:
    lla a4, 9f
    ld a5, 0(a4)
    fld ft0, 8(a4)
    ld a6, 16(a4)
    ld a7, 24(a4)
    ld t2, 32(a4)
    fld ft1, 40(a4)
    fld ft2, 48(a4)
    fld ft3, 56(a4)
    fld ft4, 64(a4)
    fld ft5, 72(a4)
    fld ft6, 80(a4)
    fld ft7, 88(a4)
    fld ft8, 96(a4)
    ld t3, 104(a4)
    ld t4, 112(a4)
    ld t5, 120(a4)
    ld t6, 128(a4)
    csrwi vxrm, 1
1:
    vsetvli t1, a0, e64, m4, ta, ma
    vle64.v v4, (a1)
    vfclass.v v8, v4
    vand.vx v8, v8, a5
    vmsne.vi v0, v8, 0
    vcpop.m a3, v0
    bnez a3, 3f
2:
    vsll.vi v8, v4, 1
    vsrl.vx v8, v8, a6
    vadd.vx v12, v8, a7
    vfsgnjx.vv v16, v4, v4
    vsll.vx v12, v12, t2
    vsub.vv v16, v16, v12
    vfmv.v.f v12, ft1
    vfmv.v.f v20, ft2
    vfmacc.vf v12, ft3, v16
    vfmv.v.f v24, ft4
    vfmacc.vf v20, ft5, v16
    vfmacc.vv v24, v12, v16
    vfmul.vv v12, v16, v16
    vfmul.vv v12, v12, v16
    vfmv.v.f v28, ft6
    vfmacc.vv v28, v20, v16
    vfmacc.vv v28, v24, v12
    vfmul.vv v12, v16, v28
    vfmul.vv v24, v28, v28
    vfmul.vv v12, v12, v24
    vfmv.v.f v24, ft7
    vfnmsac.vf v24, ft7, v12
    vfmadd.vv v24, v28, v28
    vfmul.vf v24, v24, ft8
    vfmul.vf v16, v16, ft8
    vfcvt.x.f.v v24, v24
    vfcvt.x.f.v v16, v16
    vsmul.vv v28, v16, v24
    vsmul.vv v12, v24, v24
    vsll.vi v28, v28, 1
    vsll.vi v12, v12, 1
    vsmul.vv v28, v28, v12
    vsll.vi v28, v28, 1
    vrsub.vx v28, v28, t3
    vmul.vx v12, v8, t4
    vsmul.vv v28, v28, v24
    vsrl.vi v12, v12, 16
    vsmul.vx v28, v28, t5
    vadd.vv v24, v24, v28
    vadd.vv v28, v12, v12
    vadd.vv v28, v28, v12
    vsmul.vv v24, v24, v24
    vsub.vv v8, v8, v28
    vsll.vi v24, v24, 1
    vmseq.vi v0, v8, 1
    vmv.v.x v28, t3
    vsmul.vv v24, v24, v16
    vmerge.vxm v28, v28, t6, v0
    vmseq.vi v0, v8, 2
    vsll.vi v24, v24, 1
    ld t0, 136(a4)
    vmerge.vxm v28, v28, t0, v0
    vsmul.vv v24, v24, v28
    ld t0, 144(a4)
    vadd.vx v12, v12, t0
    vfcvt.f.x.v v24, v24
    vsll.vx v12, v12, t2
    vfmul.vv v24, v24, v12
    vfsgnj.vv v24, v24, v4
    vse64.v v24, (a2)
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
    call vmath_cbrt_special
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
    bnez a0, vmath_cbrt
    ret
    .size vmath_cbrt, . - vmath_cbrt
    .section .rodata
    .balign 8
9:
    .dword 0x00000000000003bd
    .dword 0x3ff0000000000000  # 1.0
    .dword 0x0000000000000035
    .dword 0xfffffffffffffc01
    .dword 0x0000000000000034
    .dword 0x3fc37ce9e9ed0a1d  # 0.15224956438221762
    .dword 0xbff8dd4bd7d34771  # -1.5540274077106597
    .dword 0xbf90e87006cbe6bb  # -0.016511679091286462
    .dword 0xbfe2c4b958d54c08  # -0.5865141615889806
    .dword 0x3ff3a267a3d49ad4  # 1.2271496200207155
    .dword 0x3ffc713e2847cbe6  # 1.7776471684890054
    .dword 0x3fd5555555555555  # 0.3333333333333333
    .dword 0x43d0000000000000  # 4.611686018427388e+18
    .dword 0x4000000000000000
    .dword 0x0000000000005556
    .dword 0x5555555555555555
    .dword 0x50a28be635ca2b89
    .dword 0x6597fa94f5b8f20b
    .dword 0x000000000000026d
