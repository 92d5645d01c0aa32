//! vcpop.m and vfirst.m: a mask to an integer register.

use crate::class::Class;
use crate::ext::Ext;
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::legal;

/// The source's active bits below vl, 64 at a time, with the index of the first of each.
fn words<'a>(h: &'a Hart, op: &'a Op) -> impl Iterator<Item = (usize, u64)> + 'a {
    let vl = h.vl as usize;
    (0..vl).step_by(64).map(move |at| {
        let mut word = h.v.get::<u64>(op.rs2, at / 64);
        if op.masked != 0 {
            word &= h.v.get::<u64>(0, at / 64);
        }
        if vl - at < 64 {
            word &= (1 << (vl - at)) - 1;
        }
        (at, word)
    })
}

fn vcpop(h: &mut Hart, op: &Op) -> Flow {
    h.x[op.rd as usize] = words(h, op).map(|(_, word)| u64::from(word.count_ones())).sum();
    Flow::Next
}

fn vfirst(h: &mut Hart, op: &Op) -> Flow {
    let first = words(h, op).find(|&(_, word)| word != 0);
    h.x[op.rd as usize] = first.map_or(u64::MAX, |(at, word)| at as u64 + u64::from(word.trailing_zeros()));
    Flow::Next
}

fn with_vtype(ctx: &Ctx, handler: Handler) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    Ok(handler)
}

const fn row(name: &'static str, encoding: &'static str, select: fn(&Inst, &Ctx) -> Result<Handler, Illegal>) -> Row {
    Row::new(name, "rd, vs2 vm", encoding, Ext::ZVE32X, Class::VMaskToScalar, Exec::Select(select))
        .with(Props::NO_VSTART)
}

/// Rows of this file.
pub const ROWS: &[Row] = &[
    row("vcpop.m", "vm vs2 rd 31..26=0x10 19..15=0x10 14..12=2 6..0=0x57", |_, ctx| with_vtype(ctx, vcpop)),
    row("vfirst.m", "vm vs2 rd 31..26=0x10 19..15=0x11 14..12=2 6..0=0x57", |_, ctx| with_vtype(ctx, vfirst)),
];
