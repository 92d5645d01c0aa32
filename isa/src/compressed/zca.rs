//! Zca and Zcd: the C extension of RV64.

use super::fields::{branch, gather, i_type, imm6, jump, r_type, rd, rs2, s_type, short_rs1, short_rs2, uimm6};
use crate::class::Class;
use crate::ext::Ext;
use crate::row::{Exec, Row};

const fn row(
    name: &'static str,
    syntax: &'static str,
    encoding: &'static str,
    class: Class,
    expand: fn(u32) -> Option<u32>,
) -> Row {
    Row::new(name, syntax, encoding, Ext::ZCA, class, Exec::Expand(expand))
}

const fn fp(
    name: &'static str,
    syntax: &'static str,
    encoding: &'static str,
    class: Class,
    expand: fn(u32) -> Option<u32>,
) -> Row {
    Row::new(name, syntax, encoding, Ext::ZCD, class, Exec::Expand(expand))
}

/// Offset of a word access from a short base register.
fn offset_w(raw: u32) -> u32 {
    gather(raw, &[(12, 10, 3), (6, 6, 2), (5, 5, 6)])
}

/// Offset of a doubleword access from a short base register.
fn offset_d(raw: u32) -> u32 {
    gather(raw, &[(12, 10, 3), (6, 5, 6)])
}

/// Offset of a word load from sp.
fn sp_load_w(raw: u32) -> u32 {
    gather(raw, &[(12, 12, 5), (6, 4, 2), (3, 2, 6)])
}

/// Offset of a doubleword load from sp.
fn sp_load_d(raw: u32) -> u32 {
    gather(raw, &[(12, 12, 5), (6, 5, 3), (4, 2, 6)])
}

/// Offset of a word store to sp.
fn sp_store_w(raw: u32) -> u32 {
    gather(raw, &[(12, 9, 2), (8, 7, 6)])
}

/// Offset of a doubleword store to sp.
fn sp_store_d(raw: u32) -> u32 {
    gather(raw, &[(12, 10, 3), (9, 7, 6)])
}

/// A load with short registers.
fn load(base: u32, raw: u32, offset: u32) -> Option<u32> {
    Some(i_type(base, short_rs2(raw), short_rs1(raw), offset as i32))
}

/// A store with short registers.
fn store(base: u32, raw: u32, offset: u32) -> Option<u32> {
    Some(s_type(base, short_rs1(raw), short_rs2(raw), offset))
}

/// An operation on two short registers, the first also the destination.
fn alu(base: u32, raw: u32) -> Option<u32> {
    Some(r_type(base, short_rs1(raw), short_rs1(raw), short_rs2(raw)))
}

/// A shift of a short register.
fn shift(base: u32, raw: u32) -> Option<u32> {
    Some(i_type(base, short_rs1(raw), short_rs1(raw), uimm6(raw) as i32))
}

/// Rows of Zca and Zcd.
pub const ROWS: &[Row] = &[
    // Quadrant 0.
    row("c.addi4spn", "rd, rs1, imm", "c 15..13=0 1..0=0", Class::Alu, |raw| {
        let imm = gather(raw, &[(12, 11, 4), (10, 7, 6), (6, 6, 2), (5, 5, 3)]);
        (imm != 0).then_some(i_type(0x13, short_rs2(raw), 2, imm as i32))
    }),
    fp("c.fld", "fd, imm(rs1)", "c 15..13=1 1..0=0", Class::FpLoad, |raw| load(0x3007, raw, offset_d(raw))),
    row("c.lw", "rd, imm(rs1)", "c 15..13=2 1..0=0", Class::Load, |raw| load(0x2003, raw, offset_w(raw))),
    row("c.ld", "rd, imm(rs1)", "c 15..13=3 1..0=0", Class::Load, |raw| load(0x3003, raw, offset_d(raw))),
    fp("c.fsd", "fs2, imm(rs1)", "c 15..13=5 1..0=0", Class::FpStore, |raw| store(0x3027, raw, offset_d(raw))),
    row("c.sw", "rs2, imm(rs1)", "c 15..13=6 1..0=0", Class::Store, |raw| store(0x2023, raw, offset_w(raw))),
    row("c.sd", "rs2, imm(rs1)", "c 15..13=7 1..0=0", Class::Store, |raw| store(0x3023, raw, offset_d(raw))),
    // Quadrant 1.
    row("c.nop", "", "c 15..0=1", Class::Nop, |_| Some(0x13)),
    row("c.nop", "imm", "c 15..13=0 11..7=0 1..0=1", Class::Nop, |raw| Some(i_type(0x13, 0, 0, imm6(raw)))),
    row("c.addi", "rd, imm", "c 15..13=0 1..0=1", Class::Alu, |raw| Some(i_type(0x13, rd(raw), rd(raw), imm6(raw)))),
    row("c.addiw", "rd, imm", "c 15..13=1 1..0=1", Class::Alu, |raw| {
        (rd(raw) != 0).then_some(i_type(0x1b, rd(raw), rd(raw), imm6(raw)))
    }),
    row("c.li", "rd, imm", "c 15..13=2 1..0=1", Class::Alu, |raw| Some(i_type(0x13, rd(raw), 0, imm6(raw)))),
    row("c.addi16sp", "rd, imm", "c 15..13=3 11..7=2 1..0=1", Class::Alu, |raw| {
        let imm = gather(raw, &[(12, 12, 9), (6, 6, 4), (5, 5, 6), (4, 3, 7), (2, 2, 5)]);
        (imm != 0).then_some(i_type(0x13, 2, 2, (imm << 22) as i32 >> 22))
    }),
    row("c.lui", "rd, ximm", "c 15..13=3 1..0=1", Class::Alu, |raw| {
        (imm6(raw) != 0).then_some(0x37 | rd(raw) << 7 | (imm6(raw) as u32) << 12)
    }),
    row("c.srli", "rd, ximm", "c 15..13=4 11..10=0 1..0=1", Class::Alu, |raw| shift(0x5013, raw)),
    row("c.srai", "rd, ximm", "c 15..13=4 11..10=1 1..0=1", Class::Alu, |raw| shift(0x4000_5013, raw)),
    // Shifts by zero: HINTs with a name of their own in assemblers.
    row("c.srli64", "rd", "c 15..10=0x20 6..2=0 1..0=1", Class::Nop, |raw| shift(0x5013, raw)),
    row("c.srai64", "rd", "c 15..10=0x21 6..2=0 1..0=1", Class::Nop, |raw| shift(0x4000_5013, raw)),
    row("c.andi", "rd, imm", "c 15..13=4 11..10=2 1..0=1", Class::Alu, |raw| {
        Some(i_type(0x7013, short_rs1(raw), short_rs1(raw), imm6(raw)))
    }),
    row("c.sub", "rd, rs2", "c 15..10=0x23 6..5=0 1..0=1", Class::Alu, |raw| alu(0x4000_0033, raw)),
    row("c.xor", "rd, rs2", "c 15..10=0x23 6..5=1 1..0=1", Class::Alu, |raw| alu(0x4033, raw)),
    row("c.or", "rd, rs2", "c 15..10=0x23 6..5=2 1..0=1", Class::Alu, |raw| alu(0x6033, raw)),
    row("c.and", "rd, rs2", "c 15..10=0x23 6..5=3 1..0=1", Class::Alu, |raw| alu(0x7033, raw)),
    row("c.subw", "rd, rs2", "c 15..10=0x27 6..5=0 1..0=1", Class::Alu, |raw| alu(0x4000_003b, raw)),
    row("c.addw", "rd, rs2", "c 15..10=0x27 6..5=1 1..0=1", Class::Alu, |raw| alu(0x3b, raw)),
    row("c.j", "target", "c 15..13=5 1..0=1", Class::Jump, |raw| Some(jump(raw))),
    row("c.beqz", "rs1, target", "c 15..13=6 1..0=1", Class::Branch, |raw| Some(branch(0x63, raw))),
    row("c.bnez", "rs1, target", "c 15..13=7 1..0=1", Class::Branch, |raw| Some(branch(0x1063, raw))),
    // Quadrant 2.
    row("c.slli", "rd, ximm", "c 15..13=0 1..0=2", Class::Alu, |raw| {
        Some(i_type(0x1013, rd(raw), rd(raw), uimm6(raw) as i32))
    }),
    row("c.slli64", "rd", "c 15..12=0 6..2=0 1..0=2", Class::Nop, |raw| Some(i_type(0x1013, rd(raw), rd(raw), 0))),
    fp("c.fldsp", "fd, imm(rs1)", "c 15..13=1 1..0=2", Class::FpLoad, |raw| {
        Some(i_type(0x3007, rd(raw), 2, sp_load_d(raw) as i32))
    }),
    row("c.lwsp", "rd, imm(rs1)", "c 15..13=2 1..0=2", Class::Load, |raw| {
        (rd(raw) != 0).then_some(i_type(0x2003, rd(raw), 2, sp_load_w(raw) as i32))
    }),
    row("c.ldsp", "rd, imm(rs1)", "c 15..13=3 1..0=2", Class::Load, |raw| {
        (rd(raw) != 0).then_some(i_type(0x3003, rd(raw), 2, sp_load_d(raw) as i32))
    }),
    row("c.jr", "rs1", "c 15..12=8 6..2=0 1..0=2", Class::Jump, |raw| {
        (rd(raw) != 0).then_some(i_type(0x67, 0, rd(raw), 0))
    }),
    row("c.mv", "rd, rs2", "c 15..12=8 1..0=2", Class::Alu, |raw| Some(r_type(0x33, rd(raw), 0, rs2(raw)))),
    row("c.ebreak", "", "c 15..0=0x9002", Class::System, |_| Some(0x0010_0073)),
    row("c.jalr", "rs1", "c 15..12=9 6..2=0 1..0=2", Class::Jump, |raw| Some(i_type(0x67, 1, rd(raw), 0))),
    row("c.add", "rd, rs2", "c 15..12=9 1..0=2", Class::Alu, |raw| Some(r_type(0x33, rd(raw), rd(raw), rs2(raw)))),
    fp("c.fsdsp", "fs2, imm(rs1)", "c 15..13=5 1..0=2", Class::FpStore, |raw| {
        Some(s_type(0x3027, 2, rs2(raw), sp_store_d(raw)))
    }),
    row("c.swsp", "rs2, imm(rs1)", "c 15..13=6 1..0=2", Class::Store, |raw| {
        Some(s_type(0x2023, 2, rs2(raw), sp_store_w(raw)))
    }),
    row("c.sdsp", "rs2, imm(rs1)", "c 15..13=7 1..0=2", Class::Store, |raw| {
        Some(s_type(0x3023, 2, rs2(raw), sp_store_d(raw)))
    }),
];
