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

/// A line, but for its number.
#[derive(Clone, Copy)]
struct Line {
    /// Time at which its data is there: later than now while a fill or a prefetch is under way.
    ready: u64,
    /// Larger is more recent.
    used: u64,
    /// Who supplied it: for the ledger, while it is under way.
    from: Level,
    dirty: bool,
}

/// No line has this number.
const EMPTY: u64 = u64::MAX;

/// What a look-up found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    /// When the data is there.
    pub ready: u64,
    /// Who supplied it.
    pub from: Level,
    /// Where the line is in the cache.
    pub place: u32,
}

/// What a new line displaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Filled {
    /// Where the line is in the cache.
    pub place: u32,
    /// The line that was there.
    pub former: Option<u64>,
    /// It must be written back.
    pub dirty: bool,
}

/// Tags of one cache.
pub(super) struct Cache {
    replacement: Replacement,
    /// State of the generator that picks victims.
    random: u32,
    /// The numbers of the lines (address / line size), set by set.
    numbers: Vec<u64>,
    /// Half of what the numbers say: apart from them, because they are searched.
    marks: Vec<u32>,
    lines: Vec<Line>,
    /// Ways of each set that hold a line: the first ones.
    filled: Vec<u16>,
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
        let lines = (sets * u64::from(ways)) as usize;
        Cache {
            replacement,
            random: 1,
            numbers: vec![EMPTY; lines],
            marks: vec![mark(EMPTY); lines],
            lines: vec![Line { ready: 0, used: 0, from: Level::L1, dirty: false }; lines],
            filled: vec![0; sets as usize],
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

    #[inline(always)]
    fn set(&self, line: u64) -> usize {
        (line & self.set_mask) as usize
    }

    /// Where a line is.
    #[inline]
    fn find(&self, line: u64) -> Option<usize> {
        let first = self.set(line) * self.ways;
        let (marks, mark) = (&self.marks[first..first + self.ways], mark(line));
        // With a known number of ways the search has no branches, whatever is found: where a line is has no pattern.
        let found = match self.ways {
            2 => search::<2>(marks, mark),
            4 => search::<4>(marks, mark),
            8 => search::<8>(marks, mark),
            16 => search::<16>(marks, mark),
            _ => marks.iter().position(|&other| other == mark).map_or(0, |way| way + 1),
        };
        let place = first + found.checked_sub(1)?;
        if self.numbers.get(place) == Some(&line) {
            return Some(place);
        }
        // Two lines with one mark.
        let numbers = &self.numbers[first..first + self.ways];
        numbers.iter().position(|&number| number == line).map(|way| first + way)
    }

    /// Looks a line up and makes it the most recent.
    pub fn access(&mut self, line: u64, write: bool) -> Option<Hit> {
        self.accesses += 1;
        let Some(place) = self.find(line) else {
            self.misses += 1;
            return None;
        };
        self.touch(place, write);
        let found = &self.lines[place];
        Some(Hit { ready: found.ready, from: found.from, place: place as u32 })
    }

    /// Makes the line at a place the most recent.
    #[inline(always)]
    pub fn touch(&mut self, place: usize, write: bool) {
        self.clock += 1;
        let line = &mut self.lines[place];
        line.used = self.clock;
        line.dirty |= write;
    }

    /// Whether the ages of lines make a difference.
    pub fn ages(&self) -> bool {
        self.replacement == Replacement::Lru
    }

    /// Whether a line is there, without touching its age.
    pub fn holds(&self, line: u64) -> bool {
        self.find(line).is_some()
    }

    /// Puts a line in.
    pub fn fill(&mut self, line: u64, ready: u64, from: Level, dirty: bool) -> Filled {
        self.clock += 1;
        let set = self.set(line);
        let first = set * self.ways;
        let picked = match self.replacement {
            Replacement::Lru => 0,
            Replacement::Random => {
                // A linear-feedback shift register of full period, as in hardware.
                self.random = self.random >> 1 ^ if self.random & 1 == 1 { 0xa300_0000 } else { 0 };
                remainder(self.random as usize, self.ways)
            }
        };
        let filled = &mut self.filled[set];
        let way = if (*filled as usize) < self.ways {
            *filled += 1;
            *filled as usize - 1
        } else if self.replacement == Replacement::Random {
            picked
        } else {
            let ages = self.lines[first..first + self.ways].iter().enumerate();
            ages.min_by_key(|(_, line)| line.used).map_or(0, |(way, _)| way)
        };
        let place = first + way;
        self.marks[place] = mark(line);
        let former = std::mem::replace(&mut self.numbers[place], line);
        let victim = std::mem::replace(&mut self.lines[place], Line { ready, used: self.clock, from, dirty });
        Filled { place: place as u32, former: (former != EMPTY).then_some(former), dirty: victim.dirty }
    }
}

fn mark(line: u64) -> u32 {
    (line ^ line >> 32) as u32
}

/// One more than the way that has a mark; 0 if none has it, no matter what if several have.
#[inline(always)]
fn search<const WAYS: usize>(marks: &[u32], mark: u32) -> usize {
    let Some(marks) = marks.first_chunk::<WAYS>() else { return 0 };
    let mut found = 0;
    for (way, &other) in marks.iter().enumerate() {
        found |= if other == mark { way as u32 + 1 } else { 0 };
    }
    found as usize
}

/// The remainder of a division. By a power of two it takes no division, which would take longer than all the rest.
#[inline(always)]
pub(super) fn remainder(number: usize, divisor: usize) -> usize {
    if divisor.is_power_of_two() { number & (divisor - 1) } else { number % divisor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recent_line_goes() {
        let mut cache = Cache::new(256, 2, 64, Replacement::Lru);
        for line in [0, 2] {
            assert!(cache.access(line, false).is_none());
            assert_eq!(cache.fill(line, 0, Level::L2, line == 2).former, None);
        }
        assert!(cache.access(0, false).is_some());
        let filled = cache.fill(4, 0, Level::L2, false);
        assert_eq!((filled.former, filled.dirty), (Some(2), true), "2 is older than 0");
        assert!(cache.holds(0) && cache.holds(4) && !cache.holds(2));
        assert_eq!((cache.accesses, cache.misses), (3, 2));
    }
}
