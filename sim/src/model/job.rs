//! What is simulated: pieces of a step that models share when their shapes are the same.

use std::sync::Arc;

use super::architecture::{Architecture, Ffn, Kind, Norm, Positions};
use super::arena::Fill;
use super::chip::{self, Measured};
use super::cost::Cost;
use super::ext::{Extension, Extensions};
use super::format::Format;
use super::layer::{self, Layer, Pass, Setup};
use super::plan::{Input, Part, Plan, Role, is_linear, operand_bytes, product_kernel, product_work};
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
    /// Attention of a layer over a prompt, all heads.
    Heads {
        /// The shapes, without what does not matter to attention.
        model: Box<Architecture>,
        /// What it is run with.
        setup: Setup,
    },
}

/// The outcome of a job.
#[derive(Clone, Debug)]
pub struct Done {
    /// The parts with their costs, one execution of the job.
    pub parts: Vec<(Part, Cost)>,
    /// Cycles of a second measured layer over those of the one that counts, less 1.
    pub agreement: Option<f64>,
    /// Whether sizes were extrapolated.
    pub extrapolated: bool,
}

/// A layer so many times larger than the last cache leaves nothing in it for the next one: the layers may then share memory.
const FLUSHES: u64 = 8;

/// A matrix that the last cache holds is there when so many groups of tokens have read it: replacement may be random.
const SETTLED: u64 = 4;

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
            ffn: Ffn::Relu2,
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

    /// Attention over a prompt in a layer of this model.
    pub fn heads(model: &Architecture, setup: Setup) -> Job {
        let Job::Layer { model: layer, setup } = Job::layer(model, setup) else { unreachable!("a layer") };
        let shapes = Architecture {
            kind: Kind::Decoder,
            d_ff: 1,
            ffn: Ffn::Relu2,
            norm: Norm::RmsNorm,
            norms: 1,
            norm_bias: false,
            parallel: false,
            prefix: model.prefix,
            qkv_bias: false,
            out_bias: false,
            mlp_bias: false,
            ..*layer
        };
        let ext = Extensions { products: Extension::None, ..setup.ext };
        let setup = Setup { weights: Format::F32, ext, encoder: false, ..setup };
        Job::Heads { model: Box::new(shapes), setup }
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
            Job::Heads { model, setup } => run_heads(model, *setup, machine),
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

/// A layer that warms caches and predictor up, then two that are measured, of which the second counts: what scalar code has in the L1D takes two
/// layers to gather. A prompt warms up within a layer, and has two.
fn run_layer(model: &Architecture, setup: Setup, machine: &Arc<Machine>) -> Result<Done, String> {
    let mut plan = Plan::new(machine, setup.ext);
    let x = plan.vector(setup.tokens * model.d_model);
    let layer = Layer { model, setup, x };
    let passes: &[Option<usize>] =
        if setup.pass == Pass::Around { &[Some(1), Some(0)] } else { &[None, Some(1), Some(0)] };
    if setup.pass == Pass::Around || plan_bytes(model, setup) > FLUSHES * last_cache(machine) {
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
    let mut plan = Plan::new(machine, setup.ext);
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

/// Every layer of a step with weights of its own. A step before it leaves the caches as they are when a model generates; a prompt has
/// none.
fn run_whole(model: &Architecture, setup: Setup, as_one: bool, machine: &Arc<Machine>) -> Result<Done, String> {
    let mut plan = Plan::new(machine, setup.ext);
    plan.pass(Some(0));
    if setup.pass == Pass::Decode {
        whole(&mut plan, model, setup, model.layers, setup.tokens);
        plan.passes(&[None, Some(0)]);
    } else if setup.encoder {
        let mut encoded = whole(&mut plan, model, setup, model.encoder_layers, 0);
        for _ in 0..model.layers {
            Layer { model, setup, x: 0 }.cross(&mut plan, &mut encoded);
        }
        let first = Setup { tokens: 1, positions: 1, cross: setup.tokens, pass: Pass::Decode, encoder: false, ..setup };
        whole(&mut plan, model, first, model.layers, 1);
    } else {
        whole(&mut plan, model, setup, model.layers, 1);
    }
    if as_one {
        plan.whole();
    }
    Ok(simulated(chip::run(plan, machine)?, 0))
}

/// Embedding, layers, and the choice of `heads` tokens. Layers of a prompt use the same memory one after the other. Returns what the
/// final norm has made.
fn whole(plan: &mut Plan, model: &Architecture, setup: Setup, layers: u64, heads: u64) -> Input {
    let x = plan.buffer(setup.tokens * model.d_model);
    layer::embed(plan, model, setup, x);
    let written = plan.written();
    for _ in 0..layers {
        if setup.pass != Pass::Decode {
            plan.let_go(written);
        }
        Layer { model, setup, x }.add(plan);
    }
    layer::choose(plan, model, setup, x, heads, model.vocab)
}

/// Calls of no product; there may be none.
fn run_around(calls: impl FnOnce(&mut Plan), machine: &Arc<Machine>) -> Result<Done, String> {
    let mut plan = Plan::new(machine, Extension::None);
    calls(&mut plan);
    match plan.parts.is_empty() {
        true => Ok(Done { parts: Vec::new(), agreement: None, extrapolated: false }),
        false => Ok(simulated(chip::run(plan, machine)?, 0)),
    }
}

fn run_convert(weights: Format, tokens: u64, columns: u64, machine: &Arc<Machine>) -> Result<Done, String> {
    let narrow = |plan: &mut Plan| {
        // A norm or an activation has made it from another array.
        let (before, x) = (plan.made(tokens * columns), plan.made(tokens * columns));
        plan.add(tokens * columns, before, x, x);
        plan.pass(Some(0));
        plan.narrowed(weights, tokens, columns, x);
    };
    run_around(narrow, machine)
}

/// A product with many tokens. The kernels work on the tokens in groups, and on the rows of the matrix in panels: two groups and
/// a strip of panels are simulated, the rest goes on like them.
fn run_product(weights: Weights, sizes: [u64; 3], full: bool, machine: &Arc<Machine>) -> Result<Done, String> {
    let ([tokens, columns, rows], (format, ext)) = (sizes, weights);
    let widen = |plan: &mut Plan| {
        let raw = plan.multiplied(format, (tokens, rows, columns));
        plan.pass(Some(0));
        plan.widened(format, tokens * rows, raw);
    };
    let mut done = run_around(widen, machine)?;

    let (cost, extrapolated) = match full {
        true => (groups(weights, ([tokens, columns, rows], tokens), 1, machine)?[0], false),
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
    let measure = |some: u64, rows: u64, times: u64| groups(weights, ([some, columns, rows], tokens), times, machine);
    if tokens <= 2 * group && rows <= 2 * strip {
        return Ok((measure(tokens, rows, 1)?[0], false));
    }
    if read_again {
        // Affine in the rows (quantising does not depend on them). Strips end as the matrix does, in a panel that is not full, so that
        // rows of the result are aligned to lines as the true ones are.
        let panel = u64::from(machine.vector.vlen) / 4;
        let end = rows % panel;
        let wide = rows.min(strip.max(2 * panel) + end);
        let of = |some: u64, times: u64| -> Result<Vec<Cost>, String> {
            if rows == wide {
                return measure(some, wide, times.min(SETTLED));
            }
            let (strips, narrow) = (measure(some, wide, times.min(2))?, measure(some, panel + end, 1)?[0]);
            let more = strips[0].plus(&narrow.times(-1.0)).times((rows - wide) as f64 / (wide - panel - end) as f64);
            Ok(strips.iter().map(|strip| strip.plus(&more)).collect())
        };
        let (whole, rest) = (tokens / group, tokens % group);
        if whole == 0 {
            return Ok((of(rest, 1)?[0], true));
        }
        let first = of(group, whole)?;
        let mut cost = first[first.len() - 1].times((whole - first.len() as u64) as f64);
        cost = first.iter().fold(cost, |sum, group| sum.plus(group));
        if rest > 0 {
            // It reads as much of the matrix as a full one, for fewer tokens.
            let last = of(rest, whole + 1)?;
            cost = cost.plus(&last[last.len() - 1]);
        }
        return Ok((cost, true));
    }
    // The blocks of rows are alike; within one the matrix is packed once, then the groups of tokens pass.
    let wide = rows.min(strip);
    let one = measure(group.min(tokens), wide, 1)?[0];
    let mut cost = one;
    if tokens > group {
        let more = measure(2 * group, wide, 1)?[0].plus(&one.times(-1.0));
        cost = one.plus(&more.times((tokens - group) as f64 / group as f64));
    }
    Ok((cost.times(rows as f64 / wide as f64), true))
}

/// A product of some of all tokens, and as often of the next ones with the same matrix, caches being as those before leave them.
fn groups(
    (format, ext): Weights,
    ([tokens, columns, rows], all): ([u64; 3], u64),
    times: u64,
    machine: &Arc<Machine>,
) -> Result<Vec<Cost>, String> {
    let mut plan = Plan::new(machine, ext);
    let row = operand_bytes(format, columns);
    // A product with one panel brings the routine to the caches.
    let x = (plan.made((tokens * row).div_ceil(4)), plan.made(tokens));
    plan.product(Role::Qkv, format, (tokens, plan.panel().min(rows), columns), x);
    // The caches hold what the product before leaves in them, which has made X.
    plan.multiplied(format, (all, columns, rows));
    let raw = plan.made(times * tokens * columns);
    let (x, scales) = plan.narrowed(format, times * tokens, columns, raw);
    // The other rows of X come after those.
    plan.made((all.saturating_sub(times * tokens) * columns).min(last_cache(machine) / 4));
    let matrix = plan.matrix(format, (tokens, rows, columns));
    for pass in 0..times {
        plan.pass(Some(pass as usize));
        let first = pass * tokens;
        plan.multiply(Role::Qkv, format, (tokens, rows, columns), (x + first * row, scales + 4 * first), &matrix);
    }
    Ok(chip::run(plan, machine)?.passes.iter().map(|costs| costs[0]).collect())
}

/// Attention of a layer over a prompt, behind the calls in front of it. Its first head finds the scratch memory cold. Of the heads that
/// share keys and values, the first one brings them to the caches. So three heads tell of all.
fn run_heads(model: &Architecture, setup: Setup, machine: &Arc<Machine>) -> Result<Done, String> {
    let mut plan = Plan::new(machine, setup.ext);
    let layer = Layer { model, setup, x: 0 };
    let [q, k, v] = [model.query_width(), model.kv_width(), model.kv_width()].map(|width| {
        // Values matter: how often a maximum grows. The matrix has 16 bits, whatever the weights have, so that all can share the job.
        let made = plan.arena.array(4 * setup.tokens * width, Fill::f32(4));
        plan.add(setup.tokens * width, made, made, made);
        plan.read_matrix(Format::F16, width, model.d_model);
        made
    });
    layer.rotate_all(&mut plan, q, k);
    layer.store_prompt(&mut plan, k, v);
    let arrays = layer.heads(&mut plan, [q, k, v]);
    let group = model.heads / model.kv_heads;
    // A head, and how many are like it.
    let kinds =
        [(0, 1), (1, model.kv_heads * (group - 1)), (group, model.kv_heads - 1)].into_iter().filter(|kind| kind.1 > 0);
    for (pass, (head, _)) in kinds.clone().enumerate() {
        plan.pass(Some(pass));
        layer.attend_prompt(&mut plan, &arrays, head..head + 1);
    }
    let Measured { parts, passes } = chip::run(plan, machine)?;
    let cost =
        kinds.zip(&passes).fold(Cost::default(), |sum, ((_, like), costs)| sum.plus(&costs[0].times(like as f64)));
    let heads = model.heads as f64;
    let all = |part: Part| Part { calls: model.heads, flop: part.flop * heads, bytes: part.bytes * heads, ..part };
    let parts = parts.into_iter().map(|part| (all(part), cost)).collect();
    Ok(Done { parts, agreement: None, extrapolated: false })
}
