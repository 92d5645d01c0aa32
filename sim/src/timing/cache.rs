//! A set-associative cache: which lines it holds.

use super::directory::Id;
use crate::machine::Replacement;

/// Where a line came from: the name of the level that supplied it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// First level.
    L1,
    /// Second level.
    L2,
    /// Third level.
    L3,
    /// Memory.
    Dram,
}

impl Level {
    /// From its number.
    pub(super) fn of(number: u64) -> Level {
        [Level::L1, Level::L2, Level::L3, Level::Dram][number as usize % 4]
    }
}

/// A line.
#[derive(Clone, Copy)]
pub(super) struct Line {
    /// Which one.
    id: Id,
    /// Who supplied it: for the ledger, while it is under way.
    from: Level,
    pub dirty: bool,
    /// Time at which its data is there: later than now while a fill or a prefetch is under way.
    ready: u64,
}

/// What a look-up found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// When the data is there.
    pub ready: u64,
    /// Who supplied it.
    pub from: Level,
}

/// What a new line displaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Filled {
    /// Where the line is in the cache.
    pub place: u32,
    /// The line that was there, or [`Id::NONE`].
    pub former: Id,
    /// It must be written back.
    pub dirty: bool,
}

/// The lines of one cache. Where a line is, if anywhere, the directory knows.
pub(super) struct Cache {
    replacement: Replacement,
    /// State of the generator that picks victims.
    random: u32,
    /// Set by set. The vacant places of a set are its last ones.
    lines: Vec<Line>,
    /// When each line was used, larger is more recent; empty where it makes no difference.
    used: Vec<u64>,
    ways: usize,
    /// One less than `ways`, if that is a power of two.
    way_mask: Option<usize>,
    set_mask: usize,
    clock: u64,
    /// Accesses and misses, for reports.
    pub accesses: u64,
    pub misses: u64,
}

impl Cache {
    /// `size` and `line` in bytes; `size / (line * ways)` is a power of two.
    pub fn new(size: u64, ways: u32, line: u32, replacement: Replacement) -> Cache {
        let sets = (size / u64::from(line) / u64::from(ways)).max(1);
        let lines = (sets * u64::from(ways)) as usize;
        Cache {
            replacement,
            random: 1,
            // SAFETY: all bytes zero are a vacant line: `Id::NONE` from `Level::L1`, clean, ready at 0. Only the pages of a large
            // cache that are used are touched so.
            lines: unsafe { Box::<[Line]>::new_zeroed_slice(lines).assume_init() }.into_vec(),
            used: vec![0; if replacement == Replacement::Lru { lines } else { 0 }],
            ways: ways as usize,
            way_mask: ways.is_power_of_two().then_some(ways as usize - 1),
            set_mask: sets as usize - 1,
            clock: 0,
            accesses: 0,
            misses: 0,
        }
    }

    /// An access to the line at a place.
    #[inline(always)]
    pub fn hit(&mut self, place: u32, write: bool) -> Hit {
        self.accesses += 1;
        self.touch(place, write);
        let Line { ready, from, .. } = self.lines[place as usize];
        Hit { ready, from }
    }

    /// An access to a line that is not here.
    #[inline(always)]
    pub fn miss(&mut self) {
        self.accesses += 1;
        self.misses += 1;
    }

    /// A cache in front has dropped the line that is at a place here, and written it back if it was dirty. Mostly without
    /// a branch on that, which nobody can predict.
    #[inline(always)]
    pub fn dropped(&mut self, place: u32, dirty: bool) {
        self.accesses += u64::from(dirty);
        self.lines[place as usize].dirty |= dirty;
        if dirty && self.ages() {
            self.touch(place, dirty);
        }
    }

    /// Makes the line at a place the most recent.
    #[inline(always)]
    pub fn touch(&mut self, place: u32, write: bool) {
        if let Some(used) = self.used.get_mut(place as usize) {
            self.clock += 1;
            *used = self.clock;
        }
        self.lines[place as usize].dirty |= write;
    }

    /// Where the lines are as long as this lives.
    pub fn lines(&self) -> *const Line {
        self.lines.as_ptr()
    }

    /// Whether the ages of lines make a difference.
    #[inline(always)]
    pub fn ages(&self) -> bool {
        self.replacement == Replacement::Lru
    }

    /// Puts a line in. Its `number` (address / line size) tells the set.
    #[inline(always)]
    pub fn fill(&mut self, number: u64, id: Id, ready: u64, from: Level, dirty: bool) -> Filled {
        let first = (number as usize & self.set_mask) * self.ways;
        let set = &mut self.lines[first..first + self.ways];
        let way = match self.replacement {
            Replacement::Random => {
                // A linear-feedback shift register of full period, as in hardware.
                self.random = self.random >> 1 ^ 0xa300_0000 & (self.random & 1).wrapping_neg();
                let random = self.random as usize;
                let way = self.way_mask.map_or_else(|| random % self.ways, |mask| random & mask);
                if set[self.ways - 1].id == Id::NONE { vacant(set) } else { way }
            }
            Replacement::Lru => {
                let ages = self.used[first..first + self.ways].iter().enumerate();
                ages.min_by_key(|(_, used)| **used).map_or(0, |(way, _)| way)
            }
        };
        let former = std::mem::replace(&mut set[way], Line { id, from, dirty, ready });
        let place = (first + way) as u32;
        if self.ages() {
            self.touch(place, dirty);
        }
        Filled { place, former: former.id, dirty: former.dirty }
    }
}

/// The first vacant way.
#[cold]
fn vacant(set: &[Line]) -> usize {
    set.iter().position(|line| line.id == Id::NONE).unwrap_or(0)
}

/// The remainder of a division. By a power of two it takes no division, which would take longer than all the rest.
#[inline(always)]
pub(super) fn remainder(number: usize, divisor: usize) -> usize {
    if divisor.is_power_of_two() { number & (divisor - 1) } else { number % divisor }
}

#[cfg(test)]
mod tests {
    use super::super::directory::Directory;
    use super::*;

    #[test]
    fn the_least_recent_line_goes() {
        let mut directory = Directory::new(6, false);
        let mut cache = Cache::new(256, 2, 64, Replacement::Lru);
        let mut fill = |cache: &mut Cache, number, dirty| {
            let id = directory.line(number).id;
            let filled = cache.fill(number, id, 0, Level::L2, dirty);
            directory.arrived(id, 0, filled.place);
            let former = (filled.former != Id::NONE).then(|| directory.number(filled.former));
            (filled.place, former, filled.dirty)
        };
        let (first, ..) = fill(&mut cache, 0, false);
        let (second, former, _) = fill(&mut cache, 2, true);
        assert_eq!((first, second, former), (0, 1, None));
        cache.hit(first, false);
        cache.miss();
        assert_eq!(fill(&mut cache, 4, false), (second, Some(2), true), "2 is older than 0");
        assert_eq!((cache.accesses, cache.misses), (2, 1));
    }
}
