//! Address translation (Sv39, Sv48, Sv57) and physical memory protection: asked when a page is not in the table of recent ones.

use super::csr::status;
use super::{Cause, Hart, Mode, Trap};
use crate::memory::{PAGE, Perm};

/// What an access wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Load,
    Store,
    Fetch,
}

impl Access {
    fn perm(self) -> Perm {
        match self {
            Access::Load => Perm::R,
            Access::Store => Perm::W,
            Access::Fetch => Perm::X,
        }
    }

    fn access_fault(self) -> Cause {
        match self {
            Access::Load => Cause::LoadFault,
            Access::Store => Cause::StoreFault,
            Access::Fetch => Cause::FetchFault,
        }
    }

    fn page_fault(self) -> Cause {
        match self {
            Access::Load => Cause::LoadPageFault,
            Access::Store => Cause::StorePageFault,
            Access::Fetch => Cause::FetchPageFault,
        }
    }
}

// Bits of a page-table entry.
const VALID: u64 = 1;
const READ: u64 = 1 << 1;
const WRITE: u64 = 1 << 2;
const EXECUTE: u64 = 1 << 3;
const USER: u64 = 1 << 4;
const ACCESSED: u64 = 1 << 6;
const DIRTY: u64 = 1 << 7;
/// Bits 63..54, all for extensions that are not here.
const RESERVED: u64 = !0 << 54;
const PPN: u64 = (1 << 44) - 1;

impl Hart {
    /// The mode whose rights data accesses have.
    fn data_mode(&self) -> Mode {
        if self.csr.mstatus & status::MPRV != 0 { self.csr.mpp() } else { self.mode }
    }

    /// Everything but satp and PMP on which a cached data translation depends: when it changes, the table is stale.
    pub(super) fn rights(&self) -> u64 {
        self.csr.mstatus & (status::SUM | status::MXR) | self.data_mode() as u64
    }

    /// The physical address of `addr` for an access to `len` bytes that stays inside its page.
    pub(super) fn translate(&self, addr: u64, len: u64, access: Access) -> Result<u64, Trap> {
        let mode = if access == Access::Fetch { self.mode } else { self.data_mode() };
        let physical = self.locate(addr, access, mode)?;
        if self.csr.pmp.allows(physical, len, access.perm(), mode) && self.mem.perm(physical).contains(access.perm()) {
            Ok(physical)
        } else {
            Err(Trap { cause: access.access_fault(), tval: addr })
        }
    }

    /// The physical address of a load (a store when `store`) to `addr`, whether there is memory or not.
    pub fn data_address(&self, addr: u64, store: bool) -> Option<u64> {
        self.locate(addr, if store { Access::Store } else { Access::Load }, self.data_mode()).ok()
    }

    fn locate(&self, addr: u64, access: Access, mode: Mode) -> Result<u64, Trap> {
        let levels = match self.csr.satp >> 60 {
            _ if mode == Mode::Machine => return Ok(addr),
            0 => return Ok(addr),
            scheme => scheme as u32 - 5,
        };
        self.walk(addr, levels, access, mode)
    }

    /// Walks the page table of satp, which has so many levels.
    fn walk(&self, addr: u64, levels: u32, access: Access, mode: Mode) -> Result<u64, Trap> {
        let page_fault = Trap { cause: access.page_fault(), tval: addr };
        let unused = 64 - 12 - 9 * levels;
        if (addr << unused) as i64 >> unused != addr as i64 {
            return Err(page_fault);
        }
        let mut table = (self.csr.satp & PPN) * PAGE;
        for level in (0..levels).rev() {
            let shift = 12 + 9 * level;
            let entry = self.table_entry(table + (addr >> shift & 511) * 8);
            let entry = entry.ok_or(Trap { cause: access.access_fault(), tval: addr })?;
            let rwx = entry & (READ | WRITE | EXECUTE);
            if entry & VALID == 0 || entry & RESERVED != 0 || rwx & (READ | WRITE) == WRITE {
                return Err(page_fault);
            }
            let base = (entry >> 10 & PPN) * PAGE;
            if rwx == 0 {
                if entry & (USER | ACCESSED | DIRTY) != 0 {
                    return Err(page_fault);
                }
                table = base;
                continue;
            }
            let offset = (1 << shift) - 1;
            if base & offset & !(PAGE - 1) != 0 || !self.leaf_allows(entry, access, mode) {
                return Err(page_fault);
            }
            return Ok(base | addr & offset);
        }
        Err(page_fault)
    }

    /// Reads a page-table entry, which is an access of supervisor mode to physical memory.
    fn table_entry(&self, at: u64) -> Option<u64> {
        if !self.csr.pmp.allows(at, 8, Perm::R, Mode::Supervisor) {
            return None;
        }
        let bytes = self.mem.slice(at, 8).ok()?;
        bytes.try_into().ok().map(u64::from_le_bytes)
    }

    /// Whether a leaf entry allows an access. Software keeps the A and D bits: an access that would have to set one
    /// faults.
    fn leaf_allows(&self, entry: u64, access: Access, mode: Mode) -> bool {
        let set = |bit| self.csr.mstatus & bit != 0;
        let owner = match (mode, entry & USER != 0) {
            (Mode::User, user) => user,
            (_, false) => true,
            (_, true) => access != Access::Fetch && set(status::SUM),
        };
        let (need, marks) = match access {
            Access::Load if set(status::MXR) => (READ | EXECUTE, ACCESSED),
            Access::Load => (READ, ACCESSED),
            Access::Store => (WRITE, ACCESSED | DIRTY),
            Access::Fetch => (EXECUTE, ACCESSED),
        };
        owner && entry & need != 0 && entry & marks == marks
    }
}
