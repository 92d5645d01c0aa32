//! What timing needs to know of an instruction, worked out once when its block is first timed.

mod vector;

use rvtile_isa::block::{Block, BlockInst};
use rvtile_isa::class::Class;
use rvtile_isa::encoding::Field;
use rvtile_isa::hart::csr;
use rvtile_isa::inst::Inst;
use rvtile_isa::operand::Operand;
use rvtile_isa::row::{Mem, Props};
use rvtile_isa::vector::vtype::Vtype;

use super::ledger::Cause;
use crate::machine::{ClassTiming, Formula, Inputs, Machine, Payload, Pipe, Shape, Unit};
pub(super) use vector::{Cost, Extent, Group, TileAccess, VectorDesc};

/// How early a source is needed, and so how early its producer's result counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    /// Late in the pipe: the bypass into the second ALU stage serves it.
    Late,
    /// For address generation.
    Address,
    /// At issue: the full latency counts.
    Full,
}

/// A scalar register that an instruction reads, and how: x0..x31 are 0..31, f0..f31 are 32..63.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source {
    /// [`Source::WAYS`] for each register.
    pub slot: u8,
}

impl Source {
    /// Slots of a register: one for each [`Via`], and a power of two.
    pub const WAYS: usize = 4;

    /// x0, which is always there.
    const NONE: Source = Source { slot: 0 };

    fn new(reg: u8, via: Via) -> Source {
        Source { slot: reg * Source::WAYS as u8 + via as u8 }
    }

    /// The register.
    pub fn reg(self) -> usize {
        usize::from(self.slot) / Source::WAYS
    }
}

/// The kinds of work that the model treats differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Scalar,
    Vset,
    Vector,
    Fence,
    Marker,
}

/// A conditional branch or a jump.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Control {
    None,
    Conditional {
        target: u64,
    },
    /// A conditional branch that becomes one operation with the instruction that it may jump over.
    Fused,
    Direct {
        call: bool,
    },
    Indirect {
        call: bool,
        is_return: bool,
    },
}

/// One instruction, as the timing model sees it.
pub(super) struct Desc {
    pub pc: u64,
    /// Where its log words begin among those of its block, when every access in front of it has none of variable
    /// number.
    pub words: u16,
    /// Its words in the access log, without those that its first word counts.
    pub log_words: u16,
    pub next: u64,
    pub kind: Kind,
    pub control: Control,
    pub pipe: Pipe,
    /// [`Source::NONE`] behind the last.
    pub sources: [Source; 4],
    /// There are more than two.
    pub many_sources: bool,
    /// It waits for what writes its scalar destination before it.
    pub in_order: bool,
    /// It waits for more than registers.
    pub waits_for_more: bool,
    /// Scalar destination, [`Desc::NONE`] if there is none.
    pub dest: u8,
    /// What a consumer of the scalar result waits for.
    pub produces: Cause,
    pub latency: u64,
    pub late_latency: u64,
    pub address_latency: u64,
    pub unit: Unit,
    pub busy: u64,
    pub mem: Mem,
    pub writes_memory: bool,
    /// It reads the CSR vl.
    pub reads_vl: bool,
    /// Index into the block's vector descriptors.
    pub vector: Option<VectorDesc>,
}

impl Desc {
    pub const NONE: u8 = u8::MAX;
}

const LINK_REGISTERS: [u8; 2] = [1, 5];

/// Describes every instruction of a block for a machine.
pub(super) fn block(block: &Block, machine: &Machine) -> Box<[Desc]> {
    let describe =
        |entry: &BlockInst| entry.inst.as_ref().ok().map(|inst| describe(block.entry.pc, entry, inst, machine));
    let mut descs: Vec<Desc> = block.insts.iter().map_while(describe).collect();
    let mut words = 0;
    for desc in &mut descs {
        desc.words = words;
        words += desc.log_words;
    }
    descs.into_boxed_slice()
}

fn describe(block_pc: u64, entry: &BlockInst, inst: &Inst, machine: &Machine) -> Desc {
    let row = inst.row;
    let class = machine.timing(row);
    let pc = block_pc.wrapping_add(u64::from(entry.offset));
    let is_vector = row.props.contains(Props::VECTOR);
    // Scalar classes have constants; a vector instruction's formulas are evaluated when vl is known.
    let extent = Extent { vl: 1, work: 1, tm: 0, tk: 0 };
    let inputs = Inputs::new(&shape(machine, entry.vtype, 8, inst.nf(), payload(inst), extent));
    let constant = |formula: &Formula| u64::from(formula.cycles(&inputs));
    let kind = match row.class {
        _ if row.props.contains(Props::MARKER) => Kind::Marker,
        Class::Vset => Kind::Vset,
        Class::Fence => Kind::Fence,
        Class::MConfig => Kind::Scalar,
        _ if is_vector => Kind::Vector,
        _ => Kind::Scalar,
    };
    let latency = constant(&class.latency);
    let alu = matches!(row.class, Class::Alu | Class::AluB);
    let (sources, count) = scalar_sources(inst, class);
    let dest = scalar_dest(inst);
    let reads_vl = row.encoding.has(Field::Csr) && inst.bits(31, 20) == u32::from(csr::VL);
    let vector = (kind == Kind::Vector).then(|| vector::vector_desc(entry, inst, class, machine));
    Desc {
        pc,
        words: 0,
        log_words: log_words(row.mem, kind, vector.as_ref()),
        next: pc.wrapping_add(u64::from(inst.len)),
        kind,
        control: control(inst, pc, u64::from(machine.core.fused_branch)),
        pipe: class.pipe,
        sources,
        many_sources: count > 2,
        in_order: machine.core.waw_hazards && dest != Desc::NONE,
        waits_for_more: reads_vl
            || matches!(row.mem, Mem::Scalar(_))
            || matches!(class.unit, Unit::IntDivide | Unit::FpDivide)
            || matches!(kind, Kind::Vector | Kind::Fence),
        dest,
        produces: scalar_cause(row.class),
        latency,
        late_latency: class.bypass.map_or(latency, u64::from),
        address_latency: if alu { u64::from(machine.core.alu_to_address) } else { latency },
        unit: class.unit,
        busy: constant(&class.occupancy),
        mem: row.mem,
        writes_memory: row.props.contains(Props::STORE),
        reads_vl,
        vector,
    }
}

/// Words in the access log, without those that the first one counts.
fn log_words(mem: Mem, kind: Kind, vector: Option<&VectorDesc>) -> u16 {
    match mem {
        Mem::None if kind == Kind::Vset => 1,
        Mem::None => u16::from(vector.is_some_and(|vector| vector.tile != TileAccess::None || vector.logs_work)),
        Mem::Scalar(_) | Mem::Unit { .. } | Mem::Mask | Mem::Whole | Mem::Indexed { .. } => 1,
        Mem::FaultFirst { .. } | Mem::Strided { .. } | Mem::Tile { .. } => 2,
        Mem::Rows => 3,
    }
}

/// `fused`: so many bytes can be jumped over by a branch that is fused with them.
fn control(inst: &Inst, pc: u64, fused: u64) -> Control {
    let link = |reg: u8| LINK_REGISTERS.contains(&reg);
    if inst.row.props.contains(Props::BRANCH) {
        let jumped_over = (inst.imm as u64).wrapping_sub(u64::from(inst.len));
        if (1..=fused).contains(&jumped_over) {
            return Control::Fused;
        }
        Control::Conditional { target: pc.wrapping_add(inst.imm as u64) }
    } else if !inst.row.props.contains(Props::JUMP) {
        Control::None
    } else if inst.row.props.contains(Props::PC_RELATIVE) {
        Control::Direct { call: link(inst.rd) }
    } else {
        // The hints of the ISA manual for return-address stacks.
        let is_return = link(inst.rs1) && inst.rs1 != inst.rd;
        Control::Indirect { call: link(inst.rd), is_return }
    }
}

fn scalar_sources(inst: &Inst, class: &ClassTiming) -> ([Source; 4], usize) {
    let mut list = [Source::NONE; 4];
    let mut count = 0;
    let memory = inst.row.mem != Mem::None;
    let vector = inst.row.props.contains(Props::VECTOR);
    for operand in inst.row.operands.iter() {
        let (reg, address) = match operand {
            Operand::Rs1 => (inst.rs1, memory),
            Operand::Rs2 => (inst.rs2, memory && vector),
            Operand::Fs1 => (inst.rs1 + 32, false),
            Operand::Fs2 => (inst.rs2 + 32, false),
            Operand::Fs3 => (inst.rs3 + 32, false),
            _ => continue,
        };
        if reg == 0 || count == list.len() {
            continue;
        }
        let via = if address {
            Via::Address
        } else if class.late {
            Via::Late
        } else {
            Via::Full
        };
        list[count] = Source::new(reg, via);
        count += 1;
    }
    (list, count)
}

fn scalar_dest(inst: &Inst) -> u8 {
    let operands = &inst.row.operands;
    if operands.has(Operand::Rd) && inst.rd != 0 {
        inst.rd
    } else if operands.has(Operand::Fd) {
        inst.rd + 32
    } else {
        Desc::NONE
    }
}

fn scalar_cause(class: Class) -> Cause {
    match class {
        Class::Load | Class::FpLoad | Class::LoadReserved | Class::StoreConditional | Class::Amo => Cause::OperandLoad,
        Class::Mul => Cause::OperandMul,
        Class::Div | Class::DivW | Class::FpDiv16 | Class::FpDiv32 | Class::FpDiv64 => Cause::OperandDiv,
        Class::Fp16 | Class::Fp32 | Class::Fp64 | Class::FpOther | Class::FpMove => Cause::OperandFp,
        Class::VToScalar | Class::VMaskToScalar => Cause::OperandVector,
        _ => Cause::OperandAlu,
    }
}

/// The variables of a formula. Whole-register instructions work under an ill vtype too; their formulas use nf only.
fn shape(machine: &Machine, vtype: Vtype, eew: u32, nf: u32, payload: Payload, extent: Extent) -> Shape {
    let Extent { vl, work, tm, tk } = extent;
    let (sew, lmul_log2) = if vtype.ill() { (8, 0) } else { (vtype.sew(), vtype.lmul_log2()) };
    let (vlen, dlen) = (machine.vector.vlen, machine.vector.dlen);
    Shape { vlen, dlen, sew, eew, lmul_eighths: 1 << (lmul_log2 + 3), nf, vl, work, tm, tk, payload }
}

/// What a coprocessor instruction carries in the fields that name no register.
pub(super) fn payload(inst: &Inst) -> Payload {
    let field = |field, hi, lo| if inst.row.encoding.has(field) { inst.bits(hi, lo) } else { 0 };
    Payload {
        vcop: field(Field::VcOp, 27, 26) | field(Field::VcOpF, 26, 26),
        pd: field(Field::PayloadD, 11, 7),
        p2: field(Field::Payload2, 24, 20),
    }
}
