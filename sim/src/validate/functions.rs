//! Mathematical functions: cycles an element, vectors and the C library.
//!
//! The functions are those of [`rvtile_kernels::vmath`], written anew in the manner of the library that was measured. The
//! scalar ones are whatever C library that program was linked with, and not the one that was measured.

use std::sync::Arc;

use rayon::prelude::*;
use rvtile_kernels::vmath;
use serde::Deserialize;

use super::rows::{Override, by_machine};
use super::{Error, Group, Row, Table};
use crate::engine::{End, Engine, RunOptions};
use crate::env;
use crate::loader::Image;
use crate::machine::Machine;

/// Elements of a run: arguments and results stay in a first-level cache.
const ELEMENTS: usize = 1000;

/// The two ways to compute a function: as the program calls them, the group that they make, and what its code is.
const VARIANTS: [(&str, &str, &str); 2] = [
    ("vector", "functions", "by vector code written anew"),
    ("scalar", "libm", "one by one by the C library picolibc, which is not the one that was measured"),
];

const OTHER_LIBRARY: &str = "the C library that was measured is not known; this one has older algorithms for exp, log, sin and what builds on them";

/// A line of the table.
#[derive(Deserialize)]
struct Line {
    machine: String,
    function: String,
    scalar_fp64_per_cycle: Option<f64>,
    rvv_fp64_per_cycle: Option<f64>,
}

/// Runs the functions that a table names and pairs the figures, a group for each machine and way to compute them.
///
/// # Errors
/// The first line that cannot be compared.
pub(super) fn compare(
    table: &Table<'_>,
    given: Option<&Arc<Machine>>,
    overrides: &[Override],
) -> Result<Vec<Group>, Error> {
    let mut groups = Vec::new();
    for (machine, lines) in by_machine(table.read::<Line>()?, |line| &line.machine, table, given, overrides)? {
        let rows = lines
            .par_iter()
            .map(|(number, line)| function_rows(line, &machine).map_err(|why| table.wrong(*number, why)))
            .collect::<Result<Vec<Vec<Row>>, Error>>()?
            .concat();
        // What is predicted, and what is computed by another library than the one that was measured, are judged apart.
        for (variant, name, code) in VARIANTS {
            let rows: Vec<Row> = rows.iter().filter(|row| row.part == variant).cloned().collect();
            if !rows.is_empty() {
                groups.push(Group {
                    name: format!("{name}-{}", machine.name),
                    about: format!("Functions of {ELEMENTS} double-precision numbers with warm caches, {code}."),
                    unit: "cycles per element",
                    machine: machine.name.clone(),
                    rows,
                });
            }
        }
    }
    Ok(groups)
}

fn function_rows(line: &Line, machine: &Arc<Machine>) -> Result<Vec<Row>, String> {
    if !vmath::FUNCTIONS.contains(&line.function.as_str()) {
        return Err(format!("no function `{}`: {}", line.function, vmath::FUNCTIONS.join(", ")));
    }
    let rates = [line.rvv_fp64_per_cycle, line.scalar_fp64_per_cycle];
    let mut rows = Vec::new();
    for ((variant, ..), rate) in VARIANTS.into_iter().zip(rates) {
        let Some(rate) = rate else { continue };
        if !(rate.is_finite() && rate > 0.0) {
            return Err(format!("{rate} is no number of elements a cycle"));
        }
        rows.push(Row {
            name: format!("{} {variant}", line.function),
            part: variant.to_string(),
            measured: 1.0 / rate,
            simulated: cycles(&line.function, variant, machine)? as f64 / ELEMENTS as f64,
            reason: (variant == "scalar").then_some(OTHER_LIBRARY),
        });
    }
    Ok(rows)
}

/// Cycles of a run over arguments of the program's own choice.
fn cycles(function: &str, variant: &str, machine: &Arc<Machine>) -> Result<u64, String> {
    let mut engine = engine([function, variant, &ELEMENTS.to_string()].as_slice(), machine, true)?;
    run(&mut engine)?;
    let region = engine.regions().iter().find(|region| region.name == function);
    let region = region.ok_or_else(|| format!("the program did not mark the region `{function}`"))?;
    match region.ledger.total() == region.cycles {
        true => Ok(region.cycles),
        false => Err(format!("region {function}: its ledger does not add up")),
    }
}

fn engine(arguments: &[&str], machine: &Arc<Machine>, timed: bool) -> Result<Engine, String> {
    let image = Image::parse("vmath", vmath::ELF.to_vec()).map_err(|error| error.to_string())?;
    let args = ["vmath"].iter().chain(arguments).map(ToString::to_string).collect();
    let environment = env::Options { args, ..env::Options::silent() };
    Engine::new(image, machine, timed, &RunOptions::default(), environment).map_err(|error| error.to_string())
}

fn run(engine: &mut Engine) -> Result<(), String> {
    match engine.run() {
        End::Exit(0) => Ok(()),
        End::Exit(code) => Err(format!("the program ended with exit code {code}")),
        End::Crash(crash) => Err(crash.to_string()),
        End::Limit => Err("the instruction limit was reached".to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" {
        safe fn erfc(x: f64) -> f64;
        safe fn tgamma(x: f64) -> f64;
    }

    /// A function of the host, where its arguments usually are, and how many units in the last place the two may be
    /// apart: 1 for the vector function, and 1 for the host's; its gamma function is less good.
    type Case = (&'static str, fn(f64) -> f64, [f64; 2], u64);

    const CASES: [Case; 12] = [
        ("exp", f64::exp, [-745.0, 710.0], 2),
        ("expm1", f64::exp_m1, [-40.0, 40.0], 2),
        ("log", f64::ln, [0.0, 3.0], 2),
        ("log2", f64::log2, [0.0, 3.0], 2),
        ("sqrt", f64::sqrt, [0.0, 100.0], 0),
        ("cbrt", f64::cbrt, [-100.0, 100.0], 2),
        ("sin", f64::sin, [-1e4, 1e4], 2),
        ("asin", f64::asin, [-1.0, 1.0], 2),
        ("atan", f64::atan, [-9.0, 9.0], 2),
        ("sinh", f64::sinh, [-30.0, 30.0], 3),
        ("erfc", |x| erfc(x), [-6.0, 27.0], 2),
        ("tgamma", |x| tgamma(x), [-170.0, 171.0], 10),
    ];

    /// Where something happens, for one function or another.
    #[rustfmt::skip]
    const SPECIAL: [f64; 42] = [
        0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 5e-324, -5e-324, 1e-310,
        f64::MIN_POSITIVE, f64::MAX, -f64::MAX, 1e-9, -1e-10, 170.6, 171.7, -170.5, -171.5, -200.0, -200.5, -1e300, 709.78,
        709.79, -745.2, -708.5, 710.47, 26.5, 28.0, std::f64::consts::FRAC_PI_2, std::f64::consts::PI, 355.0, 103_993.0,
        6.381956970095103e300, 16_777_216.0, 1.152921504606847e18, 0.9999999999999999, -37.5,
    ];

    /// Places of a double in the order of their values.
    fn place(x: f64) -> i64 {
        let bits = x.to_bits() as i64;
        if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
    }

    fn apart(a: f64, b: f64) -> u64 {
        if a.is_nan() && b.is_nan() { 0 } else { place(a).abs_diff(place(b)) }
    }

    /// The vector function of these arguments, on a machine with this VLEN.
    fn compute(function: &str, arguments: &[f64], vlen: u32) -> Vec<f64> {
        let machine = Machine::load("x280", &[("vector.vlen".into(), vlen.to_string())]).unwrap();
        let mut engine =
            engine(&[function, "vector", &arguments.len().to_string(), "given"], &Arc::new(machine), false).unwrap();
        let array = |symbol| engine.image.symbol(symbol).unwrap();
        let (from, to) = (array(vmath::ARGUMENTS), array(vmath::RESULTS));
        let bytes: Vec<u8> = arguments.iter().flat_map(|x| x.to_le_bytes()).collect();
        engine.hart.mem.slice_mut(from, bytes.len() as u64).unwrap().copy_from_slice(&bytes);
        run(&mut engine).unwrap();
        let results = engine.hart.mem.slice(to, bytes.len() as u64).unwrap();
        results.chunks(8).map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap())).collect()
    }

    #[test]
    fn values_agree_with_the_host() {
        let mut state = 7u64;
        let mut random = move || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            state ^ state >> 29
        };
        for (name, function, [low, high], most) in CASES {
            let mut arguments = SPECIAL.to_vec();
            arguments.extend((0..1500).map(|_| low + (high - low) * (random() >> 11) as f64 / (1u64 << 53) as f64));
            arguments.extend((0..500).map(|_| f64::from_bits(random())));
            for vlen in [128, 512] {
                for (&x, y) in arguments.iter().zip(compute(name, &arguments, vlen)) {
                    let expected = function(x);
                    assert!(apart(y, expected) <= most, "{name}({x:e}) is {y:e}, the host has {expected:e}");
                }
            }
        }
    }

    #[test]
    fn strips_of_every_length_are_written_and_no_more() {
        for count in [1, 7, 33] {
            let arguments: Vec<f64> = (0..count).map(|i| f64::from(i) * 0.25).collect();
            let results = compute("exp", &arguments, 512);
            assert!(results.iter().zip(&arguments).all(|(&y, x)| apart(y, x.exp()) <= 2));
        }
    }

    #[test]
    fn wrong_lines_are_told() {
        let header = "machine,function,scalar_fp64_per_cycle,rvv_fp64_per_cycle\n";
        let error = |line: &str| {
            let text = format!("{header}{line}\n");
            compare(&Table { name: "mine.csv", text: &text }, None, &[]).unwrap_err().to_string()
        };
        assert!(error("x60,sinc,1,1").starts_with("mine.csv, line 2: no function `sinc`: exp, expm1,"));
        assert_eq!(error("x60,exp,0,1"), "mine.csv, line 2: 0 is no number of elements a cycle");
        let text = format!("{header}x60,sqrt,,0.087398\n");
        let groups = compare(&Table { name: "mine.csv", text: &text }, None, &[]).unwrap();
        let row = &groups[0].rows[0];
        assert_eq!((groups[0].rows.len(), row.name.as_str(), row.part.as_str()), (1, "sqrt vector", "vector"));
        assert!(row.error().abs() < 0.25, "{}", row.error());
    }
}
