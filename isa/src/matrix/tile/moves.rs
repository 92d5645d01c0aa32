//! Moves between tile slices and vector registers, and clearing.

use super::{Transfer, aligned_tile, off, refuse_off, transfer};
use crate::hart::Hart;
use crate::inst::Inst;
use crate::matrix::state::TileUse;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::vector::element::{Element, tail};
use crate::vector::legal;

/// `vtmv.v.t`: a slice to a vector group.
pub fn to_vector(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    legal::aligned(inst.rd, ctx.vtype.lmul_log2())?;
    Ok(match ctx.vtype.sew() {
        8 => run::<u8, true>,
        16 => run::<u16, true>,
        32 => run::<u32, true>,
        _ => run::<u64, true>,
    })
}

/// `vtmv.t.v`: a vector group to a slice.
pub fn from_vector(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    legal::aligned(inst.rs2, ctx.vtype.lmul_log2())?;
    Ok(match ctx.vtype.sew() {
        8 => run::<u8, false>,
        16 => run::<u16, false>,
        32 => run::<u32, false>,
        _ => run::<u64, false>,
    })
}

fn run<T: Element, const READ: bool>(h: &mut Hart, op: &Op) -> Flow {
    if off(h) {
        return refuse_off(h, op);
    }
    let (size, eew) = (size_of::<T>(), 8 * size_of::<T>() as u32);
    let transfer = match transfer(h, op.rs1, eew) {
        Ok(transfer) if transfer.count <= op.aux => transfer,
        Ok(_) => return h.illegal(op.word, Illegal::Rule("the tile slice is longer than the vector group")),
        Err(why) => return h.illegal(op.word, why),
    };
    let place = |transfer: &Transfer, h: &Hart, i: u32| transfer.offset(&h.matrix.tiles, eew, i);
    for i in 0..transfer.count {
        let at = place(&transfer, h, i);
        if READ {
            let value = T::from_le(&h.matrix.tiles.all()[at..at + size]);
            h.v.set(op.rd, i as usize, value);
        } else {
            let value: T = h.v.get(op.rs2, i as usize);
            value.to_le(&mut h.matrix.tiles.all_mut()[at..at + size]);
        }
    }
    if READ && transfer.count != 0 {
        tail::<T>(h, op, transfer.count as usize, op.aux as usize);
    }
    h.log.push(transfer.log(eew));
    Flow::Next
}

/// `vtzero`: clears the part of a tile that a multiplication would work on.
pub fn zero(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    aligned_tile(inst.bits(11, 8), super::geometry(ctx)?.tew())?;
    Ok(|h, op| {
        let Some(extent) = super::extent(h, op) else { return refuse_off(h, op) };
        let tew = extent.geometry.tew();
        for row in 0..extent.tm {
            let at = h.matrix.tiles.offset(op.word >> 8 & 15, tew, row as u32, 0);
            h.matrix.tiles.all_mut()[at..at + extent.tn * tew as usize / 8].fill(0);
        }
        Flow::Next
    })
}

/// `vtdiscard`: every tile is given up.
pub fn discard(h: &mut Hart, op: &Op) -> Flow {
    if off(h) {
        return refuse_off(h, op);
    }
    h.matrix.tiles.all_mut().fill(0);
    h.log.push(TileUse { tiles: 16, ..TileUse::default() }.word());
    Flow::Next
}
