//! Lines in a row: what a stream is made of.

use super::super::directory::Located;
use super::{Hierarchy, L2, L3, Served, Way};

/// Lines of one page in a row, demanded one after the other in the usual caches.
///
/// The prefetcher hears of them late. What it fetches takes no line from the level behind the L1s that one of the later
/// demands finds there, because they have no set in common ([`Hierarchy::is_usual`]), and the path that it fetches by is
/// another one. Only what demands do behind that level and a dirty line that leaves the L1D must not come before it.
pub(crate) struct Row {
    way: Way,
    first: Located,
    pub count: u64,
    /// Demands that the prefetcher has heard of.
    told: u64,
}

/// Lines that a row has at most.
pub(super) const MOST: usize = 16;

impl Hierarchy {
    /// The lines from one on, as many as belong to one row of at most `count`.
    #[inline(always)]
    pub fn row(&mut self, way: Way, first: u64, count: u64) -> Row {
        let first = self.directory.line(first);
        let count = count.min(self.directory.left_in_page(first)).min(first.left_in_group()).min(MOST as u64);
        Row { way, first, count, told: 0 }
    }

    /// An access to a line of a row. `USUAL`: for the usual caches; the row is told of at its end then. `WRITE` is what its way says.
    #[inline(always)]
    pub fn supply_in_row<const USUAL: bool, const WRITE: bool>(
        &mut self,
        row: &mut Row,
        index: u64,
        time: u64,
    ) -> Served {
        if !USUAL {
            return self.supply_line::<false>(row.way, self.directory.within(row.first, index), time);
        }
        let located = self.directory.within(row.first, index);
        self.demanded[index as usize % MOST] = time;
        let behind =
            if WRITE || !self.directory.holds(located.id, 0) { self.directory.held(located.id, L2) } else { None };
        let Some(l2) = behind else { return self.tell_and_supply::<WRITE>(row, index, time) };
        let mut hit = self.hit::<true>(L2, l2, located, WRITE, (time, row.way.base));
        if !WRITE && !row.way.looks {
            hit.wait(self.pass(0..1, time));
            self.stages[0].cache.misses += 1;
            let victim = self.put::<true>(0, located, hit, false);
            if self.directory.is_dirty(victim, 0) {
                self.tell(row, index);
            }
            hit.ready = self.drive_out::<true>(0, victim, located, hit);
        }
        Served { ready: hit.ready, accepted: time, from: hit.from }
    }

    /// Whether the level behind the L1s, where demands of a row begin, lacks some of its lines. For the usual caches.
    #[inline(always)]
    pub fn lacks(&mut self, row: &Row) -> bool {
        let bits = row.first.bits(row.count - 1);
        (row.way.write || row.way.looks) && self.directory.group(row.first.id).held[L2] & bits != bits
    }

    /// As [`Hierarchy::supply_in_row`], for a row of which lines are lacking: the prefetcher hears of each demand at once.
    #[inline(always)]
    pub fn supply_lacking<const WRITE: bool>(&mut self, row: &Row, index: u64, time: u64) -> Served {
        let (way, located) = (row.way.of_stream::<WRITE>(), self.directory.within(row.first, index));
        let (held, bit) = (self.directory.group(located.id).held, located.id.bit());
        if !WRITE && held[0] & bit != 0 || (held[L2] | held[L3]) & bit == 0 {
            return self.supply_apart::<WRITE>(way, located, time);
        }
        let served = if held[L2] & bit != 0 {
            let held = self.directory.how(located.id, L2);
            let hit = self.hit::<true>(L2, held, located, WRITE, (time, way.base));
            Served { ready: hit.ready, accepted: time, from: hit.from }
        } else {
            self.bring::<true>(Way { trains: false, ..way }, located, time, (L2, L3))
        };
        if way.trains {
            self.train::<true>(located, served.accepted);
        }
        served
    }

    /// The same of a line that is found elsewhere.
    #[inline(never)]
    fn tell_and_supply<const WRITE: bool>(&mut self, row: &mut Row, index: u64, time: u64) -> Served {
        self.tell(row, index);
        row.told = index + 1;
        self.supply_apart::<WRITE>(row.way, self.directory.within(row.first, index), time)
    }

    #[inline(never)]
    fn supply_apart<const WRITE: bool>(&mut self, way: Way, located: Located, time: u64) -> Served {
        self.supply_line::<true>(way.of_stream::<WRITE>(), located, time)
    }

    /// Tells the prefetcher of all demands of a row.
    #[inline(always)]
    pub fn tell_all(&mut self, mut row: Row) {
        let count = row.count;
        self.tell(&mut row, count);
    }

    /// Tells the prefetcher of the first demands of a row, so many as it shall have heard of.
    #[inline(always)]
    fn tell(&mut self, row: &mut Row, demands: u64) {
        if row.way.trains && row.told < demands {
            self.train_in_row(row.first, row.told..demands);
        }
        row.told = demands;
    }
}
