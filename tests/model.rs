//! Whole language models: shapes and formulas against published figures, composed totals against complete simulations.

use std::collections::HashMap;
use std::sync::Arc;

use rvtile_sim::machine::Machine;
use rvtile_sim::model::architecture::Positions;
use rvtile_sim::model::job::{Done, Job};
use rvtile_sim::model::step::{Piece, answer};
use rvtile_sim::model::{Architecture, Extension, Extensions, Format, KvFormat, Phase, Question, Step, config, zoo};
use rvtile_tests::machine;

/// The figures of each model, see `tests/data/README.md`.
fn figures() -> Vec<(String, [u64; 4])> {
    let text = include_str!("data/model_parameters.csv");
    let rows = text.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        (fields[0].to_string(), std::array::from_fn(|i| fields[i + 1].parse().unwrap()))
    });
    rows.collect()
}

#[test]
fn formulas_give_the_figures_of_every_model() {
    let (models, figures) = (zoo::all(), figures());
    assert_eq!(models.len(), 46);
    let ids = |of: &mut dyn Iterator<Item = String>| of.collect::<Vec<_>>();
    assert_eq!(ids(&mut models.iter().map(|m| m.id.clone())), ids(&mut figures.iter().map(|(id, _)| id.clone())));
    for (model, (id, figures)) in models.iter().zip(figures) {
        let f16 = 2 * model.kv_elements_per_position();
        let got = [model.parameters(), model.decode_weights(), model.attention_flop_per_position(), f16];
        assert_eq!(got, figures, "{id}");
    }
}

#[test]
fn names_are_found_as_people_write_them_and_closed_models_are_refused() {
    for name in ["llama-2-7b", "LLaMA-2-7B", "Llama-2-7B(-chat)", "llama_2_7b"] {
        assert_eq!(zoo::load(name).unwrap().id, "llama-2-7b");
    }
    for (name, why) in [
        ("GPT-4", "not published"),
        ("claude-2", "not published"),
        ("PaLM-Chat-Bison-001", "not published"),
        ("midjourney", "images"),
        ("llama-2-8b", "near: llama-2-"),
        ("no/such.toml", "no/such.toml"),
    ] {
        let error = zoo::load(name).unwrap_err();
        assert!(error.contains(why) && error.lines().count() == 1, "{name}: {error}");
    }
}

#[test]
fn a_toml_has_the_columns_of_the_table() {
    let text = "kind = \"decoder\"\nlayers = 5\nd_model = 64\nheads = 8\nkv_heads = 4\nhead_dim = 8\nd_ff = 172\n\
                ffn = \"swiglu\"\nnorm = \"rmsnorm\"\nnorms = 2\npositions = \"rope\"\nrotary = 8\ntied = true\n\
                vocab = 512\ncontext = 512\n";
    let model = Architecture::from_toml("dir/small.toml", text).unwrap();
    assert_eq!((model.id.as_str(), model.name.as_str()), ("small", "small"));
    // stories260K of the llama2.c project, counted there.
    assert_eq!(model.parameters(), 259_904 + 128);
    for (from, to, words) in [
        ("kv_heads = 4", "kv_heads = 3", "small.toml: heads = 8 is no multiple of kv_heads = 3"),
        ("layers = 5", "layers = 0", "layers = 0"),
        ("d_ff = 172", "d_f = 172", "small.toml:7: unknown field `d_f`"),
        ("ffn = \"swiglu\"", "ffn = \"swish\"", "small.toml:8: unknown variant `swish`"),
        ("rotary = 8", "rotary = 9", "rotary = 9"),
        ("layers = 5\n", "", "missing field `layers`"),
    ] {
        let error = Architecture::from_toml("small.toml", &text.replace(from, to)).unwrap_err();
        assert!(error.contains(words) && error.lines().count() == 1, "{error}");
    }
}

#[test]
fn configurations_give_the_rows_of_the_table() {
    let cases = [
        (
            "llama-2-70b",
            r#"{"model_type": "llama", "hidden_size": 8192, "intermediate_size": 28672, "num_hidden_layers": 80,
                "num_attention_heads": 64, "num_key_value_heads": 8, "vocab_size": 32000, "hidden_act": "silu",
                "max_position_embeddings": 4096, "tie_word_embeddings": false}"#,
        ),
        (
            "pythia-12b",
            r#"{"model_type": "gpt_neox", "hidden_size": 5120, "intermediate_size": 20480, "num_hidden_layers": 36,
                "num_attention_heads": 40, "rotary_pct": 0.25, "use_parallel_residual": true, "hidden_act": "gelu",
                "vocab_size": 50688, "max_position_embeddings": 2048, "tie_word_embeddings": false}"#,
        ),
        (
            "falcon-40b-instruct",
            r#"{"model_type": "falcon", "hidden_size": 8192, "num_hidden_layers": 60, "num_attention_heads": 128,
                "num_kv_heads": 8, "new_decoder_architecture": true, "bias": false, "alibi": false, "vocab_size": 65024}"#,
        ),
        (
            "mpt-30b-chat",
            r#"{"model_type": "mpt", "d_model": 7168, "n_layers": 48, "n_heads": 64, "expansion_ratio": 4,
                "max_seq_len": 8192, "vocab_size": 50432, "attn_config": {"alibi": true}, "no_bias": true}"#,
        ),
        (
            "tigerbot-7b-v1",
            r#"{"model_type": "bloom", "n_embed": 4096, "n_layer": 30, "num_attention_heads": 32, "vocab_size": 250880,
                "seq_length": 2048}"#,
        ),
        (
            "chatglm-6b",
            r#"{"model_type": "chatglm", "hidden_size": 4096, "inner_hidden_size": 16384, "num_layers": 28,
                "num_attention_heads": 32, "position_encoding_2d": true, "vocab_size": 130528,
                "max_sequence_length": 2048}"#,
        ),
        (
            "chatglm2-6b",
            r#"{"model_type": "chatglm", "hidden_size": 4096, "ffn_hidden_size": 13696, "num_layers": 28,
                "num_attention_heads": 32, "multi_query_attention": true, "multi_query_group_num": 2, "kv_channels": 128,
                "padded_vocab_size": 65024, "seq_length": 32768, "add_qkv_bias": true, "rmsnorm": true}"#,
        ),
        (
            "moss-moon-003",
            r#"{"model_type": "moss", "n_embd": 6144, "n_layer": 34, "n_head": 24, "n_inner": null, "rotary_dim": 64,
                "activation_function": "gelu_new", "vocab_size": 107008, "n_positions": 2048}"#,
        ),
        (
            "fastchat-t5-3b",
            r#"{"model_type": "t5", "d_model": 2048, "num_layers": 24, "num_decoder_layers": 24, "num_heads": 32,
                "d_kv": 64, "d_ff": 5120, "feed_forward_proj": "gated-gelu", "vocab_size": 32128,
                "tie_word_embeddings": false, "n_positions": 2048}"#,
        ),
        (
            "rwkv-4-raven-14b",
            r#"{"model_type": "rwkv", "hidden_size": 5120, "num_hidden_layers": 40, "intermediate_size": 20480,
                "vocab_size": 50277, "context_length": 8192}"#,
        ),
    ];
    for (id, text) in cases {
        let want = zoo::load(id).unwrap();
        let got = config::read("config.json", text).unwrap();
        assert_eq!(Architecture { id: want.id.clone(), name: want.name.clone(), ..got }, want);
    }
    for (text, words) in [
        ("{", "config.json: EOF"),
        ("[]", "no JSON object"),
        ("{}", "model_type is missing"),
        (r#"{"model_type": "bert"}"#, "`bert` is not modelled"),
        (r#"{"model_type": "llama", "hidden_size": "big"}"#, "hidden_size"),
        (r#"{"model_type": "llama", "hidden_size": 64}"#, "is missing"),
        (r#"{"model_type": "llama", "hidden_size": 64, "num_attention_heads": 0}"#, "heads is 0"),
    ] {
        let error = config::read("config.json", text).unwrap_err();
        assert!(error.contains(words) && error.lines().count() == 1, "{error}");
    }
}

/// Models of each kind whose weights are some megabytes.
fn small(kind: &str) -> Architecture {
    let common = "vocab = 1000\ncontext = 256\nlayers = 6\nd_model = 192\nd_ff = 512\n";
    let attention = "heads = 6\nkv_heads = 3\nhead_dim = 32\n";
    let special = match kind {
        "llama" => {
            "kind = \"decoder\"\nffn = \"swiglu\"\nnorm = \"rmsnorm\"\nnorms = 2\npositions = \"rope\"\nrotary = 32\n"
        }
        "neox" => {
            "kind = \"decoder\"\nffn = \"gelu-erf\"\nnorm = \"layernorm\"\nnorms = 2\nnorm_bias = true\npositions = \"rope\"\n\
             rotary = 8\nparallel = true\nqkv_bias = true\nout_bias = true\nmlp_bias = true\n"
        }
        "mpt" => "kind = \"decoder\"\nffn = \"gelu-erf\"\nnorm = \"layernorm\"\nnorms = 2\npositions = \"alibi\"\n",
        "t5" => {
            "kind = \"encoder-decoder\"\nencoder_layers = 6\nffn = \"geglu\"\nnorm = \"rmsnorm\"\nnorms = 2\n\
             positions = \"t5\"\n"
        }
        _ => {
            "kind = \"rwkv\"\nffn = \"relu2\"\nnorm = \"layernorm\"\nnorms = 2\nnorm_bias = true\npositions = \"none\"\n"
        }
    };
    let attention = if kind == "rwkv" { "" } else { attention };
    Architecture::from_toml(kind, &format!("{common}{attention}{special}")).unwrap()
}

fn question(model: Architecture, weights: Format, phase: Phase, context: u64) -> Question {
    Question { model, weights, ext: Extensions::NONE, kv: KvFormat::F16, phase, context, batch: 1 }
}

/// Runs the pieces of a step and adds them up.
fn step(question: &Question, pieces: &[Piece], machine: &Arc<Machine>) -> Step {
    let done: HashMap<&Job, Done> = pieces.iter().map(|piece| (&piece.job, piece.job.run(machine).unwrap())).collect();
    Step::compose(question.clone(), pieces, |job| &done[job], machine, 1)
}

/// A machine whose caches hold little of the small models, as those of a chip hold little of a large one. The L1D, which vector loads do not
/// fill, would otherwise keep what scalar code has read of all their layers until the next step; its ways are many, so that little depends on where layers
/// lie.
fn little_cache() -> Arc<Machine> {
    machine(&[
        ("memory.l3.size", "256 KiB"),
        ("memory.l2.size", "32 KiB"),
        ("memory.l1d.size", "4 KiB"),
        ("memory.l1d.ways", "8"),
    ])
}

#[test]
fn composed_steps_agree_with_complete_simulations() {
    let machine = little_cache();
    for (kind, weights, ext) in [
        ("llama", Format::Q8_0, Extension::None),
        ("llama", Format::F32, Extension::None),
        ("neox", Format::Q4_0, Extension::None),
        ("t5", Format::Q8_0, Extension::None),
        ("rwkv", Format::Q8_0, Extension::None),
        ("llama", Format::Int8, Extension::Qoq),
        ("llama", Format::Int8, Extension::Ime),
        ("llama", Format::Int8, Extension::Xsfmm),
        ("llama", Format::Bf16, Extension::XsfmmBf16),
    ] {
        let question = Question { ext: ext.into(), ..question(small(kind), weights, Phase::Decode, 64) };
        let composed = step(&question, &question.composed(), &machine);
        let complete = step(&question, &[question.whole(true)], &machine);
        let ratio = composed.cycles() / complete.cycles();
        let what = format!("{kind} {} {}", weights.name(), ext.name());
        println!("{what}: composed / complete = {ratio}");
        assert!((ratio - 1.0).abs() < 0.02, "{what}: composed / complete = {ratio}");
        assert!(composed.agreement.unwrap() < 0.02, "{kind}: second layer {:?}", composed.agreement);
        assert!(complete.whole && !composed.whole);
    }
}

/// All layers of a prompt in one program, every head read from rows of all heads, against what is measured apart.
#[test]
fn composed_prompts_agree_with_complete_simulations() {
    let machine = little_cache();
    for (kind, weights, ext, tokens) in [
        ("llama", Format::F32, "none", 64),
        ("llama", Format::Q4_0, "none", 64),
        ("llama", Format::Int8, "xsfvqmaccqoq", 64),
        ("llama", Format::Int8, "xsfmm32a8i+xsfvfwmaccqqq", 100),
        ("neox", Format::Q8_0, "none", 64),
        ("neox", Format::F16, "none", 64),
        ("mpt", Format::Int8, "none", 64),
        ("mpt", Format::Bf16, "xsfvfwmaccqqq", 64),
        ("t5", Format::Q8_0, "none", 64),
        ("rwkv", Format::Q8_0, "none", 64),
        ("llama", Format::Int8, "xsmtvdot", 150),
        ("llama", Format::Q8_0, "none+xsfvfwmaccqqq", 37),
        ("mpt", Format::F32, "none", 130),
        ("neox", Format::Bf16, "xsfmm32a16f", 90),
        ("neox", Format::Bf16, "none", 48),
    ] {
        let ext: Extensions = ext.parse().unwrap();
        let question = Question { ext, ..question(small(kind), weights, Phase::Prefill, tokens) };
        let composed = step(&question, &question.pieces(&machine), &machine);
        let what = format!("{kind} {} {ext} {tokens}", weights.name());
        let complete = step(&question, &[question.whole(true)], &machine);
        let ratio = composed.cycles() / complete.cycles();
        println!("{what}: composed / complete = {ratio}");
        assert!((ratio - 1.0).abs() < 0.02, "{what}: composed / complete = {ratio}");
        assert!(complete.whole && !composed.whole);
    }
}

#[test]
fn no_step_is_faster_than_memory_or_arithmetic_allow() {
    let machine = little_cache();
    let combinations =
        Extension::ALL.into_iter().flat_map(|ext| ext.formats().iter().map(move |weights| (ext, *weights)));
    for (ext, weights) in combinations {
        for phase in [Phase::Decode, Phase::Prefill] {
            let question = Question { ext: ext.into(), ..question(small("llama"), weights, phase, 48) };
            let pieces = if phase == Phase::Decode { question.composed() } else { question.pieces(&machine) };
            let step = step(&question, &pieces, &machine);
            let name = format!("{} {}", weights.name(), ext.name());
            assert!(step.compute_roof() <= step.cycles(), "{name} {phase:?}: beyond the peak");
            if phase == Phase::Decode {
                assert!(step.memory_roof() <= step.cycles(), "{name}: beyond the memory's bandwidth");
                assert!(step.dram_bytes() >= 0.95 * step.streamed(), "{name}: weights did not come from memory");
                assert_eq!(step.streamed() as u64, weights_and_cache(&question), "{name}");
            }
            let ledger: f64 = step.items.iter().flat_map(|item| item.cost.ledger).sum();
            assert!((ledger / step.cycles() - 1.0).abs() < 1e-9, "{name} {phase:?}: the ledger does not add up");
        }
    }
}

/// Bytes of the matrices that a token is multiplied with, and of its keys and values, by formula.
fn weights_and_cache(question: &Question) -> u64 {
    let model = &question.model;
    let matrices = [
        (model.query_width() + 2 * model.kv_width(), model.d_model, model.layers),
        (model.d_model, model.query_width(), model.layers),
        (2 * model.d_ff, model.d_model, model.layers),
        (model.d_model, model.d_ff, model.layers),
        (model.vocab, model.d_model, 1),
    ];
    let bytes = matrices.iter().map(|&(rows, columns, times)| times * question.weights.matrix_bytes(rows, columns));
    bytes.sum::<u64>() + question.cache_bytes()
}

#[test]
fn extrapolated_products_agree_with_complete_ones() {
    let machine = little_cache();
    for (weights, ext, tokens, rows) in [
        (Format::Q4_0, Extension::None, 40, 3000),
        (Format::Q8_0, Extension::None, 20, 2000),
        (Format::F32, Extension::None, 96, 1024),
        (Format::Bf16, Extension::None, 96, 2048),
        (Format::F16, Extension::None, 192, 1024),
        (Format::Int8, Extension::None, 96, 3000),
        (Format::Int8, Extension::Dod, 384, 3000),
        (Format::Int8, Extension::Qoq, 300, 3000),
        (Format::Int8, Extension::Qoq, 300, 3072),
        (Format::Int8, Extension::Ime, 600, 2000),
        (Format::Int8, Extension::Xsfmm, 300, 3000),
        (Format::Int8, Extension::Zvt, 384, 3072),
        (Format::Bf16, Extension::Qqq, 384, 3000),
        (Format::Bf16, Extension::XsfmmBf16, 300, 3000),
        (Format::Bf16, Extension::ZvtBf16, 384, 3072),
    ] {
        let product = |full| {
            let job = Job::Product { weights, ext, tokens, columns: 512, rows, full };
            let done = job.run(&machine).unwrap();
            assert_eq!(done.extrapolated, !full, "{} {}", weights.name(), ext.name());
            done.parts.iter().map(|(_, cost)| cost.cycles).sum::<f64>()
        };
        let ratio = product(false) / product(true);
        println!("{} {} {tokens} {rows}: extrapolated / complete = {ratio}", weights.name(), ext.name());
        assert!((ratio - 1.0).abs() < 0.05, "{} {}: extrapolated / complete = {ratio}", weights.name(), ext.name());
    }
}

/// What several products read is converted once: the queries', keys' and values' input, and that of gate and up.
#[test]
fn conversions_are_made_once_for_all_that_read_them() {
    let machine = machine(&[]);
    for (phase, tokens, heads) in [(Phase::Prefill, 48, 1), (Phase::Decode, 3, 3), (Phase::Decode, 1, 1)] {
        let batch = if phase == Phase::Decode { tokens } else { 1 };
        let question = Question { batch, ..question(small("llama"), Format::Int8, phase, 48) };
        let pieces = if phase == Phase::Decode { question.composed() } else { question.pieces(&machine) };
        let step = step(&question, &pieces, &machine);
        let calls: u64 = step.items.iter().filter(|item| item.part.kernel == "quantize_i8").map(|i| i.part.calls).sum();
        assert_eq!(calls, question.model.layers * 4 * tokens + heads, "{phase:?} {tokens}");
    }
}

/// Every kind of positions has its form, which is what the step is composed of; int8 extensions leave attention as it is.
#[test]
fn attention_of_a_prompt_uses_the_extension_that_has_it() {
    let machine = machine(&[]);
    let alibi = Architecture { positions: Positions::Alibi, ..small("llama") };
    let prefix = Architecture { prefix: true, ..small("llama") };
    for (model, kernel) in [
        (small("llama"), "attention_bf16_qqq"),
        (alibi, "attention_alibi_bf16_qqq"),
        (prefix, "attention_prefix_bf16_qqq"),
        (small("t5"), "attention_t5_bf16_qqq"),
    ] {
        let attention = |ext: Extension, weights| {
            let question = Question { ext: ext.into(), ..question(model.clone(), weights, Phase::Prefill, 128) };
            let pieces = question.pieces(&machine);
            let heads: Vec<Piece> = pieces.into_iter().filter(|piece| matches!(piece.job, Job::Heads { .. })).collect();
            let step = step(&question, &heads, &machine);
            let [item] = &step.items[..] else { panic!("{kernel}: {:?}", step.items) };
            (item.part.kernel, item.cost.cycles)
        };
        let (plain, cycles) = attention(Extension::None, Format::Bf16);
        assert_eq!(attention(Extension::Qoq, Format::Int8), (plain, cycles));
        let (form, fewer) = attention(Extension::Qqq, Format::Bf16);
        assert_eq!(form, kernel);
        assert!(cycles > 1.5 * fewer, "{kernel}: {cycles} and {fewer}");
    }
}

#[test]
fn models_of_the_same_shapes_share_what_is_simulated() {
    let mut other = small("llama");
    (other.id, other.layers, other.vocab) = ("other".to_string(), 12, 2000);
    let machine = little_cache();
    let questions = [small("llama"), other].map(|model| question(model, Format::F32, Phase::Decode, 32));
    let jobs = std::sync::atomic::AtomicUsize::new(0);
    let steps =
        answer(&questions, &machine, 1, &|_, all| jobs.store(all, std::sync::atomic::Ordering::Relaxed)).unwrap();
    assert_eq!(jobs.into_inner(), 2 + 1, "one layer, two heads");
    let layers = |step: &Step| step.roles().iter().find(|(role, _)| role.name() == "ffn-up").unwrap().1;
    assert!((layers(&steps[1]) / layers(&steps[0]) - 2.0).abs() < 1e-9);
}

#[test]
fn cores_share_products_up_to_the_bandwidth() {
    let machine = little_cache();
    let question = question(small("llama"), Format::Q4_0, Phase::Decode, 64);
    let one = step(&question, &question.composed(), &machine);
    let cycles = |cores| Step { cores, ..one.clone() }.cycles();
    assert!(cycles(2) < cycles(1) && cycles(2) > cycles(1) / 2.0);
    let many = Step { cores: 1024, ..one.clone() };
    assert!(many.cycles() >= many.memory_roof(), "many cores outrun the memory");
}
