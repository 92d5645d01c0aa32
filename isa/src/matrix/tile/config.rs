//! Sizes and types of the tile machine.

use super::super::geometry::Geometry;
use super::{TILES_OFF, off, refuse_off};
use crate::hart::Hart;
use crate::op::{Flow, Op};
use crate::vector::config;
use crate::vector::vtype::Vtype;

/// `sf.vsettnt`: vset with the type's widening.
pub fn set_type_and_columns(h: &mut Hart, op: &Op) -> Flow {
    let avl = config::requested(h, op, op.imm as u64);
    config::set(h, op, avl, op.imm as u64)
}

/// Sets tn, which is vl.
pub fn set_columns(h: &mut Hart, op: &Op) -> Flow {
    if off(h) {
        return refuse_off(h, op);
    }
    let Some(geometry) = current(h) else { return h.illegal(op.word, TILES_OFF) };
    h.vl = size(h, op, h.vl, geometry.most());
    h.vstart = 0;
    h.x[op.rd as usize] = u64::from(h.vl);
    h.log.push(u64::from(h.vl));
    Flow::Next
}

/// Sets tm.
pub fn set_rows(h: &mut Hart, op: &Op) -> Flow {
    set_size(h, op, |h, op, geometry| {
        h.matrix.tm = size(h, op, h.matrix.tm, geometry.most());
        h.matrix.tm
    })
}

/// Sets tk.
pub fn set_depth(h: &mut Hart, op: &Op) -> Flow {
    set_size(h, op, |h, op, geometry| {
        h.matrix.tk = size(h, op, h.matrix.tk, geometry.kmax());
        h.matrix.tk
    })
}

fn set_size(h: &mut Hart, op: &Op, set: impl FnOnce(&mut Hart, &Op, Geometry) -> u32) -> Flow {
    if off(h) {
        return refuse_off(h, op);
    }
    let Some(geometry) = current(h) else { return h.illegal(op.word, TILES_OFF) };
    h.x[op.rd as usize] = u64::from(set(h, op, geometry));
    Flow::Next
}

/// `msetmtypei`: element type and widening from the immediate. Columns and sizes become zero; rd gets the new mtype (assumed).
pub fn set_type(h: &mut Hart, op: &Op) -> Flow {
    configure(h, op, op.imm as u64, 0)
}

/// `msetmtype`: widening and sizes from the register rs1 in the layout of mtype, SEW and altfmt from rs2 in that of vtype.
pub fn set_type_from_registers(h: &mut Hart, op: &Op) -> Flow {
    let (mtype, vtype) = (h.x[op.rs1 as usize], h.x[op.rs2 as usize]);
    let flow = configure(h, op, vtype & 0x138 | (mtype & 3) << 9, mtype);
    if flow != Flow::Next {
        return flow;
    }
    h.pc = h.pc.wrapping_add(u64::from(op.aux));
    Flow::Jump
}

fn configure(h: &mut Hart, op: &Op, request: u64, mtype: u64) -> Flow {
    if off(h) {
        return refuse_off(h, op);
    }
    h.vtype = Vtype::tile(request, h.config().vlen, h.config().isa);
    (h.vl, h.vstart) = (0, 0);
    h.matrix.clear_sizes();
    if let Some(geometry) = current(h) {
        h.matrix.tm = geometry.most().min((mtype >> 10 & 0x3fff) as u32);
        h.matrix.tk = geometry.kmax().min((mtype >> 5 & 7) as u32);
    }
    h.x[op.rd as usize] = h.matrix.mtype(h.vtype);
    h.log.push(0);
    Flow::Next
}

fn current(h: &Hart) -> Option<Geometry> {
    Geometry::of(h.vtype, h.config().vlen, h.config().isa)
}

/// The size that the register rs1 asks for, at most `most`.
fn size(h: &Hart, op: &Op, old: u32, most: u32) -> u32 {
    match (op.rs1, op.rd) {
        (0, Hart::SINK) => old.min(most),
        (0, _) => most,
        _ => h.x[op.rs1 as usize].min(u64::from(most)) as u32,
    }
}
