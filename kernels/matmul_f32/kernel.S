# SPDX-License-Identifier: MIT OR Apache-2.0
# fp32 GEMM: tile 6 x 64 at VLEN 512, peak 8 FMA = 16 FLOP a cycle. The routines and the reasons are in gemm_fp.inc.
#define P(name) gemm_f32_##name
#define EEW 32
#define ESHIFT 2
#define FLOAD flw
#include "gemm_fp.inc"
