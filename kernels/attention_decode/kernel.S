# SPDX-License-Identifier: MIT OR Apache-2.0
#
# What attention of one token over a cache of keys and values needs; the order of things is in decode.c.
#
# Both halves are products of a few rows (the query heads that share a key head) with a long matrix in lanes: scores with keys in
# lanes, the mix with the head's elements in lanes. For 128 lanes at VLEN 512 a row of fp16 is loaded in 8 cycles of the port
# and multiplied in 8 cycles for each query head, so one head is bound by the port (or by memory), several by arithmetic.
# int8 is converted to fp16 on its way (4 cycles), which is exact; its scales belong to positions and go into scores and weights.

#include "exp_f32.inc"
#include "to_i8.inc"
    EXP_F32_TABLE

    .option arch, +zfh

# size_t attn_lanes(void): keys in a block of the cache
    .globl attn_lanes
    .type attn_lanes, @function
attn_lanes:
    vsetvli a0, x0, e16, m4, ta, ma
    ret
    .size attn_lanes, . - attn_lanes

# void attn_tile_f32 / _f16 / _i8(const struct attn_tile *t): c[r][j] = sum over i < k of a[r][i] * b[i][j], j < nr.
#   a is fp32 (f32) or fp16, c fp32. At most 4 rows. nr <= VLMAX(e16, m4) up to two rows of fp16 or int8, else half of it.
#   b's rows are loaded four ahead: a group is reloaded after the multiply-adds of the next one have been dispatched.
#   a0 struct, then temporary; a1 k left, a2 b, a3 its row bytes, a4 c, a5 its row bytes, a6 nr, a7 constant 4
#   t3..t6 rows of a, fa0..fa3 their elements. v0.. four rows of b; v8, v12 int8 converted; sums from v16


# One query head's element and its multiply-adds, for FORMAT 32, 16 or 8 bits of b.
.macro ROW format, offset, fa, pointer, sum, b
    .if \format == 32
    flw \fa, \offset(\pointer)
    vfmacc.vf \sum, \fa, \b
    .else
    flh \fa, \offset(\pointer)
    vfwmacc.vf \sum, \fa, \b
    .endif
.endm

# Row i of b, in register b, for all rows of a; second: where the sum of the second row stands.
.macro STEP format, rows, second, i, b
    .if \format == 8
    TYPE 8, \rows
    vfwcvt.f.x.v v8, \b
    TYPE 16, \rows
    STEP_ROWS \format, \rows, \second, \i * 2, v8
    .else
    STEP_ROWS \format, \rows, \second, \i * \format / 8, \b
    .endif
.endm

.macro STEP_ROWS format, rows, second, offset, b
    ROW \format, \offset, fa0, t3, v16, \b
    .if \rows > 1
    ROW \format, \offset, fa1, t4, \second, \b
    .endif
    .if \rows > 2
    ROW \format, \offset, fa2, t5, v24, \b
    .endif
    .if \rows > 3
    ROW \format, \offset, fa3, t6, v28, \b
    .endif
.endm

# vl = nr with elements of that many bits in groups that go with the sums of so many rows.
.macro TYPE bits, rows
    .if \bits == 8 && \rows <= 2
    vsetvli x0, a6, e8, m2, ta, ma
    .elseif \bits == 8
    vsetvli x0, a6, e8, m1, ta, ma
    .elseif \bits == 16 && \rows <= 2
    vsetvli x0, a6, e16, m4, ta, ma
    .else
    vsetvli x0, a6, e16, m2, ta, ma
    .endif
.endm

.macro LOAD format, b
    vle\format\().v \b, (a2)
    add a2, a2, a3
.endm

.macro ADVANCE rows, bytes
    addi t3, t3, \bytes
    .if \rows > 1
    addi t4, t4, \bytes
    .endif
    .if \rows > 2
    addi t5, t5, \bytes
    addi t6, t6, \bytes
    .endif
.endm

.macro STORE_ROW rows, r, sum
    .if \rows > \r
    vse32.v \sum, (a4)
    add a4, a4, a5
    .endif
.endm

.macro TILE format, rows, second, b1, b2, b3
    .if \format == 32 || \rows > 2
    vsetvli x0, a6, e32, m4, ta, ma
    .else
    vsetvli x0, a6, e32, m8, ta, ma
    .endif
    vmv.v.i v16, 0
    .if \rows > 1
    vmv.v.i \second, 0
    .endif
    .if \rows > 2
    vmv.v.i v24, 0
    vmv.v.i v28, 0
    .endif
    .if \format < 32
    TYPE 16, \rows
    .endif
    andi t0, a1, 3
    sub a1, a1, t0
    beqz t0, 12f
11: LOAD \format, v0                    # k modulo 4 first
    STEP \format, \rows, \second, 0, v0
    ADVANCE \rows, ABYTES_\format
    addi t0, t0, -1
    bnez t0, 11b
    beqz a1, 15f
12: LOAD \format, v0
    LOAD \format, \b1
    LOAD \format, \b2
    LOAD \format, \b3
    beq a1, a7, 14f
13: STEP \format, \rows, \second, 0, v0
    STEP \format, \rows, \second, 1, \b1
    LOAD \format, v0
    STEP \format, \rows, \second, 2, \b2
    LOAD \format, \b1
    STEP \format, \rows, \second, 3, \b3
    LOAD \format, \b2
    ADVANCE \rows, 4 * ABYTES_\format
    addi a1, a1, -4
    LOAD \format, \b3
    bne a1, a7, 13b
14: STEP \format, \rows, \second, 0, v0
    STEP \format, \rows, \second, 1, \b1
    STEP \format, \rows, \second, 2, \b2
    STEP \format, \rows, \second, 3, \b3
15: STORE_ROW \rows, 0, v16
    STORE_ROW \rows, 1, \second
    STORE_ROW \rows, 2, v24
    STORE_ROW \rows, 3, v28
    ret
.endm

# Bytes of an element of a.
    .set ABYTES_32, 4
    .set ABYTES_16, 2
    .set ABYTES_8, 2

.macro TILES name, format, second, b1, b2, b3
    .globl \name
    .type \name, @function
\name:
    ld t0, 0(a0)
    ld a1, 8(a0)
    ld t3, 16(a0)
    ld t1, 24(a0)
    ld a2, 32(a0)
    ld a3, 40(a0)
    ld a4, 48(a0)
    ld a5, 56(a0)
    ld a6, 64(a0)
    add t4, t3, t1
    add t5, t4, t1
    add t6, t5, t1
    li a7, 4
    addi t0, t0, -2
    beqz t0, 2f
    bgtz t0, 3f
    TILE \format, 1, \second, \b1, \b2, \b3
2:  TILE \format, 2, \second, \b1, \b2, \b3
3:  addi t0, t0, -2
    beqz t0, 4f
    TILE \format, 3, v20, \b1, \b2, \b3
4:  TILE \format, 4, v20, \b1, \b2, \b3
    .size \name, . - \name
.endm

    TILES attn_tile_f32, 32, v20, v4, v8, v12
    TILES attn_tile_f16, 16, v24, v4, v8, v12
    TILES attn_tile_i8, 8, v24, v2, v4, v6

# float attn_finish(size_t n, float *s, const float *key_scale, const float *bias, float scale, float slope, float first)
#   s[j] = s[j] * scale * key_scale[j] + slope * (first + j) + bias[j]; key_scale and bias may be NULL. Returns the maximum.
    .globl attn_finish
    .type attn_finish, @function
attn_finish:
    vsetvli t0, x0, e32, m4, ta, ma
    vid.v v24
    vfcvt.f.xu.v v24, v24
    vfadd.vf v24, v24, fa2              # exact below 2^24
    fcvt.s.lu fa3, t0
    li t1, 0xff800000
    fmv.w.x fa4, t1
    vfmv.v.f v8, fa4
1:  vsetvli t0, a0, e32, m4, tu, ma
    vle32.v v0, (a1)
    slli t1, t0, 2
    sub a0, a0, t0
    vfmul.vf v0, v0, fa0
    beqz a2, 2f
    vle32.v v4, (a2)
    add a2, a2, t1
    vfmul.vv v0, v0, v4
2:  vfmacc.vf v0, fa1, v24
    beqz a3, 3f
    vle32.v v4, (a3)
    add a3, a3, t1
    vfadd.vv v0, v0, v4
3:  vfadd.vf v24, v24, fa3
    vfmax.vv v8, v8, v0
    vse32.v v0, (a1)
    add a1, a1, t1
    bnez a0, 1b
    vsetvli t0, x0, e32, m2, ta, ma
    vfmax.vv v8, v8, v10
    vsetvli t0, x0, e32, m1, ta, ma
    vfmax.vv v8, v8, v9
    vfredmax.vs v8, v8, v8
    vfmv.f.s fa0, v8
    ret
    .size attn_finish, . - attn_finish

# float attn_exp_sum(size_t n, float *s, float max): s[j] = exp(s[j] - max); returns the sum.
    .globl attn_exp_sum
    .type attn_exp_sum, @function
attn_exp_sum:
    fmv.s fa1, fa0
    vsetvli t0, x0, e32, m4, ta, ma
    EXP_F32_SETUP t1
    vmv.v.i v0, 0
1:  vsetvli t0, a0, e32, m4, tu, ma
    vle32.v v20, (a1)
    vfsub.vf v20, v20, fa1
    EXP_F32
    slli t1, t0, 2
    sub a0, a0, t0
    vse32.v v28, (a1)
    add a1, a1, t1
    vfadd.vv v0, v0, v28
    bnez a0, 1b
    vsetvli t0, x0, e32, m2, ta, ma
    vfadd.vv v0, v0, v2
    vsetvli t0, x0, e32, m1, ta, ma
    vfadd.vv v0, v0, v1
    vmv.s.x v20, x0
    vfredusum.vs v20, v0, v20
    vfmv.f.s fa0, v20
    ret
    .size attn_exp_sum, . - attn_exp_sum

# void attn_to_f16(size_t n, const float *x, const float *scale, float factor, uint16_t *y)
#   y[i] = x[i] * (scale[i] * factor) as fp16, or x[i] if scale is NULL
    .globl attn_to_f16
    .type attn_to_f16, @function
attn_to_f16:
1:  vsetvli t0, a0, e16, m4, ta, ma
    vle32.v v0, (a1)
    slli t1, t0, 2
    add a1, a1, t1
    sub a0, a0, t0
    beqz a2, 2f
    vle32.v v8, (a2)
    add a2, a2, t1
    vsetvli x0, x0, e32, m8, ta, ma
    vfmul.vf v8, v8, fa0
    vfmul.vv v0, v0, v8
    vsetvli x0, x0, e16, m4, ta, ma
2:  vfncvt.f.f.w v16, v0
    vse16.v v16, (a3)
    srli t1, t1, 1
    add a3, a3, t1
    bnez a0, 1b
    ret
    .size attn_to_f16, . - attn_to_f16

# float attn_abs_max(size_t n, const float *x)
    .globl attn_abs_max
    .type attn_abs_max, @function
attn_abs_max:
    vsetvli t0, x0, e32, m8, ta, ma
    vmv.v.i v8, 0
1:  vsetvli t0, a0, e32, m8, tu, ma
    vle32.v v0, (a1)
    slli t1, t0, 2
    add a1, a1, t1
    sub a0, a0, t0
    vfsgnjx.vv v0, v0, v0
    vfmax.vv v8, v8, v0
    bnez a0, 1b
    vsetvli t0, x0, e32, m8, ta, ma
    vfredmax.vs v8, v8, v8
    vfmv.f.s fa0, v8
    ret
    .size attn_abs_max, . - attn_abs_max

# Appending a key: element c of the head goes to dst + c * stride.
# void attn_scatter_f32(size_t n, const float *x, void *dst, size_t stride)
    .globl attn_scatter_f32
    .type attn_scatter_f32, @function
attn_scatter_f32:
1:  vsetvli t0, a0, e32, m4, ta, ma
    vle32.v v0, (a1)
    slli t1, t0, 2
    add a1, a1, t1
    sub a0, a0, t0
    vsse32.v v0, (a2), a3
    mul t1, t0, a3
    add a2, a2, t1
    bnez a0, 1b
    ret
    .size attn_scatter_f32, . - attn_scatter_f32

# void attn_scatter_f16(the same), converted
    .globl attn_scatter_f16
    .type attn_scatter_f16, @function
attn_scatter_f16:
1:  vsetvli t0, a0, e16, m4, ta, ma
    vle32.v v0, (a1)
    slli t1, t0, 2
    add a1, a1, t1
    sub a0, a0, t0
    vfncvt.f.f.w v16, v0
    vsse16.v v16, (a2), a3
    mul t1, t0, a3
    add a2, a2, t1
    bnez a0, 1b
    ret
    .size attn_scatter_f16, . - attn_scatter_f16

# void attn_scatter_i8(size_t n, const float *x, void *dst, size_t stride, float factor): x * factor, rounded
    .globl attn_scatter_i8
    .type attn_scatter_i8, @function
attn_scatter_i8:
1:  TO_I8
    vsse8.v v0, (a2), a3
    mul t1, t0, a3
    add a2, a2, t1
    bnez a0, 1b
    ret
    .size attn_scatter_i8, . - attn_scatter_i8
