//! Running a kernel on a machine: values first, then cycles.

use std::fmt;
use std::sync::Arc;

use rvtile_isa::ext::Ext;
use rvtile_isa::profile::Profile;
use rvtile_kernels::{Arrays, Check, DType, Kernel, MANIFEST_SYMBOL, Shape, Variant};

use crate::compare::Peak;
use crate::engine::{End, Engine, RunOptions};
use crate::env::{self, Shared, Streams};
use crate::extension::Extensions;
use crate::loader::Image;
use crate::machine::Machine;
use crate::timing::ledger::{Cause, Ledger};
use crate::timing::{Listener, Silent};

/// One kernel at one shape on one machine.
#[derive(Clone, Debug)]
pub struct Measurement {
    /// Name of the kernel.
    pub kernel: &'static str,
    /// Its sizes.
    pub shape: Shape,
    /// The type that it computes in.
    pub dtype: DType,
    /// Name of the machine.
    pub machine: String,
    /// Clock in MHz.
    pub clock_mhz: f64,
    /// Cycles of the measured region.
    pub cycles: u64,
    /// Instructions of the measured region.
    pub instructions: u64,
    /// Operations by the kernel's formula (an FMA counts 2).
    pub flop: u64,
    /// Compulsory traffic by the kernel's formula, in bytes.
    pub bytes: u64,
    /// Bytes that moved between the caches and memory.
    pub dram_bytes: u64,
    /// What the machine could do of this type, in FLOP/cycle.
    pub peak_flop_per_cycle: f64,
    /// What memory could deliver, in bytes/cycle.
    pub dram_bytes_per_cycle: f64,
    /// Outcome of the comparison with the reference.
    pub check: Check,
    /// Cycles by cause; they add up to `cycles`.
    pub ledger: Ledger,
    /// Cycles of the scalar C twin, if it was run.
    pub scalar_cycles: Option<u64>,
}

impl Measurement {
    /// FLOP/cycle reached.
    pub fn flop_per_cycle(&self) -> f64 {
        self.flop as f64 / self.cycles.max(1) as f64
    }

    /// Billions of operations a second at the machine's clock.
    pub fn gflops(&self) -> f64 {
        self.flop_per_cycle() * self.clock_mhz / 1000.0
    }

    /// Share of the machine's peak for the type.
    pub fn fraction_of_peak(&self) -> f64 {
        self.flop_per_cycle() / self.peak_flop_per_cycle
    }

    /// Instructions per cycle.
    pub fn ipc(&self) -> f64 {
        self.instructions as f64 / self.cycles.max(1) as f64
    }

    /// Compulsory bytes per cycle.
    pub fn bytes_per_cycle(&self) -> f64 {
        self.bytes as f64 / self.cycles.max(1) as f64
    }

    /// Arithmetic intensity in FLOP/byte of compulsory traffic.
    pub fn intensity(&self) -> f64 {
        self.flop as f64 / self.bytes.max(1) as f64
    }

    /// Cycles of the scalar twin over those of the vector kernel.
    pub fn speedup(&self) -> Option<f64> {
        self.scalar_cycles.map(|scalar| scalar as f64 / self.cycles.max(1) as f64)
    }

    /// The cause with most cycles.
    pub fn bound_by(&self) -> Option<Cause> {
        self.ledger.entries().max_by_key(|&(_, cycles)| cycles).map(|(cause, _)| cause)
    }
}

/// Why a kernel could not be measured.
#[derive(Debug)]
pub struct BenchError {
    /// Kernel, variant and shape.
    pub what: String,
    /// What went wrong.
    pub why: String,
}

impl fmt::Display for BenchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

impl std::error::Error for BenchError {}

/// Peak of the machine for an element type in operations a cycle: two for each lane of the data path.
pub fn peak_flop_per_cycle(machine: &Machine, dtype: DType) -> f64 {
    let bits = match dtype {
        DType::F32 => 32,
        DType::F16 => 16,
        DType::I8 => 8,
    };
    f64::from(2 * machine.vector.dlen / bits * machine.vector.arithmetic_sequencers)
}

/// Runs the vector kernel, checks its values, and, if asked, runs the scalar twin for the speed-up.
///
/// # Errors
/// When the shape is refused, the program crashes or ends with another code than 0, or its arrays are not readable.
/// Wrong values are no error: see [`Measurement::check`].
pub fn measure(
    kernel: &'static dyn Kernel,
    shape: &Shape,
    machine: &Arc<Machine>,
    with_scalar: bool,
) -> Result<Measurement, BenchError> {
    measure_with(&Extensions::default(), kernel, shape, machine, with_scalar)
}

/// As [`measure`], with instructions from extension files.
///
/// # Errors
/// As [`measure`].
pub fn measure_with(
    extensions: &Extensions,
    kernel: &'static dyn Kernel,
    shape: &Shape,
    machine: &Arc<Machine>,
    with_scalar: bool,
) -> Result<Measurement, BenchError> {
    let run = |variant| run(extensions, kernel, variant, shape, machine, &mut Silent);
    let scalar = if with_scalar { Some(run(Variant::Scalar)?) } else { None };
    let mut measurement = measured(kernel, shape, machine, run(Variant::Rvv)?)?;
    measurement.scalar_cycles = scalar.filter(|scalar| scalar.check.ok).map(|scalar| scalar.cycles);
    Ok(measurement)
}

/// Runs the vector kernel before a listener and checks its values.
///
/// # Errors
/// As [`measure`].
pub fn measure_watched<L: Listener + ?Sized>(
    kernel: &'static dyn Kernel,
    shape: &Shape,
    machine: &Arc<Machine>,
    listener: &mut L,
) -> Result<Measurement, BenchError> {
    let rvv = run(&Extensions::default(), kernel, Variant::Rvv, shape, machine, listener)?;
    measured(kernel, shape, machine, rvv)
}

fn measured(
    kernel: &'static dyn Kernel,
    shape: &Shape,
    machine: &Machine,
    rvv: Run,
) -> Result<Measurement, BenchError> {
    Ok(Measurement {
        kernel: kernel.name(),
        shape: shape.clone(),
        dtype: kernel.dtype(),
        machine: machine.name.clone(),
        clock_mhz: machine.core.clock_mhz,
        cycles: rvv.cycles,
        instructions: rvv.instructions,
        flop: kernel.flop(shape),
        bytes: kernel.bytes(shape),
        dram_bytes: rvv.dram_bytes,
        peak_flop_per_cycle: peak(kernel, machine)?,
        dram_bytes_per_cycle: machine.memory.dram.read_bytes_per_cycle,
        check: rvv.check,
        ledger: rvv.ledger,
        scalar_cycles: None,
    })
}

/// Peak of the machine for what the kernel computes with: with an extension that of its multiply; else that of its type, or of its
/// multiply where that is faster, as one is that widens.
fn peak(kernel: &'static dyn Kernel, machine: &Machine) -> Result<f64, BenchError> {
    let profile = Profile::by_name(kernel.profile());
    let of_type = peak_flop_per_cycle(machine, kernel.dtype());
    let (Some(profile), Some(multiply)) = (profile, kernel.multiply()) else { return Ok(of_type) };
    let why = |why| BenchError { what: kernel.name().to_string(), why };
    let peak = 2.0 * Peak::of(multiply, profile.isa(), machine).map_err(why)?.rate();
    Ok(if profile.adds.is_empty() { peak.max(of_type) } else { peak })
}

/// The measured region of one run.
struct Run {
    cycles: u64,
    instructions: u64,
    ledger: Ledger,
    dram_bytes: u64,
    check: Check,
}

fn run<L: Listener + ?Sized>(
    extensions: &Extensions,
    kernel: &'static dyn Kernel,
    variant: Variant,
    shape: &Shape,
    machine: &Arc<Machine>,
    listener: &mut L,
) -> Result<Run, BenchError> {
    let fail = |why: String| BenchError { what: format!("{} {} {shape}", kernel.name(), variant.name()), why };
    kernel.validate(shape).map_err(&fail)?;
    let (vlen, vlens) = (machine.vector.vlen, kernel.vlens());
    if !vlens.contains(&vlen) {
        return Err(fail(format!("it runs at VLEN {} to {}, not {vlen}", vlens.start(), vlens.end())));
    }
    let image = Image::parse(kernel.name(), kernel.elf().to_vec()).map_err(|error| fail(error.to_string()))?;
    let complaint = Shared::default();
    let streams = Streams { stderr: Box::new(complaint.clone()), ..Streams::silent() };
    let environment = env::Options { args: kernel.args(variant, shape), streams, ..env::Options::default() };
    let isa = Profile::by_name(kernel.profile()).map_or(Ext::everything(), Profile::isa);
    let mut options = RunOptions { isa, ..RunOptions::default() };
    let machine = &extensions.on(machine.clone()).map_err(|error| fail(error.to_string()))?;
    extensions.apply(&mut options, machine.vector.vlen);
    let mut engine =
        Engine::new(image, machine, true, &options, environment).map_err(|error| fail(error.to_string()))?;
    match engine.run_watched(listener) {
        End::Exit(0) => {}
        End::Exit(code) => {
            let said = complaint.take();
            let last = said.lines().rfind(|line| !line.trim().is_empty());
            let last = last.map_or(String::new(), |line| format!(": {line}"));
            return Err(fail(format!("the program ended with exit code {code}{last}")));
        }
        End::Crash(crash) => return Err(fail(crash.to_string())),
        End::Limit => return Err(fail("the instruction limit was reached".into())),
    }
    let region = engine
        .regions()
        .iter()
        .find(|region| region.name == kernel.name())
        .ok_or_else(|| fail(format!("the program did not mark the region `{}`", kernel.name())))?;
    let manifest =
        engine.image.symbol(MANIFEST_SYMBOL).ok_or_else(|| fail(format!("no symbol `{MANIFEST_SYMBOL}`")))?;
    let memory = &engine.hart.mem;
    let arrays = Arrays::read(manifest, |addr, len| memory.slice(addr, len).ok().map(<[u8]>::to_vec))
        .map_err(|error| fail(error.to_string()))?;
    let check = kernel.check(shape, &arrays).map_err(&fail)?;
    let (instructions, cycles, dram_bytes) = (region.instructions, region.cycles, region.dram_bytes);
    Ok(Run { instructions, cycles, ledger: region.ledger, dram_bytes, check })
}
