//! Privileged instructions.

use crate::class::Class;
use crate::ext::Ext;
use crate::hart::{Hart, Mode, Request, csr::status};
use crate::integer::base::leave;
use crate::op::{Flow, Illegal, Op};
use crate::row::{Exec, Row};

const fn row(name: &'static str, syntax: &'static str, encoding: &'static str, exec: Exec) -> Row {
    Row::new(name, syntax, encoding, Ext::PRIV, Class::System, exec)
}

const MRET: u32 = 0x3020_0073;
const SRET: u32 = 0x1020_0073;
const WFI: u32 = 0x1050_0073;
const SFENCE_VMA: u32 = 0x1200_0073;
const SINVAL_VMA: u32 = 0x1600_0073;

const fn svinval(name: &'static str, syntax: &'static str, encoding: &'static str, exec: Exec) -> Row {
    Row::new(name, syntax, encoding, Ext::SVINVAL, Class::System, exec)
}

const SFENCE_W_INVAL: u32 = 0x1800_0073;
const SFENCE_INVAL_IR: u32 = 0x1810_0073;

/// Rows of the privileged instructions.
pub const ROWS: &[Row] = &[
    row("mret", "", "31..0=0x30200073", Exec::Direct(mret)),
    row("sret", "", "31..0=0x10200073", Exec::Direct(sret)),
    row("wfi", "", "31..0=0x10500073", Exec::Direct(wfi)),
    row(
        "sfence.vma",
        "rs1, rs2",
        "rs1 rs2 31..25=9 14..12=0 11..7=0 6..0=0x73",
        Exec::Direct(sfence_vma::<SFENCE_VMA>),
    ),
    svinval(
        "sinval.vma",
        "rs1, rs2",
        "rs1 rs2 31..25=11 14..12=0 11..7=0 6..0=0x73",
        Exec::Direct(sfence_vma::<SINVAL_VMA>),
    ),
    svinval("sfence.w.inval", "", "31..0=0x18000073", Exec::Direct(order::<SFENCE_W_INVAL>)),
    svinval("sfence.inval.ir", "", "31..0=0x18100073", Exec::Direct(order::<SFENCE_INVAL_IR>)),
];

/// Whether the present mode is at least S, and M when `trapped` (TSR, TVM) is set in mstatus.
fn allowed(h: &Hart, trapped: u64) -> bool {
    match h.mode {
        Mode::Machine => true,
        Mode::Supervisor => h.csr.mstatus & trapped == 0,
        Mode::User => false,
    }
}

fn mret(h: &mut Hart, _: &Op) -> Flow {
    if h.mode != Mode::Machine {
        return h.illegal(MRET, Illegal::Rule("mret is for machine mode"));
    }
    h.return_from_machine();
    Flow::Jump
}

fn sret(h: &mut Hart, _: &Op) -> Flow {
    if !allowed(h, status::TSR) {
        return h.illegal(SRET, Illegal::Rule("sret is not allowed in this mode"));
    }
    h.return_from_supervisor();
    Flow::Jump
}

fn wfi(h: &mut Hart, op: &Op) -> Flow {
    if h.mode != Mode::Machine && h.csr.mstatus & status::TW != 0 {
        return h.illegal(WFI, Illegal::Rule("mstatus.TW forbids wfi below machine mode"));
    }
    leave(h, op, Request::Wfi)
}

fn sfence_vma<const WORD: u32>(h: &mut Hart, op: &Op) -> Flow {
    if !allowed(h, status::TVM) {
        let word = WORD | u32::from(op.rs1) << 15 | u32::from(op.rs2) << 20;
        return h.illegal(word, Illegal::Rule("fences of address translation are not allowed in this mode"));
    }
    h.flush_tlb();
    leave(h, op, Request::FlushBlocks)
}

/// The fences around sinval.vma: it takes effect at once, so they have nothing to do.
fn order<const WORD: u32>(h: &mut Hart, _: &Op) -> Flow {
    if h.mode == Mode::User {
        return h.illegal(WORD, Illegal::Rule("fences of address translation are not allowed in this mode"));
    }
    Flow::Next
}
