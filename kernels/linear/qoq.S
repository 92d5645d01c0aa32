# SPDX-License-Identifier: MIT OR Apache-2.0
# int8 with Xsfvqmaccqoq.
#include "matrix.inc"
#include "linear.h"
#define P(name) linear_qoq_##name
#define BLOCK sf_vqmacc_4x8x4
#define R 4
#define LOAD_B vle8.v
#define SEW e8
#include "blocks.inc"
