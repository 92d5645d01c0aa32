//! System instructions: environment calls, CSRs, fences, cache-block operations, privilege.

mod cache;
mod csr;
mod fence;
mod privileged;

use crate::class::Class;
use crate::ext::Ext;
use crate::hart::{Cause, Mode};
use crate::op::Flow;
use crate::row::{Exec, Row};

/// The rows of this family.
pub fn families() -> Vec<&'static [Row]> {
    vec![ROWS, csr::ROWS, fence::ROWS, cache::ROWS, privileged::ROWS]
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
        Exec::Direct(|h, op| {
            h.raise(Cause::Breakpoint, h.pc.wrapping_add(u64::from(op.aux)).wrapping_sub(u64::from(op.len)));
            Flow::Trap
        }),
    ),
];
