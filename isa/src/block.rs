//! Straight-line code, decoded once.

use crate::decode::Decoder;
use crate::float::host;
use crate::hart::{Cause, Hart, Trap};
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Illegal, Op};
use crate::row::Props;
use crate::vector::vtype::Vtype;

/// Straight-line code that begins at one address in one decode context.
pub struct Block {
    /// Address of the first instruction.
    pub pc: u64,
    /// [`Hart::ctx_key`] of the context in which it was decoded.
    pub key: u32,
    /// Operations, one for each instruction.
    pub ops: Vec<Op>,
    /// What was decoded, one for each operation.
    pub insts: Vec<BlockInst>,
    /// Length in bytes.
    pub bytes: u32,
    /// The properties of all its instructions together.
    pub props: Props,
}

/// An instruction of a block.
#[derive(Clone, Copy)]
pub struct BlockInst {
    /// Offset from the block's address.
    pub offset: u32,
    /// vtype under which it executes.
    pub vtype: Vtype,
    /// The decoded instruction, or why there is none.
    pub inst: Result<Inst, Bad>,
}

/// An instruction that cannot execute: what a handler needs to raise the exception and a report to explain it.
#[derive(Clone, Copy, Debug)]
pub enum Bad {
    /// It could not be fetched.
    Fetch(Trap),
    /// It is illegal.
    Illegal {
        /// The word as fetched.
        word: u32,
        /// Why.
        why: Illegal,
    },
}

/// How a run of a block ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Operations that retired.
    pub retired: usize,
    /// What the last operation asked for; `Next` means that control fell through the end.
    pub flow: Flow,
}

impl Block {
    /// Longest block in instructions.
    pub const MAX_LEN: usize = 64;

    /// Decodes the block at the hart's pc. Never fails: an instruction that cannot be fetched or is illegal ends the
    /// block with an operation that raises the exception.
    pub fn translate(hart: &mut Hart, decoder: &Decoder) -> Block {
        let mut ctx = hart.ctx();
        let pc = hart.pc;
        let mut block =
            Block { pc, key: hart.ctx_key(), ops: Vec::new(), insts: Vec::new(), bytes: 0, props: Props::empty() };
        let (fs_dirty, vs_dirty) = (hart.csr.fs() == 3, hart.csr.vs() == 3);
        while block.ops.len() < Block::MAX_LEN {
            let at = pc.wrapping_add(u64::from(block.bytes));
            let decoded = hart.fetch(at).map_err(Bad::Fetch).and_then(|word| {
                let why = |why| Bad::Illegal { word: if word & 3 == 3 { word } else { word & 0xffff }, why };
                let inst = decoder.decode(word).map_err(why)?;
                Ok((inst, Op::new(&inst, at, block.bytes, &ctx).map_err(why)?))
            });
            let entry = BlockInst { offset: block.bytes, vtype: ctx.vtype, inst: decoded.map(|(inst, _)| inst) };
            let (inst, op) = match decoded {
                Ok(pair) => pair,
                Err(bad) => {
                    block.ops.push(Op::trap(bad));
                    block.insts.push(entry);
                    break;
                }
            };
            // The first use of clean floating-point or vector state makes it dirty: such an instruction starts a
            // block of its own context, so that the engine can do it once and the handlers never.
            let props = inst.props();
            let first_use = props.contains(Props::FLOAT) && !fs_dirty || props.contains(Props::VECTOR) && !vs_dirty;
            let starts = first_use || props.intersects(Props::CLOCK | Props::STARTS_BLOCK);
            if starts && !block.ops.is_empty() {
                break;
            }
            block.ops.push(op);
            block.insts.push(entry);
            block.bytes += u32::from(inst.len);
            block.props |= props;
            if props.contains(Props::SETS_VTYPE) {
                ctx.vtype = if props.contains(Props::TILE) {
                    Vtype::tile(inst.imm as u64, ctx.vlen, ctx.isa)
                } else {
                    Vtype::requested(inst.imm as u64, ctx.vlen, ctx.isa)
                };
            }
            if props.contains(Props::VECTOR) {
                // Every vector instruction leaves vstart zero.
                ctx.vstart = false;
            }
            if props.intersects(Props::BRANCH | Props::JUMP | Props::ENDS_BLOCK) || first_use {
                break;
            }
        }
        block
    }

    /// Executes the block. Precondition: `hart.pc` and `hart.ctx_key()` are the block's.
    /// After `Flow::Trap`, `hart.pc` is the address of the instruction that trapped.
    #[inline]
    pub fn run(&self, hart: &mut Hart) -> Ran {
        if !self.props.contains(Props::FLAGS) {
            return self.run_ops(hart);
        }
        // However the block ends, the flags of what has retired are the guest's before anyone can look.
        let saved = host::begin();
        let ran = self.run_ops(hart);
        hart.fflags |= host::take_flags();
        host::end(saved);
        ran
    }

    #[inline]
    fn run_ops(&self, hart: &mut Hart) -> Ran {
        for (index, op) in self.ops.iter().enumerate() {
            // SAFETY: `Op::new` chose the handler for this host.
            match unsafe { (op.exec)(hart, op) } {
                Flow::Next => {}
                Flow::Trap => {
                    hart.pc = self.pc.wrapping_add(u64::from(self.insts[index].offset));
                    return Ran { retired: index, flow: Flow::Trap };
                }
                flow => return Ran { retired: index + 1, flow },
            }
        }
        hart.pc = self.pc.wrapping_add(u64::from(self.bytes));
        Ran { retired: self.ops.len(), flow: Flow::Next }
    }
}

impl Ctx {
    /// Whether an instruction with these properties finds its unit switched on.
    pub(crate) fn enabled(&self, props: Props) -> Result<(), Illegal> {
        if props.contains(Props::FLOAT) && !self.fs {
            return Err(Illegal::FloatOff);
        }
        if props.contains(Props::VECTOR) && !self.vs {
            return Err(Illegal::VectorOff);
        }
        Ok(())
    }
}

impl Op {
    /// An operation that raises the exception of an instruction that cannot execute.
    fn trap(bad: Bad) -> Op {
        let (cause, tval) = match bad {
            Bad::Fetch(trap) => (trap.cause, trap.tval),
            Bad::Illegal { word, .. } => (Cause::IllegalInstruction, u64::from(word)),
        };
        let exec = match cause {
            Cause::FetchFault => |h: &mut Hart, op: &Op| raise(h, Cause::FetchFault, op),
            Cause::FetchPageFault => |h: &mut Hart, op: &Op| raise(h, Cause::FetchPageFault, op),
            Cause::FetchMisaligned => |h: &mut Hart, op: &Op| raise(h, Cause::FetchMisaligned, op),
            _ => |h: &mut Hart, op: &Op| raise(h, Cause::IllegalInstruction, op),
        };
        Op {
            exec,
            imm: tval as i64,
            rd: 0,
            rs1: 0,
            rs2: 0,
            rs3: 0,
            aux: 0,
            len: 0,
            vtype: 0,
            small: 0,
            masked: 0,
            word: 0,
        }
    }
}

fn raise(hart: &mut Hart, cause: Cause, op: &Op) -> Flow {
    hart.raise(cause, op.imm as u64);
    Flow::Trap
}
