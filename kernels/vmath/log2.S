# SPDX-License-Identifier: MIT OR Apache-2.0
# Written by functions.py.
# void vmath_log2(size_t n, const double *x, double *y): y[i] = log2(x[i])
    .text
    .balign 4
    .globl vmath_log2
    .type vmath_log2, @function
vmath_log2:
    lla a4, 9f
    ld a5, 0(a4)
    fld ft0, 8(a4)
    ld a6, 16(a4)
    ld a7, 24(a4)
    ld t2, 32(a4)
    ld t3, 40(a4)
    fld ft1, 48(a4)
    fld ft2, 56(a4)
    fld ft3, 64(a4)
    fld ft4, 72(a4)
    fld ft5, 80(a4)
    fld ft6, 88(a4)
    fld ft7, 96(a4)
    fld ft8, 104(a4)
    fld ft9, 112(a4)
    fld ft10, 120(a4)
1:
    vsetvli t1, a0, e64, m2, ta, ma
    vle64.v v2, (a1)
    vfclass.v v4, v2
    vand.vx v4, v4, a5
    vmsne.vi v0, v4, 0
    vcpop.m a3, v0
    bnez a3, 3f
2:
    vsrl.vx v4, v2, a6
    vadd.vx v4, v4, a7
    vsra.vi v4, v4, 1
    vadd.vx v4, v4, t2
    vsll.vx v6, v4, t3
    vfcvt.f.x.v v4, v4
    vsub.vv v2, v2, v6
    vfsub.vf v6, v2, ft0
    vfadd.vf v8, v2, ft0
    vfadd.vv v6, v6, v6
    vfrsub.vf v10, v8, ft0
    vfdiv.vv v12, v6, v8
    vfadd.vv v10, v10, v2
    vfrec7.v v2, v8
    vfmul.vv v14, v12, v12
    vfmv.v.f v16, ft1
    vfmv.v.f v18, ft2
    vfmul.vf v20, v12, ft3
    vfmacc.vf v16, ft4, v14
    vfmv.v.f v22, ft5
    vfmacc.vf v18, ft6, v14
    vfmv.v.f v24, ft7
    vfadd.vv v26, v4, v20
    vfnmsac.vv v6, v12, v8
    vfmacc.vv v22, v16, v14
    vfmv.v.f v16, ft8
    vfmul.vv v8, v14, v14
    vfmul.vv v28, v14, v14
    vfmacc.vv v24, v18, v14
    vfmv.v.f v18, ft9
    vfsub.vv v4, v4, v26
    vfnmsac.vv v6, v12, v10
    vfmacc.vv v16, v22, v14
    vfmul.vv v8, v8, v28
    vfmacc.vv v18, v24, v14
    vmv2r.v v24, v20
    vfmsac.vf v24, ft3, v12
    vfadd.vv v4, v4, v20
    vfmul.vv v6, v6, v2
    vfmul.vv v14, v14, v12
    vfmacc.vv v18, v16, v8
    vfadd.vv v4, v4, v24
    vfmacc.vv v6, v18, v14
    vfmacc.vf v4, ft10, v12
    vfmacc.vf v4, ft3, v6
    vfadd.vv v26, v26, v4
    vse64.v v26, (a2)
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
    call vmath_log2_special
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
    bnez a0, vmath_log2
    ret
    .size vmath_log2, . - vmath_log2
    .section .rodata
    .balign 8
9:
    .dword 0x00000000000003bf
    .dword 0x3ff0000000000000  # 1.0
    .dword 0x0000000000000033
    .dword 0x0000000000000001
    .dword 0xfffffffffffffc01
    .dword 0x0000000000000034
    .dword 0x3ed0e8ba6cd6f03b  # 4.031442313697697e-06
    .dword 0x3f624924923dde11  # 0.0022321428568223907
    .dword 0x3ff71547652b82fe  # 1.4426950408889634
    .dword 0x3eb16a17ad027494  # 1.0379805424406333e-06
    .dword 0x3ef3b29d9250a83f  # 1.8785206652584477e-05
    .dword 0x3f3c71c72e010cf6  # 0.0004340277937481951
    .dword 0x3f89999999999f1c  # 0.012500000000002447
    .dword 0x3f1745cac0b0aa64  # 8.877801899191126e-05
    .dword 0x3fb5555555555555  # 0.08333333333333333
    .dword 0x3c7777d0ffda0d24  # 2.0355273740931033e-17
