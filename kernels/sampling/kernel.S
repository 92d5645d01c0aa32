# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The vector part of choosing a token from n logits: each routine reads n once (argmax on average one and a half times) and is
# bound by the port or the level behind it.

    .text

# The next t0 of a0 numbers at a1, brought to \v, join the maxima of the lanes in v8; lanes without one keep theirs.
.macro MAXIMA v, bytes
    vsetvli t0, a0, e32, m8, tu, ma
    vle32.v \v, (a1)
    slli \bytes, t0, 2
    add a1, a1, \bytes
    sub a0, a0, t0
    vfmax.vv v8, v8, \v
.endm

# size_t argmax_f32(size_t n, const float *x): the lowest index of the maximum; NaN is never chosen; 0 if there is nothing else.
#   a0 n left, a1 x | t0 vl, t1 n, t2 x, t3 temporary, t4 index; v8 and v24 maxima in turn
    .globl argmax_f32
    .type argmax_f32, @function
argmax_f32:
    mv t1, a0
    mv t2, a1
    li t3, 0xff800000
    fmv.w.x fa0, t3
    vsetvli t0, x0, e32, m8, ta, ma
    vfmv.v.f v8, fa0
1:  MAXIMA v0, t3
    beqz a0, 2f
    MAXIMA v16, t3
    bnez a0, 1b
2:  vsetvli t0, x0, e32, m4, ta, ma
    vfmax.vv v8, v8, v12
    vsetvli t0, x0, e32, m2, ta, ma
    vfmax.vv v8, v8, v10
    vsetvli t0, x0, e32, m1, ta, ma
    vfmax.vv v8, v8, v9
    vfredmax.vs v8, v8, v8
    vfmv.f.s fa0, v8
    li t4, 0
3:  vsetvli t0, t1, e32, m8, ta, ma
    vle32.v v0, (t2)
    slli t3, t0, 2
    add t2, t2, t3
    sub t1, t1, t0
    vmfeq.vf v16, v0, fa0
    vfirst.m a0, v16
    bgez a0, 4f
    add t4, t4, t0
    bnez t1, 3b
    li a0, 0
    ret
4:  add a0, a0, t4
    ret
    .size argmax_f32, . - argmax_f32

# float less_than_best(size_t n, const float *x, size_t k): a number that at least k of x are greater than, and not many more; minus
# infinity if there is none, or k exceeds the lanes.
#   The k-th largest of the lanes' maxima has at least k elements that are no less. Its upper bits are found one by one, by
#   counting, on integers that have the order of the fp32; two less than that is less than either zero too.
#   a0 n left, a1 x, a2 k | t0 vl, t1 result as integer, t2 bit, t3 t4 t5 temporary; v8 maxima, v16 temporary (LMUL 8)
    .globl less_than_best
    .type less_than_best, @function
less_than_best:
    li t1, 0xff800000
    fmv.w.x fa0, t1
    vsetvli t0, x0, e32, m8, ta, ma
    bltu t0, a2, 4f
    vfmv.v.f v8, fa0
1:  MAXIMA v16, t1
    bnez a0, 1b
    vsetvli t0, x0, e32, m8, ta, ma
    vsra.vi v16, v8, 31
    vsrl.vi v16, v16, 1
    vxor.vv v8, v8, v16
    li t1, -0x80000000
    li t2, 0x80000000
    li t5, 1 << 11
2:  add t3, t1, t2
    addi t4, t3, -1
    vmsgt.vx v0, v8, t4
    srli t2, t2, 1
    vcpop.m t4, v0
    bltu t4, a2, 3f
    mv t1, t3
3:  bgeu t2, t5, 2b
    li t2, -0x7f7ffffe                  # two more than minus infinity
    blt t1, t2, 4f
    addi t1, t1, -2
    sraiw t2, t1, 31
    srliw t2, t2, 1
    xor t1, t1, t2
    fmv.w.x fa0, t1
4:  ret
    .size less_than_best, . - less_than_best

# size_t select_above(size_t n, const float *x, float threshold, uint32_t first, float *values, uint32_t *indices)
#   Appends each x[i] > threshold to values and first + i to indices, in order; returns their number.
#   a0 n left, a1 x, a2 index, a3 values, a4 indices | a5 count, t0 vl, t1 temporary, t2 selected
    .globl select_above
    .type select_above, @function
select_above:
    li a5, 0
1:  vsetvli t0, a0, e32, m4, ta, ma
    vle32.v v8, (a1)
    slli t1, t0, 2
    add a1, a1, t1
    sub a0, a0, t0
    vmfgt.vf v0, v8, fa0
    vcpop.m t2, v0
    beqz t2, 2f
    vid.v v12
    vadd.vx v12, v12, a2
    vcompress.vm v16, v8, v0
    vcompress.vm v20, v12, v0
    vsetvli x0, t2, e32, m4, ta, ma
    vse32.v v16, (a3)
    vse32.v v20, (a4)
    slli t1, t2, 2
    add a3, a3, t1
    add a4, a4, t1
    add a5, a5, t2
2:  add a2, a2, t0
    bnez a0, 1b
    mv a0, a5
    ret
    .size select_above, . - select_above
