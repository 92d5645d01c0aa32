//! Whole language models: their shapes, the kernel calls of a step, and what a token costs on a machine.
//!
//! ```text
//! table, TOML or config.json ──> Architecture ──> Plan: calls with true shapes ──> run on the simulated chip ──> Cost
//! ```
//!
//! What is simulated and what is composed from simulated parts is told in `docs/language-model.md`.

pub mod architecture;
mod arena;
mod chip;
pub mod config;
pub mod cost;
pub mod ext;
pub mod format;
pub mod job;
pub mod layer;
pub mod parameters;
pub mod plan;
mod prompt;
pub mod step;
pub mod zoo;

pub use architecture::Architecture;
pub use cost::Cost;
pub use ext::{Extension, Extensions};
pub use format::{Format, KvFormat};
pub use step::{Phase, Question, Step};
