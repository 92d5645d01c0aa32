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
    /// From the two lowest bits of a word.
    #[inline(always)]
    pub(super) fn of(word: u64) -> Level {
        match word & 3 {
            0 => Level::L1,
            1 => Level::L2,
            2 => Level::L3,
            _ => Level::Dram,
        }
    }
}

/// What a place of a cache holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Which line, or [`Id::NONE`].
    pub id: Id,
    /// The low bits of the number that it was put in with.
    pub low: u16,
}

/// The lines of one cache. Whether a line is among them, and whether it is dirty, the directory knows.
pub(super) struct Cache {
    replacement: Replacement,
    /// State of the generator that picks victims.
    random: u32,
    /// Set by set. The vacant places of a set are its last ones.
    lines: Box<[Line]>,
    /// When each line was used, larger is more recent, and the place of each line by its id; empty where ages make no difference.
    used: Vec<u64>,
    places: Vec<u32>,
    ways: usize,
    /// One less than these, if they are a power of two; else 0.
    way_mask: usize,
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
            // SAFETY: all bytes zero are a vacant place, `Id::NONE`. Only the pages of a large cache that are used are
            // touched so.
            lines: unsafe { Box::new_zeroed_slice(lines).assume_init() },
            used: vec![0; if replacement == Replacement::Lru { lines } else { 0 }],
            places: Vec::new(),
            ways: ways as usize,
            way_mask: if ways.is_power_of_two() { ways as usize - 1 } else { 0 },
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

    /// An access to a line that is here.
    #[inline(always)]
    pub fn hit<const USUAL: bool>(&mut self, id: Id) {
        self.hits += 1;
        self.touch::<USUAL>(id);
    }

    /// A cache in front has dropped a line that is here, and written it back if it was dirty. Without a branch on that in a usual cache,
    /// as nobody can predict it.
    #[inline(always)]
    pub fn dropped<const USUAL: bool>(&mut self, id: Id, dirty: bool) {
        self.hits += u64::from(dirty);
        if !USUAL && dirty {
            self.touch::<false>(id);
        }
    }

    /// Makes a line that is here the most recent.
    #[inline(always)]
    pub fn touch<const USUAL: bool>(&mut self, id: Id) {
        if !USUAL && self.ages() {
            self.clock += 1;
            self.used[self.places[id.index()] as usize] = self.clock;
        }
    }

    /// Whether the ages of lines make a difference.
    #[inline(always)]
    pub fn ages(&self) -> bool {
        self.replacement == Replacement::Lru
    }

    /// Puts a line in. Its `number` (address / line size) tells the set. Returns what was in its place.
    #[inline(always)]
    pub fn fill<const USUAL: bool>(&mut self, number: u64, id: Id) -> Line {
        let first = (number as usize & self.set_mask) * self.ways;
        let way = if USUAL || !self.ages() {
            // A linear-feedback shift register of full period, as in hardware.
            self.random = self.random >> 1 ^ 0xa300_0000 & (self.random & 1).wrapping_neg();
            let random = self.random as usize;
            let way = if self.way_mask != 0 { random & self.way_mask } else { self.remainder(random) };
            let is_vacant = self.vacant > 0 && self.lines[first + self.ways - 1].id == Id::NONE;
            if is_vacant { self.vacant(first) } else { way }
        } else {
            let ages = self.used[first..first + self.ways].iter().enumerate();
            ages.min_by_key(|(_, used)| **used).map_or(0, |(way, _)| way)
        };
        let place = first + way;
        debug_assert!(place < self.lines.len());
        // SAFETY: a set and a way of it. The check would take as long as what it is for.
        let line = unsafe { self.lines.get_unchecked_mut(place) };
        let former = std::mem::replace(line, Line { id, low: number as u16 });
        if !USUAL && self.ages() {
            self.keep_place(id, place as u32);
            self.touch::<false>(id);
        }
        former
    }

    /// The way for a random number where ways are no power of two. Apart, as divisions take long and most caches need none.
    #[cold]
    fn remainder(&self, random: usize) -> usize {
        random % self.ways
    }

    #[inline(never)]
    fn keep_place(&mut self, id: Id, place: u32) {
        let known = self.places.len().max(id.index() + 1);
        self.places.resize(known, 0);
        self.places[id.index()] = place;
    }

    /// The first vacant way of a set that has one, and will not be vacant any more.
    #[inline(never)]
    fn vacant(&mut self, first: usize) -> usize {
        self.vacant -= 1;
        let set = &self.lines[first..first + self.ways];
        set.iter().position(|line| line.id == Id::NONE).unwrap_or(self.ways - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::directory::Directory;
    use super::*;

    #[test]
    fn the_least_recent_line_goes() {
        let mut directory = Directory::<1>::new(6, false);
        let mut cache = Cache::new(256, 2, 64, Replacement::Lru);
        let mut fill = |cache: &mut Cache, number| {
            let former = cache.fill::<false>(number, directory.line(number).id).id;
            (former != Id::NONE).then(|| directory.number(former))
        };
        assert_eq!([0, 2].map(|number| fill(&mut cache, number)), [None, None]);
        cache.hit::<false>(directory.line(0).id);
        let mut fill = |number| cache.fill::<false>(number, directory.line(number).id).id;
        let former = fill(4);
        assert_eq!(directory.number(former), 2, "it is older than 0");
    }
}
