//! Elements of a vector load, each in a line of its own choice, through the L1D of the usual caches.

use super::super::cache::Level;
use super::{Hierarchy, Spread, Way};

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
    pub fn wait(&mut self, ready: u64, from: Level, time: u64) {
        let waited = ready.saturating_sub(time);
        self.late += waited;
        if waited > self.worst {
            (self.worst, self.from) = (waited, from);
        }
    }
}

impl Hierarchy {
    /// Loads elements of these lines, each the one of `turns` with the number beside it. `trains`: the prefetcher sees them.
    ///
    /// Whether a line is at hand is as good as random, so that a branch on it would be taken wrong half the time. So those that are
    /// not are noted first. A line that they drive out from in front of an element that had found it makes the rest be looked at
    /// again.
    pub fn load_elements(&mut self, trains: bool, lines: &[(u64, u64)], turns: Spread, waits: &mut Waits) {
        let mut done = 0;
        while done < lines.len() {
            let (mut missing, mut count) = ([0; CHUNK], 0);
            self.near.begin_round();
            for (index, &(line, _)) in lines.iter().enumerate().skip(done) {
                missing[count % CHUNK] = index as u8;
                count += usize::from(!self.near.look(line, turns.start));
            }
            let (mut next, mut missed) = (lines.len(), 0);
            for index in missing[..count].iter().map(|&index| usize::from(index)) {
                missed += 1;
                let (line, number) = lines[index];
                let time = turns.turn(number) + waits.late;
                let (ready, from) = self.bring_element(trains, line, time);
                waits.wait(ready, from, time);
                if self.near.changed {
                    next = index + 1;
                    break;
                }
            }
            self.near.accesses += next as u64 - done as u64 - missed;
            done = next;
        }
    }

    /// A line for an element. Returns when its data are there, and who supplied them.
    #[inline(never)]
    fn bring_element(&mut self, trains: bool, line: u64, time: u64) -> (u64, Level) {
        let located = self.directory.line(line);
        let served = self.supply_line::<true>(Way { trains, ..Way::new(false) }, located, time);
        (served.ready, served.from)
    }
}
