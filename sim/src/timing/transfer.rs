//! Vector accesses: which lines they touch when, and what that means for port, sequencer and data.

mod at_hand;
mod elements;

use super::cache::Level;
use super::hierarchy::{Hierarchy, Row, Served, Spread, Way};
use crate::machine::Machine;

/// How the addresses of a vector access follow from its log words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Bytes in a row from the first word on.
    Stream,
    /// Element by element, in a row from the first word on.
    Segments,
    /// Element by element, from the first word on in steps of the second.
    Strided,
    /// A count, then the address of each element.
    Indexed,
    /// Rows of bytes, from the first word on in steps of the second.
    Rows,
}

impl Shape {
    /// Log words of an access but for those that one of them counts.
    pub fn words(self) -> usize {
        match self {
            Shape::Stream | Shape::Segments | Shape::Indexed => 1,
            Shape::Strided => 2,
            Shape::Rows => 3,
        }
    }
}

/// What the third word of [`Shape::Rows`] says: how many rows, and the bytes of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub count: u64,
    pub bytes: u64,
}

impl Rows {
    pub fn of(word: u64) -> Rows {
        Rows { count: word & 0xffff_ffff, bytes: word >> 32 }
    }

    /// All bytes.
    pub fn total(self) -> u64 {
        self.count * self.bytes
    }
}

/// A vector access but for its addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Access {
    pub shape: Shape,
    pub write: bool,
    /// Cycles that it keeps its sequencer when nothing is late.
    pub occupancy: u64,
    /// Bytes of a stream; else those of each element or row.
    pub bytes: u64,
    /// Elements or rows, where no log word counts them.
    pub count: u64,
    /// Cycles before its start at which it asks for its lines.
    pub ahead: u64,
}

impl Access {
    /// Whether it is a unit-stride load whose beats have a place in a word, wherever it begins. `port`: log2 of the bytes moved at once.
    pub fn is_quick_load(&self, port: u32) -> bool {
        let most = self.occupancy.max((self.bytes >> port) + 2);
        self.shape == Shape::Stream && !self.write && most < Moved::MOST_BEATS
    }
}

/// What became of a vector access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    /// Cycles in which its port moves data.
    pub beats: u64,
    /// Cycles from its start in which it keeps its sequencer and port: no fewer than `beats`.
    pub held: u64,
    /// Cycles that the data of a load are late; those for which a store keeps its port in order to merge its ends.
    pub late: u64,
    /// Cycles for which a store keeps the store path beyond that.
    pub more: u64,
    /// Who supplied the latest line.
    pub from: Level,
}

impl Moved {
    /// No answer in one word.
    pub const ODD: u64 = u64::MAX;

    /// Fewer beats have a place in one, from this bit on.
    pub const MOST_BEATS: u64 = 0xffff;
    pub const BEATS_AT: u32 = 48;
    /// Shorter delays have a place in one.
    pub const MOST_LATE: u64 = 1 << 16;

    /// In one word, if it fits.
    #[inline(always)]
    pub fn pack(self) -> Option<u64> {
        let waits = self.held - self.beats;
        let fits =
            self.beats < Moved::MOST_BEATS && waits < 1 << 16 && self.late < Moved::MOST_LATE && self.more < 1 << 14;
        fits.then_some(Moved::on_time(self.beats) | waits << 32 | self.late << 16 | self.more << 2 | self.from as u64)
    }

    /// The same for an access of which nothing is late.
    #[inline(always)]
    pub fn on_time(beats: u64) -> u64 {
        beats << Moved::BEATS_AT
    }

    /// From [`Moved::pack`].
    pub fn unpack(word: u64) -> Moved {
        let beats = word >> Moved::BEATS_AT;
        Moved {
            beats,
            held: beats + (word >> 32 & 0xffff),
            late: word >> 16 & 0xffff,
            more: word >> 2 & 0x3fff,
            from: Level::of(word),
        }
    }
}

/// The vector unit's side of the way to memory.
pub(super) struct Transfers {
    /// When the lines of the latest stores are there, as many as may be waited for.
    pub stored_lines: Vec<u64>,
    pub next_stored: usize,
    /// None of them comes later.
    pub stored: u64,
    /// Ways of unit-stride loads and stores, and of scattered ones.
    streams: [Way; 2],
    elements: [Way; 2],
    /// Whether one look may tell all of a unit-stride load that begins at the L1D, and of loads and stores that begin behind it.
    near: bool,
    behind: [bool; 2],
    word_log2: u32,
    granule: u64,
    partial_granule: u64,
    split_line: u64,
    register_bytes: u64,
}

/// The turns of a [`Spread`] one after the other, without a division for each.
#[derive(Clone, Copy)]
struct Turns {
    turn: u64,
    /// What is left over of the present one, in parts of a cycle.
    rest: u64,
    whole: u64,
    part: u64,
    count: u64,
}

impl Turns {
    /// From the first one on.
    #[inline(always)]
    fn new(Spread { start, cycles, count }: Spread) -> Turns {
        // Divisions take long.
        let (whole, part) = match count.is_power_of_two() {
            true => (cycles >> count.trailing_zeros(), cycles & (count - 1)),
            false => (cycles / count, cycles % count),
        };
        Turns { turn: start, rest: 0, whole, part, count }
    }

    #[inline(always)]
    fn next(&mut self) -> u64 {
        let turn = self.turn;
        self.turn += self.whole;
        self.rest += self.part;
        if self.rest >= self.count {
            self.rest -= self.count;
            self.turn += 1;
        }
        turn
    }
}

/// How far an access has come, line by line.
#[derive(Clone, Copy)]
struct Progress {
    /// When lines are asked for.
    turns: Turns,
    /// Cycles between that and their turns at the port.
    ahead: u64,
    /// When the latest line was accepted.
    accepted: u64,
    /// Cycles that the latest line is later than its turn, and who supplies it.
    late: u64,
    from: Level,
}

impl Progress {
    /// Of `count` lines that have their turns in so many cycles.
    #[inline(always)]
    fn new(start: u64, cycles: u64, count: u64, ahead: u64) -> Progress {
        let asked = start - ahead;
        Progress {
            turns: Turns::new(Spread { start: asked, cycles, count }),
            accepted: asked,
            ahead,
            late: 0,
            from: Level::L1,
        }
    }

    /// Nothing had to wait for the first lines.
    #[inline(always)]
    fn skip(&mut self, lines: u64) {
        (0..lines).for_each(|_| self.accepted = self.turns.next());
    }

    /// All lines have been accepted.
    #[inline(always)]
    fn end(&self, moved: &mut Moved, start: u64) {
        (moved.late, moved.from) = (self.late, self.from);
        moved.held = moved.beats.max((self.accepted + 1).saturating_sub(start));
    }
}

impl Transfers {
    /// Of accesses to this memory.
    pub fn new(machine: &Machine, memory: &Hierarchy) -> Transfers {
        let vector = &machine.vector;
        let start = [vector.start_level, vector.store_level];
        let fills = machine.memory.l2.as_ref().map_or(1, |cache| cache.outstanding_fills);
        let streams = [false, true].map(|write| memory.stream_way(write, start[usize::from(write)], vector.early_line));
        let latency = machine.memory.l2.as_ref().map_or(0, |cache| cache.hit_latency);
        // The port moves no more than a line at once, and answers have a place in a word.
        let simple = vector.port_bytes.trailing_zeros() <= memory.line_log2() && latency < 1 << 16;
        Transfers {
            near: simple && memory.is_told_by_page() && streams[0].reads_l1d(),
            behind: [streams[0].looks(), !streams[1].reads_l1d()].map(|behind| behind && simple && memory.is_quick()),
            stored_lines: vec![0; fills.max(1) as usize],
            next_stored: 0,
            stored: 0,
            streams,
            elements: [false, true].map(|write| memory.element_way(write, vector.elements_through_l1d)),
            word_log2: vector.port_bytes.trailing_zeros(),
            granule: u64::from(vector.store_granule),
            partial_granule: u64::from(vector.partial_granule),
            split_line: u64::from(vector.split_line),
            register_bytes: u64::from(vector.vlen / 8),
        }
    }

    /// Lines that bytes in a row lie in: the first and their number.
    #[inline(always)]
    fn lines_of(addr: u64, bytes: u64, memory: &Hierarchy) -> (u64, u64) {
        let [first, last] = [addr, addr.wrapping_add(bytes - 1)].map(|addr| addr >> memory.line_log2());
        (first, last.wrapping_sub(first) + 1)
    }

    /// Words of the port that bytes in a row lie in. It moves aligned words: an access that is not aligned touches one more.
    #[inline(always)]
    fn words_of(&self, addr: u64, bytes: u64) -> u64 {
        let inside = (1 << self.word_log2) - 1;
        ((addr & inside) + bytes + inside) >> self.word_log2
    }

    /// Makes an access that begins at `start`.
    #[inline(always)]
    pub fn run(&mut self, access: &Access, words: &[u64], start: u64, memory: &mut Hierarchy) -> Moved {
        let Access { count, bytes, .. } = *access;
        let (first, step) = (words[0], words.get(1).copied().unwrap_or(0));
        match access.shape {
            Shape::Stream => self.stream(access, first, start, memory),
            Shape::Segments => self.elements(access, count, |index| first.wrapping_add(index * bytes), start, memory),
            Shape::Strided => {
                self.elements(access, count, |index| first.wrapping_add(index.wrapping_mul(step)), start, memory)
            }
            Shape::Indexed => self.elements(access, first, |index| words[1 + index as usize], start, memory),
            Shape::Rows => {
                let rows = (0..count).map(move |row| first.wrapping_add(row.wrapping_mul(step)));
                self.rows(access, rows, start, memory)
            }
        }
    }

    /// The code for usual ways is compiled apart.
    #[inline(always)]
    fn stream(&mut self, access: &Access, addr: u64, start: u64, memory: &mut Hierarchy) -> Moved {
        match (self.is_usual(access.write, memory), access.write) {
            (true, false) => self.stream_of::<true, false>(access, addr, start, memory),
            (true, true) => self.stream_of::<true, true>(access, addr, start, memory),
            (false, false) => self.stream_of::<false, false>(access, addr, start, memory),
            (false, true) => self.stream_of::<false, true>(access, addr, start, memory),
        }
    }

    /// Whether loads begin at the L1D, or stores behind it, and the caches are the usual ones.
    #[inline(always)]
    fn is_usual(&self, write: bool, memory: &Hierarchy) -> bool {
        memory.is_usual() && self.streams[usize::from(write)].reads_l1d() != write
    }

    #[inline(never)]
    fn stream_of<const USUAL: bool, const WRITE: bool>(
        &mut self,
        access: &Access,
        addr: u64,
        start: u64,
        memory: &mut Hierarchy,
    ) -> Moved {
        let Access { occupancy, bytes, ahead, .. } = *access;
        let (first, lines) = Transfers::lines_of(addr, bytes, memory);
        let beats = occupancy.max(self.words_of(addr, bytes));
        let mut moved = Moved { beats, held: beats, late: 0, more: 0, from: Level::L1 };
        let mut done = 0;
        // As in `load_at_hand`, for the first lines.
        if !WRITE && (USUAL || self.streams[0].reads_l1d()) && beats >= lines {
            while done < lines && memory.at_hand(first + done, false, start) {
                done += 1;
            }
            if done == lines {
                return moved;
            }
        }
        let split = if WRITE { self.split(addr, (first, lines), memory) } else { 0 };
        let mut progress = Progress::new(start, beats, lines, ahead);
        progress.skip(done);
        self.lines::<USUAL, WRITE>(&mut progress, (first + done, lines - done), memory);
        progress.end(&mut moved, start);
        if WRITE {
            let (port, store) = self.merge(addr, bytes);
            let store = store.max(split.saturating_sub(moved.held));
            (moved.late, moved.more, moved.from) = (port, store - port, Level::L1);
        }
        moved
    }

    /// As a stream, row behind row.
    #[inline(never)]
    fn rows(
        &mut self,
        access: &Access,
        rows: impl Iterator<Item = u64> + Clone,
        start: u64,
        memory: &mut Hierarchy,
    ) -> Moved {
        let Access { write, occupancy, bytes, ahead, .. } = *access;
        let count = rows.clone().map(|addr| Transfers::lines_of(addr, bytes, memory).1).sum();
        let beats = occupancy.max(rows.clone().map(|addr| self.words_of(addr, bytes)).sum());
        let mut moved = Moved { beats, held: beats, late: 0, more: 0, from: Level::L1 };
        let mut progress = Progress::new(start, beats, count, ahead);
        for addr in rows.clone() {
            let lines = Transfers::lines_of(addr, bytes, memory);
            match write {
                false => self.lines::<false, false>(&mut progress, lines, memory),
                true => self.lines::<false, true>(&mut progress, lines, memory),
            }
        }
        progress.end(&mut moved, start);
        if write {
            let (mut port, mut store) = (0, 0);
            for addr in rows {
                let (more_port, more_store) = self.merge(addr, bytes);
                (port, store) = (port + more_port, store + more_store);
            }
            (moved.late, moved.more, moved.from) = (port, store - port, Level::L1);
        }
        moved
    }

    /// Lines in a row: the first and their number.
    #[inline(always)]
    fn lines<const USUAL: bool, const WRITE: bool>(
        &mut self,
        progress: &mut Progress,
        (first, count): (u64, u64),
        memory: &mut Hierarchy,
    ) {
        let way = self.streams[usize::from(WRITE)];
        let way = if USUAL { way.of_stream::<WRITE>() } else { way };
        let mut done = 0;
        while done < count {
            let mut row = memory.row(way, first + done, count - done);
            done += row.count;
            if USUAL && memory.lacks(&row) {
                self.lacking_lines::<WRITE>(progress, &row, memory);
                continue;
            }
            // Nobody else sees this copy, so that it stays in registers of the host.
            let mut here = *progress;
            for index in 0..row.count {
                self.line::<WRITE>(&mut here, |time| memory.supply_in_row::<USUAL, WRITE>(&mut row, index, time));
            }
            *progress = here;
            if USUAL {
                memory.tell_all(row);
            }
        }
    }

    /// The next line of an access.
    #[inline(always)]
    fn line<const WRITE: bool>(&mut self, progress: &mut Progress, supply: impl FnOnce(u64) -> Served) {
        let turn = progress.turns.next();
        let served = supply(turn.max(progress.accepted));
        progress.accepted = progress.accepted.max(served.accepted);
        if WRITE {
            // A line that is still on its way keeps its place among the stores that wait for one.
            progress.accepted = progress.accepted.max(self.stored_lines[self.next_stored]);
            self.keep_stored(served.ready);
        }
        let more = served.ready.saturating_sub(turn + progress.ahead);
        if more > progress.late {
            (progress.late, progress.from) = (more, served.from);
        }
    }

    /// Lines of a row of which the level behind the L1s lacks some.
    #[inline(never)]
    fn lacking_lines<const WRITE: bool>(&mut self, progress: &mut Progress, row: &Row, memory: &mut Hierarchy) {
        let mut here = *progress;
        for index in 0..row.count {
            self.line::<WRITE>(&mut here, |time| memory.supply_lacking::<WRITE>(row, index, time));
        }
        *progress = here;
    }

    /// A line of a store will be there at `time`.
    #[inline(always)]
    fn keep_stored(&mut self, time: u64) {
        self.stored = self.stored.max(time);
        self.stored_lines[self.next_stored] = time;
        self.next_stored += 1;
        if self.next_stored == self.stored_lines.len() {
            self.next_stored = 0;
        }
    }

    /// Cycles of the store path that a store takes whose address is not that of a granule: each of its granules comes in two parts, for
    /// which a line that is dirty behind the L1D has to be read first.
    #[inline(always)]
    fn split(&self, addr: u64, (first, lines): (u64, u64), memory: &mut Hierarchy) -> u64 {
        if self.split_line == 0 || addr & (self.granule - 1) == 0 {
            return 0;
        }
        self.split_line * memory.dirty_behind_l1d(first, lines)
    }

    /// The ends of a store from `addr` on that do not fill a granule are read, merged and written. One end keeps the port from loads, the
    /// other only the store path; ends in one register's reach are merged together. Returns for how long port and store path are kept
    /// beyond the store itself.
    #[inline(always)]
    fn merge(&self, addr: u64, bytes: u64) -> (u64, u64) {
        let cost = self.partial_granule;
        // A granule is a power of two.
        let inside = self.granule - 1;
        let (head, tail) = (addr & inside != 0, addr.wrapping_add(bytes) & inside != 0);
        if !(head || tail) {
            return (0, 0);
        }
        let ends = if bytes > self.register_bytes { u64::from(head) + u64::from(tail) } else { 1 };
        (cost, cost * ends)
    }
}

#[cfg(test)]
mod tests;
