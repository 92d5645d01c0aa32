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
# The tile is that of gemm_widen.inc.

#define P(name) gemm_i8_##name
#define A_EEW 8
#define A_SHIFT 0
#define SCALAR lb
#define X(r) t##r
#define CLEAR 0

.macro START acc, x, b
    vwmul.vx \acc, \b, \x
.endm

.macro MAC acc, x, b
    vwmacc.vx \acc, \x, \b
.endm

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

#include "gemm_widen.inc"
