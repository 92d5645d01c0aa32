# SPDX-License-Identifier: MIT OR Apache-2.0
# int8 with XSfmm: at VLEN 512 a multiply does 16384 MAC in 32 cycles, 512 a cycle.
#include "matrix.inc"
#define P(name) gemm_xsfmm_i8_##name
#define BYTES 1
#define MULTIPLY sf_mm_s_s
#define LOAD_SLICE vtle8
#define SET_COLUMNS sf_vsettn
#define SET_ROWS sf_vsettm
#define SET_DEPTH sf_vsettk

.macro SET_TYPE
    li t0, -1
    sf_vsettnt_e8_w4 t0, t0
.endm

#include "tiles.inc"
