//! mstatus and sstatus.

use super::Csrs;
use crate::ext::Ext;
use crate::hart::Mode;

/// Supervisor interrupt enable.
pub(crate) const SIE: u64 = 1 << 1;
/// Machine interrupt enable.
pub(crate) const MIE: u64 = 1 << 3;
/// SIE before the trap.
pub(crate) const SPIE: u64 = 1 << 5;
/// MIE before the trap.
pub(crate) const MPIE: u64 = 1 << 7;
/// Mode before a trap to S.
pub(crate) const SPP: u64 = 1 << 8;
/// Mode before a trap to M.
pub(crate) const MPP: u64 = 3 << 11;
/// Data accesses of M use the rights of MPP.
pub(crate) const MPRV: u64 = 1 << 17;
/// S may access pages of U.
pub(crate) const SUM: u64 = 1 << 18;
/// Executable pages are readable.
pub(crate) const MXR: u64 = 1 << 19;
/// satp and sfence.vma trap in S.
pub(crate) const TVM: u64 = 1 << 20;
/// wfi traps below M.
pub(crate) const TW: u64 = 1 << 21;
/// sret traps in S.
pub(crate) const TSR: u64 = 1 << 22;

const MS: u32 = 29;
const FS: u32 = 13;
const VS: u32 = 9;
const SD: u64 = 1 << 63;
const XL: u64 = 2 << 32 | 2 << 34;

/// S and U are 64 bits wide, all else is zero.
pub(super) const RESET: u64 = XL;
/// The part of mstatus that sstatus shows.
const SSTATUS: u64 = SIE | SPIE | SPP | 3 << MS | 3 << VS | 3 << FS | SUM | MXR | 3 << 32 | SD;

impl Csrs {
    /// mstatus.FS: 0 off, 1 initial, 2 clean, 3 dirty.
    #[inline(always)]
    pub fn fs(&self) -> u32 {
        (self.mstatus >> FS & 3) as u32
    }

    /// mstatus.VS: 0 off, 1 initial, 2 clean, 3 dirty.
    #[inline(always)]
    pub fn vs(&self) -> u32 {
        (self.mstatus >> VS & 3) as u32
    }

    /// mstatus.MS: 0 off, 1 initial, 2 clean, 3 dirty.
    #[inline(always)]
    pub fn ms(&self) -> u32 {
        (self.mstatus >> MS & 3) as u32
    }

    /// Marks the state of Zvt dirty.
    pub fn dirty_ms(&mut self) {
        self.mstatus |= 3 << MS | SD;
    }

    /// Marks floating-point state dirty.
    pub fn dirty_fs(&mut self) {
        self.mstatus |= 3 << FS | SD;
    }

    /// Marks vector state dirty.
    pub fn dirty_vs(&mut self) {
        self.mstatus |= 3 << VS | SD;
    }

    /// mstatus.MPP.
    pub(in crate::hart) fn mpp(&self) -> Mode {
        match (self.mstatus & MPP) >> 11 {
            0 => Mode::User,
            1 => Mode::Supervisor,
            _ => Mode::Machine,
        }
    }

    /// Writes mstatus; fields keep to legal values.
    pub fn set_mstatus(&mut self, value: u64) {
        let mut writable = SIE | MIE | SPIE | MPIE | SPP | MPRV | SUM | MXR | TVM | TW | TSR;
        if value & MPP != 2 << 11 {
            writable |= MPP;
        }
        if self.isa().contains(Ext::F) {
            writable |= 3 << FS;
        }
        if self.isa().contains(Ext::ZVE32X) {
            writable |= 3 << VS;
        }
        if self.isa().contains(Ext::ZVTBASE) {
            writable |= 3 << MS;
        }
        self.mstatus = self.mstatus & !(writable | SD) | value & writable;
        if self.fs() == 3 || self.vs() == 3 || self.ms() == 3 {
            self.mstatus |= SD;
        }
    }

    /// sstatus.
    pub fn sstatus(&self) -> u64 {
        self.mstatus & SSTATUS
    }

    /// Writes sstatus.
    pub fn set_sstatus(&mut self, value: u64) {
        self.set_mstatus(self.mstatus & !SSTATUS | value & SSTATUS);
    }
}
