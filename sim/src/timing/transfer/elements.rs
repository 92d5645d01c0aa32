//! Accesses element by element, one outstanding miss at a time.

use std::ops::Range;

use super::super::hierarchy::{CHUNK, Elements, Hierarchy, Spread, Waits};
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
        let mut elements = Elements { way, bytes, turns, before: u64::MAX, waits: Waits::NONE };
        if memory.loads_in_chunks() && way.at_l1d() && !write {
            in_chunks(&mut elements, count, addr_of, memory);
        } else {
            one_by_one(&mut elements, write, 0..count, addr_of, memory);
        }
        let Waits { late, from, .. } = elements.waits;
        Moved { beats: occupancy, held: occupancy + late, late, more: 0, from }
    }
}

#[inline(never)]
fn in_chunks(elements: &mut Elements, count: u64, addr_of: impl Fn(u64) -> u64, memory: &mut Hierarchy) {
    let mut next = 0;
    while next < count {
        let range = next..count.min(next + CHUNK);
        next = memory.load_elements(elements, range.clone(), &addr_of).unwrap_or_else(|| {
            one_by_one(elements, false, range.clone(), &addr_of, memory);
            range.end
        });
    }
}

fn one_by_one(
    elements: &mut Elements,
    write: bool,
    range: Range<u64>,
    addr_of: impl Fn(u64) -> u64,
    memory: &mut Hierarchy,
) {
    let Elements { way, bytes, turns, .. } = *elements;
    let log2 = memory.line_log2();
    let access = |addr, time, waits: &mut Waits, memory: &mut Hierarchy| {
        let served = memory.supply(way, addr, time);
        waits.wait(served.ready, served.from, time);
    };
    // Elements that have found their line because of the one before.
    let mut again = 0;
    for index in range {
        let addr = addr_of(index);
        let end = addr.wrapping_add(bytes - 1);
        let (first, last) = (addr >> log2, end >> log2);
        if first == last {
            if first == elements.before {
                again += 1;
                continue;
            }
            if way.at_l1d() {
                elements.before = first;
                if memory.at_hand(first, write, turns.start) {
                    continue;
                }
            }
            access(addr, turns.turn(index) + elements.waits.late, &mut elements.waits, memory);
        } else {
            // Both lines are asked for at once.
            let turn = turns.turn(index) + elements.waits.late;
            access(addr, turn, &mut elements.waits, memory);
            access(end, turn, &mut elements.waits, memory);
            elements.before = u64::MAX;
        }
    }
    memory.accessed_again(again);
}
