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

/// Rows of the privileged instructions.
pub const ROWS: &[Row] = &[
    row("mret", "", "31..0=0x30200073", Exec::Direct(mret)),
    row("sret", "", "31..0=0x10200073", Exec::Direct(sret)),
    row("wfi", "", "31..0=0x10500073", Exec::Direct(wfi)),
    row("sfence.vma", "rs1, rs2", "rs1 rs2 31..25=9 14..12=0 11..7=0 6..0=0x73", Exec::Direct(sfence_vma)),
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

fn sfence_vma(h: &mut Hart, op: &Op) -> Flow {
    if !allowed(h, status::TVM) {
        let word = SFENCE_VMA | u32::from(op.rs1) << 15 | u32::from(op.rs2) << 20;
        return h.illegal(word, Illegal::Rule("sfence.vma is not allowed in this mode"));
    }
    h.flush_tlb();
    leave(h, op, Request::FlushBlocks)
}
