//! The in-order pipe: issue, scoreboard, branches, and the way to memory and vector unit.

use std::sync::Arc;

use rvtile_isa::block::Block;
use rvtile_isa::row::Mem;

use super::describe::{Control, Desc, Kind};
use super::event::{Listener, Retired, VectorTimes};
use super::ledger::{Cause, Painter};
use super::outside::{Outcome, Outside, Words};
use super::scalar::Scalar;
use super::snapshot::Fold;
use super::transfer::Rows;
use super::vector::{VectorUnit, miss_cause};
use crate::machine::{Machine, Pipe as Pipes};

/// What an instruction waited for, in the order of time.
struct Stalls {
    list: [(Cause, u64); 8],
    count: usize,
    time: u64,
}

impl Stalls {
    /// For an instruction that can issue at `time`.
    fn new(time: u64) -> Stalls {
        Stalls { list: [(Cause::Issue, 0); 8], count: 0, time }
    }

    fn list(&self) -> &[(Cause, u64)] {
        &self.list[..self.count]
    }

    /// Waits until `time` for `cause`, if that is later than everything so far.
    fn until(&mut self, time: u64, cause: Cause) {
        if time > self.time {
            self.time = time;
            if self.count < self.list.len() {
                self.list[self.count] = (cause, time);
                self.count += 1;
            } else {
                self.list[self.count - 1].1 = time;
            }
        }
    }
}

/// What became of an instruction that issued.
struct Executed {
    result: u64,
    missed: Option<Cause>,
    vector: Option<VectorTimes>,
}

/// Registers, units and the present cycle: all that is small. [`Pipe::fold`] must hand on everything here that times can
/// depend on.
pub(super) struct Pipe {
    machine: Arc<Machine>,
    scalar: Scalar,
    /// The cycle in which the last instruction issued.
    pub now: u64,
    /// Pipes used in that cycle.
    used: Pipes,
    issued: u32,
    /// Address of the first instruction that issued in it, for listeners.
    leader: u64,
    fetched_line: u64,
    line_log2: u32,
    vl: u32,
    vector: VectorUnit,
    pub painter: Painter,
}

impl Pipe {
    /// At rest. `line_log2`: of the bytes in a line of instructions.
    pub fn new(machine: Arc<Machine>, line_log2: u32) -> Pipe {
        Pipe {
            scalar: Scalar::new(),
            now: 0,
            used: Pipes::None,
            issued: 0,
            leader: 0,
            fetched_line: u64::MAX,
            line_log2,
            vl: 0,
            vector: VectorUnit::new(&machine),
            painter: Painter::default(),
            machine,
        }
    }

    /// Folds everything that can still make a difference. Addresses of instructions, which only listeners hear of, are
    /// not part of it.
    pub fn fold<F: Fold>(&mut self, fold: &mut F) {
        let now = fold.now();
        self.scalar.fold(fold);
        let mut small = [self.used as u64, u64::from(self.issued), u64::from(self.vl)];
        small.iter_mut().for_each(|word| fold.word(word));
        self.used = [Pipes::A, Pipes::B, Pipes::Either, Pipes::None][small[0] as usize % 4];
        (self.issued, self.vl) = (small[1] as u32, small[2] as u32);
        fold.word(&mut self.fetched_line);
        self.vector.fold(fold);
        self.painter.fold(fold);
        self.now = now;
    }

    /// Waits until everything under way is done: a region boundary, or the end. It is the instruction at `pc` that
    /// waits.
    pub fn drain<L: Listener + ?Sized>(&mut self, pc: u64, listener: &mut L) {
        let done = self.vector.done.max(self.scalar.done());
        self.wait(done.max(self.now + u64::from(self.issued > 0)), Cause::Drain, pc, listener);
    }

    /// An environment call at `pc`: the core drains, and the environment takes its time.
    pub fn environment<L: Listener + ?Sized>(&mut self, pc: u64, listener: &mut L) {
        self.drain(pc, listener);
        let time = self.now + u64::from(self.machine.core.environment_call);
        self.wait(time, Cause::Environment, pc, listener);
    }

    /// The instruction at `pc` does not issue before `time`.
    fn wait<L: Listener + ?Sized>(&mut self, time: u64, cause: Cause, pc: u64, listener: &mut L) {
        if time > self.now {
            let (issued, waits) = (self.issued > 0, |_| Some((cause, time)));
            self.painter.advance(time, issued, waits, (self.leader, pc), |charged| listener.charged(&charged));
            self.begin_cycle(time);
        }
    }

    /// Nothing has issued yet in the present cycle, which is `time`.
    fn begin_cycle(&mut self, time: u64) {
        self.now = time;
        self.used = Pipes::None;
        self.issued = 0;
    }

    /// The first instructions of a block retire, as many as `descs` describes. `log` holds their words; `next_pc` is
    /// where control went.
    pub fn retire<O: Outside, L: Listener + ?Sized>(
        &mut self,
        block: &Block,
        descs: &mut [Desc],
        log: &[u64],
        next_pc: u64,
        outside: &mut O,
        listener: &mut L,
    ) {
        let mut log = log;
        for (index, desc) in descs.iter_mut().enumerate() {
            self.fetch(desc, outside);
            let words = take_words(desc, &mut log);
            self.issue(desc, words, next_pc, (block, index), outside, listener);
        }
    }

    #[inline]
    fn fetch<O: Outside>(&mut self, desc: &Desc, outside: &mut O) {
        let line = desc.pc >> self.line_log2;
        if line != self.fetched_line {
            self.fetched_line = line;
            let late = outside.fetch(desc.pc, self.now);
            if late > 0 {
                self.scalar.front = (self.now + late, Cause::FetchMiss);
            }
        }
    }

    /// The next instruction issues as soon as it can. `block` and `index` tell a listener where it stands.
    fn issue<O: Outside, L: Listener + ?Sized>(
        &mut self,
        desc: &mut Desc,
        words: Words<'_>,
        next_pc: u64,
        (block, index): (&Block, usize),
        outside: &mut O,
        listener: &mut L,
    ) {
        let since = self.now;
        if desc.kind == Kind::Marker {
            self.drain(desc.pc, listener);
        }
        let mut time = self.now;
        self.scalar.waits(desc, &self.vector, |until, _| time = time.max(until));
        let fits = time == self.now && self.issued < self.machine.core.issue_width && pairs(self.used, desc.pipe);
        let stalls = listener.listens().then(|| self.stalls(desc, since));
        if !fits {
            // A full issue slot costs no stall: the cycle in which the other instruction issued is its own.
            let time = time.max(self.now + u64::from(self.issued > 0));
            if !listener.listens() && self.painter.advance_within(time) {
                self.begin_cycle(time);
            } else {
                self.stall(desc, time, listener);
            }
        }
        if listener.listens() && self.issued == 0 {
            self.leader = desc.pc;
        }
        self.issued += 1;
        if desc.pipe != Pipes::None {
            self.used = if self.used == Pipes::None { desc.pipe } else { Pipes::Either };
        }
        if listener.listens() {
            self.painter.owner = desc.pc;
        }
        let executed = self.execute(desc, words, outside);
        let right = desc.control == Control::None || self.branch(desc, next_pc, outside);
        if listener.listens()
            && let entry = &block.insts[index]
            && let Ok(inst) = &entry.inst
        {
            listener.retired(&Retired {
                pc: desc.pc,
                index,
                inst,
                entry,
                vl: self.vl,
                row_bytes: match words.list.get(2) {
                    Some(&rows) if desc.mem == Mem::Rows => Rows::of(rows).total(),
                    _ => 0,
                },
                since,
                issue: self.now,
                stalls: stalls.as_ref().map_or(&[], Stalls::list),
                pipe: desc.pipe,
                unit: desc.unit,
                unit_until: self.now + desc.busy,
                result: (desc.dest != Desc::NONE).then_some(executed.result),
                missed: executed.missed,
                mispredicted: !right,
                vector: executed.vector,
            });
        }
    }

    /// The present cycle becomes `time`, up to which an instruction has to wait.
    #[inline(never)]
    fn stall<L: Listener + ?Sized>(&mut self, desc: &Desc, time: u64, listener: &mut L) {
        let (scalar, vector) = (&self.scalar, &self.vector);
        let waits = |now| scalar.first_wait(desc, vector, now);
        let issued = self.issued > 0;
        self.painter.advance(time, issued, waits, (self.leader, desc.pc), |charged| listener.charged(&charged));
        self.begin_cycle(time);
    }

    /// What an instruction waits for that could issue at `time` otherwise.
    fn stalls(&self, desc: &Desc, time: u64) -> Stalls {
        let mut stalls = Stalls::new(time);
        self.scalar.waits(desc, &self.vector, |time, cause| stalls.until(time, cause));
        stalls
    }

    /// The instruction issues now. Inlined, so that what nobody listens to is not worked out.
    #[inline(always)]
    fn execute<O: Outside>(&mut self, desc: &mut Desc, words: Words<'_>, outside: &mut O) -> Executed {
        let now = self.now;
        self.scalar.keep(desc.unit, now + desc.busy);
        if let Some(vector) = &mut desc.vector {
            let issued = self.vector.issue(vector, now, self.vl, words, outside, &mut self.painter);
            if matches!(desc.mem, Mem::FaultFirst { .. })
                && let Some(vl) = outside.value(words, 1)
            {
                self.vl = vl as u32;
            }
            let result = issued.result;
            self.scalar.produce(desc.dest, [result; 3], desc.produces);
            return Executed { result, missed: issued.missed, vector: Some(self.vector.times(vector, &issued)) };
        }
        if desc.kind == Kind::Vset
            && let Some(vl) = outside.value(words, 0)
        {
            self.vl = vl as u32;
        }
        let (mut late, mut missed) = (0, None);
        if desc.mem != Mem::None && !words.list.is_empty() {
            let served = outside.scalar(words, desc.writes_memory, now);
            late = served.cycles;
            if late > 0 {
                missed = miss_cause(served.from);
            }
            if desc.writes_memory {
                // The line of a store that missed must come before the next access, and a narrow one is merged.
                let narrow = matches!(desc.mem, Mem::Scalar(bytes) if bytes < 4);
                let kept = if narrow { u64::from(self.machine.core.narrow_store) } else { 0 };
                let missed = if late > kept { miss_cause(served.from) } else { None };
                self.scalar.l1d_free = (now + kept.max(late), missed.unwrap_or(Cause::StorePath));
            }
        }
        let cause = missed.unwrap_or(desc.produces);
        let times = [desc.late_latency, desc.address_latency, desc.latency].map(|latency| now + latency + late);
        self.scalar.produce(desc.dest, times, cause);
        Executed { result: now + desc.latency + late, missed, vector: None }
    }

    /// Returns whether a branch or jump was predicted right.
    #[inline]
    fn branch<O: Outside>(&mut self, desc: &Desc, next_pc: u64, outside: &mut O) -> bool {
        let Outcome { taken, right } = outside.branch(&desc.jump(), next_pc);
        let core = &self.machine.core;
        let bubble = match (right, taken) {
            (false, _) => 1 + u64::from(core.mispredict_penalty),
            (true, true) => 1 + u64::from(core.taken_branch_penalty),
            (true, false) => 0,
        };
        if bubble > 0 {
            self.scalar.front = (self.now + bubble, Cause::Branch);
        }
        right
    }
}

/// Whether an instruction for `pipe` can issue in a cycle in which `used` is taken. Of two instructions that may go
/// either way the core sends each where the other is not.
fn pairs(used: Pipes, pipe: Pipes) -> bool {
    match (used, pipe) {
        (Pipes::None, _) | (_, Pipes::None) => true,
        (used, pipe) => used != pipe || used == Pipes::Either,
    }
}

/// The log words of an instruction's memory access.
fn take_words<'a>(desc: &Desc, log: &mut &'a [u64]) -> Words<'a> {
    let more = match desc.mem {
        Mem::Indexed { .. } => log.first().copied().unwrap_or(0) as usize,
        _ => 0,
    };
    let count = usize::from(desc.log_words) + more;
    let (list, rest) = log.split_at(count.min(log.len()));
    *log = rest;
    Words { list, place: desc.words }
}
