//! Options that several subcommands share.

use std::sync::Arc;

use clap::{Args, ValueEnum};
use rvtile_isa::decode::Decoder;
use rvtile_isa::ext::Ext;
use rvtile_isa::profile::{PROFILES, Profile};

use super::{Failure, complain};
use crate::engine::{End, Engine, RunOptions};
use crate::env::{self, Grant};
use crate::extension::Extensions;
use crate::loader::{Image, Kind};
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
    /// Instructions from an extension file, or of the box by name, see `rvtile ext` (repeatable)
    #[arg(long = "ext", value_name = "FILE")]
    pub files: Vec<String>,
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
        self.own()?.decoder(self.extensions()?).map_err(Failure::refused)
    }

    /// The extensions from files.
    pub fn own(&self) -> Result<Extensions, Failure> {
        Extensions::load(&self.files).map_err(Failure::refused)
    }
}

/// Splits `key=value`.
pub(super) fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_string(), value.trim().to_string())),
        _ => Err("expected key=value, such as vector.vlen=1024".to_string()),
    }
}

/// A program, what it finds around itself and the machine that it runs on.
#[derive(Args)]
pub(super) struct ProgramOptions {
    #[command(flatten)]
    machine: MachineOptions,
    /// Stop after so many instructions, at the end of the block of code that reaches them
    #[arg(long, value_name = "N")]
    max_insts: Option<u64>,
    /// What the program finds around itself
    #[arg(long, value_name = "KIND", value_enum, default_value_t = Environment::Auto)]
    env: Environment,
    /// Let the program use a directory, read-only without :rw (repeatable)
    #[arg(long = "dir", value_name = "HOST[:GUEST][:rw]", value_parser = Grant::parse)]
    dirs: Vec<Grant>,
    #[command(flatten)]
    decode: DecodeOptions,
    /// The program and its arguments
    #[arg(value_name = "FILE [ARGS]", trailing_var_arg = true, required = true)]
    program: Vec<String>,
}

/// A program that is ready to run.
pub(super) struct Program {
    /// Its file as the user named it.
    pub file: String,
    pub machine: Arc<Machine>,
    pub engine: Engine,
}

impl ProgramOptions {
    /// Loads machine and program.
    pub fn load(self, timed: bool) -> Result<Program, Failure> {
        let vlen = self.decode.isa.and_then(|isa| isa.vlen).map(|vlen| ("vector.vlen".to_string(), vlen.to_string()));
        let (own, isa) = (self.decode.own()?, self.decode.extensions()?);
        // Without files, the engine finds the families that clash.
        if !own.list.is_empty() {
            own.decoder(isa).map_err(Failure::refused)?;
        }
        let machine = own.on(self.machine.load(vlen.as_slice())?).map_err(Failure::refused)?;
        let Some(file) = self.program.first().cloned() else {
            return Err(Failure::refused("no program given"));
        };
        let image = Image::open(&file).map_err(Failure::refused)?;
        let environment = env::Options {
            kind: match self.env {
                Environment::Auto => None,
                Environment::Linux => Some(Kind::Linux),
                Environment::Bare => Some(Kind::Bare),
            },
            args: self.program,
            grants: self.dirs,
            ..env::Options::default()
        };
        let defaults = RunOptions::default();
        let mut options =
            RunOptions { isa, max_instructions: self.max_insts.unwrap_or(defaults.max_instructions), ..defaults };
        own.apply(&mut options, machine.vector.vlen);
        let engine = Engine::new(image, &machine, timed, &options, environment).map_err(Failure::refused)?;
        Ok(Program { file, machine, engine })
    }
}

/// What a program finds around itself.
#[derive(Clone, Copy, ValueEnum)]
enum Environment {
    /// Linux or bare metal, whichever the file looks like
    Auto,
    /// Linux user mode
    Linux,
    /// The bare machine with HTIF and semihosting
    Bare,
}

/// The exit code for the end of a run, and how the program ended in words. A crash is told on stderr, and
/// so are marks of regions that went astray: what they enclose is in no report.
pub(super) fn ended(end: &End, file: &str, engine: &Engine) -> (u8, String) {
    match end {
        End::Exit(code) => {
            engine.unbalanced().iter().for_each(|what| complain(&format!("{file}: {what}")));
            // A bare-metal program has no other way to say so.
            if *code != 0 && engine.kind() == Kind::Bare {
                complain(&format!("{file}: the program reports failure with status {code}"));
            }
            (exit_code(*code), format!("exit code {code}"))
        }
        End::Crash(crash) => {
            complain(&format!("{file}: {crash}"));
            (if crash.unsupported() { 2 } else { 1 }, "crashed".to_string())
        }
        End::Limit => (0, format!("stopped after {} instructions", engine.instructions())),
    }
}

/// A process ends with eight bits; a failure stays one.
fn exit_code(code: i32) -> u8 {
    match code as u8 {
        0 if code != 0 => 1,
        low => low,
    }
}
