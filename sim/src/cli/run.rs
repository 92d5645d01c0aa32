//! `rvtile run`: any program, and what it cost.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::ValueEnum;

use super::options::{DecodeOptions, MachineOptions};
use super::{Failure, complain, files, signature};
use crate::engine::{End, Engine, RunOptions};
use crate::env::{self, Grant};
use crate::loader::{Image, Kind};
use crate::report::stat::Summary;

/// The end of the help.
pub(super) const HELP: &str = "\
Options of rvtile stand in front of the program; what follows it are the program's arguments.
The exit code is the program's own; 1 after a crash, 2 when the program was refused or needs an instruction that is
not supported.

Examples:
  rvtile run ./program 1 2 3
  rvtile run --functional --quiet --dir . ./program input.txt
  rvtile run --set vector.vlen=1024 ./program";

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    machine: MachineOptions,
    /// Run without timing: counts only, and faster
    #[arg(long)]
    functional: bool,
    /// Print no summary
    #[arg(long, short)]
    quiet: bool,
    /// Stop after so many instructions
    #[arg(long, value_name = "N")]
    max_insts: Option<u64>,
    /// What the program finds around itself
    #[arg(long, value_name = "KIND", value_enum, default_value_t = Environment::Auto)]
    env: Environment,
    /// Let the program use a directory, read-only without :rw (repeatable)
    #[arg(long = "dir", value_name = "HOST[:GUEST][:rw]", value_parser = Grant::parse)]
    dirs: Vec<Grant>,
    #[command(flatten)]
    decode: DecodeOptions,
    /// Write the summary as a JSON object
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// When the program ends, write the memory from begin_signature to end_signature as hexadecimal words
    #[arg(long, value_name = "FILE")]
    signature: Option<PathBuf>,
    /// Bytes in a word of the signature
    #[arg(long, value_name = "N", default_value_t = 4, requires = "signature", value_parser = granularity)]
    signature_granularity: usize,
    /// The program and its arguments
    #[arg(value_name = "FILE [ARGS]", trailing_var_arg = true, required = true)]
    program: Vec<String>,
}

/// What a program finds around itself.
#[derive(Clone, Copy, ValueEnum)]
enum Environment {
    /// Linux or bare metal, whichever the file looks like
    Auto,
    /// Linux user mode
    Linux,
    /// The bare machine with HTIF and semihosting
    Bare,
}

fn granularity(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(bytes @ (1 | 2 | 4 | 8 | 16 | 32 | 64 | 128)) => Ok(bytes),
        _ => Err("a power of two from 1 to 128 is needed".to_string()),
    }
}

pub(super) fn main(args: Args) -> Result<ExitCode, Failure> {
    for path in [&args.json, &args.signature].into_iter().flatten() {
        files::check(path)?;
    }
    let vlen = args.decode.isa.and_then(|isa| isa.vlen).map(|vlen| ("vector.vlen".to_string(), vlen.to_string()));
    let machine = args.machine.load(vlen.as_slice())?;
    let Some(file) = args.program.first() else {
        return Err(Failure::refused("no program given"));
    };
    let image = Image::open(file).map_err(Failure::refused)?;
    let signature = match args.signature {
        Some(path) => Some((path, signature::range(file, &image)?)),
        None => None,
    };
    let environment = env::Options {
        kind: match args.env {
            Environment::Auto => None,
            Environment::Linux => Some(Kind::Linux),
            Environment::Bare => Some(Kind::Bare),
        },
        args: args.program.clone(),
        grants: args.dirs,
        ..env::Options::default()
    };
    let defaults = RunOptions::default();
    let options = RunOptions {
        isa: args.decode.extensions()?,
        max_instructions: args.max_insts.unwrap_or(defaults.max_instructions),
        ..defaults
    };
    let mut engine = Engine::new(image, &machine, !args.functional, &options, environment).map_err(Failure::refused)?;
    let started = Instant::now();
    let end = engine.run();
    let took = started.elapsed();
    let (code, words) = match &end {
        End::Exit(code) => {
            // A bare-metal program has no other way to say so.
            if *code != 0 && engine.kind() == Kind::Bare {
                complain(&format!("{file}: the program reports failure with status {code}"));
            }
            (exit_code(*code), format!("exit code {code}"))
        }
        End::Crash(crash) => {
            complain(&format!("{file}: {crash}"));
            (if crash.unsupported() { 2 } else { 1 }, "crashed".to_string())
        }
        End::Limit => (0, format!("stopped after {} instructions", engine.instructions())),
    };
    let summary = Summary::of(&engine, &machine, words, took);
    if !args.quiet {
        // Where stderr is closed there is nobody to tell.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), summary.text().as_bytes());
    }
    if let Some(path) = &args.json {
        files::write(path, &summary.json())?;
    }
    if let (Some((path, range)), End::Exit(_)) = (signature, &end) {
        files::write(&path, &signature::text(file, &engine, range, args.signature_granularity)?)?;
    }
    Ok(ExitCode::from(code))
}

/// A process ends with eight bits; a failure stays one.
fn exit_code(code: i32) -> u8 {
    match code as u8 {
        0 if code != 0 => 1,
        low => low,
    }
}
