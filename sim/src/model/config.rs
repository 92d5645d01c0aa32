//! Models by the `config.json` that they are published with.

use serde_json::{Map, Value};

use super::architecture::{Architecture, Ffn, Kind, Norm, Pairs, Positions};

/// The values of `model_type` that are understood.
const TYPES: &str = "llama, gpt_neox, falcon, mpt, bloom, chatglm, gptj, codegen, moss, t5, rwkv";

/// Reads the text of such a file; `file` is its name in messages.
///
/// # Errors
/// What is wrong, as one line.
pub fn read(file: &str, text: &str) -> Result<Architecture, String> {
    let parsed: Value = serde_json::from_str(text).map_err(|error| format!("{file}: {error}"))?;
    let named = |what: String| format!("{file}: {what}");
    let Value::Object(map) = parsed else { return Err(named("no JSON object".to_string())) };
    let config = Config(map);
    let mut architecture = config.architecture().map_err(named)?;
    architecture.name_after(file);
    architecture.validate().map_err(named)?;
    Ok(architecture)
}

struct Config(Map<String, Value>);

impl Config {
    /// The first of these keys that is there and not null.
    fn find(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().filter_map(|key| self.0.get(*key)).find(|value| !value.is_null())
    }

    fn optional(&self, keys: &[&str]) -> Result<Option<u64>, String> {
        let read = |value: &Value| value.as_u64().ok_or_else(|| format!("{} is no whole number", keys.join(" or ")));
        self.find(keys).map(read).transpose()
    }

    fn number(&self, keys: &[&str]) -> Result<u64, String> {
        self.optional(keys)?.ok_or_else(|| format!("{} is missing", keys.join(" or ")))
    }

    fn flag(&self, key: &str, default: bool) -> Result<bool, String> {
        match self.find(&[key]) {
            None => Ok(default),
            Some(value) => value.as_bool().ok_or_else(|| format!("{key} is neither true nor false")),
        }
    }

    fn text(&self, key: &str) -> &str {
        self.find(&[key]).and_then(Value::as_str).unwrap_or_default()
    }

    fn architecture(&self) -> Result<Architecture, String> {
        let read = match self.text("model_type") {
            "llama" => Config::llama,
            "gpt_neox" => Config::gpt_neox,
            "falcon" | "RefinedWeb" | "RefinedWebModel" => Config::falcon,
            "mpt" => Config::mpt,
            "bloom" => Config::bloom,
            "chatglm" => Config::chatglm,
            "gptj" | "codegen" | "moss" => Config::gptj,
            "t5" => Config::t5,
            "rwkv" => Config::rwkv,
            "" => return Err(format!("model_type is missing; it is one of {TYPES}")),
            other => return Err(format!("model_type `{other}` is not modelled; those that are: {TYPES}")),
        };
        read(self)
    }

    /// The sizes that most configurations name alike, and no biases.
    fn common(&self) -> Result<Architecture, String> {
        let d_model = self.number(&["hidden_size", "n_embed", "n_embd", "d_model"])?;
        let heads = self.number(&["num_attention_heads", "n_head", "n_heads", "num_heads"])?;
        if heads == 0 {
            return Err("the number of heads is 0".to_string());
        }
        // Some say how wide a head is; of the others it is a share of the hidden state.
        let width = match self.text("model_type") {
            "llama" => &["head_dim"],
            "chatglm" => &["kv_channels"],
            "t5" => &["d_kv"],
            _ => &[][..],
        };
        if !d_model.is_multiple_of(heads) && self.find(width).is_none() {
            let or_name = if width.is_empty() { String::new() } else { format!(", and {} is missing", width[0]) };
            return Err(format!("the hidden size {d_model} is no multiple of the {heads} heads{or_name}"));
        }
        Ok(Architecture {
            id: String::new(),
            name: self.text("_name_or_path").to_string(),
            kind: Kind::Decoder,
            layers: self.number(&["num_hidden_layers", "n_layer", "n_layers", "num_layers"])?,
            encoder_layers: 0,
            d_model,
            heads,
            kv_heads: heads,
            head_dim: d_model / heads,
            // One that is too large is refused with the others.
            d_ff: d_model.saturating_mul(4),
            ffn: Ffn::GeluTanh,
            norm: Norm::LayerNorm,
            norms: 2,
            norm_bias: true,
            positions: Positions::Rope,
            rotary: d_model / heads,
            rope: Pairs::Half,
            parallel: false,
            prefix: false,
            qkv_bias: false,
            out_bias: false,
            mlp_bias: false,
            head_bias: false,
            embedding_norm: false,
            tied: self.flag("tie_word_embeddings", false)?,
            vocab: self.number(&["padded_vocab_size", "vocab_size"])?,
            context: self
                .optional(&[
                    "max_position_embeddings",
                    "n_positions",
                    "max_seq_len",
                    "seq_length",
                    "max_sequence_length",
                ])?
                .unwrap_or(2048),
        })
    }

    /// The activation of those that leave a choice.
    fn gelu(&self, key: &str, default: Ffn) -> Result<Ffn, String> {
        match self.text(key) {
            "" => Ok(default),
            "gelu" => Ok(Ffn::GeluErf),
            "gelu_new" | "gelu_fast" | "gelu_pytorch_tanh" => Ok(Ffn::GeluTanh),
            other => Err(format!("{key} = `{other}` is not modelled; gelu and gelu_new are")),
        }
    }

    fn llama(&self) -> Result<Architecture, String> {
        let base = self.common()?;
        if !matches!(self.text("hidden_act"), "" | "silu" | "swish") {
            return Err(format!("hidden_act = `{}` is not modelled for llama; silu is", self.text("hidden_act")));
        }
        let head_dim = self.optional(&["head_dim"])?.unwrap_or(base.head_dim);
        let bias = self.flag("attention_bias", false)?;
        Ok(Architecture {
            kv_heads: self.optional(&["num_key_value_heads"])?.unwrap_or(base.heads),
            head_dim,
            rotary: head_dim,
            d_ff: self.number(&["intermediate_size"])?,
            ffn: Ffn::Swiglu,
            norm: Norm::RmsNorm,
            norm_bias: false,
            qkv_bias: bias,
            out_bias: bias,
            mlp_bias: self.flag("mlp_bias", false)?,
            ..base
        })
    }

    fn gpt_neox(&self) -> Result<Architecture, String> {
        let base = self.common()?;
        let part = self.find(&["rotary_pct"]).map_or(Some(0.25), Value::as_f64).ok_or("rotary_pct is no number")?;
        let bias = self.flag("attention_bias", true)?;
        Ok(Architecture {
            d_ff: self.number(&["intermediate_size"])?,
            ffn: self.gelu("hidden_act", Ffn::GeluErf)?,
            rotary: (base.head_dim as f64 * part) as u64,
            parallel: self.flag("use_parallel_residual", true)?,
            qkv_bias: bias,
            out_bias: bias,
            mlp_bias: true,
            ..base
        })
    }

    fn falcon(&self) -> Result<Architecture, String> {
        let base = self.common()?;
        let new = self.flag("new_decoder_architecture", false)?;
        let parallel = new || self.flag("parallel_attn", true)?;
        let bias = self.flag("bias", false)?;
        let alibi = self.flag("alibi", false)?;
        let kv_heads = match (new, self.flag("multi_query", true)?) {
            (true, _) => self.number(&["num_kv_heads", "n_head_kv"])?,
            (false, true) => 1,
            (false, false) => base.heads,
        };
        Ok(Architecture {
            kv_heads,
            d_ff: self.optional(&["ffn_hidden_size"])?.unwrap_or(base.d_ff),
            ffn: self.gelu("activation", Ffn::GeluErf)?,
            norms: if parallel && !new { 1 } else { 2 },
            positions: if alibi { Positions::Alibi } else { Positions::Rope },
            rotary: if alibi { 0 } else { base.rotary },
            parallel,
            qkv_bias: bias,
            out_bias: bias,
            mlp_bias: bias,
            tied: self.flag("tie_word_embeddings", true)?,
            ..base
        })
    }

    fn mpt(&self) -> Result<Architecture, String> {
        let base = self.common()?;
        let attention = self.0.get("attn_config").and_then(Value::as_object);
        if attention.and_then(|attention| attention.get("alibi")).and_then(Value::as_bool) != Some(true) {
            return Err("attn_config.alibi is not true: learned positions are not modelled".to_string());
        }
        let bias = !self.flag("no_bias", true)?;
        let ratio = self.optional(&["expansion_ratio"])?.unwrap_or(4);
        let d_ff = ratio.checked_mul(base.d_model);
        let d_ff = d_ff.ok_or_else(|| format!("expansion_ratio = {ratio} is too large"))?;
        Ok(Architecture {
            d_ff,
            ffn: Ffn::GeluErf,
            norm_bias: bias,
            positions: Positions::Alibi,
            rotary: 0,
            qkv_bias: bias,
            out_bias: bias,
            mlp_bias: bias,
            tied: self.flag("tie_word_embeddings", true)?,
            ..base
        })
    }

    fn bloom(&self) -> Result<Architecture, String> {
        Ok(Architecture {
            positions: Positions::Alibi,
            rotary: 0,
            qkv_bias: true,
            out_bias: true,
            mlp_bias: true,
            embedding_norm: true,
            tied: self.flag("tie_word_embeddings", true)?,
            ..self.common()?
        })
    }

    /// ChatGLM-6B has positions in two dimensions, ChatGLM2 groups of keys.
    fn chatglm(&self) -> Result<Architecture, String> {
        let base = self.common()?;
        if self.flag("position_encoding_2d", false)? {
            return Ok(Architecture {
                d_ff: self.optional(&["inner_hidden_size"])?.unwrap_or(base.d_ff),
                positions: Positions::Rope2d,
                prefix: true,
                qkv_bias: true,
                out_bias: true,
                mlp_bias: true,
                tied: self.flag("tie_word_embeddings", true)?,
                ..base
            });
        }
        let head_dim = self.optional(&["kv_channels"])?.unwrap_or(base.head_dim);
        let bias = self.flag("add_bias_linear", false)?;
        let rms = self.flag("rmsnorm", true)?;
        let groups = self.flag("multi_query_attention", true)?;
        Ok(Architecture {
            kv_heads: if groups { self.number(&["multi_query_group_num"])? } else { base.heads },
            head_dim,
            rotary: head_dim / 2,
            rope: Pairs::Interleaved,
            d_ff: self.number(&["ffn_hidden_size"])?,
            ffn: Ffn::Swiglu,
            norm: if rms { Norm::RmsNorm } else { Norm::LayerNorm },
            norm_bias: !rms,
            qkv_bias: bias || self.flag("add_qkv_bias", true)?,
            out_bias: bias,
            mlp_bias: bias,
            ..base
        })
    }

    fn gptj(&self) -> Result<Architecture, String> {
        let base = self.common()?;
        Ok(Architecture {
            d_ff: self.optional(&["n_inner"])?.unwrap_or(base.d_ff),
            ffn: self.gelu("activation_function", Ffn::GeluTanh)?,
            norms: 1,
            rotary: self.optional(&["rotary_dim"])?.unwrap_or(64),
            rope: Pairs::Interleaved,
            parallel: true,
            mlp_bias: true,
            head_bias: true,
            ..base
        })
    }

    fn t5(&self) -> Result<Architecture, String> {
        let base = self.common()?;
        match self.text("feed_forward_proj") {
            "gated-gelu" => {}
            other => return Err(format!("feed_forward_proj = `{other}` is not modelled; gated-gelu (T5 v1.1) is")),
        }
        let encoder_layers = self.number(&["num_layers"])?;
        Ok(Architecture {
            kind: Kind::EncoderDecoder,
            layers: self.optional(&["num_decoder_layers"])?.unwrap_or(encoder_layers),
            encoder_layers,
            head_dim: self.number(&["d_kv"])?,
            d_ff: self.number(&["d_ff"])?,
            ffn: Ffn::Geglu,
            norm: Norm::RmsNorm,
            norm_bias: false,
            positions: Positions::T5,
            rotary: 0,
            tied: self.flag("tie_word_embeddings", true)?,
            ..base
        })
    }

    fn rwkv(&self) -> Result<Architecture, String> {
        // It has no heads; those of `common` would be missing.
        let mut with_heads = self.0.clone();
        with_heads.insert("num_attention_heads".to_string(), Value::from(1));
        let base = Config(with_heads).common()?;
        Ok(Architecture {
            kind: Kind::Rwkv,
            heads: 0,
            kv_heads: 0,
            head_dim: 0,
            d_ff: self.optional(&["intermediate_size"])?.unwrap_or(base.d_ff),
            ffn: Ffn::Relu2,
            positions: Positions::None,
            rotary: 0,
            context: self.optional(&["context_length"])?.unwrap_or(1024),
            ..base
        })
    }
}
