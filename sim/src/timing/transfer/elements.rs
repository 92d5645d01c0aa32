//! Accesses element by element, one outstanding miss at a time.

use std::ops::Range;

use super::super::hierarchy::{CHUNK, Hierarchy, Spread, Waits, Way};
use super::{Access, Moved, Transfers};

impl Transfers {
    /// An access to so many elements. Loads through the L1D of the usual caches have code of their own.
    #[inline(always)]
    pub(super) fn elements(
        &mut self,
        access: &Access,
        count: u64,
        addr_of: impl Fn(u64) -> u64,
        start: u64,
        memory: &mut Hierarchy,
    ) -> Moved {
        let Access { write, occupancy, bytes, .. } = *access;
        let turns = Spread { start, cycles: occupancy, count: count.max(1) };
        let way = self.elements[usize::from(write)];
        let mut elements = Elements { way, write, bytes, turns, before: u64::MAX, waits: Waits::NONE };
        if memory.is_usual() && way.at_l1d() && !write {
            elements.load_in_chunks(count, addr_of, memory);
        } else {
            elements.one_by_one(0..count, addr_of, memory);
        }
        let Waits { late, from, .. } = elements.waits;
        Moved { beats: occupancy, held: occupancy + late, late, more: 0, from }
    }
}

/// An access to elements on its way.
struct Elements {
    way: Way,
    write: bool,
    /// Of each element.
    bytes: u64,
    /// When they have their turns if nothing is late.
    turns: Spread,
    /// The line that the L1D holds because of the element before.
    before: u64,
    waits: Waits,
}

impl Elements {
    #[inline(never)]
    fn load_in_chunks(&mut self, count: u64, addr_of: impl Fn(u64) -> u64, memory: &mut Hierarchy) {
        let log2 = memory.line_log2();
        for first in (0..count).step_by(CHUNK) {
            let chunk = first..count.min(first + CHUNK as u64);
            let (mut lines, mut distinct, mut before, mut split) = ([(0, 0); CHUNK], 0, self.before, false);
            for index in chunk.clone() {
                let addr = addr_of(index);
                let line = addr >> log2;
                split |= addr.wrapping_add(self.bytes - 1) >> log2 != line;
                // Without a branch: an element in the line of the one before finds it there.
                lines[distinct % CHUNK] = (line, index);
                distinct += usize::from(line != before);
                before = line;
            }
            if split {
                self.one_by_one(chunk, &addr_of, memory);
                continue;
            }
            self.before = before;
            memory.accessed_again(chunk.end - chunk.start - distinct as u64);
            memory.load_elements(self.way.trains(), &lines[..distinct], self.turns, &mut self.waits);
        }
    }

    fn one_by_one(&mut self, elements: Range<u64>, addr_of: impl Fn(u64) -> u64, memory: &mut Hierarchy) {
        let (log2, start) = (memory.line_log2(), self.turns.start);
        // Elements that have found their line because of the one before.
        let mut again = 0;
        for index in elements {
            let (addr, turn) = (addr_of(index), self.turns.turn(index));
            let end = addr.wrapping_add(self.bytes - 1);
            let (first, last) = (addr >> log2, end >> log2);
            if first == last {
                if first == self.before {
                    again += 1;
                    continue;
                }
                if self.way.at_l1d() {
                    self.before = first;
                    if memory.at_hand(first, self.write, start) {
                        continue;
                    }
                }
                self.access(addr, turn + self.waits.late, memory);
            } else {
                // Both lines are asked for at once.
                let turn = turn + self.waits.late;
                self.access(addr, turn, memory);
                self.access(end, turn, memory);
                self.before = u64::MAX;
            }
        }
        memory.accessed_again(again);
    }

    /// Of the line that holds `addr`, asked for at `time`.
    fn access(&mut self, addr: u64, time: u64, memory: &mut Hierarchy) {
        let served = memory.supply(self.way, addr, time);
        self.waits.wait(served.ready, served.from, time);
    }
}
