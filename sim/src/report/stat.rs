//! The summary of a run, in the manner of `perf stat`.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

use super::columns::{Align, lay_out};
use super::json::{Causes, pretty};
use super::number::{bytes, count, percent_of, quantity, seconds};
use super::ranked;
use crate::engine::{Engine, Mix, Region};
use crate::machine::Machine;

use crate::timing::ledger::Ledger;
use crate::timing::{Counters, Counts};

/// What a run did and what it cost.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The program as the user named it.
    pub program: String,
    /// How it ended, in words.
    pub end: String,
    /// Name of the machine.
    pub machine: String,
    /// Its clock in MHz.
    pub clock_mhz: f64,
    /// Instructions retired.
    pub instructions: u64,
    /// Of those, some kinds.
    pub mix: Mix,
    /// What timing found; `None` for a functional run.
    pub timing: Option<Timing>,
    /// Regions that the program marked, in the order in which they first ended.
    pub regions: Vec<Region>,
    /// Time that the simulation took.
    pub host: Duration,
}

/// The findings of the timing model.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Cycles of the whole run.
    pub cycles: u64,
    /// Cycles by cause: they add up to `cycles`.
    pub ledger: Ledger,
    /// Branches and memory traffic.
    pub counters: Counters,
}

/// How many causes a region shows.
const LARGEST: usize = 3;

impl Summary {
    /// Takes the figures of a run that has ended.
    pub fn of(engine: &Engine, machine: &Machine, end: String, host: Duration) -> Summary {
        Summary {
            program: engine.image.name.clone(),
            end,
            machine: machine.name.clone(),
            clock_mhz: machine.core.clock_mhz,
            instructions: engine.instructions(),
            mix: engine.mix(),
            timing: engine.timing().map(|core| {
                let ledger = *core.ledger();
                Timing { cycles: ledger.total(), ledger, counters: core.counters() }
            }),
            regions: engine.regions().to_vec(),
            host,
        }
    }

    /// Simulated seconds; `None` for a functional run.
    pub fn simulated_seconds(&self) -> Option<f64> {
        self.timing.map(|timing| timing.cycles as f64 / (self.clock_mhz * 1e6))
    }

    /// The summary as text.
    pub fn text(&self) -> String {
        let mode = if self.timing.is_some() { "simulated on" } else { "run without timing on" };
        let mut text = format!("\n{}: {mode} {}, {}\n\n", self.program, self.machine, self.end);
        text += &self.counts();
        if let Some(timing) = &self.timing {
            text += "\nWhere the cycles go\n\n";
            text += &ledger(&timing.ledger);
        }
        if !self.regions.is_empty() {
            text += "\nRegions\n\n";
            text += &self.regions();
        }
        text
    }

    fn counts(&self) -> String {
        let mut lines = Lines::default();
        if let Some(timing) = &self.timing {
            lines.add(count(timing.cycles), "cycles", format!("{} GHz", quantity(self.clock_mhz / 1000.0)));
        }
        let ipc = self.timing.map(|timing| self.instructions as f64 / timing.cycles.max(1) as f64);
        lines.add(
            count(self.instructions),
            "instructions",
            ipc.map_or(String::new(), |ipc| format!("{ipc:.2} per cycle")),
        );
        let share = |part: u64| format!("{} % of instructions", percent_of(part, self.instructions));
        for (part, name) in [
            (self.mix.vector, "vector instructions"),
            (self.mix.float, "scalar floating-point instructions"),
            (self.mix.loads, "scalar loads"),
            (self.mix.stores, "scalar stores"),
            (self.mix.branches, "branches and jumps"),
        ] {
            lines.add(count(part), name, share(part));
        }
        if let Some(Timing { cycles, counters, .. }) = &self.timing {
            let missed = percent_of(counters.mispredicted, counters.branches);
            lines.add(count(counters.mispredicted), "mispredicted", format!("{missed} % of branches and jumps"));
            let memory = &counters.memory;
            for (level, counts) in [("L1I", memory.l1i), ("L1D", memory.l1d), ("L2", memory.l2), ("L3", memory.l3)] {
                if counts.accesses > 0 {
                    lines.add(count(counts.accesses), &format!("{level} accesses"), String::new());
                    let missed = format!("{} % of {level} accesses", percent_of(counts.misses, counts.accesses));
                    lines.add(count(counts.misses), &format!("{level} misses"), missed);
                }
            }
            let rate = memory.dram_bytes as f64 / (*cycles).max(1) as f64;
            let note = format!("{}, {} B/cycle", bytes(memory.dram_bytes), quantity(rate));
            lines.add(count(memory.dram_bytes), "bytes to and from memory", note);
        }
        let mut text = lines.text();
        let speed = self.instructions as f64 / self.host.as_secs_f64().max(1e-9) / 1e6;
        text.push('\n');
        if let Some(time) = self.simulated_seconds() {
            let _ = writeln!(text, "  {} simulated", seconds(time));
        }
        let _ = writeln!(text, "  {} on the host, {} MIPS", seconds(self.host.as_secs_f64()), quantity(speed));
        text
    }

    fn regions(&self) -> String {
        use Align::{Left, Right};
        let mut heads = vec![("region", Left), ("times", Right), ("instructions", Right)];
        if self.timing.is_some() {
            heads.extend([("cycles", Right), ("IPC", Right), ("DRAM bytes", Right), ("largest causes", Left)]);
        }
        let rows = self.regions.iter().map(|region| {
            let mut row = vec![region.name.clone(), count(region.executions), count(region.instructions)];
            if self.timing.is_some() {
                let causes: Vec<String> = ranked(&region.ledger)
                    .into_iter()
                    .take(LARGEST)
                    .map(|(cause, cycles)| format!("{} {} %", cause.name(), percent_of(cycles, region.cycles)))
                    .collect();
                row.extend([
                    count(region.cycles),
                    format!("{:.2}", region.instructions as f64 / region.cycles.max(1) as f64),
                    count(region.dram_bytes),
                    causes.join(", "),
                ]);
            }
            row
        });
        lay_out(&heads, rows, 2, None)
    }

    /// The summary as a JSON object.
    pub fn json(&self) -> String {
        let counters = self.timing.map(|timing| timing.counters);
        pretty(&Object {
            program: &self.program,
            end: &self.end,
            machine: &self.machine,
            clock_mhz: self.clock_mhz,
            cycles: self.timing.map(|timing| timing.cycles),
            instructions: self.instructions,
            vector_instructions: self.mix.vector,
            float_instructions: self.mix.float,
            loads: self.mix.loads,
            stores: self.mix.stores,
            branches: self.mix.branches,
            mispredicted: counters.map(|counters| counters.mispredicted),
            caches: counters.map(|Counters { memory, .. }| {
                let level = |c: Counts| Level { accesses: c.accesses, misses: c.misses };
                Caches { l1i: level(memory.l1i), l1d: level(memory.l1d), l2: level(memory.l2), l3: level(memory.l3) }
            }),
            dram_bytes: counters.map(|counters| counters.memory.dram_bytes),
            simulated_seconds: self.simulated_seconds(),
            host_seconds: self.host.as_secs_f64(),
            ledger: self.timing.as_ref().map(|timing| Causes(&timing.ledger)),
            regions: self.regions.iter().map(|region| self.region_object(region)).collect(),
        })
    }

    fn region_object<'a>(&self, region: &'a Region) -> RegionObject<'a> {
        let timed = self.timing.is_some();
        RegionObject {
            name: &region.name,
            executions: region.executions,
            instructions: region.instructions,
            cycles: timed.then_some(region.cycles),
            dram_bytes: timed.then_some(region.dram_bytes),
            ledger: timed.then_some(Causes(&region.ledger)),
        }
    }
}

/// Causes with cycles, share and meaning, most cycles first.
fn ledger(ledger: &Ledger) -> String {
    use Align::{Left, Right};
    let rows = ranked(ledger).into_iter().map(|(cause, cycles)| {
        vec![
            count(cycles),
            percent_of(cycles, ledger.total()) + " %",
            cause.name().to_string(),
            cause.about().trim().to_string(),
        ]
    });
    lay_out(&[("", Right), ("", Right), ("", Left), ("", Left)], rows, 2, None)
}

/// Lines of a number, its name, and a note behind a mark.
#[derive(Default)]
struct Lines(Vec<Vec<String>>);

impl Lines {
    fn add(&mut self, number: String, name: &str, note: String) {
        let note = if note.is_empty() { note } else { format!("# {note}") };
        self.0.push(vec![number, name.to_string(), note]);
    }

    fn text(self) -> String {
        lay_out(&[("", Align::Right), ("", Align::Left), ("", Align::Left)], self.0, 2, None)
    }
}

#[derive(Serialize)]
struct Object<'a> {
    program: &'a str,
    end: &'a str,
    machine: &'a str,
    clock_mhz: f64,
    cycles: Option<u64>,
    instructions: u64,
    vector_instructions: u64,
    float_instructions: u64,
    loads: u64,
    stores: u64,
    branches: u64,
    mispredicted: Option<u64>,
    caches: Option<Caches>,
    dram_bytes: Option<u64>,
    simulated_seconds: Option<f64>,
    host_seconds: f64,
    ledger: Option<Causes<'a>>,
    regions: Vec<RegionObject<'a>>,
}

#[derive(Serialize)]
struct Caches {
    l1i: Level,
    l1d: Level,
    l2: Level,
    l3: Level,
}

#[derive(Serialize)]
struct Level {
    accesses: u64,
    misses: u64,
}

#[derive(Serialize)]
struct RegionObject<'a> {
    name: &'a str,
    executions: u64,
    instructions: u64,
    cycles: Option<u64>,
    dram_bytes: Option<u64>,
    ledger: Option<Causes<'a>>,
}
