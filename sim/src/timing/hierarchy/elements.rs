//! Elements of a vector load, each in a line of its own choice, through the L1D of the usual caches.

use std::ops::Range;

use super::super::cache::Level;
use super::{Hierarchy, Spread, Way};

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
        let Elements { way, bytes, turns, .. } = *elements;
        let (mut missing, mut count, mut before, mut split) = ([0; CHUNK as usize], 0, elements.before, false);
        let log2 = self.line_log2;
        self.near.begin_round();
        for index in range.clone() {
            let addr = addr_of(index);
            let line = addr >> log2;
            split |= addr.wrapping_add(bytes - 1) >> log2 != line;
            let found = self.near.look(line, turns.start);
            missing[count % CHUNK as usize] = (index - range.start) as u8;
            // An element in the line of the one before finds it there.
            count += usize::from(!found & (line != before));
            before = line;
        }
        if split {
            return None;
        }
        let (mut next, mut missed) = (range.end, 0);
        for index in missing[..count].iter().map(|&distance| range.start + u64::from(distance)) {
            missed += 1;
            let line = addr_of(index) >> log2;
            let time = turns.turn(index) + elements.waits.late;
            let (ready, from) = self.bring_element(way, line, time);
            elements.waits.wait(ready, from, time);
            if self.near.changed {
                (next, before) = (index + 1, line);
                break;
            }
        }
        elements.before = before;
        self.near.accesses += next - range.start - missed;
        Some(next)
    }

    /// A line for an element. Returns when its data are there, and who supplied them.
    #[inline(never)]
    fn bring_element(&mut self, way: Way, line: u64, time: u64) -> (u64, Level) {
        // All else of the way is known.
        let way = Way { trains: way.trains, ..Way::new(false) };
        let located = self.directory.line(line);
        let served = self.supply_line::<true>(way, located, time);
        (served.ready, served.from)
    }
}
