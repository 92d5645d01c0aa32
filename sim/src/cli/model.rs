//! `rvtile model`: whole language models on a machine.

use std::ffi::OsStr;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;
use clap::builder::{PossibleValue, TypedValueParser};
use indicatif::{ProgressBar, ProgressStyle};

use super::options::MachineOptions;
use super::{Failure, files};
use crate::model::{Architecture, Extension, Extensions, Format, KvFormat, Phase, Question, step, zoo};
use crate::report;

pub(super) const HELP: &str = "\
Options with commas make one step of each combination; the first one is shown in detail:
  rvtile model llama-2-7b --context 512
  rvtile model llama-2-7b --phase decode,prefill --context 128,512,1024,2048 --html llama.html
  rvtile model llama-2-7b --weights f16,int8,q8_0,q4_0 --set vector.vlen=1024
  rvtile model llama-2-7b --weights int8 --ext none,xsfvqmaccdod,xsfvqmaccqoq --phase decode,prefill --html ext.html
  rvtile model llama-2-7b --weights int8 --ext xsfmm32a8i,xsfmm32a8i+xsfvfwmaccqqq --phase prefill
  rvtile model my.toml --machine x390 --cores 4
A + joins the extensions of a chip: one multiplies with the weights, xsfvfwmaccqqq does attention of a prompt (none+xsfvfwmaccqqq:
that alone). --ext here is an extension that there are kernels for; a TOML file of instructions (rvtile ext) has none: time kernels of
one's own with it by rvtile compare --elf.
docs/language-model.md says what is simulated and what is composed, and what a model's file holds.";

#[derive(clap::Args)]
pub(super) struct Args {
    /// Model: a name of the table (see --list), a TOML file with its columns, or a config.json
    #[arg(value_name = "MODEL", required_unless_present_any = ["all", "list"], conflicts_with = "all")]
    model: Option<String>,
    /// All models of the table
    #[arg(long, conflicts_with = "list")]
    all: bool,
    /// List the models of the table
    #[arg(long, exclusive = true)]
    list: bool,
    /// Format of the weights
    #[arg(long, value_enum, value_delimiter = ',', default_value = "q4_0")]
    weights: Vec<Format>,
    /// Extensions of the instruction set, by their names in an ISA string, whose kernels multiply with the weights and do attention of a prompt; + joins two
    #[arg(long, value_parser = ExtensionsParser, value_delimiter = ',', default_value = "none")]
    ext: Vec<Extensions>,
    /// Format of cached keys and values
    #[arg(long, value_enum, default_value = "f16")]
    kv: KvFormat,
    /// One token (decode), or a prompt up to its first token (prefill)
    #[arg(long, value_enum, value_delimiter = ',', default_value = "decode")]
    phase: Vec<Phase>,
    /// Positions in the cache, or tokens of the prompt
    #[arg(long, visible_alias = "contexts", value_name = "N", value_delimiter = ',', default_value = "512")]
    context: Vec<u64>,
    /// Sequences that are decoded together
    #[arg(long, value_name = "N", default_value_t = 1)]
    batch: u64,
    /// Cores that share the work: composed, not simulated
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=1024))]
    cores: u64,
    #[command(flatten)]
    machine: MachineOptions,
    /// Write an array of JSON objects to FILE; to stdout instead of the table without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    json: Option<PathBuf>,
    /// Write the parts as CSV to FILE; to stdout instead of the table without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    csv: Option<PathBuf>,
    /// Write a self-contained page with breakdown, ledger, roofline and curves
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print no table and no progress
    #[arg(long, short)]
    quiet: bool,
}

/// Reads [`Extensions`]; help tells the names that they are made of.
#[derive(Clone)]
struct ExtensionsParser;

impl TypedValueParser for ExtensionsParser {
    type Value = Extensions;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Extensions, clap::Error> {
        str::parse::<Extensions>.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(Extension::value_variants().iter().filter_map(Extension::to_possible_value)))
    }
}

pub(super) fn main(args: &Args) -> Result<ExitCode, Failure> {
    if args.list {
        files::print(&report::model::list(&zoo::all()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let models: Vec<Architecture> = match &args.model {
        Some(name) => vec![zoo::load(name).map_err(Failure::refused)?],
        None => zoo::all(),
    };
    let questions = questions(args, &models);
    let machine = args.machine.load(&[])?;
    questions.iter().try_for_each(|question| question.validate(&machine).map_err(Failure::refused))?;
    let to_stdout = files::check(&[&args.json, &args.csv, &args.html])?;

    let bar = if args.quiet || !std::io::stderr().is_terminal() { ProgressBar::hidden() } else { ProgressBar::new(1) };
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    bar.tick();
    let progress = |done: usize, all: usize| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    };
    let steps = step::answer(&questions, &machine, args.cores, &progress);
    bar.finish_and_clear();
    let steps = steps.map_err(|message| Failure { message, code: 1 })?;

    if !to_stdout && !args.quiet {
        files::print(&report::model::table(&machine, &steps))?;
    }
    files::write_all(
        true,
        &[
            (&args.json, &|| report::model::json(&machine, &steps)),
            (&args.csv, &|| report::model::csv(&machine, &steps)),
            (&args.html, &|| report::html::model(&machine, &steps)),
        ],
    )?;
    Ok(ExitCode::SUCCESS)
}

/// Every combination, in the order of the options.
fn questions(args: &Args, models: &[Architecture]) -> Vec<Question> {
    let mut questions = Vec::new();
    for model in models {
        for &phase in &args.phase {
            for &weights in &args.weights {
                for &ext in &args.ext {
                    for &context in &args.context {
                        let (model, kv, batch) = (model.clone(), args.kv, args.batch);
                        questions.push(Question { model, weights, ext, kv, phase, context, batch });
                    }
                }
            }
        }
    }
    questions
}
