//! Register gathers.
//!
//! An index beyond VLMAX gives zero; vl does not bound the indices.

use std::marker::PhantomData;

use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::element::{Element, Imm, ScalarSource, X, fill_chunks, for_active, general};
use crate::vector::legal;
use crate::vector::rows::op;
use crate::vector::simd::{Body, ScalarBody, versioned, versioned_scalar_or};

struct Vectors<T, I>(PhantomData<(T, I)>);
struct Splat<T>(PhantomData<T>);

impl<T: Element, I: Element> Body for Vectors<T, I> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let (n, vlmax) = (h.vl as usize, u64::from(op.aux));
        let (a, indices) = (h.v.ptr(op.rs2).cast::<T>(), h.v.ptr(op.rs1).cast::<I>());
        let d = h.v.ptr_mut(op.rd).cast::<T>();
        for i in 0..n {
            // SAFETY: legality guarantees that the groups lie in the register file and the sources outside vd;
            // indices below VLMAX stay in the group.
            unsafe {
                let index = (*indices.add(i)).zext();
                *d.add(i) = if index < vlmax { *a.add(index as usize) } else { T::ZERO };
            }
        }
        Flow::Next
    }
}

/// Element `index` of vs2, or zero.
#[inline(always)]
fn element<T: Element>(h: &Hart, op: &Op, index: u64) -> T {
    if index < u64::from(op.aux) { h.v.get(op.rs2, index as usize) } else { T::ZERO }
}

impl<T: Element> ScalarBody for Splat<T> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op, scalar: u64) -> Flow {
        let value = element::<T>(h, op, scalar);
        let n = h.vl as usize;
        // SAFETY: legality guarantees that the group lies in the register file.
        unsafe { fill_chunks(h.v.ptr_mut(op.rd).cast::<T>(), n, |_| value) };
        Flow::Next
    }
}

fn any<T: Element, I: Element>(h: &mut Hart, op: &Op) -> Flow {
    for_active::<T>(h, op, |h, i| {
        let value = element::<T>(h, op, h.v.get::<I>(op.rs1, i).zext());
        h.v.set(op.rd, i, value);
    });
    Flow::Next
}

fn any_splat<T: Element, S: ScalarSource>(h: &mut Hart, op: &Op) -> Flow {
    let value = element::<T>(h, op, S::value(h, op));
    for_active::<T>(h, op, |h, i| h.v.set(op.rd, i, value));
    Flow::Next
}

fn legal(inst: &Inst, ctx: &Ctx) -> Result<i32, Illegal> {
    legal::vtype(ctx)?;
    let lmul = ctx.vtype.lmul_log2();
    legal::mask_overlap(inst)?;
    legal::aligned(inst.rd, lmul)?;
    legal::aligned(inst.rs2, lmul)?;
    legal::disjoint((inst.rd, lmul), (inst.rs2, lmul))?;
    Ok(lmul)
}

fn pick<T: Element, I: Element>(inst: &Inst, ctx: &Ctx) -> Handler {
    if general(inst, ctx) { any::<T, I> } else { versioned::<Vectors<T, I>>(ctx.level) }
}

fn select(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    let lmul = legal(inst, ctx)?;
    legal::aligned(inst.rs1, lmul)?;
    legal::disjoint((inst.rd, lmul), (inst.rs1, lmul))?;
    Ok(match ctx.vtype.sew() {
        8 => pick::<u8, u8>(inst, ctx),
        16 => pick::<u16, u16>(inst, ctx),
        32 => pick::<u32, u32>(inst, ctx),
        _ => pick::<u64, u64>(inst, ctx),
    })
}

/// The indices have EEW 16 and EMUL = 16/SEW * LMUL.
fn select_ei16(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    let lmul = legal(inst, ctx)?;
    let index = lmul + 4 - ctx.vtype.sew_log2();
    legal::aligned(inst.rs1, index)?;
    legal::disjoint((inst.rd, lmul), (inst.rs1, index))?;
    Ok(match ctx.vtype.sew() {
        8 => pick::<u8, u16>(inst, ctx),
        16 => pick::<u16, u16>(inst, ctx),
        32 => pick::<u32, u16>(inst, ctx),
        _ => pick::<u64, u16>(inst, ctx),
    })
}

fn select_splat<S: ScalarSource>(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal(inst, ctx)?;
    fn pick<T: Element, S: ScalarSource>(general: bool, ctx: &Ctx) -> Handler {
        if general { any_splat::<T, S> } else { versioned_scalar_or::<Splat<T>, S>(ctx.level, any_splat::<T, S>) }
    }
    let general = general(inst, ctx);
    Ok(match ctx.vtype.sew() {
        8 => pick::<u8, S>(general, ctx),
        16 => pick::<u16, S>(general, ctx),
        32 => pick::<u32, S>(general, ctx),
        _ => pick::<u64, S>(general, ctx),
    })
}

/// Rows of this file.
pub const ROWS: &[Row] = &[
    op!("vrgather.vv", vv 0x0c, VGather, Exec::Select(select)),
    op!("vrgather.vx", vx 0x0c, VGatherScalar, Exec::Select(select_splat::<X>)),
    op!("vrgather.vi", vu 0x0c, VGatherScalar, Exec::Select(select_splat::<Imm>)),
    op!("vrgatherei16.vv", vv 0x0e, VGather, Exec::Select(select_ei16)).with(Props::VS1_EEW16),
];
