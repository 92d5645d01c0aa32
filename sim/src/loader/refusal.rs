//! Why a file cannot be loaded, each in one line.

use std::fmt;

/// A file that cannot be loaded.
#[derive(Debug)]
pub struct LoadError {
    /// The file as the user named it.
    pub name: String,
    /// What is wrong with it.
    pub why: Refusal,
}

/// What is wrong with a file.
#[derive(Debug)]
pub enum Refusal {
    /// The host could not read it.
    Io(std::io::Error),
    /// It has no bytes.
    Empty,
    /// It is something else; the words say what it looks like.
    NotElf(&'static str),
    /// It ends inside the named part.
    Truncated {
        /// The part that is cut.
        part: String,
        /// File offset of the first byte of the part.
        start: u64,
        /// File offset behind its last byte.
        end: u64,
        /// Bytes in the file.
        size: u64,
    },
    /// It is for a 32-bit machine.
    Bits32,
    /// It is big-endian.
    BigEndian,
    /// It is for another architecture.
    Machine(u16),
    /// It needs a dynamic linker, whose name the program headers give.
    Dynamic(String),
    /// It is a shared library.
    SharedLibrary,
    /// It is an object file that was not linked.
    Object,
    /// It is a core dump.
    Core,
    /// A header field has a value that makes no sense.
    Malformed(String),
    /// It has nothing to load.
    NoSegments,
    /// A segment does not fit into the guest's memory.
    OutsideMemory {
        /// Index of the program header.
        segment: usize,
        /// First address.
        start: u64,
        /// Bytes.
        len: u64,
        /// First address behind the memory.
        limit: u64,
    },
    /// A segment of a Linux program lies at addresses that Linux keeps unmapped.
    LowAddress {
        /// Index of the program header.
        segment: usize,
        /// First address.
        start: u64,
        /// The lowest address that may be mapped.
        lowest: u64,
    },
    /// Execution would begin where there is no code.
    Entry(u64),
    /// The start-up data do not fit: arguments, environment, or the memory as a whole.
    NoRoom(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.why)
    }
}

impl std::error::Error for LoadError {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Io(error) if error.kind() == std::io::ErrorKind::NotFound => write!(f, "no such file"),
            Refusal::Io(error) => write!(f, "cannot be read: {error}"),
            Refusal::Empty => write!(f, "the file is empty"),
            Refusal::NotElf(looks) => write!(f, "not an ELF program: it looks like {looks}"),
            Refusal::Truncated { part, start, end, size } => write!(
                f,
                "truncated ELF file: {part} takes bytes {start} to {end}, but the file ends at byte {size} ({} missing)",
                end - size.max(start)
            ),
            Refusal::Bits32 => write!(f, "a 32-bit program; only 64-bit RISC-V (rv64) runs here"),
            Refusal::BigEndian => write!(f, "a big-endian program; only little-endian RISC-V runs here"),
            Refusal::Machine(machine) => match machine_name(*machine) {
                Some(name) => write!(f, "a program for {name}, not for RISC-V"),
                None => write!(f, "a program for another architecture (ELF machine {machine}), not for RISC-V"),
            },
            Refusal::Dynamic(linker) => {
                write!(f, "a dynamically linked program (it wants {linker}); link it with -static")
            }
            Refusal::SharedLibrary => write!(f, "a shared library, not a program; link a program with -static"),
            Refusal::Object => write!(f, "a relocatable object file (.o); link it first"),
            Refusal::Core => write!(f, "a core dump, not a program"),
            Refusal::Malformed(what) => write!(f, "malformed ELF file: {what}"),
            Refusal::NoSegments => write!(f, "the ELF file has no loadable segment"),
            Refusal::OutsideMemory { segment, start, len, limit } => write!(
                f,
                "segment {segment} at 0x{start:x} to 0x{:x} lies outside the memory, which ends at 0x{limit:x}",
                u128::from(*start) + u128::from(*len)
            ),
            Refusal::LowAddress { segment, start, lowest } => write!(
                f,
                "segment {segment} begins at 0x{start:x}; Linux programs may use addresses from 0x{lowest:x} on (for a \
                 bare-metal program, say so)"
            ),
            Refusal::Entry(entry) if entry & 1 != 0 => write!(f, "the entry point 0x{entry:x} is odd"),
            Refusal::Entry(entry) => write!(f, "the entry point 0x{entry:x} is outside every executable segment"),
            Refusal::NoRoom(what) => write!(f, "{what}"),
        }
    }
}

/// The architectures that a cross-development machine is likely to have around.
fn machine_name(machine: u16) -> Option<&'static str> {
    Some(match machine {
        2 | 18 | 43 => "SPARC",
        3 => "x86 (i386)",
        4 => "Motorola 68000",
        8 => "MIPS",
        20 => "PowerPC",
        21 => "PowerPC64",
        22 => "IBM S/390",
        40 => "Arm (32-bit)",
        42 => "SuperH",
        50 => "IA-64",
        62 => "x86-64",
        94 => "Xtensa",
        164 => "Hexagon",
        183 => "AArch64",
        190 => "CUDA",
        224 => "AMD GPU",
        247 => "BPF",
        252 => "C-SKY",
        258 => "LoongArch",
        _ => return None,
    })
}

/// What a file that is not ELF looks like.
pub(super) fn looks_like(bytes: &[u8]) -> &'static str {
    const MAGICS: &[(&[u8], &str)] = &[
        (b"#!", "a script"),
        (b"!<arch>\n", "a static library (.a)"),
        (b"!<thin>\n", "a static library (.a)"),
        (b"MZ", "a Windows program"),
        (b"\xcf\xfa\xed\xfe", "a macOS program"),
        (b"\xca\xfe\xba\xbe", "a macOS universal program or a Java class"),
        (b"BC\xc0\xde", "LLVM bitcode"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"PK\x03\x04", "a zip archive"),
        (b"\x28\xb5\x2f\xfd", "a zstd archive"),
        (b"GGUF", "a GGUF model"),
        (b":0", "an Intel HEX image"),
        (b":1", "an Intel HEX image"),
        (b"S0", "a Motorola S-record image"),
    ];
    if let Some((_, what)) = MAGICS.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        return what;
    }
    let head = &bytes[..bytes.len().min(512)];
    // A cut in the middle of a multi-byte character is not a reason to call text binary.
    let text = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && error.valid_up_to() > 0,
    };
    if text && !head.contains(&0) { "a text file" } else { "binary data of an unknown kind" }
}
