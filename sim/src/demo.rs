//! A language model at work: the program `llama` of the kernels on a machine, and what each kernel of it cost.

use std::fmt;
use std::io::{Cursor, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rvtile_kernels::llama::{self, Checkpoint, Format, Sizes};

use crate::engine::{End, Engine, Region, RunOptions};
use crate::env::{self, Shared, Streams};
use crate::loader::Image;
use crate::machine::Machine;
use crate::model::{self, Extension};
use crate::timing::ledger::{Cause, Ledger};

/// What is to be written, and by which model.
#[derive(Clone, Debug)]
pub struct Task<'a> {
    /// The model.
    pub checkpoint: Checkpoint<'a>,
    /// Its tokenizer, as [`llama::check_tokenizer`] likes it.
    pub tokenizer: &'a [u8],
    /// How the text begins.
    pub prompt: String,
    /// The most tokens it may have, those of the prompt included.
    pub tokens: u64,
    /// 0 for the most likely token each time; more gives others a chance.
    pub temperature: f32,
    /// Of the choice among them.
    pub seed: u64,
    /// Multiply in int8 with a scale a row, by the kernels of this extension, instead of in the checkpoint's format.
    pub channels: Option<Extension>,
    /// Print the most likely token after each position as a number in a line of its own instead, and do not stop at the end of the
    /// text.
    pub ids: bool,
}

/// A text and what it cost.
#[derive(Clone, Debug)]
pub struct Story {
    /// The text.
    pub text: String,
    /// Sizes of the model.
    pub sizes: Sizes,
    /// How its weights were stored.
    pub format: Format,
    /// Multiplied in int8 with a scale a row instead, see [`Task`].
    pub channels: Option<Extension>,
    /// All positions together: loading and printing are not in it.
    pub tokens: Region,
    /// Each kernel, in the order of a position.
    pub kernels: Vec<Region>,
    /// Instructions of the whole program.
    pub instructions: u64,
    /// Time that the simulation took.
    pub host: Duration,
}

impl Story {
    /// Simulated seconds for all positions; 0 without timing.
    pub fn seconds(&self, machine: &Machine) -> f64 {
        self.tokens.cycles as f64 / (machine.core.clock_mhz * 1e6)
    }

    /// Tokens a second; `None` without timing.
    pub fn tokens_per_second(&self, machine: &Machine) -> Option<f64> {
        (self.tokens.cycles > 0).then(|| self.tokens.executions as f64 / self.seconds(machine))
    }

    /// What is between the kernels: calls, markers, loops.
    pub fn between(&self) -> Region {
        let of_kernels = |get: fn(&Region) -> u64| self.kernels.iter().map(get).sum::<u64>();
        let rest = |get: fn(&Region) -> u64| get(&self.tokens).saturating_sub(of_kernels(get));
        let cause = |cause: Cause| {
            let kernels: u64 = self.kernels.iter().map(|kernel| kernel.ledger.get(cause)).sum();
            (cause, self.tokens.ledger.get(cause).saturating_sub(kernels))
        };
        Region {
            name: "between kernels".to_string(),
            executions: self.tokens.executions,
            instructions: rest(|region| region.instructions),
            cycles: rest(|region| region.cycles),
            ledger: Cause::ALL.iter().map(|c| cause(*c)).collect::<Ledger>(),
            dram_bytes: rest(|region| region.dram_bytes),
        }
    }
}

/// Why there is no text.
#[derive(Debug)]
pub struct DemoError(String);

impl fmt::Display for DemoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DemoError {}

/// Lets the model write. `out` gets the text token by token, one call of `write` each.
///
/// # Errors
/// When the program does not fit the machine or ends with an error, such as a prompt that is too long.
pub fn write(task: &Task, machine: &Arc<Machine>, timed: bool, out: Box<dyn Write + Send>) -> Result<Story, DemoError> {
    let fail = |why: String| DemoError(why);
    let image = Image::parse("llama", llama::PROGRAM.to_vec()).map_err(|error| fail(error.to_string()))?;
    let mut args: Vec<String> = ["llama", "-", "-"].map(str::to_string).to_vec();
    args.push(format!("prompt={}", task.prompt));
    args.push(format!("tokens={}", task.tokens));
    args.push(format!("temperature={}", task.temperature));
    args.push(format!("seed={}", task.seed));
    let isa = match task.channels {
        None => RunOptions::default().isa,
        Some(ext) => {
            ext.validate(model::Format::Int8, machine.vector.vlen).map_err(fail)?;
            let form = ext.int8_form().unwrap_or_default();
            args.push(format!("int8={form}"));
            ext.isa()
        }
    };
    if task.ids {
        args.push("ids".to_string());
    }
    let (text, complaint) = (Shared::default(), Shared::default());
    let streams = Streams {
        stdin: Box::new(Cursor::new([task.checkpoint.data(), task.tokenizer].concat())),
        stdout: Box::new(Tee { out, copy: text.clone() }),
        stderr: Box::new(complaint.clone()),
    };
    let environment = env::Options { args, streams, ..env::Options::default() };
    let options = RunOptions { isa, ..RunOptions::default() };
    let mut engine =
        Engine::new(image, machine, timed, &options, environment).map_err(|error| fail(error.to_string()))?;
    let started = Instant::now();
    let end = engine.run();
    let host = started.elapsed();
    match end {
        End::Exit(0) => {}
        End::Exit(code) => {
            let said = complaint.take();
            let line = said.lines().next().and_then(|line| line.strip_prefix("llama: "));
            return Err(fail(line.map_or(format!("the program ended with exit code {code}"), str::to_string)));
        }
        End::Crash(crash) => return Err(fail(crash.to_string())),
        End::Limit => return Err(fail("the instruction limit was reached".into())),
    }
    let (tokens, kernels): (Vec<_>, Vec<_>) = engine.regions().iter().cloned().partition(|r| r.name == "token");
    let tokens = tokens.into_iter().next().ok_or_else(|| fail("the program did not mark its tokens".into()))?;
    Ok(Story {
        text: text.take(),
        sizes: task.checkpoint.sizes,
        format: task.checkpoint.format,
        channels: task.channels,
        tokens,
        kernels,
        instructions: engine.instructions(),
        host,
    })
}

/// Writes to both.
struct Tee {
    out: Box<dyn Write + Send>,
    copy: Shared,
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.out.write_all(bytes)?;
        self.copy.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}
