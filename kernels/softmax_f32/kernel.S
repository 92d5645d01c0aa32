# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Softmax with the polynomial of exp_f32.inc, whose constants stand in v4 to v16 throughout.
#
# Cycles for 64 elements at VLEN 512: pass 1 one load and one vfmax (8 cycles each, side by side), pass 2 17 operations
# of 8 cycles with a load and a store beside them (136), pass 3 load and store on the one port (16): about 160, so
# arithmetic decides. A row adds a reduction of the maximum and one of the sum, about 45 cycles each with the transfer to
# a scalar.

#include "exp_f32.inc"
#include "softmax_f32.inc"
    EXP_F32_TABLE

.macro CONSTANTS
    vsetvli t0, x0, e32, m4, ta, ma
    EXP_F32_SETUP t4
.endm

    SOFTMAX_F32 softmax_f32, CONSTANTS, EXP_F32
