//! What a program finds around itself: Linux in user mode, or the bare machine with HTIF and semihosting.
//!
//! The engine makes a memory of [`memory_size`] bytes and a hart, calls [`start`], and then gives the environment every
//! trap ([`Env::on_trap`]) and, when it [`Env::needs_poll`]s, a look at memory after each block ([`Env::poll`]).
//! Before a trap, and where [`Env::needs_clock`] says so before a look, it must bring
//! [`Clock`](rvtile_isa::hart::csr::Clock) up to date: it is the only time there is, so that runs are repeatable.

mod bare;
mod errno;
pub mod files;
mod guest;
mod linux;
mod options;
#[cfg(test)]
mod tests;
mod transfer;

pub use errno::Errno;
pub use files::Grant;
pub(crate) use options::Shared;
pub use options::{Options, Streams};

use crate::loader::{Image, Kind, LoadError, Refusal};
use rvtile_isa::decode::Clash;
use rvtile_isa::hart::{Cause, Hart, Trap};

/// What the engine does after the environment has acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Go on at `hart.pc`.
    Continue,
    /// Go on at `hart.pc`, with all blocks forgotten: executable memory has changed.
    FlushBlocks,
    /// The program has ended with this status. Linux: 0 to 255, or 128 + signal when a signal that the program sent itself
    /// has ended it, which the standard error then says. HTIF and semihosting: what the program gave; a process exit code
    /// made of it must stay non-zero.
    Exit(i32),
    /// The trap is the end of the program: the engine reports it as a crash.
    Fatal,
}

/// The environment of a run.
pub enum Env {
    /// Linux user mode.
    Linux(Box<linux::Linux>),
    /// Bare machine.
    Bare(Box<bare::Bare>),
}

fn kind(image: &Image, options: &Options) -> Kind {
    options.kind.unwrap_or_else(|| image.environment())
}

/// Why a program cannot be started.
#[derive(Debug)]
pub enum StartError {
    /// It does not fit its memory.
    Image(LoadError),
    /// The host refuses the memory.
    Memory(std::io::Error),
    /// The machine has a property that the timing model does not know.
    Machine(String),
    /// The extensions of the run do not go together.
    Clash(Clash),
    /// A definition needs something that the run or its machine lacks.
    Definition(String),
}

impl StartError {
    /// The host refuses the memory.
    pub fn memory(error: std::io::Error) -> StartError {
        StartError::Memory(error)
    }

    fn image(image: &Image, why: Refusal) -> StartError {
        StartError::Image(LoadError { name: image.name.clone(), why })
    }
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            StartError::Image(error) => error.fmt(f),
            StartError::Machine(why) | StartError::Definition(why) => f.write_str(why),
            StartError::Clash(clash) => clash.fmt(f),
            StartError::Memory(error) => write!(f, "the host gives no memory for the program: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

/// Bytes of address space that the program's memory needs.
///
/// # Errors
/// When a segment lies where no memory can be.
pub fn memory_size(image: &Image, options: &Options) -> Result<u64, StartError> {
    match kind(image, options) {
        Kind::Linux => linux::memory_size(options),
        Kind::Bare => bare::memory_size(image, options),
    }
    .map_err(|why| StartError::image(image, why))
}

/// Lays the program out in the memory of a fresh hart and puts the hart at its entry.
///
/// # Errors
/// When it does not fit into the memory.
pub fn start(image: &Image, options: Options, hart: &mut Hart) -> Result<Env, StartError> {
    match kind(image, &options) {
        Kind::Linux => linux::Linux::start(image, options, hart).map(|linux| Env::Linux(Box::new(linux))),
        Kind::Bare => bare::Bare::start(image, options, hart).map(|bare| Env::Bare(Box::new(bare))),
    }
    .map_err(|why| StartError::image(image, why))
}

impl Env {
    /// Which environment it is.
    pub fn kind(&self) -> Kind {
        match self {
            Env::Linux(_) => Kind::Linux,
            Env::Bare(_) => Kind::Bare,
        }
    }

    /// Acts on a trap; `hart.pc` is the address of the instruction that trapped. Unless the action ends the run, the hart
    /// can go on at its `pc` afterwards.
    pub fn on_trap(&mut self, hart: &mut Hart, trap: Trap) -> Action {
        match self {
            Env::Linux(linux) => linux.on_trap(hart, trap),
            Env::Bare(bare) => bare.on_trap(hart, trap),
        }
    }

    /// Whether a trap leaves the simulated machine: a system call or a semihosting call. Others go to the program's own
    /// handlers or end it.
    pub fn serves(&self, trap: Trap) -> bool {
        match self {
            Env::Linux(_) => trap.cause == Cause::EcallU,
            Env::Bare(bare) => bare.serves(trap),
        }
    }

    /// The physical address of the word through which the program asks. Fixed for a run.
    pub fn mailbox(&self) -> Option<u64> {
        match self {
            Env::Linux(_) => None,
            Env::Bare(bare) => bare.mailbox(),
        }
    }

    /// Whether a command lies in the mailbox or a timer runs, so that [`Env::poll`] has to be called after the very next
    /// block. Else that is due only after a block that stored to the mailbox's page.
    #[inline]
    pub fn waits(&self, hart: &Hart) -> bool {
        self.needs_clock() || self.mailbox().is_some_and(|at| hart.mem.peek(at, 8).is_ok_and(|word| word != [0; 8]))
    }

    /// Whether [`Env::poll`] must be called after each block. Fixed for a run.
    pub fn needs_poll(&self) -> bool {
        matches!(self, Env::Bare(_))
    }

    /// Whether [`Clock`](rvtile_isa::hart::csr::Clock) must be up to date when [`Env::poll`] is called: since the
    /// program has begun to use a timer.
    pub fn needs_clock(&self) -> bool {
        match self {
            Env::Linux(_) => false,
            Env::Bare(bare) => bare.needs_clock(),
        }
    }

    /// Looks whether the program has asked for something through memory.
    #[inline]
    pub fn poll(&mut self, hart: &mut Hart) -> Action {
        match self {
            Env::Linux(_) => Action::Continue,
            Env::Bare(bare) => bare.poll(hart),
        }
    }
}
