//! When scalar registers and units are there: the scoreboard of the scalar pipe.

use rvtile_isa::row::Mem;

use super::describe::{Desc, Kind, Via};
use super::ledger::Cause;
use super::snapshot::{Fold, ones};
use super::vector::VectorUnit;
use crate::machine::{Core, Unit};

/// When a scalar register's new value can be used, by the way it is used, and what its producer was.
#[derive(Clone, Copy)]
struct Ready {
    /// By [`Via`].
    times: [u64; 3],
    cause: Cause,
}

impl Ready {
    const REST: Ready = Ready { times: [0; 3], cause: Cause::OperandAlu };

    /// For any use.
    fn full(&self) -> u64 {
        self.times[Via::Full as usize]
    }
}

/// What instructions of the scalar pipe wait for.
pub(super) struct Scalar {
    registers: [Ready; 64],
    /// Those of them that may not be at rest.
    awake: u64,
    /// No instruction may issue before this cycle: fetch or redirection.
    pub front: (u64, Cause),
    /// The L1D takes no scalar access before this cycle, because of an earlier store.
    pub l1d_free: (u64, Cause),
    int_div_free: u64,
    fp_div_free: u64,
    waw_hazards: bool,
}

impl Scalar {
    /// At rest.
    pub fn new(core: &Core) -> Scalar {
        Scalar {
            registers: [Ready::REST; 64],
            awake: 0,
            front: (0, Cause::Branch),
            l1d_free: (0, Cause::OperandLoad),
            int_div_free: 0,
            fp_div_free: 0,
            waw_hazards: core.waw_hazards,
        }
    }

    /// Folds everything that can still make a difference after the present cycle.
    pub fn fold<F: Fold>(&mut self, fold: &mut F) {
        let now = fold.now();
        let mut live = 0;
        for index in ones(self.awake) {
            let ready = &mut self.registers[index];
            let [late, address, full] = ready.times;
            if late.max(address).max(full + 1) > now {
                live |= 1 << index;
            } else {
                *ready = Ready::REST;
            }
        }
        fold.word(&mut live);
        ones(self.awake & !live).for_each(|index| self.registers[index] = Ready::REST);
        self.awake = live;
        for index in ones(live) {
            let ready = &mut self.registers[index];
            let [late, address, full] = &mut ready.times;
            fold.time(late);
            fold.time(address);
            // A result in order counts one cycle longer, see `waits`.
            fold.recent(full);
            let mut cause = Some(ready.cause);
            fold.cause(&mut cause, true);
            ready.cause = cause.unwrap_or(ready.cause);
        }
        fold.wait(&mut self.front);
        fold.wait(&mut self.l1d_free);
        fold.time(&mut self.int_div_free);
        fold.time(&mut self.fp_div_free);
    }

    /// All registers have their values.
    pub fn done(&self) -> u64 {
        self.registers.iter().map(Ready::full).max().unwrap_or(0)
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
        if let Some(ready) = self.registers.get_mut(register as usize) {
            *ready = Ready { times, cause };
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
        for source in &desc.sources[..desc.source_count as usize] {
            let ready = &self.registers[source.reg as usize];
            wait(ready.times[source.via as usize], ready.cause);
        }
        if self.waw_hazards
            && let Some(ready) = self.registers.get(desc.dest as usize)
        {
            // Results of the pipe come in order by themselves; one of the vector unit is waited for.
            let vector = ready.cause == Cause::OperandVector;
            let time = if vector { ready.full() } else { (ready.full() + 1).saturating_sub(desc.latency) };
            wait(time, ready.cause);
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
