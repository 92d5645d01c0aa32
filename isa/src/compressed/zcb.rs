//! Zcb: more 16-bit integer instructions; Zcmop: 16-bit may-be-operations.

use super::fields::{gather, i_type, r_type, s_type, short_rs1, short_rs2};
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
    Row::new(name, syntax, encoding, Ext::ZCB, class, Exec::Expand(expand))
}

const fn unary(name: &'static str, encoding: &'static str, expand: fn(u32) -> Option<u32>) -> Row {
    row(name, "rd", encoding, Class::Alu, expand)
}

/// Offset of a byte access.
fn offset_b(raw: u32) -> u32 {
    gather(raw, &[(6, 6, 0), (5, 5, 1)])
}

/// Offset of a halfword access.
fn offset_h(raw: u32) -> u32 {
    gather(raw, &[(5, 5, 1)])
}

fn load(base: u32, raw: u32, offset: u32) -> Option<u32> {
    Some(i_type(base, short_rs2(raw), short_rs1(raw), offset as i32))
}

fn store(base: u32, raw: u32, offset: u32) -> Option<u32> {
    Some(s_type(base, short_rs1(raw), short_rs2(raw), offset))
}

/// `base rd, rd, rs2` or, with the immediate in `base`, `base rd, rd`.
fn alu(base: u32, raw: u32, rs2: u32) -> Option<u32> {
    Some(r_type(base, short_rs1(raw), short_rs1(raw), rs2))
}

/// Rows of Zcb. Those that expand to an instruction of M, Zba or Zbb need that extension too.
pub const ROWS: &[Row] = &[
    row("c.lbu", "rd, imm(rs1)", "c 15..10=0x20 1..0=0", Class::Load, |raw| load(0x4003, raw, offset_b(raw))),
    row("c.lhu", "rd, imm(rs1)", "c 15..10=0x21 6..6=0 1..0=0", Class::Load, |raw| load(0x5003, raw, offset_h(raw))),
    row("c.lh", "rd, imm(rs1)", "c 15..10=0x21 6..6=1 1..0=0", Class::Load, |raw| load(0x1003, raw, offset_h(raw))),
    row("c.sb", "rs2, imm(rs1)", "c 15..10=0x22 1..0=0", Class::Store, |raw| store(0x0023, raw, offset_b(raw))),
    row("c.sh", "rs2, imm(rs1)", "c 15..10=0x23 6..6=0 1..0=0", Class::Store, |raw| store(0x1023, raw, offset_h(raw))),
    unary("c.zext.b", "c 15..10=0x27 6..2=0x18 1..0=1", |raw| alu(0x0ff0_7013, raw, 0)),
    unary("c.sext.b", "c 15..10=0x27 6..2=0x19 1..0=1", |raw| alu(0x6040_1013, raw, 0)),
    unary("c.zext.h", "c 15..10=0x27 6..2=0x1a 1..0=1", |raw| alu(0x0800_403b, raw, 0)),
    unary("c.sext.h", "c 15..10=0x27 6..2=0x1b 1..0=1", |raw| alu(0x6050_1013, raw, 0)),
    unary("c.zext.w", "c 15..10=0x27 6..2=0x1c 1..0=1", |raw| alu(0x0800_003b, raw, 0)),
    unary("c.not", "c 15..10=0x27 6..2=0x1d 1..0=1", |raw| alu(0xfff0_4013, raw, 0)),
    row("c.mul", "rd, rs2", "c 15..10=0x27 6..5=2 1..0=1", Class::Mul, |raw| alu(0x0200_0033, raw, short_rs2(raw))),
];

const fn mop(name: &'static str, encoding: &'static str) -> Row {
    Row::new(name, "", encoding, Ext::ZCMOP, Class::Nop, Exec::Expand(|_| Some(0x13)))
}

/// Rows of Zcmop: they do nothing until an extension redefines them.
pub const MOPS: &[Row] = &[
    mop("c.mop.1", "c 15..0=0x6081"),
    mop("c.mop.3", "c 15..0=0x6181"),
    mop("c.mop.5", "c 15..0=0x6281"),
    mop("c.mop.7", "c 15..0=0x6381"),
    mop("c.mop.9", "c 15..0=0x6481"),
    mop("c.mop.11", "c 15..0=0x6581"),
    mop("c.mop.13", "c 15..0=0x6681"),
    mop("c.mop.15", "c 15..0=0x6781"),
];
