# SPDX-License-Identifier: MIT OR Apache-2.0
# Written by functions.py.
# void vmath_log(size_t n, const double *x, double *y): y[i] = log(x[i])
    .text
    .balign 4
    .globl vmath_log
    .type vmath_log, @function
vmath_log:
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
    vfmul.vf v6, v4, ft1
    vfsub.vf v8, v2, ft0
    vfadd.vf v10, v2, ft0
    vfadd.vv v8, v8, v8
    vfrsub.vf v12, v10, ft0
    vfdiv.vv v14, v8, v10
    vfadd.vv v12, v12, v2
    vfrec7.v v2, v10
    vmv2r.v v16, v6
    vfmsac.vf v16, ft1, v4
    vfmul.vv v18, v14, v14
    vfmv.v.f v20, ft2
    vfmv.v.f v22, ft3
    vfmacc.vf v20, ft4, v18
    vfmv.v.f v24, ft5
    vfmacc.vf v22, ft6, v18
    vfmv.v.f v26, ft7
    vfnmsac.vv v8, v14, v10
    vfmacc.vv v24, v20, v18
    vfmv.v.f v20, ft8
    vfmul.vv v10, v18, v18
    vfmul.vv v28, v18, v18
    vfmacc.vv v26, v22, v18
    vfmv.v.f v22, ft9
    vfnmsac.vv v8, v14, v12
    vfadd.vv v12, v6, v14
    vfmacc.vv v20, v24, v18
    vfmul.vv v10, v10, v28
    vfmacc.vv v22, v26, v18
    vfsub.vv v6, v6, v12
    vfmul.vv v8, v8, v2
    vfmul.vv v18, v18, v14
    vfmacc.vv v22, v20, v10
    vfadd.vv v6, v6, v14
    vfmacc.vv v8, v22, v18
    vfadd.vv v6, v6, v16
    vfadd.vv v6, v6, v8
    vfmacc.vf v6, ft10, v4
    vfadd.vv v12, v12, v6
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
    call vmath_log_special
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
    bnez a0, vmath_log
    ret
    .size vmath_log, . - vmath_log
    .section .rodata
    .balign 8
9:
    .dword 0x00000000000003bf
    .dword 0x3ff0000000000000  # 1.0
    .dword 0x0000000000000033
    .dword 0x0000000000000001
    .dword 0xfffffffffffffc01
    .dword 0x0000000000000034
    .dword 0x3fe62e42fefa39ef  # 0.6931471805599453
    .dword 0x3ed0e8ba6cd6f03b  # 4.031442313697697e-06
    .dword 0x3f624924923dde11  # 0.0022321428568223907
    .dword 0x3eb16a17ad027494  # 1.0379805424406333e-06
    .dword 0x3ef3b29d9250a83f  # 1.8785206652584477e-05
    .dword 0x3f3c71c72e010cf6  # 0.0004340277937481951
    .dword 0x3f89999999999f1c  # 0.012500000000002447
    .dword 0x3f1745cac0b0aa64  # 8.877801899191126e-05
    .dword 0x3fb5555555555555  # 0.08333333333333333
    .dword 0x3c7abc9e3b39803f  # 2.3190468138462996e-17
