//! A stream prefetcher in the manner of SiFive's L2 stride prefetcher.

use crate::machine::{self, PrefetchKind};

#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Stream {
    /// The line demanded last.
    last: u64,
    /// +1 or -1 line; 0 while the direction is not known.
    step: i64,
    /// How far ahead of the demand lines are fetched, in lines.
    distance: u64,
    /// Lines ahead of the demand that have been asked for.
    ahead: u64,
}

/// Lines to be fetched, one behind the other in the direction of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub first: u64,
    pub step: i64,
    pub count: u64,
}

/// A stream's neighbours in the order of time.
#[derive(Clone, Copy)]
struct Order {
    older: u32,
    younger: u32,
}

/// Streams whose last lines are compared at once.
const LANES: usize = 8;

/// Detects ascending and descending streams of lines and runs ahead of them.
pub(super) struct Prefetcher {
    /// The latest stream, which is not kept up to date among the others.
    latest: Stream,
    /// It goes on with lines behind its last one and below this, which no stream in front of it is near to.
    until: u64,
    streams: Vec<Stream>,
    /// The low bits of their last lines, close together.
    lows: Vec<[u32; LANES]>,
    /// Their order in time: a ring, in which the oldest is behind the latest.
    order: Vec<Order>,
    /// The number of the latest.
    head: u32,
    capacity: usize,
    window: u32,
    initial: u64,
    /// Distance from which it doubles instead of growing by one.
    threshold: u64,
    maximum: u64,
}

impl Prefetcher {
    /// `None` when the machine has none.
    pub fn new(parameters: &machine::Prefetcher) -> Option<Prefetcher> {
        let capacity = parameters.streams.max(1) as usize;
        (parameters.kind == PrefetchKind::Stride).then(|| Prefetcher {
            latest: Stream::default(),
            until: 0,
            streams: Vec::new(),
            lows: vec![[0; LANES]; capacity.div_ceil(LANES)],
            order: Vec::new(),
            head: 0,
            capacity,
            window: parameters.compare_window,
            initial: u64::from(parameters.initial_distance),
            threshold: u64::from(parameters.exponential_threshold),
            maximum: u64::from(parameters.max_distance),
        })
    }

    /// Lines from the demand on that are never further ahead.
    pub fn maximum(&self) -> u64 {
        self.maximum.max(self.initial)
    }

    /// A demand for `line`; returns the lines to be fetched.
    #[inline(always)]
    pub fn demand(&mut self, line: u64) -> Wanted {
        if line < self.until && line.wrapping_sub(self.latest.last) <= u64::from(self.window) {
            return self.advance(line);
        }
        self.demand_other(line)
    }

    /// Demands for so many lines in a row, if each of them wants the one line so far ahead that is returned: those of a stream that
    /// has its full lead. They are made then.
    #[inline(always)]
    pub fn demand_in_row(&mut self, first: u64, count: u64) -> Option<u64> {
        let Stream { last, step, distance, ahead } = self.latest;
        let led = step == 1 && distance == self.maximum && ahead == distance;
        if !led || first != last + 1 || first + count > self.until {
            return None;
        }
        self.latest.last += count;
        Some(ahead)
    }

    /// A demand that need not belong to the latest stream.
    #[inline(never)]
    fn demand_other(&mut self, line: u64) -> Wanted {
        if self.streams.get(self.head as usize).is_some_and(|stream| *stream != self.latest) {
            self.keep(self.latest);
        }
        match self.find(line) {
            Some((number, until)) => {
                self.make_latest(number);
                (self.latest, self.until) = (self.streams[number as usize], until);
                self.advance(line)
            }
            None => {
                self.begin(line);
                Wanted::default()
            }
        }
    }

    /// Puts the latest stream among the others.
    #[inline(always)]
    fn keep(&mut self, latest: Stream) {
        let head = self.head as usize;
        (self.streams[head], self.lows[head / LANES][head % LANES]) = (latest, latest.last as u32);
    }

    fn make_latest(&mut self, number: u32) {
        if number == self.head {
            return;
        }
        let Order { older, younger } = self.order[number as usize];
        self.order[older as usize].younger = younger;
        self.order[younger as usize].older = older;
        self.insert(number);
    }

    /// Puts a stream into the ring as the latest.
    fn insert(&mut self, number: u32) {
        let (older, younger) = (self.head, self.order[self.head as usize].younger);
        self.order[number as usize] = Order { older, younger };
        self.order[older as usize].younger = number;
        self.order[younger as usize].older = number;
        self.head = number;
    }

    /// The first stream whose last line is near, and the line behind `line` up to which no stream in front of it is.
    #[inline(always)]
    fn find(&self, line: u64) -> Option<(u32, u64)> {
        let ahead = |low: u32| low.wrapping_sub(line as u32).wrapping_add(self.window);
        let near = |lows: &[u32; LANES]| lows.iter().fold(false, |near, &low| near | (ahead(low) <= 2 * self.window));
        if !self.lows.iter().any(near) {
            return None;
        }
        let mut clear = u32::MAX;
        for (number, &low) in self.lows.as_flattened()[..self.streams.len()].iter().enumerate() {
            let ahead = ahead(low);
            if ahead <= 2 * self.window && self.streams[number].last.abs_diff(line) <= u64::from(self.window) {
                return Some((number as u32, line + u64::from(clear)));
            }
            clear = clear.min(ahead.saturating_sub(2 * self.window));
        }
        None
    }

    /// The latest stream goes on with `line`.
    #[inline(always)]
    fn advance(&mut self, line: u64) -> Wanted {
        let stream = &mut self.latest;
        let moved = line.wrapping_sub(stream.last) as i64;
        if moved == 0 {
            return Wanted::default();
        }
        stream.last = line;
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

    /// A stream begins, in place of the oldest.
    #[inline(always)]
    fn begin(&mut self, line: u64) {
        let number = self.streams.len() as u32;
        if self.streams.len() < self.capacity {
            self.streams.push(Stream::default());
            self.order.push(Order { older: number, younger: number });
            self.insert(number);
        } else {
            self.head = self.order[self.head as usize].younger;
        }
        let fresh = Stream { last: line, step: 0, distance: self.initial, ahead: 0 };
        self.keep(fresh);
        (self.latest, self.until) = (fresh, 0);
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
    use crate::random::Random;

    const PARAMETERS: machine::Prefetcher = machine::Prefetcher {
        kind: PrefetchKind::Stride,
        compare_window: 6,
        initial_distance: 2,
        exponential_threshold: 2,
        max_distance: 4,
        streams: 4,
        scalar: true,
        vector: true,
    };

    #[test]
    fn a_stream_is_run_ahead_of() {
        let mut prefetcher = Prefetcher::new(&PARAMETERS).unwrap();
        let mut demand = |line| prefetcher.demand(line).lines().collect::<Vec<u64>>();
        assert!(demand(100).is_empty());
        assert!(demand(101).is_empty(), "the direction is known only now");
        assert_eq!(demand(102), [103, 104]);
        assert_eq!(demand(103), [105, 106, 107], "one is used, the distance has doubled");
        assert_eq!(demand(104), [108]);
        assert!(demand(5000).is_empty());
    }

    /// The same without the latest stream apart, runs, and the ring.
    struct Simple {
        streams: Vec<(Stream, u64)>,
        clock: u64,
    }

    impl Simple {
        fn demand(&mut self, line: u64) -> Wanted {
            self.clock += 1;
            let mut one = Prefetcher::new(&PARAMETERS).unwrap();
            let near = |(stream, _): &&mut (Stream, u64)| stream.last.abs_diff(line) <= u64::from(one.window);
            if let Some((stream, used)) = self.streams.iter_mut().find(near) {
                one.latest = *stream;
                let wanted = one.advance(line);
                (*stream, *used) = (one.latest, self.clock);
                return wanted;
            }
            let fresh = (Stream { last: line, step: 0, distance: one.initial, ahead: 0 }, self.clock);
            if self.streams.len() < one.capacity {
                self.streams.push(fresh);
            } else if let Some(oldest) = self.streams.iter_mut().min_by_key(|(_, used)| *used) {
                *oldest = fresh;
            }
            Wanted::default()
        }
    }

    #[test]
    fn streams_are_those_of_a_simple_prefetcher() {
        let mut prefetcher = Prefetcher::new(&PARAMETERS).unwrap();
        let mut simple = Simple { streams: Vec::new(), clock: 0 };
        let mut random = Random(1);
        let mut lines = [100, 108, 300, 500, 700, 900];
        for _ in 0..200_000 {
            let line = &mut lines[random.below(6)];
            // Mostly on by one, at times back, in place, or far away.
            *line = match random.below(16) {
                0 => *line - 5,
                1 => *line,
                2 => *line + 7,
                3 if random.below(5) == 0 => 1000 + random.below(100) as u64,
                4 => *line - 1,
                _ => *line + 1,
            };
            let rest = random.below(16) as u64;
            let wanted: Vec<u64> = (*line..*line + rest).flat_map(|line| simple.demand(line).lines()).collect();
            let lines = match prefetcher.demand_in_row(*line, rest) {
                Some(ahead) => (*line..*line + rest).map(|line| line + ahead).collect(),
                None => (*line..*line + rest).flat_map(|line| prefetcher.demand(line).lines()).collect::<Vec<u64>>(),
            };
            assert_eq!(lines, wanted);
        }
    }
}
