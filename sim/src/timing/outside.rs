//! What lies outside the pipe: caches, branch predictor, and lengths that are values of the program.
//!
//! The pipe's times follow from its own small state, from the block, and from what it is told here. That makes a
//! block's timing something that can be remembered: see [`memo`](super::memo).

use super::branch::Branches;
use super::cache::Level;
use super::describe::{Control, Desc};
use super::hierarchy::Hierarchy;
use super::transfer::{Access, Moved, Transfers};
use crate::machine::Machine;

/// The log words of an instruction, and where they begin among those of its block when no access in front of it has
/// a length of its own.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub list: &'a [u64],
    pub place: u16,
}

/// The answer to a scalar access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Late {
    /// Cycles that the data are later than those of a hit in the nearest cache.
    pub cycles: u64,
    /// Who supplied them.
    pub from: Level,
}

/// A branch or jump, as the predictor sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Jump {
    pub pc: u64,
    /// Address of the instruction behind it.
    pub next: u64,
    pub control: Control,
}

/// A conditional branch, as the predictor sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Conditional {
    pub pc: u64,
    /// Address of the instruction behind it.
    pub next: u64,
    pub backward: bool,
}

/// What became of a branch or jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub taken: bool,
    /// It was predicted right.
    pub right: bool,
}

/// Who answers the pipe. Times are absolute cycles.
pub(super) trait Outside {
    /// The line of the instruction at `pc`, which is not the line before it, is fetched. Returns how late it comes.
    fn fetch(&mut self, pc: u64, time: u64) -> u64;

    /// A scalar access.
    fn scalar(&mut self, words: Words<'_>, write: bool, time: u64) -> Late;

    /// A log word, by its place among the instruction's, that is no address.
    fn value(&mut self, words: Words<'_>, index: u16) -> Option<u64>;

    /// A vector access that begins at `time`.
    fn vector(&mut self, access: &Access, words: Words<'_>, time: u64) -> Moved;

    /// A branch or jump.
    fn branch(&mut self, jump: &Jump, next_pc: u64) -> Outcome;
}

/// The caches and predictor themselves.
pub(super) struct World {
    pub memory: Hierarchy,
    pub branches: Branches,
    pub transfers: Transfers,
    /// The answer to a vector access that there is no word for.
    pub odd: Option<Moved>,
}

impl World {
    pub fn new(machine: &Machine) -> World {
        let memory = Hierarchy::new(&machine.memory);
        World {
            branches: Branches::new(&machine.core.predictor),
            transfers: Transfers::new(machine, &memory),
            memory,
            odd: None,
        }
    }

    #[inline(always)]
    pub fn access(&mut self, addr: u64, write: bool, time: u64) -> Late {
        if self.memory.at_hand(addr >> self.memory.line_log2(), write, time) {
            return Late { cycles: 0, from: Level::L1 };
        }
        self.access_afar(addr, write, time)
    }

    #[inline(never)]
    fn access_afar(&mut self, addr: u64, write: bool, time: u64) -> Late {
        let line = addr >> self.memory.line_log2();
        let served = match self.memory.under_way(line, write, time) {
            Some(served) => served,
            None => self.memory.scalar(addr, write, time),
        };
        Late { cycles: served.ready - time, from: served.from }
    }

    /// A conditional branch.
    #[inline(always)]
    pub fn conditional(&mut self, jump: &Conditional, next_pc: u64) -> Outcome {
        let taken = next_pc != jump.next;
        Outcome { taken, right: self.branches.conditional(jump.pc, jump.backward, taken) }
    }

    /// A vector access, with the answer in one word; if it has none, it is [`Moved::ODD`] and the answer itself in `odd`. Never inlined,
    /// nor are its parts: what has the least to do shall save the fewest registers.
    #[inline(never)]
    pub fn vector_word(&mut self, access: &Access, words: &[u64], time: u64) -> u64 {
        if access.write { self.vector_store(access, words, time) } else { self.vector_load(access, words, time) }
    }

    /// The same for a load.
    #[inline(always)]
    pub fn vector_load(&mut self, access: &Access, words: &[u64], time: u64) -> u64 {
        match self.transfers.load_at_hand(access, words, time, &mut self.memory) {
            Some(word) => word,
            None => self.vector_load_from_behind(access, words, time),
        }
    }

    #[inline(never)]
    fn vector_load_from_behind(&mut self, access: &Access, words: &[u64], time: u64) -> u64 {
        match self.transfers.load_from_behind(access, words, time, &mut self.memory) {
            Some(word) => word,
            None => self.vector_apart(access, words, time),
        }
    }

    /// The same for a store.
    #[inline(never)]
    pub fn vector_store(&mut self, access: &Access, words: &[u64], time: u64) -> u64 {
        match self.transfers.store_behind(access, words, time, &mut self.memory) {
            Some(word) => word,
            None => self.vector_apart(access, words, time),
        }
    }

    #[inline(never)]
    fn vector_apart(&mut self, access: &Access, words: &[u64], time: u64) -> u64 {
        let moved = self.transfers.run(access, words, time, &mut self.memory);
        moved.pack().unwrap_or_else(|| {
            self.odd = Some(moved);
            Moved::ODD
        })
    }
}

impl Outside for World {
    #[inline(always)]
    fn fetch(&mut self, pc: u64, time: u64) -> u64 {
        if self.memory.fetch_at_hand(pc, time) {
            return 0;
        }
        self.memory.fetch(pc, time).ready - time
    }

    #[inline]
    fn scalar(&mut self, words: Words<'_>, write: bool, time: u64) -> Late {
        self.access(words.list[0], write, time)
    }

    #[inline]
    fn value(&mut self, words: Words<'_>, index: u16) -> Option<u64> {
        words.list.get(index as usize).copied()
    }

    #[inline]
    fn vector(&mut self, access: &Access, words: Words<'_>, time: u64) -> Moved {
        let word = self.vector_word(access, words.list, time);
        self.odd.take().unwrap_or_else(|| Moved::unpack(word))
    }

    fn branch(&mut self, jump: &Jump, next_pc: u64) -> Outcome {
        let taken = next_pc != jump.next;
        let right = match jump.control {
            Control::None => true,
            Control::Conditional { target } => return self.conditional(&jump.conditional(target), next_pc),
            Control::Direct { call } => {
                self.branches.direct(call, jump.next);
                true
            }
            Control::Fused => {
                self.branches.seen += 1;
                true
            }
            Control::Indirect { call, is_return } => {
                self.branches.indirect(jump.pc, next_pc, is_return, call, jump.next)
            }
        };
        Outcome { taken, right }
    }
}

impl Desc {
    /// Itself as a jump.
    pub fn jump(&self) -> Jump {
        Jump { pc: self.pc, next: self.next, control: self.control }
    }
}

impl Jump {
    /// Itself as a conditional branch to `target`.
    pub fn conditional(&self, target: u64) -> Conditional {
        Conditional { pc: self.pc, next: self.next, backward: target <= self.pc }
    }
}

impl Late {
    /// In one word. Who supplied data that are not late is of no importance.
    #[inline(always)]
    pub fn pack(self) -> u64 {
        if self.cycles == 0 { 0 } else { self.cycles << 2 | self.from as u64 }
    }

    /// From [`Late::pack`].
    pub fn unpack(word: u64) -> Late {
        Late { cycles: word >> 2, from: Level::of(word) }
    }
}

impl Outcome {
    /// In one word.
    #[inline(always)]
    pub fn pack(self) -> u64 {
        u64::from(self.taken) << 1 | u64::from(self.right)
    }

    /// From [`Outcome::pack`].
    pub fn unpack(word: u64) -> Outcome {
        Outcome { taken: word & 2 != 0, right: word & 1 != 0 }
    }
}
