//! Unit-stride accesses whose lines are all held where they look for them first, with their data: one look tells all.

use super::super::hierarchy::{Hierarchy, Spread, Stretch};
use super::{Access, Moved, Shape, Transfers};

impl Transfers {
    /// What becomes, in one word, of a unit-stride load whose lines the L1D has: nothing keeps it waiting. It is made then. Most vector
    /// accesses of small kernels end here, so that nothing else is done on the way.
    #[inline(always)]
    pub fn load_at_hand(&self, access: &Access, words: &[u64], start: u64, memory: &mut Hierarchy) -> Option<u64> {
        if access.shape != Shape::Stream || access.write || !self.near {
            return None;
        }
        let (stretch, turns) = self.stretch(access, words, start, memory)?;
        memory.load_at_hand(stretch, start).then(|| Moved::on_time(turns.cycles))
    }

    /// log2 of the bytes that the port moves at once, if [`Transfers::load_at_hand`] can tell something.
    pub fn near_port(&self) -> Option<u32> {
        self.near.then_some(self.word_log2)
    }

    /// Cycles from a demand until a line is there, and whether the prefetcher hears of it, if [`Transfers::store_behind`] can tell
    /// something.
    pub fn stores_behind(&self, memory: &Hierarchy) -> Option<(u64, bool)> {
        self.behind[1].then(|| memory.behind(self.streams[1]))
    }

    /// The same for a load of which the level behind the L1s has what the L1D has not.
    #[inline(always)]
    pub fn load_from_behind(&self, access: &Access, words: &[u64], start: u64, memory: &mut Hierarchy) -> Option<u64> {
        if access.shape != Shape::Stream || access.write || !self.behind[0] {
            return None;
        }
        let (stretch, turns) = self.stretch(access, words, start, memory)?;
        let (late, from) = memory.load_behind(self.streams[0], stretch, turns, access.ahead)?;
        let answer = Moved::on_time(turns.cycles);
        Some(if late == 0 { answer } else { answer | late << 16 | from as u64 })
    }

    /// The same for a store whose lines the level behind the L1s has, with no ends to merge, and without one that waits for a store in
    /// front of it.
    #[inline(always)]
    pub fn store_behind(&mut self, access: &Access, words: &[u64], start: u64, memory: &mut Hierarchy) -> Option<u64> {
        if access.shape != Shape::Stream || !access.write || !self.behind[1] {
            return None;
        }
        let (stretch, turns) = self.stretch(access, words, start, memory)?;
        let whole = (words[0] | access.bytes) & (self.granule - 1) == 0;
        if !whole || turns.count > self.stored_lines.len() as u64 || self.stored > turns.start && !self.has_room(turns)
        {
            return None;
        }
        memory.store_behind(self.streams[1], stretch, turns, |time| self.keep_stored(time))?;
        Some(Moved::on_time(turns.cycles))
    }

    /// Whether no line of a store waits for one that was stored before.
    #[inline(always)]
    fn has_room(&self, turns: Spread) -> bool {
        let oldest = self.stored_lines[self.next_stored..].iter().chain(&self.stored_lines);
        (0..turns.count).zip(oldest).all(|(line, &stored)| stored <= turns.turn(line))
    }

    /// The lines of an access, and when they have their turns.
    #[inline(always)]
    fn stretch(&self, access: &Access, words: &[u64], start: u64, memory: &Hierarchy) -> Option<(Stretch, Spread)> {
        let addr = *words.first()?;
        let stretch = memory.stretch(addr, addr.wrapping_add(access.bytes - 1))?;
        let cycles = access.occupancy.max(self.words_of(addr, access.bytes));
        let turns = Spread { start: start - access.ahead, cycles, count: stretch.lines };
        (cycles < Moved::MOST_BEATS).then_some((stretch, turns))
    }
}
