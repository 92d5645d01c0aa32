# SPDX-License-Identifier: MIT OR Apache-2.0
#
# bf16 GEMM with fp32 sums without any bf16 instruction: both operands become fp32 while they are packed, by a shift, and the
# tiles are those of matmul_f32, at the fp32 peak. For 64 columns at VLEN 512 packing a row of B takes 4 + 8 cycles of the port
# and 16 of arithmetic.

    .text

# void gemm_bf16_pack_b(float *dst, const uint16_t *src, size_t ldb_bytes, size_t kc, size_t nr)
#   a0 dst, a1 src, a2 source stride, a3 rows left, a4 nr | t0 bytes of a packed row
    .globl gemm_bf16_pack_b
    .type gemm_bf16_pack_b, @function
gemm_bf16_pack_b:
    vsetvli x0, a4, e32, m4, ta, ma
    slli t0, a4, 2
    andi t1, a3, 1
    beqz t1, 2f
    vle16.v v0, (a1)
    add a1, a1, a2
    vzext.vf2 v8, v0
    vsll.vi v8, v8, 16
    vse32.v v8, (a0)
    add a0, a0, t0
    addi a3, a3, -1
2:  beqz a3, 4f
3:  vle16.v v0, (a1)
    add a1, a1, a2
    vle16.v v2, (a1)
    add a1, a1, a2
    addi a3, a3, -2
    vzext.vf2 v8, v0
    vzext.vf2 v12, v2
    vsll.vi v8, v8, 16
    vsll.vi v12, v12, 16
    vse32.v v8, (a0)
    add a0, a0, t0
    vse32.v v12, (a0)
    add a0, a0, t0
    bnez a3, 3b
4:  ret
    .size gemm_bf16_pack_b, . - gemm_bf16_pack_b

# void gemm_bf16_pack_a(float *dst, const uint16_t *src, size_t lda_bytes, size_t rows, size_t kc): dst[k][r] = src[r][k]
#   One strided store a row; a block of A is packed once for a thousand columns.
#   a0 dst, a1 src, a2 source stride, a3 rows left, a4 kc | t0 vl, t1 k left, t2 source, t3 dst, t4 dst stride, t5 temporary
    .globl gemm_bf16_pack_a
    .type gemm_bf16_pack_a, @function
gemm_bf16_pack_a:
    slli t4, a3, 2
1:  mv t1, a4
    mv t2, a1
    mv t3, a0
2:  vsetvli t0, t1, e32, m4, ta, ma
    vle16.v v0, (t2)
    sub t1, t1, t0
    slli t5, t0, 1
    add t2, t2, t5
    vzext.vf2 v8, v0
    vsll.vi v8, v8, 16
    vsse32.v v8, (t3), t4
    mul t5, t0, t4
    add t3, t3, t5
    bnez t1, 2b
    add a1, a1, a2
    addi a0, a0, 4
    addi a3, a3, -1
    bnez a3, 1b
    ret
    .size gemm_bf16_pack_a, . - gemm_bf16_pack_a
