//! Matrix and coprocessor extensions: one room each.
//!
//! A family has rows like any other; because families share opcode space, a decoder takes only those that the run's extensions
//! ask for (see [`Profile`](crate::profile::Profile)). XSfmm and Zvt are two sets of rows on one [`tile`] machine.
//! What the public text leaves open is said to be *assumed* where it is decided; `docs/matrix-extensions.md` lists it all.

pub(crate) mod blocks;
pub mod geometry;
pub mod spacemit_ime;
pub mod state;
pub mod tile;
pub mod unbuilt;
pub mod xsfmm;
pub mod xsfvcp;
pub mod xsfvfexp;
pub mod xsfvfnrclipxfqf;
pub mod xsfvfwmaccqqq;
pub mod xsfvqmacc;
pub mod zvt;

use crate::ext::Ext;
use crate::inst::Inst;
use crate::op::Illegal;
use crate::row::Row;
use crate::vector::legal;

/// A family of instructions that a decoder takes or leaves as a whole.
#[derive(Clone, Copy)]
pub struct Family {
    /// Its extensions: with any of them a decoder has the family, and each row says which it needs.
    pub ext: Ext,
    /// Its instructions.
    pub rows: &'static [Row],
}

/// Every family, in the order of the documentation.
pub const FAMILIES: &[Family] = &[
    Family { ext: Ext::XSFVCP, rows: xsfvcp::ROWS },
    Family { ext: Ext::XSFVQMACCDOD, rows: xsfvqmacc::DOD },
    Family { ext: Ext::XSFVQMACCQOQ, rows: xsfvqmacc::QOQ },
    Family { ext: Ext::XSFVFWMACCQQQ, rows: xsfvfwmaccqqq::ROWS },
    Family { ext: Ext::XSFVFNRCLIPXFQF, rows: xsfvfnrclipxfqf::ROWS },
    Family { ext: xsfvfexp::EXP.union(xsfvfexp::EXPA), rows: xsfvfexp::ROWS },
    Family { ext: Ext::XSFMM, rows: xsfmm::ROWS },
    Family { ext: Ext::ZVT, rows: zvt::ROWS },
    Family { ext: Ext::XSMTVDOT, rows: spacemit_ime::ROWS },
];

/// The destination must not share a register with a source. `(register, log2 EMUL)` each.
fn apart(dst: (u8, i32), src: (u8, i32)) -> Result<(), Illegal> {
    legal::disjoint(dst, src)
        .map_err(|_| Illegal::Rule("the destination overlaps a source, which this instruction forbids"))
}

/// vs1 is a single register wherever it lies: only its overlap with the destination matters.
fn apart_from_vs1(inst: &Inst, dst_log2: i32) -> Result<(), Illegal> {
    apart((inst.rd, dst_log2), (inst.rs1, 0))
}
