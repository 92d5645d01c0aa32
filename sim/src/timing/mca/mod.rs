//! The vendor's compiler model: a static scheduler in the manner of llvm-mca's in-order pipeline.
//!
//! It executes nothing. The text is repeated, branches fall through, a vector instruction works on VLMAX elements, a
//! register group is known by its first register, memory is never waited for. Every cycle a stalled instruction is
//! tried again, then instructions issue in order while there is bandwidth; each is held back by its sources, its
//! resources and the order of write-back, in this order. What differs between compiler releases stands in the machine
//! file. The cycles that come out define a compiler's opinion; they predict no chip.

mod pipes;
mod step;

use rvtile_isa::inst::Inst;
use rvtile_isa::row::Row;

use crate::machine::Machine;
use pipes::{Resource, Wheel};
use step::{REGISTERS, Read, Step, Via};

/// What a compiler knows of the vector type at an instruction; without LMUL it takes the costliest case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KnownType {
    /// LMUL in eighths.
    pub lmul_eighths: Option<u32>,
    /// SEW in bits.
    pub sew: Option<u32>,
}

/// An instruction of the text.
#[derive(Clone, Copy)]
pub struct Line {
    /// The instruction.
    pub inst: Inst,
    /// The vector type there.
    pub vtype: KnownType,
}

/// Why an instruction could not issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stall {
    Dependency,
    Resource(Resource),
    WriteBack,
}

/// What scheduling a text gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Copies of the text.
    pub iterations: u64,
    /// Cycles until the last write-back, all copies.
    pub cycles: u64,
    /// Micro-operations, all copies.
    pub uops: u64,
    /// `issue`, the name of a unit that is nearly always busy, or what most cycles were lost to: `dependency`,
    /// `resource:` and a unit, `wb-order`.
    pub bottleneck: String,
}

impl Schedule {
    /// Cycles per copy.
    pub fn cycles_per_iteration(&self) -> f64 {
        self.cycles as f64 / self.iterations as f64
    }
}

/// The share of the cycles from which issue slots or a unit count as the bottleneck.
const SATURATED: f64 = 0.93;

/// The last writer of a register.
#[derive(Clone, Copy, Default)]
struct Writer {
    /// Cycle of issue, plus one; 0: nobody wrote it.
    issued: u64,
    latency: u64,
    /// How much sooner a source that is read late can have the value.
    sooner: u64,
}

/// Schedules `iterations` copies of `text`.
///
/// # Errors
/// The row of an instruction that the compiler has no timing for.
pub fn schedule(text: &[Line], machine: &Machine, iterations: u64) -> Result<Schedule, &'static Row> {
    let steps = text.iter().map(|line| Step::new(line, machine)).collect::<Result<Vec<Step>, _>>()?;
    let mut pipeline = Pipeline::new(machine);
    for _ in 0..iterations {
        for step in &steps {
            pipeline.issue(step);
        }
    }
    Ok(pipeline.finish(iterations))
}

/// The pipeline in the middle of a run.
struct Pipeline {
    width: u32,
    in_order_writeback: bool,
    now: u64,
    issued_now: u32,
    uops: u64,
    writers: [Writer; REGISTERS],
    /// Each unit is free from this cycle on.
    free: [u64; Resource::COUNT],
    /// Cycles for which each unit was taken.
    busy: [u64; Resource::COUNT],
    pipes: Wheel,
    sequencers: Wheel,
    /// The last instruction writes back in this cycle.
    written_back: u64,
    stalls: Vec<(Stall, u64)>,
}

impl Pipeline {
    fn new(machine: &Machine) -> Pipeline {
        Pipeline {
            width: machine.core.issue_width,
            in_order_writeback: machine.vector.in_order_writeback,
            now: 0,
            issued_now: 0,
            uops: 0,
            writers: [Writer::default(); REGISTERS],
            free: [0; Resource::COUNT],
            busy: [0; Resource::COUNT],
            pipes: Wheel::new(Resource::PipeA, Resource::PipeB),
            sequencers: Wheel::new(Resource::Va, Resource::Va2),
            written_back: 0,
            stalls: Vec::new(),
        }
    }

    /// The next instruction issues, in this cycle or as soon as nothing holds it back.
    fn issue(&mut self, step: &Step) {
        if self.issued_now == self.width {
            self.next_cycle(1);
        }
        while let Some((stall, cycles)) = self.held_back(step) {
            match self.stalls.iter_mut().find(|(kind, _)| *kind == stall) {
                Some((_, sum)) => *sum += cycles,
                None => self.stalls.push((stall, cycles)),
            }
            self.next_cycle(cycles);
        }
        self.issued_now += 1;
        self.uops += 1;
        self.written_back = self.now + step.latency;
        for hold in &step.holds {
            let unit = self.choose(hold.resource);
            self.free[unit as usize] = self.now + hold.cycles;
            self.busy[unit as usize] += hold.cycles;
        }
        let writer = Writer { issued: self.now + 1, latency: step.latency, sooner: step.sooner };
        for &register in &step.writes {
            self.writers[register as usize] = writer;
        }
    }

    fn next_cycle(&mut self, cycles: u64) {
        self.now += cycles;
        self.issued_now = 0;
    }

    /// The first thing that an instruction has to wait for now, and for how long before it is tried again.
    fn held_back(&self, step: &Step) -> Option<(Stall, u64)> {
        for read in &step.reads {
            let ready = self.ready(read);
            if ready > self.now {
                return Some((Stall::Dependency, ready - self.now));
            }
        }
        if let Some(hold) = step.holds.iter().find(|hold| !self.available(hold.resource)) {
            return Some((Stall::Resource(hold.resource), 1));
        }
        let done = self.now + step.latency;
        if self.in_order_writeback && done < self.written_back {
            return Some((Stall::WriteBack, self.written_back - done));
        }
        None
    }

    /// When a source can be read.
    fn ready(&self, read: &Read) -> u64 {
        let writer = &self.writers[read.register as usize];
        if writer.issued == 0 {
            return 0;
        }
        let sooner = match read.via {
            Via::Full => 0,
            Via::Late => writer.sooner,
            Via::Sooner(cycles) => cycles,
        };
        writer.issued - 1 + writer.latency.saturating_sub(sooner)
    }

    fn is_free(&self, resource: Resource) -> bool {
        self.free[resource as usize] <= self.now
    }

    fn available(&self, resource: Resource) -> bool {
        match resource {
            Resource::PipeAB => self.is_free(Resource::PipeA) || self.is_free(Resource::PipeB),
            Resource::VaAny => self.is_free(Resource::Va) || self.is_free(Resource::Va2),
            unit => self.is_free(unit),
        }
    }

    /// The unit that an instruction takes of those it can go to.
    fn choose(&mut self, resource: Resource) -> Resource {
        let free = |this: &Pipeline, pair: [Resource; 2]| pair.map(|unit| this.is_free(unit));
        match resource {
            Resource::PipeAB => {
                let free = free(self, [Resource::PipeA, Resource::PipeB]);
                self.pipes.pick(free)
            }
            Resource::VaAny => {
                let free = free(self, [Resource::Va, Resource::Va2]);
                self.sequencers.pick(free)
            }
            unit => {
                self.pipes.used(unit);
                self.sequencers.used(unit);
                unit
            }
        }
    }

    fn finish(self, iterations: u64) -> Schedule {
        let cycles = self.written_back + 1;
        let saturated = |count: u64| count as f64 >= SATURATED * cycles as f64;
        // Of units that are equally busy the first is named.
        let busiest = Resource::UNITS.iter().rev().copied().max_by_key(|unit| self.busy[*unit as usize]);
        let bottleneck = if self.uops as f64 >= SATURATED * (u64::from(self.width) * cycles) as f64 {
            "issue".to_string()
        } else if let Some(unit) = busiest.filter(|unit| saturated(self.busy[*unit as usize])) {
            unit.name().to_string()
        } else {
            match self.stalls.iter().max_by_key(|(_, cycles)| *cycles) {
                Some((Stall::Resource(unit), _)) => format!("resource:{}", unit.name()),
                Some((Stall::WriteBack, _)) => "wb-order".to_string(),
                Some((Stall::Dependency, _)) => "dependency".to_string(),
                None => "none".to_string(),
            }
        };
        Schedule { iterations, cycles, uops: self.uops, bottleneck }
    }
}

#[cfg(test)]
mod tests {
    use rvtile_isa::class::Class;
    use rvtile_isa::ext::Ext;
    use rvtile_isa::op::Illegal;
    use rvtile_isa::row::{Exec, Props};

    use super::*;

    const fn coprocessor(name: &'static str, props: Props) -> Row {
        let encoding = "vs2 vs1 vd 31..25=0x15 14..12=0 6..0=0x5b";
        let exec = Exec::Select(|_, _| Err(Illegal::Unknown));
        Row::new(name, "vd, vs2, vs1", encoding, Ext::ZVE32X, Class::Vcix, exec).with(props)
    }

    static ADDS: Row = coprocessor("sf.vc.v.vvv", Props::READS_VD);
    static WRITES: Row = coprocessor("sf.vc.v.vv", Props::empty());

    fn cycles(row: &'static Row, destinations: &[u32]) -> f64 {
        let machine = Machine::load("x280-mca19", &[]).unwrap();
        let vtype = KnownType { lmul_eighths: Some(8), sew: Some(32) };
        let word = |vd: u32| row.encoding.bits | 16 << 20 | 24 << 15 | vd << 7;
        let text: Vec<Line> = destinations.iter().map(|&vd| Line { inst: Inst::new(row, word(vd)), vtype }).collect();
        schedule(&text, &machine, 200).map_err(|row| row.name).unwrap().cycles_per_iteration()
    }

    #[test]
    fn the_coprocessor_has_a_long_latency_and_the_units_throughput() {
        assert_eq!(cycles(&ADDS, &[8, 8]), 40.005);
        assert_eq!(cycles(&WRITES, &[8, 9, 10, 11]), 12.09);
    }
}
