//! `rvtile annotate`: where a program's cycles go, instruction by instruction.

use std::path::PathBuf;
use std::process::ExitCode;

use super::options::{Program, ProgramOptions, ended};
use super::{Failure, files};
use crate::engine::End;
use crate::observe::Fan;
use crate::observe::profile::Profile;
use crate::report::annotate::Annotation;

/// The end of the help.
pub(super) const HELP: &str = "\
Options of rvtile stand in front of the program; what follows it are the program's arguments.
Cycles in which the vector unit works are charged to the instruction that it works on, lost cycles to the instruction
that waited. The exit code is 0 whatever the program's own is; 1 after a crash, 2 when the program was refused or needs
an instruction that is not supported.

Examples:
  rvtile annotate ./program 1 2 3
  rvtile annotate --top 1 --set vector.vlen=1024 ./program
  rvtile annotate --json - ./program";

#[derive(clap::Args)]
pub(super) struct Args {
    /// Show so many loops, those with most cycles
    #[arg(long, value_name = "N", default_value_t = 5)]
    top: usize,
    /// Write all instructions and loops as a JSON object to FILE, or with - to stdout instead of the loops
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Print no loops
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    program: ProgramOptions,
}

pub(super) fn main(args: Args) -> Result<ExitCode, Failure> {
    let to_stdout = files::check(&[&args.json])?;
    let Program { file, machine, mut engine } = args.program.load(true)?;
    let mut profile = Profile::default();
    let end = engine.run_watched(&mut Fan(vec![&mut profile]));
    let (code, words) = ended(&end, &file, &engine);
    let decode = |pc| engine.hart.fetch(pc).ok().and_then(|word| engine.decoder().decode(word).ok());
    let annotation = Annotation::new(&profile, &engine.image, &machine.name, words, decode);
    if !to_stdout && !args.quiet {
        files::print(&annotation.text(args.top))?;
    }
    if let Some(path) = &args.json {
        files::write(path, &annotation.json())?;
    }
    Ok(ExitCode::from(if matches!(end, End::Crash(_)) { code } else { 0 }))
}
