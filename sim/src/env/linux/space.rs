//! The address space of a Linux program: heap and mappings.

use super::start::LOWEST;
use crate::env::errno::Errno;
use crate::env::files::Files;
use rvtile_isa::hart::Hart;
use rvtile_isa::memory::{Denied, PAGE, Perm};
use std::collections::BTreeMap;
use std::ops::Range;

/// Mapped ranges of whole pages, whatever their permissions; neighbours of one kind are merged.
#[derive(Default)]
struct Regions(BTreeMap<u64, Region>);

#[derive(Clone, Copy, PartialEq, Eq)]
struct Region {
    end: u64,
    /// Backed by a file: discarding its pages would bring the file's contents back, not zeros.
    file: bool,
}

impl Regions {
    /// The regions that overlap a range, cut to it.
    fn within(&self, range: Range<u64>) -> impl Iterator<Item = (Range<u64>, bool)> + '_ {
        let first = self.0.range(..=range.start).next_back().map_or(range.start, |(start, _)| *start);
        self.0.range(first..range.end).filter_map(move |(start, region)| {
            let part = range.start.max(*start)..range.end.min(region.end);
            (!part.is_empty()).then_some((part, region.file))
        })
    }

    fn is_free(&self, range: Range<u64>) -> bool {
        self.within(range).next().is_none()
    }

    /// Whether every page of a range is mapped.
    fn covers(&self, range: Range<u64>) -> bool {
        let mut at = range.start;
        for (part, _) in self.within(range.clone()) {
            if part.start != at {
                return false;
            }
            at = part.end;
        }
        at == range.end
    }

    fn remove(&mut self, range: Range<u64>) {
        let touched: Vec<u64> = self.within(range.clone()).map(|(part, _)| part.start).collect();
        for at in touched {
            let Some((start, region)) = self.0.range(..=at).next_back().map(|(start, region)| (*start, *region)) else {
                continue;
            };
            self.0.remove(&start);
            if start < range.start {
                self.0.insert(start, Region { end: range.start, file: region.file });
            }
            if region.end > range.end {
                self.0.insert(range.end, region);
            }
        }
    }

    fn insert(&mut self, mut range: Range<u64>, file: bool) {
        self.remove(range.clone());
        if let Some((start, region)) = self.0.range(..range.start).next_back()
            && region.end == range.start
            && region.file == file
        {
            range.start = *start;
        }
        if let Some(region) = self.0.get(&range.end).copied()
            && region.file == file
        {
            self.0.remove(&range.end);
            range.end = region.end;
        }
        self.0.insert(range.start, Region { end: range.end, file });
    }

    /// The highest free range of `len` bytes between `lowest` and `limit`.
    fn gap_below(&self, limit: u64, lowest: u64, len: u64) -> Option<u64> {
        let mut top = limit;
        for (start, region) in self.0.range(..limit).rev() {
            if top >= region.end && top - region.end >= len {
                break;
            }
            top = top.min(*start);
        }
        top.checked_sub(len).filter(|start| *start >= lowest)
    }
}

/// Arguments of mmap.
pub(super) struct Request {
    pub addr: u64,
    pub len: u64,
    pub prot: u64,
    pub flags: u64,
    pub fd: i32,
    pub offset: u64,
}

/// The address space.
pub(super) struct Space {
    regions: Regions,
    /// First address behind what mmap gives out.
    limit: u64,
    heap: u64,
    brk: u64,
    /// Where signal handlers return to.
    pub trampoline: u64,
    pub stack_top: u64,
    /// Executable pages have been changed since the engine was last told.
    pub code_changed: bool,
}

const MAP_SHARED: u64 = 1;
const MAP_TYPE: u64 = 0xf;
const MAP_FIXED: u64 = 0x10;
const MAP_ANONYMOUS: u64 = 0x20;
const MAP_FIXED_NOREPLACE: u64 = 0x10_0000;
const MREMAP_MAYMOVE: u64 = 1;
const MREMAP_FIXED: u64 = 2;
const MADV_DONTNEED: u64 = 4;

fn pages(len: u64) -> Result<u64, Errno> {
    len.checked_next_multiple_of(PAGE).filter(|len| *len > 0).ok_or(Errno::EINVAL)
}

/// Linux lets what may be written be read, too.
fn perm(prot: u64) -> Result<Perm, Errno> {
    const KNOWN: u64 = 0x0300_0007;
    if prot & !KNOWN != 0 {
        return Err(Errno::EINVAL);
    }
    Ok(match prot & 7 {
        0 => Perm::empty(),
        1 => Perm::R,
        2 | 3 => Perm::R | Perm::W,
        4 => Perm::X,
        5 => Perm::R | Perm::X,
        _ => Perm::all(),
    })
}

impl Space {
    pub fn new(limit: u64, trampoline: u64) -> Space {
        let regions = Regions::default();
        Space { regions, limit, heap: 0, brk: 0, trampoline, stack_top: 0, code_changed: false }
    }

    /// Enters a segment of the program. Segments may share a page, which then allows what either does.
    pub fn add_segment(&mut self, hart: &mut Hart, range: Range<u64>, perm: Perm) -> Result<(), Denied> {
        let whole = range.start / PAGE * PAGE..range.end.next_multiple_of(PAGE);
        for page in whole.clone().step_by(PAGE as usize) {
            let shared = hart.mem.perm(page);
            hart.mem.protect(page, PAGE, shared | perm)?;
        }
        self.heap = self.heap.max(whole.end);
        self.regions.insert(whole, true);
        Ok(())
    }

    /// Puts the heap behind the last segment.
    pub fn begin_heap(&mut self) {
        self.brk = self.heap;
    }

    /// Frees and zeroes pages.
    fn unmap(&mut self, hart: &mut Hart, range: Range<u64>) -> Result<(), Errno> {
        let parts: Vec<Range<u64>> = self.regions.within(range.clone()).map(|(part, _)| part).collect();
        for part in parts {
            let len = part.end - part.start;
            self.set_perm(hart, part.clone(), Perm::empty())?;
            hart.mem.discard(part.start, len)?;
        }
        self.regions.remove(range);
        Ok(())
    }

    fn set_perm(&mut self, hart: &mut Hart, range: Range<u64>, perm: Perm) -> Result<(), Errno> {
        self.code_changed |= perm.contains(Perm::X)
            || range.clone().step_by(PAGE as usize).any(|page| hart.mem.perm(page).contains(Perm::X));
        hart.mem.protect(range.start, range.end - range.start, perm)?;
        hart.flush_tlb();
        Ok(())
    }

    fn map(&mut self, hart: &mut Hart, range: Range<u64>, perm: Perm, file: bool) -> Result<(), Errno> {
        self.unmap(hart, range.clone())?;
        self.set_perm(hart, range.clone(), perm)?;
        self.regions.insert(range, file);
        Ok(())
    }

    /// Moves the end of the heap; returns where it is now.
    pub fn brk(&mut self, hart: &mut Hart, to: u64) -> u64 {
        let (old, new) = (self.brk.next_multiple_of(PAGE), to.checked_next_multiple_of(PAGE).unwrap_or(u64::MAX));
        if to < self.heap || new > self.limit {
            return self.brk;
        }
        let done = if new > old {
            self.regions.is_free(old..new) && self.map(hart, old..new, Perm::R | Perm::W, false).is_ok()
        } else {
            new == old || self.unmap(hart, new..old).is_ok()
        };
        if done {
            // What a shrinking leaves of the last page must be zero when the heap grows again.
            let rest = to..self.brk.min(new);
            if !rest.is_empty() && hart.mem.poke(rest.start, &vec![0; (rest.end - rest.start) as usize]).is_err() {
                return self.brk;
            }
            self.brk = to;
        }
        self.brk
    }

    pub fn mmap(&mut self, hart: &mut Hart, files: &Files, request: &Request) -> Result<u64, Errno> {
        let len = pages(request.len)?;
        let perm = perm(request.prot)?;
        let anonymous = request.flags & MAP_ANONYMOUS != 0;
        if request.flags & MAP_TYPE == 0 || request.flags & MAP_TYPE > 3 || !request.offset.is_multiple_of(PAGE) {
            return Err(Errno::EINVAL);
        }
        if !anonymous {
            let size = files.stat(request.fd)?;
            if size.mode & 0o170_000 != 0o100_000 {
                return Err(Errno::ENODEV);
            }
            // Stores would have to reach the file: only private copies and reading are offered.
            if request.flags & MAP_TYPE & MAP_SHARED != 0 && perm.contains(Perm::W) {
                return Err(Errno::ENODEV);
            }
        }
        let fixed = request.flags & (MAP_FIXED | MAP_FIXED_NOREPLACE) != 0;
        let hint = request.addr..request.addr.saturating_add(len);
        let allowed = request.addr.is_multiple_of(PAGE) && hint.start >= LOWEST && hint.end <= self.limit;
        let start = if fixed {
            if !request.addr.is_multiple_of(PAGE) {
                return Err(Errno::EINVAL);
            }
            if !allowed {
                return Err(if hint.start < LOWEST { Errno::EPERM } else { Errno::ENOMEM });
            }
            if request.flags & MAP_FIXED_NOREPLACE != 0 && !self.regions.is_free(hint.clone()) {
                return Err(Errno::EEXIST);
            }
            hint.start
        } else if allowed && request.addr != 0 && self.regions.is_free(hint.clone()) {
            hint.start
        } else {
            self.regions.gap_below(self.limit, LOWEST.max(self.brk), len).ok_or(Errno::ENOMEM)?
        };
        self.map(hart, start..start + len, perm, !anonymous)?;
        if !anonymous {
            let filled = fill(hart, files, request, start);
            hart.mem.protect(start, len, perm)?;
            if let Err(errno) = filled {
                self.unmap(hart, start..start + len)?;
                return Err(errno);
            }
        }
        Ok(start)
    }

    pub fn munmap(&mut self, hart: &mut Hart, addr: u64, len: u64) -> Result<u64, Errno> {
        let range = self.range(addr, len)?;
        self.unmap(hart, range)?;
        Ok(0)
    }

    /// A page-aligned range below the limit.
    fn range(&self, addr: u64, len: u64) -> Result<Range<u64>, Errno> {
        let end = addr.checked_add(pages(len)?).ok_or(Errno::EINVAL)?;
        if !addr.is_multiple_of(PAGE) || end > self.limit { Err(Errno::EINVAL) } else { Ok(addr..end) }
    }

    pub fn mprotect(&mut self, hart: &mut Hart, addr: u64, len: u64, prot: u64) -> Result<u64, Errno> {
        let perm = perm(prot)?;
        if !addr.is_multiple_of(PAGE) {
            return Err(Errno::EINVAL);
        }
        if len == 0 {
            return Ok(0);
        }
        let end = addr.checked_add(pages(len)?).ok_or(Errno::ENOMEM)?;
        let stack = self.stack_top - super::start::STACK..self.stack_top;
        if !(self.regions.covers(addr..end) || stack.start <= addr && end <= stack.end) {
            return Err(Errno::ENOMEM);
        }
        self.set_perm(hart, addr..end, perm)?;
        Ok(0)
    }

    pub fn mremap(&mut self, hart: &mut Hart, [addr, old, new, flags, to, _]: [u64; 6]) -> Result<u64, Errno> {
        let (old, new) = (pages(old)?, pages(new)?);
        let range = self.range(addr, old)?;
        let mut parts = self.regions.within(range.clone());
        let file = match parts.next() {
            Some((part, file)) if part == range => file,
            _ => return Err(Errno::EFAULT),
        };
        drop(parts);
        let perm = hart.mem.perm(addr);
        if flags & MREMAP_FIXED == 0 && new <= old {
            if new < old {
                self.unmap(hart, addr + new..range.end)?;
            }
            return Ok(addr);
        }
        let grown = range.end..addr.checked_add(new).ok_or(Errno::ENOMEM)?;
        if flags & MREMAP_FIXED == 0 && grown.end <= self.limit && self.regions.is_free(grown.clone()) {
            self.map(hart, grown, perm, file)?;
            return Ok(addr);
        }
        if flags & MREMAP_MAYMOVE == 0 {
            return Err(Errno::ENOMEM);
        }
        let start = if flags & MREMAP_FIXED != 0 {
            let target = self.range(to, new)?;
            if to < LOWEST || target.start < range.end && range.start < target.end {
                return Err(Errno::EINVAL);
            }
            to
        } else {
            self.regions.gap_below(self.limit, LOWEST.max(self.brk), new).ok_or(Errno::ENOMEM)?
        };
        self.map(hart, start..start + new, perm, file)?;
        const CHUNK: u64 = 1 << 20;
        for at in (0..old.min(new)).step_by(CHUNK as usize) {
            let part = hart.mem.peek(addr + at, CHUNK.min(old.min(new) - at))?.to_vec();
            hart.mem.poke(start + at, &part)?;
        }
        self.unmap(hart, range)?;
        Ok(start)
    }

    pub fn madvise(&mut self, hart: &mut Hart, addr: u64, len: u64, advice: u64) -> Result<u64, Errno> {
        if len == 0 {
            return Ok(0);
        }
        let range = self.range(addr, len)?;
        if advice == MADV_DONTNEED {
            let parts: Vec<(Range<u64>, bool)> = self.regions.within(range).collect();
            for (part, _) in parts.into_iter().filter(|(_, file)| !file) {
                hart.mem.discard(part.start, part.end - part.start)?;
            }
        }
        // Everything else is advice in the word's own sense.
        Ok(0)
    }
}

/// Copies a file's bytes into a new mapping; what lies behind the file's end stays zero.
fn fill(hart: &mut Hart, files: &Files, request: &Request, start: u64) -> Result<(), Errno> {
    let size = files.stat(request.fd)?.size;
    let len = size.saturating_sub(request.offset).min(request.len);
    hart.mem.protect(start, pages(request.len)?, Perm::R | Perm::W)?;
    let into = hart.mem.slice_mut(start, len)?;
    let mut done = 0;
    while done < into.len() {
        match files.read_at(request.fd, &mut into[done..], request.offset + done as u64)? {
            0 => break,
            count => done += count,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_split_and_merge() {
        let mut regions = Regions::default();
        regions.insert(0x1000..0x4000, false);
        regions.insert(0x4000..0x5000, false);
        regions.insert(0x5000..0x6000, true);
        assert_eq!(regions.0.len(), 2);
        assert!(regions.covers(0x1000..0x6000) && !regions.covers(0x1000..0x7000));
        regions.remove(0x2000..0x3000);
        assert_eq!(
            regions.within(0..0x10000).map(|(part, _)| part).collect::<Vec<_>>(),
            [0x1000..0x2000, 0x3000..0x5000, 0x5000..0x6000]
        );
        assert!(regions.is_free(0x2000..0x3000) && !regions.is_free(0x2000..0x3001) && regions.is_free(0x6000..0x9000));
        assert_eq!(regions.gap_below(0x8000, 0x1000, 0x1000), Some(0x7000));
        assert_eq!(regions.gap_below(0x6000, 0x1000, 0x1000), Some(0x2000));
        assert_eq!(regions.gap_below(0x6000, 0x1000, 0x2000), None);
        assert_eq!(regions.gap_below(0x6000, 0, 0x1000), Some(0x2000));
        regions.remove(0..0x10000);
        assert!(regions.0.is_empty());
    }
}
