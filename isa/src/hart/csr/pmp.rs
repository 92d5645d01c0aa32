//! Physical memory protection: 16 entries with the finest granularity, four bytes.

use std::ops::Range;

use crate::hart::Mode;
use crate::memory::{PAGE, Perm};

const ENTRIES: usize = 16;
/// Implemented bits of an address register.
const ADDRESS: u64 = (1 << 54) - 1;

const A_TOR: u8 = 1;
const A_NA4: u8 = 2;
const A_NAPOT: u8 = 3;
const LOCKED: u8 = 0x80;

/// The PMP registers.
#[derive(Clone, Debug)]
pub struct Pmp {
    cfg: [u8; ENTRIES],
    addr: [u64; ENTRIES],
}

impl Default for Pmp {
    /// One entry opens all memory to every mode, for software that does not know of PMP.
    fn default() -> Pmp {
        let mut pmp = Pmp { cfg: [0; ENTRIES], addr: [0; ENTRIES] };
        pmp.cfg[0] = A_NAPOT << 3 | 7;
        pmp.addr[0] = ADDRESS;
        pmp
    }
}

impl Pmp {
    /// A pmpcfg register; `index` is even. Entries that there are not read as zero.
    pub fn read_cfg(&self, index: usize) -> u64 {
        let mut bytes = [0; 8];
        for (byte, cfg) in bytes.iter_mut().zip(self.cfg.iter().skip(index * 4)) {
            *byte = *cfg;
        }
        u64::from_le_bytes(bytes)
    }

    /// Writes a pmpcfg register; entries that are locked stay as they are.
    pub fn write_cfg(&mut self, index: usize, value: u64) {
        for (entry, byte) in self.cfg.iter_mut().skip(index * 4).zip(value.to_le_bytes()) {
            if *entry & LOCKED != 0 {
                continue;
            }
            let byte = byte & 0x9f;
            // W without R is reserved: neither.
            *entry = if byte & 3 == 2 { byte & !2 } else { byte };
        }
    }

    /// A pmpaddr register; zero for an entry that there is not.
    pub fn read_addr(&self, index: usize) -> u64 {
        self.addr.get(index).copied().unwrap_or(0)
    }

    /// Writes a pmpaddr register, unless its entry is locked or is the lower bound of a locked one.
    pub fn write_addr(&mut self, index: usize, value: u64) {
        let bounds_locked =
            index + 1 < ENTRIES && self.cfg[index + 1] & LOCKED != 0 && self.matching(index + 1) == A_TOR;
        if index < ENTRIES && self.cfg[index] & LOCKED == 0 && !bounds_locked {
            self.addr[index] = value & ADDRESS;
        }
    }

    /// Whether a mode has a permission for an access to `len` bytes at `addr`: the lowest-numbered entry that matches
    /// one of them decides, and must match all; without such an entry only machine mode passes.
    pub fn allows(&self, addr: u64, len: u64, need: Perm, mode: Mode) -> bool {
        let end = addr.saturating_add(len);
        for index in 0..ENTRIES {
            let range = self.range(index);
            if range.start < end && addr < range.end {
                let free = mode == Mode::Machine && self.cfg[index] & LOCKED == 0;
                let granted = free || Perm::from_bits_truncate(self.cfg[index] & 7).contains(need);
                return granted && range.start <= addr && end <= range.end;
            }
        }
        mode == Mode::Machine
    }

    /// Whether no entry begins or ends inside the page of `addr`: then the answer for one byte holds for all of them.
    pub fn uniform(&self, addr: u64) -> bool {
        let page = addr / PAGE;
        let cuts = |bound: u64| bound / PAGE == page && !bound.is_multiple_of(PAGE);
        (0..ENTRIES).map(|index| self.range(index)).all(|range| !cuts(range.start) && !cuts(range.end))
    }

    /// The bytes that an entry matches.
    fn range(&self, index: usize) -> Range<u64> {
        let addr = self.addr[index];
        match self.matching(index) {
            A_TOR if index == 0 => 0..addr << 2,
            A_TOR => self.addr[index - 1] << 2..addr << 2,
            A_NA4 => addr << 2..(addr << 2) + 4,
            A_NAPOT => {
                // The trailing ones and the zero above them are the offset bits.
                let offset = addr ^ (addr + 1);
                let start = (addr & !offset) << 2;
                start..start + ((offset + 1) << 2)
            }
            _ => 0..0,
        }
    }

    /// The A field: how the entry matches addresses.
    fn matching(&self, index: usize) -> u8 {
        self.cfg[index] >> 3 & 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_decide_in_order() {
        let mut pmp = Pmp::default();
        assert!(pmp.allows(0x8000_0000, 4, Perm::W, Mode::User));
        // Entry 0: up to 0x8000_0000 read-only; entry 1: 8 KiB from there, all; nothing else.
        pmp.write_addr(0, 0x8000_0000 >> 2);
        pmp.write_addr(1, (0x8000_0000 >> 2) | 0x3ff);
        pmp.write_cfg(0, u64::from(A_TOR << 3 | 1) | u64::from(A_NAPOT << 3 | 7) << 8);
        assert!(pmp.allows(0x7fff_f000, 4, Perm::R, Mode::User));
        assert!(!pmp.allows(0x7fff_f000, 4, Perm::W, Mode::User));
        assert!(pmp.allows(0x7fff_f000, 4, Perm::W, Mode::Machine));
        assert!(pmp.allows(0x8000_1fff, 1, Perm::W, Mode::Supervisor));
        assert!(!pmp.allows(0x8000_2000, 8, Perm::R, Mode::Supervisor));
        assert!(pmp.allows(0x8000_2000, 8, Perm::R, Mode::Machine));
    }

    #[test]
    fn registers_are_warl_and_can_be_locked() {
        let mut pmp = Pmp::default();
        pmp.write_cfg(0, u64::from(A_NA4 << 3 | 2));
        assert_eq!(pmp.read_cfg(0), u64::from(A_NA4 << 3), "W without R");
        pmp.write_addr(0, 0x1000);
        assert_eq!(pmp.read_addr(0), 0x1000);
        pmp.write_addr(16, 1);
        pmp.write_cfg(4, 1);
        assert_eq!((pmp.read_addr(16), pmp.read_cfg(4)), (0, 0), "there are 16 entries");
        pmp.write_cfg(0, u64::from(LOCKED | A_TOR << 3 | 1) << 8);
        pmp.write_cfg(0, 0);
        pmp.write_addr(0, 0);
        pmp.write_addr(1, 0x8000);
        assert_eq!(pmp.read_cfg(0), u64::from(LOCKED | A_TOR << 3 | 1) << 8);
        assert_eq!((pmp.read_addr(0), pmp.read_addr(1)), (0x1000, 0));
        assert!(!pmp.allows(0, 4, Perm::R, Mode::User));
    }

    #[test]
    fn an_entry_matches_all_of_an_access_or_fails_it() {
        let mut pmp = Pmp::default();
        // Entry 0: 4 bytes at 0x1008, all; entry 1: 16 bytes at 0x1010, all; nothing else.
        pmp.write_addr(0, 0x1008 >> 2);
        pmp.write_addr(1, 0x1010 >> 2 | 1);
        pmp.write_cfg(0, u64::from(A_NA4 << 3 | 7) | u64::from(A_NAPOT << 3 | 7) << 8);
        assert!(pmp.allows(0x1008, 4, Perm::W, Mode::User));
        assert!(!pmp.allows(0x1008, 8, Perm::R, Mode::User));
        assert!(!pmp.allows(0x1008, 8, Perm::R, Mode::Machine), "even in machine mode");
        assert!(!pmp.allows(0x1004, 4, Perm::R, Mode::User));
        assert!(pmp.allows(0x1018, 8, Perm::R, Mode::User));
        assert!(!pmp.allows(0x101c, 8, Perm::R, Mode::User));
        assert!(!pmp.uniform(0x1fff));
        assert!(pmp.uniform(0x2000));
    }
}
