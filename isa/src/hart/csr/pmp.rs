//! Physical memory protection: 16 entries with a granularity of one page, so that the answer for a page holds for
//! all of its bytes and can be cached with its translation.

use crate::hart::Mode;
use crate::memory::Perm;

const ENTRIES: usize = 16;
/// The G of the specification: the grain is 2^(G+2) bytes, one page.
const GRAIN: u32 = 10;
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
    /// A pmpcfg register; `index` is even.
    pub fn read_cfg(&self, index: usize) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.cfg[index * 4..index * 4 + 8]);
        u64::from_le_bytes(bytes)
    }

    /// Writes a pmpcfg register; entries that are locked stay as they are.
    pub fn write_cfg(&mut self, index: usize, value: u64) {
        for (entry, byte) in self.cfg[index * 4..index * 4 + 8].iter_mut().zip(value.to_le_bytes()) {
            if *entry & LOCKED != 0 {
                continue;
            }
            let mut byte = byte & 0x9f;
            // W without R is reserved: neither. NA4 is finer than the grain: the smallest NAPOT region.
            if byte & 3 == 2 {
                byte &= !2;
            }
            if byte >> 3 & 3 == A_NA4 {
                byte |= A_NAPOT << 3;
            }
            *entry = byte;
        }
    }

    /// A pmpaddr register; the bits below the grain read as the entry's mode says.
    pub fn read_addr(&self, index: usize) -> u64 {
        match self.matching(index) {
            A_NAPOT => self.addr[index] | ((1 << (GRAIN - 1)) - 1),
            _ => self.addr[index] & !((1 << GRAIN) - 1),
        }
    }

    /// Writes a pmpaddr register, unless its entry is locked or is the lower bound of a locked one.
    pub fn write_addr(&mut self, index: usize, value: u64) {
        let bounds_locked =
            index + 1 < ENTRIES && self.cfg[index + 1] & LOCKED != 0 && self.matching(index + 1) == A_TOR;
        if self.cfg[index] & LOCKED == 0 && !bounds_locked {
            self.addr[index] = value & ADDRESS;
        }
    }

    /// Whether a mode has a permission on the page of physical address `addr`: the lowest-numbered matching entry
    /// decides; without one only machine mode passes.
    pub fn allows(&self, addr: u64, need: Perm, mode: Mode) -> bool {
        for index in 0..ENTRIES {
            let word = addr >> 2;
            let inside = match self.matching(index) {
                A_TOR => {
                    let bottom = if index == 0 { 0 } else { self.addr[index - 1] & !((1 << GRAIN) - 1) };
                    (bottom..self.addr[index] & !((1 << GRAIN) - 1)).contains(&word)
                }
                A_NAPOT => {
                    let addr = self.read_addr(index);
                    // The trailing ones and the zero above them are the offset bits.
                    let offset = addr ^ addr.wrapping_add(1);
                    (addr ^ word) & !offset == 0
                }
                _ => false,
            };
            if inside {
                let free = mode == Mode::Machine && self.cfg[index] & LOCKED == 0;
                return free || Perm::from_bits_truncate(self.cfg[index] & 7).contains(need);
            }
        }
        mode == Mode::Machine
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
        assert!(pmp.allows(0x8000_0000, Perm::W, Mode::User));
        // Entry 0: up to 0x8000_0000 read-only; entry 1: 8 KiB from there, all; nothing else.
        pmp.write_addr(0, 0x8000_0000 >> 2);
        pmp.write_addr(1, (0x8000_0000 >> 2) | 0x3ff);
        pmp.write_cfg(0, u64::from(A_TOR << 3 | 1) | u64::from(A_NAPOT << 3 | 7) << 8);
        assert!(pmp.allows(0x7fff_f000, Perm::R, Mode::User));
        assert!(!pmp.allows(0x7fff_f000, Perm::W, Mode::User));
        assert!(pmp.allows(0x7fff_f000, Perm::W, Mode::Machine));
        assert!(pmp.allows(0x8000_1fff, Perm::W, Mode::Supervisor));
        assert!(!pmp.allows(0x8000_2000, Perm::R, Mode::Supervisor));
        assert!(pmp.allows(0x8000_2000, Perm::R, Mode::Machine));
    }

    #[test]
    fn registers_are_warl_and_can_be_locked() {
        let mut pmp = Pmp::default();
        pmp.write_cfg(0, u64::from(A_NA4 << 3 | 2));
        assert_eq!(pmp.read_cfg(0), u64::from(A_NAPOT << 3), "W without R, NA4");
        pmp.write_addr(0, 0x1000);
        assert_eq!(pmp.read_addr(0), 0x11ff);
        pmp.write_cfg(0, u64::from(LOCKED | A_TOR << 3 | 1) << 8);
        pmp.write_cfg(0, 0);
        pmp.write_addr(0, 0);
        pmp.write_addr(1, 0x8000);
        assert_eq!(pmp.read_cfg(0), u64::from(LOCKED | A_TOR << 3 | 1) << 8);
        assert_eq!((pmp.read_addr(0), pmp.read_addr(1)), (0x1000, 0));
        assert!(!pmp.allows(0, Perm::R, Mode::User));
    }
}
