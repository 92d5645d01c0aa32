//! Elements of a vector load, each in a line of its own choice, through the L1D of the usual caches.

use std::ops::Range;

use super::super::cache::Level;
use super::super::directory::{GROUP, LINE_BYTES};
use super::super::near::Near;
use super::{Hierarchy, L2, Spread, Way};

/// Elements that are looked at together.
pub(in crate::timing) const CHUNK: u64 = 64;

/// What elements had to wait for so far.
pub(in crate::timing) struct Waits {
    pub late: u64,
    /// Longest wait for one line, and who supplied it.
    worst: u64,
    pub from: Level,
}

impl Waits {
    pub const NONE: Waits = Waits { late: 0, worst: 0, from: Level::L1 };

    /// For a line that was asked for at `time`.
    #[inline(always)]
    pub fn wait(&mut self, ready: u64, from: Level, time: u64) {
        let waited = ready.saturating_sub(time);
        self.late += waited;
        if waited > self.worst {
            (self.worst, self.from) = (waited, from);
        }
    }
}

/// Elements of a load on their way.
pub(in crate::timing) struct Elements {
    pub way: Way,
    /// Of each element.
    pub bytes: u64,
    /// When they have their turns if nothing is late.
    pub turns: Spread,
    /// The line that the L1D holds because of the element before.
    pub before: u64,
    pub waits: Waits,
}

impl Hierarchy {
    /// Whether [`Hierarchy::load_elements`] serves: the caches are the usual ones, and lines have the usual size.
    pub fn loads_in_chunks(&self) -> bool {
        self.usual && self.directory.page_lines() == GROUP
    }

    /// Loads some of the next elements, at most a chunk; returns which one is next then. `None` if one of them lies in two lines:
    /// nothing was done.
    ///
    /// Whether a line is at hand is as good as random, so that a branch on it would be taken wrong half the time. So those that are
    /// not are noted first. Behind a line that drives out one that had been found the rest waits for the next call.
    #[inline(always)]
    pub fn load_elements(
        &mut self,
        elements: &mut Elements,
        range: Range<u64>,
        addr_of: impl Fn(u64) -> u64,
    ) -> Option<u64> {
        let Elements { way, turns, .. } = *elements;
        let mut missing = [0; CHUNK as usize];
        let count = missing_elements(&mut self.near, elements, range.clone(), &addr_of, &mut missing)?;
        let (mut next, mut missed) = (range.end, 0);
        for index in missing[..count].iter().map(|&distance| range.start + u64::from(distance)) {
            missed += 1;
            let addr = addr_of(index);
            let time = turns.turn(index) + elements.waits.late;
            let (ready, from) = self.bring_element(way.trains, addr, time);
            elements.waits.wait(ready, from, time);
            if self.near.changed {
                (next, elements.before) = (index + 1, addr / LINE_BYTES);
                break;
            }
        }
        self.near.accesses += next - range.start - missed;
        Some(next)
    }

    /// A line for an element. Returns when its data are there, and who supplied them.
    #[inline(always)]
    fn bring_element(&mut self, trains: bool, addr: u64, time: u64) -> (u64, Level) {
        let Some(located) = self.directory.recent(addr, addr) else { return self.bring_other(trains, addr, time) };
        let (group, bit) = (self.directory.group(located.id), located.id.bit());
        if group.held[0] & bit != 0 || group.held[L2] & bit == 0 {
            return self.bring_other(trains, addr, time);
        }
        // All else of the way is known.
        let served = self.bring::<true>(Way { trains, ..Way::new(false) }, located, time, (0, L2));
        (served.ready, served.from)
    }

    /// The same, of a line that the L2 need not have.
    #[inline(never)]
    fn bring_other(&mut self, trains: bool, addr: u64, time: u64) -> (u64, Level) {
        let located = self.directory.line(addr / LINE_BYTES);
        let served = self.supply_line::<true>(Way { trains, ..Way::new(false) }, located, time);
        (served.ready, served.from)
    }
}

/// Notes which of some elements have lines that are not at hand; returns how many. `None` if one of them lies in two lines. Apart from
/// what brings them, so that its loop has all registers of the host.
#[inline(never)]
fn missing_elements(
    near: &mut Near,
    elements: &mut Elements,
    range: Range<u64>,
    addr_of: impl Fn(u64) -> u64,
    missing: &mut [u8; CHUNK as usize],
) -> Option<usize> {
    let (bytes, start) = (elements.bytes, elements.turns.start);
    let (mut count, mut before, mut crossed) = (0, elements.before, 0);
    near.begin_round();
    for index in range.clone() {
        let addr = addr_of(index);
        crossed |= addr ^ addr.wrapping_add(bytes - 1);
        let line = addr / LINE_BYTES;
        // An element in the line of the one before finds it there.
        if line == before {
            continue;
        }
        before = line;
        missing[count % CHUNK as usize] = (index - range.start) as u8;
        count += usize::from(!near.look(line, start));
    }
    if crossed >= LINE_BYTES {
        return None;
    }
    elements.before = before;
    Some(count)
}
