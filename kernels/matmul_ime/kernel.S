# SPDX-License-Identifier: MIT OR Apache-2.0
#
# int8 with SpacemiT IME 1, any VLEN from 128: a multiply takes a register each of A (N rows of KB bytes) and B (N columns of KB) and adds
# to N x N of C in a register or two. At VLEN 512 that is 4 x 16 x 4, 256 MAC in 2 cycles, 128 a cycle.
#
# Register tile: 3 x 4 blocks, 24 cycles a k step at VLEN 512, in v8 to v31 (C begins at even registers, whether it needs two or not), and 2 x 4
# blocks for up to two strips at the end, so that no row is computed twice if the rows are a multiple of a block's. The three registers of A, v0 to
# v2, and four of B, v4 to v7, take 14 cycles of the port. Nothing is left for a second set: they are loaded again behind the last multiply that
# reads them, 4 to 16 cycles ahead of the next one. vtype never changes in the loop.
#
# The order of loops and the pages of A and B are those of matmul_blocks/blocks.inc, for the same reasons.
#
# C: what stands in the same place of the four blocks of a row becomes neighbours by a segment store of pairs to a scratch tile in the L1D; B
# is packed so that these are neighbouring columns. From there pieces of a register go to C, through v3, while the next tile is computed. A
# multiply takes two cycles, so at most one other vector instruction stands between two of them. Rows of blocks leave one after the other, each
# as soon as the last k step is done with it, among the multiplies of the others and of the next tile's first k step: the port stores while
# the arithmetic unit multiplies, and only zeroing takes time of its own.

#include "job.h"
#include "matrix.inc"

    .text

# void gemm_ime_pack(void *dst, size_t dst_step, const void *src, size_t row_bytes, void *scratch, size_t groups, size_t chunks,
#                    size_t strips)
#   Groups of 4 rows, with 16 bytes of k in a block: words of two registers of a row side by side, dst[j][r] = {src[r][j], src[r][j + words]},
#   and 0 for what is missing. By way of a scratch, and the next rows are loaded before these are stored, as in matmul_blocks/blocks.inc.
#   a0 dst, a1 its step, a2 src, a3 bytes of a row, a4 scratch, a5 groups left to load, a6 bytes left to load of a row, a7 dst of the group
#   t0 bytes of a register, t1 and t3 of a row in the first and second, t2 address, t4 bytes of a page, t5 chunks left to store of a group
#   t6 temporary, s0 chunks of a group, s1 bytes of 4 rows in a k step, s2 groups left to store, s3 of the strip, s4 all of a strip

.macro LOAD_COLUMN regs:vararg
    mv t2, a2
    .irp reg, \regs
    vle8.v \reg, (t2)
    add t2, t2, a3
    .endr
.endm

# Two registers of each row. Behind the last group nothing happens.
.macro LOAD_CHUNK r0, s0, r1, s1, r2, s2, r3, s3
    beqz a5, 9f
    mv t1, a6
    bleu t1, t0, 8f
    mv t1, t0
8:  sub a6, a6, t1
    mv t3, a6
    bleu t3, t0, 8f
    mv t3, t0
8:  sub a6, a6, t3
    beq t3, t0, 8f
    vsetvli t6, x0, e8, m8, ta, ma
    vmv.v.i \r0, 0
8:  vsetvli x0, t1, e8, m1, tu, ma
    LOAD_COLUMN \r0, \r1, \r2, \r3
    add a2, a2, t1
    vsetvli x0, t3, e8, m1, tu, ma
    LOAD_COLUMN \s0, \s1, \s2, \s3
    add a2, a2, t3
    bnez a6, 9f
    sub a2, t2, a3                      # the group's last row ends where the next group begins
    add a2, a2, t3
    mv a6, a3
    addi a5, a5, -1
9:
.endm

# Eight k steps from the scratch on to \dst; they lie \bytes apart at t2.
.macro STORE8 dst, bytes
    .irp reg, v24, v25, v26, v27, v28, v29, v30, v31
    vle8.v \reg, (t2)
    add t2, t2, \bytes
    .endr
    .irp reg, v24, v25, v26, v27, v28, v29, v30, v31
    vse8.v \reg, (\dst)
    add \dst, \dst, a1
    or \dst, \dst, t4
    .endr
.endm

.macro STORE_CHUNK first
    vsetvli t1, x0, e64, m1, ta, ma
    vsseg8e64.v \first, (a4)
    vsetvli x0, s1, e8, m1, ta, ma
    mv t2, a4
8:  STORE8 a0, s1
    addi t1, t1, -8
    bnez t1, 8b
    addi t5, t5, -1
    bnez t5, 9f
    mv t5, s0
    addi s2, s2, -1
    addi s3, s3, -1
    beqz s3, 8f
    add a7, a7, s1
    or a7, a7, t4
    mv a0, a7
    j 9f
8:  mv s3, s4                           # behind a strip's last group stands that of the next one
    addi t2, s4, -1
    slli t2, t2, 6
    sub a0, a0, t2
    and t2, a0, t4
    bnez t2, 8f
    sub a0, a0, t4
8:  mv a7, a0
9:
.endm

    .globl gemm_ime_pack
    .type gemm_ime_pack, @function
gemm_ime_pack:
    addi sp, sp, -48
    sd s0, 0(sp)
    sd s1, 8(sp)
    sd s2, 16(sp)
    sd s3, 24(sp)
    sd s4, 32(sp)
    mv s0, a6
    li s1, 64
    mv s3, a5
    mv s4, a5
    mul a5, a5, a7
    mv s2, a5
    mv a7, a0
    mv a6, a3
    csrr t0, vlenb
    li t4, 4096
    mv t5, s0
    LOAD_CHUNK v8, v9, v10, v11, v12, v13, v14, v15
1:  LOAD_CHUNK v16, v17, v18, v19, v20, v21, v22, v23
    STORE_CHUNK v8
    beqz s2, 2f
    LOAD_CHUNK v8, v9, v10, v11, v12, v13, v14, v15
    STORE_CHUNK v16
    bnez s2, 1b
2:  ld s0, 0(sp)
    ld s1, 8(sp)
    ld s2, 16(sp)
    ld s3, 24(sp)
    ld s4, 32(sp)
    addi sp, sp, 48
    ret
    .size gemm_ime_pack, . - gemm_ime_pack

# void gemm_ime_pack8(void *dst, size_t dst_step, const void *src, size_t row_bytes, void *scratch, size_t groups)
#   The same with 8 bytes of k in a block, VLEN 128 and 256: groups of as many rows as a register has words, dst[j][r] = src[r][j] in words,
#   eight of them at a time. What lies behind a row's end does not matter: B is zero there.
#   a0 dst of the group, a1 its step, a2 src, a3 bytes of a row, a4 scratch, a5 groups left, a6 bytes left of a row, a7 dst
#   t0 bytes of a register, t1 of a row at a time, t2 address, t3 words, t4 bytes of a page, t5 eight, t6 bytes from the end of a row to the next group

.macro WORDS lmul, store, regs:vararg
    vsetvli x0, t1, e8, \lmul, ta, ma
    LOAD_COLUMN \regs
    vsetvli x0, t3, e64, \lmul, ta, ma
    \store v8, (a4)
.endm

    .globl gemm_ime_pack8
    .type gemm_ime_pack8, @function
gemm_ime_pack8:
    csrr t0, vlenb
    li t4, 4096
    li t5, 8
    srli t6, t0, 3
    addi t6, t6, -1
    mul t6, t6, a3
1:  mv a6, a3
    mv a7, a0
2:  li t1, 64
    bgeu a6, t1, 3f
    mv t1, a6
3:  addi t3, t1, 7
    srli t3, t3, 3
    srli t2, t0, 5
    beqz t2, 4f
    WORDS m2, vsseg4e64.v, v8, v10, v12, v14
    j 5f
4:  WORDS m4, vsseg2e64.v, v8, v12
5:  vsetvli x0, t0, e8, m1, ta, ma
    mv t2, a4
    bne t3, t5, 6f
    STORE8 a7, t0
    j 7f
6:  vle8.v v24, (t2)
    add t2, t2, t0
    vse8.v v24, (a7)
    add a7, a7, a1
    or a7, a7, t4
    addi t3, t3, -1
    bnez t3, 6b
7:  add a2, a2, t1
    sub a6, a6, t1
    bnez a6, 2b
    add a2, a2, t6
    add a0, a0, t0
    or a0, a0, t4
    addi a5, a5, -1
    bnez a5, 1b
    ret
    .size gemm_ime_pack8, . - gemm_ime_pack8

# void gemm_ime_tiles(const struct job *job)
#   Strips x panels of tiles of at least two k steps, the strips of a panel one after the other, at last those of two rows of blocks. Behind
#   the last strip of A its first register must stand again. Two k steps behind the last panel of B are read.
#   a0 strips left, a1 k steps, a2 panel of B, a3 A next, a4 C of this tile, a5 offsets of pieces, a6 scratch, a7 k steps left
#   t0 bytes of a register, t1 B next, t2 next piece, t3 offset behind that of the one in v3, t4 end of t3, t5 bytes of a row of blocks of C
#   t6 temporary, s0 C of the tile before, to which pieces belong, s1 panels left, s2 the job, s3 words of a block of C, s4 bytes of a
#   page, s5 what zeroes a block of C as vl, s6 C of the panel, s7 offset of the piece in v3, s8 where the next strip's C begins, by its
#   address, s9 bytes of two registers, s10 the line to touch, s11 two pages - 1

.macro LOAD_A reg
    load_registers 1, \reg, a3
    add a3, a3, t0
    or a3, a3, s4                       # the page behind an odd one is the next odd one
.endm

# Two registers from \first on, which is a number.
.macro LOAD_B first
    load_registers 2, \first, t1
    add t1, t1, s9
.endm

# The page behind an even one is the next even one.
.macro PAGE_B
    and t6, t1, s4
    add t1, t1, t6
.endm

# Behind the last k step of a tile stands the panel's first one, behind that of the last strip the next panel.
.macro WRAP_B
    addi t6, a0, -1
    bnez t6, 9f
    mv a2, t1
9:  mv t1, a2
.endm

# Stores the piece of C in v3, and loads the one behind it (behind the last, what does not matter).
.macro STORE_PIECE
    add t6, s0, s7
    vs1r.v v3, (t6)
.endm

.macro LOAD_PIECE
    ld s7, 0(t3)
    vl1re8.v v3, (t2)
    addi t3, t3, 8
    add t2, t2, t0
.endm

# A row of blocks to the scratch.
.macro LEAVE first
    vsetvli x0, s3, e64, m2, ta, ma
    vsseg4e64.v \first, (t2)
    add t2, t2, t5
    vsetvli x0, s5, e8, m1, ta, ma
.endm

# Zeroed behind that: \u is the upper half of a block's registers.
.macro ZERO c0, u0, c1, u1, c2, u2, c3, u3
    vwmul.vx \c0, \u0, x0               # writes two registers in the time in which vmv.v.i writes one
    vwmul.vx \c1, \u1, x0
    vwmul.vx \c2, \u2, x0
    vwmul.vx \c3, \u3, x0
.endm

# One k step. With \touch it asks for one of the first lines of the next page of A, too: there the prefetcher begins anew, and a step
# ahead is too late for the L3.
# What is no vector instruction stands where the pipe of vector instructions would have the other one idle.
.macro STEP3 touch
    smt_vmadot v8, v0, v4
    .if \touch
    slli s10, a3, 52                    # how far A is in its page
    .endif
    smt_vmadot v10, v0, v5
    .if \touch
    srli s10, s10, 55
    .endif
    LOAD_A 2
    smt_vmadot v12, v0, v6
    smt_vmadot v14, v0, v7
    .if \touch
    or t6, a3, s11
    .endif
    smt_vmadot v16, v1, v4
    .if \touch
    add s10, s10, t6
    .endif
    LOAD_A 0
    smt_vmadot v18, v1, v5
    beq t3, t4, 9f
    STORE_PIECE
9:  smt_vmadot v20, v1, v6
    beq t3, t4, 9f
    LOAD_PIECE
9:  smt_vmadot v22, v1, v7
    LOAD_A 1
    smt_vmadot v24, v2, v4
    .if \touch
    add s10, s10, s4
    .endif
    smt_vmadot v26, v2, v5
    LOAD_B 4
    smt_vmadot v28, v2, v6
    .if \touch
    lb x0, 1(s10)
    .endif
    smt_vmadot v30, v2, v7
    LOAD_B 6
    PAGE_B
.endm

.macro STEP2 touch
    smt_vmadot v8, v0, v4
    smt_vmadot v10, v0, v5
    LOAD_A 1
    smt_vmadot v12, v0, v6
    beq t3, t4, 9f
    STORE_PIECE
9:  smt_vmadot v14, v0, v7
    beq t3, t4, 9f
    LOAD_PIECE
9:  smt_vmadot v16, v1, v4
    LOAD_A 0
    smt_vmadot v18, v1, v5
    LOAD_B 4
    smt_vmadot v20, v1, v6
    smt_vmadot v22, v1, v7
    LOAD_B 6
    PAGE_B
.endm

# The last k step of a tile, with loads for the first one of the next. A result takes 8 cycles, four multiplies, until it can leave. What takes
# the port for so many cycles is followed by as many of arithmetic before the next, here as in STEP: nothing passes an instruction that waits.
.macro LAST_STEP3
    smt_vmadot v8, v0, v4
    smt_vmadot v10, v0, v5
    LOAD_A 2
    smt_vmadot v12, v0, v6
    smt_vmadot v14, v0, v7
    LOAD_A 0
    smt_vmadot v16, v1, v4
    smt_vmadot v18, v1, v5
    smt_vmadot v20, v1, v6
    smt_vmadot v22, v1, v7
    LEAVE v8
    smt_vmadot v24, v2, v4
    smt_vmadot v26, v2, v5
    ZERO v8, v9, v10, v11, v12, v13, v14, v15
    LOAD_B 4
    smt_vmadot v28, v2, v6
    smt_vmadot v30, v2, v7
    LOAD_B 6
    PAGE_B
.endm

.macro LAST_STEP2
    smt_vmadot v8, v0, v4
    smt_vmadot v10, v0, v5
    LOAD_A 1
    smt_vmadot v12, v0, v6
    smt_vmadot v14, v0, v7
    LOAD_A 0
    smt_vmadot v16, v1, v4
    smt_vmadot v18, v1, v5
    LOAD_B 4
    smt_vmadot v20, v1, v6
    smt_vmadot v22, v1, v7
    LEAVE v8
    ZERO v8, v9, v10, v11, v12, v13, v14, v15
    LOAD_B 6
    PAGE_B
.endm

# The first k step, while the tile before leaves. If that has two rows of blocks, zeros leave in place of the third.
.macro FIRST_STEP3
    smt_vmadot v8, v0, v4
    smt_vmadot v10, v0, v5
    LOAD_A 1
    smt_vmadot v12, v0, v6
    LEAVE v16
    ZERO v16, v17, v18, v19, v20, v21, v22, v23
    smt_vmadot v14, v0, v7
    smt_vmadot v16, v1, v4
    LOAD_A 2
    smt_vmadot v18, v1, v5
    LEAVE v24
    ZERO v24, v25, v26, v27, v28, v29, v30, v31
    smt_vmadot v20, v1, v6
    smt_vmadot v22, v1, v7
    LOAD_A 0
    smt_vmadot v24, v2, v4
    LOAD_A 1
    smt_vmadot v26, v2, v5
    LOAD_B 4
    smt_vmadot v28, v2, v6
    smt_vmadot v30, v2, v7
    LOAD_B 6
    PAGE_B
.endm

.macro FIRST_STEP2
    smt_vmadot v8, v0, v4
    smt_vmadot v10, v0, v5
    LOAD_A 1
    smt_vmadot v12, v0, v6
    LEAVE v16
    ZERO v16, v17, v18, v19, v20, v21, v22, v23
    smt_vmadot v14, v0, v7
    smt_vmadot v16, v1, v4
    LOAD_A 0
    smt_vmadot v18, v1, v5
    LEAVE v24
    ZERO v24, v25, v26, v27, v28, v29, v30, v31
    smt_vmadot v20, v1, v6
    LOAD_B 4
    smt_vmadot v22, v1, v7
    LOAD_B 6
    PAGE_B
.endm

# The k steps of a tile of \rows rows of blocks but the first, and all that of the first tile.
.macro STEPS rows, offsets_end
1:  addi a7, a7, -1
    beqz a7, 2f
    STEP\rows 1
    addi a7, a7, -1
    beqz a7, 2f
    STEP\rows 0
    j 1b
2:  beq t3, t4, 3f                      # pieces that the k steps left over
    STORE_PIECE
    LOAD_PIECE
    j 2b
3:  WRAP_B
    mv t2, a6
    LAST_STEP\rows
    ld t4, \offsets_end(s2)
.endm

.macro FIRST rows
    FIRST_STEP\rows
    vl1re8.v v3, (a6)
    add t2, a6, t0
    ld s7, 0(a5)
    addi t3, a5, 8
    addi t4, t4, 8
    addi a7, a1, -1
    beqz s1, .Lend
.endm

    .globl gemm_ime_tiles
    .type gemm_ime_tiles, @function
gemm_ime_tiles:
    addi sp, sp, -96
    sd s0, 0(sp)
    sd s1, 8(sp)
    sd s2, 16(sp)
    sd s3, 24(sp)
    sd s4, 32(sp)
    sd s5, 40(sp)
    sd s6, 48(sp)
    sd s7, 56(sp)
    sd s8, 64(sp)
    sd s9, 72(sp)
    sd s10, 80(sp)
    sd s11, 88(sp)
    mv s2, a0
    ld a0, JOB_STRIPS(s2)
    ld s1, JOB_PANELS(s2)
    ld a1, JOB_KSTEPS(s2)
    ld a2, JOB_B(s2)
    ld a3, JOB_A(s2)
    ld s6, JOB_C(s2)
    ld a5, JOB_OFFSETS(s2)
    ld a6, JOB_SCRATCH(s2)
    ld s3, JOB_WORDS(s2)
    ld s8, JOB_STARTS(s2)
    li s4, 4096
    slli s5, s3, 2
    slli t5, s3, 5
    ld a4, 0(s8)
    add a4, a4, s6
    addi s8, s8, 8
    vsetvli t6, x0, e8, m8, ta, ma
    .irp c, v8, v16, v24
    vmv.v.i \c, 0
    .endr
    csrr t0, vlenb
    slli s9, t0, 1
    li s11, 8191
    vsetvli x0, s5, e8, m1, ta, ma
    LOAD_A 0
    mv t1, a2
    LOAD_B 4
    LOAD_B 6
    PAGE_B
    mv t3, x0                           # no piece yet
    mv t4, x0
    mv a7, a1
    ld t6, JOB_NARROW(s2)
    bleu a0, t6, .Lsteps2
    LOAD_A 1
.Lsteps3:
    STEPS 3, JOB_OFFSETS_END
    j .Lnext
.Lsteps2:
    STEPS 2, JOB_NARROW_END
.Lnext:
    mv s0, a4
    addi a0, a0, -1
    bnez a0, 1f
    ld t6, JOB_PANEL_STEP(s2)
    add s6, s6, t6
    ld s8, JOB_STARTS(s2)
    ld a0, JOB_STRIPS(s2)
    ld a3, JOB_A(s2)
    add a3, a3, t0
    addi s1, s1, -1
1:  ld a4, 0(s8)
    addi s8, s8, 8
    add a4, a4, s6
    ld t6, JOB_NARROW(s2)
    bleu a0, t6, 2f
    FIRST 3
    j .Lsteps3
2:  FIRST 2
    j .Lsteps2
.Lend:                                  # what has been computed behind the last tile does not matter
    STORE_PIECE
    LOAD_PIECE
    bne t3, t4, .Lend
    ld s0, 0(sp)
    ld s1, 8(sp)
    ld s2, 16(sp)
    ld s3, 24(sp)
    ld s4, 32(sp)
    ld s5, 40(sp)
    ld s6, 48(sp)
    ld s7, 56(sp)
    ld s8, 64(sp)
    ld s9, 72(sp)
    ld s10, 80(sp)
    ld s11, 88(sp)
    addi sp, sp, 96
    ret
    .size gemm_ime_tiles, . - gemm_ime_tiles
