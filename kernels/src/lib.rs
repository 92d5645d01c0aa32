//! Transformer kernels for RV64GCV, written by hand with vectors: the ready-built programs, what they cost, and whether
//! their results are right.
//!
//! Each kernel is one folder: `kernel.S` (vector code, any VLEN from 128), `main.c` (driver and the scalar C twin) and
//! `mod.rs` (this side: a [`Spec`] with shapes, formulas, reference, error bound). Kernels that are close relatives share a
//! folder and a program. A kernel joins by its folder's name here and its line in [`all`].
//!
//! The programs are static Linux ELFs that need no file and no library. What they measure is marked as one region with
//! the kernel's name (see `runtime/rvtile.h`): a whole call including packing, with one warm-up call before it. The
//! scalar twins of the compute-bound kernels run without warm-up, since cold misses are lost in their run time.
//!
//! ```
//! use rvtile_kernels::{Shape, Variant};
//! let kernel = rvtile_kernels::find("matmul_f32").unwrap();
//! let shape: Shape = "64x64x64".parse().unwrap();
//! assert_eq!(kernel.flop(&shape), 2 * 64 * 64 * 64);
//! assert_eq!(kernel.args(Variant::Rvv, &shape), ["matmul_f32", "rvv", "64", "64", "64"]);
//! ```

mod arrays;
pub mod bounds;
mod check;
mod form;
pub mod inputs;
pub mod quant;
mod spec;

/// One folder beside `src` each.
#[path = ".."]
mod folders {
    pub(super) mod activation;
    pub(super) mod attention_bf16;
    pub(super) mod attention_decode;
    pub(super) mod attention_f32;
    pub(super) mod embedding;
    pub(super) mod gemv_bf16;
    pub(super) mod gemv_f16;
    pub(super) mod gemv_f32;
    pub(super) mod gemv_i8;
    pub(super) mod gemv_q4_0;
    pub(super) mod gemv_q8_0;
    pub(super) mod gemv_vcix;
    pub(super) mod linear;
    pub mod llama;
    pub(super) mod matmul_bf16;
    pub(super) mod matmul_blocks;
    pub(super) mod matmul_f16;
    pub(super) mod matmul_f32;
    pub(super) mod matmul_i8;
    pub(super) mod matmul_ime;
    pub(super) mod matmul_q;
    pub(super) mod matmul_tiles;
    pub(super) mod norm;
    pub(super) mod quantize;
    pub(super) mod residual;
    pub(super) mod rope;
    pub(super) mod rwkv;
    pub(super) mod sampling;
    pub(super) mod softmax_exp;
    pub(super) mod softmax_f32;
    pub mod vmath;
}

pub use arrays::{Array, Arrays, Dims, ElementType, MANIFEST_SYMBOL};
pub use check::{Check, Checker, Worst};
pub use folders::vmath;
pub use form::{Form, Multiply};
pub use inputs::Pattern;
pub use spec::Spec;
use spec::{Run, any};

pub use folders::llama;
use folders::*;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// The program that runs the kernel calls of a whole model, see `model/model.c`.
pub const MODEL_ELF: &[u8] = include_bytes!("../prebuilt/model.elf");

static ALL: &[&dyn Kernel] = &[
    &matmul_f32::KERNEL,
    &matmul_f16::KERNEL,
    &matmul_i8::KERNEL,
    &gemv_f32::KERNEL,
    &softmax_f32::KERNEL,
    &attention_f32::KERNEL,
    &gemv_f16::KERNEL,
    &gemv_bf16::KERNEL,
    &gemv_i8::KERNEL,
    &gemv_q8_0::KERNEL,
    &gemv_q4_0::KERNEL,
    &quantize::KERNEL,
    &matmul_bf16::KERNEL,
    &matmul_bf16::ZVFBFWMA,
    &matmul_q::Q8_0,
    &matmul_q::Q4_0,
    &norm::RMSNORM,
    &norm::LAYERNORM,
    &norm::LAYERNORM_NOBIAS,
    &activation::SILU,
    &activation::GELU_TANH,
    &activation::GELU_ERF,
    &activation::RELU2,
    &activation::SWIGLU,
    &activation::GEGLU,
    &residual::KERNEL,
    &rope::HALF,
    &rope::INTERLEAVED,
    &rope::TWO_D,
    &embedding::F32,
    &embedding::Q8_0,
    &embedding::Q4_0,
    &attention_f32::PREFIX,
    &attention_f32::ALIBI,
    &attention_f32::T5,
    &attention_decode::F32,
    &attention_decode::F16,
    &attention_decode::I8,
    &softmax_f32::ONLINE,
    &sampling::ARGMAX,
    &sampling::TOP_K,
    &sampling::TOP_P,
    &rwkv::TIME,
    &rwkv::CHANNEL,
    &matmul_blocks::DOD,
    &matmul_blocks::QOQ,
    &matmul_blocks::QQQ,
    &matmul_ime::KERNEL,
    &matmul_tiles::XSFMM_I8,
    &matmul_tiles::ZVT_I8,
    &matmul_tiles::XSFMM_BF16,
    &matmul_tiles::ZVT_BF16,
    &softmax_exp::KERNEL,
    &linear::I8,
    &linear::DOD,
    &linear::QOQ,
    &linear::IME,
    &linear::XSFMM,
    &linear::ZVT,
    &linear::QQQ,
    &linear::XSFMM_BF16,
    &linear::ZVT_BF16,
    &attention_bf16::PLAIN,
    &attention_bf16::PREFIX,
    &attention_bf16::ALIBI,
    &attention_bf16::T5,
];

/// The kernels, in the order of reports.
pub fn all() -> &'static [&'static dyn Kernel] {
    ALL
}

/// Kernels with instructions that only a definition or an extension file supplies: nothing runs them by itself.
pub fn defined() -> &'static [&'static dyn Kernel] {
    static DEFINED: &[&dyn Kernel] = &[&gemv_vcix::KERNEL];
    DEFINED
}

/// The kernel of that name.
pub fn find(name: &str) -> Option<&'static dyn Kernel> {
    all().iter().copied().find(|kernel| kernel.name() == name)
}

/// The sizes of one run, in the order of [`Kernel::dims`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape(pub Vec<u64>);

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, dim) in self.0.iter().enumerate() {
            write!(f, "{}{dim}", if i == 0 { "" } else { "x" })?;
        }
        Ok(())
    }
}

impl FromStr for Shape {
    type Err = String;

    /// Reads `256x256x256`.
    fn from_str(text: &str) -> Result<Self, String> {
        let dims = text.split('x').map(|dim| dim.parse().map_err(|_| format!("`{text}` is no shape like 256x256x256")));
        dims.collect::<Result<_, _>>().map(Shape)
    }
}

/// The element type a kernel computes in; it decides which peak of the machine a result is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// IEEE single precision.
    F32,
    /// IEEE half precision, sums included.
    F16,
    /// 8-bit signed integers with 32-bit sums.
    I8,
}

impl DType {
    /// `f32`, `f16` or `i8`.
    pub fn name(self) -> &'static str {
        match self {
            DType::F32 => "f32",
            DType::F16 => "f16",
            DType::I8 => "i8",
        }
    }
}

/// Which implementation in the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Variant {
    /// The vector kernel.
    Rvv,
    /// Plain C loops, compiled without vectors.
    Scalar,
}

impl Variant {
    /// The word on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Variant::Rvv => "rvv",
            Variant::Scalar => "scalar",
        }
    }
}

/// What the host knows about a kernel program.
pub trait Kernel: Sync {
    /// Name of the kernel, of its program and of the measured region.
    fn name(&self) -> &'static str;

    /// What it computes, in one line.
    fn about(&self) -> &'static str;

    /// The program: a static RV64GCV Linux ELF. (fp16 kernels need Zfh and Zvfh, others what [`profile`](Self::profile) adds.)
    fn elf(&self) -> &'static [u8];

    /// The type it computes in.
    fn dtype(&self) -> DType;

    /// Names of the dimensions of a shape.
    fn dims(&self) -> &'static [&'static str];

    /// Shapes for a report.
    fn default_shapes(&self) -> Vec<Shape>;

    /// Small shapes for tests: tails, primes, single elements.
    fn awkward_shapes(&self) -> Vec<Shape>;

    /// Whether a run of all kernels without a choice has it. (The others are many; they must be asked for.)
    fn in_default_set(&self) -> bool;

    /// Whether the program accepts the shape, and why not.
    fn validate(&self, shape: &Shape) -> Result<(), String>;

    /// Input patterns the program accepts.
    fn patterns(&self) -> Vec<Pattern>;

    /// Arithmetic of one call in operations: an FMA or an integer multiply-add counts 2. The formula is in the
    /// documentation of each kernel.
    fn flop(&self, shape: &Shape) -> u64;

    /// Compulsory memory traffic of one call in bytes: each input read once, each output written once.
    fn bytes(&self, shape: &Shape) -> u64;

    /// Compares the arrays after a run with inputs and results computed on the host.
    ///
    /// `Err` means that the arrays are not those of this run: missing, of other sizes, or inputs that differ from the
    /// generator's. `Ok` with [`Check::ok`] false means that a result is wrong.
    fn check_pattern(&self, shape: &Shape, pattern: Pattern, arrays: &Arrays) -> Result<Check, String>;

    /// The problem that it solves: other kernels may be other forms of it, with the same shapes, inputs and results.
    fn problem(&self) -> &'static str {
        self.name()
    }

    /// The decode profile that has its instructions.
    fn profile(&self) -> &'static str {
        "standard"
    }

    /// Whether QEMU 7.2 has its instructions; else tests run it in the simulator alone.
    fn in_qemu(&self) -> bool {
        true
    }

    /// Vector lengths that it runs at.
    fn vlens(&self) -> RangeInclusive<u32> {
        128..=65536
    }

    /// The multiply of its inner loop, where that is stated.
    fn multiply(&self) -> Option<Multiply> {
        None
    }

    /// [`check_pattern`](Self::check_pattern) for a run with default inputs.
    fn check(&self, shape: &Shape, arrays: &Arrays) -> Result<Check, String> {
        self.check_pattern(shape, Pattern::Uniform, arrays)
    }

    /// The command line for a run with default inputs, beginning with the program's name (`argv[0]`).
    fn args(&self, variant: Variant, shape: &Shape) -> Vec<String> {
        let mut args = vec![self.name().to_string(), variant.name().to_string()];
        args.extend(shape.0.iter().map(u64::to_string));
        args
    }
}
