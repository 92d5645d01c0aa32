//! Options that several subcommands share.

use std::sync::Arc;

use clap::Args;
use rvtile_isa::decode::Decoder;
use rvtile_isa::ext::Ext;
use rvtile_isa::profile::{PROFILES, Profile};

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

/// Which instructions there are.
#[derive(Args, Clone)]
pub(super) struct DecodeOptions {
    /// Families that share opcode space: standard, sifive, zvt or spacemit
    #[arg(long, value_name = "NAME", default_value = PROFILES[0].name)]
    pub profile: String,
    /// Extensions of the core, such as rv64gcv_zvfh_zvl512b; all standard ones without this option, and those of the profile in any case
    #[arg(long, value_name = "STRING", value_parser = isa)]
    pub isa: Option<Isa>,
}

/// An ISA string: the extensions, and the vector length where it names one.
#[derive(Clone, Copy)]
pub(super) struct Isa {
    pub extensions: Ext,
    pub vlen: Option<u32>,
}

/// Parses an ISA string.
pub(super) fn isa(text: &str) -> Result<Isa, String> {
    Ext::parse(text).map(|(extensions, vlen)| Isa { extensions, vlen }).map_err(|error| error.to_string())
}

impl DecodeOptions {
    /// All extensions together.
    pub fn extensions(&self) -> Result<Ext, Failure> {
        let Some(profile) = Profile::by_name(&self.profile) else {
            let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
            return Err(Failure::refused(format!("--profile {}: the profiles are {}", self.profile, names.join(", "))));
        };
        Ok(self.isa.map_or(Ext::everything(), |isa| isa.extensions).union(profile.adds).closure())
    }

    /// The decoder for them.
    pub fn decoder(&self) -> Result<Decoder, Failure> {
        Decoder::for_isa(self.extensions()?).map_err(Failure::refused)
    }
}

/// Splits `key=value`.
pub(super) fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_string(), value.trim().to_string())),
        _ => Err("expected key=value, such as vector.vlen=1024".to_string()),
    }
}
