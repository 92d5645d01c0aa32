//! The smallest ELF files that the references load.

/// A loadable part.
pub struct Segment<'a> {
    /// Address, a multiple of the page size.
    pub at: u64,
    /// Its content.
    pub bytes: &'a [u8],
    /// Its size in memory.
    pub size: u64,
}

const PAGE: usize = 4096;

/// An executable for RV64 with symbols.
pub fn write(segments: &[Segment], entry: u64, symbols: &[(&str, u64)]) -> Vec<u8> {
    let mut file = vec![0; PAGE];
    let mut headers = Vec::new();
    for segment in segments {
        file.resize(file.len().next_multiple_of(PAGE), 0);
        // PT_LOAD, readable, writable, executable.
        headers.extend([1u32, 7].iter().flat_map(|word| word.to_le_bytes()));
        let words = [file.len() as u64, segment.at, segment.at, segment.bytes.len() as u64, segment.size, PAGE as u64];
        headers.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        file.extend(segment.bytes);
    }
    file.resize(file.len().next_multiple_of(8), 0);
    let mut names = vec![0u8];
    let mut table = vec![0u8; 24];
    for (name, value) in symbols {
        table.extend((names.len() as u32).to_le_bytes());
        // Global, no type; absolute.
        table.extend([0x10, 0]);
        table.extend(0xfff1u16.to_le_bytes());
        table.extend(value.to_le_bytes());
        table.extend(0u64.to_le_bytes());
        names.extend(name.bytes().chain([0]));
    }
    const SECTION_NAMES: &[u8] = b"\0.symtab\0.strtab\0.shstrtab\0";
    let mut sections = vec![0u8; 64];
    let mut section = |file: &mut Vec<u8>, name: u32, kind: u32, content: &[u8], link: u32, entry: u64| {
        sections.extend([name, kind].iter().flat_map(|word| word.to_le_bytes()));
        let words = [0u64, 0, file.len() as u64, content.len() as u64];
        sections.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        sections.extend([link, link.min(1)].iter().flat_map(|word| word.to_le_bytes()));
        sections.extend([8, entry].iter().flat_map(|word: &u64| word.to_le_bytes()));
        file.extend(content);
        file.resize(file.len().next_multiple_of(8), 0);
    };
    section(&mut file, 1, 2, &table, 2, 24);
    section(&mut file, 9, 3, &names, 0, 0);
    section(&mut file, 17, 3, SECTION_NAMES, 0, 0);
    let section_headers = file.len() as u64;
    file.extend(&sections);
    // 64 bits, little-endian; ET_EXEC, RISC-V; compressed code, double-float ABI.
    let mut head = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    head.extend([2u16, 243].iter().flat_map(|half| half.to_le_bytes()));
    head.extend(1u32.to_le_bytes());
    head.extend([entry, 64, section_headers].iter().flat_map(|word| word.to_le_bytes()));
    head.extend(5u32.to_le_bytes());
    head.extend([64u16, 56, segments.len() as u16, 64, 4, 3].iter().flat_map(|half| half.to_le_bytes()));
    head.extend(headers);
    file[..head.len()].copy_from_slice(&head);
    file
}
