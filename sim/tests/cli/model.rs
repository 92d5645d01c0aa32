//! `rvtile model`.

use super::support::{Scratch, refused, rvtile, stderr, stdout};

const SMALL: &str = "kind = \"decoder\"\nlayers = 2\nd_model = 64\nheads = 4\nkv_heads = 2\nhead_dim = 16\nd_ff = 96\n\
                     ffn = \"swiglu\"\nnorm = \"rmsnorm\"\nnorms = 2\npositions = \"rope\"\nrotary = 16\nvocab = 200\n\
                     context = 64\n";

#[test]
fn the_table_of_models_is_listed() {
    let output = rvtile(&["model", "--list"]);
    assert!(output.status.success());
    let text = stdout(&output);
    assert_eq!(text.lines().count(), 47);
    assert!(text.contains("llama-2-7b ") && text.contains("6,738,415,616"), "{text}");
}

#[test]
fn what_cannot_be_modelled_is_refused_in_one_line() {
    for (args, words) in [
        (&["gpt-4"][..], "gpt-4 cannot be modelled"),
        (&["llama-3-7b"], "no model `llama-3-7b`"),
        (&["missing.toml"], "missing.toml"),
        (&["llama-7b", "--context", "0"], "--context 0"),
        (&["llama-7b", "--batch", "65"], "--batch 65"),
        (&["llama-7b", "--phase", "prefill", "--batch", "2"], "belongs to --phase decode"),
        (&["llama-7b", "--weights", "q5"], "invalid value 'q5'"),
        (&["llama-7b", "--all"], "cannot be used with"),
        (&["--list", "--json"], "cannot be used with"),
        (&["llama-7b", "--list"], "cannot be used with"),
        (&["--list", "--weights", "int8"], "cannot be used with"),
        (&["llama-7b", "--ext", "xsfvqmaccqoq"], "no kernels for q4_0 weights; it serves int8"),
        (&["llama-7b", "--weights", "int8,bf16", "--ext", "xsfvfwmaccqqq"], "for int8 weights; it serves bf16"),
        (&["llama-7b", "--weights", "int8", "--ext", "xsfvqmaccdod", "--set", "vector.vlen=128"], "not at 128"),
        (
            &["llama-7b", "--weights", "int8", "--ext", "xsfmm32a8i", "--set", "vector.vlen=2048"],
            "VLEN 128 to 1024, not at 2048",
        ),
        (&["llama-7b", "--weights", "int8", "--ext", "mine.toml"], "invalid value 'mine.toml'"),
        (
            &["llama-7b", "--weights", "int8", "--ext", "xsfmm32a8i+xsfvqmaccqoq"],
            "would both multiply with the weights",
        ),
        (&["llama-7b", "--weights", "int8", "--ext", "xsfmm32a8i+zvti8i32mm"], "share encodings"),
        (&["llama-7b", "--weights", "bf16", "--ext", "xsfmm32a8i+xsfvfwmaccqqq"], "for bf16 weights; it serves int8"),
        (&[], "required"),
        (&["llama-7b", "--machine", "x280-mca22"], "describes how a compiler schedules"),
    ] {
        let output = rvtile(&[&["model"], args].concat());
        let line = stderr(&output);
        assert!(!output.status.success() && line.lines().count() == 1 && line.contains(words), "{args:?}: {line}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn sizes_of_a_configuration_go_together() {
    let scratch = Scratch::new("configurations");
    for (text, words) in [
        (
            r#"{"model_type": "llama", "hidden_size": 100, "num_attention_heads": 3"#,
            "100 is no multiple of the 3 heads",
        ),
        (
            r#"{"model_type": "mpt", "d_model": 64, "n_heads": 4, "attn_config": {"alibi": true}, "expansion_ratio": 9223372036854775807"#,
            "expansion_ratio = 9223372036854775807 is too large",
        ),
        (r#"{"model_type": "bloom", "hidden_size": 9223372036854775808, "num_attention_heads": 1"#, "d_model = "),
    ] {
        let file = scratch.file("config.json", format!("{text}, \"num_hidden_layers\": 2, \"vocab_size\": 200}}"));
        refused(&["model", &file], &["config.json", words]);
    }
}

#[test]
fn reports_agree_with_each_other() {
    let folder = std::env::temp_dir().join(format!("rvtile-model-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_string();
    std::fs::write(path("small.toml"), SMALL).unwrap();
    let (model, html, csv) = (path("small.toml"), path("r.html"), path("r.csv"));
    let what = ["--phase", "decode,prefill", "--context", "8,24", "--weights", "q8_0,f32"];
    let output = rvtile(&[&["model", &model, "--json", "--html", &html, "--csv", &csv], &what[..]].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let steps: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let steps = steps.as_array().unwrap();
    assert_eq!(steps.len(), 8);
    let csv = std::fs::read_to_string(csv).unwrap();
    for step in steps {
        let parts = step["parts"].as_array().unwrap();
        let cycles: f64 = parts.iter().map(|part| part["cycles"].as_f64().unwrap()).sum();
        assert!((cycles / step["cycles"].as_f64().unwrap() - 1.0).abs() < 1e-9, "{step}");
        for part in parts {
            let ledger = part["ledger"].as_object().unwrap();
            let sum: f64 = ledger.values().map(|cycles| cycles.as_f64().unwrap()).sum();
            assert!((sum - part["cycles"].as_f64().unwrap()).abs() < 1e-6 * sum, "{part}");
            assert!(csv.contains(part["kernel"].as_str().unwrap()));
        }
    }
    let html = std::fs::read_to_string(html).unwrap();
    for words in
        ["small on x280", "Tokens a second against", "Time to the first token", "Roofline", "ffn-down", "</html>"]
    {
        assert!(html.contains(words), "{words}");
    }
    assert!(!html.contains("NaN"));
    let table = stdout(&rvtile(&["model", &model, "--context", "8"]));
    for words in ["tokens/s", "% memory roof", "gemv_q4_0", "attention_decode_f16", "Simulated: the whole step"] {
        assert!(table.contains(words), "{words} in {table}");
    }
    // On several cores too, where a part's cycles are those of each.
    let page = path("cores.html");
    let cores = stdout(&rvtile(&["model", &model, "--context", "24", "--cores", "4", "--json", "--html", &page]));
    let steps: serde_json::Value = serde_json::from_str(&cores).unwrap();
    for part in steps[0]["parts"].as_array().unwrap() {
        let sum: f64 = part["ledger"].as_object().unwrap().values().map(|cycles| cycles.as_f64().unwrap()).sum();
        assert!((sum - part["cycles"].as_f64().unwrap()).abs() < 1e-6 * sum, "{part}");
    }
    // The page draws the same ledger, in whole cycles.
    let page = std::fs::read_to_string(page).unwrap();
    let (table, _) =
        page.split_once("Cycles by cause as a table").and_then(|(_, rest)| rest.split_once("</table>")).unwrap();
    let rows = table.split("<tr><td").skip(1).filter_map(|row| row.split("</td>").nth(2)?.rsplit('>').next());
    let drawn: f64 = rows.map(|cycles| cycles.replace(',', "").parse::<f64>().unwrap()).sum();
    let cycles = steps[0]["cycles"].as_f64().unwrap();
    assert!((drawn / cycles - 1.0).abs() < 1e-3, "{drawn} of {cycles}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn one_command_shows_what_extensions_buy() {
    let folder = std::env::temp_dir().join(format!("rvtile-model-ext-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_string();
    std::fs::write(
        path("small.toml"),
        SMALL.replace("d_model = 64", "d_model = 512").replace("d_ff = 96", "d_ff = 1024"),
    )
    .unwrap();
    let (model, html) = (path("small.toml"), path("r.html"));
    let what = ["--phase", "decode,prefill", "--context", "64", "--weights", "int8"];
    let exts = ["--ext", "none,xsfvqmaccdod,xsfvqmaccqoq,xsmtvdot,xsfmm32a8i,zvti8i32mm"];
    let output = rvtile(&[&["model", &model, "--json", "--html", &html], &what[..], &exts].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let steps: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let factor = |phase: &str, ext: &str| {
        let step = steps.as_array().unwrap().iter().find(|step| step["phase"] == phase && step["ext"] == ext).unwrap();
        // The roof is that of the extension's multiply.
        assert!(step["fraction_of_compute_roof"].as_f64().unwrap() < 1.0, "{step}");
        step["speedup"].as_f64().unwrap()
    };
    assert_eq!(factor("prefill", "none"), 1.0);
    assert!(factor("prefill", "xsfvqmaccqoq") > factor("prefill", "xsfvqmaccdod"));
    assert!(factor("prefill", "xsfvqmaccdod") > 2.0 && factor("decode", "xsfvqmaccqoq") > 0.9);
    // A token waits for memory, and reads its weights in two streams without an extension, in one with it.
    let (prompt, token) = (factor("prefill", "xsmtvdot"), factor("decode", "xsmtvdot"));
    assert!(prompt > 2.0 && token > 0.8, "{prompt} {token}");
    for tiles in ["xsfmm32a8i", "zvti8i32mm"] {
        assert!(factor("prefill", tiles) > factor("prefill", "xsfvqmaccqoq") && factor("decode", tiles) > 0.9);
    }
    let html = std::fs::read_to_string(html).unwrap();
    assert!(html.contains("speed-up by ext") && html.contains("small int8 xsfvqmaccqoq"));
    let table = stdout(&rvtile(&[&["model", &model, "--ext", "xsfvqmaccqoq"], &what[..]].concat()));
    assert!(table.contains("linear_i8_qoq") && table.contains("With xsfvqmaccqoq: linear_i8_qoq,"), "{table}");
    let bf16 = rvtile(&["model", &model, "--weights", "bf16", "--ext", "xsfvfwmaccqqq", "--batch", "3"]);
    let text = stdout(&bf16);
    assert!(text.contains("linear_bf16_qqq"), "{}", stderr(&bf16));
    assert!(text.contains("standard vector instructions, attention too."), "{text}");
    let prompt = ["--weights", "bf16", "--ext", "xsfvfwmaccqqq", "--phase", "prefill", "--context", "64"];
    let text = stdout(&rvtile(&[&["model", &model], &prompt[..]].concat()));
    assert!(text.contains("With xsfvfwmaccqqq: linear_bf16_qqq, attention_bf16_qqq,"), "{text}");
    assert!(text.contains("All other kernels use standard vector instructions."), "{text}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// Products by the one, attention of a prompt by the other; all else is as without the second.
#[test]
fn extensions_of_a_chip_are_combined() {
    let scratch = Scratch::new("model-combined");
    let model = scratch.file("small.toml", SMALL.as_bytes());
    let what = ["--weights", "int8", "--kv", "int8", "--phase", "prefill,decode", "--context", "64"];
    let exts = ["--ext", "xsfmm32a8i,xsfmm32a8i+xsfvfwmaccqqq,none+xsfvfwmaccqqq"];
    let output = rvtile(&[&["model", &model, "--json"], &what[..], &exts].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let steps: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let kernels = |phase: &str, ext: &str| -> Vec<(String, String, f64)> {
        let step = steps.as_array().unwrap().iter().find(|step| step["phase"] == phase && step["ext"] == ext).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_string();
        let parts = step["parts"].as_array().unwrap().iter();
        parts.map(|part| (text(&part["kernel"]), text(&part["ext"]), part["cycles"].as_f64().unwrap())).collect()
    };
    let plain = kernels("prefill", "xsfmm32a8i");
    let both = kernels("prefill", "xsfmm32a8i+xsfvfwmaccqqq");
    assert_eq!(plain.len(), both.len());
    for (plain, both) in plain.iter().zip(&both) {
        match both.0.as_str() {
            "attention_bf16_qqq" => assert!(plain.0 == "attention_f32" && both.1 == "xsfvfwmaccqqq"),
            "linear_i8_xsfmm" => assert!(plain == both && both.1 == "xsfmm32a8i"),
            _ => assert!(plain == both && both.1 == "none", "{both:?}"),
        }
    }
    assert!(both.iter().any(|part| part.0 == "kv_cache_store_many"));
    let alone = kernels("prefill", "none+xsfvfwmaccqqq");
    assert!(alone.contains(both.iter().find(|part| part.0 == "attention_bf16_qqq").unwrap()));
    assert!(alone.iter().any(|part| part.0 == "linear_i8" && part.1 == "none"));
    assert_eq!(kernels("decode", "xsfmm32a8i"), kernels("decode", "xsfmm32a8i+xsfvfwmaccqqq"));

    let table = |phase: &str| {
        let args = ["--weights", "int8", "--ext", "xsfmm32a8i+xsfvfwmaccqqq", "--phase", phase, "--context", "64,65"];
        stdout(&rvtile(&[&["model", &model], &args[..]].concat()))
    };
    let (prompt, token) = (table("prefill"), table("decode"));
    assert!(prompt.contains("ext (products+attention)"), "{prompt}");
    assert!(prompt.contains("int8 weights with xsfmm32a8i, attention of a prompt with xsfvfwmaccqqq, f16"), "{prompt}");
    assert!(prompt.contains("With xsfmm32a8i: linear_i8_xsfmm, "), "{prompt}");
    assert!(prompt.contains("With xsfvfwmaccqqq: attention_bf16_qqq, "), "{prompt}");
    assert!(token.contains("xsfvfwmaccqqq has nothing to do: it is for attention of a prompt."), "{token}");
}
