//! A short way to lines of the nearest cache: a table that tells without a search where a line is, if it is there.

use super::cache::Level;

/// A line of the cache.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    /// Its number, or [`NOTHING`].
    pub line: u64,
    /// Time at which its data are there.
    pub ready: u64,
    /// Its place in the cache.
    pub place: u32,
    /// Who supplied it.
    pub from: Level,
}

/// No line has this number.
const NOTHING: u64 = u64::MAX;

/// Slots, indexed by the low bits of the line's number: about twice the lines of a usual first level.
pub(super) const SLOTS: usize = 1024;

/// No line has this place.
const NOWHERE: u32 = u32::MAX;

/// Some of the lines that a cache holds.
pub(super) struct Near {
    slots: Box<[Slot; SLOTS]>,
    /// Accesses that were found here.
    pub accesses: u64,
}

impl Default for Near {
    fn default() -> Near {
        Near {
            slots: Box::new([Slot { line: NOTHING, ready: 0, place: NOWHERE, from: Level::L1 }; SLOTS]),
            accesses: 0,
        }
    }
}

impl Near {
    /// Whether a line is here with its data by `time`.
    #[inline(always)]
    pub fn has(&self, line: u64, time: u64) -> bool {
        let slot = &self.slots[line as usize % SLOTS];
        (slot.line == line) & (slot.ready <= time)
    }

    /// The place of a line whose data are there by `time`; counts the access.
    #[inline(always)]
    pub fn find(&mut self, line: u64, time: u64) -> Option<u32> {
        let slot = &self.slots[line as usize % SLOTS];
        let place = (slot.line == line && slot.ready <= time).then_some(slot.place);
        self.accesses += u64::from(place.is_some());
        place
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
    pub fn insert(&mut self, line: u64, ready: u64, place: u32, from: Level) {
        self.slots[line as usize % SLOTS] = Slot { line, ready, place, from };
    }

    /// The cache does not hold the line any more that was at a place. `low`: the low bits of its number.
    #[inline(always)]
    pub fn remove(&mut self, low: u16, place: u32) {
        let slot = &mut self.slots[usize::from(low) % SLOTS];
        if slot.place == place {
            slot.line = NOTHING;
        }
    }
}
