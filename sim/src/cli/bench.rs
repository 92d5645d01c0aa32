//! `rvtile bench`: the built-in kernels on a machine.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, LazyLock};

use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use rvtile_isa::profile::Profile;
use rvtile_kernels::{Kernel, Shape};

use super::options::MachineOptions;
use super::{Failure, complain, files};
use crate::bench::{BenchError, Measurement, measure_with};
use crate::extension::Extensions;
use crate::machine::Machine;
use crate::report;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Kernel to run, or `all`; a small set without this option (repeatable)
    #[arg(long = "kernel", value_name = "NAME")]
    kernels: Vec<String>,
    /// Shape to run the kernels at, such as 256x256x256; each kernel takes those with its number of sizes (repeatable)
    #[arg(long = "shape", value_name = "SIZES", requires = "kernels")]
    shapes: Vec<Shape>,
    #[command(flatten)]
    machine: MachineOptions,
    /// Instructions of the kernels, from an extension file or of the box by name, see `rvtile ext` (repeatable)
    #[arg(long = "ext", value_name = "FILE", requires = "kernels")]
    extensions: Vec<String>,
    /// Leave out the scalar versions, and with them the speed-up
    #[arg(long)]
    no_scalar: bool,
    /// Write an array of JSON objects to FILE; to stdout instead of the table without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    json: Option<PathBuf>,
    /// Write CSV to FILE; to stdout instead of the table without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    csv: Option<PathBuf>,
    /// Write a self-contained page with roofline, ledger bars and the machine's parameters
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the roofline as a picture
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Print no table and no progress
    #[arg(long, short)]
    quiet: bool,
}

/// One kernel at one shape.
type Job = (&'static dyn Kernel, Shape);

/// The kernels for the end of the help.
pub(super) static KERNELS_HELP: LazyLock<String> = LazyLock::new(|| {
    let mut text =
        String::from("Kernels of `rvtile bench`, with the sizes of their shapes (* runs without --kernel):\n");
    for kernel in kernels() {
        let mark = if kernel.in_default_set() { '*' } else { ' ' };
        text += &format!("{mark} {:<24} {:<30} {}\n", kernel.name(), kernel.dims().join(" x "), kernel.about());
    }
    text
});

/// All kernels, those at the end that need an extension file.
fn kernels() -> impl Iterator<Item = &'static dyn Kernel> {
    rvtile_kernels::all().iter().chain(rvtile_kernels::defined()).copied()
}

/// The extension files, if the kernels can be run with them.
fn extensions(args: &Args, jobs: &[Job]) -> Result<Extensions, Failure> {
    let extensions = Extensions::load(&args.extensions).map_err(Failure::refused)?;
    for (kernel, _) in jobs {
        if let Some(profile) = Profile::by_name(kernel.profile()) {
            extensions.decoder(profile.isa()).map_err(Failure::refused)?;
        }
        let defined = rvtile_kernels::defined().iter().any(|defined| defined.name() == kernel.name());
        if defined && args.extensions.is_empty() {
            let name = kernel.name();
            return Err(Failure::refused(format!("{name} needs an instruction from an extension file: see --ext")));
        }
    }
    Ok(extensions)
}

pub(super) fn main(args: &Args) -> Result<ExitCode, Failure> {
    let jobs = jobs(args)?;
    let extensions = extensions(args, &jobs)?;
    let machine = args.machine.load(&[])?;
    let to_stdout = files::check(&[&args.json, &args.csv, &args.html, &args.svg])?;

    let results = run(&jobs, &machine, &extensions, args);
    let mut measurements = Vec::new();
    let mut failed = false;
    for result in results {
        match result {
            Ok(measurement) => measurements.push(measurement),
            Err(error) => {
                failed = true;
                complain(&error.to_string());
            }
        }
    }
    if failed && measurements.is_empty() {
        return Ok(ExitCode::from(1));
    }
    if !to_stdout && !args.quiet {
        files::print(&report::table::render(&machine, &measurements))?;
    }
    files::write_all(
        !failed,
        &[
            (&args.json, &|| report::json::render(&measurements)),
            (&args.csv, &|| report::csv::render(&measurements)),
            (&args.html, &|| report::html::render(&machine, &measurements)),
            (&args.svg, &|| report::html::roofline(&machine, &measurements)),
        ],
    )?;
    let wrong = measurements.iter().any(|measurement| !measurement.check.ok);
    Ok(ExitCode::from(u8::from(failed || wrong)))
}

/// The kernels and shapes that were asked for, in the order of reports.
fn jobs(args: &Args) -> Result<Vec<Job>, Failure> {
    let names: Vec<&str> = kernels().map(|kernel| kernel.name()).collect();
    if let Some(name) = args.kernels.iter().find(|name| *name != "all" && !names.contains(&name.as_str())) {
        return Err(Failure::refused(format!("no kernel `{name}`; there are all, {}", names.join(", "))));
    }
    let wanted = |kernel: &&dyn Kernel| match args.kernels.is_empty() {
        true => kernel.in_default_set(),
        false => args.kernels.iter().any(|name| name == kernel.name()),
    };
    let all = args.kernels.iter().any(|name| name == "all");
    let kernels: Vec<&'static dyn Kernel> = match all {
        true => rvtile_kernels::all().to_vec(),
        false => kernels().filter(wanted).collect(),
    };
    let mut jobs: Vec<Job> = Vec::new();
    for &kernel in &kernels {
        if args.shapes.is_empty() {
            jobs.extend(kernel.default_shapes().into_iter().map(|shape| (kernel, shape)));
            continue;
        }
        // With one kernel every shape is meant for it, and is refused in its words.
        let fits = |shape: &&Shape| kernels.len() == 1 || shape.0.len() == kernel.dims().len();
        let mut fitting = args.shapes.iter().filter(fits).peekable();
        if fitting.peek().is_none() {
            let dims = kernel.dims();
            return Err(Failure::refused(format!(
                "{}: no --shape has its {} sizes ({})",
                kernel.name(),
                dims.len(),
                dims.join(", ")
            )));
        }
        for shape in fitting {
            let refused = |why| Failure::refused(format!("{} {shape}: {why}", kernel.name()));
            kernel.validate(shape).map_err(refused)?;
            jobs.push((kernel, shape.clone()));
        }
    }
    if let Some(shape) = args.shapes.iter().find(|shape| !jobs.iter().any(|(_, used)| used == *shape)) {
        return Err(Failure::refused(format!("shape {shape}: none of the kernels has {} sizes", shape.0.len())));
    }
    Ok(jobs)
}

/// Measures side by side; results come in the order of the jobs.
fn run(
    jobs: &[Job],
    machine: &Arc<Machine>,
    extensions: &Extensions,
    args: &Args,
) -> Vec<Result<Measurement, BenchError>> {
    let bar = if args.quiet || !std::io::stderr().is_terminal() {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(jobs.len() as u64)
    };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {msg}") {
        bar.set_style(style);
    }
    bar.tick();
    // One at a time from the front: the jobs are of very different size.
    let results = jobs.par_iter().with_max_len(1).map(|(kernel, shape)| {
        bar.set_message(format!("{} {shape}", kernel.name()));
        let result = measure_with(extensions, *kernel, shape, machine, !args.no_scalar);
        bar.inc(1);
        result
    });
    let results = results.collect();
    bar.finish_and_clear();
    results
}
