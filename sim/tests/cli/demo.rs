//! `rvtile demo` as its user sees it.

use std::process::Output;

use rvtile_kernels::llama;

use super::support::{Scratch, rvtile, stderr, stdout};

fn demo(args: &[&str]) -> Output {
    rvtile(&[&["demo"], args].concat())
}

/// What is printed when all is well.
fn printed(args: &[&str]) -> String {
    let output = demo(args);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(output.stderr.is_empty(), "no progress without a terminal");
    stdout(&output)
}

#[test]
fn text_figures_and_ledger() {
    let text = printed(&["--prompt", "One day", "--tokens", "5", "--set", "vector.vlen=256"]);
    assert!(text.starts_with("One day"), "{text}");
    for part in [
        "590,880 parameters in fp32",
        "VLEN 256",
        "5 tokens in ",
        " tokens/s, ",
        "gemv w1 w3",
        "bound by",
        "Where the cycles go",
    ] {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    let text = printed(&["--functional", "--int8", "--tokens", "5"]);
    for part in ["in int8 with a scale for each 32", "run without timing", "quantize_q8_0"] {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    assert!(!text.contains("cycles"), "{text}");
}

#[test]
fn an_extension_multiplies_or_is_refused() {
    let text = printed(&["--ext", "xsfvqmaccqoq", "--tokens", "3"]);
    assert!(text.contains("int8 with a scale a row by xsfvqmaccqoq") && text.contains("quantize_i8"), "{text}");
    for (args, words) in [
        (&["--ext", "xsfvfwmaccqqq"][..], "it serves bf16"),
        (&["--ext", "xsfvqmaccqoq", "--set", "vector.vlen=128"], "not at 128"),
        (&["--ext", "none", "--int8"], "cannot be used with"),
    ] {
        let output = demo(args);
        let line = stderr(&output);
        assert!(!output.status.success() && line.lines().count() == 1 && line.contains(words), "{line}");
    }
}

#[test]
fn help_lists_extensions_that_multiply_int8() {
    let help = printed(&["--help"]);
    assert!(help.contains("xsfvqmaccqoq") && !help.contains("xsfvfwmaccqqq"), "{help}");
}

#[test]
fn json_holds_text_and_kernels() {
    let object: serde_json::Value = serde_json::from_str(&printed(&["--tokens", "3", "--json"])).expect("JSON");
    assert!(object["text"].as_str().is_some_and(|text| !text.trim().is_empty()));
    assert_eq!(object["tokens"], 3);
    let kernels = object["kernels"].as_array().expect("a list");
    let sum: u64 = kernels.iter().map(|kernel| kernel["cycles"].as_u64().expect("a number")).sum();
    assert_eq!(object["cycles"].as_u64(), Some(sum));
    let functional = printed(&["--functional", "--tokens", "3", "--json"]);
    let object: serde_json::Value = serde_json::from_str(&functional).expect("JSON");
    let nulls = |value: &serde_json::Value| ["cycles", "dram_bytes", "ledger"].iter().all(|key| value[key].is_null());
    assert!(nulls(&object) && nulls(&object["kernels"][0]) && object["instructions"].as_u64() > Some(0));
}

#[test]
fn wrong_wishes_are_refused_in_one_line() {
    let scratch = Scratch::new("checkpoints");
    let file = |name: &str, data: &[u8]| scratch.file(name, data);
    let short = file("demo-short.bin", &llama::CHECKPOINT[..1000]);
    let good = file("demo-good.bin", llama::CHECKPOINT);
    let tokenizer = file("demo-tokenizer.bin", llama::TOKENIZER);
    for (args, part) in [
        (
            &["--checkpoint", &short, "--tokenizer", &tokenizer][..],
            "demo-short.bin: 1000 bytes, but its head announces",
        ),
        (&["--checkpoint", &good, "--tokenizer", &good], "demo-good.bin: "),
        (&["--checkpoint", "/nonexistent", "--tokenizer", &tokenizer], "/nonexistent: No such file"),
        (&["--checkpoint", &good], "--tokenizer"),
        (&["--temperature", "0.0001"], "0, or a number from 0.001 to 100"),
        (&["--tokens", "0"], "0 is not in 1.."),
        (&["--seed", "18446744073709551615"], "18446744073709551615 is not in"),
        (&["--functional", "--tokens", "2", "--prompt", "a b c d"], "the prompt is longer than the text may become"),
        (&["--machine", "none"], "none"),
    ] {
        let output = demo(args);
        let complaint = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {complaint}");
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
        assert!(complaint.contains(part), "`{part}` is not in: {complaint}");
        assert!(output.stdout.is_empty());
    }
}
