//! The timing model: from retired instructions to cycles.
//!
//! An in-order core that issues up to two instructions a cycle into pipes A and B, with a scoreboard and bypasses;
//! behind it a decoupled vector unit with a command queue, sequencers and chaining; caches, prefetch and DRAM. Times
//! are absolute cycles; an instruction's times are worked out once, when it retires, from the times of those before
//! it: there is no per-cycle loop. The model sees no values: only instructions, vl, addresses and branch outcomes.

mod branch;
mod cache;
mod core;
mod describe;
mod directory;
mod event;
mod hierarchy;
pub mod ledger;
pub mod mca;
mod memo;
mod near;
mod outside;
mod pipe;
mod prefetch;
mod scalar;
mod scoreboard;
mod snapshot;
mod transfer;
mod vector;

pub use core::{Core, Counters, Ran};
pub use event::{Charged, Listener, Retired, Silent, VectorTimes};
pub use hierarchy::{Counts, MemoryCounts};
