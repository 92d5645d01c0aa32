# SPDX-License-Identifier: MIT OR Apache-2.0
#
# fp32 vectors to int8 with a scale for each block of 32 (quantize_q8_0) or for the whole vector (quantize_i8):
#   d = max |x| / 127, q = x * (127 / max |x|) rounded to nearest even
# A block with max |x| below 2^-119 becomes 0 with d = 0, since 127 / max |x| could overflow. Infinities and NaN in x make
# the block's values unspecified.
#
# void quantize_q8_0(size_t k, const float *x, int8_t *q, float *d)
#   Three passes over the blocks, so that no scalar waits for a vector: maxima (a tree of 36 cycles decides), divisions of all maxima
#   in vectors (1.5 cycles each), conversion. 127 / max is kept in the first word of the block's q in between.
#   a0 k, a1 x, a2 q, a3 d, a4 blocks | t0 vl, t1 elements left, t2..t5 pointers and temporaries

    .text

# q = v0 * \factor as int8 in v0 (LMUL 2); vl is set, vtype e32 m8 before and e8 m2 after.
.macro TO_INT8 factor
    vfmul.vf v0, v0, \factor
    vsetvli x0, x0, e16, m4, ta, ma
    vfncvt.x.f.w v8, v0
    vsetvli x0, x0, e8, m2, ta, ma
    vnsrl.wi v0, v8, 0
.endm

# v8 = d, v16 = 127 / max for maxima in v0; vtype e32 m8.
.macro SCALES
    li t5, 0x42fe0000                   # 127
    fmv.w.x fa0, t5
    li t5, 0x04000000                   # 2^-119
    fmv.w.x fa1, t5
    vfdiv.vf v8, v0, fa0
    vfrdiv.vf v16, v0, fa0
    vmflt.vf v0, v0, fa1
    vmerge.vim v8, v8, 0, v0
    vmerge.vim v16, v16, 0, v0
.endm

    .globl quantize_q8_0
    .type quantize_q8_0, @function
quantize_q8_0:
    addi a4, a0, 31
    srli a4, a4, 5
    li t5, 32
    mv t1, a0
    mv t2, a1
    mv t3, a3
1:  mv t4, t1
    bltu t4, t5, 2f
    mv t4, t5
2:  vsetvli t0, t4, e32, m8, ta, ma     # 32 elements fit at VLEN 128
    vle32.v v0, (t2)
    addi t2, t2, 128
    vmv.s.x v16, x0
    vfsgnjx.vv v8, v0, v0
    vfredmax.vs v16, v8, v16
    vsetivli x0, 1, e32, m1, ta, ma
    vse32.v v16, (t3)
    addi t3, t3, 4
    sub t1, t1, t4
    bnez t1, 1b

    mv t1, a4
    mv t2, a2
    mv t3, a3
    li t4, 32
3:  vsetvli t0, t1, e32, m8, ta, ma
    vle32.v v0, (t3)
    SCALES
    vse32.v v8, (t3)
    vsse32.v v16, (t2), t4
    sub t1, t1, t0
    slli t5, t0, 2
    add t3, t3, t5
    slli t5, t0, 5
    add t2, t2, t5
    bnez t1, 3b

4:  bltu a0, t4, 5f
    flw fa0, 0(a2)
    vsetvli x0, t4, e32, m8, ta, ma
    vle32.v v0, (a1)
    addi a1, a1, 128
    TO_INT8 fa0
    vse8.v v0, (a2)
    addi a2, a2, 32
    addi a0, a0, -32
    j 4b
5:  beqz a0, 6f
    flw fa0, 0(a2)
    vsetvli x0, t4, e8, m2, ta, ma      # the rest of the last block is 0
    vmv.v.i v0, 0
    vse8.v v0, (a2)
    vsetvli x0, a0, e32, m8, ta, ma
    vle32.v v0, (a1)
    TO_INT8 fa0
    vse8.v v0, (a2)
6:  ret
    .size quantize_q8_0, . - quantize_q8_0

# float quantize_i8(size_t k, const float *x, int8_t *q): d; q is filled up with 0 to a multiple of 32.
    .globl quantize_i8
    .type quantize_i8, @function
quantize_i8:
    neg t4, a0
    andi t4, t4, 31                     # elements to fill up
    vsetvli t0, x0, e32, m8, ta, ma
    vmv.v.i v8, 0
    mv t1, a0
    mv t2, a1
1:  vsetvli t0, t1, e32, m8, tu, ma
    vle32.v v0, (t2)
    slli t3, t0, 2
    add t2, t2, t3
    sub t1, t1, t0
    vfsgnjx.vv v0, v0, v0
    vfmax.vv v8, v8, v0
    bnez t1, 1b
    vsetvli t0, x0, e32, m4, ta, ma
    vfmax.vv v8, v8, v12
    vsetvli t0, x0, e32, m2, ta, ma
    vfmax.vv v8, v8, v10
    vsetvli t0, x0, e32, m1, ta, ma
    vfmax.vv v8, v8, v9
    vfredmax.vs v0, v8, v8
    vsetivli x0, 1, e32, m8, ta, ma
    SCALES
    vfmv.f.s fa0, v8
    vfmv.f.s fa1, v16
2:  vsetvli t0, a0, e32, m8, ta, ma
    vle32.v v0, (a1)
    slli t3, t0, 2
    add a1, a1, t3
    TO_INT8 fa1
    vse8.v v0, (a2)
    add a2, a2, t0
    sub a0, a0, t0
    bnez a0, 2b
    beqz t4, 3f
    vsetvli x0, t4, e8, m2, ta, ma
    vmv.v.i v0, 0
    vse8.v v0, (a2)
3:  ret
    .size quantize_i8, . - quantize_i8

# size_t panel_rows(void): rows of a full panel, as many as e8 elements fit in two registers.
    .globl panel_rows
    .type panel_rows, @function
panel_rows:
    vsetvli a0, x0, e8, m2, ta, ma
    ret
    .size panel_rows, . - panel_rows
