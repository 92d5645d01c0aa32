//! The shapes of a model: one row of the table, with the same names in a TOML file.

use serde::Deserialize;

/// What a model is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A decoder with attention.
    Decoder,
    /// T5: encoder, and decoder with cross attention.
    EncoderDecoder,
    /// RWKV-4: recurrence in place of attention.
    Rwkv,
}

/// The feed-forward part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ffn {
    /// down(silu(gate) * up)
    Swiglu,
    /// down(gelu_tanh(gate) * up)
    Geglu,
    /// down(gelu(up)), by the hyperbolic tangent
    GeluTanh,
    /// down(gelu(up)), exact
    GeluErf,
    /// down(relu(up)^2)
    Relu2,
}

impl Ffn {
    /// Whether a gate multiplies.
    pub fn gated(self) -> bool {
        matches!(self, Ffn::Swiglu | Ffn::Geglu)
    }
}

/// The normalisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Norm {
    /// By the root of the mean square.
    RmsNorm,
    /// By mean and variance.
    LayerNorm,
}

/// How positions enter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Positions {
    /// Rotated pairs.
    Rope,
    /// Both halves of a head rotated, each by a position of its own.
    #[serde(rename = "rope-2d")]
    Rope2d,
    /// A slope a head.
    Alibi,
    /// Relative biases in buckets.
    T5,
    /// Not at all, or by decay.
    None,
}

/// Which elements of a head are a pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pairs {
    /// i and i + rotary / 2
    #[default]
    Half,
    /// 2 i and 2 i + 1
    Interleaved,
}

/// The shapes of a model.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// The word on the command line.
    #[serde(default)]
    pub id: String,
    /// The name as it is written.
    #[serde(default)]
    pub name: String,
    /// What it is made of.
    pub kind: Kind,
    /// Layers, of the decoder where there is an encoder.
    pub layers: u64,
    /// Layers of the encoder.
    #[serde(default)]
    pub encoder_layers: u64,
    /// Elements of the hidden state.
    pub d_model: u64,
    /// Query heads; 0 without attention.
    #[serde(default)]
    pub heads: u64,
    /// Key and value heads.
    #[serde(default)]
    pub kv_heads: u64,
    /// Elements of a head.
    #[serde(default)]
    pub head_dim: u64,
    /// Elements between the matrices of the feed-forward part.
    pub d_ff: u64,
    /// The feed-forward part.
    pub ffn: Ffn,
    /// The normalisation.
    pub norm: Norm,
    /// Normalisations of a layer.
    pub norms: u64,
    /// Whether they add a bias.
    #[serde(default)]
    pub norm_bias: bool,
    /// How positions enter.
    pub positions: Positions,
    /// Rotated elements of a head.
    #[serde(default)]
    pub rotary: u64,
    /// Which of them are a pair.
    #[serde(default)]
    pub rope: Pairs,
    /// Attention and feed-forward part side by side.
    #[serde(default)]
    pub parallel: bool,
    /// The prompt sees all of itself.
    #[serde(default)]
    pub prefix: bool,
    /// Biases of the query, key and value projections.
    #[serde(default)]
    pub qkv_bias: bool,
    /// Bias of the projection behind attention.
    #[serde(default)]
    pub out_bias: bool,
    /// Biases of the feed-forward part.
    #[serde(default)]
    pub mlp_bias: bool,
    /// Bias of the head.
    #[serde(default)]
    pub head_bias: bool,
    /// A normalisation behind the embedding.
    #[serde(default)]
    pub embedding_norm: bool,
    /// The head is the embedding.
    #[serde(default)]
    pub tied: bool,
    /// Entries of the vocabulary.
    pub vocab: u64,
    /// Positions that it was made for.
    pub context: u64,
}

impl Architecture {
    /// Reads a TOML file's text; `file` is its name in messages.
    ///
    /// # Errors
    /// What is wrong and where, as one line.
    pub fn from_toml(file: &str, text: &str) -> Result<Architecture, String> {
        let mut architecture: Architecture = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| text[..span.start].matches('\n').count() + 1);
            let what = error.message().lines().collect::<Vec<_>>().join("; ");
            format!("{file}:{line}: {what}")
        })?;
        architecture.name_after(file);
        architecture.validate().map_err(|what| format!("{file}: {what}"))?;
        Ok(architecture)
    }

    /// Gives a model without a name that of its file.
    pub(super) fn name_after(&mut self, file: &str) {
        let stem = std::path::Path::new(file).file_stem().map_or(file.into(), |stem| stem.to_string_lossy());
        if self.id.is_empty() {
            self.id = stem.into_owned();
        }
        if self.name.is_empty() {
            self.name = self.id.clone();
        }
    }

    /// Elements of all query heads.
    pub fn query_width(&self) -> u64 {
        self.heads * self.head_dim
    }

    /// Elements of all key heads.
    pub fn kv_width(&self) -> u64 {
        self.kv_heads * self.head_dim
    }

    /// Whether the sizes go together.
    pub(super) fn validate(&self) -> Result<(), String> {
        let attention = self.kind != Kind::Rwkv;
        let rotates = matches!(self.positions, Positions::Rope | Positions::Rope2d);
        let sizes = [
            ("layers", self.layers, 1, 4096),
            ("encoder_layers", self.encoder_layers, u64::from(self.kind == Kind::EncoderDecoder), 4096),
            ("d_model", self.d_model, 1, 1 << 17),
            ("d_ff", self.d_ff, 1, 1 << 17),
            ("heads", self.heads, u64::from(attention), 4096),
            ("kv_heads", self.kv_heads, u64::from(attention), 4096),
            ("head_dim", self.head_dim, u64::from(attention), 4096),
            ("rotary", self.rotary, u64::from(rotates), 4096),
            ("norms", self.norms, 1, 2),
            ("vocab", self.vocab, 1, 1 << 24),
            ("context", self.context, 1, 1 << 24),
        ];
        if let Some((key, value, low, high)) = sizes.iter().find(|(_, value, low, high)| !(low..=high).contains(&value))
        {
            return Err(format!("{key} = {value} is not between {low} and {high}"));
        }
        if attention && !self.heads.is_multiple_of(self.kv_heads) {
            return Err(format!("heads = {} is no multiple of kv_heads = {}", self.heads, self.kv_heads));
        }
        if self.query_width() > 1 << 17 {
            return Err(format!("heads * head_dim = {} is above {}", self.query_width(), 1 << 17));
        }
        if rotates && (self.rotary > self.head_dim || self.rotary % 2 == 1) {
            return Err(format!("rotary = {} is no even number up to head_dim = {}", self.rotary, self.head_dim));
        }
        if self.positions == Positions::Rope2d && !self.head_dim.is_multiple_of(4) {
            return Err(format!("head_dim = {} is no multiple of 4, as rope-2d needs it", self.head_dim));
        }
        if self.kind == Kind::Rwkv && (self.ffn != Ffn::Relu2 || self.norm != Norm::LayerNorm) {
            return Err("a model of kind rwkv has ffn = \"relu2\" and norm = \"layernorm\"".to_string());
        }
        if self.kind != Kind::EncoderDecoder && (self.positions == Positions::T5 || self.encoder_layers > 0) {
            return Err("positions = \"t5\" and encoder_layers belong to kind = \"encoder-decoder\"".to_string());
        }
        if self.kind == Kind::EncoderDecoder && (self.positions != Positions::T5 || !self.ffn.gated() || self.parallel)
        {
            return Err(
                "an encoder-decoder is modelled as T5 v1.1: positions = \"t5\", a gated ffn, not parallel".to_string()
            );
        }
        Ok(())
    }
}
