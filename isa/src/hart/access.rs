//! Loads and stores of guest programs.

use super::tlb;
use super::translate::Access;
use super::{Cause, Hart, Trap};
use crate::memory::PAGE;

mod sealed {
    pub trait Sealed {}
}

/// A value that one load or store moves; guest memory is little-endian.
pub trait Scalar: Copy + sealed::Sealed {
    /// From little-endian bytes, as many as the type has.
    fn from_le(bytes: &[u8]) -> Self;
    /// To little-endian bytes, as many as the type has.
    fn to_le(self, bytes: &mut [u8]);
}

macro_rules! scalar {
    ($($type:ty)*) => { $(
        impl sealed::Sealed for $type {}
        impl Scalar for $type {
            #[inline(always)]
            fn from_le(bytes: &[u8]) -> Self {
                let mut array = [0; size_of::<$type>()];
                array.copy_from_slice(bytes);
                <$type>::from_le_bytes(array)
            }
            #[inline(always)]
            fn to_le(self, bytes: &mut [u8]) {
                bytes.copy_from_slice(&self.to_le_bytes());
            }
        }
    )* };
}

scalar!(u8 u16 u32 u64 i8 i16 i32 i64);

/// A data access: which table it uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Load,
    Store,
}

impl Hart {
    /// Loads a value. `None`: an exception has been recorded.
    #[inline(always)]
    pub fn load<T: Scalar>(&mut self, addr: u64) -> Option<T> {
        match tlb::lookup(&self.tlb.loads, addr, size_of::<T>() as u64) {
            // SAFETY: the entry says that the page is mapped and readable; the access is aligned, so it stays inside.
            Some(host) => Some(T::from_le(unsafe { std::slice::from_raw_parts(host, size_of::<T>()) })),
            None => self.load_slow(addr),
        }
    }

    /// Stores a value. `None`: an exception has been recorded, nothing is written.
    #[inline(always)]
    pub fn store<T: Scalar>(&mut self, addr: u64, value: T) -> Option<()> {
        match tlb::lookup(&self.tlb.stores, addr, size_of::<T>() as u64) {
            Some(host) => {
                // SAFETY: the entry says that the page is mapped and writable; the access is aligned.
                value.to_le(unsafe { std::slice::from_raw_parts_mut(host, size_of::<T>()) });
                Some(())
            }
            None => self.store_slow(addr, value),
        }
    }

    /// Loads a value if its page is in the table and it is aligned; `None` says only that [`Hart::load`] must do it.
    #[inline(always)]
    pub fn load_cached<T: Scalar>(&mut self, addr: u64) -> Option<T> {
        let host = tlb::lookup(&self.tlb.loads, addr, size_of::<T>() as u64)?;
        // SAFETY: as in `load`.
        Some(T::from_le(unsafe { std::slice::from_raw_parts(host, size_of::<T>()) }))
    }

    /// Stores a value if its page is in the table and it is aligned; `None` says only that [`Hart::store`] must do it.
    #[inline(always)]
    pub fn store_cached<T: Scalar>(&mut self, addr: u64, value: T) -> Option<()> {
        let host = tlb::lookup(&self.tlb.stores, addr, size_of::<T>() as u64)?;
        // SAFETY: as in `store`.
        value.to_le(unsafe { std::slice::from_raw_parts_mut(host, size_of::<T>()) });
        Some(())
    }

    #[cold]
    #[inline(never)]
    fn load_slow<T: Scalar>(&mut self, addr: u64) -> Option<T> {
        let mut bytes = [0u8; 8];
        let bytes = &mut bytes[..size_of::<T>()];
        self.load_bytes(addr, bytes).then(|| T::from_le(bytes))
    }

    #[cold]
    #[inline(never)]
    fn store_slow<T: Scalar>(&mut self, addr: u64, value: T) -> Option<()> {
        let mut bytes = [0u8; 8];
        let bytes = &mut bytes[..size_of::<T>()];
        value.to_le(bytes);
        self.store_bytes(addr, bytes).then_some(())
    }

    /// Loads bytes of any address and length. False: an exception has been recorded, with the first bad byte.
    pub fn load_bytes(&mut self, addr: u64, into: &mut [u8]) -> bool {
        let mut done = 0;
        while done < into.len() {
            let at = addr.wrapping_add(done as u64);
            let part = (into.len() - done).min((PAGE - at % PAGE) as usize);
            let Some(host) = self.page(at, part, Kind::Load) else { return false };
            // SAFETY: `page` gave a mapped, readable page, and `part` ends with it.
            unsafe { std::ptr::copy_nonoverlapping(host, into[done..].as_mut_ptr(), part) };
            done += part;
        }
        true
    }

    /// Stores bytes at any address. False: an exception has been recorded, with the first bad byte; nothing is written.
    pub fn store_bytes(&mut self, addr: u64, from: &[u8]) -> bool {
        // All pages are checked before the first byte is written: a store that faults must not be half done.
        let mut at = addr;
        let end = addr.wrapping_add(from.len() as u64);
        while at != end {
            let part = (PAGE - at % PAGE).min(end.wrapping_sub(at));
            if self.page(at, part as usize, Kind::Store).is_none() {
                return false;
            }
            at = at.wrapping_add(part);
        }
        let mut done = 0;
        while done < from.len() {
            let at = addr.wrapping_add(done as u64);
            let part = (from.len() - done).min((PAGE - at % PAGE) as usize);
            let Some(host) = self.page(at, part, Kind::Store) else { return false };
            // SAFETY: `page` gave a mapped, writable page, and `part` ends with it.
            unsafe { std::ptr::copy_nonoverlapping(from[done..].as_ptr(), host, part) };
            done += part;
        }
        true
    }

    /// A readable host pointer to `len` bytes at `addr` if they lie in one page: the fast path of vector loads.
    /// `None` says only that the general path must be taken.
    #[inline(always)]
    pub fn load_span(&mut self, addr: u64, len: usize) -> Option<*const u8> {
        if addr % PAGE + len as u64 > PAGE {
            return None;
        }
        match tlb::lookup(&self.tlb.loads, addr, 1) {
            Some(host) => Some(host),
            None => self.page(addr, len, Kind::Load).map(|host| host.cast_const()),
        }
    }

    /// A writable host pointer to `len` bytes at `addr` if they lie in one page.
    /// `None` says only that the general path must be taken.
    #[inline(always)]
    pub fn store_span(&mut self, addr: u64, len: usize) -> Option<*mut u8> {
        if addr % PAGE + len as u64 > PAGE {
            return None;
        }
        match tlb::lookup(&self.tlb.stores, addr, 1) {
            Some(host) => Some(host),
            None => self.page(addr, len, Kind::Store),
        }
    }

    /// As [`Hart::load_span`], also for bytes in two pages that lie side by side on the host, and only for pages in the
    /// table. At most a page of bytes.
    #[inline(always)]
    pub fn cached_load_span(&self, addr: u64, len: usize) -> Option<*const u8> {
        tlb::span(&self.tlb.loads, addr, len).map(|host| host.cast_const())
    }

    /// The same for writing.
    #[inline(always)]
    pub fn cached_store_span(&self, addr: u64, len: usize) -> Option<*mut u8> {
        tlb::span(&self.tlb.stores, addr, len)
    }

    /// A readable host pointer to the byte at `addr`, when all bytes from there to `last` are readable and lie side by
    /// side on the host. Raises nothing.
    #[inline(always)]
    pub fn load_area(&mut self, addr: u64, last: u64) -> Option<*const u8> {
        for area in &self.tlb.areas {
            if addr >= area.start && last >= addr && last < area.end {
                return Some((addr as usize).wrapping_add(area.addend) as *const u8);
            }
        }
        self.find_area(addr, last)
    }

    #[cold]
    #[inline(never)]
    fn find_area(&mut self, addr: u64, last: u64) -> Option<*const u8> {
        // More would take longer to check than it saves.
        const MAX: u64 = 1 << 22;
        if last < addr || last - addr >= MAX {
            return None;
        }
        let base = self.mem.base() as usize;
        let (start, end) = (addr / PAGE * PAGE, (last / PAGE).checked_add(1)?.checked_mul(PAGE)?);
        let physical = self.translate(start, PAGE, Access::Load).ok()?;
        let mut page = start;
        while page < end {
            if self.translate(page, PAGE, Access::Load).ok()? != physical + (page - start) {
                return None;
            }
            page += PAGE;
        }
        let addend = base.wrapping_add(physical as usize).wrapping_sub(start as usize);
        let tlb = &mut self.tlb;
        tlb.areas[tlb.oldest] = tlb::Area { start, end, addend };
        tlb.oldest = (tlb.oldest + 1) % tlb::AREAS;
        Some((addr as usize).wrapping_add(addend) as *const u8)
    }

    /// Replaces the aligned value at `addr` by a function of it and returns the old one: an atomic operation.
    /// `None`: an exception has been recorded (always that of a store), nothing is written.
    #[inline(always)]
    pub fn modify<T: Scalar>(&mut self, addr: u64, new: impl FnOnce(T) -> T) -> Option<T> {
        let size = size_of::<T>();
        let host = match tlb::lookup(&self.tlb.stores, addr, size as u64) {
            Some(host) => host,
            None if !addr.is_multiple_of(size as u64) => {
                self.raise(Cause::StoreMisaligned, addr);
                return None;
            }
            None => self.page(addr, size, Kind::Store)?,
        };
        // SAFETY: the page is mapped and writable, so also readable; the access is aligned, so it stays inside.
        let bytes = unsafe { std::slice::from_raw_parts_mut(host, size) };
        let old = T::from_le(bytes);
        new(old).to_le(bytes);
        Some(old)
    }

    /// Checks a cache-block operation, for which a permission to load or to store is enough.
    /// `None`: an exception has been recorded, that of a store.
    pub fn reach(&mut self, addr: u64) -> Option<()> {
        self.page(addr, 1, Kind::Load).or_else(|| self.page(addr, 1, Kind::Store)).map(|_| ())
    }

    /// Host address of `len` bytes at `addr` in one page, after translation and permission check; fills the table,
    /// unless another access to the page might not be allowed.
    fn page(&mut self, addr: u64, len: usize, kind: Kind) -> Option<*mut u8> {
        let (table, access) = match kind {
            Kind::Load => (&self.tlb.loads, Access::Load),
            Kind::Store => (&self.tlb.stores, Access::Store),
        };
        if let Some(host) = tlb::lookup(table, addr, 1) {
            return Some(host);
        }
        let physical = match self.translate(addr, len as u64, access) {
            Ok(physical) => physical,
            Err(Trap { cause, tval }) => {
                self.raise(cause, tval);
                return None;
            }
        };
        // SAFETY: a page with a permission lies inside the mapping.
        let host = unsafe { self.mem.base().add(physical as usize) };
        if kind == Kind::Store && self.watched == Some(physical / PAGE) {
            self.trail.interrupt();
        } else if self.csr.pmp.uniform(physical) {
            let table = match kind {
                Kind::Load => &mut self.tlb.loads,
                Kind::Store => &mut self.tlb.stores,
            };
            tlb::insert(table, addr, host);
        }
        Some(host)
    }

    /// Fetches the instruction at `addr`: 16 or 32 bits, without the upper half for a 16-bit one.
    ///
    /// # Errors
    /// The cause and the address of the first byte that cannot be fetched.
    pub fn fetch(&self, addr: u64) -> Result<u32, Trap> {
        let half = |at: u64| {
            let fault = Trap { cause: Cause::FetchFault, tval: at };
            if at & 1 != 0 {
                return Err(fault);
            }
            // A parcel never crosses a page: it is 2-byte aligned.
            let physical = self.translate(at, 2, Access::Fetch)?;
            let bytes = self.mem.peek(physical, 2).map_err(|_| fault)?;
            Ok(u32::from(bytes[0]) | u32::from(bytes[1]) << 8)
        };
        let low = half(addr)?;
        if low & 3 != 3 { Ok(low) } else { Ok(low | half(addr.wrapping_add(2))? << 16) }
    }

    /// Forgets cached permissions and translations: after a change of memory permissions, satp, or privilege.
    pub fn flush_tlb(&mut self) {
        self.tlb = tlb::Tlb::default();
    }
}
