//! A stream prefetcher in the manner of SiFive's L2 stride prefetcher.

use crate::machine::{self, PrefetchKind};

#[derive(Clone, Copy)]
struct Stream {
    /// The line demanded last.
    last: u64,
    /// +1 or -1 line; 0 while the direction is not known.
    step: i64,
    /// How far ahead of the demand lines are fetched, in lines.
    distance: u64,
    /// Lines ahead of the demand that have been asked for.
    ahead: u64,
    used: u64,
}

/// Lines to be fetched, one behind the other in the direction of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub first: u64,
    pub step: i64,
    pub count: u64,
}

/// Demands that go up line by line: the stream that they belong to as long as they are below `until`.
#[derive(Clone, Copy)]
struct Run {
    stream: usize,
    until: u64,
}

/// Detects ascending and descending streams of lines and runs ahead of them.
pub(super) struct Prefetcher {
    streams: Vec<Stream>,
    /// The low bits of their last lines, close together.
    lows: Vec<u32>,
    /// That of the demand before.
    run: Option<Run>,
    capacity: usize,
    window: u32,
    initial: u64,
    /// Distance from which it doubles instead of growing by one.
    threshold: u64,
    maximum: u64,
    clock: u64,
}

impl Prefetcher {
    /// `None` when the machine has none.
    pub fn new(parameters: &machine::Prefetcher) -> Option<Prefetcher> {
        (parameters.kind == PrefetchKind::Stride).then(|| Prefetcher {
            streams: Vec::new(),
            lows: Vec::new(),
            run: None,
            capacity: parameters.streams.max(1) as usize,
            window: parameters.compare_window,
            initial: u64::from(parameters.initial_distance),
            threshold: u64::from(parameters.exponential_threshold),
            maximum: u64::from(parameters.max_distance),
            clock: 0,
        })
    }

    /// The first stream whose last line is near, and the line behind `line` up to which no stream in front of it is.
    #[inline(always)]
    fn find(&self, line: u64) -> Option<Run> {
        let mut clear = u32::MAX;
        for (stream, &low) in self.lows.iter().enumerate() {
            let ahead = low.wrapping_sub(line as u32).wrapping_add(self.window);
            if ahead <= 2 * self.window && self.streams[stream].last.abs_diff(line) <= u64::from(self.window) {
                return Some(Run { stream, until: line + u64::from(clear) });
            }
            clear = clear.min(ahead.saturating_sub(2 * self.window));
        }
        None
    }

    /// A demand for `line`; returns the lines to be fetched.
    #[inline(always)]
    pub fn demand(&mut self, line: u64) -> Wanted {
        self.clock += 1;
        if let Some(Run { stream, until }) = self.run {
            let moved = line.wrapping_sub(self.streams[stream].last);
            if line < until && moved <= u64::from(self.window) {
                return self.advance(stream, line);
            }
        }
        self.run = self.find(line);
        match self.run {
            Some(run) => self.advance(run.stream, line),
            None => {
                self.begin(line);
                Wanted::default()
            }
        }
    }

    /// A stream goes on with `line`.
    #[inline(always)]
    fn advance(&mut self, index: usize, line: u64) -> Wanted {
        let stream = &mut self.streams[index];
        stream.used = self.clock;
        let moved = line.wrapping_sub(stream.last) as i64;
        if moved == 0 {
            return Wanted::default();
        }
        stream.last = line;
        self.lows[index] = line as u32;
        let (step, moved) = (moved.signum(), moved.unsigned_abs());
        if step != stream.step {
            (stream.step, stream.distance, stream.ahead) = (step, self.initial, 0);
            return Wanted::default();
        }
        let ahead = stream.ahead.saturating_sub(moved);
        let count = stream.distance.saturating_sub(ahead);
        stream.ahead = ahead + count;
        // A stream that goes on is worth a longer lead.
        let grown = if stream.distance < self.threshold { stream.distance + 1 } else { stream.distance * 2 };
        stream.distance = grown.min(self.maximum);
        Wanted { first: line.wrapping_add_signed(step * (ahead + 1) as i64), step, count }
    }

    /// A stream begins, in place of the one that was used least recently.
    #[inline(never)]
    fn begin(&mut self, line: u64) {
        let fresh = Stream { last: line, step: 0, distance: self.initial, ahead: 0, used: self.clock };
        if self.streams.len() < self.capacity {
            self.streams.push(fresh);
            self.lows.push(line as u32);
            return;
        }
        let oldest = self.streams.iter().enumerate().min_by_key(|(_, stream)| stream.used);
        if let Some((index, _)) = oldest {
            (self.streams[index], self.lows[index]) = (fresh, line as u32);
        }
    }
}

impl Wanted {
    /// The lines.
    pub fn lines(self) -> impl Iterator<Item = u64> {
        (0..self.count as i64).map(move |index| self.first.wrapping_add_signed(self.step * index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_run_ahead_of() {
        let parameters = machine::Prefetcher {
            kind: PrefetchKind::Stride,
            compare_window: 6,
            initial_distance: 2,
            exponential_threshold: 2,
            max_distance: 4,
            streams: 4,
            scalar: true,
            vector: true,
        };
        let mut prefetcher = Prefetcher::new(&parameters).unwrap();
        let mut demand = |line| prefetcher.demand(line).lines().collect::<Vec<u64>>();
        assert!(demand(100).is_empty());
        assert!(demand(101).is_empty(), "the direction is known only now");
        assert_eq!(demand(102), [103, 104]);
        assert_eq!(demand(103), [105, 106, 107], "one is used, the distance has doubled");
        assert_eq!(demand(104), [108]);
        assert!(demand(5000).is_empty());
    }
}
