//! The command line: one file a subcommand.
//!
//! Exit codes: 0 for success, 1 when a kernel's values are wrong or a guest crashed, 2 for what was refused before it
//! ran; `rvtile run` otherwise ends with the guest's exit code. Refusals are one line on stderr.

mod annotate;
mod bench;
mod compare;
mod demo;
mod disasm;
mod ext;
mod files;
mod isa;
mod machines;
mod model;
mod options;
mod run;
mod signature;
mod validate;

use std::fmt;
use std::io::ErrorKind;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A cycle-approximate RV64GCV simulator: says how fast a program runs on a machine, and why.
///
/// Without a subcommand, `rvtile` is `rvtile bench`.
#[derive(Parser)]
#[command(name = "rvtile", version, args_conflicts_with_subcommands = true, after_help = bench::KERNELS_HELP.as_str())]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    bench: bench::Args,
}

#[derive(Subcommand)]
enum Command {
    /// Run the built-in kernels and report how fast they are and where their cycles go (the default)
    #[command(after_help = bench::KERNELS_HELP.as_str())]
    Bench(bench::Args),
    /// Let a small language model write a story on a machine, and report what each kernel of it cost
    #[command(after_help = demo::HELP)]
    Demo(demo::Args),
    /// Run an ELF program and report what it cost
    #[command(after_help = run::HELP)]
    Run(run::Args),
    /// Run an ELF program and print its hot loops, instruction by instruction
    #[command(after_help = annotate::HELP)]
    Annotate(annotate::Args),
    /// Compare one problem under several extensions and machines
    #[command(after_help = compare::HELP)]
    Compare(compare::Args),
    /// List the built-in machines, show one, compare two
    Machines(machines::Args),
    /// List the instructions that are implemented, by extension
    Isa(isa::Args),
    /// Disassemble a program or single instruction words
    Disasm(disasm::Args),
    /// Instructions from extension files: check, describe, make assembler includes
    #[command(after_help = ext::HELP)]
    Ext(ext::Args),
    /// Run a language model's kernels and say how many tokens a second it makes
    #[command(after_help = model::HELP)]
    Model(model::Args),
    /// Compare the model with measured tables and say by how much it is off
    #[command(after_help = validate::HELP)]
    Validate(validate::Args),
}

/// Why a command ended early, and the exit code for it.
struct Failure {
    message: String,
    code: u8,
}

impl Failure {
    /// Something that was asked for cannot be done.
    fn refused(message: impl fmt::Display) -> Failure {
        Failure { message: message.to_string(), code: 2 }
    }

    /// A reader that went away, such as `head`, is no failure.
    fn output(name: &str, error: &std::io::Error) -> Failure {
        match error.kind() {
            ErrorKind::BrokenPipe => Failure { message: String::new(), code: 0 },
            _ => Failure { message: format!("{name}: {error}"), code: 2 },
        }
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let result = match cli.command {
        None => bench::main(&cli.bench),
        Some(Command::Bench(args)) => bench::main(&args),
        Some(Command::Demo(args)) => demo::main(&args),
        Some(Command::Run(args)) => run::main(args),
        Some(Command::Annotate(args)) => annotate::main(args),
        Some(Command::Compare(args)) => compare::main(&args),
        Some(Command::Machines(args)) => machines::main(&args),
        Some(Command::Isa(args)) => isa::main(&args),
        Some(Command::Disasm(args)) => disasm::main(&args),
        Some(Command::Ext(args)) => ext::main(&args),
        Some(Command::Model(args)) => model::main(&args),
        Some(Command::Validate(args)) => validate::main(&args),
    };
    result.unwrap_or_else(|failure| {
        if !failure.message.is_empty() {
            complain(&failure.message);
        }
        ExitCode::from(failure.code)
    })
}

/// A line on stderr; where there is none, there is nobody to tell.
fn complain(message: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("rvtile: {message}\n").as_bytes());
}

/// Help and version go to stdout; a wrong command line is one line.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    // Clap's first paragraph says what is wrong, its tips how to do better; usage is for --help.
    let (first, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let tips = rest.lines().map(str::trim).filter(|line| line.starts_with("tip:"));
    let mut line = words(first.strip_prefix("error: ").unwrap_or(first));
    for tip in tips {
        line = line + "; " + words(tip).as_str();
    }
    complain(&format!("{line} (see --help)"));
    ExitCode::from(2)
}
