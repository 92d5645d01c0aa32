//! From a decoded instruction to a compact operation with a resolved handler.

use crate::chain::{self, Chain, Hot};
use crate::encoding::Field;
use crate::ext::Ext;
use crate::float::lanes::Level;
use crate::hart::Hart;
use crate::inst::Inst;
use crate::operand::Operand;
use crate::row::{Definition, Exec, Mem, Props, Row};
use crate::vector::vtype::Vtype;

/// Semantics of one operation. `unsafe` because some handlers are compiled for host features: a handler may only be
/// called on an operation that [`Op::new`] made on this host.
pub type Handler = unsafe fn(&mut Hart, &Op) -> Flow;

/// What happens after an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Flow {
    /// Go on with the next operation of the block.
    Next,
    /// The block ends; the handler has set `Hart::pc`.
    Jump,
    /// An exception; `Hart::trap` tells which. The operation has not retired.
    Trap,
    /// The operation retired and the engine must act; `Hart::request` tells how.
    Leave,
}

/// One pre-decoded operation.
#[derive(Clone, Copy)]
pub struct Op {
    /// Executes this operation and those behind it in its block.
    pub(crate) chain: Chain,
    /// Semantics, resolved for operands and context.
    pub exec: Handler,
    /// Immediate. Branches and jumps: the absolute target. auipc: the value.
    pub imm: i64,
    /// Destination: an integer destination x0 is renamed to [`Hart::SINK`].
    pub rd: u8,
    /// First source.
    pub rs1: u8,
    /// Second source.
    pub rs2: u8,
    /// Third source.
    pub rs3: u8,
    /// Vector operations (but vsetvl): VLMAX of the instruction's vtype, or of that which it sets. Others: offset of the next
    /// instruction from the block's address, which `Hart::pc` holds while the block runs.
    pub aux: u32,
    /// Instruction length in bytes.
    pub len: u8,
    /// vtype bits 7..0 for vector operations.
    pub vtype: u8,
    /// Family-specific small operand: nf of a segment access; the resolved rounding mode of an instruction with an `rm`
    /// field; acquire/release bits.
    pub small: u8,
    /// The mask bit of vector operations, 1 when the operation is masked.
    pub masked: u8,
    /// See [`Hot::kind`].
    pub(crate) kind: u8,
    /// The instruction word (the 32-bit equivalent of a 16-bit instruction).
    pub word: u32,
}

/// Everything outside the instruction word that decides which handler runs. Blocks are cached per context, so a
/// handler may rely on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ctx {
    /// vtype, followed through the block's vset instructions.
    pub vtype: Vtype,
    /// Dynamic rounding mode: the frm field, 0 to 7 (5 to 7 are invalid).
    pub frm: u8,
    /// mstatus.FS is not Off.
    pub fs: bool,
    /// mstatus.VS is not Off.
    pub vs: bool,
    /// vstart is not zero.
    pub vstart: bool,
    /// VLEN in bits.
    pub vlen: u32,
    /// Extensions of this run.
    pub isa: Ext,
    /// Agnostic elements become all ones instead of staying undisturbed.
    pub agnostic_ones: bool,
    /// SIMD level of the host that handlers may use.
    pub level: Level,
}

/// Why an instruction is illegal in its context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Illegal {
    /// No row has this encoding.
    Unknown,
    /// A reserved pattern of a known instruction.
    Reserved(&'static str),
    /// The run's ISA has none of the extensions that provide it.
    Missing(Ext),
    /// A rule of the specification is broken.
    Rule(&'static str),
    /// mstatus.FS is Off.
    FloatOff,
    /// mstatus.VS is Off.
    VectorOff,
}

impl std::fmt::Display for Illegal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Illegal::Unknown => write!(f, "no known instruction has this encoding"),
            Illegal::Reserved(what) => write!(f, "reserved encoding: {what}"),
            Illegal::Missing(ext) => write!(f, "it belongs to {}, which this run does not include", ext.describe()),
            Illegal::Rule(rule) => write!(f, "{rule}"),
            Illegal::FloatOff => write!(f, "floating point is off (mstatus.FS = 0)"),
            Illegal::VectorOff => write!(f, "the vector unit is off (mstatus.VS = 0)"),
        }
    }
}

impl Op {
    /// Resolves an instruction at address `pc`, `offset` bytes into its block, in a context.
    ///
    /// # Errors
    /// The reason why the instruction is illegal there.
    pub fn new(inst: &Inst, pc: u64, offset: u32, ctx: &Ctx) -> Result<Op, Illegal> {
        let row = inst.row;
        for ext in [row.ext, inst.fetched.ext] {
            if !ctx.isa.intersects(ext) {
                return Err(Illegal::Missing(ext));
            }
        }
        ctx.enabled(row.props)?;
        let grouped = row.props.contains(Props::VECTOR) && !row.props.contains(Props::ENDS_BLOCK);
        if ctx.vtype.alt() && row.props.contains(Props::VECTOR | Props::FLOAT) && !row.props.contains(Props::ALTFMT) {
            return Err(Illegal::Rule("vtype.altfmt is set, and this instruction has no alternative format"));
        }
        if ctx.vstart && row.props.contains(Props::NO_VSTART) {
            return Err(Illegal::Rule("vstart is not zero, and this instruction cannot be resumed"));
        }
        let Hot { alone: exec, chain, kind, .. } = match row.exec {
            Exec::Direct(handler) => Hot::cold(handler),
            Exec::Select(select) => Hot::cold(select(inst, ctx)?),
            Exec::Hot(hot) => hot,
            Exec::SelectHot(select) => select(inst, ctx)?,
            Exec::Expand(_) => return Err(Illegal::Unknown),
            Exec::Defined(definition) => return Op::defined(definition, inst, ctx),
        };
        let small = if row.encoding.has(Field::Rm) { crate::fp::rounding(inst, ctx)? as u8 } else { inst.nf() as u8 };
        let writes_x = row.operands.has(Operand::Rd);
        Ok(Op {
            chain,
            kind,
            exec,
            imm: if row.props.intersects(Props::BRANCH | Props::PC_RELATIVE) {
                pc.wrapping_add(inst.imm as u64) as i64
            } else {
                inst.imm
            },
            rd: if writes_x && inst.rd == 0 { Hart::SINK } else { inst.rd },
            rs1: inst.rs1,
            rs2: inst.rs2,
            rs3: inst.rs3,
            aux: if row.props.contains(Props::SETS_VTYPE) {
                Vtype::from_request(inst.imm as u64, ctx.vlen).vlmax(ctx.vlen)
            } else if grouped {
                ctx.vtype.vlmax(ctx.vlen)
            } else {
                offset + u32::from(inst.len)
            },
            len: inst.len,
            vtype: ctx.vtype.bits(),
            small,
            masked: u8::from(inst.masked()),
            word: inst.word,
        })
    }

    /// The chain function of an operation that writes to the access log, when that is on. The short ways through an
    /// operation do not log, alone or joined with a neighbour.
    pub(crate) fn logged(inst: &Inst, ctx: &Ctx) -> Chain {
        let hot = match inst.row.exec {
            Exec::Hot(hot) => Some(hot),
            Exec::SelectHot(select) => select(inst, ctx).ok(),
            _ => None,
        };
        // What else logs does it in its handler alone.
        let short = inst.row.mem != Mem::None || inst.props().contains(Props::SETS_VTYPE);
        hot.filter(|_| short).map_or(chain::any, |hot| hot.logged)
    }

    /// As [`Op::new`], for semantics from outside: the operation leads to its row through `imm`.
    fn defined(definition: &dyn Definition, inst: &Inst, ctx: &Ctx) -> Result<Op, Illegal> {
        let aux = definition.prepare(inst, ctx)?;
        let hot = Hot::cold(|h, op| {
            // SAFETY: the line below put the address of a row here, and rows live for ever.
            let row = unsafe { &*(op.imm as *const Row) };
            match row.exec {
                Exec::Defined(definition) => definition.execute(h, op),
                _ => h.illegal(op.word, Illegal::Unknown),
            }
        });
        Ok(Op {
            chain: hot.chain,
            kind: hot.kind,
            exec: hot.alone,
            imm: std::ptr::from_ref(inst.row) as i64,
            rd: if inst.row.operands.has(Operand::Rd) && inst.rd == 0 { Hart::SINK } else { inst.rd },
            rs1: inst.rs1,
            rs2: inst.rs2,
            rs3: inst.rs3,
            aux,
            len: inst.len,
            vtype: ctx.vtype.bits(),
            small: inst.nf() as u8,
            masked: u8::from(inst.masked()),
            word: inst.word,
        })
    }

    /// A link to `target` behind a block that ends in the context `key`, not tied yet.
    pub(crate) fn link(target: u64, key: u32) -> Op {
        let exec = |_: &mut Hart, _: &Op| Flow::Jump;
        Op {
            chain: chain::link,
            kind: 0,
            exec,
            imm: target as i64,
            rd: 0,
            rs1: 0,
            rs2: 0,
            rs3: 0,
            aux: key,
            len: 0,
            vtype: 0,
            small: 0,
            masked: 0,
            word: 0,
        }
    }
}
