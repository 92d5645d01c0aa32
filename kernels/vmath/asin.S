# SPDX-License-Identifier: MIT OR Apache-2.0
# Written by functions.py.
# void vmath_asin(size_t n, const double *x, double *y): y[i] = asin(x[i])
    .text
    .balign 4
    .globl vmath_asin
    .type vmath_asin, @function
vmath_asin:
    lla a4, 9f
    fld ft0, 0(a4)
    fld ft1, 8(a4)
    fld ft2, 16(a4)
    fld ft3, 24(a4)
    fld ft4, 32(a4)
    fld ft5, 40(a4)
    ld a5, 48(a4)
    ld a6, 56(a4)
    ld a7, 64(a4)
    ld t2, 72(a4)
    ld t3, 80(a4)
    ld t4, 88(a4)
    ld t5, 96(a4)
    ld t6, 104(a4)
    fld ft6, 168(a4)
    csrwi vxrm, 1
1:
    vsetvli t1, a0, e64, m2, ta, ma
    vle64.v v2, (a1)
    vfsgnjx.vv v4, v2, v2
    vmfge.vf v0, v4, ft0
    vmflt.vf v1, v4, ft1
    vmnand.mm v4, v0, v1
    vmv1r.v v0, v4
    vcpop.m a3, v0
    bnez a3, 3f
2:
    vfsgnjx.vv v6, v2, v2
    vmfgt.vf v0, v6, ft3
    vmv.v.i v8, 0
    vfmerge.vfm v10, v6, ft4, v0
    vfmerge.vfm v8, v8, ft3, v0
    vmv.v.v v12, v6
    vfmacc.vv v8, v6, v10
    vmnot.m v4, v0
    vfmul.vf v10, v8, ft5
    vfsqrt.v v12, v8, v0.t
    vfcvt.x.f.v v10, v10
    vmv.v.v v6, v12
    vsmul.vv v14, v10, v10
    vfnmsub.vv v6, v12, v8, v0.t
    vsmul.vx v16, v14, a5
    vsmul.vx v18, v14, a6
    vadd.vx v16, v16, a7
    vadd.vx v18, v18, t2
    vsmul.vv v16, v16, v14
    vsmul.vv v18, v18, v14
    vadd.vx v16, v16, t3
    vadd.vx v18, v18, t4
    vsmul.vv v16, v16, v14
    vsmul.vv v18, v18, v14
    vadd.vx v16, v16, t5
    vfrec7.v v8, v8
    vsmul.vv v16, v16, v14
    vadd.vx v18, v18, t6
    ld t0, 112(a4)
    vsrl.vx v20, v12, t0
    vfmul.vv v6, v6, v8, v0.t
    ld t0, 120(a4)
    vadd.vx v16, v16, t0
    vsmul.vv v18, v18, v14
    ld t0, 128(a4)
    vrsub.vx v20, v20, t0
    vfmul.vv v6, v6, v12, v0.t
    vsmul.vv v16, v16, v14
    ld t0, 136(a4)
    vadd.vx v18, v18, t0
    ld t0, 144(a4)
    vmerge.vxm v20, v20, t0, v0
    vfmul.vf v6, v6, ft3, v0.t
    ld t0, 152(a4)
    vadd.vx v16, v16, t0
    vsmul.vv v18, v18, v14
    ld t0, 160(a4)
    vadd.vx v8, v20, t0
    vmv1r.v v1, v0
    vmv1r.v v0, v4
    vfmerge.vfm v6, v6, ft6, v0
    vsmul.vv v16, v16, v14
    ld t0, 176(a4)
    vadd.vx v18, v18, t0
    ld t0, 112(a4)
    vsll.vx v8, v8, t0
    ld t0, 184(a4)
    vadd.vx v16, v16, t0
    vsmul.vv v18, v18, v10
    vfmul.vv v12, v12, v8
    vfmul.vv v6, v6, v8
    vadd.vv v18, v18, v16
    vfcvt.x.f.v v12, v12
    vfcvt.x.f.v v6, v6
    vsmul.vv v18, v18, v10
    vadd.vv v12, v12, v6
    ld t0, 160(a4)
    vrsub.vx v20, v20, t0
    vsmul.vv v18, v18, v12
    ld t0, 112(a4)
    vsll.vx v20, v20, t0
    vadd.vv v18, v18, v12
    vsll.vi v12, v18, 1
    ld t0, 192(a4)
    vrsub.vx v12, v12, t0
    vmv1r.v v0, v1
    vmerge.vvm v18, v18, v12, v0
    vfcvt.f.x.v v18, v18
    vfmul.vv v18, v18, v20
    vfsgnj.vv v18, v18, v2
    vse64.v v18, (a2)
    bnez a3, 4f
    sub a0, a0, t1
    slli t1, t1, 3
    add a1, a1, t1
    add a2, a2, t1
    bnez a0, 1b
    ret
3:
    vfmerge.vfm v2, v2, ft2, v0
    j 2b
4:
    addi sp, sp, -48
    sd ra, 0(sp)
    sd a0, 8(sp)
    sd a1, 16(sp)
    sd a2, 24(sp)
    sd t1, 32(sp)
    mv a0, t1
    call vmath_asin_special
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
    bnez a0, vmath_asin
    ret
    .size vmath_asin, . - vmath_asin
    .section .rodata
    .balign 8
9:
    .dword 0x3e10000000000000  # 9.313225746154785e-10
    .dword 0x3ff0000000000000  # 1.0
    .dword 0x3fd0000000000000  # 0.25
    .dword 0x3fe0000000000000  # 0.5
    .dword 0xbfe0000000000000  # -0.5
    .dword 0x43e0000000000000  # 9.223372036854776e+18
    .dword 0x03af0312ecea49c7
    .dword 0xfe185db0ab73660c
    .dword 0x023acc2a636445cb
    .dword 0x00b29d47c67ea1de
    .dword 0x01524ea8b3aad30a
    .dword 0x0178246f32d075c2
    .dword 0x01c9cf3759fd8ff4
    .dword 0x02389a687f4afec9
    .dword 0x0000000000000034
    .dword 0x02dd1763b129256f
    .dword 0x000000000000043b
    .dword 0x03e38e383a954193
    .dword 0x000000000000003c
    .dword 0x05b6db6db8ca4b8a
    .dword 0x00000000000003ff
    .dword 0x0000000000000000  # 0.0
    .dword 0x09999999999761e1
    .dword 0x15555555555555c1
    .dword 0x1921fb54442d1847
