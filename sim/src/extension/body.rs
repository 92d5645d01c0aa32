//! What an instruction of an extension file means: its rules, and its work.

use std::sync::OnceLock;

use rvtile_isa::define::{Dot, Kernels, Matmul, Number};
use rvtile_isa::float::Rounding;
use rvtile_isa::hart::Hart;
use rvtile_isa::inst::Inst;
use rvtile_isa::matrix::state::Bank;
use rvtile_isa::op::{Ctx, Flow, Illegal, Op};
use rvtile_isa::operand::Operand;
use rvtile_isa::row::Definition;
use rvtile_isa::vector::legal;
use rvtile_isa::vector::vtype::Vtype;

use super::expression::Expression;
use super::script::Script;
use crate::machine::{Formula, Shape, Var};

/// The type of an operand's elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Type {
    /// This one.
    Fixed(Number),
    /// `i`, `u` or `f` of SEW bits.
    Kind(&'static str),
}

impl Type {
    pub fn under(self, sew: u32) -> Option<Number> {
        match self {
            Type::Fixed(number) => Some(number),
            Type::Kind(kind) => Number::of_kind(kind, sew),
        }
    }

    pub fn is_float(self) -> bool {
        match self {
            Type::Fixed(number) => number.is_float(),
            Type::Kind(kind) => kind == "f",
        }
    }

    pub fn name(self) -> String {
        match self {
            Type::Fixed(number) => number.name().to_string(),
            Type::Kind(kind) => format!("{kind}<SEW>"),
        }
    }
}

/// How much of the vector registers an operand takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Extent {
    /// So many elements for each of vl.
    Elements(usize),
    /// So many bytes whatever vl is.
    Bytes(usize),
    /// So many bytes for each block of so many elements of vl.
    Blocks(usize, usize),
    /// One register, of which the first element counts.
    First,
}

/// An operand that is a register with elements.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub operand: Operand,
    pub of: Type,
    pub extent: Extent,
    /// Of own registers.
    pub bank: Option<Bank>,
}

/// What an expression refers to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Source {
    /// An element of a slot.
    Slot(usize),
    /// An element in memory.
    Memory,
    /// An integer register.
    Integer(Operand),
    /// A floating-point register.
    Float(Operand),
    /// imm.
    Immediate,
    /// vcop, pd or p2.
    Payload(Operand),
    /// An own CSR.
    Csr(u16),
    /// The number of the element.
    Index,
}

/// How a reduction folds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    Sum,
    Min,
    Max,
}

/// What is computed.
pub(super) enum What {
    Matmul {
        what: Matmul,
        kernels: Kernels<Matmul>,
    },
    Dot {
        what: Dot,
        kernels: Kernels<Dot>,
    },
    Map {
        expression: Expression<Source>,
        reals: bool,
        saturate: bool,
    },
    Reduce {
        expression: Expression<Source>,
        fold: Fold,
        reals: bool,
        start: Option<usize>,
    },
    Script(Box<Scripted>),
    /// Bytes between memory and registers.
    Copy,
}

/// A script with the names that it knows.
pub(super) struct Scripted {
    pub script: Script,
    pub csrs: Vec<(String, u16)>,
    pub scalars: Vec<(String, Source)>,
    /// Where it begins in its file.
    pub line: usize,
}

/// An access to memory: rows of bytes from rs1 on.
pub(super) struct Memory {
    pub load: bool,
    pub rows: u32,
    /// Bytes of a row; `None`: as many as the elements have.
    pub bytes: Option<Formula>,
    /// Rows are as far apart as rs2 says; else they follow one another.
    pub strided: bool,
    pub of: Type,
}

/// What the size of an access may depend on.
pub(super) const MEMORY_SIZES: &[Var] = &[Var::Vl, Var::Vlmax, Var::Sew, Var::Lmul, Var::Vlen];

/// What formulas of sizes are evaluated for. They know no data path; its width here is any but 0.
pub(super) fn size_shape(vlen: u32, sew: u32, lmul_eighths: u32, vl: u32) -> Shape {
    Shape { vlen, dlen: vlen, sew, eew: 8, lmul_eighths, nf: 1, vl, ..Shape::default() }
}

/// Whether destination and sources may share registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overlap {
    /// They may not.
    Never,
    /// They may if their elements lie over each other.
    InStep,
    /// They may: all is read before anything is written.
    Free,
}

/// The rules' words.
pub(super) struct Texts {
    pub sew: &'static str,
    pub multiple: &'static str,
    pub register: &'static str,
    pub capacity: &'static str,
}

/// The meaning of an instruction.
pub(super) struct Body {
    pub provider: String,
    pub file: String,
    pub slots: Vec<Slot>,
    /// The slot that is written.
    pub dest: Option<usize>,
    pub what: What,
    pub memory: Option<Memory>,
    /// SEW that it needs.
    pub sew: Option<u32>,
    /// It reads vtype or vl.
    pub vector: bool,
    /// It rounds: frm must be valid.
    pub rounds: bool,
    pub rounding: Option<Rounding>,
    pub overlap: Overlap,
    pub texts: Texts,
    /// The first thing that went wrong in its script.
    pub failure: OnceLock<&'static str>,
}

pub(super) const NO_TYPE: Illegal = Illegal::Rule("the elements of this instruction have no type of this SEW");

impl Body {
    /// Bytes of an operand in vector registers at VLMAX.
    fn bytes(&self, slot: &Slot, vtype: Vtype, vlen: u32) -> Option<usize> {
        let vlmax = vtype.vlmax(vlen) as usize;
        Some(match slot.extent {
            Extent::Elements(each) => slot.of.under(vtype.sew())?.bytes(vlmax * each),
            Extent::Bytes(bytes) => bytes,
            Extent::Blocks(bytes, of) => vlmax / of * bytes,
            Extent::First => 1,
        })
    }

    /// Vector registers of an operand.
    pub fn registers(&self, slot: &Slot, vtype: Vtype, vlen: u32) -> Option<u32> {
        Some((self.bytes(slot, vtype, vlen)? as u32).div_ceil(vlen / 8).max(1))
    }

    fn legal(&self, inst: &Inst, ctx: &Ctx) -> Result<(), Illegal> {
        if self.vector {
            legal::vtype(ctx)?;
            if self.sew.is_some_and(|sew| sew != ctx.vtype.sew()) {
                return Err(Illegal::Rule(self.texts.sew));
            }
        }
        if self.rounds && self.rounding.is_none() && Rounding::from_bits(ctx.frm).is_none() {
            return Err(Illegal::Rule("frm holds an invalid rounding mode"));
        }
        let mut groups = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            let number = register(inst, slot.operand);
            if let Some(bank) = slot.bank {
                if u32::from(number) >= bank.count {
                    return Err(Illegal::Rule(self.texts.register));
                }
                groups.push(0);
                continue;
            }
            let count = self.registers(slot, ctx.vtype, ctx.vlen).ok_or(NO_TYPE)?;
            if count > 8 {
                return Err(Illegal::Rule("an operand takes more than 8 registers: EMUL is above 8"));
            }
            let log2 = count.next_power_of_two().ilog2() as i32;
            legal::aligned(number, log2)?;
            groups.push(log2);
        }
        if let Some(dest) = self.dest {
            let to = self.slots[dest];
            let sources = if self.overlap == Overlap::Free { &[] } else { &self.slots[..] };
            for (slot, &log2) in sources.iter().zip(&groups) {
                let (a, b) = (register(inst, to.operand), register(inst, slot.operand));
                let same_place = slot.operand == to.operand;
                if same_place || slot.bank.map(|bank| bank.place) != to.bank.map(|bank| bank.place) {
                    continue;
                }
                // Elements that lie over each other may share a group: they are read before they are written.
                let in_step = self.overlap == Overlap::InStep && log2 == groups[dest] && a == b;
                let meets = if slot.bank.is_some() { a == b } else { legal::overlap(a, groups[dest], b, log2) };
                if meets && !in_step {
                    return Err(Illegal::Rule("the destination overlaps a source, which this instruction forbids"));
                }
            }
            if to.bank.is_none() {
                legal::mask_overlap(inst)?;
            }
        }
        Ok(())
    }
}

/// The register number of an operand.
pub(super) fn register(inst: &Inst, operand: Operand) -> u8 {
    match operand {
        Operand::Vs1 | Operand::Ts1 => inst.rs1,
        Operand::Vs2 | Operand::Ts2 => inst.rs2,
        _ => inst.rd,
    }
}

impl Definition for Body {
    fn prepare(&self, inst: &Inst, ctx: &Ctx) -> Result<u32, Illegal> {
        self.legal(inst, ctx).map(|()| 0)
    }

    fn execute(&self, hart: &mut Hart, op: &Op) -> Flow {
        let flow = self.work(hart, op);
        if flow == Flow::Next && self.vector {
            hart.vstart = 0;
        }
        flow
    }

    fn provider(&self) -> &str {
        &self.provider
    }

    fn bank(&self, operand: Operand) -> Option<&Bank> {
        self.slots.iter().find(|slot| slot.operand == operand)?.bank.as_ref()
    }

    fn span(&self, operand: Operand, vtype: Vtype, vlen: u32) -> Option<u32> {
        let slot = self.slots.iter().find(|slot| slot.operand == operand && slot.bank.is_none())?;
        if vtype.ill() { None } else { self.registers(slot, vtype, vlen) }
    }
}
