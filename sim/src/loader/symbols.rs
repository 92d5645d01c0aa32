//! Symbols by name and by address.

use object::elf::{STT_FUNC, STT_NOTYPE};
use object::read::elf::ElfFile64;
use object::{LittleEndian, Object, ObjectSymbol, SymbolFlags};
use std::collections::HashMap;
use std::ops::Range;

/// A place in the code that has a name.
#[derive(Clone, Debug)]
struct Label {
    addr: u64,
    size: u64,
    /// Where the name stands in the file.
    name: Range<usize>,
}

/// The symbols of an image. Names stay in the file's bytes, so that a hostile table costs no more than its own size.
#[derive(Default)]
pub(super) struct Symbols {
    by_name: HashMap<Vec<u8>, u64>,
    /// Functions by address.
    functions: Vec<Label>,
    /// Functions and untyped labels of code by address.
    labels: Vec<Label>,
}

/// Longest name that is kept; longer ones do not occur in programs.
const MAX_NAME: usize = 4096;

impl Symbols {
    /// Reads the symbol table. `code` tells whether an address is in an executable segment.
    pub fn read(elf: &ElfFile64<'_, LittleEndian>, bytes: &[u8], bias: u64, code: impl Fn(u64) -> bool) -> Symbols {
        let mut symbols = Symbols::default();
        let base = bytes.as_ptr() as usize;
        // (address, rank, label): the lowest rank names an address.
        let (mut functions, mut labels) = (Vec::new(), Vec::new());
        for symbol in elf.symbols() {
            let Ok(name) = symbol.name_bytes() else { continue };
            if name.is_empty() || name.len() > MAX_NAME || symbol.is_undefined() {
                continue;
            }
            let SymbolFlags::Elf { st_info, .. } = symbol.flags() else { continue };
            let kind = st_info.st_type();
            // Absolute symbols are numbers and do not move.
            let absolute = symbol.section() == object::SymbolSection::Absolute;
            let addr = symbol.address().wrapping_add(if absolute { 0 } else { bias });
            if symbol.is_global() || !symbols.by_name.contains_key(name) {
                symbols.by_name.insert(name.to_vec(), addr);
            }
            if !(kind == STT_FUNC || kind == STT_NOTYPE) || name[0] == b'$' || name.starts_with(b".L") || !code(addr) {
                continue;
            }
            let start = name.as_ptr() as usize - base;
            let label = Label { addr, size: symbol.size(), name: start..start + name.len() };
            // An alias for users before the library's inner names, a global name before a local one.
            let inner = name.iter().take_while(|byte| **byte == b'_').count();
            let rank = (kind != STT_FUNC, symbol.is_local(), inner, symbol.index().0);
            if kind == STT_FUNC {
                functions.push((addr, rank, label.clone()));
            }
            labels.push((addr, rank, label));
        }
        symbols.functions = one_each(functions);
        symbols.labels = one_each(labels);
        symbols
    }

    pub fn address(&self, name: &str) -> Option<u64> {
        self.by_name.get(name.as_bytes()).copied()
    }

    /// The function or else the nearest label in front of `pc`, and the distance to it.
    pub fn at<'a>(&self, bytes: &'a [u8], pc: u64) -> Option<(&'a str, u64)> {
        let before = |labels: &[Label]| {
            let count = labels.partition_point(|label| label.addr <= pc);
            labels[..count].last().cloned()
        };
        let label = before(&self.functions)
            .filter(|function| pc - function.addr < function.size)
            .or_else(|| before(&self.labels))?;
        let name = std::str::from_utf8(bytes.get(label.name)?).ok()?;
        Some((name, pc - label.addr))
    }
}

/// Sorts by address and keeps the best-ranked label of each.
fn one_each<Rank: Ord>(mut labels: Vec<(u64, Rank, Label)>) -> Vec<Label> {
    labels.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    labels.dedup_by(|later, first| later.0 == first.0);
    labels.into_iter().map(|(_, _, label)| label).collect()
}
