//! Scalar floating-point instructions: F, D, Zfh, Zfhmin, Zfa, Zfbfmin. Arithmetic itself is in [`float`](crate::float).
//!
//! The rounding mode, dynamic or static, is known when an instruction is decoded ([`Op::new`] refuses reserved ones and
//! leaves the mode in `op.small`). Arithmetic that rounds to nearest runs on the host, whose status word gathers the flags
//! until [`Block::run`](crate::block::Block::run) takes them: such rows have [`Props::FLAGS`](crate::row::Props::FLAGS).
//! All else is soft float and adds to `Hart::fflags` at once.

mod arith;
mod compare;
mod convert;
mod moves;
#[cfg(test)]
mod tests;

use crate::ext::Ext;
use crate::float::{Format, Rounding};
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Illegal, Op};
use crate::row::Row;

/// The rows of this family.
pub fn families() -> Vec<&'static [Row]> {
    [arith::families(), compare::families(), convert::families(), moves::families()].concat()
}

/// The rounding mode of an instruction with an `rm` field.
///
/// # Errors
/// When the field, or `frm` if the field says dynamic, holds a reserved value.
pub(crate) fn rounding(inst: &Inst, ctx: &Ctx) -> Result<Rounding, Illegal> {
    match inst.rm() {
        7 => Rounding::from_bits(ctx.frm).ok_or(Illegal::Rule("the dynamic rounding mode frm is reserved (5 to 7)")),
        rm => Rounding::from_bits(rm).ok_or(Illegal::Rule("the static rounding mode is reserved (5 or 6)")),
    }
}

/// The rounding mode that [`Op::new`] resolved.
#[inline(always)]
fn mode(op: &Op) -> Rounding {
    Rounding::from_bits(op.small).expect("Op::new admits no reserved rounding mode")
}

/// A second extension that an instruction needs beside the one its row names.
fn needs(ctx: &Ctx, any_of: Ext) -> Result<(), Illegal> {
    if ctx.isa.intersects(any_of) { Ok(()) } else { Err(Illegal::Missing(any_of)) }
}

/// Reads a register: what is not properly NaN-boxed counts as the canonical NaN.
#[inline(always)]
fn get<F: Format>(h: &Hart, reg: u8) -> u64 {
    let raw = h.f[reg as usize];
    if raw | F::MASK == u64::MAX { raw & F::MASK } else { F::NAN }
}

/// Writes a register, NaN-boxed. `value` has no bits above the format's width.
#[inline(always)]
fn set<F: Format>(h: &mut Hart, reg: u8, value: u64) {
    h.f[reg as usize] = value | !F::MASK;
}
