//! `rvtile ext`: instructions that do not exist yet, from one file.

use std::process::ExitCode;

use clap::Subcommand;
use rvtile_isa::profile::{PROFILES, Profile};

use super::options::MachineOptions;
use super::{Failure, files};
use crate::extension::{Extension, Extensions, asm, builtin_names, check, show};

/// The end of the help.
pub(super) const HELP: &str = "\
FILE is a TOML file, or the name of an extension of the box (rvtile ext list); docs/add-an-instruction.md is the guide.

Examples:
  rvtile ext check my.toml
  rvtile ext asm my.toml > my.inc
  rvtile run --ext my.toml ./program";

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the extensions of the box
    List,
    /// Find clashes with the instructions of every profile, try every instruction, list free encodings
    Check {
        /// Extensions that are to be used together
        #[arg(value_name = "FILE")]
        files: Vec<String>,
        /// List the free cells of the custom opcodes beside the instructions of this profile
        #[arg(long, value_name = "PROFILE", num_args = 0..=1, default_missing_value = PROFILES[0].name)]
        free: Option<String>,
    },
    /// Print an include for the GNU assembler: a macro for each instruction
    Asm {
        #[arg(value_name = "FILE")]
        file: String,
        /// Print a C header instead
        #[arg(long)]
        c: bool,
    },
    /// Print a C header: a macro with inline assembly for each instruction
    Header {
        #[arg(value_name = "FILE")]
        file: String,
    },
    /// Describe an extension on a page: encoding, meaning, timing
    Show {
        #[arg(value_name = "FILE")]
        file: String,
        #[command(flatten)]
        machine: MachineOptions,
    },
    /// Print the file of an extension of the box, to start from
    Source {
        #[arg(value_name = "NAME")]
        name: String,
    },
}

pub(super) fn main(args: &Args) -> Result<ExitCode, Failure> {
    match &args.command {
        Command::List => files::print(&list()?)?,
        Command::Check { files, free } => return run_check(files, free.as_deref()),
        Command::Asm { file, c: false } => files::print(&asm::include(&one(file)?))?,
        Command::Asm { file, c: true } | Command::Header { file } => files::print(&asm::header(&one(file)?))?,
        Command::Show { file, machine } => {
            let extensions = load(std::slice::from_ref(file))?;
            let machine = extensions.on(machine.load(&[])?).map_err(Failure::refused)?;
            let pages: Vec<String> =
                extensions.list.iter().map(|extension| show::page(&extensions, extension, &machine)).collect();
            files::print(&pages.join("\n"))?;
        }
        Command::Source { name } => files::print(&crate::extension::source(name).map_err(Failure::refused)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn load(files: &[String]) -> Result<Extensions, Failure> {
    Extensions::load(files).map_err(Failure::refused)
}

fn one(file: &str) -> Result<Extension, Failure> {
    let mut extensions = load(&[file.to_string()])?;
    extensions.list.pop().ok_or_else(|| Failure::refused("no extension"))
}

fn list() -> Result<String, Failure> {
    let mut text = String::new();
    for name in builtin_names() {
        let extension = one(name)?;
        let names: Vec<&str> = extension.rows.iter().map(|row| row.name).collect();
        text += &format!("{name:<14} {}\n{:15}{}\n", extension.about, "", names.join(", "));
    }
    Ok(text)
}

fn run_check(files: &[String], free: Option<&str>) -> Result<ExitCode, Failure> {
    if files.is_empty() && free.is_none() {
        return Err(Failure::refused("ext check: give files to check, or --free for the free encodings"));
    }
    let extensions = load(files)?;
    let checked = check::check(&extensions);
    let mut text = checked.text;
    if let Some(name) = free {
        let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
        let profile = Profile::by_name(name)
            .ok_or_else(|| Failure::refused(format!("--free {name}: the profiles are {}", names.join(", "))))?;
        text += &check::free(&extensions, profile);
    }
    files::print(&text)?;
    Ok(ExitCode::from(u8::from(checked.faults > 0)))
}
