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

/// What a place of a cache holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Which line, or [`Id::NONE`].
    pub id: Id,
    /// It must be written back.
    pub dirty: bool,
    /// The low bits of the number that it was put in with.
    pub low: u16,
}

/// The lines of one cache. Where a line is, if anywhere, the directory knows.
pub(super) struct Cache {
    replacement: Replacement,
    /// State of the generator that picks victims.
    random: u32,
    /// Set by set. The vacant places of a set are its last ones.
    lines: Box<[Line]>,
    /// When each line was used, larger is more recent; empty where it makes no difference.
    used: Vec<u64>,
    ways: usize,
    /// Places that never held a line.
    vacant: usize,
    set_mask: usize,
    clock: u64,
    /// For reports.
    pub hits: u64,
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
            // SAFETY: all bytes zero are a vacant place: `Id::NONE`, clean. Only the pages of a large cache that are used are
            // touched so.
            lines: unsafe { Box::new_zeroed_slice(lines).assume_init() },
            used: vec![0; if replacement == Replacement::Lru { lines } else { 0 }],
            ways: ways as usize,
            vacant: lines,
            set_mask: sets as usize - 1,
            clock: 0,
            hits: 0,
            misses: 0,
        }
    }

    /// Whether it is of the usual kind: it replaces at random. `USUAL` tells the functions below that it is, so that what such a
    /// cache never does is not compiled.
    pub fn is_usual(&self) -> bool {
        self.replacement == Replacement::Random
    }

    /// Sets of lines.
    pub fn sets(&self) -> u64 {
        self.set_mask as u64 + 1
    }

    /// An access to the line at a place.
    #[inline(always)]
    pub fn hit<const USUAL: bool>(&mut self, place: u32, write: bool) {
        self.hits += 1;
        self.touch::<USUAL>(place, write);
    }

    /// A cache in front has dropped the line that is at a place here, and written it back if it was dirty. Mostly without
    /// a branch on that, which nobody can predict.
    #[inline(always)]
    pub fn dropped<const USUAL: bool>(&mut self, place: u32, dirty: bool) {
        self.hits += u64::from(dirty);
        self.at(place).dirty |= dirty;
        if !USUAL && self.ages() && dirty {
            self.touch::<false>(place, dirty);
        }
    }

    #[inline(always)]
    fn at(&mut self, place: u32) -> &mut Line {
        debug_assert!((place as usize) < self.lines.len());
        // SAFETY: the directory has places from `fill` only, which makes them of a set and a way. The check would take as long
        // as what it is for, several times for each line that moves.
        unsafe { self.lines.get_unchecked_mut(place as usize) }
    }

    /// Makes the line at a place the most recent.
    #[inline(always)]
    pub fn touch<const USUAL: bool>(&mut self, place: u32, write: bool) {
        if !USUAL && self.ages() {
            self.clock += 1;
            self.used[place as usize] = self.clock;
        }
        if write {
            self.at(place).dirty = true;
        }
    }

    /// Where the lines are as long as this lives.
    pub fn lines(&self) -> *const Line {
        self.lines.as_ptr()
    }

    /// Whether the line at a place is dirty.
    pub fn is_dirty(&self, place: u32) -> bool {
        self.lines[place as usize].dirty
    }

    /// Whether the ages of lines make a difference.
    #[inline(always)]
    pub fn ages(&self) -> bool {
        self.replacement == Replacement::Lru
    }

    /// Puts a line in. Its `number` (address / line size) tells the set. Returns its place and what was there.
    #[inline(always)]
    pub fn fill<const USUAL: bool>(&mut self, number: u64, id: Id, dirty: bool) -> (u32, Line) {
        let first = (number as usize & self.set_mask) * self.ways;
        let way = if USUAL || !self.ages() {
            // A linear-feedback shift register of full period, as in hardware.
            self.random = self.random >> 1 ^ 0xa300_0000 & (self.random & 1).wrapping_neg();
            let way = remainder(self.random as usize, self.ways);
            if self.vacant > 0 { self.vacant(first).unwrap_or(way) } else { way }
        } else {
            let ages = self.used[first..first + self.ways].iter().enumerate();
            ages.min_by_key(|(_, used)| **used).map_or(0, |(way, _)| way)
        };
        let place = (first + way) as u32;
        let former = std::mem::replace(self.at(place), Line { id, dirty, low: number as u16 });
        self.touch::<USUAL>(place, false);
        (place, former)
    }

    /// The first vacant way of a set, which will be so no longer.
    #[inline(never)]
    fn vacant(&mut self, first: usize) -> Option<usize> {
        if self.lines[first + self.ways - 1].id != Id::NONE {
            return None;
        }
        let way = self.lines[first..first + self.ways].iter().position(|line| line.id == Id::NONE)?;
        self.vacant -= 1;
        Some(way)
    }
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
        let mut directory = Directory::<1>::new(6, false);
        let mut cache = Cache::new(256, 2, 64, Replacement::Lru);
        let mut fill = |cache: &mut Cache, number, dirty| {
            let (place, former) = cache.fill::<false>(number, directory.line(number).id, dirty);
            (place, (former.id != Id::NONE).then(|| directory.number(former.id)), former.dirty)
        };
        let (first, ..) = fill(&mut cache, 0, false);
        let (second, former, _) = fill(&mut cache, 2, true);
        assert_eq!((first, second, former), (0, 1, None));
        cache.hit::<false>(first, false);
        assert_eq!(fill(&mut cache, 4, false), (second, Some(2), true), "2 is older than 0");
    }
}
