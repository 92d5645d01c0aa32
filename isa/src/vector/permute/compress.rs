//! vcompress.vm.

use crate::class::Class;
use crate::ext::Ext;
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::element::{Element, tail};
use crate::vector::legal;

/// Packs the elements of vs2 whose bit in vs1 is set; what follows them in vd is tail.
fn compress<T: Element>(h: &mut Hart, op: &Op) -> Flow {
    let vl = h.vl as usize;
    let mut packed = 0;
    for at in (0..vl).step_by(64) {
        let mut bits = h.v.get::<u64>(op.rs1, at / 64);
        if vl - at < 64 {
            bits &= (1 << (vl - at)) - 1;
        }
        while bits != 0 {
            let value = h.v.get::<T>(op.rs2, at + bits.trailing_zeros() as usize);
            h.v.set(op.rd, packed, value);
            packed += 1;
            bits &= bits - 1;
        }
    }
    if vl > 0 {
        tail::<T>(h, op, packed, op.aux as usize);
    }
    Flow::Next
}

fn select(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    let lmul = ctx.vtype.lmul_log2();
    legal::aligned(inst.rd, lmul)?;
    legal::aligned(inst.rs2, lmul)?;
    legal::disjoint((inst.rd, lmul), (inst.rs2, lmul))?;
    legal::disjoint((inst.rd, lmul), (inst.rs1, 0))?;
    Ok(match ctx.vtype.sew() {
        8 => compress::<u8>,
        16 => compress::<u16>,
        32 => compress::<u32>,
        _ => compress::<u64>,
    })
}

/// Rows of this file.
pub const ROWS: &[Row] = &[Row::new(
    "vcompress.vm",
    "vd, vs2, vs1",
    "vs2 vs1 vd 31..26=0x17 25..25=1 14..12=2 6..0=0x57",
    Ext::ZVE32X,
    Class::VCompress,
    Exec::Select(select),
)
.with(Props::NO_VSTART.union(Props::SCALAR_VS1))];
