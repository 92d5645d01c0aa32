//! Physical memory protection, by small machine-mode programs.

#[path = "support/machine.rs"]
mod machine;

use machine::{ISA, Machine, results};
use rvtile_isa::hart::Cause;

/// A handler that records mcause in s11 and mtval in s10, and goes on behind the instruction (of 4 bytes).
const SKIP: &str = ".option norvc
    la t0, 9f; csrw mtvec, t0; j 8f
    .balign 4
    9: csrr s11, mcause; csrr s10, mtval; csrr t6, mepc; addi t6, t6, 4; csrw mepc, t6; mret
    8: li s11, -1; li s10, -1\n";

/// Runs a program with that handler.
fn skipping(source: &str) -> Machine {
    let mut machine = Machine::new(ISA, &format!("{SKIP}{source}\nebreak\n"));
    machine.run();
    machine
}

#[test]
fn protection_binds_lower_modes_and_locked_entries() {
    // Entry 0: 4 KiB at 0x20_0000 without access; entry 1: all else open.
    let pmp = "li t0, 0x801ff; csrw pmpaddr0, t0; li t0, -1; csrw pmpaddr1, t0";
    let cfg =
        |first: u32| format!("{pmp}; li t0, {}; csrw pmpcfg0, t0; li t1, 0x200000; li t2, 0x201000\n", 0x1f00 | first);
    let user = "la t0, 1f; csrw mepc, t0; csrw mstatus, zero; mret\n1: ";
    let machine = skipping(&format!("{}{user} lw a0, (t2); lw a0, (t1)", cfg(0x18)));
    assert_eq!(machine.traps, [(Cause::LoadFault, 0x20_0000)]);
    assert_eq!(skipping(&format!("{}{user} sw a0, (t1)", cfg(0x19))).x(27), 7);
    assert_eq!(skipping(&format!("{} sw a0, (t1)", cfg(0x19))).x(27), u64::MAX);
    assert_eq!(skipping(&format!("{} sw a0, (t1)", cfg(0x99))).x(27), 7);
    // mstatus.MPRV: machine mode with the rights of MPP.
    assert_eq!(skipping(&format!("{} li t3, 0x20000; csrs mstatus, t3; sw a0, (t1)", cfg(0x19))).x(27), 7);
}

/// Machine mode with the data rights of user mode; entry 0 matches 4 bytes at 0x20_0010, entry 1 the 16 bytes from
/// 0x20_0020, both with the permissions given; entry 2 opens all memory from 0x20_1000 on.
fn fine(permissions: u32, body: &str) -> Machine {
    let cfg = 0x0f << 24 | (0x18 | permissions) << 8 | 0x10 | permissions;
    skipping(&format!(
        "li t0, 0x80004; csrw pmpaddr0, t0; li t0, 0x80009; csrw pmpaddr1, t0; li t0, 0x80400; csrw pmpaddr2, t0
         li t0, -1; csrw pmpaddr3, t0; li t0, {cfg}; csrw pmpcfg0, t0
         li t3, 0x6600; csrs mstatus, t3; vsetivli t1, 4, e32, m1, ta, ma; vmv.v.i v1, 7
         li t1, 0x200000; li t3, 0x20000; csrs mstatus, t3\n{body}\nli t3, 0x20000; csrc mstatus, t3"
    ))
}

#[test]
fn protection_is_as_fine_as_a_word() {
    for (body, cause, tval) in [
        ("lw a0, 0x10(t1)", u64::MAX, u64::MAX),
        ("lb a0, 0x13(t1)", u64::MAX, u64::MAX),
        ("lw a0, 0x14(t1)", 5, 0x20_0014),
        ("sw a0, 0x0c(t1)", 7, 0x20_000c),
        ("ld a0, 0x10(t1)", 5, 0x20_0010),
        ("sd a0, 0x28(t1)", u64::MAX, u64::MAX),
        ("ld a0, 0x2c(t1)", 5, 0x20_002c),
        ("addi t2, t1, 0x20; amoadd.d a0, zero, (t2)", u64::MAX, u64::MAX),
        ("addi t2, t1, 0x30; amoadd.d a0, zero, (t2)", 7, 0x20_0030),
        ("addi t2, t1, 0x28; lr.d a0, (t2); sc.d a0, a0, (t2)", u64::MAX, u64::MAX),
        // What one access has found must not serve the next one to the page.
        ("lw a0, 0x20(t1); lw a0, 0x30(t1)", 5, 0x20_0030),
    ] {
        let machine = fine(7, body);
        assert_eq!((machine.x(27), machine.x(26)), (cause, tval), "{body}");
    }
    assert_eq!(fine(1, "sw a0, 0x10(t1)").traps, [(Cause::StoreFault, 0x20_0010)]);
    assert_eq!(fine(0, "lw a0, 0x24(t1)").traps, [(Cause::LoadFault, 0x20_0024)]);
}

#[test]
fn vector_accesses_end_where_protection_does() {
    assert_eq!(fine(7, "addi t2, t1, 0x20; vse32.v v1, (t2); vle32.v v2, (t2)").traps, []);
    // The first two elements are stored, the third is not.
    let machine = fine(7, "addi t2, t1, 0x28; vse32.v v1, (t2); csrr a0, vstart; csrwi vstart, 0");
    assert_eq!((machine.traps[0], machine.x(10)), ((Cause::StoreFault, 0x20_0030), 2));
    assert_eq!(machine.hart.mem.peek(0x20_0028, 12).unwrap(), [7, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]);
    let machine = fine(7, "addi t2, t1, 0x28; vle32ff.v v2, (t2); csrr a0, vl");
    assert_eq!((machine.traps.len(), machine.x(10)), (0, 2));
}

#[test]
fn a_partial_match_fails_even_in_machine_mode() {
    let machine = fine(7, "li t3, 0x20000; csrc mstatus, t3; lw a0, 0x14(t1); ld a0, 0x10(t1)");
    assert_eq!(machine.traps, [(Cause::LoadFault, 0x20_0010)]);
}

#[test]
fn registers_keep_every_bit_but_reserved_ones() {
    let a = results(
        "li t0, -1; csrw pmpaddr7, t0; csrr a0, pmpaddr7; li t0, 0x7f7e7d; csrw pmpcfg2, t0; csrr a1, pmpcfg2
         li t0, 0x12345; csrw pmpaddr1, t0; csrr a2, pmpaddr1; csrw pmpaddr16, t0; csrr a3, pmpaddr16",
    );
    assert_eq!(a[..4], [(1 << 54) - 1, 0x1f_1c1d, 0x1_2345, 0]);
}
