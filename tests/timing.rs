//! Timing by remembered blocks gives what working out every instruction gives: cycles, causes, counters, regions.

use std::path::Path;
use std::sync::Arc;

use rvtile_isa::ext::Ext;
use rvtile_isa::profile::Profile;
use rvtile_kernels::{Variant, all};
use rvtile_sim::engine::{End, Engine, RunOptions};
use rvtile_sim::env;
use rvtile_sim::loader::Image;
use rvtile_sim::machine::Machine;
use rvtile_sim::timing::Counters;
use rvtile_sim::timing::ledger::Ledger;
use rvtile_tests::{build_bare, build_linux, build_linux_cpp};

/// What a run tells of its time.
#[derive(Debug, PartialEq)]
struct Times {
    end: String,
    instructions: u64,
    cycles: u64,
    ledger: Ledger,
    counters: Counters,
    /// Name, executions, instructions, cycles, causes and traffic.
    regions: Vec<(String, u64, u64, u64, Ledger, u64)>,
}

/// Runs a program with the memory of blocks, or without.
fn times(image: Image, args: &[String], machine: &Arc<Machine>, options: &RunOptions) -> Times {
    let environment = env::Options { args: args.to_vec(), ..env::Options::silent() };
    let mut engine = Engine::new(image, machine, true, options, environment).unwrap();
    let end = engine.run();
    assert!(matches!(end, End::Exit(_)), "{end:?}");
    let core = engine.timing().unwrap();
    assert_eq!(core.ledger().total(), core.cycle());
    let regions = engine.regions().iter();
    Times {
        end: format!("{end:?}"),
        instructions: engine.instructions(),
        cycles: core.cycle(),
        ledger: *core.ledger(),
        counters: core.counters(),
        regions: regions
            .map(|r| (r.name.clone(), r.executions, r.instructions, r.cycles, r.ledger, r.dram_bytes))
            .collect(),
    }
}

/// Runs a program both ways on a machine.
fn compare(what: &str, program: &[u8], args: &[String], isa: Ext, machine: &Arc<Machine>) {
    let [remembered, plain] = [false, true].map(|plain_timing| {
        // The plain model sees what the interpreter logs, the other what host code does.
        // The remembered one makes code of its ways early: of many, of cold ones too, and of such as are learned later.
        let options =
            RunOptions { plain_timing, generated: !plain_timing, timing_code_after: 4, isa, ..RunOptions::default() };
        times(Image::parse(what, program.to_vec()).unwrap(), args, machine, &options)
    });
    assert_eq!(remembered, plain, "{what} on {}", machine.name);
}

/// The machines that run programs, each with its own ways of issue, queueing, ports, caches and prediction; and the
/// default one with other vector lengths.
fn machines() -> Vec<Arc<Machine>> {
    let named = ["x280", "x280-blackhole", "x390", "saturn-256", "ax45mpv", "x60"].map(|name| (name, vec![]));
    let lengths = [("128", "128"), ("1024", "256"), ("4096", "1024")].map(|(vlen, dlen)| {
        ("x280", vec![("vector.vlen".to_string(), vlen.to_string()), ("vector.dlen".to_string(), dlen.to_string())])
    });
    let load = |(name, changes): (&str, Vec<(String, String)>)| Arc::new(Machine::load(name, &changes).unwrap());
    named.into_iter().chain(lengths).map(load).collect()
}

#[test]
fn kernels_take_the_same_time() {
    // On all cores: this is the longest of all tests.
    std::thread::scope(|scope| {
        for machine in machines() {
            scope.spawn(move || kernels_take_the_same_time_on(&machine));
        }
    });
}

fn kernels_take_the_same_time_on(machine: &Arc<Machine>) {
    for kernel in all().iter().filter(|kernel| kernel.vlens().contains(&machine.vector.vlen)) {
        let isa = Profile::by_name(kernel.profile()).map_or(Ext::everything(), Profile::isa);
        let shape = kernel.awkward_shapes().pop().expect("a shape");
        for variant in [Variant::Rvv, Variant::Scalar] {
            let what = format!("{} {} {shape}", kernel.name(), variant.name());
            compare(&what, kernel.elf(), &kernel.args(variant, &shape), isa, machine);
        }
    }
}

/// The same for a program of the toolchain, which works with VLEN up to `longest`.
fn program_takes_the_same_time(program: &Path, longest: u32) {
    let bytes = std::fs::read(program).unwrap();
    for machine in machines().into_iter().filter(|machine| machine.vector.vlen <= longest) {
        compare(&program.display().to_string(), &bytes, &[program.display().to_string()], Ext::everything(), &machine);
    }
}

#[test]
fn programs_where_nothing_repeats_take_the_same_time() {
    program_takes_the_same_time(&build_linux("irregular.c", &["-O2", "-march=rv64gcv", "-static"]), 4096);
}

#[test]
fn programs_of_the_c_library_take_the_same_time() {
    program_takes_the_same_time(&build_linux("families.c", &["-O3", "-march=rv64gcv", "-static"]), 1024);
    program_takes_the_same_time(&build_linux("signals.c", &["-O2", "-static"]), 1024);
    program_takes_the_same_time(&build_linux_cpp("exceptions.cc", &["-O2", "-static"]), 4096);
}

#[test]
fn a_bare_program_with_interrupts_takes_the_same_time() {
    program_takes_the_same_time(&build_bare("timer.S"), 4096);
}
