//! Source lines from DWARF.

use addr2line::Context;
use addr2line::gimli::{self, EndianSlice, LittleEndian};
use object::read::elf::ElfFile64;
use object::{Object, ObjectSection};
use std::borrow::Cow;
use std::collections::HashMap;

/// Addresses of one source line.
struct Row {
    addr: u64,
    len: u64,
    file: u32,
    line: u32,
}

/// The line table of an image, flattened and sorted: reports ask for many addresses of few units.
pub(super) struct Lines {
    rows: Vec<Row>,
    files: Vec<String>,
}

impl Lines {
    /// Reads the debug sections; `None` when there are none or they are unusable.
    pub fn read(elf: &ElfFile64<'_, object::LittleEndian>) -> Option<Lines> {
        elf.section_by_name(".debug_line")?;
        let load = |id: gimli::SectionId| -> Result<Cow<'_, [u8]>, gimli::Error> {
            // A compressed or cut section counts as absent: there are then no lines, which is no error.
            Ok(elf.section_by_name(id.name()).and_then(|s| s.uncompressed_data().ok()).unwrap_or_default())
        };
        let sections = gimli::DwarfSections::load(load).ok()?;
        let context = Context::from_dwarf(sections.borrow(|section| EndianSlice::new(section, LittleEndian))).ok()?;
        let mut lines = Lines { rows: Vec::new(), files: Vec::new() };
        let mut numbers: HashMap<String, u32> = HashMap::new();
        for (addr, len, location) in context.find_location_range(0, u64::MAX).ok()? {
            let (Some(file), Some(line @ 1..)) = (location.file, location.line) else { continue };
            let number = numbers.get(file).copied().unwrap_or_else(|| {
                lines.files.push(file.to_owned());
                let number = lines.files.len() as u32 - 1;
                numbers.insert(file.to_owned(), number);
                number
            });
            lines.rows.push(Row { addr, len, file: number, line });
        }
        lines.rows.sort_by_key(|row| row.addr);
        Some(lines)
    }

    /// `file:line` of an address of the file.
    pub fn at(&self, addr: u64) -> Option<String> {
        let row = self.rows[..self.rows.partition_point(|row| row.addr <= addr)].last()?;
        (addr - row.addr < row.len).then(|| format!("{}:{}", self.files[row.file as usize], row.line))
    }
}
