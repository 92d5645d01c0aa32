# SPDX-License-Identifier: MIT OR Apache-2.0
# int8 with Xsfvqmaccdod: at VLEN 512 a multiply does 512 MAC in 8 cycles, 64 a cycle.
#include "matrix.inc"
#define P(name) gemm_dod_##name
#define BLOCK sf_vqmacc_2x8x2
#define R 2
#define LOAD_B vle8.v
#define SEW e8
#include "blocks.inc"
