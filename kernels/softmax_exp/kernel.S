# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Softmax with Xsfvfexp32e: one instruction takes the place of the fifteen of exp_f32.inc and of their constants; e^-infinity is 0.

#include "matrix.inc"
#include "softmax_f32.inc"

.macro EXP
    sf_vfexp_v v28, v20
.endm

    SOFTMAX_F32 softmax_exp_f32, , EXP
