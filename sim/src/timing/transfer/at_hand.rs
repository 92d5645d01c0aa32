//! Unit-stride accesses whose lines are all held where they look for them first, with their data: one look tells all.

use super::super::cache::Level;
use super::super::hierarchy::{Hierarchy, Spread};
use super::{Access, Moved, Shape, Transfers};

impl Transfers {
    /// What becomes, in one word, of a unit-stride load whose lines the L1D has: nothing keeps it waiting. It is made then. Most vector
    /// accesses of small kernels end here, so that nothing else is done on the way.
    #[inline(always)]
    pub fn load_at_hand(&self, access: &Access, words: &[u64], start: u64, memory: &mut Hierarchy) -> Option<u64> {
        if access.shape != Shape::Stream || access.write || !self.near {
            return None;
        }
        let addr = *words.first()?;
        let stretch = memory.stretch(addr, addr.wrapping_add(access.bytes - 1))?;
        let beats = access.occupancy.max(self.words_of(addr, access.bytes));
        (beats < Moved::MOST_BEATS && memory.load_at_hand(stretch, start)).then(|| Moved::on_time(beats))
    }

    /// The same for loads and stores whose lines the level behind the L1s has, or some of those of a load the L1D.
    #[inline(always)]
    pub fn behind_at_hand(
        &mut self,
        access: &Access,
        words: &[u64],
        start: u64,
        memory: &mut Hierarchy,
    ) -> Option<u64> {
        if access.shape != Shape::Stream || !self.behind[usize::from(access.write)] {
            return None;
        }
        let addr = *words.first()?;
        let stretch = memory.stretch(addr, addr.wrapping_add(access.bytes - 1))?;
        let beats = access.occupancy.max(self.words_of(addr, access.bytes));
        if beats >= Moved::MOST_BEATS {
            return None;
        }
        let turns = Spread { start: start - access.ahead, cycles: beats, count: stretch.lines };
        if access.write {
            // No ends to merge, and no store in front of it whose lines it waits for.
            let free = (addr | access.bytes) & (self.granule - 1) == 0 && self.stored <= turns.start;
            if !free || turns.count > self.stored_lines.len() as u64 {
                return None;
            }
            let latency = memory.demand_behind::<true>(self.streams[1], stretch, turns)?;
            for line in 0..turns.count {
                self.keep_stored(turns.turn(line) + latency);
            }
            return Some(Moved::on_time(beats));
        }
        let latency = memory.demand_behind::<false>(self.streams[0], stretch, turns)?;
        let late = latency.saturating_sub(access.ahead);
        Some(if late == 0 { Moved::on_time(beats) } else { Moved::on_time(beats) | late << 16 | Level::L2 as u64 })
    }
}
