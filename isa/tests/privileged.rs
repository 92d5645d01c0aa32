//! CSRs, traps, privilege modes, address translation and protection, by small machine-mode programs.

#[path = "support/machine.rs"]
mod machine;

use machine::{BASE, ISA, Machine, results};
use rvtile_isa::hart::{Cause, Mode};
use rvtile_isa::memory::Perm;

/// A handler that records mcause in s11 and goes on behind the instruction (of 4 bytes).
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
fn csr_instructions_read_and_write() {
    let a = results(
        "li t0, 0xff; csrrw a0, mscratch, t0; csrrsi a1, mscratch, 0x10; csrrci a2, mscratch, 3; li t0, 0xf0
         csrrc a3, mscratch, t0; csrrwi a4, mscratch, 9; csrrs a5, mscratch, zero",
    );
    assert_eq!(a, [0, 0xff, 0xff, 0xfc, 0x0c, 9]);
}

#[test]
fn fields_keep_to_legal_values() {
    let a = results(
        "li t0, -1; csrw mstatus, t0; csrr a0, mstatus; csrw medeleg, t0; csrr a1, medeleg; csrw mideleg, t0
         csrr a2, mideleg; csrw mtvec, t0; csrr a3, mtvec; csrw satp, t0; csrr a4, satp; csrr a5, misa",
    );
    let counters = results(
        "li t0, -1; csrw mcountinhibit, t0; csrr a0, mcountinhibit; csrw mcountinhibit, zero; csrr a1, mcountinhibit",
    );
    assert_eq!(counters[..2], [0xffff_fffd, 0]);
    assert_eq!(a[0], 0x8000_000a_007e_7faa);
    assert_eq!(a[1..5], [0xb3ff, 0x222, !2, 0]);
    assert_eq!(a[5], 0x8000_0000_0034_112f);
    let a =
        results("li t0, 0x1000; csrw mstatus, t0; csrr a0, mstatus; li t0, 0x6600; csrs mstatus, t0; csrr a1, sstatus");
    assert_eq!(a[..2], [0xa_0000_0000, 0x8000_0002_0000_6600]);
}

#[test]
fn float_and_vector_csrs_need_their_unit() {
    let machine = skipping("csrr a0, fcsr");
    assert_eq!((machine.x(27), machine.x(26)), (2, 0x0030_2573));
    assert_eq!(skipping("csrr a0, vlenb").x(27), 2);
    let on = "li t0, 0x2200; csrs mstatus, t0\n";
    let machine = skipping(&format!(
        "{on} li t0, 0x7ff; csrw fcsr, t0; csrr a0, fflags; csrr a1, frm; csrr a2, fcsr; csrr a3, vlenb; csrr a4, vtype
         csrwi vcsr, 7; csrr a5, vxrm; csrr a6, vxsat; csrr a7, mstatus"
    ));
    assert_eq!(machine.hart.x[10..17], [31, 7, 0xff, 64, 1 << 63, 3, 1]);
    assert_eq!(machine.x(17) >> 9 & 0x33, 0x33, "both units are dirty now");
    assert_eq!(machine.x(27), u64::MAX, "no exception");
    assert_eq!((machine.hart.frm, machine.hart.vxrm, machine.hart.vxsat), (7, 3, true));
}

#[test]
fn unknown_and_read_only_csrs_are_illegal() {
    for source in [
        "csrr a0, 0x744",
        "csrw cycle, zero",
        "csrw mhartid, t0",
        "csrr a0, 0x7b0",
        "csrr a0, pmpcfg1",
        "csrr a0, 0x3f0",
    ] {
        assert_eq!(skipping(source).x(27), 2, "{source}");
    }
    for source in [
        "csrr a0, mhartid",
        "csrs cycle, zero",
        "csrr a0, tselect",
        "csrw mhpmevent5, t0",
        "csrw pmpaddr63, t0",
        "csrr a0, pmpcfg14",
    ] {
        assert_eq!(skipping(source).x(27), u64::MAX, "{source}");
    }
}

#[test]
fn counters_count_and_can_be_set() {
    let a = results(
        "csrr a0, minstret; nop; nop; csrr a1, instret; li t0, 1000; csrw minstret, t0; csrr a2, minstret
         csrwi mcountinhibit, 5; csrr a3, minstret; nop; csrr a4, instret; csrwi mcountinhibit, 0; nop; csrr a5, instret",
    );
    assert_eq!(a[1] - a[0], 3);
    assert_eq!((a[2], a[4], a[5] - a[4]), (1000, a[3], 2));
    let a = results("csrwi mcycle, 0; csrr a0, mcycle; csrr a1, cycle");
    assert_eq!(a[..2], [10, 20]);
}

#[test]
fn traps_go_to_supervisor_mode_when_delegated() {
    let mut machine = Machine::new(
        ISA,
        "li t0, 0x100; csrw medeleg, t0; la t0, 2f; csrw stvec, t0; la t0, 1f; csrw mepc, t0; csrsi mstatus, 2
         la t0, 3f; csrw mtvec, t0; mret
         .balign 4
         1: ecall
         .balign 4
         2: csrr a0, scause; csrr a1, sepc; csrr a2, sstatus; csrr a3, mstatus
         .balign 4
         3: csrr a4, mcause; csrr a5, mstatus; ebreak",
    );
    machine.run();
    assert_eq!(machine.traps[0].0, Cause::EcallU);
    assert_eq!(machine.traps[1].0, Cause::IllegalInstruction, "S may not read mstatus");
    let a: Vec<u64> = machine.hart.x[10..16].to_vec();
    assert_eq!((a[0], a[4]), (8, 2));
    assert_eq!(a[2], 0x2_0000_0020, "SIE went to SPIE, SPP is user");
    assert_eq!(a[5] & 0x1800, 0x800, "MPP is supervisor");
    assert_eq!(machine.hart.mode, Mode::Machine);
}

#[test]
fn privileged_instructions_check_the_mode() {
    // To user mode, then try each; every trap returns behind it.
    let user = "la t0, 1f; csrw mepc, t0; csrw mstatus, zero; mret\n1: ";
    for (source, cause) in [
        ("mret", 2),
        ("sret", 2),
        ("sfence.vma", 2),
        ("sinval.vma zero, zero", 2),
        ("sfence.w.inval", 2),
        ("sfence.inval.ir", 2),
        ("csrr a0, sstatus", 2),
        ("rdcycle a0", 2),
        ("ecall", 8),
        ("cbo.zero (sp)", 2),
    ] {
        assert_eq!(skipping(&format!("{user}{source}")).x(27), cause, "{source}");
    }
    let supervisor = "la t0, 1f; csrw mepc, t0; li t0, 0x700800; csrw mstatus, t0; mret\n1: ";
    for (source, cause) in [
        ("sret", 2),
        ("sfence.vma", 2),
        ("sinval.vma t0, t1", 2),
        ("sfence.w.inval", u64::MAX),
        ("sfence.inval.ir", u64::MAX),
        ("csrr a0, satp", 2),
        ("wfi", 2),
        ("ecall", 9),
    ] {
        assert_eq!(skipping(&format!("{supervisor}{source}")).x(27), cause, "{source}");
    }
    let machine = skipping(&format!("csrwi mcounteren, 1; csrwi scounteren, 5; {user} rdcycle a0; wfi; rdinstret a1"));
    assert_eq!((machine.traps.len(), machine.x(26)), (1, 0xc020_25f3));
}

#[test]
fn interrupts_are_taken_by_priority() {
    let mut machine = Machine::new(
        ISA,
        "la t0, 1f + 1; csrw mtvec, t0; li t0, 0x22; csrw mip, t0; csrw mie, t0; csrsi mstatus, 8; ebreak
         .balign 4
         .option norvc
         1: ebreak; j 2f; nop; nop; nop; j 3f
         2: csrci mip, 2; csrr a0, mcause; mret
         3: csrr a1, mcause; csrr a2, mepc; csrr a3, mstatus; ebreak",
    );
    machine.run();
    assert_eq!((machine.x(10), machine.x(11)), (1 << 63 | 1, 1 << 63 | 5));
    assert_eq!(machine.x(13) & 0x1888, 0x1880);
}

/// A supervisor address space: 0x4000_0000 maps to 0x20_0000 in pages, 0x8000_0000 as a 2 MiB page to 0, and the
/// program's own 2 MiB as themselves.
fn paging(flags: &[(u64, u64)], body: &str) -> Machine {
    paging_with(SKIP, flags, body)
}

fn paging_with(handler: &str, flags: &[(u64, u64)], body: &str) -> Machine {
    let source = format!(
        "{handler} li t0, 0x8000000000000100; csrw satp, t0; la t0, 1f; csrw mepc, t0; li t0, 0x800; csrs mstatus, t0; mret
         1: {body}\nebreak\n"
    );
    let mut machine = Machine::new(ISA, &source);
    let mem = &mut machine.hart.mem;
    let mut put = |at: u64, entry: u64| mem.poke(at, &entry.to_le_bytes()).unwrap();
    let table = |at: u64| at >> 12 << 10 | 1;
    // Root at 0x10_0000; it maps the first GiB through 0x10_1000, the second through 0x10_2000 and 0x10_3000.
    put(0x10_0000, table(0x10_1000));
    put(0x10_0008, table(0x10_2000));
    put(0x10_0010, 0xcf);
    put(0x10_1000, 0xcf);
    put(0x10_2000, table(0x10_3000));
    put(0x10_2008, 0x400 | 0xcf);
    for &(page, flags) in flags {
        put(0x10_3000 + page * 8, (0x20_0000 + page * 0x1000) >> 12 << 10 | flags);
    }
    machine.run();
    machine
}

#[test]
fn sv39_translates() {
    let machine = paging(
        &[(0, 0xc7), (1, 0xc7)],
        "li t0, 0x40000ffc; li t1, 0x1122334455667788; sd t1, 0(t0); ld a0, 0(t0); li t2, 0x80200000; lw a1, (t2)",
    );
    assert_eq!(machine.traps, []);
    assert_eq!(machine.x(10), 0x1122_3344_5566_7788);
    assert_eq!(machine.hart.mem.peek(0x20_0ffc, 8).unwrap(), 0x1122_3344_5566_7788u64.to_le_bytes());
}

#[test]
fn a_breakpoint_leaves_its_address() {
    let mut machine = Machine::new(ISA, "c.nop; .option norvc; nop; ebreak");
    machine.run();
    assert_eq!(machine.hart.trap.tval, BASE + 6);
}

#[test]
fn sv48_and_sv57_have_more_levels() {
    let read = |satp: &str, addr: &str| {
        let source = format!(
            "{SKIP} li t0, {satp}; csrw satp, t0; csrr a1, satp; la t0, 1f; csrw mepc, t0; li t0, 0x800; csrs mstatus, t0; mret
             1: li t0, {addr}; lw a0, (t0)\nebreak\n"
        );
        let mut machine = Machine::new(ISA, &source);
        let mem = &mut machine.hart.mem;
        // Sv57: 0x10_0000, 0x10_1000, then a page of 512 GiB; Sv48 begins one level below.
        for (at, entry) in [(0x10_0000u64, 0x101u64 << 10 | 1), (0x10_1000, 0xcf)] {
            mem.poke(at, &entry.to_le_bytes()).unwrap();
        }
        mem.poke(0x20_0000, &77u32.to_le_bytes()).unwrap();
        machine.run();
        (machine.x(10), machine.x(27), machine.x(11) >> 60)
    };
    assert_eq!(read("0x9000000000000101", "0x200000"), (77, u64::MAX, 9));
    assert_eq!(read("0xa000000000000100", "0x200000"), (77, u64::MAX, 10));
    assert_eq!(read("0x9000000000000101", "0x0000800000000000"), (0, 13, 9));
    assert_eq!(read("0xa000000000000100", "0x0000800000000000"), (0, 13, 10), "no entry");
    assert_eq!(read("0xb000000000000100", "0x200000"), (77, u64::MAX, 0), "no such scheme");
}

#[test]
fn sv39_faults() {
    let load = "li t0, 0x40000010; ld a0, (t0)";
    let store = "li t0, 0x40000010; sd a0, (t0)";
    for (flags, body, cause) in [
        (0x00, load, 13),
        (0xc6, load, 13),
        (0x87, load, 13),
        (0x47, load, u64::MAX),
        (0x47, store, 15),
        (0xc3, store, 15),
        (0xc5, load, 13),
        (0xc9, load, 13),
        (0xd7, load, 13),
        (0xc7 | 1 << 60, load, 13),
        (0xc7, "li t0, 0x40000010; amoadd.w a0, a1, (t0)", u64::MAX),
        (0xc3, "li t0, 0x40000010; amoadd.w a0, a1, (t0)", 15),
        (0xd7, "li t0, 0x40000; csrs sstatus, t0; li t0, 0x40000010; ld a0, (t0)", u64::MAX),
        (0xc9, "li t0, 0x80000; csrs sstatus, t0; li t0, 0x40000010; ld a0, (t0)", u64::MAX),
        (0xc7, "li t0, 0x0000008000000000; ld a0, (t0)", 13),
        (0xc7, "li t0, 0x40200000; ld a0, (t0)", 13),
    ] {
        let machine = paging(&[(0, flags)], body);
        assert_eq!(machine.x(27), cause, "{flags:#x}: {body}");
    }
    // A pointer at the last level, and an access that faults in its second page.
    assert_eq!(paging(&[(0, 1)], load).x(27), 13);
    let machine = paging(&[(0, 0xc7)], "li t0, 0x40000ffc; ld a0, (t0)");
    assert_eq!((machine.x(27), machine.x(26)), (13, 0x4000_1000));
}

#[test]
fn sv39_fetches() {
    // The page holds `ret`. A handler of its own resumes at ra.
    let body = "li t1, 0x80200000; li t2, 0x8082; sw t2, (t1); li t0, 0x40000000; la ra, 7f; jr t0
        7: nop";
    for (flags, cause) in [(0xcb, u64::MAX), (0xc7, 12), (0xdb, 12), (0x8b, 12)] {
        let machine = paging_with(&SKIP.replace("addi t6, t6, 4", "mv t6, ra"), &[(0, flags)], body);
        assert_eq!(machine.x(27), cause, "{flags:#x}");
    }
}

#[test]
fn memory_permissions_raise_access_faults() {
    let mut machine = Machine::new(ISA, &format!("{SKIP} li t0, 0x300000; sw a0, (t0); lw a0, (t0)\nebreak\n"));
    machine.hart.mem.protect(0x30_0000, 0x1000, Perm::R).unwrap();
    machine.run();
    assert_eq!(machine.traps, [(Cause::StoreFault, 0x30_0000)]);
    assert_eq!(machine.hart.mem.perm(BASE), Perm::all());
}
