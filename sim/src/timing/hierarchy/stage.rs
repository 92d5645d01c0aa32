//! A level of the hierarchy: its cache, the path of fills into it, and those under way.

use super::super::cache::{Cache, Level};
use crate::machine::{self, Replacement};

/// A path that moves a limited number of bytes a cycle. Times are kept in 1/256 cycle, so that fractional rates add
/// up over many lines.
pub(super) struct Channel {
    free: u64,
    pub line_cost: u64,
}

impl Channel {
    pub fn new(line_bytes: u64, bytes_per_cycle: f64) -> Channel {
        // An unlimited rate is infinite: its line costs nothing.
        Channel { free: 0, line_cost: (line_bytes as f64 * 256.0 / bytes_per_cycle).round() as u64 }
    }

    /// Moves a line, not before `time`; returns when it begins.
    #[inline(always)]
    pub fn transfer(&mut self, time: u64) -> u64 {
        let start = self.free.max(time << 8);
        self.free = start + self.line_cost;
        start >> 8
    }
}

/// A level of caches, and the way to it.
pub(super) struct Stage {
    pub level: Level,
    pub cache: Cache,
    /// Cycles from a miss in the nearest level to data from this level, unloaded.
    pub latency: u64,
    /// The path of fills into this level.
    pub channel: Channel,
    pub fills: Fills,
}

/// Fills of a level: no more than so many are under way at once.
pub(super) struct Fills {
    /// When the latest ones are done, as many as may be under way; the oldest stands at `next`.
    times: Box<[u64]>,
    next: usize,
    oldest: u64,
}

impl Fills {
    pub fn new(most: u32) -> Fills {
        Fills { times: vec![0; most.max(1) as usize].into(), next: 0, oldest: 0 }
    }

    /// How many may be under way.
    pub fn most(&self) -> u64 {
        self.times.len() as u64
    }

    /// When one that is asked for at `time` may begin.
    #[inline(always)]
    pub fn slot(&self, time: u64) -> u64 {
        time.max(self.oldest)
    }

    /// One is done at `time`.
    #[inline(always)]
    pub fn done(&mut self, time: u64) {
        let next = if self.next + 1 == self.times.len() { 0 } else { self.next + 1 };
        debug_assert!(self.next < self.times.len() && next < self.times.len());
        // SAFETY: there is one time at least, and `next` goes round among them. Each line that moves comes here, and the checks would be
        // a third of it.
        unsafe {
            *self.times.get_unchecked_mut(self.next) = time;
            self.oldest = *self.times.get_unchecked(next);
        }
        self.next = next;
    }
}

impl Stage {
    pub fn new(level: Level, cache: &machine::Cache) -> Stage {
        Stage {
            level,
            cache: Cache::new(cache.size, cache.ways, cache.line, cache.replacement),
            latency: u64::from(cache.hit_latency),
            channel: Channel::new(u64::from(cache.line), cache.bytes_per_cycle),
            fills: Fills::new(cache.outstanding_fills),
        }
    }

    /// One that nobody asks.
    pub fn none() -> Stage {
        let cache = Cache::new(64, 1, 64, Replacement::Random);
        let channel = Channel { free: 0, line_cost: 0 };
        Stage { level: Level::Dram, cache, latency: 0, channel, fills: Fills::new(1) }
    }
}
