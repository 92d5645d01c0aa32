//! Parameters and the work of a decoded token, by formula.

use super::architecture::{Architecture, Ffn, Kind};

/// Buckets of T5's relative bias.
pub const T5_BUCKETS: u64 = 32;

impl Architecture {
    /// All parameters. A tied head counts once.
    pub fn parameters(&self) -> u64 {
        let (d, layers) = (self.d_model, self.layers);
        let norm = d * (1 + u64::from(self.norm_bias));
        let embeddings = if self.tied { 1 } else { 2 } * self.vocab * d;
        match self.kind {
            Kind::Decoder => {
                let layer = self.layer_weights() + self.layer_biases() + self.norms * norm;
                let around = (1 + u64::from(self.embedding_norm)) * norm + u64::from(self.head_bias) * self.vocab;
                embeddings + layers * layer + around
            }
            Kind::EncoderDecoder => {
                let q = self.query_width();
                let decoder = self.layer_weights() + 2 * d * q + 3 * norm;
                let encoder = self.layer_weights() - 2 * d * q + 2 * norm;
                embeddings + layers * decoder + self.encoder_layers * encoder + 2 * norm + 2 * T5_BUCKETS * self.heads
            }
            // Beside matrices and two norms a layer has decay, bonus and five mixes; the first one a norm more.
            Kind::Rwkv => embeddings + layers * (self.layer_weights() + 2 * norm + 7 * d) + 2 * norm,
        }
    }

    /// Weights of the matrices that one layer multiplies a decoded token with. (T5: those of cross attention for keys and
    /// values met the prompt only.)
    pub fn layer_weights(&self) -> u64 {
        let (d, q, kv) = (self.d_model, self.query_width(), self.kv_width());
        let ffn = d * self.d_ff * if self.ffn.gated() { 3 } else { 2 };
        match self.kind {
            Kind::Decoder => 2 * d * q + 2 * d * kv + ffn,
            Kind::EncoderDecoder => 2 * d * q + 2 * d * kv + 2 * d * q + ffn,
            Kind::Rwkv => 5 * d * d + ffn,
        }
    }

    fn layer_biases(&self) -> u64 {
        let of = |present: bool, count: u64| if present { count } else { 0 };
        let ups = if self.ffn.gated() { 2 } else { 1 };
        of(self.qkv_bias, self.query_width() + 2 * self.kv_width())
            + of(self.out_bias, self.d_model)
            + of(self.mlp_bias, ups * self.d_ff + self.d_model)
    }

    /// Weights that a decoded token is multiplied with, the head included.
    pub fn decode_weights(&self) -> u64 {
        self.layers * self.layer_weights() + self.vocab * self.d_model
    }

    /// Operations of attention for each position in the cache, all layers.
    pub fn attention_flop_per_position(&self) -> u64 {
        4 * self.query_width() * self.layers
    }

    /// Keys and values of one position, all layers.
    pub fn kv_elements_per_position(&self) -> u64 {
        2 * self.kv_width() * self.layers
    }

    /// Numbers that RWKV carries from token to token.
    pub fn state_elements(&self) -> u64 {
        if self.kind == Kind::Rwkv { 5 * self.d_model * self.layers } else { 0 }
    }

    /// The activation as reports name it.
    pub fn ffn_name(&self) -> &'static str {
        match self.ffn {
            Ffn::Swiglu => "SwiGLU",
            Ffn::Geglu => "GeGLU",
            Ffn::GeluTanh => "GELU (tanh)",
            Ffn::GeluErf => "GELU (erf)",
            Ffn::Relu2 => "relu^2",
        }
    }
}
