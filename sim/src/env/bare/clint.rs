//! The core-local interruptor: software and timer interrupt of machine mode, where most platforms have it.
//!
//! Its registers are words of ordinary memory that are looked at after each block. Until a program touches them they
//! are no memory at all: so a program that has no use for them pays nothing.

use rvtile_isa::hart::Hart;
use rvtile_isa::memory::{Memory, Perm};
use std::ops::Range;

/// Where its registers lie.
pub(super) const REGISTERS: Range<u64> = 0x0200_0000..0x020c_0000;
const MSIP: u64 = REGISTERS.start;
const MTIMECMP: u64 = REGISTERS.start + 0x4000;
const MTIME: u64 = REGISTERS.start + 0xbff8;

/// The bits of mip that it drives.
const MACHINE_SOFTWARE: u64 = 1 << 3;
const MACHINE_TIMER: u64 = 1 << 7;

/// The device, once a program uses it.
#[derive(Default)]
pub(super) struct Clint {
    used: bool,
    /// What mtime was last made to show: when memory holds something else, the program has set it.
    shown: u64,
    /// mtime minus the clock.
    offset: u64,
}

impl Clint {
    /// Whether a program uses it.
    pub fn used(&self) -> bool {
        self.used
    }

    /// Opens its registers when the access that has just failed went to one of them. The comparison time is then the
    /// latest one, so that no interrupt comes unasked.
    pub fn opens_for(&mut self, hart: &mut Hart, addr: u64, store: bool) -> bool {
        if self.used || !hart.data_address(addr, store).is_some_and(|physical| REGISTERS.contains(&physical)) {
            return false;
        }
        let opened = hart.mem.protect(REGISTERS.start, REGISTERS.end - REGISTERS.start, Perm::R | Perm::W);
        self.used = opened.is_ok();
        if self.used {
            put(&mut hart.mem, MTIMECMP, u64::MAX);
            self.update(hart);
        }
        self.used
    }

    /// Takes what the program has stored, shows it the time, and raises or withdraws the interrupts.
    pub fn update(&mut self, hart: &mut Hart) {
        let clock = hart.csr.clock.time;
        let mtime = get(&hart.mem, MTIME);
        if mtime != self.shown {
            self.offset = mtime.wrapping_sub(clock);
        }
        self.shown = clock.wrapping_add(self.offset);
        put(&mut hart.mem, MTIME, self.shown);
        let software = get(&hart.mem, MSIP) & 1;
        put(&mut hart.mem, MSIP, software);
        let timer = self.shown >= get(&hart.mem, MTIMECMP);
        hart.csr.mip = hart.csr.mip & !(MACHINE_SOFTWARE | MACHINE_TIMER)
            | if software != 0 { MACHINE_SOFTWARE } else { 0 }
            | if timer { MACHINE_TIMER } else { 0 };
    }
}

/// The registers lie in memory once they have been opened.
fn get(mem: &Memory, addr: u64) -> u64 {
    let mut word = [0; 8];
    if let Ok(bytes) = mem.peek(addr, 8) {
        word.copy_from_slice(bytes);
    }
    u64::from_le_bytes(word)
}

fn put(mem: &mut Memory, addr: u64, word: u64) {
    let _ = mem.poke(addr, &word.to_le_bytes());
}
