//! A short way to lines of the nearest cache: a table that tells without a search where a line is, if it is there.

use super::cache::Level;
use super::directory::Id;

/// A line of the cache.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    /// Its number, or [`NOTHING`].
    pub line: u64,
    /// Time at which its data are there.
    pub ready: u64,
    /// Itself, in the directory.
    pub id: Id,
    /// Who supplied it.
    pub from: Level,
    /// In which round of looks a line was found here last.
    round: u16,
}

/// No line has this number.
const NOTHING: u64 = u64::MAX;

/// Slots, indexed by the low bits of the line's number: about twice the lines of a usual first level.
pub(super) const SLOTS: usize = 1024;

/// Some of the lines that a cache holds.
pub(super) struct Near {
    slots: Box<[Slot; SLOTS]>,
    /// Accesses that were found here.
    pub accesses: u64,
    /// Of looks that belong together.
    round: u16,
    /// A line has taken the slot of one that was found in this round.
    displaced: bool,
    /// A line has left the cache that may have been found in this round.
    pub changed: bool,
}

impl Default for Near {
    fn default() -> Near {
        Near {
            slots: Box::new([Slot { line: NOTHING, ready: 0, id: Id::NONE, from: Level::L1, round: 0 }; SLOTS]),
            accesses: 0,
            round: 0,
            displaced: false,
            changed: false,
        }
    }
}

impl Near {
    /// Begins a round of looks.
    #[inline(always)]
    pub fn begin_round(&mut self) {
        (self.round, self.displaced, self.changed) = (self.round.wrapping_add(1), false, false);
    }

    /// Whether a line is here with its data by `time`: a look of this round.
    #[inline(always)]
    pub fn look(&mut self, line: u64, time: u64) -> bool {
        let slot = &mut self.slots[line as usize % SLOTS];
        let found = (slot.line == line) & (slot.ready <= time);
        slot.round = if found { self.round } else { slot.round };
        found
    }

    /// A line whose data are there by `time`; counts the access.
    #[inline(always)]
    pub fn find(&mut self, line: u64, time: u64) -> Option<Id> {
        let slot = &self.slots[line as usize % SLOTS];
        let id = (slot.line == line && slot.ready <= time).then_some(slot.id);
        self.accesses += u64::from(id.is_some());
        id
    }

    /// A line that is here, whenever its data are; counts the access.
    #[inline(always)]
    pub fn find_late(&mut self, line: u64) -> Option<Slot> {
        let slot = Some(self.slots[line as usize % SLOTS]).filter(|slot| slot.line == line);
        self.accesses += u64::from(slot.is_some());
        slot
    }

    /// Where the slots are as long as this lives.
    pub fn slots(&self) -> *const Slot {
        self.slots.as_ptr()
    }

    /// The cache holds a line.
    #[inline(always)]
    pub fn insert(&mut self, line: u64, ready: u64, id: Id, from: Level) {
        let slot = &mut self.slots[line as usize % SLOTS];
        if slot.round == self.round {
            self.displaced |= slot.line != line;
        }
        *slot = Slot { line, ready, id, from, round: slot.round };
    }

    /// The cache does not hold a line any more. `low`: the low bits of its number.
    #[inline(always)]
    pub fn remove(&mut self, low: u16, id: Id) {
        let slot = &mut self.slots[usize::from(low) % SLOTS];
        if slot.round == self.round {
            self.changed |= slot.id == id || self.displaced;
        }
        if slot.id == id {
            slot.line = NOTHING;
        }
    }
}
