# SPDX-License-Identifier: MIT OR Apache-2.0
# fp16 GEMM with fp16 sums: tile 6 x 128 at VLEN 512, peak 16 FMA = 32 FLOP a cycle. GNU as 2.40 does not know Zvfh, but
# fp16 vector arithmetic is the fp32 opcodes under SEW 16; only flh needs Zfh. The routines are in gemm_fp.inc.
#define P(name) gemm_f16_##name
#define EEW 16
#define ESHIFT 1
#define FLOAD flh
#include "gemm_fp.inc"
