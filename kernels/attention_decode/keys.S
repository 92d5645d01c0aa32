# SPDX-License-Identifier: MIT OR Apache-2.0
#
# What storing many positions needs; see prompt.c. Eight keys are the fields of a strided segment store, which leaves them side by side in each row
# of a block: a cycle for eight elements, where a strided store of single ones takes two for each.
#
# void attn_keys_f32 / _f16 / _i8(size_t n, const float *x, size_t x_bytes, void *dst, size_t dst_bytes, size_t groups, const float *factors)
#   For 8 groups positions p and n elements c, at most a register of what the cache holds: element c of position p, at x + p x_bytes + 4 c, goes
#   to place p of row c, at dst + c dst_bytes; int8: times factors[p], rounded.
#   a0 n, a1 x, a2 x_bytes, a3 dst, a4 dst_bytes, a5 groups left, a6 factors

#include "to_i8.inc"

    .text

.macro LOAD reg
    vle32.v \reg, (a1)
    add a1, a1, a2
.endm

.macro ENTER name
    .globl \name
    .type \name, @function
\name:
.endm

.macro NEXT name, bytes
    addi a3, a3, 8 * \bytes
    addi a5, a5, -1
    bnez a5, 1b
    ret
    .size \name, . - \name
.endm

ENTER attn_keys_f32
    vsetvli x0, a0, e32, m1, ta, ma
1:  .irp v, v8, v9, v10, v11, v12, v13, v14, v15
    LOAD \v
    .endr
    vssseg8e32.v v8, (a3), a4
NEXT attn_keys_f32, 4

ENTER attn_keys_f16
    vsetvli x0, a0, e16, m1, ta, ma
1:  .irp v, v16, v18, v20, v22, v24, v26, v28, v30
    LOAD \v
    .endr
    vfncvt.f.f.w v8, v16
    vfncvt.f.f.w v9, v18
    vfncvt.f.f.w v10, v20
    vfncvt.f.f.w v11, v22
    vfncvt.f.f.w v12, v24
    vfncvt.f.f.w v13, v26
    vfncvt.f.f.w v14, v28
    vfncvt.f.f.w v15, v30
    vssseg8e16.v v8, (a3), a4
NEXT attn_keys_f16, 2

.macro FIELD place, wide, narrow, reg
    flw fa0, 4 * \place(a6)
    vfmul.vf \wide, \wide, fa0
    vsetvli x0, x0, e16, m2, ta, ma
    vfncvt.x.f.w \narrow, \wide
    vsetvli x0, x0, e8, m1, ta, ma
    vnsrl.wi \reg, \narrow, 0
    vsetvli x0, x0, e32, m4, ta, ma
.endm

ENTER attn_keys_i8
    vsetvli x0, a0, e32, m4, ta, ma
1:  LOAD v16
    LOAD v20
    LOAD v24
    LOAD v28
    FIELD 0, v16, v0, v8
    LOAD v16
    FIELD 1, v20, v2, v9
    LOAD v20
    FIELD 2, v24, v0, v10
    LOAD v24
    FIELD 3, v28, v2, v11
    LOAD v28
    FIELD 4, v16, v0, v12
    FIELD 5, v20, v2, v13
    FIELD 6, v24, v0, v14
    FIELD 7, v28, v2, v15
    addi a6, a6, 32
    vsetvli x0, x0, e8, m1, ta, ma
    vssseg8e8.v v8, (a3), a4
    vsetvli x0, x0, e32, m4, ta, ma
NEXT attn_keys_i8, 1

# void attn_to_i8(size_t n, const float *x, int8_t *y, float factor): x * factor, rounded
ENTER attn_to_i8
1:  TO_I8
    vse8.v v0, (a2)
    add a2, a2, t0
    bnez a0, 1b
    ret
    .size attn_to_i8, . - attn_to_i8
