//! `rvtile validate`: the model against measured tables.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use super::options::assignment;
use super::{Failure, files};
use crate::machine::Machine;
use crate::report::{html, validation};
use crate::validate::corpus::{self, Corpus};
use crate::validate::{Error, Group, Table, instructions, loops, rows};

pub(super) const HELP: &str = "\
Without a file of measurements, the tables that come with rvtile are compared.

Formats (CSV with these header lines):
  --instructions  instruction,vl,sew,lmul,cycles    \"vadd.vx v8,v16,t0\",max,32,m4,8.14
  --loops         benchmark,variant,bytes_n,value_per_cycle    memcpy,rvv_m8,4897,0.98
  --rows          machine,instruction,sew,m1,m2,m4,m8    x60,vadd.vv,e32,1,2,4,8
                  machine,kernel,impl,n,bytes_per_cycle,cycles    x60,memcpy,rvv_m4,3976,4.9453,804
                  machine,function,scalar_fp64_per_cycle,rvv_fp64_per_cycle    x60,exp,0.010041,0.036663
  --corpus        a directory with NAME.s files, expected.csv (name,cycles_per_iter,bottleneck) and, when wanted,
                  extra.csv (name,mca22_x280_cycles,mca22_x390_cycles)";

#[derive(clap::Args)]
pub(super) struct Args {
    /// Machine: a built-in name or a TOML file; without this option, the one that a table was measured on
    #[arg(long, value_name = "NAME|FILE")]
    machine: Option<String>,
    /// Override a value of every machine, such as memory.l2.hit_latency=12 (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment)]
    overrides: Vec<(String, String)>,
    /// Compare with measured throughput of instructions
    #[arg(long, value_name = "FILE")]
    instructions: Option<PathBuf>,
    /// Compare with measured speed of loops over working sets
    #[arg(long, value_name = "FILE")]
    loops: Option<PathBuf>,
    /// Compare with published tables of instructions, kernels and functions, whose first column names the machine
    #[arg(long, value_name = "FILE")]
    rows: Option<PathBuf>,
    /// Compare the compiler models with the cycles of instruction sequences
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    /// Show every row
    #[arg(long, short)]
    verbose: bool,
    /// Write an array of JSON objects, one a group, to FILE; to stdout instead of the table without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    json: Option<PathBuf>,
    /// Write a self-contained page with scatter plots and histograms of the errors
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write the result table as Markdown to FILE
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// The machine of the silicon tables.
const SILICON: &str = "x280-blackhole";

impl Args {
    fn machine(&self, measured_on: &str) -> Result<Arc<Machine>, Failure> {
        let name = self.machine.as_deref().unwrap_or(measured_on);
        Machine::load(name, &self.overrides).map(Arc::new).map_err(Failure::refused)
    }

    /// The machine that was asked for, for tables that name theirs.
    fn given(&self) -> Result<Option<Arc<Machine>>, Failure> {
        self.machine.as_deref().map(|name| self.machine(name)).transpose()
    }

    /// Whether the user brought measurements.
    fn has_files(&self) -> bool {
        self.instructions.is_some() || self.loops.is_some() || self.rows.is_some() || self.corpus.is_some()
    }
}

pub(super) fn main(args: &Args) -> Result<ExitCode, Failure> {
    let to_stdout = files::check(&[&args.json, &args.html, &args.markdown])?;
    let groups = groups(args)?;
    if !to_stdout {
        files::print(&validation::text(&groups, args.verbose))?;
    }
    if let Some(path) = &args.json {
        files::write(path, &validation::json(&groups, args.verbose))?;
    }
    if let Some(path) = &args.html {
        files::write(path, &html::validation(&groups))?;
    }
    if let Some(path) = &args.markdown {
        files::write(path, &validation::markdown(&groups))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One call a source of measurements.
fn groups(args: &Args) -> Result<Vec<Group>, Failure> {
    let embedded = !args.has_files();
    let mut groups = Vec::new();
    if let Some(path) = &args.instructions {
        let (name, text) = read(path)?;
        groups.extend(
            instructions::compare(&[Table { name: &name, text: &text }], &args.machine(SILICON)?).map_err(refused)?,
        );
    } else if embedded {
        groups.extend(instructions::compare(&instructions::tables(), &args.machine(SILICON)?).map_err(refused)?);
    }
    if let Some(path) = &args.loops {
        let (name, text) = read(path)?;
        groups.extend(loops::compare(&[Table { name: &name, text: &text }], &args.machine(SILICON)?).map_err(refused)?);
    } else if embedded {
        groups.extend(loops::compare(&loops::tables(), &args.machine(SILICON)?).map_err(refused)?);
    }
    if let Some(path) = &args.rows {
        let (name, text) = read(path)?;
        let machine = args.given()?;
        let table = Table { name: &name, text: &text };
        let compared = rows::compare(&table, machine.as_ref(), &args.overrides).map_err(refused)?;
        if compared.iter().all(|group| group.rows.is_empty()) {
            return Err(Failure::refused(format!(
                "{name}: no row can be compared: give figures, and kernels that there is code for with an n from 1 to {}",
                rows::LARGEST
            )));
        }
        groups.extend(compared);
    } else if embedded {
        for table in rows::tables() {
            groups.extend(rows::compare(&table, None, &args.overrides).map_err(refused)?);
        }
    }
    if embedded || args.corpus.is_some() {
        groups.extend(corpus(args)?);
    }
    Ok(groups)
}

/// The compiler models. Without a corpus of the user's, the machine of the options is one that runs programs.
fn corpus(args: &Args) -> Result<Vec<Group>, Failure> {
    let (corpus, given) = match &args.corpus {
        Some(path) => (Corpus::read(path).map_err(refused)?, args.given()?),
        None => (Corpus::embedded(), None),
    };
    let comparisons = match given {
        Some(machine) => vec![corpus::compare(&corpus, &machine).map_err(refused)?],
        None => {
            let machine = Machine::load(corpus::EXPECTED_MACHINE, &args.overrides).map_err(Failure::refused)?;
            let mut comparisons = vec![corpus::compare(&corpus, &machine).map_err(refused)?];
            comparisons.extend(corpus::compare_extra(&corpus, &args.overrides).map_err(refused)?);
            comparisons
        }
    };
    for why in comparisons.iter().flat_map(|comparison| &comparison.left_out) {
        super::complain(&format!("left out: {why}"));
    }
    Ok(comparisons.into_iter().map(|comparison| comparison.group).collect())
}

fn refused(error: Error) -> Failure {
    Failure::refused(error)
}

fn read(path: &Path) -> Result<(String, String), Failure> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| Failure::refused(format!("{name}: {error}")))?;
    Ok((name, text))
}
