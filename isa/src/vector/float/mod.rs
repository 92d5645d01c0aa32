//! Vector floating point.
//!
//! A *fast* handler runs [`lanes`](crate::float::lanes) kernels or plain integer code on whole groups: no mask, round to nearest even.
//! A *general* handler takes the active elements together in portions: through the same kernels when rounding to nearest even, so that a
//! mask costs little, through soft float otherwise. Flags are those of active elements only.

pub(super) mod active;
mod arith;
mod bf16;
mod compare;
mod convert;
mod fused;
pub(super) mod kernels;
mod on_host;
pub(super) mod select;
#[cfg(test)]
mod tests;
mod unary;
pub(super) mod widen;

use crate::ext::Ext;
use crate::float::{BF16, F16, F32, F64, Format, Rounding};
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Illegal};
use crate::row::Row;
use crate::vector::element::Element;
use crate::vector::legal;

/// A floating-point format whose bits are vector elements.
pub(crate) trait Real: Format<Bits: Element> {}

impl Real for F16 {}
impl Real for BF16 {}
impl Real for F32 {}
impl Real for F64 {}

/// Rows of this family.
pub const FAMILIES: &[&[Row]] =
    &[arith::ROWS, fused::ROWS, widen::ROWS, compare::ROWS, select::ROWS, unary::ROWS, convert::ROWS, bf16::ROWS];

/// The dynamic rounding mode, which legality has found valid.
#[inline(always)]
pub(crate) fn rounding(h: &Hart) -> Rounding {
    Rounding::from_bits(h.frm).unwrap_or(Rounding::Rne)
}

/// The value of f register `reg` in a format: the canonical NaN when it is not a NaN-boxed value of that width.
#[inline(always)]
pub(crate) fn unbox<F: Real>(h: &Hart, reg: u8) -> F::Bits {
    let value = h.f[reg as usize];
    F::Bits::of(if value | F::MASK == u64::MAX { value & F::MASK } else { F::NAN })
}

/// Where the value of f register `reg` lies, if it is a NaN-boxed value of that width.
#[inline(always)]
pub(in crate::vector) fn boxed<F: Real>(h: &Hart, reg: u8) -> Option<*const F::Bits> {
    let register = &h.f[reg as usize];
    let low_end = if cfg!(target_endian = "little") { 0 } else { 8 - size_of::<F::Bits>() };
    (*register | F::MASK == u64::MAX).then(|| (&raw const *register).cast::<u8>().wrapping_add(low_end).cast())
}

/// What every vector floating-point instruction needs: a legal vtype and a valid frm, whether it rounds or not.
pub(crate) fn ready(ctx: &Ctx) -> Result<(), Illegal> {
    legal::vtype(ctx)?;
    if Rounding::from_bits(ctx.frm).is_none() {
        return Err(Illegal::Rule("frm holds an invalid rounding mode"));
    }
    Ok(())
}

/// An operation on elements of `bits` bits needs this extension.
pub(in crate::vector) fn arithmetic_ext(bits: u32) -> Result<Ext, Illegal> {
    match bits {
        16 => Ok(Ext::ZVFH),
        32 => Ok(Ext::ZVE32F),
        64 => Ok(Ext::ZVE64D),
        _ => Err(Illegal::Rule("there is no floating-point format of this SEW")),
    }
}

/// Fails when none of the extensions is there.
pub(crate) fn need(ctx: &Ctx, ext: Ext) -> Result<(), Illegal> {
    if ctx.isa.intersects(ext) { Ok(()) } else { Err(Illegal::Missing(ext)) }
}

/// Legality of an element-wise instruction of one width: vs1 is a group when `vector` says so.
fn single_width(inst: &Inst, ctx: &Ctx, vector: bool) -> Result<(), Illegal> {
    ready(ctx)?;
    need(ctx, arithmetic_ext(ctx.vtype.sew())?)?;
    let lmul = ctx.vtype.lmul_log2();
    legal::mask_overlap(inst)?;
    legal::aligned(inst.rd, lmul)?;
    legal::aligned(inst.rs2, lmul)?;
    if vector { legal::aligned(inst.rs1, lmul) } else { Ok(()) }
}

/// The instance of a generic handler for the format of SEW, which legality has found supported.
macro_rules! by_format {
    ($ctx:expr, $handler:ident $(, $argument:tt)*) => {
        match $ctx.vtype.sew() {
            16 => $handler::<$crate::float::F16 $(, $argument)*> as $crate::op::Handler,
            32 => $handler::<$crate::float::F32 $(, $argument)*>,
            _ => $handler::<$crate::float::F64 $(, $argument)*>,
        }
    };
}

pub(in crate::vector) use by_format;
