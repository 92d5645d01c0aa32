//! The rules of the vector specification that depend on operands and vtype alone.
//!
//! EMUL is given as its base-2 logarithm, -3 to 3.

use crate::inst::Inst;
use crate::op::{Ctx, Illegal};

/// vtype must be legal for every vector instruction but vset and whole-register loads and stores. The choices where the
/// specification leaves room are in `docs/reference-differences.md`.
///
/// # Errors
/// When vill is set.
pub fn vtype(ctx: &Ctx) -> Result<(), Illegal> {
    if ctx.vtype.ill() {
        Err(Illegal::Rule("vtype is illegal (vill): no valid vset instruction came before"))
    } else {
        Ok(())
    }
}

/// EMUL must lie between 1/8 and 8.
///
/// # Errors
/// When it does not.
pub fn emul(log2: i32) -> Result<(), Illegal> {
    if (-3..=3).contains(&log2) { Ok(()) } else { Err(Illegal::Rule("EMUL is not between 1/8 and 8")) }
}

/// A register group must begin at a multiple of EMUL.
///
/// # Errors
/// When EMUL is out of range or `reg` is not aligned.
pub fn aligned(reg: u8, log2: i32) -> Result<(), Illegal> {
    emul(log2)?;
    if u32::from(reg) % (1 << log2.max(0)) == 0 {
        Ok(())
    } else {
        Err(Illegal::Rule("a vector register number is not a multiple of EMUL"))
    }
}

/// A masked instruction must not write v0, except as a mask or a scalar.
///
/// # Errors
/// When it does.
pub fn mask_overlap(inst: &Inst) -> Result<(), Illegal> {
    if inst.masked() && inst.rd == 0 {
        Err(Illegal::Rule("a masked instruction must not overwrite its mask v0"))
    } else {
        Ok(())
    }
}

/// Whether two groups share a register.
pub fn overlap(a: u8, a_log2: i32, b: u8, b_log2: i32) -> bool {
    let (a_end, b_end) = (u32::from(a) + (1 << a_log2.max(0)), u32::from(b) + (1 << b_log2.max(0)));
    u32::from(a) < b_end && u32::from(b) < a_end
}

/// A destination group may overlap a source group of another EEW only so (specification, section 5.2):
/// a narrower destination in the lowest-numbered part of the source; a wider destination when the source has
/// EMUL >= 1 and is the highest-numbered part of the destination.
///
/// `dst` and `src` are (register, log2 EMUL).
///
/// # Errors
/// Any other overlap.
pub fn mixed_overlap(dst: (u8, i32), src: (u8, i32)) -> Result<(), Illegal> {
    let regs = |log2: i32| 1u32 << log2.max(0);
    let legal = !overlap(dst.0, dst.1, src.0, src.1)
        || (dst.1 < src.1 && dst.0 == src.0)
        || (dst.1 > src.1 && src.1 >= 0 && u32::from(src.0) + regs(src.1) == u32::from(dst.0) + regs(dst.1));
    if legal {
        Ok(())
    } else {
        Err(Illegal::Rule("destination and source groups of different element width overlap in a reserved way"))
    }
}

/// The destination must not share any register with a source (slideup, gathers, compress, viota, vmsbf ...).
///
/// # Errors
/// When it does.
pub fn disjoint(dst: (u8, i32), src: (u8, i32)) -> Result<(), Illegal> {
    if overlap(dst.0, dst.1, src.0, src.1) {
        Err(Illegal::Rule("the destination must not overlap a source of this instruction"))
    } else {
        Ok(())
    }
}

/// EMUL of a mask register for the overlap rules: one register, of an element width narrower than any other.
const MASK: i32 = -4;

/// A mask destination may overlap a source group only in its lowest-numbered register (section 5.2). It may be the
/// mask register v0 itself.
///
/// # Errors
/// Any other overlap.
pub fn mask_result(inst: &Inst, src: (u8, i32)) -> Result<(), Illegal> {
    mixed_overlap((inst.rd, MASK), src)
}

/// Instructions that read v0 as an operand and write a data group must not write it.
///
/// # Errors
/// When they do.
pub fn not_v0(inst: &Inst) -> Result<(), Illegal> {
    if inst.rd == 0 { Err(Illegal::Rule("vd must not be v0, which this instruction reads")) } else { Ok(()) }
}
