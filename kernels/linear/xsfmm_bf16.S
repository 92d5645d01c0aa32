# SPDX-License-Identifier: MIT OR Apache-2.0
# bf16 with XSfmm.
#include "matrix.inc"
#define P(name) linear_xsfmm_bf16_##name
#define BYTES 2
#define LOAD_SLICE vtle16
#define MULTIPLY sf_mm_f_f
#define SET_COLUMNS sf_vsettn
#define SET_ROWS sf_vsettm
#define SET_DEPTH sf_vsettk

.macro SET_TYPE
    li t0, -1
    sf_vsettnt_e16alt_w2 t0, t0
.endm

#include "unit.inc"
