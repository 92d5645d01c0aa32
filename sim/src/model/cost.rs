//! What calls cost: measured numbers that can be added and scaled.

use crate::engine::Region;
use crate::timing::ledger::Cause;

/// Cycles with their causes, and what moved. Fractions come from scaling.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Cycles.
    pub cycles: f64,
    /// Instructions.
    pub instructions: f64,
    /// Bytes between caches and memory.
    pub dram_bytes: f64,
    /// Cycles by cause, in the order of [`Cause::ALL`]; they add up to `cycles`.
    pub ledger: [f64; Cause::ALL.len()],
}

impl Cost {
    /// That of a region of the program.
    pub(super) fn of(region: &Region) -> Cost {
        Cost {
            cycles: region.cycles as f64,
            instructions: region.instructions as f64,
            dram_bytes: region.dram_bytes as f64,
            ledger: std::array::from_fn(|index| region.ledger.get(Cause::ALL[index]) as f64),
        }
    }

    /// This cost so many times.
    #[must_use]
    pub fn times(&self, factor: f64) -> Cost {
        Cost {
            cycles: self.cycles * factor,
            instructions: self.instructions * factor,
            dram_bytes: self.dram_bytes * factor,
            ledger: self.ledger.map(|cycles| cycles * factor),
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Cost) -> Cost {
        Cost {
            cycles: self.cycles + other.cycles,
            instructions: self.instructions + other.instructions,
            dram_bytes: self.dram_bytes + other.dram_bytes,
            ledger: std::array::from_fn(|index| self.ledger[index] + other.ledger[index]),
        }
    }
}
