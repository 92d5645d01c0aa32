//! The stall ledger: every simulated cycle is charged to exactly one cause.
//!
//! A cycle counts as work of the vector unit if its arithmetic sequencer or its memory port works in it; else as
//! issue, if an instruction issues in it; else it is lost to the cause that kept the next instruction from issuing.
//! Work of the vector unit comes first because the scalar pipe runs ahead of it: in a kernel bound by the vector unit
//! the ledger then shows how busy that unit is, and what the rest was lost to.

use super::event::Charged;
use super::snapshot::Fold;

macro_rules! causes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal;)*) => {
        /// What a cycle is charged to.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Cause { $($(#[doc = $doc])* $name,)* }

        impl Cause {
            /// Every cause.
            pub const ALL: &'static [Cause] = &[$(Cause::$name,)*];

            /// Its key in reports.
            pub const fn name(self) -> &'static str { match self { $(Cause::$name => $text,)* } }

            /// One line of explanation.
            pub const fn about(self) -> &'static str { match self { $(Cause::$name => concat!($($doc),*),)* } }
        }
    };
}

causes! {
    /// the arithmetic sequencer works on multiply-adds
    VectorMac = "vector-mac";
    /// the arithmetic sequencer works on something else
    VectorArithmetic = "vector-arithmetic";
    /// the vector memory port transfers data
    MemoryPort = "memory-port";
    /// a scalar instruction issues, the vector unit has nothing to do
    Issue = "issue";
    /// an operand comes from a load that hit the nearest cache
    OperandLoad = "operand-load";
    /// an operand comes from an integer operation
    OperandAlu = "operand-alu";
    /// an operand comes from a multiplier
    OperandMul = "operand-mul";
    /// an operand comes from a divider
    OperandDiv = "operand-div";
    /// an operand comes from the floating-point unit
    OperandFp = "operand-fp";
    /// a scalar operand comes from the vector unit
    OperandVector = "operand-vector";
    /// a vector operand comes from a vector load
    ChainLoad = "chain-load";
    /// a vector operand comes from a multiply-add
    ChainMac = "chain-mac";
    /// a vector operand comes from another vector operation
    ChainArithmetic = "chain-arithmetic";
    /// a vector register is still being read or written by an older instruction
    RegisterReuse = "register-reuse";
    /// the vector command queue is full
    QueueFull = "queue-full";
    /// a vector sequencer is kept without moving data or operands
    Sequencer = "sequencer";
    /// a store is merged into its line
    StorePath = "store-path";
    /// a divider is busy
    Divider = "divider";
    /// a line comes from the second level
    L1Miss = "l1-miss";
    /// a line comes from the third level
    L2Miss = "l2-miss";
    /// a line comes from memory
    Dram = "dram";
    /// an instruction line is fetched
    FetchMiss = "fetch-miss";
    /// a branch was mispredicted, or its target had to be computed
    Branch = "branch";
    /// a fence, a region marker or the end waits for work under way
    Drain = "drain";
    /// a call of the environment
    Environment = "environment";
}

/// Cycles by cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ledger {
    cycles: [u64; SLOTS],
}

/// Slots for causes: as many as the number in a [`Charge`] can tell apart.
const SLOTS: usize = 32;

const _: () = assert!(Cause::ALL.len() <= SLOTS);

impl Default for Ledger {
    fn default() -> Ledger {
        Ledger { cycles: [0; SLOTS] }
    }
}

/// A cause and a number of cycles in one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Charge(u32);

impl Charge {
    const CYCLE_BITS: u32 = 27;

    /// `None` for too many cycles.
    pub fn new(cause: Cause, cycles: u64) -> Option<Charge> {
        (cycles < 1 << Charge::CYCLE_BITS).then_some(Charge((cause as u32) << Charge::CYCLE_BITS | cycles as u32))
    }

    /// The number of the cause, and the cycles.
    pub fn parts(self) -> (usize, u64) {
        let cycles = self.0 & ((1 << Charge::CYCLE_BITS) - 1);
        ((self.0 >> Charge::CYCLE_BITS) as usize, u64::from(cycles))
    }
}

impl Ledger {
    /// Cycles charged to a cause.
    pub fn get(&self, cause: Cause) -> u64 {
        self.cycles[cause as usize]
    }

    /// All cycles.
    pub fn total(&self) -> u64 {
        self.cycles.iter().sum()
    }

    /// Causes with the cycles charged to them, without those that have none, in the order of [`Cause::ALL`].
    pub fn entries(&self) -> impl Iterator<Item = (Cause, u64)> + '_ {
        Cause::ALL.iter().map(|&cause| (cause, self.get(cause))).filter(|&(_, cycles)| cycles > 0)
    }

    /// What has been charged since `earlier`, a former state of this ledger.
    #[must_use]
    pub fn since(&self, earlier: &Ledger) -> Ledger {
        let mut difference = *self;
        for (mine, theirs) in difference.cycles.iter_mut().zip(earlier.cycles) {
            *mine -= theirs;
        }
        difference
    }

    /// Adds another ledger.
    pub fn add(&mut self, other: &Ledger) {
        for (mine, theirs) in self.cycles.iter_mut().zip(other.cycles) {
            *mine += theirs;
        }
    }

    /// Charges what a word says.
    #[inline(always)]
    pub(super) fn add_charge(&mut self, charge: Charge) {
        let (cause, cycles) = charge.parts();
        self.cycles[cause] += cycles;
    }

    /// Where the cycles are, by the number of their cause.
    pub(super) fn as_mut_ptr(&mut self) -> *mut u64 {
        self.cycles.as_mut_ptr()
    }

    /// Charges cycles to a cause.
    pub fn charge(&mut self, cause: Cause, cycles: u64) {
        self.cycles[cause as usize] += cycles;
    }
}

impl FromIterator<(Cause, u64)> for Ledger {
    fn from_iter<I: IntoIterator<Item = (Cause, u64)>>(entries: I) -> Ledger {
        let mut ledger = Ledger::default();
        for (cause, cycles) in entries {
            ledger.charge(cause, cycles);
        }
        ledger
    }
}

/// A half-open span of cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    start: u64,
    end: u64,
    cause: Cause,
    /// Address of the instruction, see [`Painter::owner`].
    owner: u64,
}

/// Charges cycles to causes in the order of time.
#[derive(Default)]
pub(super) struct Painter {
    pub ledger: Ledger,
    /// Address of the instruction whose work is painted; 0 for all when nobody listens, so that spans can be joined.
    pub owner: u64,
    /// Cycles before this one have been charged.
    painted: u64,
    /// What the vector unit's arithmetic sequencers do and will do; starts never decrease.
    arithmetic: Track,
    /// What the units beside it do and will do, by start.
    beside: Track,
    /// What its memory port does and will do.
    port: Track,
    /// What the head of its command queue waits for.
    waits: Track,
}

/// Room of a track at first.
const SPANS: usize = 64;

/// Spans in the order of time. Only the first that is not over is ever looked at.
struct Track {
    spans: Vec<Span>,
    /// Those in front of it are over.
    first: usize,
}

impl Painter {
    /// The arithmetic sequencer works from `start` to `end`.
    #[inline(always)]
    pub fn arithmetic(&mut self, start: u64, end: u64, cause: Cause) {
        self.arithmetic.push(Span { start, end, cause, owner: self.owner }, self.painted);
    }

    /// A unit beside the vector unit works from `start` to `end`, perhaps later than what came after it.
    pub fn beside(&mut self, start: u64, end: u64, cause: Cause) {
        self.beside.insert(Span { start, end, cause, owner: self.owner }, self.painted);
    }

    /// The memory port works from `start` to `end`.
    #[inline(always)]
    pub fn port(&mut self, start: u64, end: u64) {
        self.port.push(Span { start, end, cause: Cause::MemoryPort, owner: self.owner }, self.painted);
    }

    /// The head of the vector command queue waits from `start` to `end`.
    #[inline(always)]
    pub fn wait(&mut self, start: u64, end: u64, cause: Cause) {
        self.waits.push(Span { start, end, cause, owner: self.owner }, self.painted);
    }

    /// Folds what will be painted after the present cycle, up to which all is.
    pub fn fold<F: Fold>(&mut self, fold: &mut F) {
        let now = fold.now();
        self.painted = now;
        for track in [&mut self.arithmetic, &mut self.beside, &mut self.port, &mut self.waits] {
            track.tidy(now);
            let mut count = track.spans.len() as u64;
            fold.word(&mut count);
            track.spans.resize(count as usize, Span { start: 0, end: 0, cause: Cause::Issue, owner: 0 });
            for span in &mut track.spans {
                fold.time(&mut span.start);
                fold.time(&mut span.end);
                let mut cause = Some(span.cause);
                fold.cause(&mut cause, true);
                span.cause = cause.unwrap_or(span.cause);
            }
        }
    }

    /// As [`Painter::advance`], where the arithmetic sequencer is seen to work all the time. False says that nothing was done.
    #[inline(always)]
    pub fn advance_within(&mut self, to: u64) -> bool {
        let Some(work) = self.arithmetic.spans.get(self.arithmetic.first) else { return false };
        let all = work.start <= self.painted && to <= work.end;
        if all {
            self.ledger.charge(work.cause, to - self.painted);
            self.painted = to;
        }
        all
    }

    /// The next instruction issues at `to` (or, at the end, nothing more does): charges all cycles before it.
    /// `issued`: an instruction issued in the first of these cycles. `waits`: what the scalar pipe waits for in a cycle, and
    /// until when. `leader` is the instruction that issued in the first cycle, `waiter` the one that could not.
    #[inline(always)]
    pub fn advance(
        &mut self,
        to: u64,
        issued: bool,
        waits: impl Fn(u64) -> Option<(Cause, u64)>,
        (leader, waiter): (u64, u64),
        mut charged: impl FnMut(Charged),
    ) {
        let mut issue_until = if issued { self.painted + 1 } else { self.painted };
        issue_until = issue_until.min(to);
        while self.painted < to {
            let now = self.painted;
            let mut end = to;
            let (cause, pc) = if let Some(work) = self.arithmetic.at(now, &mut end) {
                work
            } else if let Some(work) = self.beside.at(now, &mut end) {
                work
            } else if let Some(work) = self.port.at(now, &mut end) {
                work
            } else if now < issue_until {
                end = end.min(issue_until);
                (Cause::Issue, leader)
            } else {
                let own = waits(now);
                if let Some((_, until)) = own {
                    end = end.min(until);
                }
                let own = own.map_or(Cause::Issue, |(cause, _)| cause);
                // Who waits for the vector unit waits for what the vector unit waits for.
                if matches!(own, Cause::QueueFull | Cause::OperandVector | Cause::Drain) {
                    self.waits.at(now, &mut end).unwrap_or((own, waiter))
                } else {
                    (own, waiter)
                }
            };
            self.ledger.charge(cause, end - now);
            charged(Charged { pc, cause, from: now, cycles: end - now });
            self.painted = end;
        }
    }
}

impl Default for Track {
    fn default() -> Track {
        Track { spans: Vec::with_capacity(SPANS), first: 0 }
    }
}

impl Track {
    /// A span behind all others. What ended by `now` is not looked at any more.
    #[inline(always)]
    fn push(&mut self, span: Span, now: u64) {
        if span.start >= span.end {
            return;
        }
        // Adjacent spans of one cause become one: long vector code keeps the tracks short.
        match self.spans.last_mut() {
            Some(last) if last.continues_in(&span) => last.end = span.end,
            _ => {
                if self.spans.len() == self.spans.capacity() {
                    self.make_room(now);
                }
                self.spans.push(span);
            }
        }
    }

    /// A span in its place by start.
    fn insert(&mut self, span: Span, now: u64) {
        self.make_room(now);
        let place = self.spans.partition_point(|other| other.start <= span.start);
        self.spans.insert(place, span);
    }

    /// Cause and owner of the span that holds `now`, which never decreases. `end` is lowered to where the answer stops
    /// being true.
    #[inline(always)]
    fn at(&mut self, now: u64, end: &mut u64) -> Option<(Cause, u64)> {
        while let Some(first) = self.spans.get(self.first) {
            if first.end <= now {
                self.first += 1;
                continue;
            }
            if first.start <= now {
                *end = (*end).min(first.end);
                return Some((first.cause, first.owner));
            }
            *end = (*end).min(first.start);
            return None;
        }
        self.spans.clear();
        self.first = 0;
        None
    }

    /// Forgets the first spans that are over.
    #[inline(never)]
    fn make_room(&mut self, now: u64) {
        let old = self.spans.iter().take_while(|span| span.end <= now).count();
        self.spans.drain(..old);
        self.first = 0;
        // So that it is not called for each span when few of them are over.
        self.spans.reserve(SPANS / 2);
    }

    /// Leaves what will be seen from `now` on: of spans that overlap the first until it ends.
    fn tidy(&mut self, now: u64) {
        let (mut kept, mut until): (usize, u64) = (0, now);
        for index in self.first..self.spans.len() {
            let mut span = self.spans[index];
            span.start = span.start.max(until);
            if span.start >= span.end {
                continue;
            }
            until = span.end;
            match kept.checked_sub(1).map(|last| &mut self.spans[last]) {
                Some(last) if last.continues_in(&span) => last.end = span.end,
                _ => {
                    self.spans[kept] = span;
                    kept += 1;
                }
            }
        }
        self.spans.truncate(kept);
        self.first = 0;
    }
}

impl Span {
    /// Whether another one is only more of the same.
    #[inline(always)]
    fn continues_in(&self, next: &Span) -> bool {
        self.end == next.start && self.cause == next.cause && self.owner == next.owner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cycle_is_charged_once() {
        let mut painter = Painter::default();
        painter.arithmetic(5, 9, Cause::VectorMac);
        painter.port(7, 12);
        painter.owner = 0x30;
        painter.wait(12, 14, Cause::ChainLoad);
        let mut events = Vec::new();
        painter.advance(3, true, |_| Some((Cause::OperandLoad, 3)), (0x10, 0x20), |event| events.push(event));
        let stalls = [(Cause::OperandAlu, 6), (Cause::QueueFull, 16)];
        let waits = |now| stalls.into_iter().find(|&(_, until)| until > now);
        painter.advance(16, true, waits, (0x20, 0x40), |event| events.push(event));
        let cycles = |cause| painter.ledger.get(cause);
        assert_eq!(cycles(Cause::Issue), 2, "cycles 0 and 3");
        assert_eq!(cycles(Cause::OperandLoad), 2);
        assert_eq!(cycles(Cause::OperandAlu), 1, "cycle 4; 5 is hidden behind the multiply-add");
        assert_eq!(cycles(Cause::VectorMac), 4);
        assert_eq!(cycles(Cause::MemoryPort), 3, "9 to 12");
        assert_eq!(cycles(Cause::ChainLoad), 2);
        assert_eq!(cycles(Cause::QueueFull), 2);
        assert_eq!(painter.ledger.total(), 16);
        let spent: Vec<_> = events.iter().map(|event| (event.pc, event.from, event.cycles)).collect();
        let vector = [(0x0, 5, 4), (0x0, 9, 3), (0x30, 12, 2)];
        assert_eq!(spent[..4], [(0x10, 0, 1), (0x20, 1, 2), (0x20, 3, 1), (0x40, 4, 1)]);
        assert_eq!((&spent[4..7], spent[7]), (&vector[..], (0x40, 14, 2)));
    }
}
