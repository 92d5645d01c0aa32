# SPDX-License-Identifier: MIT OR Apache-2.0
#
# bf16 GEMM with fp32 sums by Zvfbfwma: a vfwmaccbf16.vf of LMUL 2 adds 64 products in 4 cycles at VLEN 512 / DLEN 256, 16 MAC a cycle, twice the rate
# of fp32. The tile is that of gemm_widen.inc. There is no product without an addition, so the sums begin from 0.
#define P(name) gemm_zvfbfwma_##name
#define A_EEW 16
#define A_SHIFT 1
#define SCALAR flh
#define X(r) fa##r
#define CLEAR 1
#include "matrix.inc"

    .option arch, +zfh

.macro MAC acc, x, b
    vfwmaccbf16_vf \acc, \x, \b
.endm

    .text

# size_t P(nr_max)(void)
    .globl P(nr_max)
    .type P(nr_max), @function
P(nr_max):
    vsetvli a0, x0, e16, m2, ta, ma
    ret
    .size P(nr_max), . - P(nr_max)

#include "gemm_widen.inc"
