# SPDX-License-Identifier: MIT OR Apache-2.0
# bf16 with Zvt: at VLEN 512 a multiply does 8192 MAC in 32 cycles, 256 a cycle.
#include "matrix.inc"
#define P(name) gemm_zvt_bf16_##name
#define BYTES 2
#define MULTIPLY vtfmm_alt_tvv
#define LOAD_SLICE vtle16
#define SET_COLUMNS msettn
#define SET_ROWS msettm
#define SET_DEPTH msettk

.macro SET_TYPE
    msetmtypei_e16_w2 t0
    li t0, -1
    msettn t0, t0
.endm

#include "tiles.inc"
