//! The shape of the tile machine: what follows from VLEN, the edge of a tile, SEW and widening.

use crate::ext::Ext;
use crate::vector::vtype::Vtype;

/// The edge TE of a tile in elements: what the ISA string says, else VLEN/8 (assumed: one register holds a row of
/// bytes), from 16 to 128.
pub fn tile_edge(vlen: u32, isa: Ext) -> u32 {
    let named = [(Ext::XSFMM128T, 128), (Ext::XSFMM64T, 64), (Ext::XSFMM32T, 32), (Ext::XSFMM16T, 16)];
    match named.iter().find(|(ext, _)| isa.contains(*ext)) {
        Some((_, edge)) => *edge,
        None => (vlen / 8).clamp(16, 128),
    }
}

/// The edge of a tile of elements of `eew` bits: half as long for 64 bits.
pub const fn edge(te: u32, eew: u32) -> u32 {
    if eew == 64 { te / 2 } else { te }
}

/// The shape of a tile operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// TE.
    pub te: u32,
    /// VLEN in bits.
    pub vlen: u32,
    /// Element width of the sources.
    pub sew: u32,
    /// Accumulators have so many times SEW bits.
    pub widening: u32,
}

impl Geometry {
    /// The shape under a vtype; `None` when tiles are off.
    pub fn of(vtype: Vtype, vlen: u32, isa: Ext) -> Option<Geometry> {
        let widening = vtype.widening()?;
        Some(Geometry { te: tile_edge(vlen, isa), vlen, sew: vtype.sew(), widening })
    }

    /// Bits of an accumulator.
    pub const fn tew(self) -> u32 {
        self.sew * self.widening
    }

    /// Rows and columns of the accumulator tile.
    pub const fn edge(self) -> u32 {
        edge(self.te, self.tew())
    }

    /// Most rows of a source that one instruction multiplies.
    pub const fn kmax(self) -> u32 {
        if self.sew < 32 { 32 / self.sew } else { 1 }
    }

    /// Registers from one row of a source to the next.
    pub const fn row_stride(self) -> u32 {
        8 / self.kmax()
    }

    /// LMUL while tiles are on: the registers of a row of a source.
    pub fn lmul(self) -> u32 {
        let whole = (self.edge() * self.sew / self.vlen).max(1);
        whole.min(self.row_stride()).min(8 / self.widening)
    }

    /// Most rows and columns that one instruction works on.
    pub fn most(self) -> u32 {
        self.edge().min(self.lmul() * self.vlen / self.sew)
    }
}
