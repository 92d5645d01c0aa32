//! The tile machine that XSfmm and Zvt share.
//!
//! Accumulators live in tiles ([`Tiles`]); sources are vector registers. Row k of a source is the group at register
//! `vs + k * 8/KMAX`. One instruction adds the product of tk rows of A and B to the first tm rows and tn = vl columns of a tile:
//! `C[m][n] += sum over k < tk of A[k][m] * B[k][n]`. What lies outside stays.
//!
//! Assumed, where the public text is silent:
//! - Loads and stores and moves transfer tn elements of a row, tm elements of a column; elements beyond a tile's edge, an index beyond it, a reserved
//!   pattern, and a tile number that is no multiple of what the width takes are illegal.
//! - The groups of a source are aligned to LMUL, and all KMAX rows of it must lie in the register file.
//! - `vtzero` clears tm rows and tn columns; `vtdiscard` clears every tile.
//! - Setting a size from x0 takes the greatest, or keeps it where rd is x0 too.
//! - Instructions on tiles need vstart 0.

pub mod config;
pub mod float;
pub mod int8;
pub mod memory;
pub mod moves;
pub mod number;

use super::geometry::Geometry;
use super::state::{Slice, TileUse, Tiles};
use crate::ext::Ext;
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Illegal, Op};
use crate::vector::legal;

const TILES_OFF: Illegal = Illegal::Rule("tiles are off: vtype has no widening, so no tile configuration is in force");

/// The geometry in force.
///
/// # Errors
/// When vtype is illegal or tiles are off.
pub fn geometry(ctx: &Ctx) -> Result<Geometry, Illegal> {
    legal::vtype(ctx)?;
    Geometry::of(ctx.vtype, ctx.vlen, ctx.isa).ok_or(TILES_OFF)
}

/// Whether Zvt's state is off; XSfmm's goes with the vector unit (assumed). Otherwise it becomes dirty.
fn off(h: &mut Hart) -> bool {
    if !h.config().isa.contains(Ext::ZVTBASE) {
        return false;
    }
    if h.csr.ms() == 0 {
        return true;
    }
    h.csr.dirty_ms();
    false
}

fn refuse_off(h: &mut Hart, op: &Op) -> Flow {
    h.illegal(op.word, Illegal::Rule("the matrix unit is off (mstatus.MS = 0)"))
}

/// The number of a tile of elements of `eew` bits must be a multiple of the specifiers that it takes.
fn aligned_tile(tile: u32, eew: u32) -> Result<(), Illegal> {
    if tile.is_multiple_of(Tiles::specifiers(eew)) {
        Ok(())
    } else {
        Err(Illegal::Rule("a tile of this element width cannot begin at this number"))
    }
}

/// Legality of a multiplication whose accumulators have `tew` bits.
fn multiplies(inst: &Inst, geometry: Geometry) -> Result<(), Illegal> {
    aligned_tile(inst.bits(11, 8), geometry.tew())?;
    let lmul = geometry.lmul();
    for reg in [inst.rs1, inst.rs2] {
        legal::aligned(reg, lmul.ilog2() as i32)?;
        if u32::from(reg) + (geometry.kmax() - 1) * geometry.row_stride() + lmul > 32 {
            return Err(Illegal::Rule("a row of a source lies beyond v31"));
        }
    }
    Ok(())
}

/// The extent of a multiplication.
#[derive(Clone, Copy)]
struct Extent {
    tm: usize,
    tn: usize,
    tk: usize,
    geometry: Geometry,
}

/// The extent of a multiplication, logged for timing; `None`: the unit is off.
fn extent(h: &mut Hart, op: &Op) -> Option<Extent> {
    if off(h) {
        return None;
    }
    let geometry = Geometry::of(h.vtype, h.config().vlen, h.config().isa)?;
    let tile = op.word >> 8 & 15;
    let most = geometry.most();
    let (tm, tn, tk) = (h.matrix.tm.min(most), h.vl.min(most), h.matrix.tk.min(geometry.kmax()));
    h.log.push(TileUse { tile, tiles: Tiles::specifiers(geometry.tew()), tm, tn, tk }.word());
    Some(Extent { tm: tm as usize, tn: tn as usize, tk: tk as usize, geometry })
}

/// A slice that an instruction names in an integer register, with the elements that it transfers.
struct Transfer {
    slice: Slice,
    count: u32,
}

/// The slice of `eew`-bit elements that the integer register `reg` names.
fn transfer(h: &Hart, reg: u8, eew: u32) -> Result<Transfer, Illegal> {
    let Some(slice) = Slice::of(h.x[reg as usize]) else {
        return Err(Illegal::Rule("the tile slice specifier has a reserved pattern"));
    };
    aligned_tile(slice.tile, eew)?;
    let edge = super::geometry::edge(h.matrix.tiles.edge(), eew);
    let count = if slice.column { h.matrix.tm } else { h.vl };
    if slice.index >= edge || count > edge {
        return Err(Illegal::Rule("the tile slice lies beyond the edge of the tile"));
    }
    Ok(Transfer { slice, count })
}

impl Transfer {
    /// Offset of element `i` in the tiles.
    fn offset(&self, tiles: &Tiles, eew: u32, i: u32) -> usize {
        let Slice { tile, column, index } = self.slice;
        let (row, col) = if column { (i, index) } else { (index, i) };
        tiles.offset(tile, eew, row, col)
    }

    /// The word for the log.
    fn log(&self, eew: u32) -> u64 {
        TileUse { tile: self.slice.tile, tiles: Tiles::specifiers(eew), tn: self.count, ..TileUse::default() }.word()
    }
}
