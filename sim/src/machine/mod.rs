//! Machines are data: TOML overlays, every number with its source.
//!
//! A machine file may `include` another (a built-in name, or a path relative to the file) and then states only what
//! differs. A value stands as `key = { value = 512, source = "TAG" }`, or plainly in a table that has a `source` of its
//! own; a source is a tag of the file's `[sources]` (or of an included file's), or `assumed`, either with a note after
//! a colon. [`KEYS`] lists every key with its range, unit and meaning.
//!
//! Data flow: file → layers of leaves → [`Machine`].

mod build;
mod builtin;
pub(crate) mod error;
pub(crate) mod file;
mod formula;
mod keys;
mod model;
mod parse;
mod schema;
#[cfg(test)]
mod tests;
mod value;

pub use error::MachineError;
pub use formula::{Formula, FormulaError, Inputs, MAX_CYCLES, Payload, Shape, Var};
pub use keys::{CACHES, KEYS, Key, reference};
pub use model::{
    Cache, ClassTiming, Coprocessor, Core, Dram, Entry, Machine, MemoryPort, MemorySystem, OwnTiming, Pipe, Predictor,
    PredictorKind, PrefetchKind, Prefetcher, Replacement, StartLevel, Unit, Vector,
};
pub use schema::schema;
pub use value::Kind;

use file::Layers;

impl Machine {
    /// Loads a machine by built-in name or by path (which holds a `/` or ends in `.toml`), then applies `overrides`,
    /// pairs of dotted key and value, in order.
    ///
    /// # Errors
    /// The first fault of the files or of the overrides, with its place.
    pub fn load(name_or_path: &str, overrides: &[(String, String)]) -> Result<Machine, MachineError> {
        finish(Layers::load(name_or_path)?, overrides)
    }

    /// Loads a machine from `text` as if it stood in the file `path`, to which includes are relative.
    ///
    /// # Errors
    /// As [`Machine::load`].
    pub fn from_text(path: &str, text: &str, overrides: &[(String, String)]) -> Result<Machine, MachineError> {
        finish(Layers::parse(path, text)?, overrides)
    }

    /// The names of the built-in machines, the default one first.
    pub fn builtin_names() -> Vec<&'static str> {
        builtin::names().collect()
    }
}

fn finish(mut layers: Layers, overrides: &[(String, String)]) -> Result<Machine, MachineError> {
    for (key, value) in overrides {
        layers.set(key, value)?;
    }
    build::build(layers)
}
