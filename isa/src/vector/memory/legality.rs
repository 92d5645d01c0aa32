//! Which operands a vector load or store may have.

use crate::inst::Inst;
use crate::op::{Ctx, Illegal};
use crate::row::Props;
use crate::vector::legal;

/// log2 of the EMUL of elements of `T` under vtype: EEW/SEW*LMUL.
pub(super) fn emul_log2<T>(ctx: &Ctx) -> i32 {
    (8 * size_of::<T>()).ilog2() as i32 - ctx.vtype.sew_log2() + ctx.vtype.lmul_log2()
}

/// The data groups: all fields of a segment lie in the register file, EMUL is legal, a masked load does not write v0.
pub(super) fn data(inst: &Inst, ctx: &Ctx, emul: i32) -> Result<(), Illegal> {
    legal::vtype(ctx)?;
    legal::aligned(inst.rd, emul)?;
    let registers = inst.nf() << emul.max(0);
    if registers > 8 {
        return Err(Illegal::Rule("a segment access takes more than 8 registers (nf * EMUL)"));
    }
    if u32::from(inst.rd) + registers > 32 {
        return Err(Illegal::Rule("the fields of a segment access extend beyond v31"));
    }
    if inst.row.props.contains(Props::LOAD) { legal::mask_overlap(inst) } else { Ok(()) }
}

/// The index group: EMUL and alignment, and its overlap with what a load writes.
pub(super) fn index(inst: &Inst, ctx: &Ctx, emul: i32) -> Result<(), Illegal> {
    legal::aligned(inst.rs2, emul)?;
    if !inst.row.props.contains(Props::LOAD) {
        return Ok(());
    }
    let lmul = ctx.vtype.lmul_log2();
    if inst.nf() > 1 {
        let (first, last) = (u32::from(inst.rd), u32::from(inst.rd) + (inst.nf() << lmul.max(0)));
        let indices = u32::from(inst.rs2)..u32::from(inst.rs2) + (1 << emul.max(0));
        if first < indices.end && indices.start < last {
            return Err(Illegal::Rule("an indexed segment load must not overwrite its indices"));
        }
        Ok(())
    } else if emul == lmul {
        Ok(())
    } else {
        legal::mixed_overlap((inst.rd, lmul), (inst.rs2, emul))
    }
}
