//! vmsbf.m, vmsif.m, vmsof.m: set bits before, up to, or only at the first set bit.

use super::result::mask_for_active;
use crate::class::Class;
use crate::ext::Ext;
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::legal;

/// `f` of (a set bit came before, this bit).
fn prefix(h: &mut Hart, op: &Op, f: impl Fn(bool, bool) -> bool) -> Flow {
    let mut found = false;
    mask_for_active(h, op, |h, i| {
        let bit = h.v.mask_bit(op.rs2, i);
        let value = f(found, bit);
        found |= bit;
        value
    });
    Flow::Next
}

fn select(inst: &Inst, ctx: &Ctx, handler: Handler) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    // Unlike compares, these may not overwrite their mask.
    legal::mask_overlap(inst)?;
    legal::disjoint((inst.rd, 0), (inst.rs2, 0))?;
    Ok(handler)
}

const fn row(name: &'static str, encoding: &'static str, select: fn(&Inst, &Ctx) -> Result<Handler, Illegal>) -> Row {
    Row::new(name, "vd, vs2 vm", encoding, Ext::ZVE32X, Class::VMask, Exec::Select(select)).with(Props::NO_VSTART)
}

/// Rows of this file.
pub const ROWS: &[Row] = &[
    row("vmsbf.m", "vm vs2 vd 31..26=0x14 19..15=1 14..12=2 6..0=0x57", |inst, ctx| {
        select(inst, ctx, |h, op| prefix(h, op, |before, bit| !before && !bit))
    }),
    row("vmsof.m", "vm vs2 vd 31..26=0x14 19..15=2 14..12=2 6..0=0x57", |inst, ctx| {
        select(inst, ctx, |h, op| prefix(h, op, |before, bit| !before && bit))
    }),
    row("vmsif.m", "vm vs2 vd 31..26=0x14 19..15=3 14..12=2 6..0=0x57", |inst, ctx| {
        select(inst, ctx, |h, op| prefix(h, op, |before, _| !before))
    }),
];
