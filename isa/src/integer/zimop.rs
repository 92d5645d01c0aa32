//! Zimop: may-be-operations, which write zero until an extension redefines them.

use crate::class::Class;
use crate::ext::Ext;
use crate::hart::Hart;
use crate::op::{Flow, Op};
use crate::row::{Exec, Row};

/// Rows of Zimop. The mnemonic ends in the number that the `mop` fields hold.
pub const ROWS: &[Row] = &[
    Row::new(
        "mop.r",
        "rd, rs1",
        "rd rs1 mop_lo mop_mid mop_hi 31..31=1 29..28=0 25..22=7 14..12=4 6..0=0x73",
        Ext::ZIMOP,
        Class::Alu,
        Exec::Direct(zero),
    ),
    Row::new(
        "mop.rr",
        "rd, rs1, rs2",
        "rd rs1 rs2 mop_mid mop_hi 31..31=1 29..28=0 25..25=1 14..12=4 6..0=0x73",
        Ext::ZIMOP,
        Class::Alu,
        Exec::Direct(zero),
    ),
];

fn zero(h: &mut Hart, op: &Op) -> Flow {
    h.x[op.rd as usize] = 0;
    Flow::Next
}
