//! Extension files: instructions that do not exist yet, as data.
//!
//! One TOML file brings instructions with encoding, operands, state, meaning and timing; `docs/add-an-instruction.md` is its guide. Data flow:
//! file → [`Extension`] (rows with [`Definition`](rvtile_isa::row::Definition) semantics, state, timing) → [`Extensions`], those of one run →
//! [`RunOptions`] and [`Machine`].
//!
//! What an instruction computes is declared and runs in kernels compiled beforehand ([`rvtile_isa::define`]), or is a small script.

pub mod asm;
mod body;
mod builtin;
pub mod check;
mod expression;
mod meaning;
mod parse;
mod read;
mod script;
pub mod show;
mod state;
#[cfg(test)]
mod tests;
mod timing;
mod work;

use std::sync::Arc;

use rvtile_isa::decode::Decoder;
use rvtile_isa::ext::Ext;
use rvtile_isa::matrix::state::Own;
use rvtile_isa::row::Row;

pub use builtin::{names as builtin_names, read as source};
pub use state::{Csr, Registers};

use crate::engine::RunOptions;
use crate::machine::{Machine, MachineError};
use body::Body;
use timing::Timing;

/// Why an extension file cannot be used: file, line, key and reason.
pub type ExtensionError = MachineError;

/// What one file brings.
pub struct Extension {
    /// Its name.
    pub name: String,
    /// What it is, in a line.
    pub about: String,
    /// Its file as it was named.
    pub file: String,
    /// Its instructions.
    pub rows: &'static [Row],
    /// Its register files.
    pub registers: Vec<Registers>,
    /// Its CSRs.
    pub csrs: Vec<Csr>,
    instructions: Vec<Instruction>,
    units: Vec<timing::OwnUnit>,
}

/// An instruction beside its row.
struct Instruction {
    row: &'static Row,
    body: &'static Body,
    about: String,
    timing: Timing,
}

/// The extensions of a run, in the order in which they were given.
#[derive(Default)]
pub struct Extensions {
    /// What each file brings.
    pub list: Vec<Extension>,
}

impl Extensions {
    /// Loads files, or extensions of the box by their names.
    ///
    /// # Errors
    /// The first fault, with its place.
    pub fn load(files: &[String]) -> Result<Extensions, ExtensionError> {
        let mut all = Extensions::default();
        for file in files {
            let text = source(file)?;
            all.add(file, &text)?;
        }
        Ok(all)
    }

    /// Adds an extension from `text` as if it stood in the file `file`.
    ///
    /// # Errors
    /// The first fault, with its place; one is that an extension of the name is there already.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), ExtensionError> {
        let extension = parse::parse(file, text, self)?;
        self.list.push(extension);
        Ok(())
    }

    /// The rows of all, for [`RunOptions::definitions`] and [`Decoder::with`].
    pub fn rows(&self) -> Vec<&'static [Row]> {
        self.list.iter().map(|extension| extension.rows).collect()
    }

    /// The decoder of a run with these extensions.
    ///
    /// # Errors
    /// The two instructions that claim the same words. An instruction may take words of the coprocessor interface, which has no
    /// meaning of its own, but of no other.
    pub fn decoder(&self, isa: Ext) -> Result<Decoder, String> {
        let plain = Decoder::for_isa(isa).map_err(|clash| clash.to_string())?;
        if self.list.is_empty() {
            return Ok(plain);
        }
        for row in self.rows().into_iter().flatten() {
            if let Some(clash) = check::clash(row, plain.rows()) {
                return Err(clash);
            }
        }
        Decoder::with(isa, &self.rows()).map_err(|clash| clash.to_string())
    }

    /// The state after reset that all have together on a machine of this VLEN.
    pub fn state(&self, vlen: u32) -> Own {
        let mut own = Own::default();
        for extension in &self.list {
            own.banks.extend(extension.registers.iter().map(|bank| vec![0; bank.total(vlen)]));
            extension.csrs.iter().for_each(|csr| own.add_csr(csr.number, csr.value));
        }
        own
    }

    /// Puts instructions and state into the options of a run on a machine of this VLEN.
    pub fn apply(&self, options: &mut RunOptions, vlen: u32) {
        options.definitions.extend(self.rows());
        options.state = self.state(vlen);
    }

    /// The machine with the timing of the instructions.
    ///
    /// # Errors
    /// A formula that makes no sense on the machine, with its place.
    pub fn on(&self, machine: Arc<Machine>) -> Result<Arc<Machine>, ExtensionError> {
        match self.list.is_empty() {
            true => Ok(machine),
            false => timing::overlay(self, Arc::unwrap_or_clone(machine)).map(Arc::new),
        }
    }

    /// How many own registers there are, and how many banks.
    fn totals(&self) -> (u32, usize) {
        let all = || self.list.iter().flat_map(|extension| &extension.registers);
        (all().map(|bank| bank.bank.count).sum(), all().count())
    }
}
