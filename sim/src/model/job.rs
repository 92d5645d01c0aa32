//! What is simulated: pieces of a step that models share when their shapes are the same.

use std::sync::Arc;

use rvtile_isa::ext::Ext;
use rvtile_isa::profile::Profile;
use rvtile_kernels::{Kernel, Shape, Variant, find};

use super::architecture::{Architecture, Kind, Positions};
use super::arena::Fill;
use super::chip::{self, Measured};
use super::cost::Cost;
use super::ext::Extension;
use super::format::Format;
use super::layer::{self, Layer, Setup};
use super::plan::{Part, Plan, Role, is_linear, product_kernel, product_work};
use crate::engine::{End, Engine, RunOptions};
use crate::env;
use crate::loader::Image;
use crate::machine::Machine;

/// A piece of a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Job {
    /// A layer between others.
    Layer {
        /// The shapes, without what does not matter to a layer.
        model: Box<Architecture>,
        /// What it is run with.
        setup: Setup,
    },
    /// What stands around the layers.
    Ends {
        /// The shapes, without what does not matter here.
        model: Box<Architecture>,
        /// What it is run with.
        setup: Setup,
        /// Rows that go through the head; 0 for an encoder.
        heads: u64,
    },
    /// A whole step, all layers.
    Whole {
        /// The shapes.
        model: Box<Architecture>,
        /// What it is run with.
        setup: Setup,
        /// Measure it as one region, not by part.
        as_one: bool,
    },
    /// The tokens of a prompt as products with this format want them: once for all products that read them.
    Convert {
        /// Format of the matrices.
        weights: Format,
        /// Tokens.
        tokens: u64,
        /// Columns of the matrices.
        columns: u64,
    },
    /// A product of the tokens of a prompt, converted, with a matrix, and the conversion of its result.
    Product {
        /// Format of the matrix.
        weights: Format,
        /// What multiplies with it.
        ext: Extension,
        /// Tokens.
        tokens: u64,
        /// Its columns.
        columns: u64,
        /// Its rows.
        rows: u64,
        /// Simulate all of it, however long that takes.
        full: bool,
    },
    /// One head of attention over a prompt.
    Head {
        /// The kernel.
        kernel: &'static str,
        /// Its sizes.
        sizes: [u64; 4],
    },
}

/// The outcome of a job.
#[derive(Clone, Debug)]
pub struct Done {
    /// The parts with their costs, one execution of the job.
    pub parts: Vec<(Part, Cost)>,
    /// Cycles of a second layer over those of the first, less 1.
    pub agreement: Option<f64>,
    /// Whether sizes were extrapolated.
    pub extrapolated: bool,
}

/// A layer so many times larger than the last cache leaves nothing in it for the next one: the layers may then share memory.
const FLUSHES: u64 = 8;

/// Format of a matrix, and what multiplies with it.
type Weights = (Format, Extension);

/// Bytes of the last cache level.
pub(super) fn last_cache(machine: &Machine) -> u64 {
    let memory = &machine.memory;
    [&memory.l3, &memory.l2, &memory.l1d].into_iter().flatten().next().map_or(0, |cache| cache.size)
}

impl Job {
    /// A layer of this model.
    pub fn layer(model: &Architecture, setup: Setup) -> Job {
        let model = Architecture {
            id: String::new(),
            name: String::new(),
            layers: 1,
            encoder_layers: 0,
            vocab: 1,
            context: 1,
            tied: false,
            prefix: false,
            head_bias: false,
            embedding_norm: false,
            ..model.clone()
        };
        Job::Layer { model: Box::new(model), setup }
    }

    /// What stands around the layers of this model.
    pub fn ends(model: &Architecture, setup: Setup, heads: u64) -> Job {
        let biased = model.positions == Positions::T5;
        let kept = model.clone();
        let model = Architecture {
            id: String::new(),
            name: String::new(),
            kind: Kind::Decoder,
            layers: 1,
            encoder_layers: 0,
            heads: if biased { model.heads } else { 0 },
            kv_heads: 0,
            head_dim: 0,
            d_ff: 0,
            ffn: super::architecture::Ffn::Relu2,
            norms: 1,
            positions: if biased { Positions::T5 } else { Positions::None },
            rotary: 0,
            rope: super::architecture::Pairs::Half,
            parallel: false,
            prefix: false,
            qkv_bias: false,
            out_bias: false,
            mlp_bias: false,
            tied: false,
            context: 1,
            ..kept
        };
        let setup = Setup {
            kv: super::format::KvFormat::F16,
            positions: if biased { setup.positions } else { 1 },
            cross: 0,
            ..setup
        };
        Job::Ends { model: Box::new(model), setup, heads }
    }

    /// Simulates it.
    ///
    /// # Errors
    /// Why that is impossible, as one line.
    pub fn run(&self, machine: &Arc<Machine>) -> Result<Done, String> {
        match self {
            Job::Layer { model, setup } => run_layer(model, *setup, machine),
            Job::Ends { model, setup, heads } => run_ends(model, *setup, *heads, machine),
            Job::Whole { model, setup, as_one } => run_whole(model, *setup, *as_one, machine),
            &Job::Convert { weights, tokens, columns } => run_convert(weights, tokens, columns, machine),
            &Job::Product { weights, ext, tokens, columns, rows, full } => {
                run_product((weights, ext), [tokens, columns, rows], full, machine)
            }
            Job::Head { kernel, sizes } => run_head(kernel, sizes, machine),
        }
    }
}

/// The parts of a pass.
fn simulated(measured: Measured, pass: usize) -> Done {
    let costs = measured.passes.get(pass).cloned().unwrap_or_default();
    Done { parts: measured.parts.into_iter().zip(costs).collect(), agreement: None, extrapolated: false }
}

fn cycles(costs: &[Cost]) -> f64 {
    costs.iter().map(|cost| cost.cycles).sum()
}

/// A layer that warms caches and predictor up, then two that are measured.
fn run_layer(model: &Architecture, setup: Setup, machine: &Arc<Machine>) -> Result<Done, String> {
    let mut plan = Plan::new(machine.vector.vlen, setup.ext);
    let x = plan.vector(setup.tokens * model.d_model);
    let layer = Layer { model, setup, x };
    // A prompt warms itself up.
    let passes: &[Option<usize>] = if setup.prompt { &[Some(0), Some(1)] } else { &[None, Some(0), Some(1)] };
    if setup.prompt || plan_bytes(model, setup) > FLUSHES * last_cache(machine) {
        plan.pass(Some(0));
        layer.add(&mut plan);
        plan.passes(passes);
    } else {
        for &pass in passes {
            plan.pass(pass);
            layer.add(&mut plan);
        }
    }
    let measured = chip::run(plan, machine)?;
    let agreement = cycles(&measured.passes[1]) / cycles(&measured.passes[0]) - 1.0;
    Ok(Done { agreement: Some(agreement), ..simulated(measured, 0) })
}

/// Bytes of a layer's weights.
fn plan_bytes(model: &Architecture, setup: Setup) -> u64 {
    setup.weights.matrix_bytes(1, model.layer_weights())
}

fn run_ends(model: &Architecture, setup: Setup, heads: u64, machine: &Arc<Machine>) -> Result<Done, String> {
    let mut plan = Plan::new(machine.vector.vlen, setup.ext);
    let panel = plan.panel();
    let x = plan.buffer(setup.tokens * model.d_model);
    for (pass, vocab) in [(None, model.vocab.min(4 * panel)), (Some(0), model.vocab)] {
        // The first pass, with few rows of the head, warms up.
        plan.pass(pass);
        layer::embed(&mut plan, model, setup, x);
        layer::choose(&mut plan, model, setup, x, heads, vocab);
    }
    Ok(simulated(chip::run(plan, machine)?, 0))
}

/// Every layer of a step with weights of its own; a step before it leaves the caches as they are when a model generates.
fn run_whole(model: &Architecture, setup: Setup, as_one: bool, machine: &Arc<Machine>) -> Result<Done, String> {
    let mut plan = Plan::new(machine.vector.vlen, setup.ext);
    let x = plan.buffer(setup.tokens * model.d_model);
    plan.pass(Some(0));
    layer::embed(&mut plan, model, setup, x);
    for _ in 0..model.layers {
        Layer { model, setup, x }.add(&mut plan);
    }
    layer::choose(&mut plan, model, setup, x, setup.tokens, model.vocab);
    plan.passes(&[None, Some(0)]);
    if as_one {
        plan.whole();
    }
    Ok(simulated(chip::run(plan, machine)?, 0))
}

/// Calls of no product; there may be none.
fn run_around(calls: impl FnOnce(&mut Plan), machine: &Arc<Machine>) -> Result<Done, String> {
    let mut plan = Plan::new(machine.vector.vlen, Extension::None);
    plan.pass(Some(0));
    calls(&mut plan);
    match plan.calls.is_empty() {
        true => Ok(Done { parts: Vec::new(), agreement: None, extrapolated: false }),
        false => Ok(simulated(chip::run(plan, machine)?, 0)),
    }
}

fn run_convert(weights: Format, tokens: u64, columns: u64, machine: &Arc<Machine>) -> Result<Done, String> {
    let narrow = |plan: &mut Plan| {
        let x = plan.vector(tokens * columns);
        plan.narrowed(weights, tokens, columns, x);
    };
    run_around(narrow, machine)
}

/// A product with many tokens. The kernels work on the tokens in groups, and on the rows of the matrix in panels: two groups and
/// a strip of panels are simulated, the rest goes on like them.
fn run_product(weights: Weights, sizes: [u64; 3], full: bool, machine: &Arc<Machine>) -> Result<Done, String> {
    let ([tokens, columns, rows], (format, ext)) = (sizes, weights);
    let widen = |plan: &mut Plan| {
        let raw = plan.buffer(tokens * rows);
        plan.widened(format, tokens * rows, raw);
    };
    let mut done = run_around(widen, machine)?;

    let (cost, extrapolated) = match full {
        true => (groups(weights, tokens, columns, rows, machine)?.0, false),
        false => extrapolate(weights, tokens, columns, rows, machine)?,
    };
    let work = product_work(format, tokens, columns, rows);
    let part = Part {
        role: Role::Qkv,
        kernel: product_kernel(format, ext).0,
        shape: format!("{tokens}x{columns}x{rows}"),
        dtype: work.dtype,
        calls: 1,
        flop: work.flop as f64,
        bytes: work.bytes as f64,
        streamed: work.streamed as f64,
        split: true,
    };
    done.parts.push((part, cost));
    done.extrapolated = extrapolated;
    Ok(done)
}

/// Tokens that a kernel works on together.
fn group((format, ext): Weights, machine: &Machine) -> u64 {
    match format {
        _ if is_linear(format, ext) => ext.linear_group(machine.vector.vlen.into()),
        Format::F16 => 48,
        Format::Q8_0 => 4,
        Format::Q4_0 => 8,
        _ => 24,
    }
}

fn extrapolate(
    weights: Weights,
    tokens: u64,
    columns: u64,
    rows: u64,
    machine: &Arc<Machine>,
) -> Result<(Cost, bool), String> {
    let (group, format) = (group(weights, machine), weights.0);
    // Whether the whole matrix is read again for each group.
    let read_again = format.blocks() || is_linear(format, weights.1);
    // A strip as cold as the whole matrix: what is read again exceeds the last cache.
    let strip = if read_again {
        let row_bytes = format.matrix_bytes(1, columns);
        (2 * last_cache(machine)).div_ceil(row_bytes).next_multiple_of(u64::from(machine.vector.vlen) / 4)
    } else {
        1024
    };
    if tokens <= 2 * group && rows <= 2 * strip {
        return Ok((groups(weights, tokens, columns, rows, machine)?.0, false));
    }
    if read_again {
        // Affine in the rows (quantising does not depend on them): the first group of so many tokens, and one after it. Strips end as the
        // matrix does, in a panel that is not full, so that rows of the result are aligned to lines as the true ones are.
        let panel = u64::from(machine.vector.vlen) / 4;
        let end = rows % panel;
        let wide = rows.min(strip.max(2 * panel) + end);
        let of = |tokens: u64| -> Result<(Cost, Cost), String> {
            let (first, next) = groups(weights, tokens, columns, wide, machine)?;
            if rows == wide {
                return Ok((first, next));
            }
            let (narrow, _) = groups(weights, tokens, columns, panel + end, machine)?;
            let more = first.plus(&narrow.times(-1.0)).times((rows - wide) as f64 / (wide - panel - end) as f64);
            Ok((first.plus(&more), next.plus(&more)))
        };
        let (whole, rest) = (tokens / group, tokens % group);
        if whole == 0 {
            return Ok((of(rest)?.0, true));
        }
        let (first, next) = of(group)?;
        let mut cost = first.plus(&next.times((whole - 1) as f64));
        if rest > 0 {
            // It reads as much of the matrix as a full one, for fewer tokens.
            cost = cost.plus(&of(rest)?.1);
        }
        return Ok((cost, true));
    }
    // The blocks of rows are alike; within one the matrix is packed once, then the groups of tokens pass.
    let wide = rows.min(strip);
    let (one, _) = groups(weights, group.min(tokens), columns, wide, machine)?;
    let mut cost = one;
    if tokens > group {
        let (two, _) = groups(weights, 2 * group, columns, wide, machine)?;
        let more = two.plus(&one.times(-1.0));
        cost = one.plus(&more.times((tokens - group) as f64 / group as f64));
    }
    Ok((cost.times(rows as f64 / wide as f64), true))
}

/// A product, and the same again with the caches as it leaves them.
fn groups(
    (format, ext): Weights,
    tokens: u64,
    columns: u64,
    rows: u64,
    machine: &Arc<Machine>,
) -> Result<(Cost, Cost), String> {
    let mut plan = Plan::new(machine.vector.vlen, ext);
    plan.pass(Some(0));
    let fill = match format {
        Format::F16 => Fill::f16(1),
        Format::Bf16 => Fill::bf16(1),
        Format::Int8 => Fill::bytes(),
        _ => Fill::f32(1),
    };
    let x = (plan.arena.array(4 * tokens * columns.next_multiple_of(32), fill), plan.vector(tokens));
    plan.product(Role::Qkv, format, (tokens, rows, columns), x);
    plan.passes(&[Some(0), Some(1)]);
    let measured = chip::run(plan, machine)?;
    Ok((measured.passes[0][0], measured.passes[1][0]))
}

/// One head over a prompt, by the program of the kernel suite, with nothing in the caches.
fn run_head(kernel: &'static str, sizes: &[u64; 4], machine: &Arc<Machine>) -> Result<Done, String> {
    let kernel: &dyn Kernel = find(kernel).ok_or_else(|| format!("no kernel `{kernel}`"))?;
    let shape = Shape(sizes.to_vec());
    kernel.validate(&shape)?;
    let image = Image::parse(kernel.name(), kernel.elf().to_vec()).map_err(|error| error.to_string())?;
    let mut args = kernel.args(Variant::Rvv, &shape);
    args.push("runs=1".to_string());
    let environment = env::Options { args, ..env::Options::silent() };
    let isa = Profile::by_name(kernel.profile()).map_or(Ext::everything(), Profile::isa);
    let options = RunOptions { isa, ..RunOptions::default() };
    let mut engine = Engine::new(image, machine, true, &options, environment).map_err(|e| e.to_string())?;
    match engine.run() {
        End::Exit(0) => {}
        End::Crash(crash) => return Err(format!("{} {shape}: {crash}", kernel.name())),
        _ => return Err(format!("{} {shape}: the program failed", kernel.name())),
    }
    let region = engine.regions().first().ok_or_else(|| format!("{} marked no region", kernel.name()))?;
    let part = Part {
        role: Role::Attention,
        kernel: kernel.name(),
        shape: shape.to_string(),
        dtype: kernel.dtype(),
        calls: 1,
        flop: kernel.flop(&shape) as f64,
        bytes: kernel.bytes(&shape) as f64,
        streamed: 0.0,
        split: true,
    };
    Ok(Done { parts: vec![(part, Cost::of(region))], agreement: None, extrapolated: false })
}
