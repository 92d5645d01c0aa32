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
pub(super) fn run(mut plan: Plan, machine: &Arc<Machine>) -> Result<Measured, String> {
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
    let mut engine =
        Engine::new(image, machine, true, &RunOptions::default(), environment).map_err(|e| e.to_string())?;
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
    Ok(Measured { parts: plan.parts, passes })
}
