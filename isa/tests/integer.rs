//! Integer, atomic, bit-manipulation, compressed and cache-block instructions against hand-computed values.

#[path = "support/machine.rs"]
mod machine;

use machine::{BASE, ISA, Machine, results};
use rvtile_isa::hart::Cause;

#[test]
fn bit_manipulation() {
    let a = results(
        "li t0, 0x00f0000080010200; li t1, 0x123456789abcdef0
         clz a0, t0; ctz a1, t0; cpop a2, t0; orc.b a3, t0; rev8 a4, t1; brev8 a5, t1",
    );
    assert_eq!(a, [8, 9, 7, 0x00ff_0000_ffff_ff00, 0xf0de_bc9a_7856_3412, 0x482c_6a1e_593d_7b0f]);
    let a = results(
        "li t0, -5; li t1, 3
         min a0, t0, t1; minu a1, t0, t1; max a2, t0, t1; maxu a3, t0, t1; andn a4, t1, t0; xnor a5, t0, t1",
    );
    assert_eq!(a, [-5i64 as u64, 3, 3, -5i64 as u64, 0, !(-5i64 as u64 ^ 3)]);
    let a = results(
        "li t0, 0x8000000180000001; li t1, 36
         rol a0, t0, t1; ror a1, t0, t1; rolw a2, t0, t1; rorw a3, t0, t1; rori a4, t0, 1; roriw a5, t0, 1",
    );
    assert_eq!(
        a,
        [0x0000_0018_0000_0018, 0x1800_0000_1800_0000, 0x18, 0x1800_0000, 0xc000_0000_c000_0000, 0xffff_ffff_c000_0000]
    );
    let a = results(
        "li t0, 0xffffffff80000000; li t1, 5
         add.uw a0, t0, t1; sh1add a1, t1, t0; sh3add.uw a2, t0, t1; slli.uw a3, t0, 4; clzw a4, t1; ctzw a5, t0",
    );
    assert_eq!(a, [0x8000_0005, 0xffff_ffff_8000_000a, 0x4_0000_0005, 0x8_0000_0000, 29, 31]);
    let a = results(
        "li t0, 0xf00000000000000f; li t1, 67
         bclr a0, t0, t1; bext a1, t0, t1; binv a2, t0, t1; bset a3, t0, t1; bclri a4, t0, 63; bexti a5, t0, 60",
    );
    assert_eq!(a, [0xf000_0000_0000_0007, 1, 0xf000_0000_0000_0007, 0xf000_0000_0000_000f, 0x7000_0000_0000_000f, 1]);
    let a = results(
        "li t0, 0x8000000000000003; li t1, 5
         clmul a0, t0, t1; clmulh a1, t0, t1; clmulr a2, t0, t1
         li t0, 0x1122334455667788; li t1, 0x99aabbccddeeff01
         pack a3, t0, t1; packh a4, t0, t1; packw a5, t0, t1",
    );
    // (x^63 + x + 1)(x^2 + 1) = x^65 + x^63 + x^3 + x^2 + x + 1
    assert_eq!(a, [0x8000_0000_0000_000f, 2, 5, 0xddee_ff01_5566_7788, 0x188, 0xffff_ffff_ff01_7788]);
    let a = results("li t0, 0x81828384; sext.b a0, t0; sext.h a1, t0; zext.h a2, t0; cpopw a3, t0");
    assert_eq!(a[..4], [0xffff_ffff_ffff_ff84, 0xffff_ffff_ffff_8384, 0x8384, 9]);
}

#[test]
fn instructions_that_the_assembler_lacks() {
    // czero.eqz a0, t0, t1; czero.nez a1, t0, t1; mop.r.5 a2, t0; mop.rr.3 a3, t0, t0
    let a = results(
        "li t0, 7; li t1, 0; li a2, 9; li a3, 9
         .insn r 0x33, 5, 7, a0, t0, t1; .insn r 0x33, 7, 7, a1, t0, t1
         .insn i 0x73, 4, a2, t0, -1955; .insn r 0x73, 4, 0x47, a3, t0, t0",
    );
    assert_eq!(a[..4], [0, 7, 0, 0]);
    // c.mop.1, c.not a0, c.zext.b a1, c.mul a2, a3, c.lbu a4, 1(a5), c.lh a5, 0(a5)
    let a = results(
        "li a0, 0; li a1, 0x1ff; li a2, 6; li a3, 7; la a5, 1f; j 2f
         1: .half 0x8765
         2: .2byte 0x6081, 0x9d75, 0x9de1, 0x9e55, 0x83d8, 0x87dc",
    );
    assert_eq!([a[0], a[1], a[2], a[4], a[5]], [u64::MAX, 0xff, 42, 0x87, 0xffff_ffff_ffff_8765]);
}

#[test]
fn atomics() {
    let a = results(
        "la t0, 1f; li t1, -1
         amoadd.w a0, t1, (t0); lw a1, (t0); amomaxu.w a2, t1, (t0); amomin.d a3, t1, (t0); ld a4, (t0); j 2f
         .balign 8
         1: .dword 0x0000000180000000
         2:",
    );
    assert_eq!(a[..5], [0xffff_ffff_8000_0000, 0x7fff_ffff, 0x7fff_ffff, 0x1_ffff_ffff, u64::MAX]);
    let a = results(
        "la t0, 1f; li t1, 5
         lr.d a0, (t0); sc.d a1, t1, (t0); sc.d a2, t1, (t0); lr.w a3, (t0); addi t2, t0, 8; sc.w a4, t1, (t2); ld a5, (t0)
         j 2f
         .balign 8
         1: .dword 3, 4
         2:",
    );
    assert_eq!(a, [3, 0, 1, 5, 1, 5]);
    let mut machine =
        Machine::new(ISA, "la t0, 1f; csrw mtvec, t0; li t1, 0x20002; amoswap.w a0, t1, (t1)\n.balign 4\n1: ebreak");
    machine.run();
    assert_eq!(machine.traps, [(Cause::StoreMisaligned, 0x2_0002)]);
    assert_eq!(machine.hart.log.words, []);
}

#[test]
fn cache_blocks() {
    let mut machine = Machine::new(
        ISA,
        "li t0, 0x20048; li t1, -1; sd t1, -16(t0); sd t1, 0(t0); sd t1, 0x38(t0); cbo.zero (t0); cbo.clean (t0)
         prefetch.r 64(t0); ld a0, -16(t0); ld a1, 0(t0); ld a2, 0x38(t0); pause; fence.tso; wrs.nto; ebreak",
    );
    machine.run();
    assert_eq!([machine.x(10), machine.x(11), machine.x(12)], [u64::MAX, 0, u64::MAX]);
    assert_eq!(machine.hart.log.words[3..6], [0x2_0040, 0x2_0040, 0x2_0080]);
}

#[test]
fn jumps_without_16_bit_instructions_must_be_aligned() {
    let source = ".option norvc\nla t0, 1f; csrw mtvec, t0; li a0, 5; li a1, 5; j 2f
        .balign 4
        1: csrr t1, mepc; addi t1, t1, 4; csrw mepc, t1; mret
        2: .4byte 0x0060056f # jal a0, .+6
        la t2, 2b + 2; jalr a0, (t2)
        .4byte 0x00b50363 # beq a0, a1, .+6
        ebreak";
    let mut machine = Machine::new("rv64imafd_zicsr", source);
    machine.run();
    let causes: Vec<Cause> = machine.traps.iter().map(|trap| trap.0).collect();
    assert_eq!(causes, [Cause::FetchMisaligned; 3]);
    assert_eq!(machine.x(10), 5, "a jump that traps links nothing");
    assert!(machine.traps.iter().all(|trap| trap.1 % 4 == 2 && trap.1 > BASE));
}
