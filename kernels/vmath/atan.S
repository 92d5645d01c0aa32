# SPDX-License-Identifier: MIT OR Apache-2.0
# Written by functions.py.
# void vmath_atan(size_t n, const double *x, double *y): y[i] = atan(x[i])
    .text
    .balign 4
    .globl vmath_atan
    .type vmath_atan, @function
vmath_atan:
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
    vmfge.vf v0, v6, ft3
    vmv.v.v v8, v6
    vmnot.m v4, v0
    vfrdiv.vf v8, v6, ft3, v0.t
    vfmv.v.f v10, ft3
    vfmul.vv v12, v8, v8
    vfnmsac.vv v10, v8, v6
    vmv2r.v v6, v12
    vfmsac.vv v6, v8, v8
    vfmul.vv v10, v10, v8
    vfmul.vf v12, v12, ft4
    vmv1r.v v1, v0
    vmv1r.v v0, v4
    vfmerge.vfm v10, v10, ft5, v0
    vfcvt.x.f.v v12, v12
    vfadd.vv v14, v10, v10
    vsrl.vx v16, v8, a5
    vfmacc.vv v6, v14, v8
    vrsub.vx v16, v16, a6
    vfmul.vf v6, v6, ft4
    vsll.vx v14, v16, a5
    vfcvt.x.f.v v6, v6
    vfmul.vv v8, v8, v14
    vsadd.vv v12, v12, v6
    vfmul.vv v10, v10, v14
    vsmul.vv v14, v12, v12
    vfcvt.x.f.v v8, v8
    vsmul.vx v6, v14, a7
    vsmul.vx v18, v14, t2
    vadd.vx v6, v6, t3
    vadd.vx v18, v18, t4
    vsmul.vv v6, v6, v14
    vsmul.vv v18, v18, v14
    vadd.vx v6, v6, t5
    vadd.vx v18, v18, t6
    vsmul.vv v6, v6, v14
    vsmul.vv v18, v18, v14
    ld t0, 112(a4)
    vadd.vx v6, v6, t0
    ld t0, 120(a4)
    vadd.vx v18, v18, t0
    vsmul.vv v6, v6, v14
    vsmul.vv v18, v18, v14
    ld t0, 128(a4)
    vadd.vx v6, v6, t0
    ld t0, 136(a4)
    vadd.vx v18, v18, t0
    vsmul.vv v6, v6, v14
    vsmul.vv v18, v18, v14
    ld t0, 144(a4)
    vadd.vx v6, v6, t0
    ld t0, 152(a4)
    vadd.vx v18, v18, t0
    vsmul.vv v6, v6, v14
    vsmul.vv v18, v18, v14
    ld t0, 160(a4)
    vadd.vx v6, v6, t0
    ld t0, 168(a4)
    vadd.vx v18, v18, t0
    vsmul.vv v6, v6, v14
    vsmul.vv v18, v18, v14
    ld t0, 176(a4)
    vadd.vx v6, v6, t0
    ld t0, 184(a4)
    vadd.vx v18, v18, t0
    vsmul.vv v6, v6, v14
    vsmul.vv v18, v18, v14
    ld t0, 192(a4)
    vadd.vx v6, v6, t0
    ld t0, 200(a4)
    vadd.vx v18, v18, t0
    vsmul.vv v6, v6, v14
    vsmul.vv v18, v18, v14
    ld t0, 208(a4)
    vadd.vx v6, v6, t0
    ld t0, 216(a4)
    vadd.vx v18, v18, t0
    vsmul.vv v6, v6, v12
    vfcvt.x.f.v v10, v10
    vadd.vv v6, v6, v18
    vadd.vv v8, v8, v10
    vsmul.vv v6, v6, v12
    ld t0, 224(a4)
    vadd.vx v12, v16, t0
    vsmul.vv v6, v6, v8
    ld t0, 232(a4)
    vrsub.vx v16, v16, t0
    vsub.vv v8, v8, v6
    vmv1r.v v0, v1
    ld t0, 240(a4)
    vmerge.vxm v16, v16, t0, v0
    vsra.vv v12, v8, v12
    vsll.vx v16, v16, a5
    ld t0, 248(a4)
    vrsub.vx v12, v12, t0
    vmerge.vvm v8, v8, v12, v0
    vfcvt.f.x.v v8, v8
    vfmul.vv v8, v8, v16
    vfsgnj.vv v8, v8, v2
    vse64.v v8, (a2)
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
    call vmath_atan_special
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
    bnez a0, vmath_atan
    ret
    .size vmath_atan, . - vmath_atan
    .section .rodata
    .balign 8
9:
    .dword 0x3e10000000000000  # 9.313225746154785e-10
    .dword 0x43b0000000000000  # 1.152921504606847e+18
    .dword 0x3fe0000000000000  # 0.5
    .dword 0x3ff0000000000000  # 1.0
    .dword 0x43e0000000000000  # 9.223372036854776e+18
    .dword 0x0000000000000000  # 0.0
    .dword 0x0000000000000034
    .dword 0x000000000000083b
    .dword 0xffff687c3f703049
    .dword 0x00068d66e5a93bb9
    .dword 0xffdd9b49a0ed3684
    .dword 0x00728d9df6d999e1
    .dword 0xfeedc451249e5431
    .dword 0x01fd0e4de8fed8fa
    .dword 0xfcf781686bb992e3
    .dword 0x0400e41413a7cbc3
    .dword 0xfb335e3fd11fa5c9
    .dword 0x0574089e081731bc
    .dword 0xf9ef88c27f177da4
    .dword 0x06baeec591e85a11
    .dword 0xf878bf718b1b567f
    .dword 0x08887ffaccf268ff
    .dword 0xf627633171191c5c
    .dword 0x0ba2e8af71ac0c78
    .dword 0xf1c71c7227fac9c8
    .dword 0x124924924753ebb6
    .dword 0xe66666666669df84
    .dword 0x2aaaaaaaaaaaa98e
    .dword 0xfffffffffffffbc4
    .dword 0x00000000000007fe
    .dword 0x00000000000003c2
    .dword 0x3243f6a8885a308d
