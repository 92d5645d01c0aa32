//! RV64I.

use super::steps::*;
use super::{ri, rr, word};
use crate::chain::{Branch, Hot, Step};
use crate::class::Class;
use crate::ext::Ext;
use crate::hart::{Cause, Hart, Request};
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Illegal, Op};
use crate::row::{Exec, Mem, Props, Row};

const I: Ext = Ext::I;

const fn alu(name: &'static str, syntax: &'static str, encoding: &'static str, exec: Exec) -> Row {
    Row::new(name, syntax, encoding, I, Class::Alu, exec)
}

const fn branch(name: &'static str, encoding: &'static str, exec: Exec) -> Row {
    Row::new(name, "rs1, rs2, target", encoding, I, Class::Branch, exec)
}

const fn load(name: &'static str, encoding: &'static str, bytes: u8, exec: Exec) -> Row {
    Row::new(name, "rd, imm(rs1)", encoding, I, Class::Load, exec).mem(Mem::Scalar(bytes))
}

const fn store(name: &'static str, encoding: &'static str, bytes: u8, exec: Exec) -> Row {
    Row::new(name, "rs2, imm(rs1)", encoding, I, Class::Store, exec).mem(Mem::Scalar(bytes))
}

const fn hint(name: &'static str, syntax: &'static str, encoding: &'static str) -> Row {
    Row::new(name, syntax, encoding, I, Class::Nop, Exec::Direct(|_, _| Flow::Next))
}

/// Semantics of a branch.
const fn br<B: Branch>() -> Exec {
    Exec::SelectHot(|inst, ctx| {
        Ok(if aligned_target(inst, ctx) {
            Hot::branch::<B>()
        } else {
            Hot::cold(|h, op| if B::taken(h, op) { misaligned(h, op.imm as u64) } else { B::general(h, op) })
        })
    })
}

const fn step<S: Step>() -> Exec {
    Exec::Hot(Hot::step::<S>())
}

/// Rows of RV64I without the system instructions.
pub const ROWS: &[Row] = &[
    alu("lui", "rd, ximm", "rd imm20 6..0=0x37", step::<Constant>()),
    alu("auipc", "rd, ximm", "rd imm20 6..0=0x17", step::<Constant>()).with(Props::PC_RELATIVE),
    Row::new("jal", "rd, target", "rd jimm20 6..0=0x6f", I, Class::Jump, Exec::SelectHot(select_jal))
        .with(Props::PC_RELATIVE),
    Row::new("jalr", "rd, imm(rs1)", "rd rs1 imm12 14..12=0 6..0=0x67", I, Class::Jump, Exec::SelectHot(select_jalr)),
    branch("beq", "bimm12hi rs1 rs2 bimm12lo 14..12=0 6..0=0x63", br::<Beq>()),
    branch("bne", "bimm12hi rs1 rs2 bimm12lo 14..12=1 6..0=0x63", br::<Bne>()),
    branch("blt", "bimm12hi rs1 rs2 bimm12lo 14..12=4 6..0=0x63", br::<Blt>()),
    branch("bge", "bimm12hi rs1 rs2 bimm12lo 14..12=5 6..0=0x63", br::<Bge>()),
    branch("bltu", "bimm12hi rs1 rs2 bimm12lo 14..12=6 6..0=0x63", br::<Bltu>()),
    branch("bgeu", "bimm12hi rs1 rs2 bimm12lo 14..12=7 6..0=0x63", br::<Bgeu>()),
    load("lb", "rd rs1 imm12 14..12=0 6..0=0x03", 1, step::<Load<i8>>()),
    load("lh", "rd rs1 imm12 14..12=1 6..0=0x03", 2, step::<Load<i16>>()),
    load("lw", "rd rs1 imm12 14..12=2 6..0=0x03", 4, step::<Load<i32>>()),
    load("ld", "rd rs1 imm12 14..12=3 6..0=0x03", 8, step::<Load<u64>>()),
    load("lbu", "rd rs1 imm12 14..12=4 6..0=0x03", 1, step::<Load<u8>>()),
    load("lhu", "rd rs1 imm12 14..12=5 6..0=0x03", 2, step::<Load<u16>>()),
    load("lwu", "rd rs1 imm12 14..12=6 6..0=0x03", 4, step::<Load<u32>>()),
    store("sb", "imm12hi rs1 rs2 imm12lo 14..12=0 6..0=0x23", 1, step::<Store<u8>>()),
    store("sh", "imm12hi rs1 rs2 imm12lo 14..12=1 6..0=0x23", 2, step::<Store<u16>>()),
    store("sw", "imm12hi rs1 rs2 imm12lo 14..12=2 6..0=0x23", 4, step::<Store<u32>>()),
    store("sd", "imm12hi rs1 rs2 imm12lo 14..12=3 6..0=0x23", 8, step::<Store<u64>>()),
    alu("addi", "rd, rs1, imm", "rd rs1 imm12 14..12=0 6..0=0x13", step::<Addi>()),
    alu("slti", "rd, rs1, imm", "rd rs1 imm12 14..12=2 6..0=0x13", ri!(|a, b| u64::from((a as i64) < b as i64))),
    alu("sltiu", "rd, rs1, imm", "rd rs1 imm12 14..12=3 6..0=0x13", ri!(|a, b| u64::from(a < b))),
    alu("xori", "rd, rs1, imm", "rd rs1 imm12 14..12=4 6..0=0x13", ri!(|a, b| a ^ b)),
    alu("ori", "rd, rs1, imm", "rd rs1 imm12 14..12=6 6..0=0x13", ri!(|a, b| a | b)),
    alu("andi", "rd, rs1, imm", "rd rs1 imm12 14..12=7 6..0=0x13", step::<Andi>()),
    alu("slli", "rd, rs1, ximm", "rd rs1 shamtd 31..26=0 14..12=1 6..0=0x13", step::<Slli>()),
    alu("srli", "rd, rs1, ximm", "rd rs1 shamtd 31..26=0 14..12=5 6..0=0x13", step::<Srli>()),
    alu("srai", "rd, rs1, ximm", "rd rs1 shamtd 31..26=0x10 14..12=5 6..0=0x13", ri!(|a, b| (a as i64 >> b) as u64)),
    alu("add", "rd, rs1, rs2", "rd rs1 rs2 31..25=0 14..12=0 6..0=0x33", step::<Add>()),
    alu("sub", "rd, rs1, rs2", "rd rs1 rs2 31..25=0x20 14..12=0 6..0=0x33", step::<Sub>()),
    alu("sll", "rd, rs1, rs2", "rd rs1 rs2 31..25=0 14..12=1 6..0=0x33", rr!(|a, b| a << (b & 63))),
    alu("slt", "rd, rs1, rs2", "rd rs1 rs2 31..25=0 14..12=2 6..0=0x33", rr!(|a, b| u64::from((a as i64) < b as i64))),
    alu("sltu", "rd, rs1, rs2", "rd rs1 rs2 31..25=0 14..12=3 6..0=0x33", rr!(|a, b| u64::from(a < b))),
    alu("xor", "rd, rs1, rs2", "rd rs1 rs2 31..25=0 14..12=4 6..0=0x33", step::<Xor>()),
    alu("srl", "rd, rs1, rs2", "rd rs1 rs2 31..25=0 14..12=5 6..0=0x33", rr!(|a, b| a >> (b & 63))),
    alu("sra", "rd, rs1, rs2", "rd rs1 rs2 31..25=0x20 14..12=5 6..0=0x33", rr!(|a, b| (a as i64 >> (b & 63)) as u64)),
    alu("or", "rd, rs1, rs2", "rd rs1 rs2 31..25=0 14..12=6 6..0=0x33", step::<Or>()),
    alu("and", "rd, rs1, rs2", "rd rs1 rs2 31..25=0 14..12=7 6..0=0x33", step::<And>()),
    alu("addiw", "rd, rs1, imm", "rd rs1 imm12 14..12=0 6..0=0x1b", step::<Addiw>()),
    alu("slliw", "rd, rs1, ximm", "rd rs1 shamtw 31..25=0 14..12=1 6..0=0x1b", ri!(|a, b| word((a as u32) << b))),
    alu("srliw", "rd, rs1, ximm", "rd rs1 shamtw 31..25=0 14..12=5 6..0=0x1b", ri!(|a, b| word(a as u32 >> b))),
    alu(
        "sraiw",
        "rd, rs1, ximm",
        "rd rs1 shamtw 31..25=0x20 14..12=5 6..0=0x1b",
        ri!(|a, b| word((a as i32 >> b) as u32)),
    ),
    alu("addw", "rd, rs1, rs2", "rd rs1 rs2 31..25=0 14..12=0 6..0=0x3b", step::<Addw>()),
    alu(
        "subw",
        "rd, rs1, rs2",
        "rd rs1 rs2 31..25=0x20 14..12=0 6..0=0x3b",
        rr!(|a, b| word((a as u32).wrapping_sub(b as u32))),
    ),
    alu("sllw", "rd, rs1, rs2", "rd rs1 rs2 31..25=0 14..12=1 6..0=0x3b", rr!(|a, b| word((a as u32) << (b & 31)))),
    alu("srlw", "rd, rs1, rs2", "rd rs1 rs2 31..25=0 14..12=5 6..0=0x3b", rr!(|a, b| word(a as u32 >> (b & 31)))),
    alu(
        "sraw",
        "rd, rs1, rs2",
        "rd rs1 rs2 31..25=0x20 14..12=5 6..0=0x3b",
        rr!(|a, b| word((a as i32 >> (b & 31)) as u32)),
    ),
    hint("addi", "zero, zero, 0", "31..7=0 6..0=0x13"),
    // Zihintntl: locality of the next access. Nothing here depends on it, and assemblers know the base form best.
    hint("add", "zero, zero, rs2", "31..25=0 24..20=2 19..7=0 6..0=0x33"),
    hint("add", "zero, zero, rs2", "31..25=0 24..20=3 19..7=0 6..0=0x33"),
    hint("add", "zero, zero, rs2", "31..25=0 24..20=4 19..7=0 6..0=0x33"),
    hint("add", "zero, zero, rs2", "31..25=0 24..20=5 19..7=0 6..0=0x33"),
    // Region markers: HINTs that the ISA designates for custom use (slti with rd = x0).
    alu("slti", "zero, rs1, 1", "rs1 31..20=1 14..12=2 11..7=0 6..0=0x13", Exec::Direct(region_begin))
        .with(Props::MARKER.union(Props::ENDS_BLOCK)),
    alu("slti", "zero, rs1, 2", "rs1 31..20=2 14..12=2 11..7=0 6..0=0x13", Exec::Direct(region_end))
        .with(Props::MARKER.union(Props::ENDS_BLOCK)),
];

/// Without 16-bit instructions a jump to an address that is not a multiple of four is an exception.
fn aligned_target(inst: &Inst, ctx: &Ctx) -> bool {
    inst.imm & 2 == 0 || ctx.isa.contains(Ext::ZCA)
}

/// The jump itself traps: its destination register stays as it is.
fn misaligned(h: &mut Hart, target: u64) -> Flow {
    h.raise(Cause::FetchMisaligned, target);
    Flow::Trap
}

fn select_jal(inst: &Inst, ctx: &Ctx) -> Result<Hot, Illegal> {
    Ok(if aligned_target(inst, ctx) {
        Hot::jump(return_address, jal)
    } else {
        Hot::cold(|h, op| misaligned(h, op.imm as u64))
    })
}

#[inline(always)]
fn return_address(h: &mut Hart, op: &Op) {
    h.x[op.rd as usize] = h.pc.wrapping_add(u64::from(op.aux));
}

fn jal(h: &mut Hart, op: &Op) -> Flow {
    return_address(h, op);
    h.pc = op.imm as u64;
    Flow::Jump
}

fn select_jalr(_: &Inst, ctx: &Ctx) -> Result<Hot, Illegal> {
    Ok(if ctx.isa.contains(Ext::ZCA) {
        Hot::indirect(call, jalr)
    } else {
        Hot::cold(|h, op| {
            let target = h.x[op.rs1 as usize].wrapping_add(op.imm as u64) & !1;
            if target & 2 == 0 { jalr(h, op) } else { misaligned(h, target) }
        })
    })
}

/// The target of an indirect jump, once its return address is written.
#[inline(always)]
fn call(h: &mut Hart, op: &Op) -> u64 {
    let target = h.x[op.rs1 as usize].wrapping_add(op.imm as u64) & !1;
    return_address(h, op);
    target
}

fn jalr(h: &mut Hart, op: &Op) -> Flow {
    h.pc = call(h, op);
    Flow::Jump
}

fn region_begin(h: &mut Hart, op: &Op) -> Flow {
    leave(h, op, Request::RegionBegin(h.x[op.rs1 as usize]))
}

fn region_end(h: &mut Hart, op: &Op) -> Flow {
    leave(h, op, Request::RegionEnd(h.x[op.rs1 as usize]))
}

/// Ends the block behind this operation with a request to the engine.
pub(crate) fn leave(h: &mut Hart, op: &Op, request: Request) -> Flow {
    h.pc = h.pc.wrapping_add(u64::from(op.aux));
    h.request = request;
    Flow::Leave
}
