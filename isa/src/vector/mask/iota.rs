//! viota.m and vid.v.

use std::marker::PhantomData;

use crate::class::Class;
use crate::ext::Ext;
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::element::{Element, fill_chunks, for_active, general};
use crate::vector::legal;
use crate::vector::simd::{Body, versioned};

fn iota<T: Element>(h: &mut Hart, op: &Op) -> Flow {
    let mut count = 0;
    for_active::<T>(h, op, |h, i| {
        h.v.set(op.rd, i, T::of(count));
        count += u64::from(h.v.mask_bit(op.rs2, i));
    });
    Flow::Next
}

struct Index<T>(PhantomData<T>);

impl<T: Element> Body for Index<T> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let n = h.vl as usize;
        // SAFETY: legality guarantees that the group lies in the register file.
        unsafe { fill_chunks(h.v.ptr_mut(op.rd).cast::<T>(), n, |i| T::of(i as u64)) };
        Flow::Next
    }
}

fn index<T: Element>(h: &mut Hart, op: &Op) -> Flow {
    for_active::<T>(h, op, |h, i| h.v.set(op.rd, i, T::of(i as u64)));
    Flow::Next
}

fn legal(inst: &Inst, ctx: &Ctx) -> Result<(), Illegal> {
    legal::vtype(ctx)?;
    legal::mask_overlap(inst)?;
    legal::aligned(inst.rd, ctx.vtype.lmul_log2())
}

fn select_iota(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal(inst, ctx)?;
    legal::disjoint((inst.rd, ctx.vtype.lmul_log2()), (inst.rs2, 0))?;
    Ok(match ctx.vtype.sew() {
        8 => iota::<u8>,
        16 => iota::<u16>,
        32 => iota::<u32>,
        _ => iota::<u64>,
    })
}

fn select_index(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal(inst, ctx)?;
    fn pick<T: Element>(general: bool, ctx: &Ctx) -> Handler {
        if general { index::<T> } else { versioned::<Index<T>>(ctx.level) }
    }
    let general = general(inst, ctx);
    Ok(match ctx.vtype.sew() {
        8 => pick::<u8>(general, ctx),
        16 => pick::<u16>(general, ctx),
        32 => pick::<u32>(general, ctx),
        _ => pick::<u64>(general, ctx),
    })
}

/// Rows of this file.
pub const ROWS: &[Row] = &[
    Row::new(
        "viota.m",
        "vd, vs2 vm",
        "vm vs2 vd 31..26=0x14 19..15=0x10 14..12=2 6..0=0x57",
        Ext::ZVE32X,
        Class::VIota,
        Exec::Select(select_iota),
    )
    .with(Props::NO_VSTART.union(Props::MASK_SOURCES)),
    Row::new(
        "vid.v",
        "vd vm",
        "vm vd 31..26=0x14 24..20=0 19..15=0x11 14..12=2 6..0=0x57",
        Ext::ZVE32X,
        Class::VIota,
        Exec::Select(select_index),
    ),
];
