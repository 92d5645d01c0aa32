# The kernels of the vector workloads, for any VLEN.
  .text
  .option arch, +v, +zfh

# One step of a product: a row of b in \b, four numbers of a; \load and \size are of their type.
  .macro multiply_add width, load, size, b
  vle\width\().v \b, (a1)
  add a1, a1, a4
  \load fa0, 0*\size(a0)
  \load fa1, 1*\size(a0)
  \load fa2, 2*\size(a0)
  \load fa3, 3*\size(a0)
  addi a0, a0, 4*\size
  vfmacc.vf v8, fa0, \b
  vfmacc.vf v12, fa1, \b
  vfmacc.vf v16, fa2, \b
  vfmacc.vf v20, fa3, \b
  .endm

# Four rows of c to or from v8, v12, v16, v20.
  .macro rows instruction
  mv t1, a2
  .irp group, v8, v12, v16, v20
  \instruction \group, (t1)
  add t1, t1, a5
  .endr
  .endm

# long sgemm_rows(a, b, c, k, b_stride, c_stride): four rows of c += a b, k even; returns the columns done
  .globl sgemm_rows
  .balign 16
sgemm_rows:
  li t0, 64
  vsetvli t0, t0, e32, m4, ta, ma
  rows vle32.v
1:
  multiply_add 32, flw, 4, v0
  multiply_add 32, flw, 4, v4
  addi a3, a3, -2
  bnez a3, 1b
  rows vse32.v
  mv a0, t0
  ret

# The same in half precision.
  .globl hgemm_rows
  .balign 16
hgemm_rows:
  li t0, 128
  vsetvli t0, t0, e16, m4, ta, ma
  rows vle16.v
1:
  multiply_add 16, flh, 2, v0
  multiply_add 16, flh, 2, v4
  addi a3, a3, -2
  bnez a3, 1b
  rows vse16.v
  mv a0, t0
  ret

# The same for bytes, c = a b in 32 bits.
  .globl i8gemm_rows
  .balign 16
i8gemm_rows:
  li t0, 64
  vsetvli t0, t0, e32, m4, ta, ma
  .irp group, v8, v12, v16, v20
  vmv.v.i \group, 0
  .endr
1:
  vsetvli zero, t0, e8, m1, ta, ma
  vle8.v v0, (a1)
  add a1, a1, a4
  lb t2, 0(a0)
  lb t3, 1(a0)
  lb t4, 2(a0)
  lb t5, 3(a0)
  addi a0, a0, 4
  vwmul.vx v24, v0, t2
  vwmul.vx v26, v0, t3
  vwmul.vx v28, v0, t4
  vwmul.vx v30, v0, t5
  vsetvli zero, t0, e16, m2, ta, ma
  vwadd.wv v8, v8, v24
  vwadd.wv v12, v12, v26
  vwadd.wv v16, v16, v28
  vwadd.wv v20, v20, v30
  addi a3, a3, -1
  bnez a3, 1b
  vsetvli zero, t0, e32, m4, ta, ma
  rows vse32.v
  mv a0, t0
  ret

# void softmax(to, from, n): n is a multiple of VLMAX
  .globl softmax
  .balign 16
softmax:
  vsetvli t0, zero, e32, m4, ta, ma
  slli t1, t0, 2
  lla t2, softmax_constants
  flw fa0, 0(t2)
  flw fa1, 4(t2)
  flw fa2, 8(t2)
  flw fa3, 12(t2)
  flw fa4, 16(t2)
  flw fa5, 20(t2)
  flw fa6, 24(t2)
  flw fa7, 28(t2)
  vfmv.v.f v8, fa0                # the greatest
  mv t2, a1
  mv t3, a2
1:
  vle32.v v0, (t2)
  vfmax.vv v8, v8, v0
  add t2, t2, t1
  sub t3, t3, t0
  bnez t3, 1b
  vfmv.s.f v4, fa0
  vfredmax.vs v4, v8, v4
  vfmv.f.s ft0, v4
  vmv.v.i v24, 0                  # the sum
  mv t2, a1
  mv t3, a2
  mv t4, a0
2:                                # exp(x) = 2^n p(r): n = round(x / ln 2), r = x - n ln 2
  vle32.v v0, (t2)
  vfsub.vf v0, v0, ft0
  vfmax.vf v0, v0, fa1
  vfmul.vf v4, v0, fa2
  vfcvt.x.f.v v8, v4
  vfcvt.f.x.v v4, v8
  vfnmsac.vf v0, fa3, v4
  vfmv.v.f v12, fa4
  vfmv.v.f v16, fa5
  vfmadd.vv v12, v0, v16
  vfmv.v.f v16, fa6
  vfmadd.vv v12, v0, v16
  vfmv.v.f v16, fa7
  vfmadd.vv v12, v0, v16
  vfmul.vv v12, v12, v0
  vfadd.vf v12, v12, fa7
  vsll.vi v8, v8, 23
  vadd.vv v12, v12, v8
  vfadd.vv v24, v24, v12
  vse32.v v12, (t4)
  add t2, t2, t1
  add t4, t4, t1
  sub t3, t3, t0
  bnez t3, 2b
  vmv.s.x v4, zero
  vfredusum.vs v4, v24, v4
  vfmv.f.s ft0, v4
  fdiv.s ft0, fa7, ft0
3:
  vle32.v v0, (a0)
  vfmul.vf v0, v0, ft0
  vse32.v v0, (a0)
  add a0, a0, t1
  sub a2, a2, t0
  bnez a2, 3b
  ret
  .balign 4
softmax_constants:
  .word 0xff800000                # -infinity
  .float -87.0, 1.4426950, 0.69314718, 0.041666668, 0.16666667, 0.5, 1.0

# void layer_norm(to, from, scale, shift, n): n is a multiple of VLMAX; negative results are divided by 64
  .globl layer_norm
  .balign 16
layer_norm:
  vsetvli t0, zero, e32, m4, ta, ma
  slli t1, t0, 2
  vmv.v.i v8, 0
  vmv.v.i v12, 0
  mv t2, a1
  mv t3, a4
1:
  vle32.v v0, (t2)
  vfadd.vv v8, v8, v0
  vfmacc.vv v12, v0, v0
  add t2, t2, t1
  sub t3, t3, t0
  bnez t3, 1b
  vmv.s.x v4, zero
  vfredusum.vs v8, v8, v4
  vfredusum.vs v12, v12, v4
  vfmv.f.s fa0, v8
  vfmv.f.s fa1, v12
  fcvt.s.l fa2, a4
  fdiv.s fa0, fa0, fa2            # mean
  fdiv.s fa1, fa1, fa2
  fnmsub.s fa1, fa0, fa0, fa1     # variance
  lla t2, layer_norm_constants
  flw fa3, 0(t2)
  flw fa4, 4(t2)
  flw fa5, 8(t2)
  fadd.s fa1, fa1, fa3
  fsqrt.s fa1, fa1
  fdiv.s fa1, fa4, fa1
  fmv.w.x fa6, zero
2:
  vle32.v v4, (a1)
  vle32.v v8, (a2)
  vle32.v v12, (a3)
  vfsub.vf v4, v4, fa0
  vfmul.vf v4, v4, fa1
  vfmadd.vv v4, v8, v12
  vmflt.vf v0, v4, fa6
  vfmul.vf v4, v4, fa5, v0.t
  vse32.v v4, (a0)
  add a0, a0, t1
  add a1, a1, t1
  add a2, a2, t1
  add a3, a3, t1
  sub a4, a4, t0
  bnez a4, 2b
  ret
  .balign 4
layer_norm_constants:
  .float 0.00001, 1.0, 0.015625

# void saxpy(y, x, a, n)
  .globl saxpy
  .balign 16
saxpy:
  vsetvli t0, a2, e32, m1, ta, ma
  vle32.v v1, (a1)
  vle32.v v2, (a0)
  slli t1, t0, 2
  add a1, a1, t1
  vfmacc.vf v2, fa0, v1
  sub a2, a2, t0
  vse32.v v2, (a0)
  add a0, a0, t1
  bnez a2, saxpy
  ret

# void copy(to, from, bytes)
  .globl copy
  .balign 16
copy:
  vsetvli t0, a2, e8, m8, ta, ma
  vle8.v v0, (a1)
  sub a2, a2, t0
  add a1, a1, t0
  vse8.v v0, (a0)
  add a0, a0, t0
  bnez a2, copy
  ret

# void gather(to, table, offsets, strided, n, stride)
  .globl gather
  .balign 16
gather:
  vsetvli t0, a4, e32, m2, ta, ma
  vle32.v v0, (a2)
  vluxei32.v v4, (a1), v0
  vlse32.v v8, (a3), a5
  slli t1, t0, 2
  mul t2, t0, a5
  vadd.vv v4, v4, v8
  vse32.v v4, (a0)
  add a0, a0, t1
  add a2, a2, t1
  add a3, a3, t2
  sub a4, a4, t0
  bnez a4, gather
  ret
