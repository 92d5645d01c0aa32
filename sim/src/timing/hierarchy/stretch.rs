//! Lines in a row that are all held where an access looks for them first: one look tells it of the whole.

use super::super::directory::{GROUP, LINE_BYTES, Located};
use super::super::snapshot::ones;
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

    /// Demands for the lines of a stretch, by a way that begins behind the L1D, if all find them where they look, with their data by the
    /// time of the first. Returns the cycles from a demand to the data.
    #[inline(always)]
    pub fn demand_behind<const WRITE: bool>(&mut self, way: Way, stretch: Stretch, turns: Spread) -> Option<u64> {
        let (group, bits) = (self.directory.group(stretch.first.id), stretch.bits);
        let near = if WRITE { 0 } else { group.held[0] & bits };
        let behind = bits & !near;
        if near != 0 && !group.has(0, near, turns.start) || group.held[L2] & behind != behind {
            return None;
        }
        // Where a prefetch is under way, data of others may be late.
        if group.ready[L2] > turns.start && self.is_late(stretch, behind, turns.start) {
            return None;
        }
        if WRITE {
            self.directory.group(stretch.first.id).dirty[L2] |= behind;
        }
        // A count of ones is no single instruction of every host.
        let nearby = if near == 0 { 0 } else { u64::from(near.count_ones()) };
        self.near.accesses += nearby;
        self.stages[L2].cache.hits += stretch.lines - nearby;
        let (latency, trains) = self.behind(way);
        if trains && behind != 0 {
            self.train_in_group(stretch.first, behind, move |_, number| turns.turn(number));
        }
        Some(latency)
    }

    /// Whether data of some lines, which are held behind the L1D, come later than `time`.
    #[inline(never)]
    fn is_late(&mut self, stretch: Stretch, behind: u64, time: u64) -> bool {
        let mut late = false;
        for line in ones(behind) {
            let id = self.directory.within(stretch.first, line as u64 - stretch.first.id.place()).id;
            late |= self.directory.held(id, L2).is_none_or(|held| held.ready > time);
        }
        late
    }
}
