//! Compares: the result is a mask.

use std::marker::PhantomData;

use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Row};
use crate::vector::element::{Element, Imm, ScalarSource, Source, X};
use crate::vector::legal;
use crate::vector::mask::result::{fill_mask, general, mask_for_active};
use crate::vector::rows::op;
use crate::vector::simd::{Body, ScalarBody, versioned_or, versioned_scalar_or};

/// A predicate of two elements: `a` from vs2, `b` the second source.
pub(super) trait Predicate: 'static {
    /// One element.
    fn test<T: Element>(a: T, b: T) -> bool;
}

macro_rules! predicate {
    ($($name:ident = |$a:ident, $b:ident| $value:expr;)*) => { $(
        struct $name;
        impl Predicate for $name {
            #[inline(always)]
            fn test<T: Element>($a: T, $b: T) -> bool {
                $value
            }
        }
    )* };
}

predicate! {
    Eq = |a, b| a == b;
    Ne = |a, b| a != b;
    LtU = |a, b| a < b;
    Lt = |a, b| a.sext() < b.sext();
    LeU = |a, b| a <= b;
    Le = |a, b| a.sext() <= b.sext();
    GtU = |a, b| a > b;
    Gt = |a, b| a.sext() > b.sext();
}

struct Vectors<T, P>(PhantomData<(T, P)>);
struct WithScalar<T, P>(PhantomData<(T, P)>);

impl<T: Element, P: Predicate> Body for Vectors<T, P> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let (a, b) = (h.v.ptr(op.rs2).cast::<T>(), h.v.ptr(op.rs1).cast::<T>());
        // SAFETY: legality guarantees that the groups lie in the register file; vd is one register, which holds
        // VLMAX bits.
        unsafe { fill_mask(h.v.ptr_mut(op.rd), h.vl as usize, |i| P::test(*a.add(i), *b.add(i))) };
        Flow::Next
    }
}

impl<T: Element, P: Predicate> ScalarBody for WithScalar<T, P> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op, scalar: u64) -> Flow {
        let (a, b) = (h.v.ptr(op.rs2).cast::<T>(), T::of(scalar));
        // SAFETY: as above.
        unsafe { fill_mask(h.v.ptr_mut(op.rd), h.vl as usize, |i| P::test(*a.add(i), b)) };
        Flow::Next
    }
}

#[inline(never)]
fn any<T: Element, P: Predicate>(h: &mut Hart, op: &Op, scalar: Option<u64>) -> Flow {
    mask_for_active(h, op, |h, i| P::test(h.v.get::<T>(op.rs2, i), scalar.map_or_else(|| h.v.get(op.rs1, i), T::of)));
    Flow::Next
}

fn pick<T: Element, P: Predicate>(source: Source, general: bool, ctx: &Ctx) -> Handler {
    let masked: Handler = match source {
        Source::Vector => |h, op| any::<T, P>(h, op, None),
        Source::X => |h, op| {
            let scalar = X::value(h, op);
            any::<T, P>(h, op, Some(scalar))
        },
        Source::Immediate => |h, op| {
            let scalar = Imm::value(h, op);
            any::<T, P>(h, op, Some(scalar))
        },
    };
    match source {
        _ if general => masked,
        Source::Vector => versioned_or::<Vectors<T, P>>(ctx.level, masked),
        Source::X => versioned_scalar_or::<WithScalar<T, P>, X>(ctx.level, masked),
        Source::Immediate => versioned_scalar_or::<WithScalar<T, P>, Imm>(ctx.level, masked),
    }
}

/// The handler of a predicate.
pub(super) fn select<P: Predicate>(inst: &Inst, ctx: &Ctx, source: Source) -> Result<Handler, Illegal> {
    legal_mask_result(inst, ctx, source)?;
    let general = general(inst, ctx);
    Ok(match ctx.vtype.sew() {
        8 => pick::<u8, P>(source, general, ctx),
        16 => pick::<u16, P>(source, general, ctx),
        32 => pick::<u32, P>(source, general, ctx),
        _ => pick::<u64, P>(source, general, ctx),
    })
}

/// Legality of an instruction with sources of EMUL = LMUL and a mask result.
pub(super) fn legal_mask_result(inst: &Inst, ctx: &Ctx, source: Source) -> Result<(), Illegal> {
    legal::vtype(ctx)?;
    let lmul = ctx.vtype.lmul_log2();
    legal::aligned(inst.rs2, lmul)?;
    legal::mask_result(inst, (inst.rs2, lmul))?;
    if source == Source::Vector {
        legal::aligned(inst.rs1, lmul)?;
        legal::mask_result(inst, (inst.rs1, lmul))?;
    }
    Ok(())
}

const fn vv<P: Predicate>() -> Exec {
    Exec::Select(|inst, ctx| select::<P>(inst, ctx, Source::Vector))
}

const fn vx<P: Predicate>() -> Exec {
    Exec::Select(|inst, ctx| select::<P>(inst, ctx, Source::X))
}

const fn vi<P: Predicate>() -> Exec {
    Exec::Select(|inst, ctx| select::<P>(inst, ctx, Source::Immediate))
}

/// Rows of this file.
pub const ROWS: &[Row] = &[
    op!("vmseq.vv", vv 0x18, VCompare, vv::<Eq>()),
    op!("vmseq.vx", vx 0x18, VCompare, vx::<Eq>()),
    op!("vmseq.vi", vi 0x18, VCompare, vi::<Eq>()),
    op!("vmsne.vv", vv 0x19, VCompare, vv::<Ne>()),
    op!("vmsne.vx", vx 0x19, VCompare, vx::<Ne>()),
    op!("vmsne.vi", vi 0x19, VCompare, vi::<Ne>()),
    op!("vmsltu.vv", vv 0x1a, VCompare, vv::<LtU>()),
    op!("vmsltu.vx", vx 0x1a, VCompare, vx::<LtU>()),
    op!("vmslt.vv", vv 0x1b, VCompare, vv::<Lt>()),
    op!("vmslt.vx", vx 0x1b, VCompare, vx::<Lt>()),
    op!("vmsleu.vv", vv 0x1c, VCompare, vv::<LeU>()),
    op!("vmsleu.vx", vx 0x1c, VCompare, vx::<LeU>()),
    op!("vmsleu.vi", vi 0x1c, VCompare, vi::<LeU>()),
    op!("vmsle.vv", vv 0x1d, VCompare, vv::<Le>()),
    op!("vmsle.vx", vx 0x1d, VCompare, vx::<Le>()),
    op!("vmsle.vi", vi 0x1d, VCompare, vi::<Le>()),
    op!("vmsgtu.vx", vx 0x1e, VCompare, vx::<GtU>()),
    op!("vmsgtu.vi", vi 0x1e, VCompare, vi::<GtU>()),
    op!("vmsgt.vx", vx 0x1f, VCompare, vx::<Gt>()),
    op!("vmsgt.vi", vi 0x1f, VCompare, vi::<Gt>()),
];
