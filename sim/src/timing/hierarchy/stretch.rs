//! Lines in a row that are all held where an access looks for them first: one look tells it of the whole.

use super::super::cache::Level;
use super::super::directory::{GROUP, LINE_BYTES, Located};
use super::super::snapshot::ones;
use super::super::transfer::Moved;
use super::{Hierarchy, L2, Way};

/// Lines in a row, all of one group of the directory.
#[derive(Clone, Copy)]
pub(in crate::timing) struct Stretch {
    first: Located,
    pub lines: u64,
    bits: u64,
}

/// So many things that have their turns within so many cycles from a start on, evenly spread.
#[derive(Clone, Copy)]
pub(in crate::timing) struct Spread {
    pub start: u64,
    pub cycles: u64,
    pub count: u64,
}

impl Spread {
    /// When one of them has its turn.
    #[inline(always)]
    pub fn turn(self, index: u64) -> u64 {
        // Divisions take long.
        let after = match self.count {
            _ if index == 0 || self.cycles == self.count => index,
            count if count.is_power_of_two() => (index * self.cycles) >> count.trailing_zeros(),
            count => index * self.cycles / count,
        };
        self.start + after
    }
}

impl Hierarchy {
    /// The lines from an address to the last byte of an access, if they are a stretch, their page was looked up lately, and pages are
    /// groups.
    #[inline(always)]
    pub fn stretch(&self, addr: u64, last: u64) -> Option<Stretch> {
        let first = self.directory.recent(addr, last)?;
        let more = last / LINE_BYTES - first.line;
        Some(Stretch { first, lines: more + 1, bits: first.bits(more) })
    }

    /// Whether [`Hierarchy::load_at_hand`] can tell something: pages are groups, and a hit in the L1D changes nothing.
    pub fn is_told_by_page(&self) -> bool {
        self.ageless_l1d && self.directory.page_lines() == GROUP
    }

    /// Whether the L1D has all lines of a stretch, with their data by `time`; they are loaded then.
    #[inline(always)]
    pub fn load_at_hand(&mut self, stretch: Stretch, time: u64) -> bool {
        let at_hand = self.directory.group(stretch.first.id).has(0, stretch.bits, time);
        self.near.accesses += if at_hand { stretch.lines } else { 0 };
        at_hand
    }

    /// Whether one look tells all of a demand for lines that are held behind the L1D.
    #[inline(always)]
    pub fn is_quick(&self) -> bool {
        self.quick
    }

    /// Cycles from a demand to the data by a way that begins behind the L1D, and whether the prefetcher hears of it.
    #[inline(always)]
    pub fn behind(&self, way: Way) -> (u64, bool) {
        let latency = self.stages[L2].latency.saturating_sub(u64::from(way.base));
        (latency, way.trains && self.prefetcher.is_some())
    }

    /// Loads the lines of a stretch by a way that begins behind the L1D and asks `ahead` of their turns at the port, if all are found
    /// where they are looked for, and those of the L1D with their data by the time of the first. Returns by how much the latest comes
    /// later than its turn, and who supplies it.
    #[inline(always)]
    pub fn load_behind(&mut self, way: Way, stretch: Stretch, turns: Spread, ahead: u64) -> Option<(u64, Level)> {
        let behind = self.found_behind::<false>(stretch, turns.start)?;
        let latency = self.behind(way).0;
        let mut latest = (latency.saturating_sub(ahead), Level::L2);
        // Where a prefetch is under way, data of others may be late.
        if self.directory.group(stretch.first.id).ready[L2] > turns.start {
            latest = self.latest(stretch, behind, turns, (latency, ahead));
            if latest.0 >= Moved::MOST_LATE {
                return None;
            }
        }
        self.demand_behind::<false>(way, stretch, turns, behind);
        Some(latest)
    }

    /// Stores to the lines of a stretch by such a way, if the level behind the L1s has them all. Tells when each is there.
    #[inline(always)]
    pub fn store_behind(
        &mut self,
        way: Way,
        stretch: Stretch,
        turns: Spread,
        mut there: impl FnMut(u64),
    ) -> Option<()> {
        let behind = self.found_behind::<true>(stretch, turns.start)?;
        let latency = self.behind(way).0;
        let late = self.directory.group(stretch.first.id).ready[L2] > turns.start;
        for line in 0..stretch.lines {
            let id = self.directory.within(stretch.first, line).id;
            let ready = if late { self.directory.how(id, L2).ready } else { 0 };
            there(ready.max(turns.turn(line)) + latency);
        }
        self.demand_behind::<true>(way, stretch, turns, behind);
        Some(())
    }

    /// Those lines of a stretch, as bits, that are looked for behind the L1D, if all are found where they are looked for, and those of
    /// the L1D with their data by `time`.
    #[inline(always)]
    fn found_behind<const WRITE: bool>(&mut self, stretch: Stretch, time: u64) -> Option<u64> {
        let (group, bits) = (self.directory.group(stretch.first.id), stretch.bits);
        let near = if WRITE { 0 } else { group.held[0] & bits };
        let behind = bits & !near;
        let late = near != 0 && !group.has(0, near, time);
        (!late && group.held[L2] & behind == behind).then_some(behind)
    }

    /// Demands for the lines of a stretch, of which these are found behind the L1D and the others in it.
    #[inline(always)]
    fn demand_behind<const WRITE: bool>(&mut self, way: Way, stretch: Stretch, turns: Spread, behind: u64) {
        if WRITE {
            self.directory.group(stretch.first.id).dirty[L2] |= behind;
        }
        // A count of ones is no single instruction of every host.
        let near = stretch.bits & !behind;
        let nearby = if near == 0 { 0 } else { u64::from(near.count_ones()) };
        self.near.accesses += nearby;
        self.stages[L2].cache.hits += stretch.lines - nearby;
        let trains = self.behind(way).1;
        if trains && behind != 0 {
            self.train_in_group(stretch.first, behind, move |_, number| turns.turn(number));
        }
    }

    /// By how much the latest of some lines comes later than its turn, and who supplies it.
    #[inline(never)]
    fn latest(&mut self, stretch: Stretch, behind: u64, turns: Spread, (latency, ahead): (u64, u64)) -> (u64, Level) {
        let mut latest = (0, Level::L2);
        for line in ones(behind) {
            let number = line as u64 - stretch.first.id.place();
            let turn = turns.turn(number);
            let held = self.directory.how(self.directory.within(stretch.first, number).id, L2);
            let late = (held.ready.max(turn) + latency).saturating_sub(turn + ahead);
            if late > latest.0 {
                latest = (late, if held.ready > turn { held.from } else { Level::L2 });
            }
        }
        latest
    }
}
