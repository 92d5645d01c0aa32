//! A set-associative cache: tags only.

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

#[derive(Clone, Copy)]
struct Line {
    /// Line number (address / line size); `EMPTY` when invalid.
    number: u64,
    /// Time at which its data is there: later than now while a fill or a prefetch is under way.
    ready: u64,
    /// Larger is more recent.
    used: u64,
    /// Who supplied it: for the ledger, while it is under way.
    from: Level,
    dirty: bool,
}

const EMPTY: u64 = u64::MAX;

/// What a look-up found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// When the data is there.
    pub ready: u64,
    /// Who supplied it.
    pub from: Level,
}

/// Tags of one cache.
pub(super) struct Cache {
    replacement: Replacement,
    /// State of the generator that picks victims.
    random: u32,
    lines: Vec<Line>,
    /// The way of each set that was found last: a hint.
    recent: Vec<u8>,
    ways: usize,
    set_mask: u64,
    line_log2: u32,
    clock: u64,
    /// Accesses and misses, for reports.
    pub accesses: u64,
    pub misses: u64,
}

impl Cache {
    /// `size` and `line` in bytes; `size / (line * ways)` is a power of two.
    pub fn new(size: u64, ways: u32, line: u32, replacement: Replacement) -> Cache {
        let sets = (size / u64::from(line) / u64::from(ways)).max(1);
        let empty = Line { number: EMPTY, ready: 0, used: 0, from: Level::L1, dirty: false };
        Cache {
            replacement,
            random: 1,
            lines: vec![empty; (sets * u64::from(ways)) as usize],
            recent: vec![0; sets as usize],
            ways: ways as usize,
            set_mask: sets - 1,
            line_log2: line.trailing_zeros(),
            clock: 0,
            accesses: 0,
            misses: 0,
        }
    }

    /// The number of the line that holds an address.
    pub fn line(&self, addr: u64) -> u64 {
        addr >> self.line_log2
    }

    /// log2 of the bytes in a line.
    pub fn line_log2(&self) -> u32 {
        self.line_log2
    }

    fn set(&mut self, line: u64) -> &mut [Line] {
        let set = (line & self.set_mask) as usize * self.ways;
        &mut self.lines[set..set + self.ways]
    }

    /// Looks a line up and makes it the most recent.
    pub fn access(&mut self, line: u64, write: bool) -> Option<Hit> {
        self.accesses += 1;
        let found = self.set(line).iter().position(|entry| entry.number == line);
        let Some(way) = found else {
            self.misses += 1;
            return None;
        };
        self.recent[(line & self.set_mask) as usize] = way as u8;
        Some(self.touch(line, way, write))
    }

    /// As [`Cache::access`], when the line is the one of its set that was found last and its data are there by `time`.
    /// False says that nothing was done.
    #[inline(always)]
    pub fn again(&mut self, line: u64, write: bool, time: u64) -> bool {
        let set = (line & self.set_mask) as usize;
        let way = self.recent[set] as usize;
        let entry = &self.lines[set * self.ways + way];
        let found = entry.number == line && entry.ready <= time;
        if found {
            self.accesses += 1;
            self.touch(line, way, write);
        }
        found
    }

    #[inline(always)]
    fn touch(&mut self, line: u64, way: usize, write: bool) -> Hit {
        self.clock += 1;
        let entry = &mut self.lines[(line & self.set_mask) as usize * self.ways + way];
        entry.used = self.clock;
        entry.dirty |= write;
        Hit { ready: entry.ready, from: entry.from }
    }

    /// Whether a line is there, without touching its age.
    pub fn holds(&mut self, line: u64) -> bool {
        self.set(line).iter().any(|entry| entry.number == line)
    }

    /// Puts a line in; returns the line number of a dirty victim.
    pub fn fill(&mut self, line: u64, hit: Hit, dirty: bool) -> Option<u64> {
        self.clock += 1;
        let clock = self.clock;
        let pick = match self.replacement {
            Replacement::Lru => None,
            Replacement::Random => {
                // A linear-feedback shift register of full period, as in hardware.
                self.random = self.random >> 1 ^ if self.random & 1 == 1 { 0xa300_0000 } else { 0 };
                Some(self.random as usize % self.ways)
            }
        };
        let set = self.set(line);
        let oldest = || set.iter().enumerate().min_by_key(|(_, entry)| entry.used).map(|(index, _)| index);
        let way = set.iter().position(|entry| entry.number == EMPTY).or(pick).or_else(oldest)?;
        self.recent[(line & self.set_mask) as usize] = way as u8;
        let victim = &mut self.set(line)[way];
        let evicted = (victim.number != EMPTY && victim.dirty).then_some(victim.number);
        *victim = Line { number: line, ready: hit.ready, used: clock, from: hit.from, dirty };
        evicted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recent_line_goes() {
        let mut cache = Cache::new(256, 2, 64, Replacement::Lru);
        let hit = Hit { ready: 0, from: Level::L2 };
        for line in [0, 2] {
            assert!(cache.access(line, false).is_none());
            assert_eq!(cache.fill(line, hit, line == 2), None);
        }
        assert!(cache.access(0, false).is_some());
        assert_eq!(cache.fill(4, hit, false), Some(2), "2 is older than 0, and dirty");
        assert!(cache.holds(0) && cache.holds(4) && !cache.holds(2));
        assert_eq!((cache.accesses, cache.misses), (3, 2));
    }
}
