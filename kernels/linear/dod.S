# SPDX-License-Identifier: MIT OR Apache-2.0
# int8 with Xsfvqmaccdod.
#include "matrix.inc"
#include "linear.h"
#define P(name) linear_dod_##name
#define BLOCK sf_vqmacc_2x8x2
#define R 2
#define LOAD_B vle8.v
#define SEW e8
#include "blocks.inc"
