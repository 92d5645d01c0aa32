//! Element groups: several elements of the width SEW that an instruction takes as one operand.
//!
//! Whether vl is a multiple of the group's size only execution knows; all other rules are decided at decode.

use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::Exec;
use crate::vector::element::{Element, tail};
use crate::vector::legal;

/// An element group.
pub(super) trait Group: Copy {
    /// Its elements.
    type Element: Element;
    /// Their number (EGS).
    const SIZE: u32;
    /// Group `index` of the register group at `reg`.
    fn read(h: &Hart, reg: u8, index: usize) -> Self;
    /// Replaces group `index` of the register group at `reg`.
    fn write(self, h: &mut Hart, reg: u8, index: usize);
}

impl<T: Element, const N: usize> Group for [T; N] {
    type Element = T;
    const SIZE: u32 = N as u32;

    #[inline(always)]
    fn read(h: &Hart, reg: u8, index: usize) -> Self {
        let bytes = &h.v.from(reg)[index * size_of::<Self>()..][..size_of::<Self>()];
        std::array::from_fn(|i| T::from_le(&bytes[i * size_of::<T>()..][..size_of::<T>()]))
    }

    #[inline(always)]
    fn write(self, h: &mut Hart, reg: u8, index: usize) {
        let bytes = &mut h.v.from_mut(reg)[index * size_of::<Self>()..][..size_of::<Self>()];
        for (element, bytes) in self.into_iter().zip(bytes.chunks_exact_mut(size_of::<T>())) {
            element.to_le(bytes);
        }
    }
}

/// The operand beside vd and vs2.
pub(super) trait Third: Copy {
    /// Whether it is a register group.
    const REGISTERS: bool;
    /// The operand for group `index`.
    fn read(h: &Hart, op: &Op, index: usize) -> Self;
}

/// None.
impl Third for () {
    const REGISTERS: bool = false;
    #[inline(always)]
    fn read(_: &Hart, _: &Op, _: usize) -> Self {}
}

/// The five bits of the immediate.
impl Third for u8 {
    const REGISTERS: bool = false;
    #[inline(always)]
    fn read(_: &Hart, op: &Op, _: usize) -> Self {
        op.rs1
    }
}

/// vs1.
impl<T: Element, const N: usize> Third for [T; N] {
    const REGISTERS: bool = true;
    #[inline(always)]
    fn read(h: &Hart, op: &Op, index: usize) -> Self {
        Group::read(h, op.rs1, index)
    }
}

/// A function of the old destination, a group of vs2 and a third operand.
pub(super) trait Function<G, B>: 'static {
    /// Whether vd must not overlap its vector sources: vs2, and vs1.
    const APART: (bool, bool) = (false, false);
    /// The new destination.
    fn apply(d: G, a: G, b: B) -> G;
}

fn run<G: Group, B: Third, F: Function<G, B>, const SCALAR: bool, const BITS: u32>(h: &mut Hart, op: &Op) -> Flow {
    if !h.vl.is_multiple_of(G::SIZE) || !h.vstart.is_multiple_of(G::SIZE) {
        let word = BITS | u32::from(op.rs2) << 20 | u32::from(op.rs1) << 15 | u32::from(op.rd) << 7;
        return h.illegal(word, Illegal::Rule("vl or vstart is not a multiple of the element group's size"));
    }
    for index in (h.vstart / G::SIZE) as usize..(h.vl / G::SIZE) as usize {
        let a = G::read(h, op.rs2, if SCALAR { 0 } else { index });
        F::apply(G::read(h, op.rd, index), a, B::read(h, op, index)).write(h, op.rd, index);
    }
    if h.vstart < h.vl {
        tail::<G::Element>(h, op, h.vl as usize, op.aux as usize);
    }
    h.vstart = 0;
    Flow::Next
}

/// The handler of a function. `SCALAR`: vs2 is one group for all of vd. `BITS`: the fixed bits of the instruction.
pub(super) fn select<G: Group, B: Third, F: Function<G, B>, const SCALAR: bool, const BITS: u32>(
    inst: &Inst,
    ctx: &Ctx,
) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    let lmul = ctx.vtype.lmul_log2();
    if ctx.vtype.sew() != G::Element::BITS {
        return Err(Illegal::Rule("the instruction is not defined for this SEW"));
    }
    if ctx.vtype.vlmax(ctx.vlen) < G::SIZE {
        return Err(Illegal::Rule("an element group does not fit in LMUL*VLEN bits"));
    }
    // A scalar element group lies in one register: VLEN is at least 128.
    let from = if SCALAR { 0 } else { lmul };
    legal::aligned(inst.rd, lmul)?;
    legal::aligned(inst.rs2, from)?;
    if SCALAR || F::APART.0 {
        legal::disjoint((inst.rd, lmul), (inst.rs2, from))?;
    }
    if B::REGISTERS {
        legal::aligned(inst.rs1, lmul)?;
        if F::APART.1 {
            legal::disjoint((inst.rd, lmul), (inst.rs1, lmul))?;
        }
    }
    Ok(run::<G, B, F, SCALAR, BITS>)
}

/// Semantics of an instruction that takes a group of vs2 for each of vd.
pub(super) const fn each<G: Group, B: Third, F: Function<G, B>, const BITS: u32>() -> Exec {
    Exec::Select(|inst, ctx| select::<G, B, F, false, BITS>(inst, ctx))
}

/// Semantics of the `.vs` form: the first group of vs2 serves all of vd.
pub(super) const fn scalar<G: Group, F: Function<G, ()>, const BITS: u32>() -> Exec {
    Exec::Select(|inst, ctx| select::<G, (), F, true, BITS>(inst, ctx))
}

/// A row of the major opcode OP-VE: `ve!("vgmul.vv", vv 0x11, Ext::ZVKG, each<Block, (), Multiply>)` is name, form with
/// its number, extension, and semantics: a constant function of types and, added here, the fixed bits.
///
/// Forms: `vv` and `vs` (two registers; the number is that of the vs1 field), `vvv` (three registers) and `vi`
/// (a 5-bit immediate) by funct6.
macro_rules! ve {
    (@vv $n:literal) => { ("vd, vs2", concat!("vs2 vd 31..26=0x28 25..25=1 19..15=", $n, " 14..12=2 6..0=0x77")) };
    (@vs $n:literal) => { ("vd, vs2", concat!("vs2 vd 31..26=0x29 25..25=1 19..15=", $n, " 14..12=2 6..0=0x77")) };
    (@vvv $n:literal) => { ("vd, vs2, vs1", concat!("vs2 vs1 vd 31..26=", $n, " 25..25=1 14..12=2 6..0=0x77")) };
    (@vi $n:literal) => { ("vd, vs2, imm", concat!("vs2 zimm5 vd 31..26=", $n, " 25..25=1 14..12=2 6..0=0x77")) };
    ($name:literal, $form:ident $n:literal, $ext:expr, $exec:ident<$($arg:ty),*>) => {{
        const FORM: (&str, &str) = $crate::vector::crypto::groups::ve!(@$form $n);
        const BITS: u32 = $crate::encoding::Encoding::of(FORM.1).bits;
        const CLASS: $crate::class::Class = $crate::class::Class::VCrypto;
        $crate::row::Row::new($name, FORM.0, FORM.1, $ext, CLASS, $exec::<$($arg,)* BITS>())
    }};
}

pub(super) use ve;
