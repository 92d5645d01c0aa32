//! Fences and pauses. One hart executes in program order, so a memory fence does nothing here.

use crate::class::Class;
use crate::ext::Ext;
use crate::hart::{Hart, Request};
use crate::integer::base::leave;
use crate::op::{Flow, Op};
use crate::row::{Exec, Row};

/// Rows of fence, fence.i, Zihintpause and Zawrs.
pub const ROWS: &[Row] = &[
    // Reserved modes and register fields execute as a plain fence.
    Row::new(
        "fence",
        "pred, succ",
        "fm pred succ rs1 14..12=0 rd 6..0=0x0f",
        Ext::I,
        Class::Fence,
        Exec::Direct(nothing),
    ),
    Row::new("fence.tso", "", "31..0=0x8330000f", Ext::I, Class::Fence, Exec::Direct(nothing)),
    // Without Zihintpause it is a fence that orders nothing.
    Row::new("pause", "", "31..0=0x0100000f", Ext::I.union(Ext::ZIHINTPAUSE), Class::Nop, Exec::Direct(nothing)),
    Row::new(
        "fence.i",
        "",
        "imm12 rs1 14..12=1 rd 6..0=0x0f",
        Ext::ZIFENCEI,
        Class::FenceI,
        Exec::Direct(|h, op| leave(h, op, Request::FlushBlocks)),
    ),
    // The wait may end at any time, for any reason.
    Row::new("wrs.nto", "", "31..0=0x00d00073", Ext::ZAWRS, Class::Nop, Exec::Direct(nothing)),
    Row::new("wrs.sto", "", "31..0=0x01d00073", Ext::ZAWRS, Class::Nop, Exec::Direct(nothing)),
];

fn nothing(_: &mut Hart, _: &Op) -> Flow {
    Flow::Next
}
