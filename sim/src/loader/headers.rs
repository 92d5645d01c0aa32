//! ELF header and program headers: every offset and size is checked here before anything relies on it.

use super::refusal::{Refusal, looks_like};
use super::{PIE_BASE, Segment};
use goblin::container::{Container, Ctx, Endian};
use goblin::elf::Elf;
use goblin::elf::header::{EM_RISCV, ET_CORE, ET_DYN, ET_EXEC, ET_REL, Header};
use goblin::elf::program_header::{PF_R, PF_W, PF_X, PT_DYNAMIC, PT_INTERP, PT_LOAD, PT_PHDR, ProgramHeader};
use rvtile_isa::memory::Perm;

const MAGIC: &[u8] = b"\x7fELF";
const HEADER: u64 = 64;
const PROGRAM_HEADER: u64 = 56;

/// What the program headers say.
pub(super) struct Headers {
    pub entry: u64,
    pub bias: u64,
    pub segments: Vec<Segment>,
    pub phdr: Option<u64>,
    pub phnum: u16,
    /// PT_NOTE contents, as ranges of the file.
    pub notes: Vec<std::ops::Range<usize>>,
}

/// Checks that bytes `start` to `start + len` are in the file.
fn in_file(bytes: &[u8], start: u64, len: u64, part: impl Fn() -> String) -> Result<std::ops::Range<usize>, Refusal> {
    let size = bytes.len() as u64;
    let end = start
        .checked_add(len)
        .ok_or_else(|| Refusal::Malformed(format!("{} has offset 0x{start:x} and size 0x{len:x}", part())))?;
    if end > size {
        return Err(Refusal::Truncated { part: part(), start, end, size });
    }
    Ok(start as usize..end as usize)
}

pub(super) fn parse(bytes: &[u8]) -> Result<Headers, Refusal> {
    let header = header(bytes)?;
    let raw = program_headers(bytes, &header)?;
    if let Some((index, interp)) = raw.iter().enumerate().find(|(_, ph)| ph.p_type == PT_INTERP) {
        let range = in_file(bytes, interp.p_offset, interp.p_filesz, || format!("segment {index} (PT_INTERP)"))?;
        let name = bytes[range].split(|byte| *byte == 0).next().unwrap_or_default();
        let name = String::from_utf8_lossy(&name[..name.len().min(200)]);
        return Err(Refusal::Dynamic(name.escape_default().to_string()));
    }
    let bias = if header.e_type == ET_DYN {
        check_pie(bytes, &header, &raw)?;
        PIE_BASE
    } else {
        0
    };
    let segments = segments(bytes, &raw, bias)?;
    let entry = header.e_entry.wrapping_add(bias);
    let holds = |segment: &Segment| segment.perm.contains(Perm::X) && entry.wrapping_sub(segment.vaddr) < segment.size;
    if entry & 1 != 0 || !segments.iter().any(holds) {
        return Err(Refusal::Entry(entry));
    }
    let table = header.e_phoff..header.e_phoff + u64::from(header.e_phnum) * PROGRAM_HEADER;
    let phdr = raw.iter().find(|ph| ph.p_type == PT_PHDR).map(|ph| ph.p_vaddr.wrapping_add(bias)).or_else(|| {
        let holder = segments.iter().find(|s| s.file.start as u64 <= table.start && table.end <= s.file.end as u64)?;
        Some(holder.vaddr + (table.start - holder.file.start as u64))
    });
    // Notes only help to recognise the environment: a broken one is no reason to refuse the program.
    let notes = raw
        .iter()
        .filter(|ph| ph.p_type == goblin::elf::program_header::PT_NOTE)
        .filter_map(|ph| in_file(bytes, ph.p_offset, ph.p_filesz, String::new).ok())
        .collect();
    Ok(Headers { entry, bias, segments, phdr, phnum: header.e_phnum, notes })
}

fn header(bytes: &[u8]) -> Result<Header, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::Empty);
    }
    if !bytes.starts_with(&MAGIC[..bytes.len().min(MAGIC.len())]) {
        return Err(Refusal::NotElf(looks_like(bytes)));
    }
    let half = |at: usize, big: bool| {
        let pair = [*bytes.get(at)?, *bytes.get(at + 1)?];
        Some(if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
    };
    // Class, byte order and machine are told first, however short the file is: that is what its user got wrong.
    let big = bytes.get(5) == Some(&2);
    if let Some(machine) = half(18, big).filter(|machine| *machine != EM_RISCV) {
        return Err(if machine == 0 {
            Refusal::Malformed("its header names no machine".to_owned())
        } else {
            Refusal::Machine(machine)
        });
    }
    match bytes.get(4) {
        None | Some(2) => {}
        Some(1) => return Err(Refusal::Bits32),
        Some(class) => return Err(Refusal::Malformed(format!("its class is {class}, neither 32 nor 64 bit"))),
    }
    match bytes.get(5) {
        None | Some(1) => {}
        Some(2) => return Err(Refusal::BigEndian),
        Some(order) => return Err(Refusal::Malformed(format!("its byte order is {order}, neither little nor big"))),
    }
    in_file(bytes, 0, HEADER, || "the ELF header".to_owned())?;
    let header = Elf::parse_header(bytes).map_err(|error| Refusal::Malformed(error.to_string()))?;
    match header.e_type {
        ET_EXEC | ET_DYN => Ok(header),
        ET_REL => Err(Refusal::Object),
        ET_CORE => Err(Refusal::Core),
        other => Err(Refusal::Malformed(format!("its type is {other}, not an executable"))),
    }
}

fn program_headers(bytes: &[u8], header: &Header) -> Result<Vec<ProgramHeader>, Refusal> {
    let count = header.e_phnum;
    if count == 0 {
        return Err(Refusal::NoSegments);
    }
    if u64::from(header.e_phentsize) != PROGRAM_HEADER {
        return Err(Refusal::Malformed(format!("its program headers have {} bytes instead of 56", header.e_phentsize)));
    }
    let range = in_file(bytes, header.e_phoff, u64::from(count) * PROGRAM_HEADER, || {
        format!("the table of {count} program headers")
    })?;
    ProgramHeader::parse(bytes, range.start, usize::from(count), Ctx::new(Container::Big, Endian::Little))
        .map_err(|error| Refusal::Malformed(error.to_string()))
}

/// Tells a static position-independent program from a shared library: both are ET_DYN without an interpreter.
fn check_pie(bytes: &[u8], header: &Header, raw: &[ProgramHeader]) -> Result<(), Refusal> {
    const DT_NEEDED: u64 = 1;
    const DT_FLAGS_1: u64 = 0x6fff_fffb;
    const DF_1_PIE: u64 = 0x0800_0000;
    let mut pie = false;
    for (index, ph) in raw.iter().enumerate().filter(|(_, ph)| ph.p_type == PT_DYNAMIC) {
        let range = in_file(bytes, ph.p_offset, ph.p_filesz, || format!("segment {index} (PT_DYNAMIC)"))?;
        for entry in bytes[range].chunks_exact(16) {
            match (word(entry, 0), word(entry, 8)) {
                (0, _) => break,
                (DT_NEEDED, _) => return Err(Refusal::SharedLibrary),
                (DT_FLAGS_1, flags) => pie |= flags & DF_1_PIE != 0,
                _ => {}
            }
        }
    }
    if !pie && header.e_entry == 0 { Err(Refusal::SharedLibrary) } else { Ok(()) }
}

fn segments(bytes: &[u8], raw: &[ProgramHeader], bias: u64) -> Result<Vec<Segment>, Refusal> {
    let mut segments = Vec::new();
    for (index, ph) in raw.iter().enumerate().filter(|(_, ph)| ph.p_type == PT_LOAD && ph.p_memsz > 0) {
        let file = in_file(bytes, ph.p_offset, ph.p_filesz, || format!("segment {index}"))?;
        if ph.p_filesz > ph.p_memsz {
            let (filesz, memsz) = (ph.p_filesz, ph.p_memsz);
            return Err(Refusal::Malformed(format!(
                "segment {index} has more bytes in the file (0x{filesz:x}) than in memory (0x{memsz:x})"
            )));
        }
        let place = |address: u64| {
            let outside = Refusal::OutsideMemory { segment: index, start: address, len: ph.p_memsz, limit: u64::MAX };
            let start = address.checked_add(bias).filter(|start| start.checked_add(ph.p_memsz).is_some());
            start.ok_or(outside)
        };
        let mut perm = Perm::empty();
        perm.set(Perm::R, ph.p_flags & PF_R != 0);
        perm.set(Perm::W, ph.p_flags & PF_W != 0);
        perm.set(Perm::X, ph.p_flags & PF_X != 0);
        segments.push(Segment {
            index,
            vaddr: place(ph.p_vaddr)?,
            paddr: place(ph.p_paddr)?,
            file,
            size: ph.p_memsz,
            perm,
        });
    }
    if segments.is_empty() { Err(Refusal::NoSegments) } else { Ok(segments) }
}

/// The little-endian 64-bit word at `at`. Precondition: it is there.
fn word(bytes: &[u8], at: usize) -> u64 {
    let mut array = [0; 8];
    array.copy_from_slice(&bytes[at..at + 8]);
    u64::from_le_bytes(array)
}
