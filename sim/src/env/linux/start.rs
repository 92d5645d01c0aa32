//! The state in which Linux hands a program its machine.
//!
//! ```text
//! 0x10000       lowest address that may be mapped
//! segments      where they are linked, or from PIE_BASE
//! brk           from the page behind the last segment, upwards
//! mappings      downwards from the gap below the stack
//! stack         8 MiB
//! trampoline    one page with the return from signal handlers
//! end           of the address space, 64 GiB
//! ```

use super::space::Space;
use crate::env::files::OWNER;
use crate::env::guest;
use crate::loader::{Image, Refusal};
use rvtile_isa::ext::Ext;
use rvtile_isa::hart::Hart;
use rvtile_isa::memory::{PAGE, Perm};

/// The lowest address that Linux lets be mapped.
pub(super) const LOWEST: u64 = 0x10000;
/// Bytes of stack.
pub(super) const STACK: u64 = 8 << 20;
/// Unmapped bytes below the stack.
const STACK_GAP: u64 = 1 << 20;
/// The least memory: stack, gap and a little for the program.
const MIN_MEMORY: u64 = 64 << 20;
/// More than a 38-bit address space has no use here.
const MAX_MEMORY: u64 = 1 << 40;
const DEFAULT_MEMORY: u64 = 64 << 30;

pub(in crate::env) fn memory_size(options: &crate::env::Options) -> Result<u64, Refusal> {
    let size = options.memory.unwrap_or(DEFAULT_MEMORY);
    if !(MIN_MEMORY..=MAX_MEMORY).contains(&size) {
        return Err(Refusal::NoRoom(format!("a Linux program needs a memory of 64 MiB to 1 TiB, not {size} bytes")));
    }
    Ok(size.next_multiple_of(PAGE))
}

/// Maps the program and the fixed parts of the address space.
pub(super) fn map(image: &Image, hart: &mut Hart) -> Result<Space, Refusal> {
    let end = hart.mem.size();
    if end < MIN_MEMORY {
        return Err(Refusal::NoRoom(format!("a memory of {end} bytes is too small for a Linux program")));
    }
    let trampoline = end - 2 * PAGE;
    let stack_top = trampoline - PAGE;
    let limit = stack_top - STACK - STACK_GAP;
    let mut space = Space::new(limit, trampoline);
    for segment in &image.segments {
        let range = segment.range();
        if range.end > limit {
            let (start, len) = (range.start, segment.size);
            return Err(Refusal::OutsideMemory { segment: segment.index, start, len, limit });
        }
        if range.start < LOWEST {
            return Err(Refusal::LowAddress { segment: segment.index, start: range.start, lowest: LOWEST });
        }
        let outside = |_| Refusal::NoRoom("the program does not fit into the memory".to_owned());
        hart.mem.poke(range.start, image.file_bytes(segment)).map_err(outside)?;
        space.add_segment(hart, range, segment.perm).map_err(outside)?;
    }
    space.begin_heap();
    let fits = |_| Refusal::NoRoom("the stack does not fit into the memory".to_owned());
    hart.mem.protect(stack_top - STACK, STACK, Perm::R | Perm::W).map_err(fits)?;
    // li a7, 139 (rt_sigreturn); ecall
    let code: Vec<u8> = [0x08b0_0893u32, 0x0000_0073].iter().flat_map(|word| word.to_le_bytes()).collect();
    hart.mem.poke(trampoline, &code).map_err(fits)?;
    hart.mem.protect(trampoline, PAGE, Perm::R | Perm::X).map_err(fits)?;
    space.stack_top = stack_top;
    hart.flush_tlb();
    Ok(space)
}

/// Fills the stack and sets the registers.
pub(super) fn enter(
    image: &Image,
    args: &[String],
    vars: &[String],
    random: [u64; 2],
    stack_top: u64,
    hart: &mut Hart,
) -> Result<(), Refusal> {
    let mut strings: Vec<u8> = Vec::new();
    let mut place = |bytes: &[u8]| {
        let at = strings.len() as u64;
        strings.extend_from_slice(bytes);
        strings.push(0);
        at
    };
    let name = place(image.name.as_bytes());
    let args: Vec<u64> =
        if args.is_empty() { vec![name] } else { args.iter().map(|arg| place(arg.as_bytes())).collect() };
    let vars: Vec<u64> = vars.iter().map(|var| place(var.as_bytes())).collect();
    // The strings end the stack and what is below them begins at a page boundary, so that the length of a path does not
    // move the program's stack against its cache lines.
    let random_at = stack_top - 32;
    let too_long = || Refusal::NoRoom("the arguments and environment variables take more than 2 MiB".to_owned());
    if strings.len() as u64 + 8 * (args.len() + vars.len()) as u64 > STACK / 4 {
        return Err(too_long());
    }
    let strings_at = (random_at - strings.len() as u64) / PAGE * PAGE;

    let auxv = [
        (3, image.phdr.unwrap_or(0)),
        (4, 56),
        (5, u64::from(image.phnum)),
        (6, PAGE),
        (7, 0),
        (8, 0),
        (9, image.entry),
        (11, u64::from(OWNER)),
        (12, u64::from(OWNER)),
        (13, u64::from(OWNER)),
        (14, u64::from(OWNER)),
        (16, hwcap(hart.config().isa)),
        (17, 100),
        (23, 0),
        (25, random_at),
        (31, strings_at + name),
        (0, 0),
    ];
    let mut words = vec![args.len() as u64];
    words.extend(args.iter().map(|at| strings_at + at));
    words.push(0);
    words.extend(vars.iter().map(|at| strings_at + at));
    words.push(0);
    words.extend(auxv.iter().flat_map(|(kind, value)| [*kind, *value]));
    let sp = (strings_at - 8 * words.len() as u64) & !15;

    let put = guest::write(&mut hart.mem, strings_at, &strings)
        .and_then(|()| guest::write_words(&mut hart.mem, random_at, &random))
        .and_then(|()| guest::write_words(&mut hart.mem, sp, &words));
    put.map_err(|_| too_long())?;

    hart.x = [0; 256];
    hart.x[2] = sp;
    hart.pc = image.entry;
    hart.enter_user_environment();
    // Dirty from the start: an operating system's bookkeeping is nothing that a user program should see.
    hart.csr.dirty_fs();
    if hart.config().isa.contains(Ext::ZVE32X) {
        hart.csr.dirty_vs();
    }
    Ok(())
}

/// AT_HWCAP: a bit for each single-letter extension.
fn hwcap(isa: Ext) -> u64 {
    let letters =
        [(Ext::I, 'i'), (Ext::M, 'm'), (Ext::A, 'a'), (Ext::F, 'f'), (Ext::D, 'd'), (Ext::C, 'c'), (Ext::V, 'v')];
    letters.iter().filter(|(ext, _)| isa.contains(*ext)).map(|(_, letter)| 1 << (*letter as u32 - 'a' as u32)).sum()
}
