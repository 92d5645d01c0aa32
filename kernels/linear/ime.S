# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Tiles of linear_ime, int8 with SpacemiT IME 1, any VLEN from 128: a multiply takes a register of X, r rows of K bytes, and one of W, r columns
# of K, and adds to r x r sums in a register or two (4 x 16 x 4 at VLEN 512, 256 products in 2 cycles).
#
# A tile is one or two blocks of X by four of W. Sums begin at even registers, whether they need two or not, so two blocks of X have
# v16 to v31. A step of two blocks multiplies for 16 cycles at VLEN 512, and loads for 12; one block is there for few rows, and takes
# as long as its W from the L1D or L2, 10 cycles, less than memory needs: it loads W three steps ahead, four registers at a time.

#include "matrix.inc"
#include "linear.h"

    .text

# A linear_tile: a0 quads left, a1 X, a2 W, a3 sums in memory, a4 flags, a5 columns
#   t0 bytes of four registers, t1 words of 8 bytes in the sums of a block, t2 address, t3 temporary, t4 bytes of a step of X, t5 of a register
.macro ENTER name, blocks, sums:vararg
    .globl \name
    .type \name, @function
\name:
    csrr t5, vlenb
    slli t4, t5, \blocks - 1
    slli t0, t5, 2
    mul t1, a5, a5
    srli t1, t1, 5                      # r^2 / 2, of 4 r columns
    andi t3, a4, LINEAR_FIRST
    bnez t3, 1f
    vsetvli x0, t1, e64, m2, ta, ma
    slli t3, t1, 3
    mv t2, a3
    .irp c, \sums
    vle64.v v\c, (t2)
    add t2, t2, t3
    .endr
    j 2f
1:  vsetvli t3, x0, e8, m8, ta, ma
    .if \blocks == 2
    vmv.v.i v16, 0
    .endif
    vmv.v.i v24, 0
2:  vsetvli t3, x0, e8, m1, ta, ma
.endm

.macro LOAD_W count, first
    load_registers \count, \first, a2
    .if \count == 4
    add a2, a2, t0
    .else
    add a2, a2, t5
    .endif
.endm

.macro LOAD_X count, first
    load_registers \count, \first, a1
    add a1, a1, t4
.endm

.macro NEXT
    addi a0, a0, -1
    bnez a0, 3b
.endm

# Sums as they stand, or in rows: what stands in the same place of the four blocks of a row becomes neighbours.
.macro EXIT name, blocks, sums:vararg
    vsetvli x0, t1, e64, m2, ta, ma
    andi t3, a4, LINEAR_LAST
    bnez t3, 4f
    slli t3, t1, 3
    .irp c, \sums
    vse64.v v\c, (a3)
    add a3, a3, t3
    .endr
    ret
4:
    .if \blocks == 2
    vsseg4e64.v v16, (a3)
    slli t3, t1, 5
    add a3, a3, t3
    .endif
    vsseg4e64.v v24, (a3)
    ret
    .size \name, . - \name
.endm

# Loads stand where what they overwrite has been read for a while: nothing waits for them to be dispatched.

# A step of one block, X in \x and W in \w0 to \w3, and loads into what the step before has left.
.macro STEP1 x, w0, w1, w2, w3, x_free, w_free
    smt_vmadot v24, v\x, v\w0
    smt_vmadot v26, v\x, v\w1
    LOAD_W 4, \w_free
    smt_vmadot v28, v\x, v\w2
    LOAD_X 1, \x_free
    smt_vmadot v30, v\x, v\w3
.endm

ENTER linear_ime_tile1, 1, 24, 26, 28, 30
    LOAD_X 1, 16
    LOAD_W 4, 0
    LOAD_X 1, 17
    LOAD_W 4, 4
    LOAD_X 1, 18
    LOAD_W 4, 8
3:  STEP1 16, 0, 1, 2, 3, 19, 12
    STEP1 17, 4, 5, 6, 7, 16, 0
    STEP1 18, 8, 9, 10, 11, 17, 4
    STEP1 19, 12, 13, 14, 15, 18, 8
    NEXT
EXIT linear_ime_tile1, 1, 24, 26, 28, 30

# A step of two blocks, X in \x and \y: W is loaded for two steps later, register by register, the last one of the step before first; X for four.
.macro STEP2 x, y, w0, w1, w2, w3, x_free, w_free
    smt_vmadot v16, v\x, v\w0
    LOAD_W 1, \w_free
    smt_vmadot v24, v\y, v\w0
    LOAD_X 2, \x_free
    smt_vmadot v18, v\x, v\w1
    smt_vmadot v26, v\y, v\w1
    LOAD_W 1, \w0
    smt_vmadot v20, v\x, v\w2
    smt_vmadot v28, v\y, v\w2
    LOAD_W 1, \w1
    smt_vmadot v22, v\x, v\w3
    smt_vmadot v30, v\y, v\w3
    LOAD_W 1, \w2
.endm

ENTER linear_ime_tile2, 2, 16, 18, 20, 22, 24, 26, 28, 30
    LOAD_X 2, 8
    LOAD_W 4, 0
    LOAD_X 2, 10
    LOAD_W 1, 4
    LOAD_W 1, 5
    LOAD_W 1, 6
    LOAD_X 2, 12
3:  STEP2 8, 9, 0, 1, 2, 3, 14, 7
    STEP2 10, 11, 4, 5, 6, 7, 8, 3
    STEP2 12, 13, 0, 1, 2, 3, 10, 7
    STEP2 14, 15, 4, 5, 6, 7, 12, 3
    NEXT
EXIT linear_ime_tile2, 2, 16, 18, 20, 22, 24, 26, 28, 30
