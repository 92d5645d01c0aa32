# SPDX-License-Identifier: MIT OR Apache-2.0
#
# What attention by 4x4x4 blocks of bf16 (Xsfvfwmaccqqq) consists of; the order of things is in main.c.
#
# Scores are computed transposed, keys by queries, as blocks of 4 keys x 4 queries. As the multiply leaves them, so the softmax works
# on them: a lane has one query and one key of four, so a maximum over keys is one operation between registers. And narrowed to bf16 they
# are right operands of the second product, V^T times weights, without being moved.
#
# A group is what all queries of a tile have for 4 keys (or 4 elements of a head): `lanes` numbers, 16 for each block of 4 queries, block
# after block, row-major within: VLEN / 4 lanes at most, which is 8 registers of fp32 and 4 of bf16.
#
# Cycles at VLEN 512 / DLEN 256 for 32 queries and 4 keys, d = 128: 32 + 32 multiplies of 8, softmax 12 operations of 16: 70 % is the
# multiplies' own time.

#include "matrix.inc"

    .text

# void attn_qqq_tiles8 / _tiles4(const struct attn_product *p): C (+)= A B for tiles of two (one) groups of C, one behind the other.
#   Four steps of A and two of B are under way; in the last four steps of a tile they are the next one's. A register holds one block of
#   A and whatever is behind it: the last loads run a register beyond the end.
#   a0 p, a1 A next, t1 the same, second block, t2 bytes between steps of A, t4 A of this tile, a3 B next, t0 bytes of B in a step
#   a4 C, t3 bytes of a group, a5 lanes, a6 quads in a tile, a7 left, t5 tiles left, t6 whether C is added to, a2 temporary
.macro STEP height, b, x, y
    sf_vfwmacc_4x4x4 v16, \x, \b
    vl1re8.v \x, (a1)
    add a1, a1, t2
    .if \height == 8
    sf_vfwmacc_4x4x4 v24, \y, \b
    vl1re8.v \y, (t1)
    add t1, t1, t2
    .endif
    vle16.v \b, (a3)
    add a3, a3, t0
.endm

.macro FIRST_A height, x, y
    vl1re8.v \x, (a1)
    add a1, a1, t2
    .if \height == 8
    vl1re8.v \y, (t1)
    add t1, t1, t2
    .endif
.endm

# The group in \c begins as what is in memory, or as zero: vwmul, of anything, writes two registers in the time of one.
.macro BEGIN c, any, at
    bnez t6, 6f
    vsetvli x0, t0, e8, m4, ta, ma
    vwmul.vx \c, \any, x0
    vsetvli x0, a5, e32, m8, ta, ma
    j 7f
6:  vle32.v \c, (\at)
7:
.endm

.macro TILES name, height
    .globl \name
    .type \name, @function
\name:
    ld t5, 0(a0)
    ld a6, 8(a0)
    ld t4, 16(a0)
    ld t2, 24(a0)
    ld a3, 40(a0)
    ld a4, 48(a0)
    ld a5, 56(a0)
    ld t6, 64(a0)
    slli t0, a5, 1
    slli t3, a5, 2
    mv a1, t4
    addi t1, a1, 32
    FIRST_A \height, v0, v1
    vsetvli x0, a5, e16, m4, ta, ma
    vle16.v v8, (a3)
    add a3, a3, t0
    FIRST_A \height, v2, v3
    vle16.v v12, (a3)
    add a3, a3, t0
    FIRST_A \height, v4, v5
    FIRST_A \height, v6, v7
    vsetvli x0, a5, e32, m8, ta, ma
    BEGIN v16, v24, a4
    .if \height == 8
    add a2, a4, t3
    BEGIN v24, v16, a2
    .endif
1:  vsetvli x0, a5, e16, m4, ta, ma
    addi a7, a6, -1
    beqz a7, 3f
2:  STEP \height, v8, v0, v1
    STEP \height, v12, v2, v3
    STEP \height, v8, v4, v5
    STEP \height, v12, v6, v7
    addi a7, a7, -1
    bnez a7, 2b
3:  ld a2, 32(a0)
    add t4, t4, a2
    mv a1, t4
    addi t1, a1, 32
    STEP \height, v8, v0, v1
    STEP \height, v12, v2, v3
    ld a3, 40(a0)
    STEP \height, v8, v4, v5
    STEP \height, v12, v6, v7
    addi t5, t5, -1
    vsetvli x0, a5, e32, m8, ta, ma
    vse32.v v16, (a4)
    add a4, a4, t3
    .if \height == 8
    add a2, a4, t3
    beqz t5, 4f
    BEGIN v16, v24, a2
    vse32.v v24, (a4)
    mv a4, a2
    add a2, a2, t3
    BEGIN v24, v16, a2
    j 1b
4:  vse32.v v24, (a4)
    .else
    beqz t5, 4f
    BEGIN v16, v24, a4
    j 1b
4:
    .endif
    ret
    .size \name, . - \name
.endm

    TILES attn_qqq_tiles8, 8
    TILES attn_qqq_tiles4, 4

# The fp32 in pairs of registers from v0 on as bf16 in registers from v16 on.
.macro NARROW rows
    vfncvtbf16_f_f_w v16, v0
    vfncvtbf16_f_f_w v17, v2
    vfncvtbf16_f_f_w v18, v4
    vfncvtbf16_f_f_w v19, v6
    .if \rows == 8
    vfncvtbf16_f_f_w v20, v8
    vfncvtbf16_f_f_w v21, v10
    vfncvtbf16_f_f_w v22, v12
    vfncvtbf16_f_f_w v23, v14
    .endif
.endm

.macro LOAD_ROW v, last=0
    vle32.v \v, (t1)
    .if !\last
    add t1, t1, a2
    .endif
.endm

# void attn_qqq_pack_k(void *dst, const float *src, size_t row_bytes, size_t strips, size_t d)
#   Strips of 8 rows as left operands: for each 4 columns, row after row. d is filled up with zeros to a multiple of 16.
#   a0 dst, a1 src, a2 row bytes, a3 strips left, a4 d, a5 columns left, a6 source of this chunk, t0 columns at once, t1 row, t2 temporary
    .globl attn_qqq_pack_k
    .type attn_qqq_pack_k, @function
attn_qqq_pack_k:
1:  mv a5, a4
    mv a6, a1
2:  addi t0, a5, 15
    andi t0, t0, -16
    vsetvli t0, t0, e32, m2, tu, ma
    bgeu a5, t0, 3f
    vsetvli t1, x0, e32, m8, ta, ma
    vmv.v.i v0, 0
    vmv.v.i v8, 0
    vsetvli x0, a5, e32, m2, tu, ma
3:  mv t1, a6
    LOAD_ROW v0
    LOAD_ROW v2
    LOAD_ROW v4
    LOAD_ROW v6
    LOAD_ROW v8
    LOAD_ROW v10
    LOAD_ROW v12
    LOAD_ROW v14, 1
    vsetvli x0, t0, e16, m1, ta, ma
    NARROW 8
    srli t2, t0, 2
    vsetvli x0, t2, e64, m1, ta, ma
    vsseg8e64.v v16, (a0)
    slli t2, t0, 2
    add a6, a6, t2
    slli t2, t0, 4
    add a0, a0, t2
    mv t2, a5
    sub a5, a5, t0
    bgtu t2, t0, 2b
    slli t2, a2, 3
    add a1, a1, t2
    addi a3, a3, -1
    bnez a3, 1b
    ret
    .size attn_qqq_pack_k, . - attn_qqq_pack_k

# void attn_qqq_pack_v(void *dst, const float *src, size_t row_bytes, size_t quads, size_t d, size_t quad_bytes)
#   Quads of 4 rows as left operands, transposed: for each column its 4 rows. Behind the columns stands one of ones, then zeros up to
#   a multiple of four.
#   a0 dst, a1 src, a2 row bytes, a3 quads left, a4 d, a5 bytes of a quad of dst, a6 source of this chunk, a7 columns left, t0 columns at once
#   t1 row, t2 temporary, t3 dst of this chunk, t4 four ones, t5 end of a quad
    .globl attn_qqq_pack_v
    .type attn_qqq_pack_v, @function
attn_qqq_pack_v:
    li t4, 0x3f80
    slli t2, t4, 16
    or t4, t4, t2
    slli t2, t4, 32
    or t4, t4, t2
1:  mv a7, a4
    mv a6, a1
    mv t3, a0
2:  vsetvli t0, a7, e32, m2, ta, ma
    mv t1, a6
    LOAD_ROW v0
    LOAD_ROW v2
    LOAD_ROW v4
    LOAD_ROW v6, 1
    vsetvli x0, x0, e16, m1, ta, ma
    NARROW 4
    vsseg4e16.v v16, (t3)
    slli t2, t0, 3
    add t3, t3, t2
    slli t2, t0, 2
    add a6, a6, t2
    sub a7, a7, t0
    bnez a7, 2b
    add t5, a0, a5
    sd t4, 0(t3)
3:  addi t3, t3, 8
    beq t3, t5, 4f
    sd x0, 0(t3)
    j 3b
4:  mv a0, t5
    slli t2, a2, 2
    add a1, a1, t2
    addi a3, a3, -1
    bnez a3, 1b
    ret
    .size attn_qqq_pack_v, . - attn_qqq_pack_v

# void attn_qqq_pack_q(void *dst, const float *src, size_t row_bytes, size_t groups, size_t step)
#   4 rows as blocks of right operands, transposed: for each 4 columns a block, `step` bytes apart.
#   a0 dst, a1 src, a2 row bytes, a3 groups (of 4 columns) left, a4 step, t0 groups at once, t1 row, t2 temporary
    .globl attn_qqq_pack_q
    .type attn_qqq_pack_q, @function
attn_qqq_pack_q:
1:  vsetvli t0, a3, e32, m1, ta, ma
    mv t1, a1
    vlseg4e32.v v0, (t1)
    add t1, t1, a2
    vlseg4e32.v v4, (t1)
    add t1, t1, a2
    vlseg4e32.v v8, (t1)
    add t1, t1, a2
    vlseg4e32.v v12, (t1)
    vsetvli x0, x0, e16, mf2, ta, ma
    mv t1, a0
    vfncvtbf16_f_f_w v16, v0
    vfncvtbf16_f_f_w v17, v4
    vfncvtbf16_f_f_w v18, v8
    vfncvtbf16_f_f_w v19, v12
    vssseg4e16.v v16, (t1), a4
    addi t1, t1, 8
    vfncvtbf16_f_f_w v20, v1
    vfncvtbf16_f_f_w v21, v5
    vfncvtbf16_f_f_w v22, v9
    vfncvtbf16_f_f_w v23, v13
    vssseg4e16.v v20, (t1), a4
    addi t1, t1, 8
    vfncvtbf16_f_f_w v24, v2
    vfncvtbf16_f_f_w v25, v6
    vfncvtbf16_f_f_w v26, v10
    vfncvtbf16_f_f_w v27, v14
    vssseg4e16.v v24, (t1), a4
    addi t1, t1, 8
    vfncvtbf16_f_f_w v28, v3
    vfncvtbf16_f_f_w v29, v7
    vfncvtbf16_f_f_w v30, v11
    vfncvtbf16_f_f_w v31, v15
    vssseg4e16.v v28, (t1), a4
    slli t2, t0, 4
    add a1, a1, t2
    mul t2, t0, a4
    add a0, a0, t2
    sub a3, a3, t0
    bnez a3, 1b
    ret
    .size attn_qqq_pack_q, . - attn_qqq_pack_q

# void attn_qqq_unpack(float *dst, size_t row_bytes, const float *src, size_t groups, size_t group_bytes)
#   The block of 4 queries at src of each group as 4 rows, 4 columns a group.
#   a0 dst, a1 row bytes, a2 src, a3 groups left, a4 bytes of a group, t0 groups at once, t1 row, t2 temporary
    .globl attn_qqq_unpack
    .type attn_qqq_unpack, @function
attn_qqq_unpack:
1:  vsetvli t0, a3, e32, m1, ta, ma
    mv t1, a2
    vlsseg4e32.v v0, (t1), a4
    addi t1, t1, 16
    vlsseg4e32.v v4, (t1), a4
    addi t1, t1, 16
    vlsseg4e32.v v8, (t1), a4
    addi t1, t1, 16
    vlsseg4e32.v v12, (t1), a4
    mv t1, a0
    vmv.v.v v16, v0
    vmv.v.v v17, v4
    vmv.v.v v18, v8
    vmv.v.v v19, v12
    vsseg4e32.v v16, (t1)
    add t1, t1, a1
    vmv.v.v v20, v1
    vmv.v.v v21, v5
    vmv.v.v v22, v9
    vmv.v.v v23, v13
    vsseg4e32.v v20, (t1)
    add t1, t1, a1
    vmv.v.v v24, v2
    vmv.v.v v25, v6
    vmv.v.v v26, v10
    vmv.v.v v27, v14
    vsseg4e32.v v24, (t1)
    add t1, t1, a1
    vmv.v.v v28, v3
    vmv.v.v v29, v7
    vmv.v.v v30, v11
    vmv.v.v v31, v15
    vsseg4e32.v v28, (t1)
    slli t2, t0, 4
    add a0, a0, t2
    mul t2, t0, a4
    add a2, a2, t2
    sub a3, a3, t0
    bnez a3, 1b
    ret
    .size attn_qqq_unpack, . - attn_qqq_unpack
