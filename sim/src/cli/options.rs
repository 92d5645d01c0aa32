//! Options that several subcommands share.

use std::sync::Arc;

use clap::Args;

use super::Failure;
use crate::machine::Machine;

/// Which machine is simulated.
#[derive(Args, Clone)]
pub(super) struct MachineOptions {
    /// Machine: a built-in name (see `rvtile machines`) or a TOML file
    #[arg(long, value_name = "NAME|FILE", default_value = "x280")]
    pub machine: String,
    /// Override a value of the machine, such as vector.vlen=1024 (repeatable)
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment)]
    pub overrides: Vec<(String, String)>,
}

impl MachineOptions {
    /// Loads the machine; `earlier` are overrides that the user's come after.
    pub fn load(&self, earlier: &[(String, String)]) -> Result<Arc<Machine>, Failure> {
        let overrides = [earlier, &self.overrides].concat();
        Machine::load(&self.machine, &overrides).map(Arc::new).map_err(Failure::refused)
    }
}

/// Splits `key=value`.
pub(super) fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_string(), value.trim().to_string())),
        _ => Err("expected key=value, such as vector.vlen=1024".to_string()),
    }
}
