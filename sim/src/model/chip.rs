//! Runs a plan on the simulated chip: the other side of `kernels/model/model.c`.

use std::sync::Arc;

use super::cost::Cost;
use super::plan::{Part, Plan};
use crate::engine::{End, Engine, RunOptions};
use crate::env;
use crate::loader::Image;
use crate::machine::Machine;

/// Bytes of a call: region, routine, eight arguments, the float with its padding.
const CALL_BYTES: u64 = 11 * 8;
/// Address space beside the arrays: stack and what is around it.
const BESIDE: u64 = 64 << 20;

/// A plan's parts with what each cost in each pass.
pub(super) struct Measured {
    /// Parts in the order of their first call.
    pub parts: Vec<Part>,
    /// By pass, then by part.
    pub passes: Vec<Vec<Cost>>,
}

/// Runs a plan with timing.
///
/// # Errors
/// When the arrays do not fit, a routine is missing or the program crashes: one line.
pub(super) fn run(plan: Plan, machine: &Arc<Machine>) -> Result<Measured, String> {
    execute(plan, machine).map(|(measured, _)| measured)
}

/// Runs a plan; its memory is that of the engine.
fn execute(mut plan: Plan, machine: &Arc<Machine>) -> Result<(Measured, Engine), String> {
    let image = Image::parse("model", rvtile_kernels::MODEL_ELF.to_vec()).map_err(|error| error.to_string())?;
    let symbol = |name: &str| image.symbol(name).ok_or_else(|| format!("the model program has no routine `{name}`"));
    let pointer = symbol("rvtile_plan")?;

    let list = plan.arena.array(CALL_BYTES * (plan.calls.len() as u64 + 1), super::arena::Fill::Zero);
    let passes = plan.calls.iter().filter_map(|call| call.region).map(|(pass, _)| pass + 1).max().unwrap_or(0);
    let parts = plan.parts.len();
    // Names of regions are their numbers, eight bytes each.
    let name = |pass: usize, part: usize| format!("{}", pass * parts + part);
    let names: Vec<u8> = (0..passes * parts).flat_map(|n| format!("{n:\0<8}").into_bytes()).collect();
    let names_at = plan.arena.array(names.len() as u64, super::arena::Fill::Bytes(names));
    let mut bytes = Vec::with_capacity((CALL_BYTES as usize) * plan.calls.len());
    for call in &plan.calls {
        let region = call.region.map_or(0, |(pass, part)| names_at + 8 * (pass * parts + part) as u64);
        let mut args = call.args.clone();
        args.resize(8, 0);
        for word in [region, symbol(call.routine)?].into_iter().chain(args).chain([u64::from(call.float.to_bits())]) {
            bytes.extend(word.to_le_bytes());
        }
    }

    let memory = plan.arena.size() + BESIDE;
    let environment = env::Options { memory: Some(memory), ..env::Options::silent() };
    let options = RunOptions { isa: plan.ext.isa(), ..RunOptions::default() };
    let mut engine = Engine::new(image, machine, true, &options, environment).map_err(|e| e.to_string())?;
    let outside = |_| "the model's arrays do not fit into the simulated memory".to_string();
    plan.arena.place(&mut engine.hart.mem)?;
    engine.hart.mem.poke(list, &bytes).map_err(outside)?;
    engine.hart.mem.poke(pointer, &list.to_le_bytes()).map_err(outside)?;
    match engine.run() {
        End::Exit(0) => {}
        End::Exit(code) => return Err(format!("the model program ended with exit code {code}")),
        End::Crash(crash) => return Err(format!("the model program crashed: {crash}")),
        End::Limit => return Err("the instruction limit was reached".to_string()),
    }
    let cost = |pass, part| {
        let region = engine.regions().iter().find(|region| region.name == name(pass, part));
        region.map_or_else(Cost::default, Cost::of)
    };
    let passes = (0..passes).map(|pass| (0..parts).map(|part| cost(pass, part)).collect()).collect();
    Ok((Measured { parts: plan.parts, passes }, engine))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::arena::Fill;
    use crate::model::layer::{Layer, Pass, Setup, choose};
    use crate::model::plan::{Input, Role, Work};
    use crate::model::{Extension, Extensions, Format, KvFormat, zoo};

    fn machine() -> Arc<Machine> {
        Arc::new(Machine::load("x280", &[]).unwrap())
    }

    fn words(engine: &Engine, addr: u64, count: u64) -> Vec<u32> {
        let bytes = engine.hart.mem.slice(addr, 4 * count).unwrap();
        bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
    }

    fn floats(engine: &Engine, addr: u64, count: u64) -> Vec<f32> {
        words(engine, addr, count).into_iter().map(f32::from_bits).collect()
    }

    /// Runs one routine on an array of words, with an output of so many bytes.
    fn convert(
        routine: &'static str,
        input: &[u32],
        bytes: u64,
        args: impl Fn(u64, u64) -> Vec<u64>,
        float: f32,
    ) -> Vec<u32> {
        let mut plan = Plan::new(&machine(), Extension::None);
        let x =
            plan.arena.array(4 * input.len() as u64, Fill::Bytes(input.iter().flat_map(|w| w.to_le_bytes()).collect()));
        let y = plan.arena.array(bytes, Fill::Zero);
        plan.call((Role::Convert, routine, String::new()), (routine, &args(x, y), float), Work::vector(0, 0));
        let (_, engine) = execute(plan, &machine()).unwrap();
        words(&engine, y, bytes / 4)
    }

    #[test]
    fn conversions_are_exact() {
        // Long enough for a full register group and a tail.
        let n = 300u64;
        let values: Vec<f32> = (0..n).map(|i| (i as f32 - 150.0) * 1.003_906_3).collect();
        let bits: Vec<u32> = values.iter().map(|value| value.to_bits()).collect();
        let narrow = convert("model_to_bf16", &bits, 2 * n, |x, y| vec![n, x, y], 0.0);
        for (i, value) in bits.iter().enumerate() {
            let rounded = (value + 0x7fff + (value >> 16 & 1)) >> 16;
            assert_eq!(narrow[i / 2] >> (16 * (i % 2)) & 0xffff, rounded, "element {i}");
        }
        // fp16: 0x3c00 is 1, 0xc100 -2.5.
        let wide = convert("model_from_f16", &vec![0xc100_3c00; 150], 4 * n, |x, y| vec![n, x, y], 0.0);
        assert!(wide.chunks(2).all(|pair| [pair[0], pair[1]].map(f32::from_bits) == [1.0, -2.5]));
    }

    #[test]
    fn a_product_of_several_tokens_is_right() {
        let (m, k, n) = (3, 70, 37);
        let mut plan = Plan::new(&machine(), Extension::None);
        let x = plan.vector(m * k);
        let y = plan.matmul(Role::Qkv, Format::F32, m, n, &mut Input::new(x, k));
        let weights = plan.calls[0].args[4];
        let (_, engine) = execute(plan, &machine()).unwrap();
        let (x, w, y) = (floats(&engine, x, m * k), floats(&engine, weights, k * n), floats(&engine, y, m * n));
        for (i, got) in y.iter().enumerate() {
            let (token, row) = (i / n as usize, i % n as usize);
            let term = |c: usize| f64::from(x[token * k as usize + c]) * f64::from(w[c * n as usize + row]);
            let want: f64 = (0..k as usize).map(term).sum();
            assert!((f64::from(*got) - want).abs() < 1e-5, "element {i}: {got} for {want}");
        }
    }

    #[test]
    fn a_prompt_attends_over_rows_of_all_heads() {
        let (tokens, heads, kv_heads, d) = (21, 6, 3, 20);
        for (attention, tolerance) in [(Extension::None, 1e-5), (Extension::Qqq, 2e-2)] {
            let mut model = zoo::load("llama-2-7b").unwrap();
            (model.heads, model.kv_heads, model.head_dim) = (heads, kv_heads, d);
            let ext = Extensions { products: Extension::None, attention };
            let (weights, kv, pass) = (Format::F32, KvFormat::F16, Pass::Prompt);
            let setup = Setup { weights, ext, kv, tokens, positions: tokens, cross: 0, pass, encoder: false };
            let mut plan = Plan::new(&machine(), ext);
            let arrays = [heads, kv_heads, kv_heads].map(|heads| plan.vector(tokens * heads * d));
            let layer = Layer { model: &model, setup, x: 0 };
            let attended = layer.heads(&mut plan, arrays);
            layer.attend_prompt(&mut plan, &attended, 0..heads);
            let (_, engine) = execute(plan, &machine()).unwrap();
            let read = |addr, heads| floats(&engine, addr, tokens * heads * d);
            let [q, k, v] = [(arrays[0], heads), (arrays[1], kv_heads), (arrays[2], kv_heads)].map(|(a, n)| read(a, n));
            let row = |array: &[f32], token: u64, of: u64, head: u64| -> Vec<f64> {
                array[((token * of + head) * d) as usize..][..d as usize].iter().map(|x| f64::from(*x)).collect()
            };
            let out = read(attended.out, heads);
            for (token, head) in (0..tokens).flat_map(|token| (0..heads).map(move |head| (token, head))) {
                let own = row(&q, token, heads, head);
                let weights = (0..=token).map(|key| {
                    let key = row(&k, key, kv_heads, head / 2);
                    (own.iter().zip(key).map(|(q, k)| q * k).sum::<f64>() / (d as f64).sqrt()).exp()
                });
                let weights: Vec<f64> = weights.collect();
                for (c, got) in row(&out, token, heads, head).into_iter().enumerate() {
                    let values = (0..=token).map(|key| row(&v, key, kv_heads, head / 2)[c]);
                    let want = values.zip(&weights).map(|(v, w)| v * w).sum::<f64>() / weights.iter().sum::<f64>();
                    assert!((got - want).abs() < tolerance, "{attention:?} {token} {head} {c}: {got} for {want}");
                }
            }
        }
    }

    #[test]
    fn values_stay_finite_in_every_format_and_kind_of_layer() {
        let machine = machine();
        for id in [
            "llama-2-70b",
            "chatglm-6b",
            "chatglm2-6b",
            "pythia-12b",
            "mpt-30b-chat",
            "fastchat-t5-3b",
            "rwkv-4-raven-14b",
        ] {
            let combinations =
                Extension::ALL.iter().flat_map(|ext| ext.formats().iter().map(|weights| (*ext, *weights)));
            for (ext, weights) in combinations {
                for tokens in [1, 2] {
                    let mut model = zoo::load(id).unwrap();
                    let heads = model.heads / model.kv_heads.max(1);
                    (model.d_model, model.d_ff, model.vocab) = (96, 160, 130);
                    (model.heads, model.kv_heads) = (heads.min(8), model.kv_heads.min(1));
                    let kv = if tokens == 1 { KvFormat::F16 } else { KvFormat::Int8 };
                    let setup = Setup {
                        weights,
                        ext: ext.into(),
                        kv,
                        tokens,
                        positions: 20,
                        cross: 12,
                        pass: Pass::Decode,
                        encoder: false,
                    };
                    let mut plan = Plan::new(&machine, ext);
                    plan.pass(Some(0));
                    let x = plan.vector(tokens * model.d_model);
                    Layer { model: &model, setup, x }.add(&mut plan);
                    choose(&mut plan, &model, setup, x, tokens, model.vocab);
                    let logits = plan.calls.last().unwrap().args[1];
                    let (measured, engine) = execute(plan, &machine).unwrap();
                    let what = format!("{id} {} {} {tokens}", weights.name(), ext.name());
                    for value in [floats(&engine, x, tokens * 96), floats(&engine, logits, 130)].concat() {
                        assert!(value.is_finite() && value.abs() < 1e4, "{what}: {value}");
                    }
                    assert!(measured.passes[0].iter().all(|cost| cost.cycles > 0.0), "{what}");
                }
            }
        }
    }
}
