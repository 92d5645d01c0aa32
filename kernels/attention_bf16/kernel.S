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
# Cycles at VLEN 512 / DLEN 256 for 32 queries and 4 keys, d = 128: 32 + 33 multiplies of 8, softmax 12 operations of 16. So three quarters
# of the arithmetic unit's time are multiplies, which are half of all: packing, the ends of tiles and lines from the L3 take the rest.

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

# Packing. Segments go through the L1D, which has one fill under way, and would wait for each line that is not there. So they go to a
# scratch, which is there, and whole registers go on from it to the L2. What is loaded next is on its way meanwhile.

# t2 pieces of \length words of 8 bytes from t1 on, \from bytes apart, to t6 on, \to bytes apart. A register is written again four pieces
# later: its store waits for its load.
.macro PIECES length, from, to
    vsetvli x0, \length, e64, m2, ta, ma
8:  .irp v, v24, v26, v28, v30
    vle64.v \v, (t1)
    addi t2, t2, -1
    add t1, t1, \from
    vse64.v \v, (t6)
    add t6, t6, \to
    beqz t2, 9f
    .endr
    j 8b
9:
.endm

.macro ROWS first, rows:vararg
    vle32.v \first, (t1)
    .irp row, \rows
    add t1, t1, a2
    vle32.v \row, (t1)
    .endr
.endm

# Behind a chunk of columns of `n` rows: the next chunk, or the rows below.
.macro ADVANCE log2n
    slli t1, t0, 2
    add t4, t4, t1
    sub a7, a7, t0
    bgtz a7, 9f
    slli t1, a2, \log2n
    add a1, a1, t1
    mv t4, a1
    mv a7, a4
    addi a3, a3, -1
9:
.endm

# void attn_qqq_pack_k(void *dst, const float *src, size_t row_bytes, size_t strips, size_t d, void *scratch)
#   Strips of 8 rows as left operands: for each 4 columns, row after row. d is filled up with zeros to a multiple of 16.
#   a0 dst, a1 rows to load, a2 row bytes, a3 strips to load, a4 d, a5 scratch, a7 columns left to load, t4 their source, t0 columns loaded
#   t1 row, t2 temporary, t3 columns to store
.macro LOAD_K
    addi t0, a7, 15
    andi t0, t0, -16
    vsetvli t0, t0, e32, m2, tu, ma
    bgeu a7, t0, 8f
    vsetvli t1, x0, e32, m8, ta, ma
    vmv.v.i v0, 0
    vmv.v.i v8, 0
    vsetvli x0, a7, e32, m2, tu, ma
8:  mv t1, t4
    ROWS v0, v2, v4, v6, v8, v10, v12, v14
    ADVANCE 3
.endm

    .globl attn_qqq_pack_k
    .type attn_qqq_pack_k, @function
attn_qqq_pack_k:
    mv a7, a4
    mv t4, a1
    LOAD_K
1:  mv t3, t0
    vsetvli x0, t3, e16, m1, ta, ma
    vfncvtbf16_f_f_w v16, v0
    vfncvtbf16_f_f_w v17, v2
    vfncvtbf16_f_f_w v18, v4
    vfncvtbf16_f_f_w v19, v6
    vfncvtbf16_f_f_w v20, v8
    vfncvtbf16_f_f_w v21, v10
    vfncvtbf16_f_f_w v22, v12
    vfncvtbf16_f_f_w v23, v14
    li t0, 0
    beqz a3, 2f
    LOAD_K
2:  srli t2, t3, 2
    vsetvli x0, t2, e64, m1, ta, ma
    vsseg8e64.v v16, (a5)
    slli t2, t3, 4
    vsetvli x0, t2, e8, m8, ta, ma
    vle8.v v24, (a5)
    vse8.v v24, (a0)
    add a0, a0, t2
    bnez t0, 1b
    ret
    .size attn_qqq_pack_k, . - attn_qqq_pack_k

# void attn_qqq_transpose(const struct attn_transpose *t)
#   Quads of 4 rows, times a factor: for each column its 4 rows, cut into pieces of 4 columns (blocks) or 8 (pairs of blocks).
#   a0 dst of a quad, a1 rows to load, a2 row bytes, a3 quads to load, a4 d, a5 scratch, a6 t, a7 columns left to load, t4 their source
#   t0 columns loaded, t1 row or scratch, t2 temporary, t3 columns to store, t5 dst, t6 temporary, s0 most columns at once,
#   s1 words of a piece, s2 from piece to piece, s3 whether columns loaded are the last ones of their rows, s4 those to store,
#   s5 bytes of a piece
.macro LOAD_QUAD
    mv t0, a7
    bltu t0, s0, 8f
    mv t0, s0
8:  vsetvli x0, t0, e32, m4, ta, ma
    mv t1, t4
    ROWS v0, v4, v8, v12
    sub s3, a7, t0
    seqz s3, s3
    ADVANCE 2
.endm

    .globl attn_qqq_transpose
    .type attn_qqq_transpose, @function
attn_qqq_transpose:
    addi sp, sp, -48
    sd s0, 0(sp)
    sd s1, 8(sp)
    sd s2, 16(sp)
    sd s3, 24(sp)
    sd s4, 32(sp)
    sd s5, 40(sp)
    mv a6, a0
    ld a0, 0(a6)
    ld a1, 8(a6)
    ld a2, 16(a6)
    ld a3, 24(a6)
    ld a4, 32(a6)
    ld a5, 40(a6)
    ld s1, 48(a6)
    ld s2, 56(a6)
    flw fa0, 88(a6)
    slli s5, s1, 3
    vsetvli s0, x0, e32, m4, ta, ma
    mv a7, a4
    mv t4, a1
    mv t5, a0
    LOAD_QUAD
1:  mv t3, t0
    mv s4, s3
    vsetvli x0, t3, e32, m4, ta, ma
    .irp v, v0, v4, v8, v12
    vfmul.vf \v, \v, fa0
    .endr
    vsetvli x0, x0, e16, m2, ta, ma
    vfncvtbf16_f_f_w v16, v0
    vfncvtbf16_f_f_w v18, v4
    vfncvtbf16_f_f_w v20, v8
    vfncvtbf16_f_f_w v22, v12
    li t0, 0
    beqz a3, 2f
    LOAD_QUAD
2:  vsetvli x0, t3, e16, m2, ta, ma
    vsseg4e16.v v16, (a5)
    beqz s4, 5f
    # Behind the last column: one of `more`, then zeros.
    ld t1, 72(a6)
    ld t2, 80(a6)
    beqz t2, 5f
    slli t6, t3, 3
    add t6, t6, a5
    add t3, t3, t2
3:  sd t1, 0(t6)
    addi t6, t6, 8
    addi t2, t2, -1
    li t1, 0
    bnez t2, 3b
5:  add t2, t3, s1                      # pieces, the last one perhaps in part
    addi t2, t2, -1
    srli t2, t2, 2
    addi t1, s1, -4
    beqz t1, 6f
    srli t2, t2, 1
6:  mv t1, a5
    mv t6, t5
    PIECES s1, s5, s2
    mv t5, t6
    beqz s4, 7f
    ld t1, 64(a6)
    add a0, a0, t1
    mv t5, a0
7:  bnez t0, 1b
    ld s0, 0(sp)
    ld s1, 8(sp)
    ld s2, 16(sp)
    ld s3, 24(sp)
    ld s4, 32(sp)
    ld s5, 40(sp)
    addi sp, sp, 48
    ret
    .size attn_qqq_transpose, . - attn_qqq_transpose

# void attn_qqq_touch(size_t groups, size_t lanes, const float *c)
#   Brings groups to the L2, and to the L1D where loads fill it, many lines at a time: segment loads would wait for each.
    .globl attn_qqq_touch
    .type attn_qqq_touch, @function
attn_qqq_touch:
    vsetvli x0, a1, e32, m8, ta, ma
    slli a1, a1, 2
1:  vle32.v v8, (a2)
    add a2, a2, a1
    addi a0, a0, -1
    beqz a0, 2f
    vle32.v v16, (a2)
    add a2, a2, a1
    addi a0, a0, -1
    bnez a0, 1b
2:  ret
    .size attn_qqq_touch, . - attn_qqq_touch

# A row at t1, whose columns stand in every fourth register: side by side they are segments.
.macro ROW to0, to1, to2, to3, from0, from1, from2, from3
    vmv.v.v \to0, \from0
    vmv.v.v \to1, \from1
    vmv.v.v \to2, \from2
    vmv.v.v \to3, \from3
    vsseg4e32.v \to0, (t1)
.endm

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
    ROW v16, v17, v18, v19, v0, v4, v8, v12
    add t1, t1, a1
    ROW v20, v21, v22, v23, v1, v5, v9, v13
    add t1, t1, a1
    ROW v24, v25, v26, v27, v2, v6, v10, v14
    add t1, t1, a1
    ROW v28, v29, v30, v31, v3, v7, v11, v15
    slli t2, t0, 4
    add a0, a0, t2
    mul t2, t0, a4
    add a2, a2, t2
    sub a3, a3, t0
    bnez a3, 1b
    ret
    .size attn_qqq_unpack, . - attn_qqq_unpack
