# SPDX-License-Identifier: MIT OR Apache-2.0
#
# y = W x with Q4_0 weights in panels (see rvtile_kernels.h) and x in blocks of 32 int8 with an fp32 scale each.
#
# Rows are lanes. A byte holds the weights j and j + 16 of a block as n - 8 with n = 0..15. With |x| <= 127 a whole block stays within
# int16: 32 * 8 * 127 = 32512. So the sums are taken of n, modulo 2^16, in int16, and 8 times the sum of x, which the scalar
# pipe adds up beside, is subtracted at the end: unpacking is one vand and one vsrl a byte.
#
# Cycles for 128 rows at VLEN 512: 16 for each of 16 bytes (vand, vsrl, two vwmacc of 4), then 8 correction, 8 conversion to
# fp32, 8 widening of the scales, 16 product, 16 multiply-add: 312 for 4096 products and 2304 bytes, 13.1 products and 7.4
# bytes a cycle: arithmetic, half of it unpacking, decides.
# From memory a page of 4 KiB would cost about two latencies beside: a prefetcher that sees physical addresses stops at its end,
# and learns the direction anew from the first three lines of the next one. So those are loaded a page early, into registers that
# nobody reads: nobody waits for those.
# A multiply-accumulate comes every 8 cycles, above its latency of 7: between them nibbles of the next byte are unpacked.
#
# void gemv_q4_0(size_t m, size_t k, const void *w, const int8_t *xq, const float *xd, float *y)
#   a0 rows left      a2 next bytes     a6 sum of x          v0 v2 bytes (LMUL 2)     v4 low, v6 high nibbles
#   a1 blocks         a3 xq, a4 xd      a7 blocks left       v12 int16 sums (LMUL 4), converted to v8 (LMUL 8)
#   a5 y              t5 xq, t6 xd      t0 rows (vl)         v20 scales, fp16 (LMUL 4), widened to v16 (LMUL 8)
#   t3 t4 touches     t1 t2 x[j], x[j + 16]                  v24 fp32 sums (LMUL 8)

    .option arch, +zfh
    .text

.macro LOAD_BYTES v
    vle8.v \v, (a2)
    add a2, a2, t0
.endm

# Byte j, whose nibbles stand in v4 and v6: multiply them, unpack those of byte j + 1 from `next`. `free` held byte j.
#   unpack: there is a byte j + 1    load: 1 a byte of this block, 2 the scales and the first byte of the next block,
#   3 the second byte of the next block; 2 and 3 only if there is one
.macro STEP j, next, free, unpack, load
    lb t1, \j(a3)
    lb t2, (\j + 16)(a3)
    .if \j == 0
    vwmul.vx v12, v4, t1
    .else
    vwmacc.vx v12, t1, v4
    .endif
    .if \unpack
    vand.vi v4, \next, 15
    .endif
    .if \load == 1
    LOAD_BYTES \free
    .endif
    .if \load == 2
    vle16.v v20, (a2)
    add a2, a2, t0
    add a2, a2, t0
    .endif
    .if \load >= 2
    beqz a7, 9f
    LOAD_BYTES \free
9:
    .endif
    vwmacc.vx v12, t2, v6
    .if \unpack
    vsrl.vi v6, \next, 4
    .endif
    add t1, t1, t2
    .if \j == 0
    mv a6, t1
    .else
    add a6, a6, t1
    .endif
.endm

    .globl gemv_q4_0
    .type gemv_q4_0, @function
gemv_q4_0:
    addi a1, a1, 31
    srli a1, a1, 5
    mv t5, a3
    mv t6, a4
    li t1, 18
    mul t1, t1, a0
    mul t1, t1, a1
    add t4, a2, t1                      # the end of W
    csrr t2, vlenb
    slli t2, t2, 2
    sub t4, t4, t2                      # the last address to load four registers from
    lui t1, 1
    add t3, a2, t1
    neg t1, t1
    and t3, t3, t1
1:  vsetvli t0, a0, e32, m8, ta, ma
    vmv.v.i v24, 0
    mv a3, t5
    mv a4, t6
    mv a7, a1
    LOAD_BYTES v0
    LOAD_BYTES v2
2:  vsetvli x0, x0, e8, m2, ta, ma
    lui t1, 1
    add t2, a2, t1
    bltu t2, t3, 3f
    bltu t4, t3, 3f
    vl4re8.v v8, (t3)                   # touch the next page
    add t3, t3, t1
3:  addi a7, a7, -1
    vand.vi v4, v0, 15
    vsrl.vi v6, v0, 4
    STEP 0, v2, v0, 1, 1
    STEP 1, v0, v2, 1, 1
    STEP 2, v2, v0, 1, 1
    STEP 3, v0, v2, 1, 1
    STEP 4, v2, v0, 1, 1
    STEP 5, v0, v2, 1, 1
    STEP 6, v2, v0, 1, 1
    STEP 7, v0, v2, 1, 1
    STEP 8, v2, v0, 1, 1
    STEP 9, v0, v2, 1, 1
    STEP 10, v2, v0, 1, 1
    STEP 11, v0, v2, 1, 1
    STEP 12, v2, v0, 1, 1
    STEP 13, v0, v2, 1, 1
    STEP 14, v2, v0, 1, 2
    STEP 15, v0, v2, 0, 3
    slli a6, a6, 3
    neg a6, a6
    flw fa0, 0(a4)
    addi a4, a4, 4
    addi a3, a3, 32
    vsetvli x0, x0, e16, m4, ta, ma
    vadd.vx v12, v12, a6
    vfwcvt.f.x.v v8, v12                # in place: a source may be the upper half of a wider destination
    vfwcvt.f.f.v v16, v20
    vsetvli x0, x0, e32, m8, ta, ma
    vfmul.vv v8, v8, v16
    vfmacc.vf v24, fa0, v8
    bnez a7, 2b
    vse32.v v24, (a5)
    slli t1, t0, 2
    add a5, a5, t1
    sub a0, a0, t0
    bnez a0, 1b
    ret
    .size gemv_q4_0, . - gemv_q4_0
