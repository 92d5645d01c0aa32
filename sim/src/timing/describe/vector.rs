//! The vector side of an instruction.

use rvtile_isa::block::BlockInst;
use rvtile_isa::class::Class;
use rvtile_isa::inst::Inst;
use rvtile_isa::matrix::spacemit_ime;
use rvtile_isa::operand::Operand;
use rvtile_isa::row::{Mem, Props};
use rvtile_isa::vector::integer::widen::extension_factor;
use rvtile_isa::vector::vtype::Vtype;

use super::super::ledger::Cause;
use super::super::transfer::{Access, Rows, Shape as Addresses};
use super::{payload, shape};
use crate::machine::{ClassTiming, Inputs, Machine, Payload, Unit};

/// A group of consecutive vector registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::timing) struct Group {
    pub reg: u8,
    pub count: u8,
}

impl Group {
    /// Its registers, as bits.
    #[inline(always)]
    pub fn members(self) -> u64 {
        ((1 << self.count) - 1) << self.reg
    }
}

/// How an instruction uses the tiles that its log word names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::timing) enum TileAccess {
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
pub(in crate::timing) struct Extent {
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
pub(in crate::timing) struct VectorDesc {
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
pub(in crate::timing) struct Cost {
    pub occupancy: u64,
    pub latency: u64,
    /// Until another mask may be merged into the same register; 0: at once.
    pub rewrite: u64,
    /// The registers of each group have as many cycles of the occupancy.
    pub even: bool,
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

pub(super) fn vector_desc(entry: &BlockInst, inst: &Inst, class: &ClassTiming, machine: &Machine) -> VectorDesc {
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

    /// The access of a memory instruction with `vl` elements, or with `rows` if it moves such, that was for so many cycles in the
    /// command queue.
    pub fn access(&self, vl: u32, rows: Option<Rows>, occupancy: u64, queued: u64, machine: &Machine) -> Access {
        let write = self.writes_memory;
        let ahead = if machine.vector.early_requests && !self.elementwise { queued } else { 0 };
        if let Some(Rows { count, bytes }) = rows {
            return Access { shape: Addresses::Rows, write, occupancy, bytes, count, ahead };
        }
        let (vl, element) = (u64::from(vl), self.element_bytes * self.fields);
        let (shape, bytes) = match self.mem {
            _ if !self.elementwise => (Addresses::Stream, self.bytes(vl, machine)),
            Mem::Indexed { .. } => (Addresses::Indexed, element),
            Mem::Strided { .. } => (Addresses::Strided, element),
            _ => (Addresses::Segments, element),
        };
        Access { shape, write, occupancy, bytes, count: vl, ahead }
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
