//! Cached permissions and translations of recently used pages: one compare decides that an access is allowed,
//! aligned and inside one page.

use crate::memory::PAGE;

pub(super) const ENTRIES: usize = 256;

#[derive(Clone, Copy)]
pub(super) struct Entry {
    /// Virtual page address; an impossible one when empty.
    pub tag: u64,
    /// Host address minus guest address, modulo 2^64.
    pub addend: usize,
}

// No access is wider than eight bytes, so bit 3 takes part in no compare.
const EMPTY: Entry = Entry { tag: 8, addend: 0 };

pub(super) struct Tlb {
    pub loads: [Entry; ENTRIES],
    pub stores: [Entry; ENTRIES],
    /// Ranges found readable and side by side lately: a loop goes through several arrays in turn.
    pub areas: [Area; AREAS],
    /// The one that gives way to the next.
    pub oldest: usize,
}

pub(super) const AREAS: usize = 4;

/// Addresses from `start` to `end`.
#[derive(Clone, Copy)]
pub(super) struct Area {
    pub start: u64,
    pub end: u64,
    /// Host address minus guest address, modulo 2^64.
    pub addend: usize,
}

impl Default for Tlb {
    fn default() -> Tlb {
        let areas = [Area { start: 0, end: 0, addend: 0 }; AREAS];
        Tlb { loads: [EMPTY; ENTRIES], stores: [EMPTY; ENTRIES], areas, oldest: 0 }
    }
}

/// The host address of an aligned access of `size` bytes (a power of two), if the page is in the table.
#[inline(always)]
pub(super) fn lookup(table: &[Entry; ENTRIES], addr: u64, size: u64) -> Option<*mut u8> {
    let entry = &table[(addr / PAGE) as usize % ENTRIES];
    // The low bits that must be zero for alignment stay in the compare: a misaligned address never matches.
    (addr & (!(PAGE - 1) | (size - 1)) == entry.tag).then(|| (addr as usize).wrapping_add(entry.addend) as *mut u8)
}

/// The host address of `len` bytes, at most a page, if their pages are in the table and lie side by side on the host.
#[inline(always)]
pub(super) fn span(table: &[Entry; ENTRIES], addr: u64, len: usize) -> Option<*mut u8> {
    let first = lookup(table, addr, 1)?;
    if addr % PAGE + len as u64 <= PAGE {
        return Some(first);
    }
    let last = lookup(table, addr.wrapping_add(len as u64 - 1), 1)?;
    (last as usize).wrapping_sub(first as usize).eq(&(len - 1)).then_some(first)
}

/// Remembers that the page of virtual address `addr` is at host address `host`.
pub(super) fn insert(table: &mut [Entry; ENTRIES], addr: u64, host: *mut u8) {
    let tag = addr & !(PAGE - 1);
    let entry = Entry { tag, addend: (host as usize & !(PAGE as usize - 1)).wrapping_sub(tag as usize) };
    table[(addr / PAGE) as usize % ENTRIES] = entry;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_table_has_no_page() {
        let tlb = Tlb::default();
        for addr in 0..64 {
            for size in [1, 2, 4, 8] {
                assert!(lookup(&tlb.loads, addr, size).is_none(), "{size} bytes at {addr}");
            }
        }
    }
}
