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

/// Detects ascending and descending streams of lines and runs ahead of them.
pub(super) struct Prefetcher {
    streams: Vec<Stream>,
    capacity: usize,
    window: u64,
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
            capacity: parameters.streams.max(1) as usize,
            window: u64::from(parameters.compare_window),
            initial: u64::from(parameters.initial_distance),
            threshold: u64::from(parameters.exponential_threshold),
            maximum: u64::from(parameters.max_distance),
            clock: 0,
        })
    }

    /// A demand for `line`; appends the lines to be fetched.
    pub fn demand(&mut self, line: u64, wanted: &mut Vec<u64>) {
        self.clock += 1;
        let window = self.window;
        let Some(stream) = self.streams.iter_mut().find(|stream| stream.last.abs_diff(line) <= window) else {
            let fresh = Stream { last: line, step: 0, distance: self.initial, ahead: 0, used: self.clock };
            if self.streams.len() < self.capacity {
                self.streams.push(fresh);
            } else if let Some(oldest) = self.streams.iter_mut().min_by_key(|stream| stream.used) {
                *oldest = fresh;
            }
            return;
        };
        stream.used = self.clock;
        let moved = line.abs_diff(stream.last);
        if moved == 0 {
            return;
        }
        let step = if line > stream.last { 1 } else { -1 };
        stream.last = line;
        if step != stream.step {
            (stream.step, stream.distance, stream.ahead) = (step, self.initial, 0);
            return;
        }
        stream.ahead = stream.ahead.saturating_sub(moved);
        while stream.ahead < stream.distance {
            stream.ahead += 1;
            wanted.push(line.wrapping_add_signed(step * stream.ahead as i64));
        }
        // A stream that goes on is worth a longer lead.
        let grown = if stream.distance < self.threshold { stream.distance + 1 } else { stream.distance * 2 };
        stream.distance = grown.min(self.maximum);
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
        let mut demand = |line| {
            let mut wanted = Vec::new();
            prefetcher.demand(line, &mut wanted);
            wanted
        };
        assert!(demand(100).is_empty());
        assert!(demand(101).is_empty(), "the direction is known only now");
        assert_eq!(demand(102), [103, 104]);
        assert_eq!(demand(103), [105, 106, 107], "one is used, the distance has doubled");
        assert_eq!(demand(104), [108]);
        assert!(demand(5000).is_empty());
    }
}
