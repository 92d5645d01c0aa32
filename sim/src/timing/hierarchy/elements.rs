//! Elements of a vector load, each in a line of its own choice, through the L1D of the usual caches.

use super::super::cache::Level;
use super::{Hierarchy, Served, Spread, Way};

/// Elements that are looked at together.
pub(in crate::timing) const CHUNK: usize = 64;

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
    pub fn wait(&mut self, served: Served, time: u64) {
        let waited = served.ready.saturating_sub(time);
        self.late += waited;
        if waited > self.worst {
            (self.worst, self.from) = (waited, served.from);
        }
    }
}

impl Hierarchy {
    /// Loads elements of these lines, each the one of `turns` with the number beside it.
    ///
    /// Whether a line is at hand is as good as random, so that a branch on it would be taken wrong half the time. So those that are
    /// not are noted first. A line that they drive out from in front of an element that had found it makes the rest be looked at
    /// again.
    pub fn load_elements(&mut self, way: Way, lines: &[(u64, u64)], turns: Spread, waits: &mut Waits) {
        // All else of the way is known where this is compiled.
        let way = Way { trains: way.trains, ..Way::new(false) };
        let mut lows = [0; CHUNK];
        lows.iter_mut().zip(lines).for_each(|(low, (line, _))| *low = *line as u16);
        let mut done = 0;
        while done < lines.len() {
            let (mut missing, mut count) = ([0; CHUNK], 0);
            for (index, &(line, _)) in lines.iter().enumerate().skip(done) {
                missing[count] = index as u8;
                count += usize::from(!self.near.has(line, turns.start));
            }
            let (mut next, mut missed) = (lines.len(), 0);
            for index in missing[..count].iter().map(|&index| usize::from(index)) {
                missed += 1;
                let (line, number) = lines[index];
                let time = turns.turn(number) + waits.late;
                let located = self.directory.line(line);
                self.left_l1d = None;
                let served = self.supply_line::<true>(way, located, time);
                waits.wait(served, time);
                // All of them, and without an exit, so that the host compares many at once.
                if self.left_l1d.is_some_and(|left| lows.iter().fold(false, |any, low| any | (*low == left))) {
                    next = index + 1;
                    break;
                }
            }
            self.near.accesses += next as u64 - done as u64 - missed;
            done = next;
        }
    }
}
