//! A model's step: as text, JSON and CSV.

use std::fmt::Write;

use super::columns::{Align, lay_out};
use super::json::pretty;
use super::number::{bytes, count, percent, quantity, seconds};
use crate::machine::Machine;
use crate::model::plan::Role;
use crate::model::step::Item;
use crate::model::{Extension, Extensions, Phase, Step};
use crate::timing::ledger::Cause;

/// Steps as text: what was asked and what it costs, one line each; then where the time of the first one goes.
pub fn table(machine: &Machine, steps: &[Step]) -> String {
    let mut text = format!(
        "{}: {}\n{} GHz, {} B/cycle from memory{}; {} of its {} parameters are assumed (rvtile machines show {})\n\n",
        machine.name,
        machine.description,
        quantity(machine.core.clock_mhz / 1000.0),
        quantity(machine.memory.dram.read_bytes_per_cycle),
        steps.first().filter(|step| step.cores > 1).map_or(String::new(), |step| format!(", {} cores", step.cores)),
        machine.assumed().count(),
        machine.entries.len(),
        machine.name,
    );
    text += &summary(steps);
    if let Some(step) = steps.first() {
        if steps.len() > 1 {
            let _ = write!(text, "\nWhere the time of the first one goes ({})\n", title(step));
        }
        text += "\n";
        text += &breakdown(machine, step);
        for line in provenance(step) {
            text += &line;
            text += "\n";
        }
    }
    text
}

/// What a step is, in words.
pub(super) fn title(step: &Step) -> String {
    let question = &step.question;
    let what = match question.phase {
        Phase::Decode => format!("decode at {} positions, batch {}", question.context, question.batch),
        Phase::Prefill => format!("prompt of {} tokens", question.context),
    };
    let Extensions { products, attention } = question.ext;
    let mut ext = if products == Extension::None { String::new() } else { format!(" with {}", products.name()) };
    if question.ext.combined() {
        let _ = write!(ext, ", attention of a prompt with {}", attention.name());
    }
    let (weights, kv) = (question.weights.name(), question.kv.name());
    format!("{}, {what}, {weights} weights{ext}, {kv} cache", question.model.name)
}

/// A phase as a word.
pub(super) fn phase(step: &Step) -> &'static str {
    match step.question.phase {
        Phase::Decode => "decode",
        Phase::Prefill => "prefill",
    }
}

/// Tokens a second over those of the same step without an extension, where steps are compared in that.
pub(super) fn speedup(steps: &[Step], step: &Step) -> Option<f64> {
    let of = |step: &Step| {
        let question = &step.question;
        (question.model.id.clone(), question.phase, question.weights, question.context)
    };
    let plain = |other: &&Step| other.question.ext == Extensions::NONE && of(other) == of(step);
    let several = steps.iter().any(|step| step.question.ext != Extensions::NONE);
    steps.iter().filter(|_| several).find(plain).map(|plain| plain.seconds() / step.seconds())
}

/// [`speedup`] as a cell of a table.
pub(super) fn speedup_cell(steps: &[Step], step: &Step) -> String {
    speedup(steps, step).map_or("-".to_string(), |factor| format!("{}x", quantity(factor)))
}

/// What stands above the extensions of steps.
pub(super) fn ext_head(steps: &[Step]) -> &'static str {
    if steps.iter().any(|step| step.question.ext.combined()) { "ext (products+attention)" } else { "ext" }
}

fn summary(steps: &[Step]) -> String {
    use Align::{Left, Right};
    let heads = [
        ("model", Left),
        ("phase", Left),
        ("weights", Left),
        (ext_head(steps), Left),
        ("context", Right),
        ("batch", Right),
        ("time", Right),
        ("tokens/s", Right),
        ("speed-up", Right),
        ("% memory roof", Right),
        ("% compute roof", Right),
        ("memory", Right),
    ];
    let rows = steps.iter().map(|step| {
        let question = &step.question;
        vec![
            question.model.id.clone(),
            phase(step).to_string(),
            question.weights.name().to_string(),
            question.ext.to_string(),
            question.context.to_string(),
            question.batch.to_string(),
            seconds(step.seconds()),
            quantity(step.tokens_per_second()),
            speedup_cell(steps, step),
            percent(step.memory_roof() / step.cycles()),
            percent(step.compute_roof() / step.cycles()),
            bytes(step.memory_bytes()),
        ]
    });
    lay_out(&heads, rows, 0, None)
}

/// The cause with most cycles.
fn bound_by(item: &Item) -> &'static str {
    let largest = (0..Cause::ALL.len()).max_by(|&a, &b| item.cost.ledger[a].total_cmp(&item.cost.ledger[b]));
    largest.map_or("-", |index| Cause::ALL[index].name())
}

/// How an item came about, in a word.
pub(super) fn how(item: &Item) -> &'static str {
    if item.extrapolated { "extrapolated" } else { "simulated" }
}

fn breakdown(machine: &Machine, step: &Step) -> String {
    use Align::{Left, Right};
    let heads = [
        ("part", Left),
        ("kernel", Left),
        ("shape", Left),
        ("calls", Right),
        ("cycles", Right),
        ("%", Right),
        ("DRAM", Right),
        ("B/cycle", Right),
        ("% peak", Right),
        ("bound by", Left),
    ];
    let total = step.cycles();
    let rows = step.items.iter().map(|item| {
        let cycles = step.item_cycles(item);
        let peak = item.part.peak(machine) * step.cores as f64;
        vec![
            item.part.role.name().to_string(),
            item.part.kernel.to_string(),
            item.part.shape.clone() + if item.extrapolated { " *" } else { "" },
            count(item.part.calls),
            count(cycles.round() as u64),
            percent(cycles / total),
            bytes(item.cost.dram_bytes as u64),
            quantity(item.cost.dram_bytes / cycles),
            percent(item.part.flop / cycles / peak),
            bound_by(item).to_string(),
        ]
    });
    lay_out(&heads, rows, 0, None)
}

/// What was simulated and what was composed, a sentence each.
pub(super) fn provenance(step: &Step) -> Vec<String> {
    let model = &step.question.model;
    let mut lines = Vec::new();
    if step.whole {
        lines.push("Simulated: the whole step with all layers, after one that warms up.".to_string());
    } else {
        let prompt = step.question.phase == Phase::Prefill;
        let layers = if prompt && model.encoder_layers > 0 { model.encoder_layers } else { model.layers };
        let one = if prompt { "one layer" } else { "one layer after two others" };
        lines.push(format!("Simulated: {one}, and what stands around the layers. Composed: {layers} layers from it."));
    }
    if let Some(agreement) = step.agreement {
        lines.push(format!("The layer before it took {} % more or less.", quantity(100.0 * agreement)));
    }
    if step.items.iter().any(|item| item.extrapolated) {
        lines.push(
            "Extrapolated (*): products from strips of the matrix and two groups of tokens. Attention of a prompt: up to \
             three heads, times those like them."
                .to_string(),
        );
    }
    if step.question.ext != Extensions::NONE {
        let Extensions { products, attention } = step.question.ext;
        let mut with = vec![products, attention];
        with.dedup();
        with.retain(|ext| *ext != Extension::None);
        let mut line: String = with.into_iter().map(|ext| use_of(step, ext)).collect();
        line += "All other kernels use standard vector instructions";
        if step.items.iter().any(|item| item.part.role == Role::Attention && !item.part.extended()) {
            line += ", attention too";
        }
        lines.push(line + ".");
    }
    if step.cores > 1 {
        lines.push(format!(
            "{} cores are composed, not simulated: products and attention shared out evenly, at most at the memory's bandwidth; \
             all else on one core.",
            step.cores
        ));
    }
    lines.push("Values are random; sampling takes the largest logit.".to_string());
    lines
}

/// What an extension is used for in a step, in a sentence.
fn use_of(step: &Step, ext: Extension) -> String {
    let (mut names, mut cycles) = (Vec::new(), 0.0);
    for item in step.items.iter().filter(|item| step.ext(item) == ext) {
        cycles += step.item_cycles(item);
        if !names.contains(&item.part.kernel) {
            names.push(item.part.kernel);
        }
    }
    if names.is_empty() {
        return format!("{} has nothing to do: it is for attention of a prompt. ", ext.name());
    }
    format!("With {}: {}, {} % of the time. ", ext.name(), names.join(", "), percent(cycles / step.cycles()))
}

#[derive(serde::Serialize)]
struct StepRow<'a> {
    model: &'a str,
    machine: &'a str,
    phase: &'a str,
    weights: &'a str,
    ext: String,
    kv: &'a str,
    context: u64,
    batch: u64,
    cores: u64,
    parameters: u64,
    seconds: f64,
    tokens_per_second: f64,
    speedup: Option<f64>,
    cycles: f64,
    flop: f64,
    streamed_bytes: f64,
    dram_bytes: f64,
    fraction_of_memory_roof: f64,
    fraction_of_compute_roof: f64,
    weight_bytes: u64,
    cache_bytes: u64,
    memory_bytes: u64,
    whole_step_simulated: bool,
    layer_agreement: Option<f64>,
    parts: Vec<PartRow<'a>>,
}

#[derive(serde::Serialize)]
struct PartRow<'a> {
    part: &'a str,
    kernel: &'a str,
    ext: &'a str,
    shape: &'a str,
    calls: u64,
    cycles: f64,
    instructions: f64,
    flop: f64,
    bytes: f64,
    dram_bytes: f64,
    extrapolated: bool,
    ledger: serde_json::Map<String, serde_json::Value>,
}

/// Steps with their parts as an array of objects.
pub fn json(machine: &Machine, steps: &[Step]) -> String {
    let part = |step: &Step, item: &Item| {
        let ledger = Cause::ALL.iter().zip(step.item_ledger(item)).filter(|(_, cycles)| *cycles > 0.0);
        let ledger = ledger.map(|(cause, cycles)| (cause.name().to_string(), cycles.into())).collect();
        let cycles = step.item_cycles(item);
        (cycles, ledger)
    };
    let rows = steps.iter().map(|step| {
        let question = &step.question;
        let parts = step.items.iter().map(|item| {
            let (cycles, ledger) = part(step, item);
            PartRow {
                part: item.part.role.name(),
                kernel: item.part.kernel,
                ext: step.ext(item).name(),
                shape: &item.part.shape,
                calls: item.part.calls,
                cycles,
                instructions: item.cost.instructions,
                flop: item.part.flop,
                bytes: item.part.bytes,
                dram_bytes: item.cost.dram_bytes,
                extrapolated: item.extrapolated,
                ledger,
            }
        });
        StepRow {
            model: &question.model.id,
            machine: &machine.name,
            phase: phase(step),
            weights: question.weights.name(),
            ext: question.ext.to_string(),
            kv: question.kv.name(),
            context: question.context,
            batch: question.batch,
            cores: step.cores,
            parameters: question.model.parameters(),
            seconds: step.seconds(),
            tokens_per_second: step.tokens_per_second(),
            speedup: speedup(steps, step),
            cycles: step.cycles(),
            flop: step.flop(),
            streamed_bytes: step.streamed(),
            dram_bytes: step.dram_bytes(),
            fraction_of_memory_roof: step.memory_roof() / step.cycles(),
            fraction_of_compute_roof: step.compute_roof() / step.cycles(),
            weight_bytes: question.weight_bytes(),
            cache_bytes: question.cache_bytes(),
            memory_bytes: step.memory_bytes(),
            whole_step_simulated: step.whole,
            layer_agreement: step.agreement,
            parts: parts.collect(),
        }
    });
    pretty(&rows.collect::<Vec<_>>())
}

const COLUMNS: [&str; 17] = [
    "model",
    "machine",
    "phase",
    "weights",
    "ext",
    "kv",
    "context",
    "batch",
    "cores",
    "part",
    "kernel",
    "shape",
    "calls",
    "cycles",
    "flop",
    "dram_bytes",
    "how",
];

/// Parts of all steps as CSV with a header.
pub fn csv(machine: &Machine, steps: &[Step]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail, and every record has the columns of the header.
    let _ = writer.write_record(COLUMNS);
    for step in steps {
        let question = &step.question;
        for item in &step.items {
            let _ = writer.write_record([
                &question.model.id,
                &machine.name,
                phase(step),
                question.weights.name(),
                &question.ext.to_string(),
                question.kv.name(),
                &question.context.to_string(),
                &question.batch.to_string(),
                &step.cores.to_string(),
                item.part.role.name(),
                item.part.kernel,
                &item.part.shape,
                &item.part.calls.to_string(),
                &step.item_cycles(item).to_string(),
                &item.part.flop.to_string(),
                &item.cost.dram_bytes.to_string(),
                how(item),
            ]);
        }
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// The models of the table.
pub fn list(models: &[crate::model::Architecture]) -> String {
    use Align::{Left, Right};
    let heads = [
        ("name", Left),
        ("model", Left),
        ("layers", Right),
        ("d", Right),
        ("heads", Right),
        ("d_ff", Right),
        ("feed-forward", Left),
        ("vocabulary", Right),
        ("context", Right),
        ("parameters", Right),
    ];
    let rows = models.iter().map(|model| {
        vec![
            model.id.clone(),
            model.name.clone(),
            (model.layers + model.encoder_layers).to_string(),
            model.d_model.to_string(),
            format!("{}/{}x{}", model.heads, model.kv_heads, model.head_dim),
            model.d_ff.to_string(),
            model.ffn_name().to_string(),
            model.vocab.to_string(),
            model.context.to_string(),
            count(model.parameters()),
        ]
    });
    lay_out(&heads, rows, 0, None)
}
