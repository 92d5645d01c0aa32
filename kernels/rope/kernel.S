# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Rotary position embedding of the heads of one token: the pairs (a, b) of a head become (a c - b s, b c + a s) with the cosines
# and sines of the token's position. Elements beyond `rotary` are copied. y may be x.
#
# rope_half_f32: pair i is (x[i], x[i + rotary / 2]); rope_interleaved_f32: pair i is (x[2i], x[2i + 1]), by segment loads.
# Cycles for 128 elements of a head at VLEN 512: port 32 for x and y and 16 for the table, arithmetic 32.
#
# void rope_half_f32(size_t heads, size_t head_dim, size_t rotary, const float *x, const float *cosine, const float *sine, float *y)
#   a0 heads left, a1 head_dim, a2 rotary, a3 x head, a4 cos, a5 sin, a6 y head | t0 vl, t1 pairs left, t2 x, t3 y,
#   t4 cos, t5 sin, t6 bytes of the first half, a7 temporary

    .text

.macro ROTATE
    vle32.v v16, (t4)
    vle32.v v20, (t5)
    vfmul.vv v24, v8, v16
    vfmul.vv v28, v12, v16
    vfnmsac.vv v24, v12, v20
    vfmacc.vv v28, v8, v20
.endm

.macro NEXT_PAIRS
    slli a7, t0, 2
    add t4, t4, a7
    add t5, t5, a7
    sub t1, t1, t0
.endm

# What is not rotated; then on to the next head.
.macro REST name
    sub t1, a1, a2
    slli a7, a2, 2
    add t2, a3, a7
    add t3, a6, a7
    beqz t1, 4f
3:  vsetvli t0, t1, e32, m4, ta, ma
    vle32.v v8, (t2)
    slli a7, t0, 2
    add t2, t2, a7
    sub t1, t1, t0
    vse32.v v8, (t3)
    add t3, t3, a7
    bnez t1, 3b
4:  slli a7, a1, 2
    add a3, a3, a7
    add a6, a6, a7
    addi a0, a0, -1
    bnez a0, 1b
    ret
    .size \name, . - \name
.endm

    .globl rope_half_f32
    .type rope_half_f32, @function
rope_half_f32:
    slli t6, a2, 1
1:  srli t1, a2, 1
    mv t2, a3
    mv t3, a6
    mv t4, a4
    mv t5, a5
2:  vsetvli t0, t1, e32, m4, ta, ma
    vle32.v v8, (t2)
    add a7, t2, t6
    vle32.v v12, (a7)
    ROTATE
    vse32.v v24, (t3)
    add a7, t3, t6
    vse32.v v28, (a7)
    NEXT_PAIRS
    add t2, t2, a7
    add t3, t3, a7
    bnez t1, 2b
    REST rope_half_f32

# void rope_interleaved_f32(the same)
    .globl rope_interleaved_f32
    .type rope_interleaved_f32, @function
rope_interleaved_f32:
1:  srli t1, a2, 1
    mv t2, a3
    mv t3, a6
    mv t4, a4
    mv t5, a5
2:  vsetvli t0, t1, e32, m4, ta, ma
    vlseg2e32.v v8, (t2)
    ROTATE
    vsseg2e32.v v24, (t3)
    NEXT_PAIRS
    slli a7, a7, 1
    add t2, t2, a7
    add t3, t3, a7
    bnez t1, 2b
    REST rope_interleaved_f32
