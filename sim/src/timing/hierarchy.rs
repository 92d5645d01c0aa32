//! The memory hierarchy: caches, the channels between them, prefetch and DRAM, in cycles.

use std::ops::Range;

use super::cache::{Cache, Level, Line};
use super::directory::{Directory, Id, Located};
use super::near::Near;
use super::prefetch::Prefetcher;
use crate::machine::{self, MemorySystem, Replacement};

/// A path that moves a limited number of bytes a cycle. Times are kept in 1/256 cycle, so that fractional rates add
/// up over many lines.
struct Channel {
    free: u64,
    line_cost: u64,
}

impl Channel {
    fn new(line_bytes: u64, bytes_per_cycle: f64) -> Channel {
        // An unlimited rate is infinite: its line costs nothing.
        Channel { free: 0, line_cost: (line_bytes as f64 * 256.0 / bytes_per_cycle).round() as u64 }
    }

    /// Moves a line, not before `time`; returns when it begins.
    fn transfer(&mut self, time: u64) -> u64 {
        let start = self.free.max(time << 8);
        self.free = start + self.line_cost;
        start >> 8
    }
}

struct Stage {
    level: Level,
    cache: Cache,
    /// Cycles from a miss in the nearest level to data from this level, unloaded.
    latency: u64,
    /// The path of fills into this level.
    channel: Channel,
    /// Completion times of the latest fills of this level, as many as may be under way.
    fills: Vec<u64>,
    next_fill: usize,
}

impl Stage {
    fn new(level: Level, cache: &machine::Cache) -> Stage {
        Stage {
            level,
            cache: Cache::new(cache.size, cache.ways, cache.line, cache.replacement),
            latency: u64::from(cache.hit_latency),
            channel: Channel::new(u64::from(cache.line), cache.bytes_per_cycle),
            fills: vec![0; cache.outstanding_fills.max(1) as usize],
            next_fill: 0,
        }
    }

    /// One that nobody asks.
    fn none() -> Stage {
        let cache = Cache::new(64, 1, 64, Replacement::Random);
        let channel = Channel { free: 0, line_cost: 0 };
        Stage { level: Level::Dram, cache, latency: 0, channel, fills: vec![0], next_fill: 0 }
    }

    /// When a fill that is asked for at `time` may begin: no more than the allowed number are under way at once.
    fn fill_slot(&self, time: u64) -> u64 {
        time.max(self.fills[self.next_fill])
    }

    fn fill_done(&mut self, time: u64) {
        self.fills[self.next_fill] = time;
        self.next_fill += 1;
        if self.next_fill == self.fills.len() {
            self.next_fill = 0;
        }
    }
}

/// A line on its way: when its data are there, and who supplies them.
#[derive(Clone, Copy)]
struct Data {
    ready: u64,
    from: Level,
}

/// The answer to an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Served {
    /// When the data is there.
    pub ready: u64,
    /// When the access was taken: later than asked for when too many fills were under way.
    pub accepted: u64,
    /// Who supplied it.
    pub from: Level,
}

/// Accesses and misses of a level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines looked up.
    pub accesses: u64,
    /// Lines not found.
    pub misses: u64,
}

/// Traffic counters of the hierarchy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryCounts {
    /// L1 instruction cache.
    pub l1i: Counts,
    /// L1 data cache.
    pub l1d: Counts,
    /// Second level.
    pub l2: Counts,
    /// Third level.
    pub l3: Counts,
    /// Bytes moved between the last cache level and memory.
    pub dram_bytes: u64,
}

/// Which of the caches for data there are: an L1D and levels behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Shape {
    /// Number of them.
    levels: usize,
    /// Index of the first one behind the L1s.
    behind_l1: usize,
}

impl Shape {
    /// The code for it is compiled apart, so that loops over stages are none.
    const USUAL: Shape = Shape { levels: MOST_LEVELS, behind_l1: 1 };
}

/// L1D, L2, L3.
const MOST_LEVELS: usize = 3;

/// Caches and memory of one hart.
pub(super) struct Hierarchy {
    fetch: Option<Stage>,
    /// Where the lines of instructions are.
    fetched: Directory,
    pub near_fetch: Near,
    /// Where the lines of data are.
    directory: Directory,
    /// Lines of the L1D.
    pub near: Near,
    /// Whether the ages of lines in the L1D make a difference.
    near_ages: bool,
    /// L1D, L2, L3: those the machine has; behind them stages that nobody asks.
    stages: [Stage; MOST_LEVELS],
    shape: Shape,
    dram_reads: Channel,
    dram_writes: Channel,
    dram_latency: u64,
    dram_lines: u64,
    line_log2: u32,
    pub fetch_log2: u32,
    prefetcher: Option<Prefetcher>,
    trains_scalar: bool,
    trains_vector: bool,
}

/// An access on its way to the line that holds `addr`.
struct Request {
    addr: u64,
    write: bool,
    /// It begins at the L1D, else behind it.
    through_l1d: bool,
    /// The part of the latency that the requester's own latency already has.
    base: u64,
    /// It takes none of the L1D's places for fills.
    streams: bool,
    /// The prefetcher sees it.
    trains: bool,
}

impl Hierarchy {
    pub fn new(memory: &MemorySystem) -> Hierarchy {
        let stages: Vec<Stage> = [(Level::L1, &memory.l1d), (Level::L2, &memory.l2), (Level::L3, &memory.l3)]
            .into_iter()
            .filter_map(|(level, cache)| cache.as_ref().map(|cache| Stage::new(level, cache)))
            .collect();
        let shape = Shape { levels: stages.len(), behind_l1: usize::from(memory.l1d.is_some()) };
        let line_log2 = memory
            .l1d
            .as_ref()
            .or(memory.l2.as_ref())
            .or(memory.l3.as_ref())
            .map_or(6, |cache| cache.line.trailing_zeros());
        let line_bytes = 1 << line_log2;
        let fetch_log2 = memory.l1i.as_ref().map_or(line_log2, |cache| cache.line.trailing_zeros());
        let near_ages = stages.first().is_some_and(|stage| stage.cache.ages());
        let mut stages = stages.into_iter();
        Hierarchy {
            fetch: memory.l1i.as_ref().map(|cache| Stage::new(Level::L1, cache)),
            fetched: Directory::new(fetch_log2, false),
            near_fetch: Near::default(),
            directory: Directory::new(line_log2, memory.scattered_pages),
            near: Near::default(),
            near_ages,
            stages: std::array::from_fn(|_| stages.next().unwrap_or_else(Stage::none)),
            shape,
            dram_reads: Channel::new(line_bytes, memory.dram.read_bytes_per_cycle),
            dram_writes: Channel::new(line_bytes, memory.dram.write_bytes_per_cycle),
            dram_latency: u64::from(memory.dram.latency),
            dram_lines: 0,
            line_log2,
            fetch_log2,
            prefetcher: Prefetcher::new(&memory.prefetcher),
            trains_scalar: memory.prefetcher.scalar,
            trains_vector: memory.prefetcher.vector,
        }
    }

    /// log2 of the bytes in a line.
    #[inline]
    pub fn line_log2(&self) -> u32 {
        self.line_log2
    }

    /// Where the lines of the L1D are as long as this lives; `None` unless there are both L1 caches and the ages of
    /// their lines make no difference, so that a hit changes nothing but that a line is dirty.
    pub fn ageless(&self) -> Option<*const Line> {
        let fetch = self.fetch.as_ref().is_some_and(|stage| !stage.cache.ages());
        (fetch && self.shape.behind_l1 == 1 && !self.near_ages).then(|| self.stages[0].cache.lines())
    }

    /// As [`Hierarchy::scalar`], when the line is in the L1D, is found without a search, and its data are there by
    /// `time`, so that nothing is late. False says that nothing was done.
    #[inline(always)]
    pub fn at_hand(&mut self, line: u64, write: bool, time: u64) -> bool {
        let Some(place) = self.near.find(line, time) else { return false };
        if write || self.near_ages {
            self.stages[0].cache.touch(place, write);
        }
        true
    }

    /// The same for [`Hierarchy::fetch`].
    #[inline(always)]
    pub fn fetch_at_hand(&mut self, addr: u64, time: u64) -> bool {
        let Some(place) = self.near_fetch.find(addr >> self.fetch_log2, time) else { return false };
        if let Some(stage) = &mut self.fetch {
            stage.cache.touch(place, false);
        }
        true
    }

    /// An instruction fetch of the line at `addr`.
    pub fn fetch(&mut self, addr: u64, time: u64) -> Served {
        let Some(stage) = &mut self.fetch else { return Served { ready: time, accepted: time, from: Level::L1 } };
        let line = addr >> self.fetch_log2;
        let id = self.fetched.line(line).id;
        if let Some(place) = self.fetched.place(id, 0) {
            let hit = stage.cache.hit(place, false);
            self.near_fetch.insert(line, hit.ready, place);
            return Served { ready: hit.ready.max(time), accepted: time, from: hit.from };
        }
        stage.cache.miss();
        let start = stage.fill_slot(time);
        let request = Request { addr, write: false, through_l1d: false, base: 0, streams: false, trains: false };
        let served = self.supply(request, start);
        if let Some(stage) = &mut self.fetch {
            let filled = stage.cache.fill(line, id, served.ready, served.from, false);
            stage.fill_done(served.ready);
            self.fetched.arrived(id, 0, filled.place);
            self.near_fetch.remove(self.fetched.number(filled.former));
            self.fetched.left(filled.former, 0);
            self.near_fetch.insert(line, served.ready, filled.place);
        }
        served
    }

    /// A scalar or element access through the L1D.
    pub fn scalar(&mut self, addr: u64, write: bool, time: u64) -> Served {
        let trains = self.trains_scalar;
        self.supply(Request { addr, write, through_l1d: true, base: 0, streams: false, trains }, time)
    }

    /// A scattered access of the vector unit to the line at `addr`, beginning at the L1D or behind it.
    #[inline(always)]
    pub fn element(&mut self, addr: u64, write: bool, time: u64, through_l1d: bool) -> Served {
        let (trains, streams) = (self.trains_vector, false);
        if through_l1d {
            return self.supply(Request { addr, write, through_l1d: true, base: 0, streams, trains }, time);
        }
        let base = self.behind_l1_latency();
        self.supply(Request { addr, write, through_l1d: false, base, streams, trains }, time)
    }

    /// A line of a unit-stride access of the vector unit, beginning at the L1D or behind it. It does not take the
    /// L1D's places for fills; where it begins there, `early` cycles of the latency behind the L1D are saved.
    #[inline(always)]
    pub fn stream(&mut self, addr: u64, write: bool, time: u64, through_l1d: bool, early: u64) -> Served {
        let (trains, streams) = (self.trains_vector, true);
        if through_l1d {
            return self.supply(Request { addr, write, through_l1d: true, base: early, streams, trains }, time);
        }
        let base = self.behind_l1_latency();
        self.supply(Request { addr, write, through_l1d: false, base, streams, trains }, time)
    }

    /// The latency of the nearest level is part of the latency of an instruction that begins there.
    fn behind_l1_latency(&self) -> u64 {
        self.stages.get(self.shape.behind_l1).map_or(0, |stage| stage.latency)
    }

    #[inline(always)]
    fn supply(&mut self, request: Request, time: u64) -> Served {
        if self.shape == Shape::USUAL {
            self.supply_in(Shape::USUAL, request, time)
        } else {
            self.supply_unusual(request, time)
        }
    }

    #[inline(never)]
    fn supply_unusual(&mut self, request: Request, time: u64) -> Served {
        self.supply_in(self.shape, request, time)
    }

    #[inline(always)]
    fn supply_in(&mut self, shape: Shape, request: Request, time: u64) -> Served {
        let Request { addr, write, through_l1d, base, streams, trains } = request;
        let located = self.directory.line(addr >> self.line_log2);
        let Located { id, line, .. } = located;
        let first = if through_l1d { 0 } else { shape.behind_l1 };
        let mut time = time;
        let mut found = None;
        for index in first..shape.levels {
            let stage = &mut self.stages[index];
            if let Some(place) = self.directory.place(id, index) {
                let hit = stage.cache.hit(place, write && index == first);
                if index < shape.behind_l1 {
                    self.near.insert(line, hit.ready, place);
                }
                let latency = if index == 0 { 0 } else { stage.latency.saturating_sub(base) };
                let from = if hit.ready > time { hit.from } else { stage.level };
                found = Some((index, Data { ready: hit.ready.max(time) + latency, from }));
                break;
            }
            stage.cache.miss();
            if index > 0 || !streams {
                time = stage.fill_slot(time);
            }
        }
        let (supplier, mut hit) = match found {
            Some(found) => found,
            None => {
                let latency = self.dram_latency.saturating_sub(base);
                (shape.levels, Data { ready: self.read_dram(time) + latency, from: Level::Dram })
            }
        };
        // The slowest of the paths that the line takes decides.
        hit.ready += self.pass(first..supplier, time);
        let mut index = supplier;
        while index > first {
            index -= 1;
            self.fill(shape, index, located, hit, write && index == first);
            if index > 0 || !streams {
                self.stages[index].fill_done(hit.ready);
            }
        }
        // The prefetcher sits at the level behind the L1s and sees what reaches it.
        if trains && supplier >= shape.behind_l1 {
            self.train(shape, located, time);
        }
        Served { ready: hit.ready, accepted: time, from: hit.from }
    }

    /// A line passes the paths into some stages; returns how long it waits for the slowest of them.
    #[inline(always)]
    fn pass(&mut self, stages: Range<usize>, time: u64) -> u64 {
        self.stages[stages].iter_mut().fold(0, |waited, stage| waited.max(stage.channel.transfer(time) - time))
    }

    /// Reads a line from memory, not before `time`; returns when the transfer begins.
    #[inline(always)]
    fn read_dram(&mut self, time: u64) -> u64 {
        self.dram_lines += 1;
        self.dram_reads.transfer(time)
    }

    /// Puts a line into a stage; a dirty victim moves one level out.
    #[inline(always)]
    fn fill(&mut self, shape: Shape, index: usize, located: Located, hit: Data, dirty: bool) {
        let Located { id, line, at } = located;
        let indexed_by = if index < shape.behind_l1 { line } else { at };
        let filled = self.stages[index].cache.fill(indexed_by, id, hit.ready, hit.from, dirty);
        self.directory.arrived(id, index, filled.place);
        let victim = filled.former;
        if index < shape.behind_l1 {
            self.near.insert(line, hit.ready, filled.place);
            self.near.remove(self.directory.number(victim));
        }
        match self.directory.place(victim, index + 1) {
            Some(place) if index + 1 < shape.levels => self.stages[index + 1].cache.dropped(place, filled.dirty),
            _ if filled.dirty => self.write_back(index + 1, victim, hit),
            _ => {}
        }
        self.directory.left(victim, index);
    }

    /// A dirty line goes to a stage that does not hold it, or to memory, when the data of `hit` take its place.
    #[inline(never)]
    fn write_back(&mut self, index: usize, id: Id, hit: Data) {
        if index < self.shape.levels {
            self.stages[index].cache.miss();
            let located = self.directory.line(self.directory.number(id));
            self.fill(self.shape, index, located, hit, true);
        } else {
            self.dram_writes.transfer(hit.ready);
            self.dram_lines += 1;
        }
    }

    /// Tells the prefetcher of a demand for a line and starts the fills that it wants, into the level behind the L1s. It
    /// sees physical addresses: where pages are scattered, a stream ends with its page.
    #[inline(always)]
    fn train(&mut self, shape: Shape, demanded: Located, time: u64) {
        let Some(prefetcher) = &mut self.prefetcher else { return };
        for at in prefetcher.demand(demanded.at).lines() {
            match self.directory.beside(demanded, at) {
                Some(wanted) => self.prefetch(shape, wanted, time),
                None if self.directory.scattered() => return,
                None => {
                    let wanted = self.directory.line(at);
                    self.prefetch(shape, wanted, time);
                }
            }
        }
    }

    /// Fetches a line into the level behind the L1s, if it is not there.
    #[inline(always)]
    fn prefetch(&mut self, shape: Shape, located: Located, time: u64) {
        let target = shape.behind_l1;
        let id = located.id;
        let supplier = (target..shape.levels).find(|&index| self.directory.place(id, index).is_some());
        let supplier = supplier.unwrap_or(shape.levels);
        if supplier == target {
            return;
        }
        let mut hit = if supplier < shape.levels {
            let stage = &self.stages[supplier];
            Data { ready: time + stage.latency, from: stage.level }
        } else {
            Data { ready: self.read_dram(time) + self.dram_latency, from: Level::Dram }
        };
        hit.ready += self.pass(target..supplier, time);
        for index in (target..supplier).rev() {
            self.fill(shape, index, located, hit, false);
        }
    }

    /// Traffic so far.
    pub fn counts(&self) -> MemoryCounts {
        let of = |stage: Option<&Stage>| {
            stage.map_or(Counts::default(), |s| Counts { accesses: s.cache.accesses, misses: s.cache.misses })
        };
        let level = |level| of(self.stages.iter().find(|stage| stage.level == level));
        let and_near = |counts: Counts, near: &Near| Counts { accesses: counts.accesses + near.accesses, ..counts };
        MemoryCounts {
            l1i: and_near(of(self.fetch.as_ref()), &self.near_fetch),
            l1d: and_near(level(Level::L1), &self.near),
            l2: level(Level::L2),
            l3: level(Level::L3),
            dram_bytes: self.dram_lines << self.line_log2,
        }
    }
}
