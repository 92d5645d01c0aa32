# SPDX-License-Identifier: MIT OR Apache-2.0
# int8 with Zvt.
#include "matrix.inc"
#define P(name) linear_zvt_##name
#define BYTES 1
#define LOAD_SLICE vtle8
#define MULTIPLY vtmms_tvv
#define SET_COLUMNS msettn
#define SET_ROWS msettm
#define SET_DEPTH msettk

.macro SET_TYPE
    msetmtypei_e8alt_w4 t0
    li t0, -1
    msettn t0, t0
.endm

#include "unit.inc"
