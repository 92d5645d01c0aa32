# HTIF without any library: a write call, the console in two halves, a handled exception, a status.
        .globl  _start, tohost, fromhost
_start: la      sp, stack_top
        la      t0, handler
        csrw    mtvec, t0

        # System call 64 (write), given by the address of its block.
        la      a0, block
        la      t0, text
        sd      t0, 16(a0)
        call    command
wait:   ld      t0, fromhost
        beqz    t0, wait
        sd      zero, fromhost, t1
        ld      s0, block               # the result: 6 bytes

        # Console output: device 1, command 1, the low half first.
        la      t1, tohost
        li      t0, '!'
        sw      t0, 0(t1)
        j       upper                   # another block begins between the halves
upper:  li      t0, 0x01010000
        sw      t0, 4(t1)
1:      ld      t0, 0(t1)
        bnez    t0, 1b

        csrr    t0, 0x7c0               # no such CSR: the handler skips it and counts
        li      t1, 1
        bne     s1, t1, fail
        li      t1, 6
        bne     s0, t1, fail
        li      a0, 7 << 1 | 1
        call    command
2:      j       2b
fail:   li      a0, 99 << 1 | 1
        call    command
3:      j       3b

command:
        sd      a0, tohost, t0
        ret

        .balign 4
handler:
        addi    s1, s1, 1
        csrr    t2, mepc
        addi    t2, t2, 4
        csrw    mepc, t2
        mret

        .data
text:   .ascii  "hello\n"
        .balign 64
block:  .dword  64, 1, 0, 6, 0, 0, 0, 0
        .balign 64
tohost: .dword  0
        .balign 64
fromhost: .dword 0
        .balign 16
        .skip   4096
stack_top:
