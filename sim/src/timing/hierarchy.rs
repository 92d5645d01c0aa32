//! The memory hierarchy: caches, the channels between them, prefetch and DRAM, in cycles.

mod ahead;
mod elements;
mod stage;
mod stream;
mod stretch;
mod way;

use std::mem::offset_of;
use std::ops::Range;

use super::cache::{Cache, Level};
use super::directory::{Directory, GROUP, Held, Id, Left, Located};
use super::near::Near;
use super::prefetch::Prefetcher;
use crate::machine::MemorySystem;
pub(super) use elements::{CHUNK, Elements, Waits};
use stage::{Channel, Stage};
pub(super) use stream::Row;
pub(super) use stretch::{Spread, Stretch};
pub(super) use way::Way;

/// A line on its way.
#[derive(Clone, Copy)]
struct Data {
    /// When it was asked for.
    asked: u64,
    /// Cycles that it takes, once its supplier has it and all paths are free.
    latency: u64,
    /// When it is there.
    ready: u64,
    /// Who supplies it.
    from: Level,
}

impl Data {
    /// It does not set out before `time`.
    #[inline(always)]
    fn wait(&mut self, time: u64) {
        self.ready = self.ready.max(time + self.latency);
    }
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
pub(super) const MOST_LEVELS: usize = 3;

/// Places of levels among the usual caches.
const L2: usize = Shape::USUAL.behind_l1;
const L3: usize = L2 + 1;

/// Where hits of the L2 are counted in a hierarchy.
pub(super) const L2_HITS: usize =
    offset_of!(Hierarchy, stages) + L2 * size_of::<Stage>() + offset_of!(Stage, cache) + offset_of!(Cache, hits);

/// Caches and memory of one hart.
pub(super) struct Hierarchy {
    fetch: Option<Stage>,
    /// Where the lines of instructions are.
    fetched: Directory<1>,
    pub near_fetch: Near,
    /// Where the lines of data are.
    pub directory: Directory<MOST_LEVELS>,
    /// Lines of the L1D.
    pub near: Near,
    /// Whether the ages of lines in the L1D make a difference.
    near_ages: bool,
    /// There is an L1D, and they make none.
    ageless_l1d: bool,
    /// L1D, L2, L3: those the machine has; behind them stages that nobody asks.
    stages: [Stage; MOST_LEVELS],
    shape: Shape,
    /// Both shape and caches are the usual ones; and lines of a page, or one of them and what is prefetched for it, have no set in
    /// common behind the L1s.
    usual: bool,
    /// The same; pages lie anywhere and are groups of the directory.
    quick: bool,
    dram_reads: Channel,
    dram_writes: Channel,
    dram_latency: u64,
    dram_lines: u64,
    line_log2: u32,
    pub fetch_log2: u32,
    pub prefetcher: Option<Prefetcher>,
    /// When the lines of a row were demanded.
    demanded: [u64; stream::MOST],
    trains_scalar: bool,
    trains_vector: bool,
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
        let directory = Directory::new(line_log2, memory.scattered_pages);
        let prefetcher = Prefetcher::new(&memory.prefetcher);
        let reach = directory.page_lines() + prefetcher.as_ref().map_or(0, Prefetcher::maximum);
        let usual = shape == Shape::USUAL
            && stages.iter().all(|stage| stage.cache.is_usual())
            && stages[shape.behind_l1].cache.sets() >= reach;
        let quick = usual && directory.scattered() && directory.page_lines() == GROUP;
        let mut stages = stages.into_iter();
        Hierarchy {
            fetch: memory.l1i.as_ref().map(|cache| Stage::new(Level::L1, cache)),
            fetched: Directory::new(fetch_log2, false),
            near_fetch: Near::default(),
            directory,
            near: Near::default(),
            near_ages,
            ageless_l1d: shape.behind_l1 == 1 && !near_ages,
            stages: std::array::from_fn(|_| stages.next().unwrap_or_else(Stage::none)),
            shape,
            usual,
            quick,
            dram_reads: Channel::new(line_bytes, memory.dram.read_bytes_per_cycle),
            dram_writes: Channel::new(line_bytes, memory.dram.write_bytes_per_cycle),
            dram_latency: u64::from(memory.dram.latency),
            dram_lines: 0,
            line_log2,
            fetch_log2,
            prefetcher,
            demanded: [0; stream::MOST],
            trains_scalar: memory.prefetcher.scalar,
            trains_vector: memory.prefetcher.vector,
        }
    }

    /// log2 of the bytes in a line.
    #[inline]
    pub fn line_log2(&self) -> u32 {
        self.line_log2
    }

    /// Whether there are both L1 caches and the ages of their lines make no difference, so that a hit changes nothing but that a line is
    /// dirty.
    pub fn ageless(&self) -> bool {
        self.ageless_l1d && self.fetch.as_ref().is_some_and(|stage| !stage.cache.ages())
    }

    /// As [`Hierarchy::scalar`], when the line is in the L1D, is found without a search, and its data are there by
    /// `time`, so that nothing is late. False says that nothing was done.
    #[inline(always)]
    pub fn at_hand(&mut self, line: u64, write: bool, time: u64) -> bool {
        let Some(id) = self.near.find(line, time) else { return false };
        self.use_near(id, write);
        true
    }

    /// The same, whenever the data are there: of a line that is on its way, mostly.
    #[inline(always)]
    pub fn under_way(&mut self, line: u64, write: bool, time: u64) -> Option<Served> {
        let slot = self.near.find_late(line)?;
        self.use_near(slot.id, write);
        let from = if slot.ready > time { slot.from } else { Level::L1 };
        Some(Served { ready: slot.ready.max(time), accepted: time, from })
    }

    /// An access to a line of the L1D that is found without a search.
    #[inline(always)]
    fn use_near(&mut self, id: Id, write: bool) {
        if write {
            self.directory.soil(id, 0);
        }
        if self.near_ages {
            self.stages[0].cache.touch::<false>(id);
        }
    }

    /// Accesses to lines of the L1D of which nothing is late, and which change nothing.
    #[inline(always)]
    pub fn accessed_again(&mut self, accesses: u64) {
        self.near.accesses += accesses;
    }

    /// Lines of these that are dirty in the level behind the L1s, and not in the L1D.
    pub fn dirty_behind_l1d(&mut self, first: u64, count: u64) -> u64 {
        let behind_l1 = self.shape.behind_l1;
        let dirty = |line| {
            let id = self.directory.line(line).id;
            let near = (0..behind_l1).any(|level| self.directory.holds(id, level));
            u64::from(!near && self.directory.is_dirty(id, behind_l1))
        };
        (first..first + count).map(dirty).sum()
    }

    /// As [`Hierarchy::at_hand`], of [`Hierarchy::fetch`].
    #[inline(always)]
    pub fn fetch_at_hand(&mut self, addr: u64, time: u64) -> bool {
        let Some(id) = self.near_fetch.find(addr >> self.fetch_log2, time) else { return false };
        if let Some(stage) = &mut self.fetch {
            stage.cache.touch::<false>(id);
        }
        true
    }

    /// An instruction fetch of the line at `addr`.
    pub fn fetch(&mut self, addr: u64, time: u64) -> Served {
        let Some(stage) = &mut self.fetch else { return Served { ready: time, accepted: time, from: Level::L1 } };
        let line = addr >> self.fetch_log2;
        let id = self.fetched.line(line).id;
        if let Some(held) = self.fetched.held(id, 0) {
            stage.cache.hit::<false>(id);
            self.near_fetch.insert(line, held.ready, id, held.from);
            return Served { ready: held.ready.max(time), accepted: time, from: held.from };
        }
        stage.cache.misses += 1;
        let start = stage.fills.slot(time);
        let way = Way { first: self.shape.behind_l1 as u8, ..Way::new(false) };
        let served = self.supply(way, addr, start);
        if let Some(stage) = &mut self.fetch {
            let former = stage.cache.fill::<false>(line, id);
            stage.fills.done(served.ready);
            self.fetched.leave(former.id, 0);
            self.fetched.hold(id, 0, Held { ready: served.ready, from: served.from });
            self.near_fetch.remove(former.low, former.id);
            self.near_fetch.insert(line, served.ready, id, served.from);
        }
        served
    }

    /// A scalar access through the L1D.
    pub fn scalar(&mut self, addr: u64, write: bool, time: u64) -> Served {
        self.supply(Way { trains: self.trains_scalar, ..Way::new(write) }, addr, time)
    }

    /// The same, served by the code for any caches.
    #[cfg(test)]
    pub fn unusual(self) -> Hierarchy {
        Hierarchy { usual: false, quick: false, ..self }
    }

    /// Whether the code for the usual caches serves.
    #[inline(always)]
    pub fn is_usual(&self) -> bool {
        self.usual
    }

    #[inline(always)]
    fn shape<const USUAL: bool>(&self) -> Shape {
        if USUAL { Shape::USUAL } else { self.shape }
    }

    /// An access to the line that holds `addr`.
    pub fn supply(&mut self, way: Way, addr: u64, time: u64) -> Served {
        let located = self.directory.line(addr >> self.line_log2);
        if self.is_usual() && way.at_l1d() {
            let way = Way { first: 0, base: 0, streams: false, looks: false, ..way };
            self.supply_line::<true>(way, located, time)
        } else {
            self.supply_line::<false>(way, located, time)
        }
    }

    /// An access to a line. A hit is here, the rest in [`Hierarchy::miss`].
    #[inline(always)]
    pub fn supply_line<const USUAL: bool>(&mut self, way: Way, located: Located, time: u64) -> Served {
        let way = if way.looks && self.directory.holds(located.id, 0) { Way { first: 0, ..way } } else { way };
        let first = usize::from(way.first);
        let Some(held) = self.directory.held(located.id, first) else { return self.miss::<USUAL>(way, located, time) };
        let hit = self.hit::<USUAL>(first, held, located, way.write, (time, way.base));
        if way.trains && first >= self.shape::<USUAL>().behind_l1 {
            self.train::<USUAL>(located, time);
        }
        Served { ready: hit.ready, accepted: time, from: hit.from }
    }

    /// An access to a line that the stage in which it begins does not hold. In the usual caches the code for each way of a line is
    /// compiled apart.
    #[inline(always)]
    fn miss<const USUAL: bool>(&mut self, way: Way, located: Located, time: u64) -> Served {
        let (first, levels, bit) = (usize::from(way.first), self.shape::<USUAL>().levels, located.id.bit());
        let held = self.directory.group(located.id).held;
        let supplier = (first + 1..levels).find(|&index| held[index] & bit != 0).unwrap_or(levels);
        match (first, supplier) {
            (0, 1) if USUAL => self.bring::<USUAL>(way, located, time, (0, 1)),
            (1, 2) if USUAL => self.bring::<USUAL>(way, located, time, (1, 2)),
            (0, 2) if USUAL => self.bring_from_l3::<USUAL>(way, located, time),
            _ => self.bring_from_afar::<USUAL>(way, located, time, (first, supplier)),
        }
    }

    #[inline(never)]
    fn bring_from_l3<const USUAL: bool>(&mut self, way: Way, located: Located, time: u64) -> Served {
        self.bring::<USUAL>(way, located, time, (0, 2))
    }

    #[inline(never)]
    fn bring_from_afar<const USUAL: bool>(
        &mut self,
        way: Way,
        located: Located,
        time: u64,
        stages: (usize, usize),
    ) -> Served {
        self.bring::<USUAL>(way, located, time, stages)
    }

    /// Brings a line to the stage where an access begins from the first behind it that has it, or from memory.
    #[inline(always)]
    fn bring<const USUAL: bool>(
        &mut self,
        way: Way,
        located: Located,
        time: u64,
        (first, supplier): (usize, usize),
    ) -> Served {
        let Way { write, base, streams, trains, .. } = way;
        let takes_place = |index| index > 0 || !streams;
        let mut time = time;
        for index in first..supplier {
            self.stages[index].cache.misses += 1;
            time = if takes_place(index) { self.stages[index].fills.slot(time) } else { time };
        }
        let mut hit = if supplier < self.shape::<USUAL>().levels {
            let held = self.directory.how(located.id, supplier);
            self.hit::<USUAL>(supplier, held, located, false, (time, base))
        } else {
            let latency = self.dram_latency.saturating_sub(u64::from(base));
            Data { asked: time, latency, ready: self.read_dram(time) + latency, from: Level::Dram }
        };
        hit.wait(self.pass(first..supplier, time));
        for index in (first..supplier).rev() {
            hit.ready = self.fill::<USUAL>(index, located, hit, write && index == first);
            if takes_place(index) {
                self.stages[index].fills.done(hit.ready);
            }
        }
        // The prefetcher sits at the level behind the L1s and sees what reaches it.
        if trains && supplier >= self.shape::<USUAL>().behind_l1 {
            self.train::<USUAL>(located, time);
        }
        Served { ready: hit.ready, accepted: time, from: hit.from }
    }

    /// A stage holds the line.
    #[inline(always)]
    fn hit<const USUAL: bool>(
        &mut self,
        index: usize,
        held: Held,
        located: Located,
        write: bool,
        (time, base): (u64, u32),
    ) -> Data {
        let behind_l1 = self.shape::<USUAL>().behind_l1;
        let stage = &mut self.stages[index];
        stage.cache.hit::<USUAL>(located.id);
        if write {
            self.directory.soil(located.id, index);
        }
        if index < behind_l1 {
            self.near.insert(located.line, held.ready, located.id, held.from);
        }
        let latency = if index == 0 { 0 } else { stage.latency.saturating_sub(u64::from(base)) };
        let from = if held.ready > time { held.from } else { stage.level };
        Data { asked: time, latency, ready: held.ready.max(time) + latency, from }
    }

    /// A line passes the paths into some stages. Returns when the slowest of them has room, which decides.
    #[inline(always)]
    fn pass(&mut self, stages: Range<usize>, time: u64) -> u64 {
        self.stages[stages].iter_mut().fold(time, |begins, stage| begins.max(stage.channel.transfer(time)))
    }

    /// Reads a line from memory, not before `time`; returns when the transfer begins.
    #[inline(always)]
    fn read_dram(&mut self, time: u64) -> u64 {
        self.dram_lines += 1;
        self.dram_reads.transfer(time)
    }

    /// Puts a line into a stage; a dirty victim moves one level out. Returns when the line is there: later than its data where the
    /// victim has to wait for room on its way to memory.
    #[inline(always)]
    fn fill<const USUAL: bool>(&mut self, index: usize, located: Located, hit: Data, dirty: bool) -> u64 {
        let victim = self.put::<USUAL>(index, located, hit, dirty);
        self.drive_out::<USUAL>(index, victim, located, hit)
    }

    /// What was in the place of a line that was put into a stage leaves. Returns when the line is there, as [`Hierarchy::fill`].
    #[inline(always)]
    fn drive_out<const USUAL: bool>(&mut self, index: usize, victim: Id, located: Located, hit: Data) -> u64 {
        // Few lines of the L1D are dirty. Behind it nobody can tell, and `dropped` has no branch on that.
        if USUAL && index < self.shape::<USUAL>().behind_l1 && !self.directory.is_dirty(victim, index) {
            self.directory.leave_clean(victim, index);
            return hit.ready;
        }
        let Left { dirty, held_behind } = self.directory.leave(victim, index);
        if held_behind {
            self.stages[index + 1].cache.dropped::<USUAL>(victim, dirty);
        } else if dirty {
            let held = Held { ready: hit.ready, from: hit.from }.pack();
            return self.write_back::<USUAL>(index, victim, located.id, hit.asked, held);
        }
        hit.ready
    }

    /// A dirty line goes from a stage, where another one that was `asked` for is put into its place, to the next one, which does not hold
    /// it, or to memory. Returns when that other line is there. What is usually not needed comes in few words.
    #[inline(never)]
    fn write_back<const USUAL: bool>(&mut self, index: usize, victim: Id, id: Id, asked: u64, held: u64) -> u64 {
        let Held { ready, from } = Held::unpack(held);
        let next = index + 1;
        let left = if next < self.shape::<USUAL>().levels {
            self.stages[next].cache.misses += 1;
            let victim = self.directory.line(self.directory.number(victim));
            self.fill::<USUAL>(next, victim, Data { asked, latency: 0, ready, from }, true)
        } else {
            self.dram_lines += 1;
            // Lines that wait for the path to memory have as many places as fills from there.
            let waits = (self.dram_writes.line_cost * self.stages[index].fills.most()) >> 8;
            let begins = self.dram_writes.transfer(asked);
            ready.max(begins.saturating_sub(waits))
        };
        if left > ready {
            self.delay(index, id, Held { ready: left, from });
        }
        left
    }

    /// A line that was put into a stage is there later than was thought.
    fn delay(&mut self, index: usize, id: Id, held: Held) {
        self.directory.hold(id, index, held);
        if index < self.shape.behind_l1 {
            self.near.insert(self.directory.number(id), held.ready, id, held.from);
        }
    }

    /// Puts a line into a stage. Returns what has to leave.
    #[inline(always)]
    fn put<const USUAL: bool>(&mut self, index: usize, located: Located, hit: Data, dirty: bool) -> Id {
        let (shape, Located { id, line, at }) = (self.shape::<USUAL>(), located);
        let indexed_by = if index < shape.behind_l1 { line } else { at };
        let victim = self.stages[index].cache.fill::<USUAL>(indexed_by, id);
        self.directory.hold(id, index, Held { ready: hit.ready, from: hit.from });
        if dirty {
            self.directory.soil(id, index);
        }
        if index < shape.behind_l1 {
            self.near.remove(victim.low, victim.id);
            self.near.insert(line, hit.ready, id, hit.from);
        }
        victim.id
    }

    /// Traffic so far.
    pub fn counts(&self) -> MemoryCounts {
        let of = |stage: Option<&Stage>| {
            stage.map_or(Counts::default(), |Stage { cache, .. }| Counts {
                accesses: cache.hits + cache.misses,
                misses: cache.misses,
            })
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
