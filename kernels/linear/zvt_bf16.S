# SPDX-License-Identifier: MIT OR Apache-2.0
# bf16 with Zvt.
#include "matrix.inc"
#define P(name) linear_zvt_bf16_##name
#define BYTES 2
#define LOAD_SLICE vtle16
#define MULTIPLY vtfmm_alt_tvv
#define SET_COLUMNS msettn
#define SET_ROWS msettm
#define SET_DEPTH msettk

.macro SET_TYPE
    msetmtypei_e16_w2 t0
    li t0, -1
    msettn t0, t0
.endm

#include "unit.inc"
