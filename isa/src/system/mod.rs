//! System instructions: fences, environment calls, CSRs, privilege.

use crate::class::Class;
use crate::ext::Ext;
use crate::hart::{Cause, Mode, Request};
use crate::integer::base::leave;
use crate::op::Flow;
use crate::row::{Exec, Row};

/// The rows of this family.
pub fn families() -> Vec<&'static [Row]> {
    vec![ROWS]
}

const ROWS: &[Row] = &[
    Row::new(
        "ecall",
        "",
        "31..0=0x73",
        Ext::I,
        Class::System,
        Exec::Direct(|h, _| {
            let cause = match h.mode {
                Mode::User => Cause::EcallU,
                Mode::Supervisor => Cause::EcallS,
                Mode::Machine => Cause::EcallM,
            };
            h.raise(cause, 0);
            Flow::Trap
        }),
    ),
    Row::new(
        "ebreak",
        "",
        "31..0=0x00100073",
        Ext::I,
        Class::System,
        Exec::Direct(|h, _| {
            h.raise(Cause::Breakpoint, 0);
            Flow::Trap
        }),
    ),
    Row::new("fence", "pred, succ", "fm pred succ rs1 14..12=0 rd 6..0=0x0f", Ext::I, Class::Fence, Exec::Direct(|_, _| Flow::Next)),
    Row::new(
        "fence.i",
        "",
        "imm12 rs1 14..12=1 rd 6..0=0x0f",
        Ext::ZIFENCEI,
        Class::FenceI,
        Exec::Direct(|h, op| leave(h, op, Request::FlushBlocks)),
    ),
];
