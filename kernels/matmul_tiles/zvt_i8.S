# SPDX-License-Identifier: MIT OR Apache-2.0
# int8 with Zvt: at VLEN 512 a multiply does 16384 MAC in 32 cycles, 512 a cycle.
#include "matrix.inc"
#define P(name) gemm_zvt_i8_##name
#define BYTES 1
#define MULTIPLY vtmms_tvv
#define LOAD_SLICE vtle8
#define SET_COLUMNS msettn
#define SET_ROWS msettm
#define SET_DEPTH msettk

.macro SET_TYPE
    msetmtypei_e8alt_w4 t0
    li t0, -1
    msettn t0, t0
.endm

#include "tiles.inc"
