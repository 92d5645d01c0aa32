# SPDX-License-Identifier: MIT OR Apache-2.0
#
# y = W x in fp32, W row-major: four dot products at once.
#
# Each element of W is used once, so the 32-byte memory port is the limit: 8 fp32 a cycle, which is also the FMA rate.
# Four rows share each load of x: for 32 columns (LMUL 2 at VLEN 512) 5 loads of 4 cycles = 20 port cycles against 16
# cycles of FMA, 80 % of the port's rate goes to W. Data from beyond the L1D come at 8 bytes a cycle or less, so
# more rows would gain nothing there, and each row is one more stream for the prefetcher to follow.
#
# Registers are renamed by hand: two complete sets of operands (x and four rows of W, LMUL 2), so that the loads of the next
# 32 columns are dispatched between the FMAs of these. A load thus has about 20 cycles until its FMA, and no load waits
# for the last reader of its register. An accumulator is used every 20 cycles, above the FMA latency of 7.
#
# At the end of four rows the sums are folded by halves with vslidedown and vfadd, the four rows interleaved, in about
# 80 cycles; four vfredusum (1 + 7*log2(vl) cycles each) would take 140, and as many vfmv.f.s waits of 11.
#
# void gemv_f32(size_t m, size_t k, const float *w, const float *x, float *y)
#   a0 rows left      t0..t3 row pointers      v0  x       v2  v4  v6  v8   W rows 0..3   set A
#   a1 k              t4 x pointer             v10 x       v12 v14 v16 v18  W rows 0..3   set B
#   a2 first row      t5 columns left          v20 v22 v24 v26              sums of rows 0..3
#   a3 x              t6 VLMAX                 v28 v29 v30 v31              slid halves
#   a4 y              a5 row bytes, a6 VLMAX bytes, a7 rows of this pass or temporary

    .text

.macro ROW_PTRS rows
    mv t0, a2
    .if \rows > 1
    add t1, t0, a5
    .endif
    .if \rows > 2
    add t2, t1, a5
    .endif
    .if \rows > 3
    add t3, t2, a5
    .endif
.endm

.macro LOAD rows, r, w, ptr
    .if \rows > \r
    vle32.v \w, (\ptr)
    add \ptr, \ptr, a6
    .endif
.endm

.macro FMA rows, r, sum, w, x
    .if \rows > \r
    vfmacc.vv \sum, \w, \x
    .endif
.endm

# Loads one set and computes with the other. load, fma: 1 to do that part.
.macro CHUNK rows, load, lx, l0, l1, l2, l3, fma, fx, f0, f1, f2, f3
    .if \load
    vle32.v \lx, (t4)
    add t4, t4, a6
    .endif
    .if \load
    LOAD \rows, 0, \l0, t0
    .endif
    .if \fma
    FMA \rows, 0, v20, \f0, \fx
    .endif
    .if \load
    LOAD \rows, 1, \l1, t1
    .endif
    .if \fma
    FMA \rows, 1, v22, \f1, \fx
    .endif
    .if \load
    LOAD \rows, 2, \l2, t2
    .endif
    .if \fma
    FMA \rows, 2, v24, \f2, \fx
    .endif
    .if \load
    LOAD \rows, 3, \l3, t3
    .endif
    .if \fma
    FMA \rows, 3, v26, \f3, \fx
    .endif
.endm

# Sum of the two registers of each group, then of the halves of the first.
.macro FOLD rows, r, sum, upper
    .if \rows > \r
    vfadd.vv \sum, \sum, \upper
    .endif
.endm

.macro SLIDE rows, r, half, sum
    .if \rows > \r
    vslidedown.vx \half, \sum, t0
    .endif
.endm

.macro STORE rows, r, sum
    .if \rows > \r
    vse32.v \sum, (a4)
    addi a4, a4, 4
    .endif
.endm

.macro ROWS rows
    ROW_PTRS \rows
    mv t4, a3
    vsetvli t6, x0, e32, m2, tu, ma
    slli a6, t6, 2
    vmv.v.i v20, 0
    .if \rows > 1
    vmv.v.i v22, 0
    .endif
    .if \rows > 2
    vmv.v.i v24, 0
    .endif
    .if \rows > 3
    vmv.v.i v26, 0
    .endif
    mv t5, a1
    bltu t5, t6, 13f
    CHUNK \rows, 1, v0, v2, v4, v6, v8, 0, v0, v0, v0, v0, v0
    sub t5, t5, t6
11: bltu t5, t6, 12f
    CHUNK \rows, 1, v10, v12, v14, v16, v18, 1, v0, v2, v4, v6, v8
    sub t5, t5, t6
    bltu t5, t6, 14f
    CHUNK \rows, 1, v0, v2, v4, v6, v8, 1, v10, v12, v14, v16, v18
    sub t5, t5, t6
    j 11b
12: CHUNK \rows, 0, v0, v0, v0, v0, v0, 1, v0, v2, v4, v6, v8
13: beqz t5, 15f
    # Fewer columns than VLMAX: the lanes beyond vl keep their sums (tail undisturbed).
    vsetvli x0, t5, e32, m2, tu, ma
    CHUNK \rows, 1, v0, v2, v4, v6, v8, 0, v0, v0, v0, v0, v0
    CHUNK \rows, 0, v0, v0, v0, v0, v0, 1, v0, v2, v4, v6, v8
    j 15f
14: CHUNK \rows, 0, v0, v0, v0, v0, v0, 1, v10, v12, v14, v16, v18
    j 13b
15: vsetvli t0, x0, e32, m1, ta, ma
    FOLD \rows, 0, v20, v21
    FOLD \rows, 1, v22, v23
    FOLD \rows, 2, v24, v25
    FOLD \rows, 3, v26, v27
16: srli t0, t0, 1                      # VLMAX(e32, m1) is a power of two of at least 4
    vsetvli x0, t0, e32, m1, ta, ma
    SLIDE \rows, 0, v28, v20
    SLIDE \rows, 1, v29, v22
    SLIDE \rows, 2, v30, v24
    SLIDE \rows, 3, v31, v26
    FOLD \rows, 0, v20, v28
    FOLD \rows, 1, v22, v29
    FOLD \rows, 2, v24, v30
    FOLD \rows, 3, v26, v31
    li a7, 1
    bne t0, a7, 16b
    STORE \rows, 0, v20                 # vl is 1 here
    STORE \rows, 1, v22
    STORE \rows, 2, v24
    STORE \rows, 3, v26
.endm

    .globl gemv_f32
    .type gemv_f32, @function
gemv_f32:
    slli a5, a1, 2
    li a7, 4
    bltu a0, a7, 2f
1:  ROWS 4
    slli t0, a5, 2
    add a2, a2, t0
    addi a0, a0, -4
    li a7, 4
    bgeu a0, a7, 1b
2:  li a7, 3
    beq a0, a7, 5f
    li a7, 2
    beq a0, a7, 4f
    beqz a0, 3f
    ROWS 1
3:  ret
4:  ROWS 2
    ret
5:  ROWS 3
    ret
    .size gemv_f32, . - gemv_f32
