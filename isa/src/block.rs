//! Straight-line code, decoded once.

use std::cell::Cell;

use crate::chain::{self, Entry, Hot, LINKS};
use crate::decode::Decoder;
use crate::float::host;
use crate::hart::{self, Cause, Hart, Trap};
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Mem, Props};
use crate::vector::vtype::Vtype;

/// Straight-line code that begins at one address in one decode context.
pub struct Block {
    /// Address, context and length, and how often it ran; what links are tied to.
    pub entry: Entry,
    /// Operations: maybe one that logs the block, one for each instruction, and the links.
    ops: Box<[Op]>,
    /// Operations before those of the instructions.
    lead: usize,
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
    /// What the last operation asked for.
    pub flow: Flow,
}

/// How a run of blocks that are tied to each other ended.
#[derive(Clone, Copy, Debug)]
pub struct RanTied {
    /// Instructions that retired, in all blocks.
    pub retired: u64,
    /// What the last operation asked for.
    pub flow: Flow,
    /// The number of the last block.
    pub last: u32,
    /// The operations of the last block that retired, if not all.
    pub partly: Option<usize>,
    /// The operation or link of the last block that stopped; none when the budget was used up.
    pub stopped: Option<usize>,
}

impl Block {
    /// Longest block in instructions.
    pub const MAX_LEN: usize = 64;

    /// Decodes the block at the hart's pc. Never fails: an instruction that cannot be fetched or is illegal ends the
    /// block with an operation that raises the exception.
    pub fn translate(hart: &mut Hart, decoder: &Decoder) -> Block {
        let mut ctx = hart.ctx();
        let pc = hart.pc;
        let key = hart.ctx_key();
        let (mut ops, mut insts) = (Vec::with_capacity(16), Vec::with_capacity(16));
        let (mut bytes, mut all_props, mut known_exit, mut target) = (0, Props::empty(), true, pc);
        let (fs_dirty, vs_dirty) = (hart.csr.fs() == 3, hart.csr.vs() == 3);
        while ops.len() < Block::MAX_LEN {
            let at = pc.wrapping_add(u64::from(bytes));
            let decoded = hart.fetch(at).map_err(Bad::Fetch).and_then(|word| {
                let why = |why| Bad::Illegal { word: if word & 3 == 3 { word } else { word & 0xffff }, why };
                let inst = decoder.decode(word).map_err(why)?;
                Ok((inst, Op::new(&inst, at, bytes, &ctx).map_err(why)?))
            });
            let entry = BlockInst { offset: bytes, vtype: ctx.vtype, inst: decoded.map(|(inst, _)| inst) };
            let (inst, op) = match decoded {
                Ok(pair) => pair,
                Err(bad) => {
                    ops.push(Op::trap(bad));
                    insts.push(entry);
                    known_exit = false;
                    break;
                }
            };
            // The first use of clean floating-point or vector state makes it dirty: such an instruction starts a
            // block of its own context, so that the engine can do it once and the handlers never.
            let props = inst.props();
            let first_use = props.contains(Props::FLOAT) && !fs_dirty || props.contains(Props::VECTOR) && !vs_dirty;
            let starts = first_use || props.intersects(Props::CLOCK | Props::STARTS_BLOCK);
            if starts && !ops.is_empty() {
                break;
            }
            let logs = inst.row.mem != Mem::None || props.intersects(Props::SETS_VTYPE | Props::WORK);
            ops.push(if logs && hart.log.on { Op { chain: Op::logged(&inst, &ctx), kind: 0, ..op } } else { op });
            insts.push(entry);
            bytes += u32::from(inst.len);
            all_props |= props;
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
                known_exit = !props.contains(Props::ENDS_BLOCK) && !first_use;
                target = op.imm as u64;
                break;
            }
        }
        crate::integer::pairs::join(&mut ops);
        let kept = key >> hart::VECTOR_KEY_BITS << hart::VECTOR_KEY_BITS;
        let exit = if known_exit { kept | hart::vector_key(ctx.vtype, ctx.vstart) } else { UNKNOWN_KEY };
        ops.push(Op::link(pc.wrapping_add(u64::from(bytes)), exit));
        ops.push(Op::link(target, exit));
        let lead = usize::from(hart.log.on);
        if hart.log.on {
            ops.insert(0, Op { chain: chain::mark, ..Op::link(pc, UNKNOWN_KEY) });
        }
        let ops = ops.into_boxed_slice();
        let (count, first, start) = (insts.len() as u32, ops[lead..].as_ptr(), ops.as_ptr());
        let (runs, inside, run, code) = (Cell::new(0), Cell::new(0), Cell::new(ops[0].chain), Cell::new(None));
        let entry = Entry { pc, key, count, number: 0, runs, inside, first, start, run, code };
        Block { entry, ops, lead, insts, bytes, props: all_props }
    }

    /// Whether control may come from another block without the engine, which else brings clocks, flags and the state
    /// of the units up to date.
    pub fn can_be_tied(&self) -> bool {
        let dirty = |unit: Props, state: u32| !self.props.contains(unit) || state == 3;
        let (fs, vs) = hart::unit_states(self.entry.key);
        !self.props.intersects(Props::CLOCK | Props::STARTS_BLOCK)
            && dirty(Props::FLOAT, fs)
            && dirty(Props::VECTOR, vs)
    }

    /// Whether `stopped` of [`RanTied`] is a link.
    pub fn is_link(&self, stopped: usize) -> bool {
        stopped >= self.insts.len()
    }

    /// Ties a link to a block, if it leads there.
    ///
    /// # Safety
    /// The block that is tied must live as long as this one is run.
    pub unsafe fn tie(&mut self, link: usize, to: &Entry) {
        let op = &mut self.ops[self.lead + link];
        if op.small != chain::TIED && op.aux == to.key && op.imm as u64 == to.pc {
            op.small = chain::TIED;
            op.imm = &raw const *to as i64;
        }
    }

    /// Executes the block alone. Precondition: `hart.pc` and `hart.ctx_key()` are the block's, and no link is tied.
    /// After `Flow::Trap`, `hart.pc` is the address of the instruction that trapped.
    #[inline]
    pub fn run(&self, hart: &mut Hart) -> Ran {
        // Host code may use the host's unit where handlers do not.
        let unit = if self.entry.has_code() { Props::FLAGS | Props::FLOAT } else { Props::FLAGS };
        if !self.props.intersects(unit) {
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
        hart.trail.budget = 0;
        // SAFETY: the block is alive; the budget keeps links from going further.
        let flow = unsafe { chain::alone_in(hart, &self.entry) };
        let index = self.index(hart.trail.stopped).unwrap_or(self.insts.len());
        if flow == Flow::Trap {
            hart.pc = self.address(index);
        }
        Ran { retired: self.retired(index, flow), flow }
    }

    /// Executes the block and those that are tied to it and to each other, until one of them stops or about `budget`
    /// instructions are executed. Precondition: `hart.pc` and `hart.ctx_key()` are the block's. After `Flow::Trap` the
    /// caller has to set `hart.pc`, see [`Block::address`].
    ///
    /// # Safety
    /// All blocks that are tied, and those that the hart remembers, must be alive.
    pub unsafe fn run_tied(&self, hart: &mut Hart, budget: i64) -> RanTied {
        (hart.trail.budget, hart.trail.granted) = (budget, budget);
        let saved = host::begin();
        // SAFETY: the caller's promise.
        let flow = unsafe { chain::enter(hart, &self.entry) };
        hart.fflags |= host::take_flags();
        host::end(saved);
        let retired = (hart.trail.granted - hart.trail.budget) as u64;
        // SAFETY: the caller's promise.
        let last = unsafe { &*hart.trail.entry };
        let mut ran = RanTied { retired, flow, last: last.number, partly: None, stopped: None };
        if !hart.trail.stopped.is_null() {
            let index = (hart.trail.stopped as usize - last.first as usize) / size_of::<Op>();
            ran.stopped = Some(index);
            let done = index + usize::from(flow != Flow::Trap);
            if done < last.count as usize {
                ran.partly = Some(done);
                ran.retired -= last.count as u64 - done as u64;
                // Either may have counted it.
                let counter = if last.runs.get() > 0 { &last.runs } else { &last.inside };
                counter.set(counter.get() - 1);
            }
        }
        ran
    }

    /// The operations, one for each instruction, and behind them the links: where control goes when it falls through,
    /// and when it jumps.
    pub fn ops(&self) -> &[Op] {
        &self.ops[self.lead..]
    }

    /// The block that a link is tied to. Only its address means anything once blocks are forgotten.
    pub fn tied(&self, link: usize) -> Option<*const Entry> {
        let op = &self.ops()[link];
        (op.small == chain::TIED).then_some(op.imm as *const Entry)
    }

    /// The context in which the block ends, or one that no block has when only running it shows.
    pub fn exit_key(&self) -> u32 {
        self.ops()[self.insts.len()].aux
    }

    /// The place of an operation among those of the block and its links.
    fn index(&self, op: *const Op) -> Option<usize> {
        let index = (op as usize).checked_sub(self.entry.first as usize)? / size_of::<Op>();
        (index < self.insts.len() + LINKS).then_some(index)
    }

    /// The address of operation `index`.
    pub fn address(&self, index: usize) -> u64 {
        self.entry.pc.wrapping_add(self.insts.get(index).map_or(u64::from(self.bytes), |inst| u64::from(inst.offset)))
    }

    /// How many operations have retired when operation `index` stopped.
    fn retired(&self, index: usize, flow: Flow) -> usize {
        (index + usize::from(flow != Flow::Trap)).min(self.insts.len())
    }
}

/// The context in which a block ends when only running it shows; no context has this key.
const UNKNOWN_KEY: u32 = u32::MAX;

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
        let exec: Handler = match cause {
            Cause::FetchFault => |h: &mut Hart, op: &Op| raise(h, Cause::FetchFault, op),
            Cause::FetchPageFault => |h: &mut Hart, op: &Op| raise(h, Cause::FetchPageFault, op),
            Cause::FetchMisaligned => |h: &mut Hart, op: &Op| raise(h, Cause::FetchMisaligned, op),
            _ => |h: &mut Hart, op: &Op| raise(h, Cause::IllegalInstruction, op),
        };
        Op { chain: Hot::cold(exec).chain, exec, imm: tval as i64, ..Op::link(0, UNKNOWN_KEY) }
    }
}

fn raise(hart: &mut Hart, cause: Cause, op: &Op) -> Flow {
    hart.raise(cause, op.imm as u64);
    Flow::Trap
}
