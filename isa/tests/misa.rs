//! Extensions that a program switches off and on with misa.

#[path = "support/machine.rs"]
mod machine;

use machine::{ISA, Machine, results};
use rvtile_isa::hart::Cause;

/// A handler that goes on behind the instruction (of 4 bytes).
const SKIP: &str = ".option norvc
    la t0, 9f; csrw mtvec, t0; j 8f
    .balign 4
    9: csrr t6, mepc; addi t6, t6, 4; csrw mepc, t6; mret
    8: li t0, 0x6600; csrs mstatus, t0; csrr s0, misa\n";

fn traps(source: &str) -> Vec<(Cause, u64)> {
    let mut machine = Machine::new(ISA, &format!("{SKIP}{source}\nebreak\n"));
    machine.run();
    machine.traps
}

#[test]
fn letters_can_be_cleared_and_set() {
    let a = results(".option norvc; .balign 4; csrr a0, misa; csrw misa, zero; csrr a1, misa; li t0, -1; csrw misa, t0; csrr a2, misa
         csrci misa, 8; csrr a3, misa");
    assert_eq!(a[1], 0x8000_0000_0014_0100, "I, S and U stay");
    assert_eq!(a[0], a[2]);
    assert_eq!(a[0] & !a[3], 1 << 21 | 1 << 3, "V needs D");
}

#[test]
fn instructions_of_a_cleared_letter_are_illegal() {
    for (clear, source, word) in [
        ("1", "amoadd.w zero, zero, (sp)", 0x0001_202f),
        ("2", "sh1add a0, a0, a0", 0x20a5_2533),
        ("8", "fadd.d fa0, fa0, fa0", 0x02a5_7553),
        ("0x200000", "vsetvli a0, a0, e8, m1, ta, ma", 0x0c05_7557),
        ("32", "fadd.s fa0, fa0, fa0", 0x00a5_7553),
        ("4096", "mul a0, a0, a0", 0x02a5_0533),
    ] {
        let illegal = [(Cause::IllegalInstruction, word)];
        let off = format!("li t1, {clear}; csrc misa, t1; {source}; csrs misa, t1");
        assert_eq!(traps(&off), illegal, "{source}");
        assert_eq!(traps(&format!("la sp, 1f; {off}; {source}; j 2f; 1: nop; 2: nop")), illegal, "{source}");
    }
    assert_eq!(traps("csrci misa, 8; fadd.s fa0, fa0, fa0"), []);
}

#[test]
fn without_compressed_code_targets_must_be_aligned() {
    let misaligned = |source: &str| {
        let traps = traps(&format!(".balign 4; csrci misa, 4; {source}"));
        traps.iter().map(|(cause, tval)| (*cause, tval % 4)).collect::<Vec<_>>()
    };
    let trap = [(Cause::FetchMisaligned, 2)];
    assert_eq!(misaligned("la t1, 1f; jr 2(t1); 1: nop; nop"), trap);
    assert_eq!(misaligned("beqz zero, .+6; nop; nop"), trap);
    assert_eq!(misaligned("bnez zero, .+6; nop; nop"), []);
    assert_eq!(misaligned("jal zero, .+6; nop; nop"), trap);
    assert_eq!(misaligned(".4byte 0x00010001"), [(Cause::IllegalInstruction, 1)]);
    let a = results(
        ".option norvc; .balign 4; li t0, 0x1002; csrw mepc, t0; csrr a0, mepc; csrci misa, 4; csrr a1, mepc
         csrsi misa, 4; csrr a2, mepc",
    );
    assert_eq!(a[..3], [0x1002, 0x1000, 0x1002]);
    // The instruction behind would be misaligned: the write has no effect.
    let a = results(".balign 4; csrr a0, misa; c.nop; csrci misa, 4; csrr a1, misa");
    assert_eq!(a[0], a[1]);
}
