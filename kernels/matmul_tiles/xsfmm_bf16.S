# SPDX-License-Identifier: MIT OR Apache-2.0
# bf16 with XSfmm: at VLEN 512 a multiply does 8192 MAC in 32 cycles, 256 a cycle.
#include "matrix.inc"
#define P(name) gemm_xsfmm_bf16_##name
#define BYTES 2
#define MULTIPLY sf_mm_f_f
#define LOAD_SLICE vtle16
#define SET_COLUMNS sf_vsettn
#define SET_ROWS sf_vsettm
#define SET_DEPTH sf_vsettk

.macro SET_TYPE
    li t0, -1
    sf_vsettnt_e16alt_w2 t0, t0
.endm

#include "tiles.inc"
