//! Guest physical memory: one flat, lazily backed mapping with a permission for every page.

use memmap2::{MmapMut, MmapOptions};

/// Bytes in a page.
pub const PAGE: u64 = 4096;

bitflags::bitflags! {
    /// What may be done with a page. An empty set means that nothing is mapped.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Perm: u8 {
        /// Loads.
        const R = 1;
        /// Stores.
        const W = 2;
        /// Instruction fetch.
        const X = 4;
    }
}

/// Guest physical memory of addresses 0 to `size`. Host memory is used only for pages that have been touched.
pub struct Memory {
    bytes: MmapMut,
    /// One byte a page.
    perms: MmapMut,
}

/// An access to memory that is not there or does not allow it. `addr` is the first bad byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied {
    /// Guest address of the first byte that could not be accessed.
    pub addr: u64,
}

impl Memory {
    /// An address space of `size` bytes, rounded up to pages, with nothing mapped.
    ///
    /// # Errors
    /// When the host refuses the reservation.
    pub fn new(size: u64) -> std::io::Result<Memory> {
        let pages = size.div_ceil(PAGE);
        let reserve = |len: u64| MmapOptions::new().len(len as usize).no_reserve_swap().map_anon();
        Ok(Memory { bytes: reserve(pages * PAGE)?, perms: reserve(pages)? })
    }

    /// Bytes of address space.
    pub fn size(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Whether `len` bytes at `addr` lie in the address space.
    pub fn contains(&self, addr: u64, len: u64) -> bool {
        addr.checked_add(len).is_some_and(|end| end <= self.size())
    }

    /// Sets the permissions of all pages that `len` bytes at `addr` touch. Contents are kept.
    ///
    /// # Errors
    /// When the range leaves the address space.
    pub fn protect(&mut self, addr: u64, len: u64, perm: Perm) -> Result<(), Denied> {
        if !self.contains(addr, len) {
            return Err(Denied { addr: self.size().max(addr) });
        }
        let pages = (addr / PAGE) as usize..(addr + len).div_ceil(PAGE) as usize;
        self.perms[pages].fill(perm.bits());
        Ok(())
    }

    /// Zeroes whole pages and gives their host memory back.
    ///
    /// # Errors
    /// When the range leaves the address space.
    pub fn discard(&mut self, addr: u64, len: u64) -> Result<(), Denied> {
        if !self.contains(addr, len) {
            return Err(Denied { addr: self.size().max(addr) });
        }
        let (start, len) = (addr as usize, len as usize);
        let whole = addr.is_multiple_of(PAGE) && (len as u64).is_multiple_of(PAGE) && len > 0;
        // SAFETY: the mapping is anonymous and private, so discarding only zeroes it; `&mut self` excludes readers.
        let discarded = whole
            && unsafe { self.bytes.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, start, len) }.is_ok();
        if !discarded {
            self.bytes[start..start + len].fill(0);
        }
        Ok(())
    }

    /// The permission of the page that holds `addr`; empty outside the address space.
    #[inline]
    pub fn perm(&self, addr: u64) -> Perm {
        let page = (addr / PAGE) as usize;
        Perm::from_bits_truncate(self.perms.get(page).copied().unwrap_or(0))
    }

    /// Checks that all of `len` bytes at `addr` allow `need`.
    ///
    /// # Errors
    /// The first byte that does not.
    pub fn check(&self, addr: u64, len: u64, need: Perm) -> Result<(), Denied> {
        let mut at = addr;
        let end = addr.checked_add(len).ok_or(Denied { addr })?;
        while at < end {
            if !self.perm(at).contains(need) {
                return Err(Denied { addr: at });
            }
            at = (at / PAGE + 1) * PAGE;
        }
        Ok(())
    }

    /// `len` readable bytes at `addr`.
    ///
    /// # Errors
    /// The first byte that is not readable.
    pub fn slice(&self, addr: u64, len: u64) -> Result<&[u8], Denied> {
        self.check(addr, len, Perm::R)?;
        Ok(&self.bytes[addr as usize..(addr + len) as usize])
    }

    /// `len` writable bytes at `addr`.
    ///
    /// # Errors
    /// The first byte that is not writable.
    pub fn slice_mut(&mut self, addr: u64, len: u64) -> Result<&mut [u8], Denied> {
        self.check(addr, len, Perm::W)?;
        Ok(&mut self.bytes[addr as usize..(addr + len) as usize])
    }

    /// Writes bytes whatever the permissions are: for loaders and debuggers.
    ///
    /// # Errors
    /// When the range leaves the address space.
    pub fn poke(&mut self, addr: u64, bytes: &[u8]) -> Result<(), Denied> {
        if !self.contains(addr, bytes.len() as u64) {
            return Err(Denied { addr });
        }
        self.bytes[addr as usize..addr as usize + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    /// Reads bytes whatever the permissions are.
    ///
    /// # Errors
    /// When the range leaves the address space.
    pub fn peek(&self, addr: u64, len: u64) -> Result<&[u8], Denied> {
        if !self.contains(addr, len) {
            return Err(Denied { addr });
        }
        Ok(&self.bytes[addr as usize..(addr + len) as usize])
    }

    /// Host address of guest address 0.
    pub(crate) fn base(&mut self) -> *mut u8 {
        self.bytes.as_mut_ptr()
    }
}
