//! What the compiler model knows of an instruction: what it reads, writes and takes, and for how long.

use rvtile_isa::class::Class;
use rvtile_isa::inst::Inst;
use rvtile_isa::operand::Operand;
use rvtile_isa::row::{Mem, Props, Row};

use super::super::describe;
use super::Line;
use super::pipes::Resource;
use crate::machine::{Formula, Inputs, Machine, Pipe, Shape, Unit, Var};

/// x0..x31, f0..f31, v0..v31, and vl with vtype as one.
pub(super) const REGISTERS: usize = 97;
const FLOAT: u8 = 32;
const VECTOR: u8 = 64;
const CONFIGURATION: u8 = 96;

/// How early a source is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Via {
    /// At issue.
    Full,
    /// Late in the pipe, where some producers can serve it sooner.
    Late,
    /// So many cycles after issue, whatever the producer is.
    Sooner(u64),
}

/// A register that an instruction reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read {
    pub register: u8,
    pub via: Via,
}

/// A unit that an instruction takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    pub resource: Resource,
    pub cycles: u64,
}

/// An instruction of the text, resolved.
pub(super) struct Step {
    pub reads: Vec<Read>,
    pub writes: Vec<u8>,
    pub latency: u64,
    /// How much sooner a source that is read late has the result.
    pub sooner: u64,
    pub holds: Vec<Hold>,
}

impl Step {
    /// # Errors
    /// The row, when the compiler has no timing for it.
    pub fn new(line: &Line, machine: &Machine) -> Result<Step, &'static Row> {
        let row = line.inst.row;
        if matches!(row.class, Class::Fence | Class::FenceI) {
            return Err(row);
        }
        let timing = machine.class(class(row));
        let cost = |formula: &Formula| u64::from(formula.cycles(&Inputs::new(&shape(line, formula, machine))));
        let latency = cost(&timing.latency);
        let mut holds = Vec::new();
        let vector = is_vector(row);
        let extra = u64::from(machine.vector.sequencer_extra);
        let unit = match timing.unit {
            Unit::None => None,
            Unit::IntDivide => Some((Resource::IDiv, 0)),
            Unit::FpDivide => Some((Resource::FDiv, 0)),
            Unit::Arithmetic if machine.vector.arithmetic_sequencers > 1 => Some((Resource::VaAny, extra)),
            Unit::Arithmetic | Unit::ArithmeticFirst => Some((Resource::Va, extra)),
            Unit::Load => Some((Resource::Vl, extra)),
            Unit::Store => Some((Resource::Vs, extra)),
            Unit::Matrix | Unit::Coprocessor => return Err(row),
        };
        if let Some((resource, extra)) = unit {
            holds.push(Hold { resource, cycles: cost(&timing.occupancy) + extra });
        }
        if vector {
            holds.push(Hold { resource: Resource::Vcq, cycles: 1 });
        }
        let pipe = match timing.pipe {
            Pipe::A => Some(Resource::PipeA),
            Pipe::B => Some(Resource::PipeB),
            Pipe::Either => Some(Resource::PipeAB),
            Pipe::None => None,
        };
        holds.extend(pipe.map(|resource| Hold { resource, cycles: 1 }));
        Ok(Step {
            reads: reads(&line.inst, machine),
            writes: writes(&line.inst),
            latency,
            sooner: timing.bypass.map_or(0, |bypass| latency.saturating_sub(u64::from(bypass))),
            holds,
        })
    }
}

/// The timing class: to a compiler a carry out is like a carry in, not like the compares whose unit it shares.
fn class(row: &Row) -> Class {
    let carries = row.name.starts_with("vmadc.") || row.name.starts_with("vmsbc.");
    if carries { Class::VInt } else { row.class }
}

/// Whether the instruction goes to the vector unit.
fn is_vector(row: &Row) -> bool {
    row.props.contains(Props::VECTOR) && row.class != Class::Vset
}

/// The vector state of an instruction, always at VLMAX. What is not known is taken at its costliest: the largest group
/// and the smallest element that there are. An unknown SEW matters only where the formula depends on it.
fn shape(line: &Line, formula: &Formula, machine: &Machine) -> Shape {
    let row = line.inst.row;
    let eew = match row.mem {
        Mem::Unit { eew } | Mem::FaultFirst { eew } | Mem::Strided { eew } => Some(u32::from(eew)),
        Mem::Indexed { eew } if line.inst.nf() == 1 => Some(u32::from(eew)),
        _ => None,
    };
    let by_width = formula.uses(Var::Sew) || formula.uses(Var::Vlmax);
    let (lmul_eighths, sew) = match (line.vtype.lmul_eighths, line.vtype.sew) {
        (Some(lmul), Some(sew)) => (lmul, sew),
        (Some(lmul), None) if !by_width => (lmul, 8),
        _ => {
            let wide = row.props.intersects(Props::WIDENS | Props::WIDE_VS2);
            let narrowest = if row.props.contains(Props::FLOAT) { 16 } else { 8 };
            (if wide { 32 } else { 64 }, eew.unwrap_or(narrowest))
        }
    };
    let (vlen, dlen) = (machine.vector.vlen, machine.vector.dlen);
    let vl = lmul_eighths * vlen / sew / 8;
    let (eew, nf, payload) = (eew.unwrap_or(sew), line.inst.nf(), describe::payload(&line.inst));
    Shape { vlen, dlen, sew, eew, lmul_eighths, nf, vl, work: vl, tm: 0, tk: 0, payload }
}

fn reads(inst: &Inst, machine: &Machine) -> Vec<Read> {
    let row = inst.row;
    let timing = machine.class(row.class);
    let late = if timing.late { Via::Late } else { Via::Full };
    let vector = is_vector(row);
    // How much later than at issue the last stage of the scalar pipe reads.
    let alu = machine.class(Class::Alu);
    let depth = alu.latency.as_constant().unwrap_or(0).saturating_sub(alu.bypass.unwrap_or(0));
    let mut list = Vec::new();
    let mut read = |register: u8, via: Via| list.push(Read { register, via });
    for operand in row.operands.iter() {
        match operand {
            Operand::Rs1 | Operand::Rs2 if row.class == Class::Vset => {
                let register = if operand == Operand::Rs1 { inst.rs1 } else { inst.rs2 };
                if register != 0 {
                    read(register, Via::Sooner(u64::from(depth)));
                }
            }
            Operand::Rs1 if inst.rs1 != 0 => read(inst.rs1, if row.mem == Mem::None { late } else { Via::Full }),
            Operand::Rs2 if inst.rs2 != 0 => read(inst.rs2, if vector { Via::Full } else { late }),
            Operand::Fs1 => read(FLOAT + inst.rs1, late),
            Operand::Fs2 => read(FLOAT + inst.rs2, late),
            Operand::Fs3 => read(FLOAT + inst.rs3, late),
            Operand::Vs1 => read(VECTOR + inst.rs1, Via::Full),
            Operand::Vs2 => read(VECTOR + inst.rs2, Via::Full),
            Operand::Vs3 => read(VECTOR + inst.rd, Via::Full),
            Operand::V0 if !machine.vector.explicit_mask_free => read(VECTOR, Via::Full),
            _ => {}
        }
    }
    // A compiler has vcompress write its whole destination.
    if row.props.contains(Props::READS_VD) && row.class != Class::VCompress {
        read(VECTOR + inst.rd, Via::Full);
    }
    if inst.masked() {
        read(VECTOR, Via::Full);
    }
    if vector && !spared(row, machine) {
        read(CONFIGURATION, Via::Full);
    }
    list
}

/// Whether a vector instruction does not wait for the vset* before it.
fn spared(row: &Row, machine: &Machine) -> bool {
    matches!(row.class, Class::VMoveWhole | Class::VLoadWhole)
        || machine.vector.vset_to_vector == 0
        || machine.vector.vset_spares_rounding && reads_rounding_mode(row)
}

/// Whether an instruction rounds by frm, and the compiler says so of it.
fn reads_rounding_mode(row: &Row) -> bool {
    let named = |part: &str| row.name.contains(part);
    match row.class {
        Class::VFp | Class::VFma | Class::VFpDiv | Class::VFpWidenMac | Class::VFpReduceOrdered => true,
        Class::VFpReduce | Class::VFpReduceWiden => named("sum"),
        Class::VFpWiden => !named("vfwcvt.f") && !named(".rtz"),
        Class::VFpConvert | Class::VFpNarrow => !named(".rtz") && !named(".rod") && !named("vfrsqrt7"),
        _ => false,
    }
}

fn writes(inst: &Inst) -> Vec<u8> {
    let row = inst.row;
    let mut list = Vec::new();
    for operand in row.operands.iter() {
        match operand {
            Operand::Rd if inst.rd != 0 => list.push(inst.rd),
            Operand::Fd => list.push(FLOAT + inst.rd),
            Operand::Vd => list.push(VECTOR + inst.rd),
            _ => {}
        }
    }
    if row.class == Class::Vset {
        list.push(CONFIGURATION);
    }
    list
}
