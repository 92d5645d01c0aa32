# SPDX-License-Identifier: MIT OR Apache-2.0
# int8 with Xsfvqmaccqoq: at VLEN 512 a multiply does 1024 MAC in 8 cycles, 128 a cycle.
#include "matrix.inc"
#define P(name) gemm_qoq_##name
#define BLOCK sf_vqmacc_4x8x4
#define R 4
#define LOAD_B vle8.v
#define SEW e8
#include "blocks.inc"
