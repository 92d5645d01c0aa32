# SPDX-License-Identifier: MIT OR Apache-2.0
#
# int8 GEMM with exact int32 sums on plain RVV.
#
# Which instructions: for 64 columns at VLEN 512 / DLEN 256
#   vwmul.vx i8 -> i16 (2 cycles) + vwadd.wv i16 -> i32 (4 cycles)                       6 cycles a k step and row
#   vwmul.vx + vwmacc.vx i8 -> i16 for two k (2 + 2), then vwadd.wv (4)                   4 cycles, but (-128)^2 * 2 overflows
#   B widened to i16 once while it is packed, then vwmacc.vx i16 x i16 -> i32 (LMUL 2)    4 cycles, exact    <- this one
#   B widened to i32, vmacc.vx at LMUL 4                                                  8 cycles
# So the peak of this kernel is 64 MAC / 4 cycles = 16 MAC = 32 operations a cycle. A stays int8: lb sign-extends.
#
# Register tile: 7 rows x VLMAX(i32, LMUL 4) columns (64): 7 accumulator groups = 28 registers, and two groups of LMUL 2
# for B, double-buffered for the reason given in gemm_fp.inc. A k step is 28 cycles of arithmetic; beside it run one B load
# of 128 bytes (4 cycles), 7 lb, 8 dispatches of vector instructions: about 20 of 56 issue slots, 15 of them on the memory pipe.
#
# Contract of all routines: nr <= VLMAX(e16, LMUL 2), 1 <= rows <= 7, kc >= 1.

    .text

# size_t gemm_i8_nr_max(void)
    .globl gemm_i8_nr_max
    .type gemm_i8_nr_max, @function
gemm_i8_nr_max:
    vsetvli a0, x0, e16, m2, ta, ma
    ret
    .size gemm_i8_nr_max, . - gemm_i8_nr_max

# void gemm_i8_pack_b(int16_t *dst, const int8_t *src, size_t ldb_bytes, size_t kc, size_t nr)
#   dst[k][j] = src[k][j] widened, rows of dst tight: 2 + 4 cycles on the port, 4 on the arithmetic unit a full row.
#   a0 dst, a1 src, a2 source stride, a3 rows left, a4 nr | t0 bytes of a packed row
    .globl gemm_i8_pack_b
    .type gemm_i8_pack_b, @function
gemm_i8_pack_b:
    vsetvli x0, a4, e16, m2, ta, ma
    slli t0, a4, 1
    li t1, 2
    bltu a3, t1, 2f
1:  vle8.v v8, (a1)                     # EEW 8 under SEW 16, LMUL 2: one register
    add a1, a1, a2
    vle8.v v9, (a1)
    add a1, a1, a2
    addi a3, a3, -2
    vsext.vf2 v16, v8
    vsext.vf2 v20, v9
    vse16.v v16, (a0)
    add a0, a0, t0
    vse16.v v20, (a0)
    add a0, a0, t0
    bgeu a3, t1, 1b
2:  beqz a3, 3f
    vle8.v v8, (a1)
    vsext.vf2 v16, v8
    vse16.v v16, (a0)
3:  ret
    .size gemm_i8_pack_b, . - gemm_i8_pack_b

# void gemm_i8_pack_a(int8_t *dst, const int8_t *src, size_t lda_bytes, size_t rows, size_t kc)
#   dst[k][r] = src[r][k] by segment stores, one k a cycle.
#   a0 dst, a1 src, a2 source stride, a3 rows, a4 k left | t0 vl, t1 row pointer, t2 step
.macro LOAD_ROW rows, r, vd
    .if \rows > \r
    .if \r > 0
    add t1, t1, a2
    .endif
    vle8.v \vd, (t1)
    .endif
.endm

.macro PACK_A rows, store
1:  vsetvli t0, a4, e8, m1, ta, ma
    mv t1, a1
    LOAD_ROW \rows, 0, v8
    LOAD_ROW \rows, 1, v9
    LOAD_ROW \rows, 2, v10
    LOAD_ROW \rows, 3, v11
    LOAD_ROW \rows, 4, v12
    LOAD_ROW \rows, 5, v13
    LOAD_ROW \rows, 6, v14
    \store v8, (a0)
    sub a4, a4, t0
    add a1, a1, t0
    li t2, \rows
    mul t2, t2, t0
    add a0, a0, t2
    bnez a4, 1b
    ret
.endm

# Branches to the label named by the row count in `reg`, falls through for 1; clobbers `tmp`.
.macro BY_ROWS reg, tmp
    li \tmp, 7
    beq \reg, \tmp, 7f
    addi \tmp, \tmp, -1
    beq \reg, \tmp, 6f
    addi \tmp, \tmp, -1
    beq \reg, \tmp, 5f
    addi \tmp, \tmp, -1
    beq \reg, \tmp, 4f
    addi \tmp, \tmp, -1
    beq \reg, \tmp, 3f
    addi \tmp, \tmp, -1
    beq \reg, \tmp, 2f
.endm

    .globl gemm_i8_pack_a
    .type gemm_i8_pack_a, @function
gemm_i8_pack_a:
    BY_ROWS a3, t0
    PACK_A 1, vse8.v
2:  PACK_A 2, vsseg2e8.v
3:  PACK_A 3, vsseg3e8.v
4:  PACK_A 4, vsseg4e8.v
5:  PACK_A 5, vsseg5e8.v
6:  PACK_A 6, vsseg6e8.v
7:  PACK_A 7, vsseg7e8.v
    .size gemm_i8_pack_a, . - gemm_i8_pack_a

# void gemm_i8_tile_set(size_t rows, size_t kc, const int8_t *ap, const int16_t *bp, size_t ldb_bytes, int32_t *c,
#                       size_t ldc_bytes, size_t nr)      C[r][j]  = sum over k of ap[k][r] * bp[k][j]
# void gemm_i8_tile_add(the same)                         C[r][j] += the same
#
#   a0 adding?    a2 A panel, next k          v0  B, even k (LMUL 2)    v4  row 0    v16 row 3    v28 row 6
#   a1 k left     a3 B, next row to load      v2  B, odd k              v8  row 1    v20 row 4
#   a5 C, a6 ldc  a4 ldb                                                v12 row 2    v24 row 5
#   a7 nr; later constant                     t0..t6 A[k][0..6]

.macro MAC rows, r, acc, xa, b, first, pre
    .if \rows > \r
    .if \first
    vwmul.vx \acc, \b, \xa
    .else
    vwmacc.vx \acc, \xa, \b
    .endif
    .if \pre
    lb \xa, \r(a2)
    .endif
    .endif
.endm

.macro STEP rows, b, next, first, pre, load
    MAC \rows, 0, v4, t0, \b, \first, \pre
    .if \load
    vle16.v \next, (a3)
    add a3, a3, a4
    .endif
    MAC \rows, 1, v8, t1, \b, \first, \pre
    MAC \rows, 2, v12, t2, \b, \first, \pre
    MAC \rows, 3, v16, t3, \b, \first, \pre
    MAC \rows, 4, v20, t4, \b, \first, \pre
    MAC \rows, 5, v24, t5, \b, \first, \pre
    MAC \rows, 6, v28, t6, \b, \first, \pre
    .if \pre
    addi a2, a2, \rows
    .endif
.endm

.macro A_ROW rows, r, xa
    .if \rows > \r
    lb \xa, \r(a2)
    .endif
.endm

.macro C_ROW op, rows, r, acc
    .if \rows > \r
    \op \acc, (a5)
    .if \rows > \r + 1
    add a5, a5, a6
    .endif
    .endif
.endm

.macro C_ROWS op, rows
    C_ROW \op, \rows, 0, v4
    C_ROW \op, \rows, 1, v8
    C_ROW \op, \rows, 2, v12
    C_ROW \op, \rows, 3, v16
    C_ROW \op, \rows, 4, v20
    C_ROW \op, \rows, 5, v24
    C_ROW \op, \rows, 6, v28
.endm

.macro TILE rows
    vle16.v v0, (a3)                    # B for k = 0; EEW 32 accesses below have EMUL 4, so vtype never changes
    add a3, a3, a4
    A_ROW \rows, 0, t0
    A_ROW \rows, 1, t1
    A_ROW \rows, 2, t2
    A_ROW \rows, 3, t3
    A_ROW \rows, 4, t4
    A_ROW \rows, 5, t5
    A_ROW \rows, 6, t6
    addi a2, a2, \rows
    addi a1, a1, -1
    li a7, 3
    bnez a0, 12f
    beqz a1, 11f
    STEP \rows, v0, v2, 1, 1, 1
    j 13f
11: STEP \rows, v0, v2, 1, 0, 0
    j 17f
12: mv a0, a5
    C_ROWS vle32.v, \rows
    mv a5, a0
    beqz a1, 16f
    STEP \rows, v0, v2, 0, 1, 1
13: bltu a1, a7, 15f                    # steady state: two steps an iteration
14: STEP \rows, v2, v0, 0, 1, 1
    addi a1, a1, -2
    STEP \rows, v0, v2, 0, 1, 1
    bgeu a1, a7, 14b
15: li a7, 1                            # the last one or two steps, which must not load past the panels
    beq a1, a7, 18f
    STEP \rows, v2, v0, 0, 1, 1
16: STEP \rows, v0, v2, 0, 0, 0
17: C_ROWS vse32.v, \rows
    ret
18: STEP \rows, v2, v0, 0, 0, 0
    C_ROWS vse32.v, \rows
    ret
.endm

    .globl gemm_i8_tile_set, gemm_i8_tile_add
    .type gemm_i8_tile_set, @function
    .type gemm_i8_tile_add, @function
gemm_i8_tile_set:
    mv t2, a0
    li a0, 0
    j 9f
    .size gemm_i8_tile_set, . - gemm_i8_tile_set
gemm_i8_tile_add:
    mv t2, a0
    li a0, 1
9:  vsetvli x0, a7, e16, m2, ta, ma
    BY_ROWS t2, t1
    TILE 1
2:  TILE 2
3:  TILE 3
4:  TILE 4
5:  TILE 5
6:  TILE 6
7:  TILE 7
    .size gemm_i8_tile_add, . - gemm_i8_tile_add
