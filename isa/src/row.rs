//! The rows of the instruction table: what is true of an instruction for decoder, disassembler, semantics and timing.

use crate::chain::Hot;
use crate::class::Class;
use crate::encoding::Encoding;
use crate::ext::Ext;
use crate::hart::Hart;
use crate::inst::Inst;
use crate::matrix::state::Bank;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::operand::{Operand, Operands};
use crate::vector::vtype::Vtype;

/// One instruction. Standard and custom instructions look the same.
#[derive(Clone, Copy)]
pub struct Row {
    /// Mnemonic, for example `vadd.vv`.
    pub name: &'static str,
    /// Assembly operands: words of [`Operand`] between literal punctuation, for example `rd, imm(rs1)`.
    pub syntax: &'static str,
    /// Fixed bits and operand fields.
    pub encoding: Encoding,
    /// The operands that `syntax` names, in its order.
    pub operands: Operands,
    /// Extensions of which any one provides the instruction.
    pub ext: Ext,
    /// Timing class: the key of the machine file's latency and occupancy.
    pub class: Class,
    /// Properties that engine and timing act on.
    pub props: Props,
    /// How it accesses memory.
    pub mem: Mem,
    /// Semantics.
    pub exec: Exec,
}

/// Where the semantics of a row come from.
#[derive(Clone, Copy)]
pub enum Exec {
    /// One handler whatever the context.
    Direct(Handler),
    /// A handler chosen when the instruction is decoded, from its operands and the context (vtype, rounding mode,
    /// host features); also the place of every legality rule.
    Select(fn(&Inst, &Ctx) -> Result<Handler, Illegal>),
    /// As `Direct`, for instructions that scalar code is full of.
    Hot(Hot),
    /// As `Select`, for instructions that scalar code is full of.
    SelectHot(fn(&Inst, &Ctx) -> Result<Hot, Illegal>),
    /// Semantics from outside this crate: an extension file, or a user of the library.
    Defined(&'static dyn Definition),
    /// A 16-bit instruction: gives the 32-bit word that does the same, or `None` for a reserved pattern.
    Expand(fn(u32) -> Option<u32>),
}

/// What an instruction means, from outside this crate. A row with [`Exec::Defined`] is a row like all others: it is
/// given to [`Decoder::with`](crate::decode::Decoder::with), its timing class is found by its class and name.
pub trait Definition: Send + Sync {
    /// Decides, once for each decoded instruction, whether it is legal in a context. The value comes back in
    /// [`Op::aux`]: which of several bodies serves it, for example.
    ///
    /// # Errors
    /// Which rule is broken.
    fn prepare(&self, inst: &Inst, ctx: &Ctx) -> Result<u32, Illegal>;

    /// Executes. `op.word` is the instruction word, `op.imm` belongs to the caller, all else is as for built-in
    /// instructions: [`Hart::illegal`](crate::hart::Hart::illegal) where only execution can tell, the access log where memory is touched.
    fn execute(&self, hart: &mut Hart, op: &Op) -> Flow;

    /// Who brings the instruction, in words.
    fn provider(&self) -> &str {
        "a definition"
    }

    /// The own registers that an operand `td`, `ts1`, `ts2` or `ts3` names.
    fn bank(&self, _operand: Operand) -> Option<&Bank> {
        None
    }

    /// Vector registers that an operand spans under a legal vtype; `None`: as properties and class say.
    fn span(&self, _operand: Operand, _vtype: Vtype, _vlen: u32) -> Option<u32> {
        None
    }
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name, self.provider())
    }
}

impl Row {
    /// A row from its parts. Semantics are an argument, so a row without them does not compile.
    ///
    /// # Panics
    /// When `encoding` or `syntax` is wrong; built-in rows are constants, so that is a compile error.
    pub const fn new(
        name: &'static str,
        syntax: &'static str,
        encoding: &'static str,
        ext: Ext,
        class: Class,
        exec: Exec,
    ) -> Row {
        Row {
            name,
            syntax,
            encoding: Encoding::of(encoding),
            operands: Operands::of(syntax),
            ext,
            class,
            props: class.implied_props(),
            mem: Mem::None,
            exec,
        }
    }

    /// Who brings it: its extensions, or the definition behind it.
    pub fn provider(&self) -> String {
        self.definition().map_or_else(|| self.ext.describe(), |definition| definition.provider().to_string())
    }

    /// Semantics from outside this crate.
    pub fn definition(&self) -> Option<&'static dyn Definition> {
        match self.exec {
            Exec::Defined(definition) => Some(definition),
            _ => None,
        }
    }

    /// What the own registers of an operand are called.
    pub(crate) fn bank_name(&self, operand: Operand) -> &'static str {
        self.definition().and_then(|definition| definition.bank(operand)).map_or("own", |bank| bank.name)
    }

    /// Adds properties.
    #[must_use]
    pub const fn with(mut self, props: Props) -> Row {
        self.props = self.props.union(props);
        self
    }

    /// States the memory behaviour.
    #[must_use]
    pub const fn mem(mut self, mem: Mem) -> Row {
        self.mem = mem;
        self
    }
}

bitflags::bitflags! {
    /// Properties of an instruction that the engine and the timing model act on.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Props: u32 {
        /// Conditional branch: ends a block, two successors.
        const BRANCH = 1 << 0;
        /// Unconditional jump: ends a block.
        const JUMP = 1 << 1;
        /// Ends a block for another reason: it changes the decode context, or leaves to the environment.
        const ENDS_BLOCK = 1 << 2;
        /// Reads memory.
        const LOAD = 1 << 3;
        /// Writes memory.
        const STORE = 1 << 4;
        /// Needs floating-point state (mstatus.FS not Off).
        const FLOAT = 1 << 5;
        /// Needs vector state (mstatus.VS not Off).
        const VECTOR = 1 << 6;
        /// Sets floating-point exception flags with host arithmetic.
        const FLAGS = 1 << 7;
        /// Reads `vd` also when unmasked (multiply-add, slideup, ...).
        const READS_VD = 1 << 8;
        /// Reads a clock or an instruction counter: the engine brings them up to date first.
        const CLOCK = 1 << 9;
        /// Sets vtype from its immediate; the following instructions decode under the new type.
        const SETS_VTYPE = 1 << 10;
        /// `vd` is one mask register, whatever LMUL is.
        const MASK_RESULT = 1 << 11;
        /// `vd` is one register with a scalar in element 0 (reductions, vmv.s.x).
        const SCALAR_RESULT = 1 << 12;
        /// Destination EEW is 2*SEW.
        const WIDENS = 1 << 13;
        /// First vector source (`vs2`) EEW is 2*SEW.
        const WIDE_VS2 = 1 << 14;
        /// Vector sources are single mask registers.
        const MASK_SOURCES = 1 << 15;
        /// Is a region marker (HINT `slti x0, rs1, imm`).
        const MARKER = 1 << 16;
        /// Illegal when vstart is not zero.
        const NO_VSTART = 1 << 17;
        /// The elements of `vs1` have EEW 16 whatever SEW is.
        const VS1_EEW16 = 1 << 21;
        /// The immediate is relative to the pc (branches always are).
        const PC_RELATIVE = 1 << 19;
        /// First vector source (`vs1`) is one register (reductions, the mask of vcompress).
        const SCALAR_VS1 = 1 << 18;
        /// First vector source (`vs2`) is one register (the `.vs` forms of element groups).
        const SCALAR_VS2 = 1 << 25;
        /// `vs2` EEW is 4*SEW.
        const QUAD_VS2 = 1 << 22;
        /// Works on the tile machine: its log has a [`TileUse`](crate::matrix::state::TileUse) word, the last one.
        const TILE = 1 << 23;
        /// Heeds vtype.altfmt; other floating-point instructions are illegal when it is set.
        const ALTFMT = 1 << 24;
        /// Its log has one word, how many elements its operands leave to do: of an integer division those whose divisor is not
        /// zero, of a floating-point one or a square root those whose operands are neither zero, infinite nor NaN, of a
        /// slide up those from the offset on.
        const WORK = 1 << 26;
        /// Must be the first of its block: it sees what is collected when a block ends.
        const STARTS_BLOCK = 1 << 20;
    }
}

/// Memory behaviour. The direction is in [`Props`]: `LOAD`, `STORE` or both (atomics).
///
/// It also fixes what the handler writes to the access log for the timing model:
/// `Scalar`, `Unit`, `Whole`, `Mask`, `FaultFirst`: one word, the address; `Strided`: address and stride;
/// `Indexed`: a count, then the address of each active element. Some that access no memory log a word too, by their
/// properties: [`Props::WORK`], [`Props::TILE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mem {
    /// No access.
    None,
    /// One access of so many bytes.
    Scalar(u8),
    /// Vector, unit stride; `nf` > 1 for segments, `eew` in bits.
    Unit {
        /// Element width in bits.
        eew: u8,
    },
    /// Vector, unit stride, fault-only-first; logs the address and the new vl.
    FaultFirst {
        /// Element width in bits.
        eew: u8,
    },
    /// Vector mask load or store: ceil(vl/8) bytes.
    Mask,
    /// Whole registers.
    Whole,
    /// A slice of a matrix tile, unit stride; logs the address, and its [`TileUse`](crate::matrix::state::TileUse) word tells the elements.
    Tile {
        /// Element width in bits.
        eew: u8,
    },
    /// Rows of bytes, a stride apart: what a definition moves. Logs address, stride, and rows and bytes of a row in one word.
    Rows,
    /// Vector, constant stride.
    Strided {
        /// Element width in bits.
        eew: u8,
    },
    /// Vector, indexed; the data width is SEW.
    Indexed {
        /// Index width in bits.
        eew: u8,
    },
}
