//! Architectural state of one hart.

mod access;
pub mod csr;
pub mod layout;
mod tlb;
mod translate;
mod trap;
mod vregs;

pub use access::Scalar;
pub use csr::Csrs;
pub use trap::{Cause, Mode, Trap};
pub use vregs::VRegs;

use crate::chain::{Entry, Trail};
use crate::ext::Ext;
use crate::float::Flags;
use crate::float::lanes::Level;
use crate::matrix::state::State;
use crate::memory::Memory;
use crate::op::{Ctx, Illegal};
use crate::vector::vtype::Vtype;
use tlb::Tlb;

/// What is fixed for the life of a hart.
#[derive(Clone, Copy, Debug)]
pub struct Config {
    /// VLEN in bits, a power of two from 128 to 4096.
    pub vlen: u32,
    /// Extensions; a program may switch some of them off with misa.
    pub isa: Ext,
    /// What agnostic elements become: all ones when set, else they are left undisturbed.
    pub agnostic_ones: bool,
    /// Host SIMD level that handlers may use; no more than the host has is used in any case.
    pub level: Level,
}

/// What the engine has to do after an operation that returned [`Flow::Leave`](crate::op::Flow::Leave).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// Nothing.
    None,
    /// Instruction memory may have changed, or its translation: forget all blocks.
    FlushBlocks,
    /// Wait for interrupt.
    Wfi,
    /// A region begins; the value is the guest address of its NUL-terminated name.
    RegionBegin(u64),
    /// A region ends; the value is the guest address of its name.
    RegionEnd(u64),
}

/// The blocks that were entered, and the addresses and lengths that the retired instructions used: what timing needs and
/// the instruction word does not say. See [`Mem`](crate::row::Mem) for the words each instruction writes.
#[derive(Default)]
pub struct Log {
    /// The words since the engine last cleared it.
    pub words: Vec<u64>,
    /// The blocks since then.
    pub blocks: Vec<Entered>,
    /// Whether anyone listens. Set before the first block is translated.
    pub on: bool,
    /// Address of the words, of the next word and of the next block, while host code runs.
    start: usize,
    cursor: usize,
    blocks_cursor: usize,
}

/// A block that was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Entered {
    /// Its address.
    pub pc: u64,
    /// Its number.
    pub number: u32,
    /// Words that were in the log before it.
    pub words: u32,
}

impl Log {
    /// Appends a word.
    #[inline(always)]
    pub fn push(&mut self, word: u64) {
        if self.on {
            self.words.push(word);
        }
    }

    /// Makes room for what host code may log until it comes back: a word for each instruction of the budget, those of the
    /// block that exceeds it, and where blocks are entered.
    pub(crate) fn begin_code(&mut self, budget: i64) {
        let most = budget.max(0) as usize + 2 * crate::block::Block::MAX_LEN;
        self.words.reserve(most);
        self.blocks.reserve(most);
        self.start = self.words.as_ptr() as usize;
        self.cursor = self.start + size_of_val(&self.words[..]);
        self.blocks_cursor = self.blocks.as_ptr() as usize + size_of_val(&self.blocks[..]);
    }

    /// Takes what host code has logged.
    pub(crate) fn end_code(&mut self) {
        let words = (self.cursor - self.start) / size_of::<u64>();
        let blocks = (self.blocks_cursor - self.blocks.as_ptr() as usize) / size_of::<Entered>();
        // SAFETY: host code wrote all words and blocks below the cursors, and `begin_code` made room for them.
        unsafe {
            self.words.set_len(words);
            self.blocks.set_len(blocks);
        }
    }

    /// Whether a word can be appended without more memory.
    #[inline(always)]
    pub(crate) fn has_room(&self) -> bool {
        self.words.len() < self.words.capacity()
    }

    /// Appends a word without asking for memory.
    ///
    /// # Safety
    /// There must be room.
    #[inline(always)]
    pub(crate) unsafe fn push_within(&mut self, word: u64) {
        let length = self.words.len();
        // SAFETY: the caller's promise.
        unsafe {
            self.words.as_mut_ptr().add(length).write(word);
            self.words.set_len(length + 1);
        }
    }

    /// Forgets what was logged.
    pub fn clear(&mut self) {
        self.words.clear();
        self.blocks.clear();
    }
}

/// One hart and its memory.
pub struct Hart {
    /// Address of the block being executed; between blocks the next instruction.
    pub pc: u64,
    /// Integer registers; [`Hart::SINK`] takes writes to x0. 256 entries, so that an 8-bit number needs no check.
    pub x: [u64; 256],
    /// Floating-point registers, NaN-boxed; the first 32 entries are used.
    pub f: [u64; 256],
    /// Vector registers.
    pub v: VRegs,
    /// Vector length in elements.
    pub vl: u32,
    /// Vector type.
    pub vtype: Vtype,
    /// First element to execute.
    pub vstart: u32,
    /// Fixed-point rounding mode, 0 to 3.
    pub vxrm: u8,
    /// Fixed-point saturation flag.
    pub vxsat: bool,
    /// Dynamic floating-point rounding mode field.
    pub frm: u8,
    /// Accrued floating-point flags, without those still in the host's status word.
    pub fflags: Flags,
    /// Other CSRs.
    pub csr: Csrs,
    /// Privilege mode.
    pub mode: Mode,
    /// Address that a load-reserved instruction has reserved.
    pub reservation: Option<u64>,
    /// Details of the exception, after a handler returned `Flow::Trap`.
    pub trap: Trap,
    /// Why the last instruction that execution found illegal was so.
    pub why: Option<Illegal>,
    /// Details, after a handler returned `Flow::Leave`.
    pub request: Request,
    /// Access log for the timing model.
    pub log: Log,
    /// State of the matrix extensions.
    pub matrix: State,
    /// Memory.
    pub mem: Memory,
    pub(crate) trail: Trail,
    /// The page whose stores end a chain of blocks.
    watched: Option<u64>,
    tlb: Tlb,
    config: Config,
}

impl Hart {
    /// The register number that stands for x0 as a destination.
    pub const SINK: u8 = 32;

    /// A hart after reset: registers zero, machine mode, floating point and vector unit off.
    pub fn new(config: Config, mem: Memory) -> Hart {
        // Handlers are compiled for host features, and trust the level.
        let config = Config { level: config.level.min(Level::detect()), ..config };
        Hart {
            pc: 0,
            x: [0; 256],
            f: [0; 256],
            v: VRegs::new(config.vlen),
            vl: 0,
            vtype: Vtype::ILL,
            vstart: 0,
            vxrm: 0,
            vxsat: false,
            frm: 0,
            fflags: Flags::empty(),
            csr: Csrs::new(config.isa),
            mode: Mode::Machine,
            reservation: None,
            trap: Trap { cause: Cause::IllegalInstruction, tval: 0 },
            why: None,
            request: Request::None,
            log: Log::default(),
            matrix: State::new(config.vlen, config.isa),
            mem,
            trail: Trail::default(),
            watched: None,
            tlb: Tlb::default(),
            config,
        }
    }

    /// What is fixed for this hart.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Gives control back to the engine after every block that stores to the page of physical address `addr`.
    pub fn watch(&mut self, addr: u64) {
        self.watched = Some(addr / crate::memory::PAGE);
        self.flush_tlb();
    }

    /// Lets indirect jumps find a block.
    ///
    /// # Safety
    /// It must live until [`Hart::forget_blocks`].
    pub unsafe fn remember_block(&mut self, entry: &Entry) {
        self.trail.insert(entry);
    }

    /// Forgets all that indirect jumps find: the blocks are about to go.
    pub fn forget_blocks(&mut self) {
        self.trail = Trail::default();
    }

    /// VLEN in bytes.
    #[inline(always)]
    pub fn vlenb(&self) -> usize {
        self.v.vlenb()
    }

    /// The decode context of the present state.
    pub fn ctx(&self) -> Ctx {
        Ctx {
            vtype: self.vtype,
            frm: self.frm,
            fs: self.csr.fs() != 0,
            vs: self.csr.vs() != 0,
            vstart: self.vstart != 0,
            vlen: self.config.vlen,
            isa: self.csr.isa(),
            agnostic_ones: self.config.agnostic_ones,
            level: self.config.level,
        }
    }

    /// The variable part of [`Hart::ctx`] in one word: equal keys mean equal contexts for this hart.
    #[inline]
    pub fn ctx_key(&self) -> u32 {
        vector_key(self.vtype, self.vstart != 0)
            | u32::from(self.frm) << VECTOR_KEY_BITS
            | self.csr.fs() << 13
            | self.csr.vs() << 15
            | (self.mode as u32) << 17
            | self.vtype.extra() << 19
    }

    /// Records an exception; the handler then returns `Flow::Trap`.
    #[cold]
    pub fn raise(&mut self, cause: Cause, tval: u64) {
        self.trap = Trap { cause, tval };
    }

    /// Records an illegal instruction whose reason only execution shows.
    #[cold]
    pub fn illegal(&mut self, word: u32, why: Illegal) -> crate::op::Flow {
        self.why = Some(why);
        self.raise(Cause::IllegalInstruction, u64::from(word));
        crate::op::Flow::Trap
    }
}

/// Bits of [`vector_key`].
pub(crate) const VECTOR_KEY_BITS: u32 = 10;

/// The part of [`Hart::ctx_key`] that vector instructions change.
#[inline(always)]
pub(crate) fn vector_key(vtype: Vtype, vstart: bool) -> u32 {
    u32::from(vtype.bits()) | u32::from(vtype.ill()) << 8 | u32::from(vstart) << 9
}

/// FS and VS in a [`Hart::ctx_key`].
pub(crate) fn unit_states(key: u32) -> (u32, u32) {
    (key >> 13 & 3, key >> 15 & 3)
}
