//! The reference harness: random programs, run here and on Spike and QEMU, all architectural state compared.

mod address;
mod asm;
mod check;
mod coverage;
mod elf;
pub mod exclusions;
mod generate;
mod illegal;
mod image;
pub mod plan;
mod rng;
mod run;
mod values;

pub use coverage::Coverage;
pub use generate::Target;
