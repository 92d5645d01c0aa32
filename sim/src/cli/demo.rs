//! `rvtile demo`: a language model writes a story on a machine.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use clap::builder::{EnumValueParser, PossibleValue, TypedValueParser};
use indicatif::{ProgressBar, ProgressStyle};
use rvtile_kernels::llama::{self, Checkpoint};

use super::options::MachineOptions;
use super::{Failure, files};
use crate::demo::{self, Task};
use crate::model::Extension;
use crate::report::story;

/// The end of the help.
pub(super) const HELP: &str = "\
The model is a small one of the project's own (kernels/llama/README.md); its program runs on the project's vector kernels.

Examples:
  rvtile demo
  rvtile demo --prompt \"One day, a fox\" --seed 5
  rvtile demo --int8 --machine x390
  rvtile demo --ext xsfvqmaccqoq
  rvtile demo --checkpoint stories15M.bin --tokenizer tokenizer.bin --tokens 64";

/// The largest number that the program takes: it reads digits up to where ten times more might not fit.
const LARGEST: u64 = (u64::MAX - 9) / 10 * 10 + 9;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    machine: MachineOptions,
    /// How the text begins
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    prompt: String,
    /// The most tokens to write, those of the prompt included; the model's context is a limit too
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..=LARGEST))]
    tokens: u64,
    /// Choose tokens by chance, and which chance it is
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=LARGEST))]
    seed: u64,
    /// How freely to choose; 0 takes the most likely token each time
    #[arg(long, value_name = "T", default_value_t = 0.8, value_parser = temperature)]
    temperature: f32,
    /// Use weights of 8 bits with a scale for each 32
    #[arg(long)]
    int8: bool,
    /// Use weights and activations of 8 bits with a scale a row, multiplied by this extension, or by standard vectors (none). One only:
    /// the text is read position by position, so there is no attention of a prompt
    #[arg(long, value_parser = Int8Parser, conflicts_with = "int8")]
    ext: Option<Extension>,
    /// Run without timing: the text and counts only, and faster
    #[arg(long)]
    functional: bool,
    /// A model of your own: a checkpoint in the format of llama2.c, version 0 (fp32) or 2 (int8)
    #[arg(long, value_name = "FILE", requires = "tokenizer")]
    checkpoint: Option<PathBuf>,
    /// Its tokenizer, in the format of llama2.c
    #[arg(long, value_name = "FILE", requires = "checkpoint")]
    tokenizer: Option<PathBuf>,
    /// Write text and figures as a JSON object to FILE; to stdout instead of both without FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    json: Option<PathBuf>,
}

/// Reads an [`Extension`]; help tells those that multiply int8, and the others are refused with what they serve.
#[derive(Clone)]
struct Int8Parser;

impl TypedValueParser for Int8Parser {
    type Value = Extension;

    fn parse_ref(
        &self,
        command: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Extension, clap::Error> {
        EnumValueParser::<Extension>::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let int8 = Extension::value_variants().iter().filter(|ext| ext.int8_form().is_some());
        Some(Box::new(int8.filter_map(Extension::to_possible_value)))
    }
}

fn temperature(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(number) if number == 0.0 || (0.001..=100.0).contains(&number) => Ok(number),
        _ => Err("0, or a number from 0.001 to 100".to_string()),
    }
}

pub(super) fn main(args: &Args) -> Result<ExitCode, Failure> {
    let machine = args.machine.load(&[])?;
    let json_to_stdout = files::check(&[&args.json])?;
    let (model, name) = read(args.checkpoint.as_deref(), llama::CHECKPOINT)?;
    let (tokenizer, tokenizer_name) = read(args.tokenizer.as_deref(), llama::TOKENIZER)?;
    let refused = |name: &str, why: String| Failure::refused(format!("{name}: {why}"));
    let mut checkpoint = Checkpoint::parse(&model).map_err(|why| refused(&name, why))?;
    llama::check_tokenizer(&tokenizer, checkpoint.sizes.vocabulary).map_err(|why| refused(&tokenizer_name, why))?;
    let quantized;
    if args.int8 {
        quantized = checkpoint.quantized().map_err(|why| refused(&name, why))?;
        checkpoint = Checkpoint::parse(&quantized).map_err(|why| refused(&name, why))?;
    }

    let task = Task {
        checkpoint,
        tokenizer: &tokenizer,
        prompt: args.prompt.clone(),
        tokens: args.tokens,
        temperature: args.temperature,
        seed: args.seed,
        channels: args.ext,
        ids: false,
    };
    let narrator = Narrator::new(args.tokens.min(checkpoint.sizes.context as u64), !json_to_stdout);
    let bar = narrator.bar.clone();
    let written = demo::write(&task, &machine, !args.functional, Box::new(narrator));
    bar.finish_and_clear();
    let told = written.map_err(|error| Failure::refused(format!("{name}: {error}")))?;
    if !json_to_stdout {
        files::print(&format!("\n{}", story::render(&machine, &told)))?;
    }
    if let Some(path) = &args.json {
        files::write(path, &story::json(&machine, &told))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A file of the user's or the built-in one, and its name for messages.
fn read(path: Option<&Path>, built_in: &'static [u8]) -> Result<(Cow<'static, [u8]>, String), Failure> {
    let Some(path) = path else { return Ok((built_in.into(), "demo".to_string())) };
    let name = path.display().to_string();
    let data = std::fs::read(path).map_err(|error| Failure::refused(format!("{name}: {error}")))?;
    Ok((data.into(), name))
}

/// Columns that a line of the story may take on a terminal.
const WIDTH: usize = 80;

/// Prints the text as it comes. On a terminal it is broken into lines, the last of them above the progress line.
struct Narrator {
    bar: ProgressBar,
    print: bool,
    /// The line that grows, where lines are broken.
    line: Option<String>,
}

impl Narrator {
    fn new(tokens: u64, print: bool) -> Narrator {
        let progress = std::io::stderr().is_terminal();
        let bar = if progress { ProgressBar::new(tokens) } else { ProgressBar::hidden() };
        let lines = progress && print && std::io::stdout().is_terminal();
        let template = if lines {
            "{msg}\n{bar:30} {pos}/{len} tokens {elapsed}"
        } else {
            "{bar:30} {pos}/{len} tokens {elapsed}"
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.tick();
        Narrator { bar, print, line: lines.then(String::new) }
    }

    /// Prints a line that is complete.
    fn print_line(&self, line: &str) -> std::io::Result<()> {
        self.bar.suspend(|| writeln!(std::io::stdout(), "{line}"))
    }
}

impl Write for Narrator {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bar.inc(1);
        let Some(mut line) = self.line.take() else {
            if self.print {
                std::io::stdout().write_all(bytes)?;
                std::io::stdout().flush()?;
            }
            return Ok(bytes.len());
        };
        line += &String::from_utf8_lossy(bytes);
        while let Some((first, rest)) = broken(&line) {
            self.print_line(first)?;
            line = rest.to_string();
        }
        self.bar.set_message(line.clone());
        self.line = Some(line);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A line that is complete, and what comes after it: up to a line end, or to the last space where it is too wide.
fn broken(text: &str) -> Option<(&str, &str)> {
    if let Some(end) = text.find('\n') {
        return Some((&text[..end], &text[end + 1..]));
    }
    let (beyond, _) = text.char_indices().nth(WIDTH)?;
    let space = text[..beyond].rfind(' ').filter(|space| *space > 0);
    Some(space.map_or((&text[..beyond], &text[beyond..]), |space| (&text[..space], &text[space + 1..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_spaces_and_at_their_ends() {
        assert_eq!(broken("One day"), None);
        assert_eq!(broken("One\nday"), Some(("One", "day")));
        let text = "word ".repeat(20);
        let (line, rest) = broken(&text).unwrap();
        assert_eq!((line.len(), rest.len()), (79, 20));
        let long = "é".repeat(90);
        assert_eq!(broken(&long).map(|(line, rest)| (line.chars().count(), rest.chars().count())), Some((80, 10)));
    }
}
