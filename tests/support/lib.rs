//! What the whole-program tests share: building guest programs, running them here and under QEMU.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use rvtile_sim::engine::{End, Engine, RunOptions};
use rvtile_sim::env;
use rvtile_sim::loader::Image;
use rvtile_sim::machine::Machine;

/// The project's root folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Builds `tests/programs/<source>` with the Linux cross compiler; returns the program's path.
///
/// # Panics
/// When the compiler is missing or refuses the source.
pub fn build_linux(source: &str, flags: &[&str]) -> PathBuf {
    build("riscv64-linux-gnu-gcc", "gcc-riscv64-linux-gnu", source, flags)
}

/// The same for C++.
///
/// # Panics
/// When the compiler is missing or refuses the source.
pub fn build_linux_cpp(source: &str, flags: &[&str]) -> PathBuf {
    build("riscv64-linux-gnu-g++", "g++-riscv64-linux-gnu", source, flags)
}

/// The same for a bare machine: no library, code at the address where memory begins.
///
/// # Panics
/// When the compiler is missing or refuses the source.
pub fn build_bare(source: &str) -> PathBuf {
    let flags = ["-nostdlib", "-static", "-Wl,-Ttext=0x80000000"];
    build("riscv64-unknown-elf-gcc", "gcc-riscv64-unknown-elf", source, &flags)
}

fn build(compiler: &str, packages: &str, source: &str, flags: &[&str]) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/test-programs");
    std::fs::create_dir_all(&folder).unwrap();
    let tag: String = flags.join("").chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let program = folder.join(format!("{}{tag}.elf", source.replace(['/', '.'], "_")));
    // Tests run side by side: each builds into a file of its own and renames it.
    let fresh = program.with_extension(format!("{}-{:?}", std::process::id(), std::thread::current().id()));
    let mut command = Command::new(compiler);
    command.arg("-o").arg(&fresh).arg(root().join("tests/programs").join(source)).args(flags);
    let output = command.output().unwrap_or_else(|error| panic!("{compiler}: {error}: install {packages}"));
    assert!(output.status.success(), "{compiler} {source}: {}", String::from_utf8_lossy(&output.stderr));
    std::fs::rename(&fresh, &program).unwrap();
    program
}

/// Runs a program under QEMU user mode with this VLEN.
///
/// # Panics
/// When QEMU is missing, or refuses its options.
pub fn qemu(program: &Path, args: &[&str], vlen: u32) -> Output {
    let output = Command::new("qemu-riscv64")
        .args(["-cpu", &format!("rv64,v=true,vlen={vlen},elen=64,Zfh=true")])
        .arg(program)
        .args(args)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .unwrap_or_else(|error| panic!("qemu-riscv64: {error}: install qemu-user"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(!complaint.starts_with("qemu-riscv64:"), "{complaint}");
    output
}

/// What a run printed and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// How it ended.
    pub end: End,
    /// Simulated cycles; 0 without timing.
    pub cycles: u64,
}

/// A sink whose content can be read afterwards.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs a program in the simulator, with nothing on its standard input.
///
/// # Panics
/// When it cannot be loaded.
pub fn simulate(program: &Path, machine: &Arc<Machine>, timed: bool, environment: env::Options) -> Ran {
    let (stdout, stderr) = (Sink::default(), Sink::default());
    let image = Image::open(program).unwrap();
    let streams = env::Streams {
        stdin: Box::new(std::io::empty()),
        stdout: Box::new(stdout.clone()),
        stderr: Box::new(stderr.clone()),
    };
    let environment = env::Options { streams, ..environment };
    let mut engine = Engine::new(image, machine, timed, &RunOptions::default(), environment).unwrap();
    let end = engine.run();
    let cycles = engine.timing().map_or(0, |core| core.ledger().total());
    drop(engine);
    let take = |sink: Sink| std::mem::take(&mut *sink.0.lock().unwrap());
    Ran { stdout: take(stdout), stderr: take(stderr), end, cycles }
}

/// The default machine with overrides, such as `("vector.vlen", "256")`.
///
/// # Panics
/// When an override is refused.
pub fn machine(overrides: &[(&str, &str)]) -> Arc<Machine> {
    let overrides: Vec<_> = overrides.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
    Arc::new(Machine::load("x280", &overrides).unwrap())
}
