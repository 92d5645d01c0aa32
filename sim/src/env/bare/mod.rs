//! The bare machine: machine mode, RAM, HTIF and semihosting.
//!
//! Memory: RAM from 0x8000_0000, 128 KiB at 0x7002_0000, and wherever segments of the program lie besides, in pieces of
//! at least 64 MiB (flash and RAM of picolibc's default layout, for example). Everything may be read, written and executed.
//! At 0x0200_0000 lies a core-local interruptor (msip, mtimecmp, mtime); its time is that of the CSR `time`.
//! Segments are loaded at their physical addresses, so that start code finds initialised data in flash.
//!
//! Entry state: machine mode at the entry point, a0 = 0 (hart id), a1 = 0 (no device tree), all else 0. Floating point
//! and vector unit are off, as after reset; for programs that use semihosting they are on (Initial), since picolibc's
//! start code switches on only the former.
//!
//! An exception goes to the program's own handler. When it has set none (the vector is 0), or when the handler's first
//! instruction is what traps, going on would loop for ever: then the run ends there.

mod clint;
mod htif;
mod semihost;

use super::files::Files;
use super::{Action, Options};
use crate::loader::{BARE_RAM, Image, Refusal, SEMIHOSTING};
use clint::Clint;
use htif::Htif;
use rvtile_isa::ext::Ext;
use rvtile_isa::hart::{Cause, Hart, Mode, Trap};
use rvtile_isa::memory::{PAGE, Perm};
use semihost::Semihost;
use std::collections::BTreeSet;
use std::ops::Range;

const DEFAULT_RAM: u64 = 256 << 20;
/// Memory ends here at the latest.
const MAX_MEMORY: u64 = 1 << 38;
/// Memory that some programs use as scratchpad.
const SCRATCH: Range<u64> = 0x7002_0000..0x7004_0000;
/// What is mapped around segments outside the RAM begins and ends at multiples of this.
const PIECE: u64 = 16 << 20;
/// What is mapped behind such segments, for heap and stack.
const ROOM: u64 = 48 << 20;

/// A bare machine's environment.
pub struct Bare {
    files: Files,
    htif: Option<Htif>,
    semihost: Option<Semihost>,
    /// `None` where the program itself lies in its place.
    clint: Option<Clint>,
    told: Told,
}

/// What the user has been told once.
#[derive(Default)]
struct Told(BTreeSet<(&'static str, u64)>);

impl Told {
    /// Whether this is the first time.
    fn first(&mut self, what: &'static str, number: u64) -> bool {
        self.0.insert((what, number))
    }
}

/// The address ranges that are memory.
fn ranges(image: &Image, options: &Options) -> Result<Vec<Range<u64>>, Refusal> {
    let ram = options.memory.unwrap_or(DEFAULT_RAM);
    if !(PAGE..=MAX_MEMORY - BARE_RAM).contains(&ram) {
        return Err(Refusal::NoRoom(format!("a bare machine needs a RAM of 4 KiB to 254 GiB, not {ram} bytes")));
    }
    let mut ranges = vec![BARE_RAM..BARE_RAM + ram.next_multiple_of(PAGE), SCRATCH];
    for segment in &image.segments {
        let outside =
            |start| Refusal::OutsideMemory { segment: segment.index, start, len: segment.size, limit: MAX_MEMORY };
        let loaded = segment.paddr..segment.paddr + segment.file.len() as u64;
        if !loaded.is_empty() {
            include(&mut ranges, loaded).map_err(|()| outside(segment.paddr))?;
        }
        // A run address beyond physical memory is a virtual one, which the program will map to where it is loaded.
        match include(&mut ranges, segment.range()) {
            Err(()) if segment.vaddr == segment.paddr || segment.file.is_empty() => return Err(outside(segment.vaddr)),
            _ => {}
        }
    }
    // picolibc's linker script says with symbols how far heap and stack may reach.
    for name in ["__heap_end", "__stack"] {
        if let Some(end) = image.symbol(name)
            && let Some(range) = ranges.iter_mut().find(|range| range.start < end && end - range.start <= 1 << 30)
        {
            range.end = range.end.max(end.next_multiple_of(PAGE));
        }
    }
    Ok(ranges)
}

/// Makes sure that a range is memory.
fn include(ranges: &mut Vec<Range<u64>>, range: Range<u64>) -> Result<(), ()> {
    if range.end > MAX_MEMORY {
        return Err(());
    }
    if let Some(holder) = ranges.iter_mut().find(|holder| holder.contains(&range.start)) {
        holder.end = holder.end.max(range.end.next_multiple_of(PAGE));
        return Ok(());
    }
    let mut start = range.start / PIECE * PIECE;
    // Page 0 only when asked for: null pointers are better found than served.
    if start == 0 && range.start >= PAGE {
        start = PAGE;
    }
    let mut end = (range.end.next_multiple_of(PIECE) + ROOM).min(MAX_MEMORY);
    if start < BARE_RAM && range.end <= BARE_RAM {
        end = end.min(BARE_RAM);
    }
    ranges.push(start..end);
    Ok(())
}

pub(super) fn memory_size(image: &Image, options: &Options) -> Result<u64, Refusal> {
    Ok(ranges(image, options)?.iter().map(|range| range.end).max().unwrap_or(0))
}

impl Bare {
    /// Lays out a program and puts the hart at its entry.
    pub(super) fn start(image: &Image, options: Options, hart: &mut Hart) -> Result<Bare, Refusal> {
        let ranges = ranges(image, &options)?;
        let small = |_| Refusal::NoRoom("the memory is too small for the program".to_owned());
        for range in &ranges {
            hart.mem.protect(range.start, range.end - range.start, Perm::all()).map_err(small)?;
        }
        for segment in &image.segments {
            hart.mem.poke(segment.paddr, image.file_bytes(segment)).map_err(small)?;
        }
        hart.flush_tlb();
        hart.x = [0; 256];
        hart.pc = image.entry;
        hart.mode = Mode::Machine;
        if image.uses_semihosting() {
            const FS_INITIAL: u64 = 1 << 13;
            const VS_INITIAL: u64 = 1 << 9;
            const MS_INITIAL: u64 = 1 << 29;
            let isa = hart.config().isa;
            hart.csr.mstatus |= if isa.contains(Ext::F) { FS_INITIAL } else { 0 };
            hart.csr.mstatus |= if isa.contains(Ext::ZVE32X) { VS_INITIAL } else { 0 };
            hart.csr.mstatus |= if isa.contains(Ext::ZVTBASE) { MS_INITIAL } else { 0 };
        }
        let program_end = image.segments.iter().map(|segment| segment.range().end).max().unwrap_or(0);
        let heap_end = ranges.iter().find(|range| range.contains(&program_end)).map_or(program_end, |range| range.end);
        let semihost = image.uses_semihosting().then(|| {
            let heap = program_end.next_multiple_of(16)..heap_end;
            Semihost::new(options.args.get(1..).unwrap_or_default().join(" "), heap, options.timebase_hz)
        });
        let overlaps = |range: &Range<u64>| range.start < clint::REGISTERS.end && clint::REGISTERS.start < range.end;
        Ok(Bare {
            files: Files::new(options.grants, options.streams),
            htif: image.symbol("tohost").map(|tohost| Htif::new(tohost, image.symbol("fromhost"))),
            semihost,
            clint: (!ranges.iter().any(overlaps)).then(Clint::default),
            told: Told::default(),
        })
    }

    pub(super) fn mailbox(&self) -> Option<u64> {
        self.htif.as_ref().map(Htif::tohost)
    }

    pub(super) fn needs_clock(&self) -> bool {
        self.clint.as_ref().is_some_and(Clint::used)
    }

    #[inline]
    pub(super) fn poll(&mut self, hart: &mut Hart) -> Action {
        if let Some(clint) = &mut self.clint
            && clint.used()
        {
            clint.update(hart);
        }
        match &mut self.htif {
            Some(htif) => htif.poll(hart, &mut self.files, &mut self.told),
            None => Action::Continue,
        }
    }

    pub(super) fn serves(&self, trap: Trap) -> bool {
        self.semihost.is_some() && trap.cause == Cause::Breakpoint
    }

    pub(super) fn on_trap(&mut self, hart: &mut Hart, trap: Trap) -> Action {
        let pc = hart.pc;
        if matches!(trap.cause, Cause::LoadFault | Cause::StoreFault)
            && let Some(clint) = &mut self.clint
            && clint.opens_for(hart, trap.tval, trap.cause == Cause::StoreFault)
        {
            return Action::Continue;
        }
        if let Some(semihost) = &mut self.semihost
            && trap.cause == Cause::Breakpoint
            && is_semihosting(hart, pc)
        {
            hart.pc = pc.wrapping_add(4);
            return semihost.call(hart, &mut self.files, &mut self.told);
        }
        let delegated = hart.mode <= Mode::Supervisor && hart.csr.medeleg >> (trap.cause as u64) & 1 != 0;
        let handler = if delegated { hart.csr.stvec } else { hart.csr.mtvec } & !3;
        let call = matches!(trap.cause, Cause::EcallU | Cause::EcallS | Cause::EcallM | Cause::Breakpoint);
        // The same instruction would trap again with the same state. A delegated trap from a lower mode is no repetition.
        let repeats = handler == pc && !call && hart.mode == if delegated { Mode::Supervisor } else { Mode::Machine };
        if handler == 0 || repeats {
            return Action::Fatal;
        }
        hart.take_trap(trap, pc);
        Action::Continue
    }
}

/// Whether the ebreak at `pc` stands in the semihosting sequence, within one page as the convention wants it.
fn is_semihosting(hart: &mut Hart, pc: u64) -> bool {
    let first = pc.wrapping_sub(4);
    first / PAGE == pc.wrapping_add(7) / PAGE
        && SEMIHOSTING.iter().enumerate().all(|(index, word)| hart.fetch(first + 4 * index as u64) == Ok(*word))
}
