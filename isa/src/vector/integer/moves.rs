//! Merge, and moves of vectors, scalars and immediates into a register group.

use std::marker::PhantomData;

use crate::class::Class;
use crate::ext::Ext;
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Row};
use crate::vector::element::{
    Element, Imm, Lane, ScalarSource, Second, Source, Splat, Vxrm, X, fill_chosen, for_active, general, vi, vv, vx,
};
use crate::vector::legal;
use crate::vector::simd::{Body, ScalarBody, versioned_or, versioned_scalar_or};

binary! {
    Move = |_a, b| b;
}

struct Vectors<T>(PhantomData<T>);
struct WithScalar<T>(PhantomData<T>);

impl<T: Element> Body for Vectors<T> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let b = h.v.ptr(op.rs1).cast::<T>();
        whole(h, op, b)
    }
}

impl<T: Element> ScalarBody for WithScalar<T> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op, scalar: u64) -> Flow {
        whole(h, op, Splat(T::of(scalar)))
    }
}

/// The fast body of a merge.
#[inline(always)]
fn whole<T: Element>(h: &mut Hart, op: &Op, b: impl Second<T>) -> Flow {
    let (mask, a) = (h.v.ptr(0), h.v.ptr(op.rs2).cast::<T>());
    // SAFETY: legality guarantees that the groups lie in the register file; v0 holds VLEN >= 128 bits.
    unsafe { fill_chosen(h.v.ptr_mut(op.rd).cast::<T>(), h.vl as usize, mask, a, b) };
    Flow::Next
}

#[inline(never)]
fn any<T: Element>(h: &mut Hart, op: &Op, scalar: Option<u64>) -> Flow {
    for_active::<T>(h, op, |h, i| {
        let value = match (h.v.mask_bit(0, i), scalar) {
            (false, _) => h.v.get(op.rs2, i),
            (true, None) => h.v.get(op.rs1, i),
            (true, Some(scalar)) => T::of(scalar),
        };
        h.v.set(op.rd, i, value);
    });
    Flow::Next
}

fn pick<T: Element>(source: Source, general: bool, ctx: &Ctx) -> Handler {
    let masked: Handler = match source {
        Source::Vector => |h, op| any::<T>(h, op, None),
        Source::X => |h, op| {
            let scalar = X::value(h, op);
            any::<T>(h, op, Some(scalar))
        },
        Source::Immediate => |h, op| {
            let scalar = Imm::value(h, op);
            any::<T>(h, op, Some(scalar))
        },
    };
    match source {
        _ if general => masked,
        Source::Vector => versioned_or::<Vectors<T>>(ctx.level, masked),
        Source::X => versioned_scalar_or::<WithScalar<T>, X>(ctx.level, masked),
        Source::Immediate => versioned_scalar_or::<WithScalar<T>, Imm>(ctx.level, masked),
    }
}

fn merge(inst: &Inst, ctx: &Ctx, source: Source) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    let lmul = ctx.vtype.lmul_log2();
    legal::not_v0(inst)?;
    legal::aligned(inst.rd, lmul)?;
    legal::aligned(inst.rs2, lmul)?;
    if source == Source::Vector {
        legal::aligned(inst.rs1, lmul)?;
    }
    let general = general(inst, ctx);
    Ok(match ctx.vtype.sew() {
        8 => pick::<u8>(source, general, ctx),
        16 => pick::<u16>(source, general, ctx),
        32 => pick::<u32>(source, general, ctx),
        _ => pick::<u64>(source, general, ctx),
    })
}

const fn row(name: &'static str, syntax: &'static str, encoding: &'static str, exec: Exec) -> Row {
    Row::new(name, syntax, encoding, Ext::ZVE32X, Class::VMerge, exec)
}

/// Rows of this file.
pub const ROWS: &[Row] = &[
    row(
        "vmerge.vvm",
        "vd, vs2, vs1, v0",
        "vs2 vs1 vd 31..26=0x17 25..25=0 14..12=0 6..0=0x57",
        Exec::Select(|inst, ctx| merge(inst, ctx, Source::Vector)),
    ),
    row(
        "vmerge.vxm",
        "vd, vs2, rs1, v0",
        "vs2 rs1 vd 31..26=0x17 25..25=0 14..12=4 6..0=0x57",
        Exec::Select(|inst, ctx| merge(inst, ctx, Source::X)),
    ),
    row(
        "vmerge.vim",
        "vd, vs2, imm, v0",
        "vs2 simm5 vd 31..26=0x17 25..25=0 14..12=3 6..0=0x57",
        Exec::Select(|inst, ctx| merge(inst, ctx, Source::Immediate)),
    ),
    row("vmv.v.v", "vd, vs1", "vs1 vd 31..26=0x17 25..25=1 24..20=0 14..12=0 6..0=0x57", vv::<Move>()),
    row("vmv.v.x", "vd, rs1", "rs1 vd 31..26=0x17 25..25=1 24..20=0 14..12=4 6..0=0x57", vx::<Move>()),
    row("vmv.v.i", "vd, imm", "simm5 vd 31..26=0x17 25..25=1 24..20=0 14..12=3 6..0=0x57", vi::<Move>()),
];
