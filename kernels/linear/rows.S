# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Rows around the tiles: of X before them, of sums behind them.

    .text

# void linear_pack_row(void *dst, const void *src, size_t bytes, size_t padded, size_t stride)
#   The words of 8 bytes of a row go `stride` bytes apart; behind its `bytes` it is filled up with zeros to `padded`, a multiple of 8.
    .globl linear_pack_row
    .type linear_pack_row, @function
linear_pack_row:
1:  srli t0, a3, 3
    vsetvli t0, t0, e64, m8, ta, ma
    slli t1, t0, 3
    sub a3, a3, t1
    bgeu a2, t1, 2f
    vmv.v.i v8, 0
    mv t1, a2
2:  vsetvli x0, t1, e8, m8, tu, ma      # rows have the alignment of their elements only
    vle8.v v8, (a1)
    add a1, a1, t1
    sub a2, a2, t1
    vsetvli x0, t0, e64, m8, ta, ma
    vsse64.v v8, (a0), a4
    mul t0, t0, a4
    add a0, a0, t0
    bnez a3, 1b
    ret
    .size linear_pack_row, . - linear_pack_row

# void linear_zero(void *dst, size_t bytes)
    .globl linear_zero
    .type linear_zero, @function
linear_zero:
    vsetvli t0, x0, e8, m8, ta, ma
    vmv.v.i v8, 0
1:  vsetvli t0, a1, e8, m8, ta, ma
    vse8.v v8, (a0)
    add a0, a0, t0
    sub a1, a1, t0
    bnez a1, 1b
    ret
    .size linear_zero, . - linear_zero

# void linear_scale_row(size_t n, const void *acc, size_t piece, size_t stride, const float *w_scale, float *y, float x_scale)
#   y = acc w_scale x_scale; acc lies in pieces of `piece` elements, at most as many as 8 registers hold, `stride` bytes apart.
    .globl linear_scale_row
    .type linear_scale_row, @function
linear_scale_row:
1:  mv t0, a0
    bltu t0, a2, 2f
    mv t0, a2
2:  vsetvli x0, t0, e32, m8, ta, ma
    vle32.v v8, (a1)
    vle32.v v16, (a4)
    add a1, a1, a3
    slli t1, t0, 2
    add a4, a4, t1
    sub a0, a0, t0
    vfcvt.f.x.v v8, v8
    vfmul.vf v16, v16, fa0
    vfmul.vv v24, v8, v16
    vse32.v v24, (a5)
    add a5, a5, t1
    bnez a0, 1b
    ret
    .size linear_scale_row, . - linear_scale_row

# void linear_copy_row(size_t n, const void *acc, size_t piece, size_t stride, float *y): the same without scales
    .globl linear_copy_row
    .type linear_copy_row, @function
linear_copy_row:
1:  mv t0, a0
    bltu t0, a2, 2f
    mv t0, a2
2:  vsetvli x0, t0, e32, m8, ta, ma
    vle32.v v8, (a1)
    add a1, a1, a3
    slli t1, t0, 2
    sub a0, a0, t0
    vse32.v v8, (a4)
    add a4, a4, t1
    bnez a0, 1b
    ret
    .size linear_copy_row, . - linear_copy_row
