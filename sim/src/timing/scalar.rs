//! When scalar registers and units are there: the scoreboard of the scalar pipe.

use rvtile_isa::row::Mem;

use super::describe::{Desc, Kind, Source, Via};
use super::ledger::Cause;
use super::snapshot::{Fold, ones};
use super::vector::VectorUnit;
use crate::machine::Unit;

/// What instructions of the scalar pipe wait for.
pub(super) struct Scalar {
    /// When the new value of each register can be used, by the way it is used.
    times: [[u64; Source::WAYS]; 64],
    /// What its producer was.
    causes: [Cause; 64],
    /// Those of them that may not be at rest.
    awake: u64,
    /// No instruction may issue before this cycle: fetch or redirection.
    pub front: (u64, Cause),
    /// The L1D takes no scalar access before this cycle, because of an earlier store.
    pub l1d_free: (u64, Cause),
    int_div_free: u64,
    fp_div_free: u64,
}

/// A register at rest.
const REST: [u64; Source::WAYS] = [0; Source::WAYS];

impl Scalar {
    /// At rest.
    pub fn new() -> Scalar {
        Scalar {
            times: [REST; 64],
            causes: [Cause::OperandAlu; 64],
            awake: 0,
            front: (0, Cause::Branch),
            l1d_free: (0, Cause::OperandLoad),
            int_div_free: 0,
            fp_div_free: 0,
        }
    }

    /// Folds everything that can still make a difference after the present cycle.
    pub fn fold<F: Fold>(&mut self, fold: &mut F) {
        let now = fold.now();
        let mut live = 0;
        for index in ones(self.awake) {
            let [late, address, full, _] = self.times[index];
            if late.max(address).max(full + 1) > now {
                live |= 1 << index;
            } else {
                self.times[index] = REST;
            }
        }
        fold.word(&mut live);
        ones(self.awake & !live).for_each(|index| self.times[index] = REST);
        self.awake = live;
        for index in ones(live) {
            let [late, address, full, _] = &mut self.times[index];
            fold.time(late);
            fold.time(address);
            // A result in order counts one cycle longer, see `waits`.
            fold.recent(full);
            let mut cause = Some(self.causes[index]);
            fold.cause(&mut cause, true);
            self.causes[index] = cause.unwrap_or(self.causes[index]);
        }
        fold.wait(&mut self.front);
        fold.wait(&mut self.l1d_free);
        fold.time(&mut self.int_div_free);
        fold.time(&mut self.fp_div_free);
    }

    /// All registers have their values.
    pub fn done(&self) -> u64 {
        self.times.iter().map(|times| times[Via::Full as usize]).max().unwrap_or(0)
    }

    /// Keeps a unit until `time`.
    #[inline(always)]
    pub fn keep(&mut self, unit: Unit, time: u64) {
        match unit {
            Unit::IntDivide => self.int_div_free = time,
            Unit::FpDivide => self.fp_div_free = time,
            _ => {}
        }
    }

    /// A register has a new value at `times`, by [`Via`].
    #[inline(always)]
    pub fn produce(&mut self, register: u8, times: [u64; 3], cause: Cause) {
        let [late, address, full] = times;
        if let Some(times) = self.times.get_mut(register as usize) {
            *times = [late, address, full, 0];
            self.causes[register as usize] = cause;
            self.awake |= 1 << register;
        }
    }

    /// What an instruction waits for in cycle `now`, and until when. Apart, because few cycles are charged to that.
    #[inline(never)]
    pub fn first_wait(&self, desc: &Desc, vector: &VectorUnit, now: u64) -> Option<(Cause, u64)> {
        let mut first = None;
        self.waits(desc, vector, |until, cause| {
            if until > now && first.is_none() {
                first = Some((cause, until));
            }
        });
        first
    }

    /// Everything that an instruction waits for: until when, and why.
    #[inline(always)]
    pub fn waits(&self, desc: &Desc, vector: &VectorUnit, mut wait: impl FnMut(u64, Cause)) {
        wait(self.front.0, self.front.1);
        let mut wait_for = |source: Source| {
            wait(self.times.as_flattened()[usize::from(source.slot)], self.causes[source.reg()]);
        };
        let [first, second, third, fourth] = desc.sources;
        wait_for(first);
        wait_for(second);
        if desc.many_sources {
            wait_for(third);
            wait_for(fourth);
        }
        if desc.in_order {
            // Results of the pipe come in order by themselves; one of the vector unit is waited for.
            let dest = usize::from(desc.dest) % 64;
            let (full, cause) = (self.times[dest][Via::Full as usize], self.causes[dest]);
            let vector = cause == Cause::OperandVector;
            let time = if vector { full } else { (full + 1).saturating_sub(desc.latency) };
            wait(time, cause);
        }
        if !desc.waits_for_more {
            return;
        }
        if desc.reads_vl {
            wait(vector.vl_known, Cause::OperandVector);
        }
        if let Mem::Scalar(_) = desc.mem {
            wait(self.l1d_free.0, self.l1d_free.1);
        }
        match desc.unit {
            Unit::IntDivide => wait(self.int_div_free, Cause::Divider),
            Unit::FpDivide => wait(self.fp_div_free, Cause::Divider),
            _ => {}
        }
        match desc.kind {
            Kind::Vector => wait(vector.room(), Cause::QueueFull),
            Kind::Fence => wait(vector.memory_done, Cause::Drain),
            Kind::Scalar | Kind::Vset | Kind::Marker => {}
        }
    }
}
