//! What a run gives its program.

use super::files::Grant;
use crate::loader::Kind;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Where the program's standard streams lead.
pub struct Streams {
    /// Descriptor 0.
    pub stdin: Box<dyn Read + Send>,
    /// Descriptor 1.
    pub stdout: Box<dyn Write + Send>,
    /// Descriptor 2; notices of the environment go there too.
    pub stderr: Box<dyn Write + Send>,
}

impl Default for Streams {
    /// Those of the simulator itself.
    fn default() -> Streams {
        Streams {
            stdin: Box::new(std::io::stdin()),
            stdout: Box::new(std::io::stdout()),
            stderr: Box::new(std::io::stderr()),
        }
    }
}

impl Streams {
    /// Nothing to read, and what is written is dropped.
    pub fn silent() -> Streams {
        Streams {
            stdin: Box::new(std::io::empty()),
            stdout: Box::new(std::io::sink()),
            stderr: Box::new(std::io::sink()),
        }
    }
}

/// An output that its maker reads too: both ends have the same bytes.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    /// What was written since the last time.
    pub(crate) fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Everything that the environment of a run depends on. Nothing else of the host is visible to the program, so that
/// two runs with the same options, files and input do the same.
pub struct Options {
    /// Linux or bare metal; `None` leaves it to [`Image::environment`](crate::loader::Image::environment).
    pub kind: Option<Kind>,
    /// Arguments from `argv[0]` on. When there are none, `argv[0]` is the image's name.
    pub args: Vec<String>,
    /// Environment variables as `NAME=value`; the host's are not passed on.
    pub vars: Vec<String>,
    /// Directories that the program may use.
    pub grants: Vec<Grant>,
    /// Standard streams.
    pub streams: Streams,
    /// Memory in bytes. Linux: the size of the address space, 64 GiB unless given. Bare metal: the RAM at 0x8000_0000,
    /// 256 MiB unless given.
    pub memory: Option<u64>,
    /// Frequency of [`Clock::time`](rvtile_isa::hart::csr::Clock::time) in Hz.
    pub timebase_hz: u64,
    /// Seed of `getrandom` and of the 16 random bytes that a program starts with.
    pub seed: u64,
}

impl Options {
    /// The defaults, with [`Streams::silent`].
    pub fn silent() -> Options {
        Options { streams: Streams::silent(), ..Options::default() }
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            kind: None,
            args: Vec::new(),
            vars: Vec::new(),
            grants: Vec::new(),
            streams: Streams::default(),
            memory: None,
            timebase_hz: 1_000_000_000,
            seed: 0,
        }
    }
}
