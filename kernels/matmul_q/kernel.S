# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Products of several tokens with quantised weights in panels (see rvtile_kernels.h), a tile of up to 8 (Q4_0) or 4 (Q8_0) tokens and
# VLMAX(e8, m1) rows at a time. Rows are lanes, as in the matrix-vector products; a weight is loaded and unpacked once for all tokens.
#
# Cycles for 64 rows and a block of 32 at VLEN 512:
#   Q4_0, 8 tokens: 16 bytes x (vand, vsrl 4; 16 vwmacc 32) = 576, conversion, scales and sums 8 x 24: 768 for 16,384 products,
#                   21 a cycle (int16 sums hold a whole block, so this beats int8 weights)
#   Q8_0, 4 tokens: 16 pairs x (vwmul, vwmacc, vwadd: 8 each) x 4 = 512, then 4 x 24: 608 for 8192 products, 13.5 a cycle
# The fp32 sums stay in memory between blocks: 16 cycles of the port a token and block, beside the arithmetic.
#
# void matmul_q4_0_tile / matmul_q8_0_tile(const struct q_tile *t); struct in matmul.c
#   a0 struct, then C row; a1 weights, a2 scales, a3 panel rows, a4 x, a5 xd, a6 blocks left, a7 columns (vl)
#   t0 C, t1 C row bytes, t2 first block?, t3 k left, t4 t6 temporary, t5 sums of x (Q4_0)
#   s0..s6 elements of x

    .option arch, +zfh
    .text

.macro LOAD_TILE
    addi sp, sp, -64
    .irp n, 0, 1, 2, 3, 4, 5, 6
    sd s\n, 8 * \n(sp)
    .endr
    ld a1, 8(a0)
    ld a2, 16(a0)
    ld a3, 24(a0)
    ld a4, 32(a0)
    ld a5, 40(a0)
    ld t5, 48(a0)
    ld a6, 56(a0)
    ld t0, 64(a0)
    ld t1, 72(a0)
    ld a7, 80(a0)
    ld t4, 0(a0)
    li t2, 1
.endm

.macro RETURN
    .irp n, 0, 1, 2, 3, 4, 5, 6
    ld s\n, 8 * \n(sp)
    .endr
    addi sp, sp, 64
    ret
.endm

# C row at a0 (+)= fa0 * \value (LMUL 4), in v12.
.macro ADD_TO_C value
    bnez t2, 91f
    vle32.v v12, (a0)
    vfmacc.vf v12, fa0, \value
    j 92f
91: vfmul.vf v12, \value, fa0
92: vse32.v v12, (a0)
    add a0, a0, t1
.endm

# ---- Q4_0: v0 bytes, v2 low, v3 high nibbles, v16.. int16 sums (LMUL 2), v8 scales, v4 a sum as fp32 ----

# The elements of x for all tokens, as one load: token 0 in \x, the others in s0.. (an 8-bit operand is the low byte of its
# register). So the memory pipe, which also dispatches vector operations, has one load and not eight.
.macro X_TOKENS tokens, bytes, x, offset
    .if \bytes == 8
    ld \x, \offset(a4)
    .elseif \bytes == 4
    lw \x, \offset(a4)
    .elseif \bytes == 2
    lh \x, \offset(a4)
    .else
    lb \x, \offset(a4)
    .endif
.endm

.macro X_SPLIT count, x
    .if \count > 1
    srli s0, \x, 8
    .endif
    .if \count > 2
    srli s1, \x, 16
    srli s2, \x, 24
    .endif
    .if \count > 4
    srli s3, \x, 32
    srli s4, \x, 40
    srli s5, \x, 48
    srli s6, \x, 56
    .endif
.endm

.macro Q4_MAC tokens, t, sum, x, nibbles, first
    .if \tokens > \t
    .if \first
    vwmul.vx \sum, \nibbles, \x
    .else
    vwmacc.vx \sum, \x, \nibbles
    .endif
    .endif
.endm

.macro Q4_MACS tokens, x, nibbles, first
    X_SPLIT \tokens, \x
    Q4_MAC \tokens, 0, v16, \x, \nibbles, \first
    Q4_MAC \tokens, 1, v18, s0, \nibbles, \first
    Q4_MAC \tokens, 2, v20, s1, \nibbles, \first
    Q4_MAC \tokens, 3, v22, s2, \nibbles, \first
    Q4_MAC \tokens, 4, v24, s3, \nibbles, \first
    Q4_MAC \tokens, 5, v26, s4, \nibbles, \first
    Q4_MAC \tokens, 6, v28, s5, \nibbles, \first
    Q4_MAC \tokens, 7, v30, s6, \nibbles, \first
.endm

# The byte in v0; its nibbles are unpacked and the next byte is loaded while the multiply-adds of other nibbles run.
.macro Q4_BYTE tokens, first
    X_TOKENS \tokens, \tokens, t4, 0
    X_TOKENS \tokens, \tokens, t6, (16 * \tokens)
    vand.vi v2, v0, 15
    vsrl.vi v3, v0, 4
    add a1, a1, a3
    addi a4, a4, \tokens
    Q4_MACS \tokens, t4, v2, \first
    vle8.v v0, (a1)                     # behind the last byte stand scales, so this never leaves the panel
    Q4_MACS \tokens, t6, v3, 0
.endm

.macro Q4_FINISH tokens, t, sum
    .if \tokens > \t
    lw t4, 4 * \t(t5)
    flw fa0, 4 * \t(a5)
    vsetvli x0, a7, e16, m2, ta, ma
    vadd.vx \sum, \sum, t4
    vfwcvt.f.x.v v4, \sum
    vsetvli x0, a7, e32, m4, ta, ma
    vfmul.vv v4, v4, v8
    ADD_TO_C v4
    .endif
.endm

.macro Q4_TILE tokens
1:  vsetvli x0, a7, e8, m1, ta, ma
    vle8.v v0, (a1)
    Q4_BYTE \tokens, 1
    li t3, 15
2:  Q4_BYTE \tokens, 0
    addi t3, t3, -1
    bnez t3, 2b
    vsetvli x0, a7, e16, m2, ta, ma
    vle16.v v10, (a2)
    vfwcvt.f.f.v v8, v10                # in place: a source may be the upper half of a wider destination
    mv a0, t0
    Q4_FINISH \tokens, 0, v16
    Q4_FINISH \tokens, 1, v18
    Q4_FINISH \tokens, 2, v20
    Q4_FINISH \tokens, 3, v22
    Q4_FINISH \tokens, 4, v24
    Q4_FINISH \tokens, 5, v26
    Q4_FINISH \tokens, 6, v28
    Q4_FINISH \tokens, 7, v30
    li t2, 0
    slli t4, a3, 1
    add a1, a1, t4                      # over the scales to the next block
    li t6, 18
    mul t6, t6, a3
    add a2, a2, t6
    addi a4, a4, 16 * \tokens
    addi a5, a5, 4 * \tokens
    addi t5, t5, 4 * \tokens
    addi a6, a6, -1
    bnez a6, 1b
    RETURN
.endm

    .globl matmul_q4_0_tile
    .type matmul_q4_0_tile, @function
matmul_q4_0_tile:
    LOAD_TILE
    addi t4, t4, -2
    bltz t4, 31f
    beqz t4, 32f
    addi t4, t4, -4
    bltz t4, 34f
    Q4_TILE 8
34: Q4_TILE 4
32: Q4_TILE 2
31: Q4_TILE 1
    .size matmul_q4_0_tile, . - matmul_q4_0_tile

# ---- Q8_0: v0 v1 weights of two k, v8.. int16 sums (LMUL 2), v16.. int32 sums (LMUL 4), v4 scales ----

.macro Q8_FOR tokens, what, first
    \what 0, v8, v16, \tokens, \first
    .if \tokens > 1
    \what 1, v10, v20, \tokens, \first
    .endif
    .if \tokens > 2
    \what 2, v12, v24, \tokens, \first
    \what 3, v14, v28, \tokens, \first
    .endif
.endm

.macro Q8_EVEN t, product, sum, tokens, first
    .if \t == 0
    vwmul.vx \product, v0, t4
    .else
    Q8_REGISTER vwmul.vx, \product, v0, \t, 1
    .endif
.endm

.macro Q8_ODD t, product, sum, tokens, first
    Q8_REGISTER vwmacc.vx, \product, v1, (\tokens + \t), 0
.endm

# \op with the scalar of place 1 to 7 in the loaded bytes of two k.
.macro Q8_REGISTER op, product, weights, place, plain
    .if \place == 1
    Q8_OP \op, \product, \weights, s0, \plain
    .elseif \place == 2
    Q8_OP \op, \product, \weights, s1, \plain
    .elseif \place == 3
    Q8_OP \op, \product, \weights, s2, \plain
    .elseif \place == 4
    Q8_OP \op, \product, \weights, s3, \plain
    .elseif \place == 5
    Q8_OP \op, \product, \weights, s4, \plain
    .elseif \place == 6
    Q8_OP \op, \product, \weights, s5, \plain
    .else
    Q8_OP \op, \product, \weights, s6, \plain
    .endif
.endm

.macro Q8_OP op, product, weights, x, plain
    .if \plain
    \op \product, \weights, \x
    .else
    \op \product, \x, \weights
    .endif
.endm

.macro Q8_SUM t, product, sum, tokens, first
    .if \first
    vwcvt.x.x.v \sum, \product
    .else
    vwadd.wv \sum, \sum, \product
    .endif
.endm

.macro Q8_PAIR tokens, first, load
    X_TOKENS \tokens, (2 * \tokens), t4, 0
    addi a4, a4, 2 * \tokens
    X_SPLIT (2 * \tokens), t4
    vsetvli x0, a7, e8, m1, ta, ma
    Q8_FOR \tokens, Q8_EVEN, \first
    .if \load
    add a1, a1, a3
    vle8.v v0, (a1)
    .endif
    Q8_FOR \tokens, Q8_ODD, \first
    .if \load
    add a1, a1, a3
    vle8.v v1, (a1)
    .endif
    vsetvli x0, a7, e16, m2, ta, ma
    Q8_FOR \tokens, Q8_SUM, \first
.endm

.macro Q8_FINISH t, product, sum, tokens, first
    flw fa0, 4 * \t(a5)
    vfcvt.f.x.v \sum, \sum
    vfmul.vv \sum, \sum, v4
    ADD_TO_C \sum
.endm

.macro Q8_TILE tokens
1:  vsetvli x0, a7, e8, m1, ta, ma
    vle8.v v0, (a1)
    add a1, a1, a3
    vle8.v v1, (a1)
    Q8_PAIR \tokens, 1, 1
    li t3, 14
2:  Q8_PAIR \tokens, 0, 1
    addi t3, t3, -1
    bnez t3, 2b
    Q8_PAIR \tokens, 0, 0
    vle16.v v6, (a2)
    vfwcvt.f.f.v v4, v6
    vsetvli x0, a7, e32, m4, ta, ma
    mv a0, t0
    Q8_FOR \tokens, Q8_FINISH, 0
    li t2, 0
    slli t4, a3, 1
    add a1, a1, a3
    add a1, a1, t4
    li t6, 34
    mul t6, t6, a3
    add a2, a2, t6
    addi a5, a5, 4 * \tokens
    addi a6, a6, -1
    bnez a6, 1b
    RETURN
.endm

    .globl matmul_q8_0_tile
    .type matmul_q8_0_tile, @function
matmul_q8_0_tile:
    LOAD_TILE
    addi t4, t4, -2
    bltz t4, 31f
    beqz t4, 32f
    Q8_TILE 4
32: Q8_TILE 2
31: Q8_TILE 1
    .size matmul_q8_0_tile, . - matmul_q8_0_tile
