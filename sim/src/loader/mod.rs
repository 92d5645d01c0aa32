//! Static RV64 ELF programs.
//!
//! [`Image::parse`] checks everything that loading relies on, so that no file, however damaged, makes the simulator
//! panic: it is refused with one line that says what is wrong. Segments come from goblin, symbols and sections from
//! object, source lines from addr2line.
//!
//! Programs linked at fixed addresses (ET_EXEC) and static position-independent ones (ET_DYN without interpreter) are
//! taken. The latter get the load bias [`PIE_BASE`], which all addresses given out here already include; their
//! relocations are left to their own start-up code, as under Linux.

mod headers;
mod kind;
mod lines;
mod refusal;
mod symbols;
#[cfg(test)]
pub(crate) mod tests;

pub use kind::Kind;
pub(crate) use kind::{BARE_RAM, SEMIHOSTING};
pub use refusal::{LoadError, Refusal};

use object::read::elf::ElfFile64;
use rvtile_isa::memory::Perm;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

/// Where address 0 of a position-independent program goes.
pub const PIE_BASE: u64 = 0x1000_0000;

/// A loadable segment.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Index of its program header.
    pub index: usize,
    /// Address at which the program uses it.
    pub vaddr: u64,
    /// Address at which a bare machine finds it after reset.
    pub paddr: u64,
    /// Its bytes in the file; the rest up to `size` is zero.
    pub file: Range<usize>,
    /// Bytes in memory, at least one.
    pub size: u64,
    /// Permissions.
    pub perm: Perm,
}

impl Segment {
    /// The addresses at which the program uses it.
    pub fn range(&self) -> Range<u64> {
        self.vaddr..self.vaddr + self.size
    }
}

/// A program that can be loaded.
pub struct Image {
    /// The file as the user named it.
    pub name: String,
    /// Address of the first instruction.
    pub entry: u64,
    /// Loadable segments in the order of their program headers.
    pub segments: Vec<Segment>,
    /// Address of the program headers in memory, when a segment holds them.
    pub phdr: Option<u64>,
    /// Number of program headers; each has 56 bytes.
    pub phnum: u16,
    /// What was added to the addresses of the file.
    pub bias: u64,
    bytes: Vec<u8>,
    symbols: symbols::Symbols,
    semihosting: bool,
    kind: (Kind, &'static str),
    lines: OnceLock<Option<lines::Lines>>,
}

impl std::fmt::Debug for Image {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Image")
            .field("name", &self.name)
            .field("entry", &self.entry)
            .field("segments", &self.segments)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Image {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or is not a program that runs here.
    pub fn open(path: impl AsRef<Path>) -> Result<Image, LoadError> {
        let path = path.as_ref();
        let name = path.display().to_string();
        match std::fs::read(path) {
            Ok(bytes) => Image::parse(&name, bytes),
            Err(error) => Err(LoadError { name, why: Refusal::Io(error) }),
        }
    }

    /// Takes the bytes of a file; `name` is what messages and the program itself (`argv[0]`) call it.
    ///
    /// # Errors
    /// When it is not a program that runs here.
    pub fn parse(name: &str, bytes: Vec<u8>) -> Result<Image, LoadError> {
        let headers = headers::parse(&bytes).map_err(|why| LoadError { name: name.to_owned(), why })?;
        let code = |addr: u64| {
            headers.segments.iter().any(|s| s.perm.contains(Perm::X) && addr.wrapping_sub(s.vaddr) < s.size)
        };
        // Sections and symbols are a help, not a need: without usable ones the program still runs.
        let symbols = match ElfFile64::parse(&*bytes) {
            Ok(elf) => symbols::Symbols::read(&elf, &bytes, headers.bias, code),
            Err(_) => symbols::Symbols::default(),
        };
        let mut image = Image {
            name: name.to_owned(),
            entry: headers.entry,
            segments: headers.segments,
            phdr: headers.phdr,
            phnum: headers.phnum,
            bias: headers.bias,
            bytes,
            symbols,
            semihosting: false,
            kind: (Kind::Linux, ""),
            lines: OnceLock::new(),
        };
        image.semihosting = kind::has_semihosting(&image);
        image.kind = kind::decide(&image, &headers.notes);
        Ok(image)
    }

    /// The bytes that a segment has in the file.
    pub fn file_bytes(&self, segment: &Segment) -> &[u8] {
        &self.bytes[segment.file.clone()]
    }

    /// The environment that the program was built for: [`Kind::Linux`] for position-independent programs, programs with a
    /// GNU/Linux ABI note, and whatever shows none of the signs of bare metal: a symbol `tohost`, the semihosting
    /// sequence, an entry at 0x8000_0000 or above, data loaded elsewhere than used.
    pub fn environment(&self) -> Kind {
        self.kind.0
    }

    /// Why [`Image::environment`] decided so, as the end of a sentence that begins with "because".
    pub fn environment_reason(&self) -> &'static str {
        self.kind.1
    }

    /// Whether the code has the semihosting call sequence.
    pub fn uses_semihosting(&self) -> bool {
        self.semihosting
    }

    /// The value of a symbol.
    pub fn symbol(&self, name: &str) -> Option<u64> {
        self.symbols.address(name)
    }

    /// The function that holds `pc`, or the nearest label in front of it, with the distance in bytes.
    pub fn symbol_at(&self, pc: u64) -> Option<(&str, u64)> {
        let segment = self.segments.iter().find(|s| s.perm.contains(Perm::X) && s.range().contains(&pc))?;
        let (name, offset) = self.symbols.at(&self.bytes, pc)?;
        // A label of another segment says nothing about this one.
        (offset <= pc - segment.vaddr).then_some((name, offset))
    }

    /// `file:line` of the source for `pc`, when the program was compiled with -g. Reads the tables when first asked.
    pub fn source_line(&self, pc: u64) -> Option<String> {
        let lines = self.lines.get_or_init(|| lines::Lines::read(&ElfFile64::parse(&*self.bytes).ok()?));
        lines.as_ref()?.at(pc.checked_sub(self.bias)?)
    }
}
