# SPDX-License-Identifier: MIT OR Apache-2.0
# bf16 with Xsfvfwmaccqqq.
#include "matrix.inc"
#include "linear.h"
#define P(name) linear_qqq_##name
#define BLOCK sf_vfwmacc_4x4x4
#define R 4
#define LOAD_B vle16.v
#define SEW e16
#include "blocks.inc"
