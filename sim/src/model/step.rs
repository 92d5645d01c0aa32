//! A step of a model: which pieces it is made of, and what they add up to.

use std::collections::HashMap;
use std::sync::Arc;

use clap::ValueEnum;
use rayon::prelude::*;

use super::architecture::{Architecture, Kind};
use super::cost::Cost;
use super::ext::{Extension, Extensions};
use super::format::{Format, KvFormat};
use super::job::{Done, Job, last_cache};
use super::layer::{Pass, Setup};
use super::plan::{Part, Role};
use crate::machine::Machine;
use crate::timing::ledger::Cause;

/// Which step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum)]
pub enum Phase {
    /// One token of each sequence
    Decode,
    /// A prompt up to its first token
    Prefill,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// The model.
    pub model: Architecture,
    /// Format of its weights.
    pub weights: Format,
    /// What multiplies with them, and what attention of a prompt uses.
    pub ext: Extensions,
    /// Format of its cache.
    pub kv: KvFormat,
    /// Which step.
    pub phase: Phase,
    /// Positions: of the cache, the new token included, or of the prompt.
    pub context: u64,
    /// Sequences.
    pub batch: u64,
}

/// A job in a step.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// What is simulated.
    pub job: Job,
    /// How often the step has it.
    pub times: f64,
    /// What a product is for.
    role: Option<Role>,
    /// How often the step has its stores into the cache, where that is another number.
    stores: Option<f64>,
}

impl Piece {
    fn new(job: Job, times: u64) -> Piece {
        Piece { job, times: times as f64, role: None, stores: None }
    }
}

/// A model of so many last caches is simulated with all its layers: what the caches keep from token to token then matters.
const SMALL: u64 = 16;

impl Question {
    /// Whether it can be asked.
    ///
    /// # Errors
    /// Why not, as one line.
    pub fn validate(&self, machine: &Machine) -> Result<(), String> {
        let limits = [("context", self.context, 1 << 20), ("batch", self.batch, 64)];
        if let Some((name, value, most)) = limits.iter().find(|(_, value, most)| !(1..=*most).contains(value)) {
            return Err(format!("--{name} {value} is not between 1 and {most}"));
        }
        if self.phase == Phase::Prefill && self.batch > 1 {
            return Err("--batch belongs to --phase decode: prefill is the time of one prompt".to_string());
        }
        self.ext.validate(self.weights, machine.vector.vlen)
    }

    fn setup(&self) -> Setup {
        let cross = if self.model.kind == Kind::EncoderDecoder { self.context } else { 0 };
        Setup {
            weights: self.weights,
            ext: Extensions { attention: Extension::None, ..self.ext },
            kv: self.kv,
            tokens: self.batch,
            positions: if self.model.kind == Kind::Rwkv { 1 } else { self.context },
            cross,
            pass: Pass::Decode,
            encoder: false,
        }
    }

    fn prompt_setup(&self, pass: Pass) -> Setup {
        let encoder = self.model.kind == Kind::EncoderDecoder;
        Setup { tokens: self.context, positions: self.context, cross: 0, pass, encoder, ..self.setup() }
    }

    /// The pieces of the step.
    pub fn pieces(&self, machine: &Machine) -> Vec<Piece> {
        match self.phase {
            Phase::Decode if self.weight_bytes() <= SMALL * last_cache(machine) => vec![self.whole(false)],
            Phase::Decode => self.composed(),
            Phase::Prefill => self.prompt(),
        }
    }

    /// The step as one simulation of all layers, measured by part or as one region.
    pub fn whole(&self, as_one: bool) -> Piece {
        let model = Architecture { id: String::new(), name: String::new(), context: 1, ..self.model.clone() };
        let setup = match self.phase {
            Phase::Decode => self.setup(),
            Phase::Prefill => Setup { ext: self.ext, ..self.prompt_setup(Pass::Prompt) },
        };
        Piece::new(Job::Whole { model: Box::new(model), setup, as_one }, 1)
    }

    /// A decode step of layers that are alike.
    pub fn composed(&self) -> Vec<Piece> {
        let setup = self.setup();
        vec![
            Piece::new(Job::layer(&self.model, setup), self.model.layers),
            Piece::new(Job::ends(&self.model, setup, self.batch), 1),
        ]
    }

    fn prompt(&self) -> Vec<Piece> {
        let (model, tokens) = (&self.model, self.context);
        let encoder = model.kind == Kind::EncoderDecoder;
        let setup = self.prompt_setup(Pass::Around);
        let layers = if encoder { model.encoder_layers } else { model.layers };
        let mut pieces = vec![Piece {
            stores: encoder.then_some(model.layers as f64),
            ..Piece::new(Job::layer(model, setup), layers)
        }];
        let (d, q, kv, ff) = (model.d_model, model.query_width(), model.kv_width(), model.d_ff);
        let ups = if model.ffn.gated() { 2 } else { 1 };
        let mut product = |role, rows, columns, times| {
            let (weights, ext) = (self.weights, self.ext.products);
            let job = Job::Product { weights, ext, tokens, columns, rows, full: false };
            pieces.push(Piece { role: Some(role), ..Piece::new(job, times) });
        };
        if model.kind == Kind::Rwkv {
            product(Role::Qkv, d, d, 3 * layers);
            product(Role::Out, d, d, layers);
            product(Role::FfnDown, d, d, layers);
        } else {
            product(Role::Qkv, q, d, layers);
            product(Role::Qkv, kv, d, 2 * layers);
            product(Role::Out, d, q, layers);
        }
        product(Role::FfnUp, ff, d, ups * layers);
        product(Role::FfnDown, d, ff, layers);
        if encoder {
            // Keys and values of cross attention, for every layer of the decoder.
            product(Role::Qkv, kv, d, 2 * model.layers);
        }
        for (columns, times) in self.operands(layers) {
            pieces.push(Piece::new(Job::Convert { weights: self.weights, tokens, columns }, times));
        }
        if model.kind != Kind::Rwkv {
            let setup = Setup { ext: self.ext, ..self.prompt_setup(Pass::Prompt) };
            pieces.push(Piece::new(Job::heads(model, setup), layers));
        }
        pieces.push(Piece::new(Job::ends(model, setup, u64::from(!encoder)), 1));
        if encoder {
            let first = Setup { positions: 1, ..self.setup() };
            pieces.push(Piece::new(Job::layer(model, first), model.layers));
            pieces.push(Piece::new(Job::ends(model, first, 1), 1));
        }
        pieces
    }

    /// Left operands of a prompt's products, their columns and how many there are: products that read the same one share it.
    fn operands(&self, layers: u64) -> Vec<(u64, u64)> {
        let model = &self.model;
        let (d, q, ff) = (model.d_model, model.query_width(), model.d_ff);
        match model.kind {
            Kind::Rwkv => vec![(d, 6 * layers), (ff, layers)],
            _ => {
                // In front of attention and of the feed-forward part, and the encoder's output.
                let normed = if model.parallel && model.norms == 1 { layers } else { 2 * layers };
                let encoded = u64::from(model.kind == Kind::EncoderDecoder);
                vec![(d, normed + encoded), (q, layers), (ff, layers)]
            }
        }
    }

    /// Bytes of all weights: matrices in their format, vectors in fp32.
    pub fn weight_bytes(&self) -> u64 {
        let model = &self.model;
        let embeddings = if model.tied { 1 } else { 2 };
        let rows = |count: u64, columns| self.weights.matrix_bytes(count, columns);
        let (d, q, kv, ff) = (model.d_model, model.query_width(), model.kv_width(), model.d_ff);
        let ups = if model.ffn.gated() { 2 } else { 1 };
        let ffn = rows(ups * ff, d) + rows(d, ff);
        let attention = rows(q + 2 * kv, d) + rows(d, q);
        let matrices = match model.kind {
            Kind::Decoder => model.layers * (attention + ffn),
            Kind::EncoderDecoder => model.layers * (2 * attention + ffn) + model.encoder_layers * (attention + ffn),
            Kind::Rwkv => model.layers * (rows(5 * d, d) + ffn),
        };
        let elements = match model.kind {
            Kind::EncoderDecoder => {
                let encoder = model.encoder_layers * (model.layer_weights() - 2 * d * q);
                model.layers * (model.layer_weights() + 2 * d * q) + encoder
            }
            _ => model.layers * model.layer_weights(),
        };
        let vectors = model.parameters() - elements - embeddings * model.vocab * d;
        matrices + rows(embeddings * model.vocab, d) + 4 * vectors
    }

    /// Bytes of the caches of all sequences, or of RWKV's state.
    pub fn cache_bytes(&self) -> u64 {
        let model = &self.model;
        let layers = if model.kind == Kind::EncoderDecoder { 2 * model.layers } else { model.layers };
        let position = layers * self.kv.bytes(model.kv_heads, model.head_dim);
        self.batch * (self.context * position + 4 * model.state_elements())
    }

    /// Bytes of a step's activations, roughly: its largest arrays.
    pub fn activation_bytes(&self) -> u64 {
        let model = &self.model;
        let tokens = if self.phase == Phase::Prefill { self.context } else { self.batch };
        let width = 3 * model.d_model + 2 * model.query_width() + 2 * model.kv_width() + 2 * model.d_ff;
        4 * (tokens * width + self.batch * model.vocab)
    }
}

/// A row of a step's breakdown.
#[derive(Clone, Debug)]
pub struct Item {
    /// Kernel, shape and work, all calls of the step together.
    pub part: Part,
    /// What they cost on one core.
    pub cost: Cost,
    /// Whether the simulated sizes were smaller than the true ones.
    pub extrapolated: bool,
}

/// The outcome.
#[derive(Clone, Debug)]
pub struct Step {
    /// What was asked.
    pub question: Question,
    /// Cores that share the work.
    pub cores: u64,
    /// The rows, in the order of a step.
    pub items: Vec<Item>,
    /// The largest difference between two layers that should be alike.
    pub agreement: Option<f64>,
    /// Whether all layers were simulated.
    pub whole: bool,
    /// Clock in MHz.
    pub clock_mhz: f64,
    /// Bytes that memory delivers in a cycle, to all cores together.
    pub dram_bytes_per_cycle: f64,
    /// Cycles that the arithmetic of all parts would take at the machine's peaks, one core.
    pub peak_cycles: f64,
}

/// Simulates what the questions need, each piece once, several side by side; `done` hears of each that is over.
///
/// # Errors
/// Of the first piece that failed, in one line.
pub fn answer(
    questions: &[Question],
    machine: &Arc<Machine>,
    cores: u64,
    done: &(dyn Fn(usize, usize) + Sync),
) -> Result<Vec<Step>, String> {
    let steps: Vec<Vec<Piece>> = questions.iter().map(|question| question.pieces(machine)).collect();
    let mut jobs: Vec<&Job> = Vec::new();
    for piece in steps.iter().flatten() {
        if !jobs.contains(&&piece.job) {
            jobs.push(&piece.job);
        }
    }
    let over = std::sync::atomic::AtomicUsize::new(0);
    let outcomes = jobs.par_iter().with_max_len(1).map(|job| {
        let outcome = job.run(machine);
        done(over.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1, jobs.len());
        outcome.map(|outcome| (*job, outcome))
    });
    let outcomes: HashMap<&Job, Done> = outcomes.collect::<Result<_, _>>()?;
    let composed = |(question, pieces): (&Question, &Vec<Piece>)| {
        Step::compose(question.clone(), pieces, |job| &outcomes[job], machine, cores)
    };
    Ok(questions.iter().zip(&steps).map(composed).collect())
}

impl Step {
    /// Adds pieces up.
    pub fn compose<'a>(
        question: Question,
        pieces: &[Piece],
        outcome: impl Fn(&Job) -> &'a Done,
        machine: &Machine,
        cores: u64,
    ) -> Step {
        let mut items: Vec<Item> = Vec::new();
        let mut agreement: Option<f64> = None;
        for piece in pieces {
            let done = outcome(&piece.job);
            if let Some(difference) = done.agreement {
                agreement = Some(agreement.unwrap_or(0.0).max(difference.abs()));
            }
            for (part, cost) in &done.parts {
                let role = if part.role == Role::Qkv { piece.role.unwrap_or(part.role) } else { part.role };
                let times = piece.stores.filter(|_| role == Role::KvStore).unwrap_or(piece.times);
                let extrapolated = done.extrapolated && part.split;
                let same = |item: &Item| {
                    let other = &item.part;
                    (other.role, other.kernel, &other.shape) == (role, part.kernel, &part.shape)
                };
                let index = items.iter().position(same).unwrap_or_else(|| {
                    let part = Part { role, calls: 0, flop: 0.0, bytes: 0.0, streamed: 0.0, ..part.clone() };
                    items.push(Item { part, cost: Cost::default(), extrapolated });
                    items.len() - 1
                });
                let item = &mut items[index];
                item.cost = item.cost.plus(&cost.times(times));
                item.part.calls += (part.calls as f64 * times) as u64;
                item.part.flop += part.flop * times;
                item.part.bytes += part.bytes * times;
                item.part.streamed += part.streamed * times;
            }
        }
        items.sort_by_key(|item| item.part.role);
        let roof = |item: &Item| item.part.flop / item.part.peak(machine);
        let peak_cycles = items.iter().map(roof).sum();
        Step {
            question,
            cores,
            items,
            agreement,
            whole: matches!(pieces, [Piece { job: Job::Whole { .. }, .. }]),
            clock_mhz: machine.core.clock_mhz,
            dram_bytes_per_cycle: machine.memory.dram.read_bytes_per_cycle,
            peak_cycles,
        }
    }

    /// The extension that an item uses.
    pub fn ext(&self, item: &Item) -> Extension {
        let Extensions { products, attention } = self.question.ext;
        match item.part.role {
            _ if !item.part.extended() => Extension::None,
            Role::Attention => attention,
            _ => products,
        }
    }

    /// Cycles of an item on all cores: what can be split is, as far as the shared memory delivers.
    pub fn item_cycles(&self, item: &Item) -> f64 {
        if !item.part.split || self.cores == 1 {
            return item.cost.cycles;
        }
        (item.cost.cycles / self.cores as f64).max(item.cost.dram_bytes / self.dram_bytes_per_cycle)
    }

    /// Cycles of an item on all cores by cause, in the order of [`Cause::ALL`]: they add up to [`Step::item_cycles`]. What the cores
    /// wait for the memory that they share is memory's.
    pub fn item_ledger(&self, item: &Item) -> [f64; Cause::ALL.len()] {
        if !item.part.split || self.cores == 1 {
            return item.cost.ledger;
        }
        let mut ledger = item.cost.ledger.map(|cycles| cycles / self.cores as f64);
        let waits = self.item_cycles(item) - item.cost.cycles / self.cores as f64;
        for (cause, cycles) in Cause::ALL.iter().zip(&mut ledger) {
            *cycles += if *cause == Cause::Dram { waits } else { 0.0 };
        }
        ledger
    }

    /// Cycles of the step.
    pub fn cycles(&self) -> f64 {
        self.items.iter().map(|item| self.item_cycles(item)).sum()
    }

    /// Seconds of the step.
    pub fn seconds(&self) -> f64 {
        self.cycles() / (self.clock_mhz * 1e6)
    }

    /// Tokens a second: of all sequences together, or of the prompt.
    pub fn tokens_per_second(&self) -> f64 {
        let tokens = if self.question.phase == Phase::Prefill { self.question.context } else { self.question.batch };
        tokens as f64 / self.seconds()
    }

    /// Bytes that have to come from memory: weights and cache, once.
    pub fn streamed(&self) -> f64 {
        self.items.iter().map(|item| item.part.streamed).sum()
    }

    /// Bytes that moved between caches and memory.
    pub fn dram_bytes(&self) -> f64 {
        self.items.iter().map(|item| item.cost.dram_bytes).sum()
    }

    /// Operations of the step.
    pub fn flop(&self) -> f64 {
        self.items.iter().map(|item| item.part.flop).sum()
    }

    /// Least cycles by memory alone: weights and cache at full bandwidth.
    pub fn memory_roof(&self) -> f64 {
        self.streamed() / self.dram_bytes_per_cycle
    }

    /// Least cycles by arithmetic alone: everything at the peak of its type.
    pub fn compute_roof(&self) -> f64 {
        self.peak_cycles / self.cores as f64
    }

    /// Bytes of memory that the step needs.
    pub fn memory_bytes(&self) -> u64 {
        self.question.weight_bytes() + self.question.cache_bytes() + self.question.activation_bytes()
    }

    /// Cycles by role, those that occur.
    pub fn roles(&self) -> Vec<(Role, f64)> {
        let cycles = |role: Role| self.items.iter().filter(|i| i.part.role == role).map(|i| self.item_cycles(i)).sum();
        Role::ALL.iter().map(|&role| (role, cycles(role))).filter(|&(_, cycles)| cycles > 0.0).collect()
    }
}
