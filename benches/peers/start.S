  .section .text.start, "ax"
  .globl _start
_start:
  .option push
  .option norelax
  la gp, __global_pointer$
  .option pop
#ifdef BARE
  li t0, 0x6600                 # mstatus: FS and VS dirty
  csrs mstatus, t0
  csrw fcsr, zero
  la sp, stack_top
#endif
  call run
