# SPDX-License-Identifier: MIT OR Apache-2.0
#
# int8 with SpacemiT IME 1, any VLEN from 128: a multiply takes a register each of A (N rows of KB bytes) and B (N columns of KB) and adds
# to N x N of C in a register or two. At VLEN 512 that is 4 x 16 x 4, 256 MAC in 2 cycles, 128 a cycle.
#
# Register tile: 3 x 4 blocks, 24 cycles a k step at VLEN 512, in v8 to v31 (C begins at even registers, whether it needs two or not). The
# three registers of A, v0 to v2, and four of B, v3 to v6, take 14 cycles of the port. Nothing is left for a second set: each register
# is loaded again behind the last multiply that reads it, 8 or 16 cycles ahead of the next one. vtype never changes in the loop.
#
# C: what stands in the same place of the four blocks of a row becomes neighbours by a segment store of pairs to a scratch tile in the L1D; B
# is packed so that these are neighbouring columns. From there rows go to C, through v7, while the next tile is computed. A multiply
# takes two cycles, so at most one other vector instruction stands between two of them.

#include "matrix.inc"

    .text

# void gemm_ime_pack(int8_t *dst, size_t dst_stride, const int8_t *src, size_t src_stride, size_t chunks)
#   4 rows, with 16 bytes of k in a block: words of two registers of a row side by side, dst[j][r] = {src[r][j], src[r][j + words]}.
#   a0 dst, a1 stride, a2 src, a3 stride, a4 chunks of two registers left | t0 bytes of a register, t1 row, t2 its second half, t3 words
    .globl gemm_ime_pack
    .type gemm_ime_pack, @function
gemm_ime_pack:
    csrr t0, vlenb
1:  vsetvli x0, t0, e8, m1, ta, ma
    mv t1, a2
    .irp row, 8, 10, 12, 14
    vle8.v v\row, (t1)
    add t1, t1, a3
    .endr
    add t2, a2, t0
    .irp row, 9, 11, 13, 15
    vle8.v v\row, (t2)
    add t2, t2, a3
    .endr
    vsetvli t3, x0, e64, m1, ta, ma
    vssseg8e64.v v8, (a0), a1
    mul t3, t3, a1
    add a0, a0, t3
    add a2, a2, t0
    add a2, a2, t0
    addi a4, a4, -1
    bnez a4, 1b
    ret
    .size gemm_ime_pack, . - gemm_ime_pack

# void gemm_ime_tile(size_t ksteps, const int8_t *a, const int8_t *b, void *scratch, size_t n, void *c, size_t ldc_bytes, size_t rows)
#   A tile to the scratch; before that, the `rows` first rows of the tile that is there, each a register long, to C.
#   a0 k steps left, a1 A next, a2 B next, a3 scratch, a4 N, a5 row of C, a6 ldc, a7 rows left
#   t0 bytes of a register, t1 elements or pairs of a block, t2 row of the scratch behind that in v7

.macro LOAD_A reg
    vle8.v \reg, (a1)
    add a1, a1, t0
.endm

.macro LOAD_B reg
    vle8.v \reg, (a2)
    add a2, a2, t0
.endm

# One k step; with \more loads those of the next one but for v2, which waits for its turn.
.macro STEP more
    smt_vmadot v8, v0, v3
    LOAD_A v2
    smt_vmadot v10, v0, v4
    smt_vmadot v12, v0, v5
    smt_vmadot v14, v0, v6
    .if \more
    LOAD_A v0
    .endif
    smt_vmadot v16, v1, v3
    beqz a7, 8f
    vse8.v v7, (a5)
    add a5, a5, a6
8:  smt_vmadot v18, v1, v4
    beqz a7, 8f
    vle8.v v7, (t2)
    add t2, t2, t0
    addi a7, a7, -1
8:  smt_vmadot v20, v1, v5
    smt_vmadot v22, v1, v6
    .if \more
    LOAD_A v1
    .endif
    smt_vmadot v24, v2, v3
    .if \more
    LOAD_B v3
    .endif
    smt_vmadot v26, v2, v4
    .if \more
    LOAD_B v4
    .endif
    smt_vmadot v28, v2, v5
    .if \more
    LOAD_B v5
    .endif
    smt_vmadot v30, v2, v6
    .if \more
    LOAD_B v6
    .endif
.endm

    .globl gemm_ime_tile
    .type gemm_ime_tile, @function
gemm_ime_tile:
    csrr t0, vlenb
    mul t1, a4, a4
    vsetvli x0, t1, e32, m2, ta, ma
    .irp c, v8, v10, v12, v14, v16, v18, v20, v22, v24, v26, v28, v30
    vmv.v.i \c, 0                       # beside the stores of the tile before
    .endr
    vsetvli x0, t0, e8, m1, ta, ma
    LOAD_A v0
    LOAD_A v1
    .irp b, v3, v4, v5, v6
    LOAD_B \b
    .endr
    vle8.v v7, (a3)
    add t2, a3, t0
    addi a0, a0, -1
    beqz a0, 2f
1:  addi a0, a0, -1
    STEP 1
    bnez a0, 1b
2:  STEP 0
    beqz a7, 4f
3:  vse8.v v7, (a5)                     # what the k steps left over
    add a5, a5, a6
    vle8.v v7, (t2)
    add t2, t2, t0
    addi a7, a7, -1
    bnez a7, 3b
4:  srli t1, t1, 1
    vsetvli x0, t1, e64, m2, ta, ma
    slli t1, t1, 5
    .irp c, v8, v16, v24
    vsseg4e64.v \c, (a3)
    add a3, a3, t1
    .endr
    ret
    .size gemm_ime_tile, . - gemm_ime_tile

# void gemm_ime_rows(void *c, size_t ldc_bytes, const void *scratch, size_t bytes, size_t rows): rows of the scratch, a register or two long
    .globl gemm_ime_rows
    .type gemm_ime_rows, @function
gemm_ime_rows:
    vsetvli x0, a3, e8, m2, ta, ma
1:  vle8.v v0, (a2)
    add a2, a2, a3
    vse8.v v0, (a0)
    add a0, a0, a1
    addi a4, a4, -1
    bnez a4, 1b
    ret
    .size gemm_ime_rows, . - gemm_ime_rows
