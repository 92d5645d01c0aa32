//! `rvtile compare`: one problem under several extensions and machines.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};
use rvtile_isa::ext::Ext;
use rvtile_isa::profile::Profile;
use rvtile_kernels::{Kernel, Shape};

use super::options::assignment;
use super::{Failure, complain, files};
use crate::compare::{Column, Comparison, Job, Program, Solver, forms, measure, problems};
use crate::extension::Extensions;
use crate::machine::Machine;
use crate::report;

/// The end of the help.
pub(super) const HELP: &str = "\
Every form of a problem gets the same inputs, and its results are checked. Weights (B) are packed beforehand by the forms
that need it, activations (A) within the measured region. The exit code is 1 when values are wrong or a form failed.

Examples:
  rvtile compare --problem matmul_i8 --shape 256x256x256
  rvtile compare --problem matmul_i8 --machine x280 --machine x390 --html compare.html
  rvtile compare --problem matmul_bf16 --sizes 16..512
  rvtile compare --problem matmul_i8 --shape 64x256x64 --ext mine.toml --elf './mine 64 256 64'";

#[derive(clap::Args)]
pub(super) struct Args {
    /// The problem: the name of its form that needs no extension
    #[arg(long, value_name = "NAME", default_value = "matmul_i8")]
    problem: String,
    /// Its sizes; a shape of the problem's own without this option
    #[arg(long, value_name = "SIZES")]
    shape: Option<Shape>,
    /// A form to compare; all without this option (repeatable)
    #[arg(long = "form", value_name = "NAME")]
    forms: Vec<String>,
    /// Compare the forms of this profile only, beside the one that needs no extension (repeatable)
    #[arg(long = "profile", value_name = "NAME")]
    profiles: Vec<String>,
    /// A program of one's own with its arguments, which solves the problem and marks it as its only region (repeatable)
    #[arg(long = "elf", value_name = "'FILE ARGS'")]
    programs: Vec<String>,
    /// Instructions of the programs, from an extension file or of the box by name, see `rvtile ext` (repeatable)
    #[arg(long = "ext", value_name = "FILE", requires = "programs")]
    extensions: Vec<String>,
    /// Machine: a built-in name or a TOML file (repeatable)
    #[arg(long = "machine", value_name = "NAME|FILE", default_value = "x280")]
    machines: Vec<String>,
    /// Override a value of every machine, such as vector.vlen=1024 (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment)]
    overrides: Vec<(String, String)>,
    /// Also the share of the peak over sizes, the same in every dimension: powers of two and one between each
    #[arg(long, value_name = "FROM..TO", value_parser = range)]
    sizes: Option<(u64, u64)>,
    /// Write a JSON object to FILE; to stdout instead of the table without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    json: Option<PathBuf>,
    /// Write CSV to FILE; to stdout instead of the table without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    csv: Option<PathBuf>,
    /// Write a self-contained page with ledger bars and the plot over sizes
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print no table and no progress
    #[arg(long, short)]
    quiet: bool,
}

fn range(text: &str) -> Result<(u64, u64), String> {
    let bounds = text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    match bounds {
        Some((from, to)) if 0 < from && from <= to => Ok((from, to)),
        _ => Err("expected two sizes, such as 16..512".to_string()),
    }
}

pub(super) fn main(args: &Args) -> Result<ExitCode, Failure> {
    let to_stdout = files::check(&[&args.json, &args.csv, &args.html])?;
    let (at_shape, over_sizes) = jobs(args)?;

    let mut failed = false;
    let (columns, sizes) = {
        let bar = progress(args, at_shape.len() + over_sizes.len());
        let all = [&at_shape[..], &over_sizes[..]].concat();
        let results = measure(&all, |job| {
            bar.set_message(format!("{} {}", job.solver.name(), job.shape));
            bar.inc(1);
        });
        bar.finish_and_clear();
        let mut results = results.into_iter();
        let mut right = |count: usize| -> Vec<Column> {
            let results = results.by_ref().take(count);
            let told = results.filter_map(|result| {
                result
                    .map_err(|error| {
                        failed = true;
                        complain(&error.to_string());
                    })
                    .ok()
            });
            told.collect()
        };
        (right(at_shape.len()), right(over_sizes.len()))
    };
    if columns.is_empty() && sizes.is_empty() {
        return Ok(ExitCode::from(1));
    }
    let comparison = Comparison { problem: args.problem.clone(), columns, sizes };
    if !to_stdout && !args.quiet {
        files::print(&report::compare::render(&comparison))?;
    }
    files::write_all(
        !failed,
        &[
            (&args.json, &|| report::compare::json(&comparison)),
            (&args.csv, &|| report::compare::csv(&comparison)),
            (&args.html, &|| report::html::comparison(&comparison)),
        ],
    )?;
    let wrong = comparison.columns.iter().chain(&comparison.sizes).any(|column| column.wrong.is_some());
    Ok(ExitCode::from(u8::from(failed || wrong)))
}

/// The jobs at the shape and those over sizes, in the order of reports.
fn jobs(args: &Args) -> Result<(Vec<Job>, Vec<Job>), Failure> {
    let all = forms(&args.problem);
    let Some(&plain) = all.first() else {
        let problem = &args.problem;
        return Err(Failure::refused(format!("no problem `{problem}`; there are {}", problems().join(", "))));
    };
    let solvers = solvers(args, &all)?;
    let machines = machines(args)?;
    let largest = || plain.default_shapes().into_iter().max_by_key(|shape| plain.flop(shape));
    let shape = args.shape.clone().or_else(largest).unwrap_or(Shape(Vec::new()));
    let sizes = args.sizes.map_or(Vec::new(), steps);
    let cubes = sizes.iter().map(|&size| Shape(vec![size; plain.dims().len()]));
    let cubes: Vec<Shape> = cubes.collect();
    for shape in cubes.iter().chain([&shape]) {
        plain.validate(shape).map_err(|why| Failure::refused(format!("{} {shape}: {why}", args.problem)))?;
    }
    let multiplies = all.iter().any(|kernel| kernel.multiply().is_some());
    let mut left_out = Vec::new();
    let mut of = |shape: &Shape, programs: bool| -> Vec<Job> {
        let mut jobs = Vec::new();
        for (machine_index, machine) in machines.iter().enumerate() {
            for solver in &solvers {
                if let Solver::Kernel(kernel) = solver
                    && !kernel.vlens().contains(&machine.vector.vlen)
                {
                    left_out.push(format!("{} on {}", kernel.name(), machine.name));
                    continue;
                }
                if matches!(solver, Solver::Kernel(_)) || programs {
                    let (solver, shape, machine) = (solver.clone(), shape.clone(), Arc::clone(machine));
                    let macs = multiplies.then(|| plain.flop(&shape) / 2);
                    jobs.push(Job { solver, shape, machine, machine_index, macs });
                }
            }
        }
        jobs
    };
    // A program has the sizes of its arguments.
    let at_shape = of(&shape, true);
    let over_sizes = cubes.iter().flat_map(|shape| of(shape, false)).collect();
    left_out.dedup();
    left_out.sort_unstable();
    left_out.dedup();
    for what in left_out {
        complain(&format!("left out: {what}, whose VLEN it does not run at"));
    }
    Ok((at_shape, over_sizes))
}

/// The machines, those with the name of an earlier one named after their file too.
fn machines(args: &Args) -> Result<Vec<Arc<Machine>>, Failure> {
    let mut machines: Vec<Arc<Machine>> = Vec::new();
    for asked in &args.machines {
        let mut machine = Machine::load(asked, &args.overrides).map_err(Failure::refused)?;
        if machine.name != *asked && machines.iter().any(|other| other.name == machine.name) {
            machine.name = format!("{} ({asked})", machine.name);
        }
        machines.push(Arc::new(machine));
    }
    Ok(machines)
}

/// Powers of two and the size half-way to the next, within the range.
fn steps((from, to): (u64, u64)) -> Vec<u64> {
    let powers = (0..=30).flat_map(|log2| [1u64 << log2, 3u64 << log2 >> 1]);
    let mut steps: Vec<u64> = powers.filter(|size| (from..=to).contains(size)).collect();
    steps.sort_unstable();
    steps.dedup();
    steps
}

fn solvers(args: &Args, all: &[&'static dyn Kernel]) -> Result<Vec<Solver>, Failure> {
    let names: Vec<&str> = all.iter().map(|kernel| kernel.name()).collect();
    if let Some(name) = args.forms.iter().find(|name| !names.contains(&name.as_str())) {
        let problem = &args.problem;
        return Err(Failure::refused(format!("no form `{name}` of {problem}; there are {}", names.join(", "))));
    }
    let of_profile =
        |kernel: &dyn Kernel| args.profiles.is_empty() || args.profiles.iter().any(|name| name == kernel.profile());
    if let Some(name) = args.profiles.iter().find(|name| all.iter().all(|kernel| kernel.profile() != **name)) {
        let mut profiles: Vec<&str> = all.iter().map(|kernel| kernel.profile()).collect();
        profiles.sort_unstable();
        profiles.dedup();
        let problem = &args.problem;
        return Err(Failure::refused(format!(
            "no form of {problem} has the profile `{name}`; there are {}",
            profiles.join(", ")
        )));
    }
    let wanted = |kernel: &dyn Kernel| match args.forms.is_empty() {
        true => kernel.name() == args.problem || of_profile(kernel),
        false => args.forms.iter().any(|name| name == kernel.name()) && of_profile(kernel),
    };
    let mut solvers: Vec<Solver> = all.iter().copied().filter(|kernel| wanted(*kernel)).map(Solver::Kernel).collect();
    let extensions = Extensions::load(&args.extensions).map(Arc::new).map_err(Failure::refused)?;
    let programs = args.programs.iter().map(|text| program(text, &args.profiles, &extensions));
    let mut programs = programs.collect::<Result<Vec<Program>, Failure>>()?;
    let files: Vec<PathBuf> = programs.iter().map(|program| program.file.clone()).collect();
    for program in &mut programs {
        // Runs of one file are told apart by their arguments.
        if files.iter().filter(|file| **file == program.file).count() > 1 {
            program.name = [std::slice::from_ref(&program.name), &program.args[..]].concat().join(" ");
        }
    }
    solvers.extend(programs.into_iter().map(Solver::Program));
    if solvers.is_empty() {
        return Err(Failure::refused("nothing to compare: no form is wanted, and there is no --elf"));
    }
    Ok(solvers)
}

/// A program as the command line has it, with the extensions of the profiles that were asked for and those of files.
fn program(text: &str, profiles: &[String], extensions: &Arc<Extensions>) -> Result<Program, Failure> {
    let mut words = text.split_whitespace().map(str::to_string);
    let Some(file) = words.next() else {
        return Err(Failure::refused("--elf: no program given"));
    };
    let known = profiles.iter().filter_map(|name| Profile::by_name(name));
    let isa = known.fold(Ext::everything(), |isa, profile| isa.union(profile.isa()));
    extensions.decoder(isa).map_err(Failure::refused)?;
    let (name, file, args) = (file.clone(), file.into(), words.collect());
    Ok(Program { name, file, args, isa, extensions: Arc::clone(extensions) })
}

fn progress(args: &Args, jobs: usize) -> ProgressBar {
    let bar = if args.quiet || !std::io::stderr().is_terminal() {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(jobs as u64)
    };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar
}
