# SPDX-License-Identifier: MIT OR Apache-2.0
# Entry of a static Linux program: sp points to argc, then the argv pointers.
    .option nopic
    .section .text.start, "ax"
    .globl _start
    .type _start, @function
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    mv a0, sp
    andi sp, sp, -16
    li ra, 0
    li s0, 0                    # end of the frame chain
    tail rt_start               # never returns
    .size _start, . - _start
