//! The calls of one layer, and of what stands around the layers.

use rvtile_kernels::{Shape, find};

use super::architecture::{Architecture, Ffn, Kind, Norm, Pairs, Positions};
use super::arena::Fill;
use super::ext::Extensions;
use super::format::{Format, KvFormat};
use super::plan::{Input, Plan, Role, Work};

/// What tokens that go through a layer together are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pass {
    /// The newest ones of several sequences, each behind a cache of its own.
    Decode,
    /// A prompt.
    Prompt,
    /// A prompt; matrix products and attention are measured on their own, and only the calls around them are made.
    Around,
}

/// What a layer is run with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Setup {
    /// Format of the weights.
    pub weights: Format,
    /// What multiplies with them, and what attention of a prompt uses.
    pub ext: Extensions,
    /// Format of the cache.
    pub kv: KvFormat,
    /// Tokens that go through together.
    pub tokens: u64,
    /// Positions in the cache, the new one included.
    pub positions: u64,
    /// Positions of the encoder's output, where there is one.
    pub cross: u64,
    /// What they are to each other.
    pub pass: Pass,
    /// A layer of the encoder.
    pub encoder: bool,
}

/// Work by the formulas of a kernel of the suite, on vectors that every core would repeat.
fn formula(kernel: &str, dims: &[u64]) -> Work {
    let kernel = find(kernel).expect("a kernel of the suite");
    let shape = Shape(dims.to_vec());
    Work::vector(kernel.flop(&shape), kernel.bytes(&shape))
}

/// Builds the calls of one layer after another on the same hidden state.
pub(super) struct Layer<'a> {
    pub model: &'a Architecture,
    pub setup: Setup,
    /// The hidden state, tokens x d_model.
    pub x: u64,
}

impl Layer<'_> {
    /// One more layer, with weights and caches of its own.
    pub fn add(&self, plan: &mut Plan) {
        match self.model.kind {
            Kind::Rwkv => self.rwkv(plan),
            Kind::Decoder | Kind::EncoderDecoder => self.attention_layer(plan),
        }
    }

    fn attention_layer(&self, plan: &mut Plan) {
        let (model, Setup { tokens, encoder, .. }) = (self.model, self.setup);
        let d = model.d_model;
        let mut h = self.norm(plan, self.x);
        let attended = self.self_attention(plan, &mut h);
        if model.parallel {
            let mut h2 = if model.norms > 1 { self.norm(plan, self.x) } else { h };
            let fed = self.feed_forward(plan, &mut h2);
            plan.add(tokens * d, self.x, attended, self.x);
            plan.add(tokens * d, self.x, fed, self.x);
            return;
        }
        plan.add(tokens * d, self.x, attended, self.x);
        if model.kind == Kind::EncoderDecoder && !encoder {
            let mut h = self.norm(plan, self.x);
            let q = self.linear(plan, Role::Qkv, model.query_width(), &mut h, false);
            let crossed = self.attend(plan, q, self.setup.cross, 0, None);
            let out = self.linear(plan, Role::Out, d, &mut Input::new(crossed, model.query_width()), false);
            plan.add(tokens * d, self.x, out, self.x);
        }
        let mut h = self.norm(plan, self.x);
        let fed = self.feed_forward(plan, &mut h);
        plan.add(tokens * d, self.x, fed, self.x);
    }

    fn self_attention(&self, plan: &mut Plan, h: &mut Input) -> u64 {
        let (model, Setup { tokens, positions, .. }) = (self.model, self.setup);
        let (queries, keys) = (model.query_width(), model.kv_width());
        let q = self.linear(plan, Role::Qkv, queries, h, model.qkv_bias);
        let k = self.linear(plan, Role::Qkv, keys, h, model.qkv_bias);
        let v = self.linear(plan, Role::Qkv, keys, h, model.qkv_bias);
        self.rotate_all(plan, q, k);
        let slopes = if model.positions == Positions::Alibi { plan.vector(model.heads) } else { 0 };
        let bias = |plan: &mut Plan| plan.vector(model.heads * positions);
        let attended = match self.setup.pass {
            Pass::Decode => {
                let bias = if model.positions == Positions::T5 { bias(plan) } else { 0 };
                self.attend(plan, q, positions, slopes, Some((k, v, bias)))
            }
            Pass::Around => {
                // The encoder's cache is that of cross attention.
                self.store_prompt(plan, k, v);
                plan.made(tokens * queries)
            }
            Pass::Prompt => {
                if !self.setup.encoder {
                    self.store_prompt(plan, k, v);
                }
                let arrays = self.heads(plan, [q, k, v]);
                self.attend_prompt(plan, &arrays, 0..model.heads);
                arrays.out
            }
        };
        self.linear(plan, Role::Out, model.d_model, &mut Input::new(attended, queries), model.out_bias)
    }

    /// Turns queries and keys by their positions, where the model does that.
    pub fn rotate_all(&self, plan: &mut Plan, q: u64, k: u64) {
        let (model, d) = (self.model, self.model.head_dim);
        if matches!(model.positions, Positions::Rope | Positions::Rope2d) {
            let (cosine, sine) = (plan.vector(d), plan.vector(d));
            for token in 0..self.setup.tokens {
                self.rotate(plan, model.heads, q + 4 * token * model.query_width(), cosine, sine);
                self.rotate(plan, model.kv_heads, k + 4 * token * model.kv_width(), cosine, sine);
            }
        }
    }

    /// Keys and values of cross attention, for a layer of the decoder.
    pub fn cross(&self, plan: &mut Plan, encoded: &mut Input) {
        let [k, v] = [(); 2].map(|()| self.linear(plan, Role::Qkv, self.model.kv_width(), encoded, false));
        self.store_prompt(plan, k, v);
    }

    /// Keys and values of a prompt into a cache.
    pub fn store_prompt(&self, plan: &mut Plan, k: u64, v: u64) {
        let cache = plan.cache(self.setup.kv, self.model.kv_heads, self.model.head_dim, self.setup.tokens);
        plan.store_prompt(&cache, k, v);
    }

    fn rotate(&self, plan: &mut Plan, heads: u64, x: u64, cosine: u64, sine: u64) {
        let (d, rotary) = (self.model.head_dim, self.model.rotary);
        let kernel = match self.model.rope {
            Pairs::Half => "rope_half_f32",
            Pairs::Interleaved => "rope_interleaved_f32",
        };
        if self.model.positions == Positions::Rope2d {
            let half = d / 2;
            let work = formula(kernel, &[1, half, half]);
            for part in 0..2 * heads {
                let (at, trig) = (x + 4 * half * part, 2 * half * (part % 2));
                let args = [1, half, half, at, cosine + trig, sine + trig, at];
                plan.kernel(Role::Positions, kernel, format!("1x{half}x{half}"), &args, 0.0, work);
            }
            return;
        }
        let work = formula(kernel, &[heads, d, rotary]);
        let args = [heads, d, rotary, x, cosine, sine, x];
        plan.kernel(Role::Positions, kernel, format!("{heads}x{d}x{rotary}"), &args, 0.0, work);
    }

    /// Attention of each token over a cache of its own; `fresh` are the new keys, values and the bias, which cross attention has not.
    fn attend(&self, plan: &mut Plan, q: u64, positions: u64, slopes: u64, fresh: Option<(u64, u64, u64)>) -> u64 {
        let (model, tokens) = (self.model, self.setup.tokens);
        let mut out = 0;
        for token in 0..tokens {
            let cache = plan.cache(self.setup.kv, model.kv_heads, model.head_dim, positions);
            let q = q + 4 * token * model.query_width();
            let mut bias = 0;
            if let Some((k, v, given)) = fresh {
                let place = 4 * token * model.kv_width();
                plan.store(&cache, positions - 1, k + place, v + place);
                bias = given;
            }
            out = plan.attend(&cache, model.heads, q, slopes, bias);
        }
        // With several sequences the next product reads an array of all outputs.
        if tokens == 1 { out } else { plan.vector(tokens * model.query_width()) }
    }

    fn feed_forward(&self, plan: &mut Plan, h: &mut Input) -> u64 {
        let (model, tokens) = (self.model, self.setup.tokens);
        let n = tokens * model.d_ff;
        let up = self.linear(plan, Role::FfnUp, model.d_ff, h, model.mlp_bias);
        let kernel = match model.ffn {
            Ffn::Swiglu => "swiglu_f32",
            Ffn::Geglu => "geglu_f32",
            Ffn::GeluTanh => "gelu_tanh_f32",
            Ffn::GeluErf => "gelu_erf_f32",
            Ffn::Relu2 => "relu2_f32",
        };
        let work = formula(kernel, &[n]);
        if model.ffn.gated() {
            let gate = self.linear(plan, Role::FfnUp, model.d_ff, h, model.mlp_bias);
            plan.kernel(Role::Activation, kernel, n.to_string(), &[n, gate, up, up], 0.0, work);
        } else {
            plan.kernel(Role::Activation, kernel, n.to_string(), &[n, up, up], 0.0, work);
        }
        self.linear(plan, Role::FfnDown, model.d_model, &mut Input::new(up, model.d_ff), model.mlp_bias)
    }

    fn norm(&self, plan: &mut Plan, x: u64) -> Input {
        Input::new(norm(plan, self.model, self.setup.tokens, x), self.model.d_model)
    }

    /// A product with a matrix of its own, and its bias.
    fn linear(&self, plan: &mut Plan, role: Role, rows: u64, input: &mut Input, biased: bool) -> u64 {
        let Setup { weights, tokens, pass, .. } = self.setup;
        let y = match tokens {
            _ if pass == Pass::Around => plan.multiplied(weights, (tokens, rows, input.len)),
            1 if pass == Pass::Decode => plan.gemv(role, weights, rows, input),
            _ => plan.matmul(role, weights, tokens, rows, input),
        };
        if biased {
            let bias = plan.vector(rows);
            for token in 0..tokens {
                let row = y + 4 * token * rows;
                plan.add(rows, row, bias, row);
            }
        }
        y
    }

    fn rwkv(&self, plan: &mut Plan) {
        let (model, tokens) = (self.model, self.setup.tokens);
        let (d, wide) = (model.d_model, model.d_ff);
        let h = self.norm(plan, self.x);
        let mut mixed = [(); 3].map(|()| self.shift(plan, h.addr));
        let r = self.linear(plan, Role::Qkv, d, &mut mixed[0], false);
        let k = self.linear(plan, Role::Qkv, d, &mut mixed[1], false);
        let v = self.linear(plan, Role::Qkv, d, &mut mixed[2], false);
        let (bonus, decay, state, wkv) = (plan.vector(d), plan.vector(d), plan.buffer(3 * d), plan.buffer(tokens * d));
        for token in 0..tokens {
            // The recurrence: every token continues the state of the one before. 4 exponentials, a division and 18 more.
            let place = 4 * token * d;
            let args = [d, k + place, v + place, bonus, decay, state, state, wkv + place];
            plan.kernel(Role::Recurrence, "rwkv_wkv_f32", d.to_string(), &args, 0.0, Work::vector(23 * d, 44 * d));
        }
        self.gate(plan, r, wkv);
        let out = self.linear(plan, Role::Out, d, &mut Input::new(wkv, d), false);
        plan.add(tokens * d, self.x, out, self.x);

        let h = self.norm(plan, self.x);
        let mut mixed = [(); 2].map(|()| self.shift(plan, h.addr));
        let hidden = self.linear(plan, Role::FfnUp, wide, &mut mixed[0], false);
        let n = tokens * wide;
        plan.kernel(
            Role::Activation,
            "relu2_f32",
            n.to_string(),
            &[n, hidden, hidden],
            0.0,
            formula("relu2_f32", &[n]),
        );
        let value = self.linear(plan, Role::FfnDown, d, &mut Input::new(hidden, wide), false);
        let r = self.linear(plan, Role::FfnDown, d, &mut mixed[1], false);
        self.gate(plan, r, value);
        plan.add(tokens * d, self.x, value, self.x);
    }

    /// Mixes each token with the one before.
    fn shift(&self, plan: &mut Plan, x: u64) -> Input {
        let (n, d) = (self.setup.tokens, self.model.d_model);
        let (mu, previous, y) = (plan.vector(d), plan.vector(d), plan.buffer(n * d));
        for token in 0..n {
            // Tokens of a prompt stand one behind the other.
            let before = if token == 0 || self.setup.pass == Pass::Decode { previous } else { x + 4 * (token - 1) * d };
            let args = [d, x + 4 * token * d, before, mu, y + 4 * token * d];
            plan.kernel(Role::Recurrence, "rwkv_shift_f32", d.to_string(), &args, 0.0, Work::vector(3 * d, 16 * d));
        }
        Input::new(y, d)
    }

    /// y = y / (1 + exp(-r))
    fn gate(&self, plan: &mut Plan, r: u64, y: u64) {
        let n = self.setup.tokens * self.model.d_model;
        plan.kernel(
            Role::Recurrence,
            "sigmoid_mul_f32",
            n.to_string(),
            &[n, r, y, y],
            0.0,
            Work::vector(5 * n, 12 * n),
        );
    }
}

fn norm(plan: &mut Plan, model: &Architecture, rows: u64, x: u64) -> u64 {
    const EPS: f32 = 1e-5;
    let d = model.d_model;
    let (weights, y) = (plan.vector(d), plan.buffer(rows * d));
    let shape = format!("{rows}x{d}");
    match (model.norm, model.norm_bias) {
        (Norm::RmsNorm, _) => {
            let work = formula("rmsnorm_f32", &[rows, d]);
            plan.kernel(Role::Norm, "rmsnorm_f32", shape, &[rows, d, x, weights, y], EPS, work);
        }
        (Norm::LayerNorm, biased) => {
            let kernel = if biased { "layernorm_f32" } else { "layernorm_nobias_f32" };
            let bias = if biased { plan.vector(d) } else { 0 };
            let work = formula(kernel, &[rows, d]);
            plan.call((Role::Norm, kernel, shape), ("layernorm_f32", &[rows, d, x, weights, bias, y], EPS), work);
        }
    }
    y
}

/// The hidden state of the tokens.
pub(super) fn embed(plan: &mut Plan, model: &Architecture, setup: Setup, x: u64) {
    let (d, tokens) = (model.d_model, setup.tokens);
    let row_bytes = setup.weights.matrix_bytes(1, d);
    // There is no kernel for rows of 16 bits or int8: a row of fp32 stands for them.
    let (kernel, fill) = match setup.weights {
        Format::Q8_0 => ("embedding_q8_0", Fill::panels(1, d, 32, 1)),
        Format::Q4_0 => ("embedding_q4_0", Fill::panels(1, d, 16, 1)),
        _ => ("embedding_f32", Fill::f32(1)),
    };
    for token in 0..tokens {
        // A block of a row has its scale in front, a panel of one row behind: to values it makes no difference here.
        let row = plan.arena.array(row_bytes.max(4 * d), fill.clone());
        let args = [d, row, x + 4 * token * d];
        plan.kernel(Role::Embedding, kernel, d.to_string(), &args, 0.0, Work::vector(d, row_bytes + 4 * d));
    }
    if model.embedding_norm {
        norm(plan, model, tokens, x);
    }
    if model.positions == Positions::T5 {
        // Once for all layers: the biases by distance of each head.
        let (queries, keys) = if setup.pass == Pass::Decode { (1, setup.positions) } else { (tokens, tokens) };
        let n = queries + keys - 1;
        let (table, row) = (plan.vector(32), plan.buffer(n));
        for _ in 0..model.heads {
            let args = [table, u64::from(setup.encoder), queries, keys, row];
            plan.kernel(Role::Positions, "t5_relative", n.to_string(), &args, 0.0, Work::vector(n, 4 * n));
        }
    }
}

/// Final norm, then head and choice of a token for each of `heads` tokens; an encoder has the norm only. `vocab` rows of the head
/// are multiplied. Returns what the norm has made.
pub(super) fn choose(plan: &mut Plan, model: &Architecture, setup: Setup, x: u64, heads: u64, vocab: u64) -> Input {
    let d = model.d_model;
    let mut h = Input::new(norm(plan, model, if heads == 0 { setup.tokens } else { heads }, x), d);
    let logits = match heads {
        0 => return h,
        1 => plan.gemv(Role::Head, setup.weights, vocab, &mut h),
        _ => plan.matmul(Role::Head, setup.weights, heads, vocab, &mut h),
    };
    let bias = if model.head_bias { plan.vector(vocab) } else { 0 };
    for token in 0..heads {
        let row = logits + 4 * token * vocab;
        if model.head_bias {
            plan.add(vocab, row, bias, row);
        }
        let work = formula("argmax_f32", &[vocab]);
        plan.kernel(Role::Sampling, "argmax_f32", vocab.to_string(), &[vocab, row], 0.0, work);
    }
    h
}
