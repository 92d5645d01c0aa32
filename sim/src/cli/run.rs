//! `rvtile run`: any program, and what it cost.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use super::files::Growing;
use super::options::{Program, ProgramOptions, ended};
use super::{Failure, complain, files, signature};
use crate::engine::End;
use crate::observe::kanata::Kanata;
use crate::observe::perfetto::Perfetto;
use crate::observe::{Fan, Window};
use crate::report::stat::Summary;
use crate::timing::Listener;

/// The end of the help.
pub(super) const HELP: &str = "\
Options of rvtile stand in front of the program; what follows it are the program's arguments.
The exit code is the program's own; 1 after a crash, or when --max-insts left it without the signature that was asked for;
2 when the program was refused or needs an instruction that is not supported.

Examples:
  rvtile run ./program 1 2 3
  rvtile run --functional --quiet --dir . ./program input.txt
  rvtile run --set vector.vlen=1024 ./program
  rvtile run --kanata log.kanata --window 100000:101000 ./program";

#[derive(clap::Args)]
pub(super) struct Args {
    /// Run without timing: counts only, and faster
    #[arg(long)]
    functional: bool,
    /// Print no summary
    #[arg(long, short)]
    quiet: bool,
    /// Write the summary as a JSON object
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// When the program ends, write the memory from begin_signature to end_signature as hexadecimal words
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Bytes in a word of the signature
    #[arg(long, value_name = "N", default_value_t = 4, requires = "signature", value_parser = granularity)]
    signature_granularity: usize,
    /// Write a pipeline log for the Konata viewer
    #[arg(long, value_name = "FILE", conflicts_with = "functional")]
    kanata: Option<PathBuf>,
    /// Write a trace for Perfetto, with a track for each unit
    #[arg(long, value_name = "FILE", conflicts_with = "functional")]
    trace_event: Option<PathBuf>,
    /// Log and trace hold only what issues in these cycles
    #[arg(long, value_name = "START:END", value_parser = range)]
    window: Option<Range<u64>>,
    /// Log and trace hold only these instructions, counted from 0
    #[arg(long, value_name = "START:END", value_parser = range, conflicts_with = "window")]
    window_insts: Option<Range<u64>>,
    #[command(flatten)]
    program: ProgramOptions,
}

fn granularity(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(bytes @ (1 | 2 | 4 | 8 | 16 | 32 | 64 | 128)) => Ok(bytes),
        _ => Err("a power of two from 1 to 128 is needed".to_string()),
    }
}

/// Splits `start:end`.
fn range(text: &str) -> Result<Range<u64>, String> {
    let bounds = text.split_once(':').and_then(|(start, end)| Some((start.parse().ok()?, end.parse().ok()?)));
    match bounds {
        Some((start, end)) if start < end => Ok(start..end),
        Some(_) => Err("the end must be after the start".to_string()),
        None => Err("expected start:end, such as 1000:2000".to_string()),
    }
}

pub(super) fn main(args: Args) -> Result<ExitCode, Failure> {
    files::check(&[&args.json, &args.signature, &args.kanata, &args.trace_event])?;
    let window = match (args.window, args.window_insts) {
        (None, None) => Window::default(),
        _ if args.kanata.is_none() && args.trace_event.is_none() => {
            return Err(Failure::refused("a window is for --kanata or --trace-event, and neither is given"));
        }
        (Some(cycles), _) => Window::Cycles(cycles),
        (None, Some(instructions)) => Window::Instructions(instructions),
    };
    let Program { file, machine, mut engine } = args.program.load(!args.functional)?;
    let signature = match args.signature {
        Some(path) => Some((path, signature::range(&file, &engine.image)?)),
        None => None,
    };
    let mut kanata = None;
    if let Some(path) = &args.kanata {
        kanata = Some(Kanata::new(files::create(path)?, window.clone()));
    }
    let mut trace = None;
    if let Some(path) = &args.trace_event {
        trace = Some(Perfetto::new(files::create(path)?, window, &machine));
    }
    let started = Instant::now();
    let mut listeners: Vec<&mut dyn Listener> = Vec::new();
    listeners.extend(kanata.as_mut().map(|kanata| kanata as &mut dyn Listener));
    listeners.extend(trace.as_mut().map(|trace| trace as &mut dyn Listener));
    let end = if listeners.is_empty() { engine.run() } else { engine.run_watched(&mut Fan(listeners)) };
    let took = started.elapsed();
    let (mut code, words) = ended(&end, &file, &engine);
    let summary = Summary::of(&engine, &machine, words.clone(), took);
    if !args.quiet {
        // Where stderr is closed there is nobody to tell.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), summary.text().as_bytes());
    }
    if let Some(path) = &args.json {
        files::write(path, &summary.json())?;
    }
    match (signature, &end) {
        (Some((path, range)), End::Exit(_)) => {
            files::write(&path, &signature::text(&file, &engine, range, args.signature_granularity)?)?;
        }
        // The memory of a program that is not done is no signature. The other outputs are as good as ever.
        (Some((path, _)), End::Limit) => {
            complain(&format!("{}: no signature: {words}; raise --max-insts", path.display()));
            code = 1;
        }
        // A crash has been told, and has an exit code of its own.
        _ => {}
    }
    if let (Some(kanata), Some(path)) = (kanata, &args.kanata) {
        finish(path, kanata.finish())?;
    }
    if let (Some(trace), Some(path)) = (trace, &args.trace_event) {
        finish(path, trace.finish())?;
    }
    Ok(ExitCode::from(code))
}

/// Completes a log or a trace.
fn finish(path: &Path, finished: std::io::Result<(Growing, u64)>) -> Result<(), Failure> {
    let (file, instructions) = finished.map_err(|error| Failure::output(&path.display().to_string(), &error))?;
    if instructions == 0 {
        complain(&format!("{}: no instruction issued in the window", path.display()));
    }
    file.finish()
}
