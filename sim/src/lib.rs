//! What a RISC-V program cannot see: loading, environment, engine, timing, machines, reports.
//!
//! Data flow, one direction only:
//! ELF → [`loader`] → image → `rvtile_isa` decode and execute → retired instructions → [`timing`] → ledger, counters
//! and events → [`observe`] → [`report`].

pub mod bench;
pub mod cli;
pub mod compare;
pub mod demo;
pub mod engine;
pub mod env;
pub mod extension;
pub mod generate;
pub mod loader;
pub mod machine;
pub mod model;
pub mod observe;
#[cfg(test)]
mod random;
pub mod report;
pub mod timing;
pub mod validate;

/// The guide's listener is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/add-a-report.md")]
struct AddAReport;
