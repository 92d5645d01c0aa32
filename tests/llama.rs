//! The language model: its tokens are those of a plain reference, and its text is that of QEMU.
//!
//! For another checkpoint (fp32, version 0 of llama2.c), name its files:
//! `RVTILE_CHECKPOINT=stories15M.bin RVTILE_TOKENIZER=tokenizer.bin cargo test --release --test llama -- --nocapture files`

use std::path::PathBuf;
use std::process::Command;

use rvtile_kernels::llama::{self, Checkpoint, Format, Reference, check_tokenizer};
use rvtile_sim::demo::{self, Story, Task};
use rvtile_sim::model::Extension;
use rvtile_tests::{machine, root};

const VLENS: [u32; 4] = [128, 256, 512, 1024];
const TOKENS: usize = 200;
/// The begin of a text.
const BEGIN: usize = 1;

fn own() -> Checkpoint<'static> {
    Checkpoint::parse(llama::CHECKPOINT).expect("a checkpoint")
}

/// The most likely token each time, from nothing.
fn greedy<'a>(checkpoint: Checkpoint<'a>, tokenizer: &'a [u8]) -> Task<'a> {
    let prompt = String::new();
    let tokens = TOKENS as u64;
    Task { checkpoint, tokenizer, prompt, tokens, temperature: 0.0, seed: 1, channels: None, ids: true }
}

fn write(task: &Task, vlen: u32, timed: bool) -> Story {
    let machine = machine(&[("vector.vlen", &vlen.to_string())]);
    demo::write(task, &machine, timed, Box::new(std::io::sink())).unwrap_or_else(|error| panic!("VLEN {vlen}: {error}"))
}

/// The numbers that a task with `ids` prints.
fn ids(story: &Story) -> Vec<usize> {
    story.text.split_whitespace().map(|id| id.parse().expect("a number")).collect()
}

/// Tokens of the reference, and how far the most likely one is before the second at its closest.
fn reference(checkpoint: &Checkpoint, count: usize) -> (Vec<usize>, f32) {
    let mut network = Reference::new(checkpoint).expect("fp32");
    let (mut token, mut tokens, mut closest) = (BEGIN, Vec::new(), f32::INFINITY);
    for _ in 0..count {
        let logits = network.forward(token);
        let mut order: Vec<usize> = (0..logits.len()).collect();
        order.sort_by(|a, b| logits[*b].total_cmp(&logits[*a]));
        closest = closest.min(logits[order[0]] - logits[order[1]]);
        token = order[0];
        tokens.push(token);
    }
    (tokens, closest)
}

/// Sums in another order differ in their last bits, about 1e-5 in a logit. Tokens can only be compared where no two of them are as close.
fn same_tokens_at_every_vlen(checkpoint: Checkpoint, tokenizer: &[u8]) {
    let count = TOKENS.min(checkpoint.sizes.context);
    let (want, closest) = reference(&checkpoint, count);
    println!("{count} tokens; the closest two logits are {closest:.6} apart");
    for vlen in VLENS {
        assert_eq!(ids(&write(&greedy(checkpoint, tokenizer), vlen, false)), want, "VLEN {vlen}");
    }
}

#[test]
fn greedy_tokens_are_those_of_the_reference_at_every_vlen() {
    same_tokens_at_every_vlen(own(), llama::TOKENIZER);
}

/// See the head of this file.
#[test]
fn greedy_tokens_of_the_named_files() {
    let (Some(checkpoint), Some(tokenizer)) =
        (std::env::var_os("RVTILE_CHECKPOINT"), std::env::var_os("RVTILE_TOKENIZER"))
    else {
        println!("no files are named: nothing to compare");
        return;
    };
    let (checkpoint, tokenizer) = (std::fs::read(checkpoint).unwrap(), std::fs::read(tokenizer).unwrap());
    let checkpoint = Checkpoint::parse(&checkpoint).unwrap();
    check_tokenizer(&tokenizer, checkpoint.sizes.vocabulary).unwrap();
    same_tokens_at_every_vlen(checkpoint, &tokenizer);
    match checkpoint.quantized() {
        Ok(_) => int8_agrees(checkpoint, &tokenizer),
        Err(why) => println!("{why}"),
    }
}

#[test]
fn a_timed_run_writes_the_same_and_every_cycle_has_its_kernel() {
    let task = Task { tokens: 40, ..greedy(own(), llama::TOKENIZER) };
    let story = write(&task, 512, true);
    assert_eq!(ids(&story), reference(&task.checkpoint, 40).0);
    assert_eq!(story.tokens.executions, 40);
    let between = story.between();
    let cycles: u64 = story.kernels.iter().map(|kernel| kernel.cycles).sum();
    assert_eq!(cycles + between.cycles, story.tokens.cycles);
    for region in story.kernels.iter().chain([&between, &story.tokens]) {
        assert_eq!(region.ledger.total(), region.cycles, "{}", region.name);
    }
    // Five layers: each of these once, the norms twice and one more at the end.
    let calls = |name: &str| story.kernels.iter().find(|kernel| kernel.name == name).map(|kernel| kernel.executions);
    assert_eq!(calls("gemv wq"), Some(5 * 40));
    assert_eq!(calls("attention_decode"), Some(5 * 40));
    assert_eq!(calls("rmsnorm"), Some(11 * 40));
    assert_eq!(calls("gemv head"), Some(40));
}

/// The text that the fp32 model writes as a task for it to read, and the token that it expects after each position.
fn own_text<'a>(checkpoint: Checkpoint<'a>, tokenizer: &'a [u8]) -> (Task<'a>, Vec<usize>) {
    let text = write(&Task { ids: false, tokens: 160, ..greedy(checkpoint, tokenizer) }, 512, false).text;
    let task = Task { prompt: text.trim_end().to_string(), ..greedy(checkpoint, tokenizer) };
    let want = ids(&write(&task, 512, false));
    (task, want)
}

/// Both read the text that the fp32 model writes; how often does the int8 one expect the same token next?
fn int8_agrees(checkpoint: Checkpoint, tokenizer: &[u8]) {
    let quantized = checkpoint.quantized().unwrap();
    let int8 = Checkpoint::parse(&quantized).unwrap();
    assert_eq!(int8.format, Format::Int8 { group: 32 });
    assert_eq!(int8.sizes, checkpoint.sizes);
    let (fp32, want) = own_text(checkpoint, tokenizer);
    for vlen in VLENS {
        let got = ids(&write(&Task { checkpoint: int8, ..fp32.clone() }, vlen, false));
        assert_eq!(got.len(), want.len());
        let same = got.iter().zip(&want).filter(|(got, want)| got == want).count();
        println!("VLEN {vlen}: int8 expects the same as fp32 on {same} of {} positions", want.len());
        assert!(same * 10 >= want.len() * 9, "VLEN {vlen}: {same} of {}", want.len());
    }
}

#[test]
fn int8_agrees_with_fp32_on_nine_positions_of_ten() {
    int8_agrees(own(), llama::TOKENIZER);
}

/// Sums of int8 products are exact, and the rest is the same code: whatever multiplies, the tokens are the same.
#[test]
fn int8_with_a_scale_a_row_agrees_with_fp32_and_extensions_change_no_token() {
    let (fp32, want) = own_text(own(), llama::TOKENIZER);
    let expected = |channels, vlen| ids(&write(&Task { channels: Some(channels), ..fp32.clone() }, vlen, false));
    let plain = expected(Extension::None, 512);
    let same = plain.iter().zip(&want).filter(|(got, want)| got == want).count();
    println!("int8 with a scale a row expects the same as fp32 on {same} of {} positions", want.len());
    assert!(same * 10 >= want.len() * 9, "{same} of {}", want.len());
    let free =
        |channels| ids(&write(&Task { channels: Some(channels), ..greedy(own(), llama::TOKENIZER) }, 512, false));
    let (text, first) = (free(Extension::None), ids(&write(&greedy(own(), llama::TOKENIZER), 512, false)));
    let together = text.iter().zip(&first).take_while(|(a, b)| a == b).count();
    println!("written freely, the first {together} of {} tokens are those of fp32", text.len());
    for ext in [Extension::Dod, Extension::Qoq, Extension::Ime, Extension::Xsfmm, Extension::Zvt] {
        assert_eq!(free(ext), text, "{}", ext.name());
        for vlen in [256, 512, 1024] {
            assert_eq!(expected(ext, vlen), expected(Extension::None, vlen), "{} at VLEN {vlen}", ext.name());
        }
    }
}

/// The int8 form loses no more than half a step of its scale.
#[test]
fn quantised_weights_are_near_the_originals() {
    let quantized = own().quantized().unwrap();
    let sizes = own().sizes;
    let norms = (2 * sizes.layers + 1) * sizes.dim;
    let n = sizes.vocabulary * sizes.dim;
    let (weights, rest) = quantized[256 + 4 * norms..].split_at(n);
    let float = |bytes: &[u8], i: usize| f32::from_le_bytes(bytes[4 * i..4 * i + 4].try_into().unwrap());
    for (i, weight) in weights.iter().enumerate() {
        let (scale, original) = (float(rest, i / 32), float(&llama::CHECKPOINT[28..], i));
        // The largest of a group may be cut to 127, where rounding of the scale made it too small.
        let error = (f32::from(*weight as i8) * scale - original).abs();
        assert!(error <= 0.5 * scale + original.abs() / 1024.0, "weight {i}: {error} at scale {scale}");
    }
}

#[test]
fn a_prompt_begins_the_text_and_a_seed_decides_how_it_goes_on() {
    // Not in the vocabulary: these become bytes.
    let prompt = "Zoë saw 7 foxes.\tThen";
    let task = Task {
        prompt: prompt.to_string(),
        tokens: 80,
        temperature: 1.0,
        ids: false,
        ..greedy(own(), llama::TOKENIZER)
    };
    let texts: Vec<String> =
        [1, 1, 2].iter().map(|seed| write(&Task { seed: *seed, ..task.clone() }, 256, false).text).collect();
    assert!(texts.iter().all(|text| text.starts_with(prompt)), "{texts:?}");
    assert_eq!(texts[0], texts[1]);
    assert_ne!(texts[0], texts[2]);
}

/// The program's files in a folder of their own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder(root().join(format!("target/llama-{}", std::process::id())));
        std::fs::create_dir_all(&folder.0).unwrap();
        for (name, data) in [("program", llama::PROGRAM), ("fp32", llama::CHECKPOINT), ("tokenizer", llama::TOKENIZER)]
        {
            std::fs::write(folder.0.join(name), data).unwrap();
        }
        std::fs::write(folder.0.join("int8"), own().quantized().unwrap()).unwrap();
        std::fs::set_permissions(folder.0.join("program"), std::fs::Permissions::from_mode(0o755)).unwrap();
        folder
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The program reads files under QEMU and its standard input here.
#[test]
fn qemu_prints_the_same_text() {
    let folder = Folder::new();
    let quantized = own().quantized().unwrap();
    let int8 = Checkpoint::parse(&quantized).unwrap();
    for (vlen, name, checkpoint, temperature) in
        [(128, "fp32", own(), 0.0), (512, "fp32", own(), 0.8), (256, "int8", int8, 0.8), (1024, "int8", int8, 0.0)]
    {
        let task = Task { checkpoint, temperature, seed: 3, ids: false, ..greedy(own(), llama::TOKENIZER) };
        let here = write(&task, vlen, false).text;
        let output = Command::new("qemu-riscv64")
            .args(["-cpu", &format!("rv64,v=true,vext_spec=v1.0,vlen={vlen},elen=64,Zfh=true")])
            .args(["program", name, "tokenizer", "tokens=200", "seed=3", &format!("temperature={temperature}")])
            .current_dir(&folder.0)
            .output()
            .unwrap_or_else(|error| panic!("qemu-riscv64: {error}: install qemu-user"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(here, String::from_utf8_lossy(&output.stdout), "{name} at VLEN {vlen}");
        assert!(here.len() > 200, "{here}");
    }
}

#[test]
fn wrong_files_are_refused_with_what_is_wrong() {
    let good = llama::CHECKPOINT;
    let with = |at: usize, number: i32| {
        let mut data = good.to_vec();
        data[at..at + 4].copy_from_slice(&number.to_le_bytes());
        data
    };
    let version_1 = [with(0, 0x616b_3432), vec![0; 256]].concat();
    for (data, part) in [
        (Vec::new(), "shorter than its head"),
        (good[..20].to_vec(), "shorter than its head"),
        (good[..good.len() - 1].to_vec(), "cut off"),
        (with(0, 0), "dim is 0"),
        (with(8, -3), "layers is -3"),
        (with(12, 7), "dim must be heads times"),
        (with(20, i32::MIN), "vocabulary is 2147483647"),
        (version_1, "versions 0 and 2"),
    ] {
        let error = Checkpoint::parse(&data).expect_err(part);
        assert!(error.contains(part), "`{part}` is not in: {error}");
    }
    for cut in [0, 3, 5000] {
        assert!(check_tokenizer(&llama::TOKENIZER[..cut], own().sizes.vocabulary).is_err());
    }
    assert!(check_tokenizer(llama::TOKENIZER, own().sizes.vocabulary + 1).unwrap_err().contains("another model"));
    let task = Task { prompt: "word ".repeat(300), ..greedy(own(), llama::TOKENIZER) };
    let error = demo::write(&task, &machine(&[]), false, Box::new(std::io::sink())).unwrap_err().to_string();
    assert_eq!(error, "the prompt is longer than the text may become");
}
