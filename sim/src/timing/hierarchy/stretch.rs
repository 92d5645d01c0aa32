//! Lines in a row that are all held where an access looks for them first: one look tells it of the whole.

use super::super::directory::Located;
use super::super::snapshot::ones;
use super::stream::MOST;
use super::{Hierarchy, Shape, Way};

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
        self.start + if index == 0 || self.cycles == self.count { index } else { index * self.cycles / self.count }
    }
}

impl Hierarchy {
    /// The lines from one to another, if they are a stretch and their page was looked up lately.
    #[inline(always)]
    pub fn stretch(&self, first: u64, last: u64) -> Option<Stretch> {
        let more = last.wrapping_sub(first);
        if more >= MOST as u64 {
            return None;
        }
        let first = self.directory.recent(first, last)?;
        Some(Stretch { first, lines: more + 1, bits: first.bits(more) })
    }

    /// Whether the L1D has all lines of a stretch, with their data by `time`, and a hit changes nothing; they are loaded then.
    #[inline(always)]
    pub fn load_at_hand(&mut self, stretch: &Stretch, time: u64) -> bool {
        let at_hand = self.ageless_l1d && self.directory.group(stretch.first.id).has(0, stretch.bits, time);
        self.near.accesses += if at_hand { stretch.lines } else { 0 };
        at_hand
    }

    /// Whether one look tells all of a demand for lines that are held behind the L1D.
    #[inline(always)]
    pub fn is_quick(&self) -> bool {
        self.quick
    }

    /// Demands for the lines of a stretch, by a way that begins behind the L1D, if all find them where they look, with their data by the
    /// time of the first. Returns the cycles from a demand to the data.
    #[inline(always)]
    pub fn demand_behind<const WRITE: bool>(&mut self, way: Way, stretch: &Stretch, turns: Spread) -> Option<u64> {
        const L2: usize = Shape::USUAL.behind_l1;
        let (group, bits) = (self.directory.group(stretch.first.id), stretch.bits);
        let near = if WRITE { 0 } else { group.held[0] & bits };
        let behind = bits & !near;
        if near != 0 && !group.has(0, near, turns.start) || group.held[L2] & behind != behind {
            return None;
        }
        // Where a prefetch is under way, data of others may be late.
        let (on_time, clean) = (group.ready[L2] <= turns.start, behind & !group.dirty);
        if !on_time && self.is_late(stretch, behind, turns.start) {
            return None;
        }
        let stage = &mut self.stages[L2];
        stage.cache.hits += u64::from(behind.count_ones());
        let latency = stage.latency.saturating_sub(u64::from(way.base));
        if WRITE && clean != 0 {
            self.soil(stretch, clean);
        }
        self.near.accesses += u64::from(near.count_ones());
        match (way.trains, near) {
            (false, _) => {}
            (true, 0) => self.train_in_stretch(stretch, turns),
            (true, _) => self.train_one_by_one(stretch, behind, turns),
        }
        Some(latency)
    }

    /// Whether data of some lines, which are held behind the L1D, come later than `time`.
    #[inline(never)]
    fn is_late(&mut self, stretch: &Stretch, behind: u64, time: u64) -> bool {
        let mut late = false;
        for line in ones(behind) {
            let id = self.directory.within(stretch.first, line as u64 - stretch.first.id.place()).id;
            late |= self.directory.held(id, Shape::USUAL.behind_l1).is_none_or(|held| held.ready > time);
        }
        late
    }

    /// Lines of a stretch become dirty behind the L1D.
    #[inline(never)]
    fn soil(&mut self, stretch: &Stretch, clean: u64) {
        self.directory.group(stretch.first.id).dirty |= clean;
        for index in 0..stretch.lines {
            let id = self.directory.within(stretch.first, index).id;
            if let (true, Some(held)) = (clean & id.bit() != 0, self.directory.held(id, Shape::USUAL.behind_l1)) {
                self.stages[Shape::USUAL.behind_l1].cache.touch::<true>(held.place, true);
            }
        }
    }

    /// Tells the prefetcher of the demands for a stretch.
    #[inline(always)]
    fn train_in_stretch(&mut self, stretch: &Stretch, turns: Spread) {
        let Some(prefetcher) = &mut self.prefetcher else { return };
        let Some(ahead) = prefetcher.demand_in_row(stretch.first.at, stretch.lines) else {
            return self.train_one_by_one(stretch, stretch.bits, turns);
        };
        // A stream ends with its page, which is a group.
        let wanted = stretch.bits.checked_shl(ahead as u32).unwrap_or(0);
        let group = self.directory.group(stretch.first.id);
        if wanted & !group.held[Shape::USUAL.behind_l1] != 0 {
            self.fetch_ahead_of(stretch, ahead, turns);
        }
    }

    /// Tells the prefetcher of the demands for some lines of a stretch.
    #[inline(never)]
    fn train_one_by_one(&mut self, stretch: &Stretch, demanded: u64, turns: Spread) {
        let place = stretch.first.id.place();
        for line in ones(demanded) {
            let Some(prefetcher) = &mut self.prefetcher else { return };
            let index = line as u64 - place;
            let wanted = prefetcher.demand(stretch.first.at + index);
            self.fetch_in_page(self.directory.within(stretch.first, index), wanted, turns.turn(index));
        }
    }

    #[inline(never)]
    fn fetch_ahead_of(&mut self, stretch: &Stretch, ahead: u64, turns: Spread) {
        (0..turns.count).for_each(|index| self.demanded[index as usize % MOST] = turns.turn(index));
        self.fetch_row_ahead(stretch.first, ahead, 0..stretch.lines);
    }
}
