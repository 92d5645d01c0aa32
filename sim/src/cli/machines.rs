//! `rvtile machines`: what is known about the machines.

use std::process::ExitCode;

use clap::Subcommand;

use super::options::assignment;
use super::{Failure, files};
use crate::machine::{Machine, schema};
use crate::report;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// List the built-in machines (the default)
    List,
    /// Show every value of a machine with its source
    Show {
        /// A built-in name or a TOML file
        #[arg(value_name = "NAME|FILE")]
        machine: String,
        /// Override a value, such as vector.vlen=1024 (repeatable)
        #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment)]
        overrides: Vec<(String, String)>,
        /// Print the values as a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Show the values in which two machines differ
    Diff {
        /// A built-in name or a TOML file
        #[arg(value_name = "NAME|FILE")]
        a: String,
        /// Another
        #[arg(value_name = "NAME|FILE")]
        b: String,
    },
    /// Print the JSON schema of machine files
    Schema,
}

pub(super) fn main(args: &Args) -> Result<ExitCode, Failure> {
    let load = |name: &str, overrides: &[(String, String)]| Machine::load(name, overrides).map_err(Failure::refused);
    let text = match &args.command {
        None | Some(Command::List) => {
            let machines: Vec<Machine> =
                Machine::builtin_names().into_iter().map(|name| load(name, &[])).collect::<Result<_, _>>()?;
            report::machine::list(&machines)
        }
        Some(Command::Show { machine, overrides, json }) => {
            let machine = load(machine, overrides)?;
            if *json { report::json::machine(&machine) } else { report::machine::show(&machine) }
        }
        Some(Command::Diff { a, b }) => report::machine::diff(&load(a, &[])?, &load(b, &[])?),
        Some(Command::Schema) => report::json::value(&schema()),
    };
    files::print(&text)?;
    Ok(ExitCode::SUCCESS)
}
