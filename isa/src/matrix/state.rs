//! What the matrix extensions add to a hart.

use super::geometry::{edge, tile_edge};
use crate::ext::Ext;
use crate::hart::Scalar;
use crate::vector::vtype::Vtype;

/// State of the matrix extensions. tn is vl.
pub struct State {
    /// Rows of the accumulator that an instruction works on.
    pub tm: u32,
    /// Rows of the sources that an instruction multiplies.
    pub tk: u32,
    /// The tiles; empty without a tile extension.
    pub tiles: Tiles,
    /// Registers and CSRs of definitions from outside.
    pub own: Own,
}

impl State {
    /// State after reset.
    pub fn new(vlen: u32, isa: Ext) -> State {
        let te = if isa.intersects(Ext::XSFMMBASE.union(Ext::ZVTBASE)) { tile_edge(vlen, isa) } else { 0 };
        State { tm: 0, tk: 0, tiles: Tiles::new(te), own: Own::default() }
    }

    /// tm and tk become zero.
    pub(crate) fn clear_sizes(&mut self) {
        (self.tm, self.tk) = (0, 0);
    }

    /// The mtype CSR of Zvt: tm in bits 23..10, tk in 7..5, widening in 1..0.
    pub(crate) fn mtype(&self, vtype: Vtype) -> u64 {
        u64::from(self.tm) << 10 | u64::from(self.tk) << 5 | u64::from(vtype.extra() >> 1)
    }
}

/// The tiles: 16 specifiers of TE*TE bytes. A tile of wider elements takes as many specifiers as an element has bytes (two for
/// 64 bits, where the edge is half as long), its rows one behind the other (assumed: how widths alias is not public).
pub struct Tiles {
    te: u32,
    bytes: Vec<u8>,
}

impl Tiles {
    /// Tiles of this edge, all zero.
    pub fn new(te: u32) -> Tiles {
        Tiles { te, bytes: vec![0; 16 * (te * te) as usize] }
    }

    /// TE.
    pub fn edge(&self) -> u32 {
        self.te
    }

    /// All bytes.
    pub fn all(&self) -> &[u8] {
        &self.bytes
    }

    /// All bytes.
    pub fn all_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// Specifiers that a tile of elements of `eew` bits takes: its number must be a multiple.
    pub const fn specifiers(eew: u32) -> u32 {
        if eew == 64 { 2 } else { eew / 8 }
    }

    /// Offset of an element.
    pub fn offset(&self, tile: u32, eew: u32, row: u32, column: u32) -> usize {
        (tile * self.te * self.te) as usize + ((row * edge(self.te, eew) + column) * (eew / 8)) as usize
    }

    /// An element of a tile.
    ///
    /// # Panics
    /// When it lies outside of the tiles.
    pub fn get<T: Scalar>(&self, tile: u32, row: u32, column: u32) -> T {
        let at = self.offset(tile, 8 * size_of::<T>() as u32, row, column);
        T::from_le(&self.bytes[at..at + size_of::<T>()])
    }

    /// Sets an element of a tile.
    ///
    /// # Panics
    /// When it lies outside of the tiles.
    pub fn set<T: Scalar>(&mut self, tile: u32, row: u32, column: u32, value: T) {
        let at = self.offset(tile, 8 * size_of::<T>() as u32, row, column);
        value.to_le(&mut self.bytes[at..at + size_of::<T>()]);
    }
}

/// A tile slice specifier, as loads, stores and moves take it in an integer register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Tile number.
    pub tile: u32,
    /// A column, not a row.
    pub column: bool,
    /// Its number.
    pub index: u32,
}

impl Slice {
    /// From the register: tile in bits 30..27, pattern in 26..24 (0 row, 1 column), index in 23..0. `None`: a reserved pattern.
    pub fn of(value: u64) -> Option<Slice> {
        let pattern = value >> 24 & 7;
        (pattern <= 1).then_some(Slice {
            tile: (value >> 27 & 15) as u32,
            column: pattern == 1,
            index: (value & 0xff_ffff) as u32,
        })
    }
}

/// What an instruction of the tile machine did, for the timing model: one word of the access log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TileUse {
    /// First tile specifier that it reads or writes.
    pub tile: u32,
    /// How many.
    pub tiles: u32,
    /// Rows of the accumulator, tm.
    pub tm: u32,
    /// Columns of the accumulator or elements of the slice: tn.
    pub tn: u32,
    /// Rows of the sources, tk.
    pub tk: u32,
}

impl TileUse {
    /// As a word of the log.
    pub fn word(self) -> u64 {
        let [tile, tiles, tm, tn, tk] = [self.tile, self.tiles, self.tm, self.tn, self.tk].map(u64::from);
        tile | tiles << 8 | tm << 16 | tn << 32 | tk << 48
    }

    /// From a word of the log.
    pub fn of(word: u64) -> TileUse {
        let part = |at: u32, bits: u32| (word >> at & ((1 << bits) - 1)) as u32;
        TileUse { tile: part(0, 8), tiles: part(8, 8), tm: part(16, 16), tn: part(32, 16), tk: part(48, 8) }
    }
}

/// A register file that a definition from outside brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bank {
    /// What its registers are called in assembly, in front of their number.
    pub name: &'static str,
    /// Its place in [`Own::banks`].
    pub place: usize,
    /// Its registers.
    pub count: u32,
    /// The number of its first register among the registers of all banks: what timing knows it by.
    pub first: u32,
}

/// Registers and CSRs that definitions from outside bring: [`Definition`](crate::row::Definition).
#[derive(Clone, Debug, Default)]
pub struct Own {
    /// Register files, by the number that their owner remembers.
    pub banks: Vec<Vec<u8>>,
    csrs: Vec<(u16, u64)>,
}

impl Own {
    /// Whether the registers of a bank are there.
    pub fn has(&self, bank: &Bank) -> bool {
        let whole = |bytes: &Vec<u8>| !bytes.is_empty() && bytes.len().is_multiple_of(bank.count as usize);
        bank.count > 0 && self.banks.get(bank.place).is_some_and(whole)
    }

    /// Register `number` of a bank.
    ///
    /// # Panics
    /// When there is no such register.
    pub fn register(&self, bank: &Bank, number: u8) -> &[u8] {
        let bytes = &self.banks[bank.place];
        let each = bytes.len() / bank.count as usize;
        &bytes[number as usize * each..][..each]
    }

    /// Register `number` of a bank, for writing.
    ///
    /// # Panics
    /// When there is no such register.
    pub fn register_mut(&mut self, bank: &Bank, number: u8) -> &mut [u8] {
        let bytes = &mut self.banks[bank.place];
        let each = bytes.len() / bank.count as usize;
        &mut bytes[number as usize * each..][..each]
    }

    /// Adds a CSR. One that the hart has already keeps its meaning: definitions choose free numbers.
    pub fn add_csr(&mut self, number: u16, value: u64) {
        self.csrs.push((number, value));
    }

    /// The value of a CSR; `None`: there is no such one.
    pub fn csr(&self, number: u16) -> Option<u64> {
        self.csrs.iter().find(|(known, _)| *known == number).map(|(_, value)| *value)
    }

    /// Sets a CSR; `None`: there is no such one.
    pub fn set_csr(&mut self, number: u16, value: u64) -> Option<()> {
        self.csrs.iter_mut().find(|(known, _)| *known == number).map(|(_, old)| *old = value)
    }
}
