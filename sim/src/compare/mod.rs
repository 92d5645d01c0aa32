//! One problem under several extensions and machines: how much faster, at what share of what is possible, at what price.

mod footprint;
mod peak;

use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;
use rvtile_isa::ext::Ext;
use rvtile_isa::profile::Profile;
use rvtile_kernels::{Kernel, Shape};

pub use footprint::Footprint;
pub use peak::Peak;

use crate::bench::{BenchError, Measurement, measure_watched};
use crate::engine::{End, Engine, RunOptions};
use crate::env;
use crate::extension::Extensions;
use crate::loader::Image;
use crate::machine::Machine;
use crate::timing::ledger::{Cause, Ledger};

/// A program of the user's that solves the problem and marks it as its only region.
#[derive(Clone)]
pub struct Program {
    /// Its name in reports.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Extensions that it needs.
    pub isa: Ext,
    /// Instructions from extension files.
    pub extensions: Arc<Extensions>,
}

/// What solves the problem.
#[derive(Clone)]
pub enum Solver {
    /// A built-in kernel, whose values are checked.
    Kernel(&'static dyn Kernel),
    /// A program, whose values are its own business.
    Program(Program),
}

impl Solver {
    /// Its name.
    pub fn name(&self) -> String {
        match self {
            Solver::Kernel(kernel) => kernel.name().to_string(),
            Solver::Program(program) => program.name.clone(),
        }
    }
}

/// One solver at one shape on one machine.
#[derive(Clone)]
pub struct Job {
    /// What solves the problem.
    pub solver: Solver,
    /// The problem's sizes.
    pub shape: Shape,
    /// Where.
    pub machine: Arc<Machine>,
    /// Which of the machines that are compared this is: two may have one name.
    pub machine_index: usize,
    /// Multiplications of the problem with their additions; `None` of one that consists of something else.
    pub macs: Option<u64>,
}

/// What came of a job.
#[derive(Clone, Debug)]
pub struct Column {
    /// Name of the solver.
    pub solver: String,
    /// Name of the machine.
    pub machine: String,
    /// Which of the machines that are compared this is.
    pub machine_index: usize,
    /// The problem's sizes.
    pub shape: Shape,
    /// The profile that has its instructions.
    pub profile: String,
    /// Cycles of the measured region.
    pub cycles: u64,
    /// Instructions of the measured region.
    pub instructions: u64,
    /// Multiplications with their additions; `None` of problems that consist of something else.
    pub macs: Option<u64>,
    /// The most that the solver's multiply instruction allows, where it is known.
    pub peak: Option<Peak>,
    /// Bytes that loads and stores of the region name.
    pub moved_bytes: u64,
    /// Bytes that the vector memory port can move in a cycle.
    pub port_bytes: u64,
    /// Bytes between the caches and memory.
    pub dram_bytes: u64,
    /// Bytes of the code that ran in the region.
    pub code_bytes: u64,
    /// Bytes of registers that the extension adds to the standard ones.
    pub state_bytes: u64,
    /// Cycles by cause.
    pub ledger: Ledger,
    /// What is wrong with the values, if anything is; unknown of a program.
    pub wrong: Option<String>,
}

impl Column {
    /// MAC a cycle.
    pub fn rate(&self) -> Option<f64> {
        self.macs.map(|macs| macs as f64 / self.cycles.max(1) as f64)
    }

    /// Share of the peak.
    pub fn utilisation(&self) -> Option<f64> {
        Some(self.rate()? / self.peak?.rate())
    }

    /// Share of the vector memory port's time that the bytes moved take, were all of them the port's.
    pub fn port_share(&self) -> f64 {
        self.moved_bytes as f64 / self.port_bytes as f64 / self.cycles.max(1) as f64
    }

    /// The cause with most cycles.
    pub fn bound_by(&self) -> Option<Cause> {
        self.ledger.entries().max_by_key(|&(_, cycles)| cycles).map(|(cause, _)| cause)
    }
}

/// A comparison of what solves one problem.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Name of the problem.
    pub problem: String,
    /// At one shape, in the order of the jobs.
    pub columns: Vec<Column>,
    /// Over a range of sizes; empty where none was asked for.
    pub sizes: Vec<Column>,
}

impl Comparison {
    /// How much faster than the form that needs no extension, on the same machine.
    pub fn speedup(&self, column: &Column) -> Option<f64> {
        let plain = |other: &&Column| {
            other.solver == self.problem
                && other.machine_index == column.machine_index
                && other.shape == column.shape
                && other.wrong.is_none()
        };
        let plain = self.columns.iter().chain(&self.sizes).find(plain)?;
        column.wrong.is_none().then(|| plain.cycles as f64 / column.cycles.max(1) as f64)
    }
}

/// The built-in forms of a problem, the plain one first.
pub fn forms(problem: &str) -> Vec<&'static dyn Kernel> {
    let mut forms: Vec<_> =
        rvtile_kernels::all().iter().copied().filter(|kernel| kernel.problem() == problem).collect();
    forms.sort_by_key(|kernel| kernel.name() != problem);
    forms
}

/// The problems that have more than one form.
pub fn problems() -> Vec<&'static str> {
    let names = rvtile_kernels::all().iter().map(|kernel| kernel.problem());
    let mut problems: Vec<_> = names.filter(|problem| forms(problem).len() > 1).collect();
    problems.sort_unstable();
    problems.dedup();
    problems
}

/// Measures side by side; results come in the order of the jobs. `finished` hears of every job that is done.
pub fn measure(jobs: &[Job], finished: impl Fn(&Job) + Sync) -> Vec<Result<Column, BenchError>> {
    // One at a time from the front: the jobs are of very different size.
    let columns = jobs.par_iter().with_max_len(1).map(|job| {
        let column = match &job.solver {
            Solver::Kernel(kernel) => kernel_column(*kernel, job),
            Solver::Program(program) => program_column(program, job),
        };
        finished(job);
        column
    });
    columns.collect()
}

fn kernel_column(kernel: &'static dyn Kernel, job: &Job) -> Result<Column, BenchError> {
    let Job { shape, machine, .. } = job;
    let mut footprint = Footprint::new(machine);
    let measurement: Measurement = measure_watched(kernel, shape, machine, &mut footprint)?;
    let isa = Profile::by_name(kernel.profile()).map_or(Ext::everything(), Profile::isa);
    let peak = kernel.multiply().map(|multiply| Peak::of(multiply, isa, machine)).transpose();
    let peak = peak.map_err(|why| BenchError { what: kernel.name().to_string(), why })?;
    Ok(Column {
        solver: kernel.name().to_string(),
        machine: machine.name.clone(),
        machine_index: job.machine_index,
        shape: shape.clone(),
        profile: kernel.profile().to_string(),
        cycles: measurement.cycles,
        instructions: measurement.instructions,
        macs: peak.and(job.macs),
        peak,
        moved_bytes: footprint.moved_bytes,
        port_bytes: port_bytes(machine),
        dram_bytes: measurement.dram_bytes,
        code_bytes: footprint.code_bytes(),
        state_bytes: peak.map_or(0, |peak| peak.tile_bytes),
        wrong: crate::report::wrong_values(&measurement),
        ledger: measurement.ledger,
    })
}

fn program_column(program: &Program, job: &Job) -> Result<Column, BenchError> {
    let Job { shape, machine, .. } = job;
    let file = program.file.display().to_string();
    let fail = |why: String| BenchError { what: program.name.clone(), why };
    // Such a message begins with the file itself.
    let told = |error: crate::loader::LoadError| fail(error.to_string().replacen(&format!("{file}: "), "", 1));
    let image = Image::open(&program.file).map_err(told)?;
    let args = [std::slice::from_ref(&file), &program.args[..]].concat();
    let environment = env::Options { args, ..env::Options::silent() };
    let machine = &program.extensions.on(machine.clone()).map_err(|error| fail(error.to_string()))?;
    let mut options = RunOptions { isa: program.isa, ..RunOptions::default() };
    program.extensions.apply(&mut options, machine.vector.vlen);
    let mut engine =
        Engine::new(image, machine, true, &options, environment).map_err(|error| fail(error.to_string()))?;
    let mut footprint = Footprint::new(machine);
    match engine.run_watched(&mut footprint) {
        End::Exit(0) => {}
        End::Exit(code) => return Err(fail(format!("the program ended with exit code {code}"))),
        End::Crash(crash) => return Err(fail(crash.to_string())),
        End::Limit => return Err(fail("the instruction limit was reached".into())),
    }
    let [region] = engine.regions() else {
        let names: Vec<&str> = engine.regions().iter().map(|region| region.name.as_str()).collect();
        return Err(fail(match names.is_empty() {
            true if !engine.unbalanced().is_empty() => engine.unbalanced().join("; "),
            true => "the program marks no region: rvtile.h says how".to_string(),
            false => format!("the program must mark one region, not {}: {}", names.len(), names.join(", ")),
        }));
    };
    Ok(Column {
        solver: program.name.clone(),
        machine: machine.name.clone(),
        machine_index: job.machine_index,
        shape: shape.clone(),
        profile: "program".to_string(),
        cycles: region.cycles,
        instructions: region.instructions,
        macs: job.macs,
        peak: None,
        moved_bytes: footprint.moved_bytes,
        port_bytes: port_bytes(machine),
        dram_bytes: region.dram_bytes,
        code_bytes: footprint.code_bytes(),
        state_bytes: engine.hart.matrix.own.banks.iter().map(|bank| bank.len() as u64).sum(),
        ledger: region.ledger,
        wrong: None,
    })
}

fn port_bytes(machine: &Machine) -> u64 {
    u64::from(machine.vector.port_bytes)
}
