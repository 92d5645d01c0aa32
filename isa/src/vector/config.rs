//! vsetvli, vsetivli, vsetvl.

use crate::chain::Hot;
use crate::class::Class;
use crate::ext::Ext;
use crate::hart::Hart;
use crate::inst::Inst;
use crate::matrix::geometry::Geometry;
use crate::op::{Ctx, Flow, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::vtype::Vtype;

/// Semantics by `set_plain` with an application vector length, without and with the access log.
macro_rules! plain {
    (|$h:tt, $op:tt| $avl:expr) => {{
        fn avl($h: &Hart, $op: &Op) -> u64 {
            $avl
        }
        Hot::telling(
            |h, op| Some(set_plain(h, op, avl(h, op))),
            |h, op| {
                let vl = set_plain(h, op, avl(h, op));
                h.log.push(vl);
                Flow::Next
            },
        )
    }};
}

/// Rows of this family.
pub const ROWS: &[Row] = &[
    Row::new(
        "vsetvli",
        "rd, rs1, vtype",
        "rd rs1 zimm11 31..31=0 14..12=7 6..0=0x57",
        Ext::ZVE32X,
        Class::Vset,
        Exec::SelectHot(|inst, ctx| {
            Ok(match (is_plain(inst, ctx), inst.rs1, inst.rd) {
                (true, 0, 1..) => plain!(|_, _| u64::MAX),
                (true, 1.., _) => plain!(|h, op| h.x[op.rs1 as usize]),
                _ => Hot::cold(vsetvli),
            })
        }),
    )
    .with(Props::SETS_VTYPE),
    Row::new(
        "vsetivli",
        "rd, ximm, vtype",
        "rd zimm zimm10 31..30=3 14..12=7 6..0=0x57",
        Ext::ZVE32X,
        Class::Vset,
        Exec::SelectHot(|inst, ctx| {
            Ok(if is_plain(inst, ctx) { plain!(|_, op| u64::from(op.rs1)) } else { Hot::cold(vsetivli) })
        }),
    )
    .with(Props::SETS_VTYPE),
    Row::new(
        "vsetvl",
        "rd, rs1, rs2",
        "rd rs1 rs2 31..25=0x40 14..12=7 6..0=0x57",
        Ext::ZVE32X,
        Class::Vset,
        Exec::Direct(|h, op| {
            let value = h.x[op.rs2 as usize];
            let avl = requested(h, op, value);
            set(h, op, avl, value);
            h.pc = h.pc.wrapping_add(u64::from(op.aux));
            Flow::Jump
        }),
    )
    .with(Props::ENDS_BLOCK),
];

fn vsetivli(h: &mut Hart, op: &Op) -> Flow {
    set(h, op, u64::from(op.rs1), op.imm as u64)
}

/// Whether `set_plain` does what `set` does: the type is legal, and there are no sizes of tiles that it would clear.
fn is_plain(inst: &Inst, ctx: &Ctx) -> bool {
    !Vtype::from_request(inst.imm as u64, ctx.vlen).ill() && !ctx.isa.contains(Ext::ZVTBASE)
}

/// `set` where that is all there is to it; returns vl.
#[inline(always)]
fn set_plain(h: &mut Hart, op: &Op, avl: u64) -> u64 {
    h.vtype = Vtype::from_bits(op.imm as u8);
    h.vl = avl.min(u64::from(op.aux)) as u32;
    h.vstart = 0;
    h.x[op.rd as usize] = u64::from(h.vl);
    u64::from(h.vl)
}

fn vsetvli(h: &mut Hart, op: &Op) -> Flow {
    let avl = requested(h, op, op.imm as u64);
    set(h, op, avl, op.imm as u64)
}

/// The application vector length of the register forms: x[rs1]; with rs1 = x0 all there is, or, with rd = x0 too,
/// the present vl (which is reserved, and makes vtype ill, if VLMAX changes).
pub(crate) fn requested(h: &Hart, op: &Op, value: u64) -> u64 {
    if op.rs1 != 0 {
        h.x[op.rs1 as usize]
    } else if op.rd != Hart::SINK {
        u64::MAX
    } else {
        let (vlen, new) = (h.config().vlen, Vtype::requested(value, h.config().vlen, h.config().isa));
        if new.vlmax(vlen) == h.vtype.vlmax(vlen) { u64::from(h.vl) } else { u64::from(h.vl.min(new.vlmax(vlen))) }
    }
}

/// Sets vtype and vl = min(AVL, VLMAX); an illegal type sets vill and vl = 0.
pub(crate) fn set(h: &mut Hart, op: &Op, avl: u64, value: u64) -> Flow {
    let (vlen, isa) = (h.config().vlen, h.config().isa);
    if h.vtype.widening().is_some() && isa.contains(Ext::ZVTBASE) {
        h.matrix.clear_sizes();
    }
    h.vtype = Vtype::requested(value, vlen, isa);
    let mut limit = h.vtype.vlmax(vlen);
    if let Some(geometry) = Geometry::of(h.vtype, vlen, isa) {
        limit = limit.min(geometry.edge());
    }
    h.vl = avl.min(u64::from(limit)) as u32;
    h.vstart = 0;
    h.x[op.rd as usize] = u64::from(h.vl);
    h.log.push(u64::from(h.vl));
    Flow::Next
}
