# Software and timer interrupts of machine mode; no word for the host but the exit.
        .globl  _start, tohost
        .equ    MSIP, 0x02000000
        .equ    MTIMECMP, 0x02004000
        .equ    MTIME, 0x0200bff8
_start: la      t0, vectors + 1
        csrw    mtvec, t0

        li      t0, MSIP
        lw      a0, 0(t0)
        bnez    a0, fail
        csrr    a0, mip                 # nothing is pending unasked
        bnez    a0, fail
        li      t1, 1
        sw      t1, 0(t0)
        csrr    a0, mip
        li      t1, 1 << 3
        bne     a0, t1, fail
        csrw    mie, t1
        csrsi   mstatus, 8
1:      beqz    s1, 1b
        csrci   mstatus, 8

        li      t0, MTIME
        ld      s2, 0(t0)
        addi    s2, s2, 500
        li      t1, MTIMECMP
        sd      s2, 0(t1)
        li      t1, 1 << 7
        csrw    mie, t1
        csrsi   mstatus, 8
1:      wfi
        beqz    s3, 1b
        bltu    s3, s2, fail
        csrci   mstatus, 8

        li      t1, 1 << 40             # time can be set, in halves too
        sd      t1, 0(t0)
        j       1f
1:      ld      t2, 0(t0)
        bltu    t2, t1, fail
        sw      zero, 4(t0)
        j       1f
1:      ld      t2, 0(t0)
        srli    t2, t2, 32
        bnez    t2, fail
        li      a0, 3 << 1 | 1
        j       end
fail:   li      a0, 99 << 1 | 1
end:    sd      a0, tohost, t0
1:      j       1b

        .balign 128
        .option norvc
vectors:
        j       fail
        j       fail
        j       fail
        j       software
        j       fail
        j       fail
        j       fail
timer:  li      t2, MTIME
        ld      s3, 0(t2)
        li      t2, MTIMECMP
        li      t3, -1
        sd      t3, 0(t2)
        mret
software:
        li      s1, 1
        li      t2, MSIP
        sw      zero, 0(t2)
        mret

        .data
        .balign 64
tohost: .dword  0
