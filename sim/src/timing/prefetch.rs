//! A stream prefetcher in the manner of SiFive's L2 stride prefetcher.

use super::snapshot::ones;
use crate::machine::{self, PrefetchKind};

#[derive(Clone, Copy, Default)]
#[repr(align(64))]
pub(super) struct Stream {
    /// The line demanded last.
    pub last: u64,
    /// +1 or -1 line; 0 while the direction is not known.
    step: i64,
    /// How far ahead of the demand lines are fetched, in lines.
    distance: u64,
    /// Lines ahead of the demand that have been asked for.
    ahead: u64,
    /// If it ascends and has its full lead: a demand less than so far in front of the last one wants just as many lines as it goes on by.
    /// Else 0.
    pub led: u64,
    /// Its neighbours in the order in which they were the latest one: a ring, in which the oldest is behind the latest.
    older: u32,
    younger: u32,
}

/// Lines to be fetched, one behind the other in the direction of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub first: u64,
    pub step: i64,
    pub count: u64,
}

/// Streams whose last lines are compared at once.
const LANES: usize = 8;

/// Detects ascending and descending streams of lines and runs ahead of them.
pub(super) struct Prefetcher {
    /// The oldest gives its place to one that begins; at first none has been demanded anywhere.
    streams: Box<[Stream]>,
    /// The low bits of their last lines, close together; that of the latest one is old.
    lows: Vec<[u32; LANES]>,
    /// The stream that went on last.
    pub latest: usize,
    rules: Rules,
}

/// No line is near to this one.
const NOWHERE: u64 = 1 << 63;

/// What a stream is, in lines.
#[derive(Clone, Copy)]
struct Rules {
    /// How far from the last demand of a stream others are its own.
    window: u32,
    /// How far ahead of its demands it fetches at first, and at most.
    initial: u64,
    maximum: u64,
    /// Distance from which that doubles instead of growing by one.
    threshold: u64,
}

impl Prefetcher {
    /// `None` when the machine has none.
    pub fn new(parameters: &machine::Prefetcher) -> Option<Prefetcher> {
        let capacity = parameters.streams.max(1) as usize;
        (parameters.kind == PrefetchKind::Stride).then(|| Prefetcher {
            streams: (0..capacity).map(|number| Stream::none(number, capacity)).collect(),
            lows: vec![[0; LANES]; capacity.div_ceil(LANES)],
            latest: 0,
            rules: Rules {
                window: parameters.compare_window,
                initial: u64::from(parameters.initial_distance),
                threshold: u64::from(parameters.exponential_threshold),
                maximum: u64::from(parameters.max_distance),
            },
        })
    }

    /// Where the streams are as long as this lives.
    pub fn streams(&self) -> *const Stream {
        self.streams.as_ptr()
    }

    /// Lines from the demand on that are never further ahead.
    pub fn maximum(&self) -> u64 {
        self.rules.maximum.max(self.rules.initial)
    }

    /// A demand for `line`; returns the lines to be fetched.
    #[inline(always)]
    pub fn demand(&mut self, line: u64) -> Wanted {
        let rules = self.rules;
        let stream = self.stream(self.latest);
        if stream.is_near(line, rules) { stream.advance(line, rules) } else { self.demand_other(line) }
    }

    /// A stream by its number.
    #[inline(always)]
    fn stream(&mut self, number: usize) -> &mut Stream {
        debug_assert!(number < self.streams.len());
        // SAFETY: numbers come from `latest` and from the ring of streams, which hold numbers of streams only. Each line that the L2 is
        // asked for comes here, several times if it is not near to the latest, and nothing else would take as long as the checks.
        unsafe { self.streams.get_unchecked_mut(number) }
    }

    /// The same for a line that is not near to the latest stream.
    #[inline(never)]
    fn demand_other(&mut self, line: u64) -> Wanted {
        // Inline is what nearly all lines need that have no pattern.
        if self.is_any_nearby(line) {
            return self.demand_nearby(line);
        }
        self.begin(line);
        Wanted::default()
    }

    #[inline(never)]
    fn demand_nearby(&mut self, line: u64) -> Wanted {
        if self.turn_to(line) {
            let rules = self.rules;
            return self.stream(self.latest).advance(line, rules);
        }
        self.begin(line);
        Wanted::default()
    }

    /// Demands for some of the 64 lines from `from` on, in ascending order. If the first is near to a stream that has its full lead, and
    /// they follow it, they are made, and what they want is returned, and how far ahead that is.
    #[inline(always)]
    pub fn demand_led(&mut self, from: u64, demanded: u64) -> Option<(Wanted, u64)> {
        let (first, run) = (from + u64::from(demanded.trailing_zeros()), demanded >> demanded.trailing_zeros());
        let rules = self.rules;
        if !self.stream(self.latest).is_near(first, rules) && !self.turn_to(first) {
            return None;
        }
        let stream = self.stream(self.latest);
        let moved = first.wrapping_sub(stream.last);
        if moved >= stream.led || !is_run(run) && has_gaps(run, stream.led - 1) {
            return None;
        }
        let last = from + u64::from(63 - demanded.leading_zeros());
        // What each of them wants begins behind what the one before has asked for.
        let wanted = Wanted { first: stream.last + stream.ahead + 1, step: 1, count: last - stream.last };
        stream.last = last;
        Some((wanted, stream.ahead))
    }

    /// Demands for some of the 64 lines from `from` on, in ascending order, of which nothing can be wanted that is not there.
    #[inline(always)]
    pub fn demand_in_vain(&mut self, from: u64, demanded: u64) {
        for place in ones(demanded) {
            self.demand(from + place as u64);
        }
    }

    /// Whether a stream may be near to a line: one whose last line has low bits near to its.
    #[inline(always)]
    fn is_any_nearby(&self, line: u64) -> bool {
        let (below, reach) = ((line as u32).wrapping_sub(self.rules.window), 2 * self.rules.window);
        self.lows.iter().any(|lows| within(lows, below, reach) != 0)
    }

    /// Makes the latest of the streams whose last lines are near to one, but for the latest of all, the latest of all; false if there is
    /// none.
    #[inline(never)]
    fn turn_to(&mut self, line: u64) -> bool {
        let (rules, latest) = (self.rules, self.latest);
        let mut number = self.stream(latest).older as usize;
        while number != latest && !self.stream(number).is_near(line, rules) {
            number = self.stream(number).older as usize;
        }
        if number == latest {
            return false;
        }
        let Stream { older, younger, .. } = *self.stream(number);
        self.stream(older as usize).younger = younger;
        self.stream(younger as usize).older = older;
        self.insert(number);
        true
    }

    /// A stream begins, in place of the oldest.
    #[inline(always)]
    fn begin(&mut self, line: u64) {
        let number = self.stream(self.latest).younger as usize;
        let Stream { older, younger, .. } = *self.stream(number);
        let distance = self.rules.initial;
        *self.stream(number) = Stream { last: line, distance, older, younger, ..Stream::default() };
        self.make_latest(number);
    }

    /// Puts a stream into the ring as the latest.
    fn insert(&mut self, number: usize) {
        let (older, younger) = (self.latest as u32, self.stream(self.latest).younger);
        (self.stream(number).older, self.stream(number).younger) = (older, younger);
        self.stream(older as usize).younger = number as u32;
        self.stream(younger as usize).older = number as u32;
        self.make_latest(number);
    }

    /// The stream behind the latest in the ring becomes that.
    #[inline(always)]
    fn make_latest(&mut self, number: usize) {
        let former = self.latest;
        self.lows[former / LANES][former % LANES] = self.stream(former).last as u32;
        self.latest = number;
    }
}

impl Stream {
    /// One that is to begin, one of so many.
    fn none(number: usize, count: usize) -> Stream {
        let [older, younger] = [number + count - 1, number + 1].map(|number| (number % count) as u32);
        Stream { last: NOWHERE, older, younger, ..Stream::default() }
    }

    #[inline(always)]
    fn is_near(&self, line: u64, rules: Rules) -> bool {
        // Within the window on either side.
        let window = u64::from(rules.window);
        line.wrapping_sub(self.last).wrapping_add(window) <= 2 * window
    }

    /// A demand for `line`, which is of this stream.
    #[inline(always)]
    fn advance(&mut self, line: u64, rules: Rules) -> Wanted {
        let moved = line.wrapping_sub(self.last) as i64;
        self.last = line;
        if moved == 0 {
            return Wanted::default();
        }
        let (step, moved) = (moved.signum(), moved.unsigned_abs());
        if step != self.step {
            (self.step, self.distance, self.ahead, self.led) = (step, rules.initial, 0, 0);
            return Wanted::default();
        }
        let ahead = self.ahead.saturating_sub(moved);
        let count = self.distance.saturating_sub(ahead);
        self.ahead = ahead + count;
        // A stream that goes on is worth a longer lead.
        let grown = if self.distance < rules.threshold { self.distance + 1 } else { self.distance * 2 };
        self.distance = grown.min(rules.maximum);
        let led = step == 1 && self.ahead == self.distance && self.distance == rules.maximum;
        self.led = if led { 1 + self.ahead.min(u64::from(rules.window)) } else { 0 };
        Wanted { first: line.wrapping_add_signed(step * (ahead + 1) as i64), step, count }
    }
}

/// Whether a number has ones at its low end and nothing else.
#[inline(always)]
fn is_run(number: u64) -> bool {
    number & number.wrapping_add(1) == 0
}

/// Whether ones of a number, which has one at its low end, are more than `reach` places apart.
#[inline(never)]
fn has_gaps(number: u64, reach: u64) -> bool {
    !is_run((1..reach.min(63)).fold(number, |filled, by| filled | number << by))
}

/// Which of these are at most `reach` above `below`, as bits.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn within(lows: &[u32; LANES], below: u32, reach: u32) -> u32 {
    use std::arch::x86_64::{
        __m128i, _mm_cmpgt_epi32, _mm_loadu_si128, _mm_movemask_epi8, _mm_packs_epi16, _mm_packs_epi32, _mm_set1_epi32,
        _mm_setzero_si128, _mm_sub_epi32,
    };
    // Signed comparisons tell of unsigned numbers when the highest bits of both sides are turned over.
    const TURN: u32 = 1 << 31;
    let (below, reach) = ((below ^ TURN) as i32, (reach ^ TURN) as i32);
    // SAFETY: every host of this architecture has these instructions; the two loads, which need not be aligned, are of the first
    // and the last four of eight numbers. A compiler that is left to itself makes three times as many instructions for a question
    // that comes with every access to the L2.
    unsafe {
        let (below, reach) = (_mm_set1_epi32(below), _mm_set1_epi32(reach));
        let beyond = [0, 4].map(|lane| {
            let four = _mm_loadu_si128(lows.as_ptr().add(lane).cast::<__m128i>());
            _mm_cmpgt_epi32(_mm_sub_epi32(four, below), reach)
        });
        let beyond = _mm_packs_epi16(_mm_packs_epi32(beyond[0], beyond[1]), _mm_setzero_si128());
        !(_mm_movemask_epi8(beyond) as u32) & 0xff
    }
}

/// Which of these are at most `reach` above `below`, as bits.
#[cfg(not(target_arch = "x86_64"))]
fn within(lows: &[u32; LANES], below: u32, reach: u32) -> u32 {
    let bit = |(lane, low): (usize, &u32)| u32::from(low.wrapping_sub(below) <= reach) << lane;
    lows.iter().enumerate().map(bit).sum()
}

impl Wanted {
    /// Those of the 64 lines from one on, as bits. The lines of an ascending stream must not begin in front of that.
    #[inline(always)]
    pub fn bits(self, from: u64) -> u64 {
        let first = self.first.wrapping_sub(from);
        if self.step > 0 {
            let run = u64::MAX.checked_shl(self.count as u32).map_or(u64::MAX, |beyond| !beyond);
            return if first < 64 { run << first } else { 0 };
        }
        let (low, high) = (first as i64 - self.count as i64 + 1, first as i64);
        if self.count == 0 || high < 0 || low > 63 {
            return 0;
        }
        u64::MAX << low.max(0) & u64::MAX >> (63 - high.min(63))
    }

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

    #[test]
    fn a_stream_passes_the_end_of_another_one() {
        let mut prefetcher = Prefetcher::new(&PARAMETERS).unwrap();
        (100..110).for_each(|line| _ = prefetcher.demand(line));
        let wanted: Vec<u64> =
            (90..115).flat_map(|line| prefetcher.demand(line).lines().collect::<Vec<u64>>()).collect();
        assert_eq!(wanted, (93..119).collect::<Vec<u64>>(), "the one that goes on is the later one of both");
    }

    /// The same, stream by stream and demand by demand.
    struct Simple {
        streams: Vec<(Stream, u64)>,
        clock: u64,
    }

    impl Simple {
        fn demand(&mut self, line: u64) -> Wanted {
            self.clock += 1;
            let rules = Prefetcher::new(&PARAMETERS).unwrap().rules;
            let near = |(stream, _): &&mut (Stream, u64)| stream.last.abs_diff(line) <= u64::from(rules.window);
            if let Some((stream, used)) = self.streams.iter_mut().filter(near).max_by_key(|(_, used)| *used) {
                *used = self.clock;
                return stream.advance(line, rules);
            }
            let fresh = (Stream { last: line, distance: rules.initial, ..Stream::default() }, self.clock);
            if self.streams.len() < PARAMETERS.streams as usize {
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
        let (mut lines, mut led) = ([100, 108, 300, 500, 700, 900], 0);
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
            let rest = 1 + random.below(16) as u64;
            let gaps = if random.below(4) == 0 { random.below(1 << 16) as u64 } else { 0 };
            let from = *line - random.below(48) as u64;
            let demanded = (((1 << rest) - 1) & !gaps | 1) << (*line - from);
            let wanted: Vec<Wanted> = ones(demanded).map(|place| simple.demand(from + place as u64)).collect();
            let all = wanted.iter().fold(0, |bits, wanted| bits | wanted.bits(from));
            match prefetcher.demand_led(from, demanded) {
                Some((lines, ahead)) => {
                    assert_eq!(lines.bits(from), all);
                    led += 1;
                    for (place, wanted) in ones(demanded).zip(wanted) {
                        // The first demand that is near enough wants it.
                        let lines = ones(wanted.bits(from))
                            .map(|line| demanded & u64::MAX << (line as u64).saturating_sub(ahead));
                        lines.for_each(|near| assert_eq!(near.trailing_zeros() as usize, place));
                    }
                }
                None => {
                    let lines = ones(demanded).map(|place| prefetcher.demand(from + place as u64));
                    assert!(lines.eq(wanted));
                }
            }
            let apart = prefetcher.demand(*line + rest);
            simple.demand(*line + rest);
            let from = *line - random.below(70) as u64;
            let bits =
                apart.lines().filter(|at| (from..from + 64).contains(at)).fold(0, |bits, at| bits | 1 << (at - from));
            assert_eq!(apart.bits(from), bits);
        }
        assert!(led > 10_000, "{led}");
    }
}
