# SPDX-License-Identifier: MIT OR Apache-2.0
#
# int8 with SpacemiT IME 1, any VLEN from 128: a multiply takes a register each of A (N rows of KB bytes) and B (N columns of KB) and adds
# to N x N of C in a register or two. At VLEN 512 that is 4 x 16 x 4, 256 MAC in 2 cycles, 128 a cycle.
#
# Register tile: 3 x 4 blocks, 24 cycles a k step at VLEN 512, in v8 to v31 (C begins at even registers, whether it needs two or not). The
# three registers of A, v0 to v2, and four of B, v3 to v6, take 14 cycles of the port. Nothing is left for a second set: each register
# is loaded again behind the last multiply that reads it, 8 or 16 cycles ahead of the next one. vtype never changes in the loop.
#
# Loops and pages are those of matmul_blocks: a panel of B stays in its half of the L1D, A passes by, and loads run on into the next tile.
#
# C: what stands in the same place of the four blocks of a row becomes neighbours by a segment store of pairs to a scratch tile in the L1D; B
# is packed so that these are neighbouring columns. From there rows go to C, through v7, while the next tile is computed. While one row of
# blocks leaves, the next tile's multiplies of the others fill the arithmetic unit. A multiply takes two cycles, so at most one other
# vector instruction stands between two of them.

#include "matrix.inc"
#include "job.h"

    .text

# void gemm_ime_pack(void *dst, size_t dst_step, const void *src, size_t row_bytes, void *scratch)
#   4 rows, with 16 bytes of k in a block: words of two registers of a row side by side, dst[j][r] = {src[r][j], src[r][j + words]}. What is
#   missing is zero. Through a scratch, and loaded before what is there is stored, for the reasons given in matmul_blocks/blocks.inc.
#   a0 dst, a1 its step, a2 src, a3 bytes of a row, a4 scratch, a5 bytes left to load, a6 bytes to store
#   t0 bytes of a register, t1 bytes in the first, t2 row, t3 bytes in the second, t4 bytes of a page, t5 64, t6 word

.macro LOAD_ROWS first, all:vararg
    mv t1, a5
    bleu t1, t0, 8f
    mv t1, t0
8:  sub a5, a5, t1
    mv t3, a5
    bleu t3, t0, 8f
    mv t3, t0
8:  sub a5, a5, t3
    beq t3, t0, 8f
    vsetvli x0, x0, e8, m8, ta, ma
    vmv.v.i \\first, 0
8:  PAIRS \\first, \\all
    add a2, a2, t1
    add a2, a2, t3
.endm
