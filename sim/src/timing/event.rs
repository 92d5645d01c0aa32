//! What the timing model tells of its work, and who listens.
//!
//! Events come in the order of the program. A report listens; the model knows no report. [`Silent`] is the listener of
//! runs that nobody watches: the model is compiled for it alone, without a trace of events.

use rvtile_isa::block::BlockInst;
use rvtile_isa::inst::Inst;

use super::ledger::Cause;
use crate::machine::{Pipe, Unit};

/// Somebody who is told what the model does. A listener cannot change what it hears of.
pub trait Listener {
    /// Whether it wants any events at all.
    fn listens(&self) -> bool {
        true
    }

    /// An instruction issued. Cycles of issue never decrease.
    fn retired(&mut self, _event: &Retired<'_>) {}

    /// Cycles were charged. The spans of all these events follow each other without gap or overlap, from cycle 0 to
    /// the end; those of the cycles before an instruction's issue come before the event of the instruction.
    fn charged(&mut self, _event: &Charged) {}
}

/// Nobody.
pub struct Silent;

impl Listener for Silent {
    #[inline]
    fn listens(&self) -> bool {
        false
    }
}

/// An instruction with its times. All times are absolute cycles.
#[derive(Clone, Copy)]
pub struct Retired<'a> {
    /// Its address.
    pub pc: u64,
    /// Its place in its block.
    pub index: usize,
    /// What was decoded.
    pub inst: &'a Inst,
    /// What the block knows of it beside that, such as its vtype.
    pub entry: &'a BlockInst,
    /// `vl` when it issued.
    pub vl: u32,
    /// Bytes that an instruction of an extension file loads or stores.
    pub row_bytes: u64,
    /// The cycle in which the instruction before it issued: from there on it waited.
    pub since: u64,
    /// The cycle in which it issued.
    pub issue: u64,
    /// What it waited for, in the order of time, each up to the cycle given.
    pub stalls: &'a [(Cause, u64)],
    /// Pipe that it issued to.
    pub pipe: Pipe,
    /// Unit that it kept; that of a vector instruction is told in `vector`.
    pub unit: Unit,
    /// The unit is free again from here on.
    pub unit_until: u64,
    /// Its scalar result, if it has one, can be used from here on by any instruction.
    pub result: Option<u64>,
    /// Who supplied the line that came last, if that was not the nearest level: [`Cause::L1Miss`], [`Cause::L2Miss`]
    /// or [`Cause::Dram`].
    pub missed: Option<Cause>,
    /// A branch or jump that was mispredicted.
    pub mispredicted: bool,
    /// What followed in the vector unit.
    pub vector: Option<VectorTimes>,
}

/// The way of an instruction through the vector unit. It entered the command queue when it issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VectorTimes {
    /// It was at the head of the command queue from here on.
    pub head: u64,
    /// It left the queue and its sequencer began.
    pub start: u64,
    /// What decided the start, if it waited at the head.
    pub waited_for: Cause,
    /// What the sequencer's work counts as.
    pub work: Cause,
    /// Unit whose sequencer works.
    pub unit: Unit,
    /// Which of the arithmetic sequencers; 0 for loads and stores.
    pub sequencer: usize,
    /// The sequencer can be used by another instruction from here on, but for what it needs in between.
    pub until: u64,
    /// For a memory access, the memory port that it uses, and from when on the next may use it.
    pub port: Option<(usize, u64)>,
    /// The first element of the result is there.
    pub first: u64,
    /// The last element is there.
    pub last: u64,
}

/// Cycles that were charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charged {
    /// The instruction that they were spent on: one whose work filled them, else the one that waited. Cycles of an
    /// environment call are its own, and those of the end belong to the instruction that did not come any more.
    pub pc: u64,
    /// Cause.
    pub cause: Cause,
    /// First of these cycles.
    pub from: u64,
    /// Their number.
    pub cycles: u64,
}
