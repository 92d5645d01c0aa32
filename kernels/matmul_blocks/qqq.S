# SPDX-License-Identifier: MIT OR Apache-2.0
# bf16 with Xsfvfwmaccqqq: at VLEN 512 a multiply does 512 MAC in 8 cycles, 64 a cycle.
#include "matrix.inc"
#define P(name) gemm_qqq_##name
#define BLOCK sf_vfwmacc_4x4x4
#define R 4
#define LOAD_B vle16.v
#define SEW e16
#include "blocks.inc"
