//! What timing needs to know of an instruction, worked out once when its block is first timed.

use rvtile_isa::block::{Block, BlockInst};
use rvtile_isa::class::Class;
use rvtile_isa::encoding::Field;
use rvtile_isa::hart::csr;
use rvtile_isa::inst::Inst;
use rvtile_isa::matrix::spacemit_ime;
use rvtile_isa::operand::Operand;
use rvtile_isa::row::{Mem, Props};
use rvtile_isa::vector::integer::widen::extension_factor;
use rvtile_isa::vector::vtype::Vtype;

use super::ledger::Cause;
use super::transfer::{Access, Rows, Shape as Addresses};
use crate::machine::{ClassTiming, Formula, Inputs, Machine, Payload, Pipe, Shape, Unit};

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

/// A group of consecutive vector registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Group {
    pub reg: u8,
    pub count: u8,
}

/// How an instruction uses the tiles that its log word names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TileAccess {
    /// It has none.
    None,
    /// Reads them.
    Read,
    /// Writes them.
    Write,
    /// Adds to them in place: one addition can follow another without waiting for its result.
    Accumulate,
}

/// What a formula needs beside the instruction itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extent {
    /// Elements or columns.
    pub vl: u32,
    /// Elements that the operands leave to do.
    pub work: u32,
    /// Rows of a tile multiply.
    pub tm: u32,
    /// Depth of a tile multiply.
    pub tk: u32,
}

/// The vector side of a vector instruction.
pub(super) struct VectorDesc {
    pub class: Class,
    pub unit: Unit,
    pub dest: Option<Group>,
    pub sources: [Group; 4],
    pub source_count: u8,
    pub produces: Cause,
    /// What its work counts as.
    pub work: Cause,
    /// The mask result is merged into what the register holds.
    pub merges: bool,
    pub chains: bool,
    pub elementwise: bool,
    pub mem: Mem,
    pub writes_memory: bool,
    pub tile: TileAccess,
    /// Its log says how many elements its operands leave to do.
    pub logs_work: bool,
    /// It has no tiles, rows, own registers, coprocessor or length of its own.
    pub standard: bool,
    /// Its place among the timings of instructions from extension files.
    own: Option<usize>,
    /// The registers from extension files that it uses.
    pub own_registers: Vec<(u32, TileAccess)>,
    /// Which coprocessor, if that is its unit.
    pub coprocessor: usize,
    /// Bytes of one element of a memory access.
    pub element_bytes: u64,
    pub fields: u64,
    vtype: Vtype,
    eew: u32,
    payload: Payload,
    /// The last evaluation and its extent: that seldom changes.
    cached: (Extent, Cost),
}

/// What an instruction costs at some extent, in cycles.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost {
    pub occupancy: u64,
    pub latency: u64,
    /// Until another mask may be merged into the same register; 0: at once.
    pub rewrite: u64,
    /// The registers of each group have as many cycles of the occupancy.
    pub even: bool,
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
    let vector = (kind == Kind::Vector).then(|| vector_desc(entry, inst, class, machine));
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

fn is_mac(class: Class) -> bool {
    matches!(
        class,
        Class::VMac
            | Class::VWidenMac
            | Class::VFma
            | Class::VFpWidenMac
            | Class::VMatrixInt
            | Class::VMatrixFp
            | Class::VMatrixFixed
            | Class::MInt
            | Class::MFp
    )
}

/// Classes that write some elements of their destination and let the others stand: what was there is no operand.
fn passes_by(class: Class) -> bool {
    matches!(class, Class::VSlide | Class::VFromScalar | Class::VCompress)
}

fn tile_access(class: Class) -> TileAccess {
    match class {
        Class::MInt | Class::MFp => TileAccess::Accumulate,
        Class::MLoad | Class::MFromVector | Class::MZero => TileAccess::Write,
        Class::MStore | Class::MToVector => TileAccess::Read,
        _ => TileAccess::None,
    }
}

/// Registers that all rows of a source of a tile multiply span.
fn tile_source(vtype: Vtype) -> u32 {
    let rows = (32 / vtype.sew()).max(1);
    (rows - 1) * (8 / rows) + vtype.group()
}

fn vector_desc(entry: &BlockInst, inst: &Inst, class: &ClassTiming, machine: &Machine) -> VectorDesc {
    let (props, vlen) = (inst.row.props, machine.vector.vlen);
    let (definition, own) = (inst.row.definition(), machine.own_timing(inst.row));
    let span = |operand| definition.and_then(|definition| definition.span(operand, entry.vtype, vlen));
    let vtype = entry.vtype;
    let lmul = if vtype.ill() { 0 } else { vtype.lmul_log2() };
    let sew_log2 = if vtype.ill() { 3 } else { vtype.sew_log2() };
    // The number of registers of a whole-register move stands in the place of vs1.
    let fields = if inst.row.class == Class::VMoveWhole { inst.bits(19, 15) + 1 } else { inst.nf() };
    let regs = |log2: i32| 1u32 << log2.max(0);
    let group = |reg: u8, count: u32| Group { reg, count: count.min(32 - u32::from(reg)) as u8 };
    let eew_of = |eew: u8| i32::from(eew).trailing_zeros() as i32;
    // EMUL of the data of a memory instruction.
    let (data, element_bits) = match inst.row.mem {
        Mem::Tile { eew } => (0, u32::from(eew)),
        Mem::Unit { eew } | Mem::FaultFirst { eew } | Mem::Strided { eew } => {
            (regs(lmul + eew_of(eew) - sew_log2) * fields, u32::from(eew))
        }
        Mem::Indexed { .. } => (regs(lmul) * fields, 1 << sew_log2),
        Mem::Mask => (1, 8),
        Mem::Whole => (fields, 8),
        Mem::Rows => (regs(lmul), 8),
        Mem::Scalar(_) | Mem::None => {
            let count = if props.intersects(Props::MASK_RESULT | Props::SCALAR_RESULT) {
                1
            } else if inst.row.class == Class::VMoveWhole {
                fields
            } else if inst.row.class == Class::VMatrixFixed {
                spacemit_ime::registers(inst, vlen).0
            } else if props.contains(Props::WIDENS) {
                regs(lmul + 1)
            } else {
                regs(lmul)
            };
            (count, 1 << sew_log2)
        }
    };
    let mut sources = [Group::default(); 4];
    let mut source_count = 0;
    let mut add = |source: Group| {
        sources[source_count] = source;
        source_count += 1;
    };
    let (mut dest, mut own_registers) = (None, Vec::new());
    for operand in inst.row.operands.iter() {
        match operand {
            Operand::Vd => dest = Some(group(inst.rd, span(operand).unwrap_or(data))),
            Operand::Vs3 => add(group(inst.rd, span(operand).unwrap_or(data))),
            Operand::Vs1 => {
                let single = props.intersects(Props::SCALAR_VS1 | Props::MASK_SOURCES);
                let emul = if props.contains(Props::VS1_EEW16) { lmul + 4 - sew_log2 } else { lmul };
                let count = match inst.row.class {
                    Class::MInt | Class::MFp => tile_source(vtype),
                    Class::VMatrixFixed => spacemit_ime::registers(inst, vlen).1,
                    _ if single => 1,
                    _ => regs(emul),
                };
                add(group(inst.rs1, span(operand).unwrap_or(count)));
            }
            Operand::Vs2 => {
                let count = if props.intersects(Props::MASK_SOURCES | Props::SCALAR_VS2) {
                    1
                } else if let Mem::Indexed { eew } = inst.row.mem {
                    regs(lmul + eew_of(eew) - sew_log2)
                } else if inst.row.class == Class::VMoveWhole {
                    fields
                } else if inst.row.class == Class::VToScalar {
                    1
                } else if inst.row.class == Class::VExtend {
                    regs(lmul - extension_factor(inst).ilog2() as i32)
                } else if matches!(inst.row.class, Class::MInt | Class::MFp) {
                    tile_source(vtype)
                } else if props.contains(Props::QUAD_VS2) {
                    regs(lmul + 2)
                } else if props.contains(Props::WIDE_VS2) {
                    regs(lmul + 1)
                } else {
                    regs(lmul)
                };
                add(group(inst.rs2, span(operand).unwrap_or(count)));
            }
            Operand::Td | Operand::Ts1 | Operand::Ts2 | Operand::Ts3 => {
                let Some(bank) = definition.and_then(|definition| definition.bank(operand)) else { continue };
                let (number, access) = match operand {
                    Operand::Td if own.is_some_and(|place| machine.own[place].accumulates) => {
                        (inst.rd, TileAccess::Accumulate)
                    }
                    Operand::Td => (inst.rd, TileAccess::Write),
                    Operand::Ts1 => (inst.rs1, TileAccess::Read),
                    Operand::Ts2 => (inst.rs2, TileAccess::Read),
                    _ => (inst.rd, TileAccess::Read),
                };
                own_registers.push((bank.first + u32::from(number), access));
            }
            Operand::V0 => add(group(0, 1)),
            _ => {}
        }
    }
    if inst.masked() && source_count < 4 {
        sources[source_count] = group(0, 1);
        source_count += 1;
    }
    if let Some(dest) = dest
        && props.contains(Props::READS_VD)
        && !passes_by(inst.row.class)
        && source_count < 4
    {
        sources[source_count] = dest;
        source_count += 1;
    }
    let produces = if props.contains(Props::LOAD) {
        Cause::ChainLoad
    } else if is_mac(inst.row.class) {
        Cause::ChainMac
    } else {
        Cause::ChainArithmetic
    };
    let eew = match inst.row.mem {
        Mem::Indexed { eew } => u32::from(eew),
        _ => element_bits,
    };
    let (mem, logs_work) = (inst.row.mem, props.contains(Props::WORK));
    let tile = if definition.is_some() { TileAccess::None } else { tile_access(inst.row.class) };
    VectorDesc {
        standard: tile == TileAccess::None
            && mem != Mem::Rows
            && !logs_work
            && own_registers.is_empty()
            && class.unit != Unit::Coprocessor,
        class: inst.row.class,
        unit: class.unit,
        dest,
        sources,
        source_count: source_count as u8,
        produces,
        work: match mem {
            Mem::None if is_mac(inst.row.class) => Cause::VectorMac,
            Mem::None => Cause::VectorArithmetic,
            _ => Cause::MemoryPort,
        },
        // Logical instructions compute whole mask registers.
        merges: props.contains(Props::MASK_RESULT)
            && !(props.contains(Props::MASK_SOURCES) && inst.row.operands.has(Operand::Vs1)),
        chains: class.chains,
        // Elements that lie anywhere are no stream, even where those of a segment are.
        elementwise: class.elementwise || matches!(mem, Mem::Indexed { .. } | Mem::Strided { .. }),
        mem,
        writes_memory: props.contains(Props::STORE),
        tile,
        logs_work,
        own,
        own_registers,
        coprocessor: class.coprocessor,
        element_bytes: u64::from(element_bits / 8).max(1),
        fields: u64::from(fields),
        vtype,
        eew,
        payload: payload(inst),
        cached: (Extent { vl: u32::MAX, work: 0, tm: 0, tk: 0 }, Cost::default()),
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

impl VectorDesc {
    /// What it costs at this extent.
    #[inline(always)]
    pub fn cost(&mut self, extent: Extent, machine: &Machine) -> Cost {
        if self.cached.0 != extent {
            self.evaluate(extent, machine);
        }
        self.cached.1
    }

    #[inline(never)]
    fn evaluate(&mut self, extent: Extent, machine: &Machine) {
        let inputs = Inputs::new(&shape(machine, self.vtype, self.eew, self.fields as u32, self.payload, extent));
        let class = self.own.map_or_else(|| machine.class(self.class), |place| &machine.own[place].timing);
        let occupancy = u64::from(class.occupancy.cycles(&inputs)).max(1);
        let latency = u64::from(class.latency.cycles(&inputs));
        let rewrite = class.rewrite.as_ref().filter(|_| self.merges);
        let rewrite = rewrite.map_or(0, |formula| u64::from(formula.cycles(&inputs)));
        let groups = self.sources[..self.source_count as usize].iter().chain(&self.dest);
        let even = groups.into_iter().all(|group| occupancy.is_multiple_of(u64::from(group.count)));
        self.cached = (extent, Cost { occupancy, latency, rewrite, even });
    }

    /// The access of a memory instruction with `vl` elements, or with `rows` if it moves such.
    pub fn access(&self, vl: u32, rows: Option<Rows>, occupancy: u64, machine: &Machine) -> Access {
        let write = self.writes_memory;
        if let Some(Rows { count, bytes }) = rows {
            return Access { shape: Addresses::Rows, write, occupancy, bytes, count };
        }
        let (vl, element) = (u64::from(vl), self.element_bytes * self.fields);
        let (shape, bytes) = match self.mem {
            _ if !self.elementwise => (Addresses::Stream, self.bytes(vl, machine)),
            Mem::Indexed { .. } => (Addresses::Indexed, element),
            Mem::Strided { .. } => (Addresses::Strided, element),
            _ => (Addresses::Segments, element),
        };
        Access { shape, write, occupancy, bytes, count: vl }
    }

    /// Bytes that a unit-stride access of `vl` elements moves.
    fn bytes(&self, vl: u64, machine: &Machine) -> u64 {
        match self.mem {
            Mem::Mask => vl.div_ceil(8),
            Mem::Whole => self.fields * u64::from(machine.vector.vlen) / 8,
            _ => vl * self.element_bytes * self.fields,
        }
    }
}
