//! Xsfvcp: SiFive's vector coprocessor interface.
//!
//! All forms decode, disassemble and obey the rules of operands. What the coprocessor computes is not part of the extension: a
//! definition supplies it as a row with more fixed bits (user opcode, payload) and [`Exec::Defined`] semantics, which the decoder prefers
//! to the rows here; it calls [`legality`] for the rules that hold whatever is computed. Without one, executing is refused.

use crate::class::Class;
use crate::ext::Ext;
use crate::inst::Inst;
use crate::op::{Ctx, Illegal};
use crate::operand::Operand;
use crate::row::{Exec, Props, Row};
use crate::vector::legal;

/// What a user is told who executes an instruction without a definition.
pub const UNDEFINED: Illegal = Illegal::Rule(
    "no coprocessor is attached: what this opcode computes must be defined in an extension file, given with --ext",
);

/// `vcp!("name", "syntax", hi4, vm, funct3, fields, extra properties)`.
macro_rules! vcp {
    ($name:literal, $syntax:literal, $hi:literal, $vm:literal, $f3:literal, $fields:literal $(, $prop:ident)*) => {
        Row::new(
            $name,
            concat!("vcop, ", $syntax),
            concat!($fields, " 31..28=", $hi, " 25..25=", $vm, " 14..12=", $f3, " 6..0=0x5b"),
            Ext::XSFVCP,
            Class::Vcix,
            Exec::Select(|inst, ctx| {
                legality(inst, ctx)?;
                Err(UNDEFINED)
            }),
        )
        .with(Props::NO_VSTART $(.union(Props::$prop))*)
    };
}

/// Rows of this family.
pub const ROWS: &[Row] = &[
    vcp!("sf.vc.x", "p2, pd, rs1", 0, 1, 4, "vcop p2 rs1 pd"),
    vcp!("sf.vc.i", "p2, pd, imm", 0, 1, 3, "vcop p2 simm5 pd"),
    vcp!("sf.vc.vv", "pd, vs2, vs1", 2, 1, 0, "vcop vs2 vs1 pd"),
    vcp!("sf.vc.xv", "pd, vs2, rs1", 2, 1, 4, "vcop vs2 rs1 pd"),
    vcp!("sf.vc.iv", "pd, vs2, imm", 2, 1, 3, "vcop vs2 simm5 pd"),
    vcp!("sf.vc.fv", "pd, vs2, fs1", 2, 1, 5, "27..27=1 vcopf vs2 rs1 pd", FLOAT),
    vcp!("sf.vc.vvv", "vs3, vs2, vs1", 10, 1, 0, "vcop vs2 vs1 vs3"),
    vcp!("sf.vc.xvv", "vs3, vs2, rs1", 10, 1, 4, "vcop vs2 rs1 vs3"),
    vcp!("sf.vc.ivv", "vs3, vs2, imm", 10, 1, 3, "vcop vs2 simm5 vs3"),
    vcp!("sf.vc.fvv", "vs3, vs2, fs1", 10, 1, 5, "27..27=1 vcopf vs2 rs1 vs3", FLOAT),
    vcp!("sf.vc.vvw", "vs3, vs2, vs1", 15, 1, 0, "vcop vs2 vs1 vs3", WIDENS),
    vcp!("sf.vc.xvw", "vs3, vs2, rs1", 15, 1, 4, "vcop vs2 rs1 vs3", WIDENS),
    vcp!("sf.vc.ivw", "vs3, vs2, imm", 15, 1, 3, "vcop vs2 simm5 vs3", WIDENS),
    vcp!("sf.vc.fvw", "vs3, vs2, fs1", 15, 1, 5, "27..27=1 vcopf vs2 rs1 vs3", WIDENS, FLOAT),
    vcp!("sf.vc.v.x", "p2, vd, rs1", 0, 0, 4, "vcop p2 rs1 vd"),
    vcp!("sf.vc.v.i", "p2, vd, imm", 0, 0, 3, "vcop p2 simm5 vd"),
    vcp!("sf.vc.v.vv", "vd, vs2, vs1", 2, 0, 0, "vcop vs2 vs1 vd"),
    vcp!("sf.vc.v.xv", "vd, vs2, rs1", 2, 0, 4, "vcop vs2 rs1 vd"),
    vcp!("sf.vc.v.iv", "vd, vs2, imm", 2, 0, 3, "vcop vs2 simm5 vd"),
    vcp!("sf.vc.v.fv", "vd, vs2, fs1", 2, 0, 5, "27..27=1 vcopf vs2 rs1 vd", FLOAT),
    vcp!("sf.vc.v.vvv", "vd, vs2, vs1", 10, 0, 0, "vcop vs2 vs1 vd", READS_VD),
    vcp!("sf.vc.v.xvv", "vd, vs2, rs1", 10, 0, 4, "vcop vs2 rs1 vd", READS_VD),
    vcp!("sf.vc.v.ivv", "vd, vs2, imm", 10, 0, 3, "vcop vs2 simm5 vd", READS_VD),
    vcp!("sf.vc.v.fvv", "vd, vs2, fs1", 10, 0, 5, "27..27=1 vcopf vs2 rs1 vd", READS_VD, FLOAT),
    vcp!("sf.vc.v.vvw", "vd, vs2, vs1", 15, 0, 0, "vcop vs2 vs1 vd", READS_VD, WIDENS),
    vcp!("sf.vc.v.xvw", "vd, vs2, rs1", 15, 0, 4, "vcop vs2 rs1 vd", READS_VD, WIDENS),
    vcp!("sf.vc.v.ivw", "vd, vs2, imm", 15, 0, 3, "vcop vs2 simm5 vd", READS_VD, WIDENS),
    vcp!("sf.vc.v.fvw", "vd, vs2, fs1", 15, 0, 5, "27..27=1 vcopf vs2 rs1 vd", READS_VD, WIDENS, FLOAT),
];

/// The rules of every form: a legal vtype, aligned groups, and in the widening forms a wide group of its own. They follow from the
/// operands and properties of the instruction's row, so they serve a definition's narrower row as well.
///
/// # Errors
/// Which rule is broken.
pub fn legality(inst: &Inst, ctx: &Ctx) -> Result<(), Illegal> {
    legal::vtype(ctx)?;
    let (operands, lmul) = (&inst.row.operands, ctx.vtype.lmul_log2());
    let wide = inst.row.props.contains(Props::WIDENS);
    if wide && ctx.vtype.sew() == 64 {
        return Err(Illegal::Rule("the operation needs elements wider than 64 bits (2*SEW > ELEN)"));
    }
    let dst = (inst.rd, lmul + i32::from(wide));
    let writes = operands.has(Operand::Vd) || operands.has(Operand::Vs3);
    if writes {
        legal::aligned(dst.0, dst.1)?;
    }
    for (operand, reg) in [(Operand::Vs2, inst.rs2), (Operand::Vs1, inst.rs1)] {
        if operands.has(operand) {
            legal::aligned(reg, lmul)?;
            if wide {
                super::apart(dst, (reg, lmul))?;
            }
        }
    }
    Ok(())
}
