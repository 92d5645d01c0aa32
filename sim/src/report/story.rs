//! What a text cost that a language model wrote, by kernel.

use serde::Serialize;

use super::columns::{Align, lay_out};
use super::json::{Causes, pretty};
use super::number::{bytes, count, percent_of, quantity, seconds};
use super::{ranked, table};
use crate::demo::Story;
use crate::engine::Region;
use crate::machine::Machine;
use crate::model::Extension;
use crate::timing::ledger::Ledger;
use rvtile_kernels::llama::Format;

/// Figures and tables; the text itself is not among them.
pub fn render(machine: &Machine, story: &Story) -> String {
    let tokens = &story.tokens;
    let mut text = format!(
        "{} parameters in {}, {} layers of {}; {}: VLEN {}, DLEN {}, {} GHz\n",
        count(story.sizes.parameters() as u64),
        weights(story),
        story.sizes.layers,
        story.sizes.dim,
        machine.name,
        machine.vector.vlen,
        machine.vector.dlen,
        quantity(machine.core.clock_mhz / 1000.0),
    );
    let host = seconds(story.host.as_secs_f64());
    let Some(rate) = story.tokens_per_second(machine) else {
        text += &format!(
            "{} tokens, {} instructions a token, run without timing; host {host}\n\n",
            tokens.executions,
            count(tokens.instructions / tokens.executions.max(1)),
        );
        return text + kernels(story).as_str();
    };
    text += &format!(
        "{} tokens in {} simulated: {} tokens/s, {} cycles and {} of memory traffic a token; host {host}\n\n",
        tokens.executions,
        seconds(story.seconds(machine)),
        quantity(rate),
        count(tokens.cycles / tokens.executions.max(1)),
        bytes(tokens.dram_bytes / tokens.executions.max(1)),
    );
    text += &kernels(story);
    let between = story.between();
    let rows: Vec<(Vec<String>, &Ledger)> =
        rows(story, &between).map(|region| (vec![region.name.clone()], &region.ledger)).collect();
    text + table::ledgers(&rows).as_str()
}

fn weights(story: &Story) -> String {
    match (story.channels, story.format) {
        (Some(Extension::None), _) => "int8 with a scale a row".to_string(),
        (Some(ext), _) => format!("int8 with a scale a row by {}", ext.name()),
        (None, Format::F32) => "fp32".to_string(),
        (None, Format::Int8 { group }) => format!("int8 with a scale for each {group}"),
    }
}

/// The kernels, what is between them, and their sum.
fn rows<'a>(story: &'a Story, between: &'a Region) -> impl Iterator<Item = &'a Region> {
    story.kernels.iter().chain([between, &story.tokens])
}

fn kernels(story: &Story) -> String {
    use Align::{Left, Right};
    let timed = story.tokens.cycles > 0;
    let mut heads = vec![("kernel", Left), ("calls", Right), ("instr.", Right)];
    if timed {
        heads.extend([
            ("cycles", Right),
            ("% time", Right),
            ("IPC", Right),
            ("memory B/cycle", Right),
            ("bound by", Left),
        ]);
    }
    let between = story.between();
    let rows = rows(story, &between).map(|region| {
        let mut row = vec![region.name.clone(), count(region.executions), count(region.instructions)];
        if timed {
            let cycles = region.cycles.max(1) as f64;
            row.extend([
                count(region.cycles),
                percent_of(region.cycles, story.tokens.cycles),
                format!("{:.2}", region.instructions as f64 / cycles),
                quantity(region.dram_bytes as f64 / cycles),
                ranked(&region.ledger).first().map_or("-", |(cause, _)| cause.name()).to_string(),
            ]);
        }
        row
    });
    lay_out(&heads, rows, 0, None)
}

/// The same as JSON. The keys are an interface: they do not change.
pub fn json(machine: &Machine, story: &Story) -> String {
    let between = story.between();
    // Without timing there are no cycles, as in the report of `rvtile run`.
    let timed = story.tokens.cycles > 0;
    pretty(&Object {
        text: &story.text,
        parameters: story.sizes.parameters(),
        weights: weights(story),
        machine: &machine.name,
        clock_mhz: machine.core.clock_mhz,
        tokens: story.tokens.executions,
        tokens_per_second: story.tokens_per_second(machine),
        instructions: story.tokens.instructions,
        cycles: timed.then_some(story.tokens.cycles),
        dram_bytes: timed.then_some(story.tokens.dram_bytes),
        ledger: timed.then_some(Causes(&story.tokens.ledger)),
        kernels: story.kernels.iter().chain([&between]).map(|region| Kernel::of(region, timed)).collect(),
        host_seconds: story.host.as_secs_f64(),
    })
}

#[derive(Serialize)]
struct Object<'a> {
    text: &'a str,
    parameters: usize,
    weights: String,
    machine: &'a str,
    clock_mhz: f64,
    tokens: u64,
    tokens_per_second: Option<f64>,
    instructions: u64,
    cycles: Option<u64>,
    dram_bytes: Option<u64>,
    ledger: Option<Causes<'a>>,
    kernels: Vec<Kernel<'a>>,
    host_seconds: f64,
}

#[derive(Serialize)]
struct Kernel<'a> {
    name: &'a str,
    calls: u64,
    instructions: u64,
    cycles: Option<u64>,
    dram_bytes: Option<u64>,
    ledger: Option<Causes<'a>>,
}

impl Kernel<'_> {
    fn of(region: &Region, timed: bool) -> Kernel<'_> {
        Kernel {
            name: &region.name,
            calls: region.executions,
            instructions: region.instructions,
            cycles: timed.then_some(region.cycles),
            dram_bytes: timed.then_some(region.dram_bytes),
            ledger: timed.then_some(Causes(&region.ledger)),
        }
    }
}
