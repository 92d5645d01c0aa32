//! Zbb: basic bit manipulation, and what Zbkb adds to the part that it shares.

use super::{ri, rr, word};
use crate::class::Class;
use crate::ext::Ext;
use crate::row::{Exec, Row};

const BOTH: Ext = Ext::ZBB.union(Ext::ZBKB);

const fn two(name: &'static str, encoding: &'static str, ext: Ext, class: Class, exec: Exec) -> Row {
    Row::new(name, "rd, rs1, rs2", encoding, ext, class, exec)
}

const fn one(name: &'static str, encoding: &'static str, ext: Ext, class: Class, exec: Exec) -> Row {
    Row::new(name, "rd, rs1", encoding, ext, class, exec)
}

const fn imm(name: &'static str, encoding: &'static str, exec: Exec) -> Row {
    Row::new(name, "rd, rs1, ximm", encoding, BOTH, Class::AluB, exec)
}

/// Semantics of `rd = f(rs1)`.
macro_rules! r {
    (|$a:ident| $value:expr) => {
        Exec::Direct(|h, op| {
            let $a: u64 = h.x[op.rs1 as usize];
            h.x[op.rd as usize] = $value;
            $crate::op::Flow::Next
        })
    };
}

/// Rows of Zbb.
pub const ROWS: &[Row] = &[
    two("andn", "rd rs1 rs2 31..25=0x20 14..12=7 6..0=0x33", BOTH, Class::Alu, rr!(|a, b| a & !b)),
    two("orn", "rd rs1 rs2 31..25=0x20 14..12=6 6..0=0x33", BOTH, Class::Alu, rr!(|a, b| a | !b)),
    two("xnor", "rd rs1 rs2 31..25=0x20 14..12=4 6..0=0x33", BOTH, Class::Alu, rr!(|a, b| !(a ^ b))),
    one("clz", "rd rs1 31..20=0x600 14..12=1 6..0=0x13", Ext::ZBB, Class::AluB, r!(|a| a.leading_zeros().into())),
    one("ctz", "rd rs1 31..20=0x601 14..12=1 6..0=0x13", Ext::ZBB, Class::AluB, r!(|a| a.trailing_zeros().into())),
    one("cpop", "rd rs1 31..20=0x602 14..12=1 6..0=0x13", Ext::ZBB, Class::Mul, r!(|a| a.count_ones().into())),
    one(
        "clzw",
        "rd rs1 31..20=0x600 14..12=1 6..0=0x1b",
        Ext::ZBB,
        Class::AluB,
        r!(|a| (a as u32).leading_zeros().into()),
    ),
    one(
        "ctzw",
        "rd rs1 31..20=0x601 14..12=1 6..0=0x1b",
        Ext::ZBB,
        Class::AluB,
        r!(|a| (a as u32).trailing_zeros().into()),
    ),
    one(
        "cpopw",
        "rd rs1 31..20=0x602 14..12=1 6..0=0x1b",
        Ext::ZBB,
        Class::Mul,
        r!(|a| (a as u32).count_ones().into()),
    ),
    two(
        "min",
        "rd rs1 rs2 31..25=5 14..12=4 6..0=0x33",
        Ext::ZBB,
        Class::AluB,
        rr!(|a, b| (a as i64).min(b as i64) as u64),
    ),
    two("minu", "rd rs1 rs2 31..25=5 14..12=5 6..0=0x33", Ext::ZBB, Class::AluB, rr!(|a, b| a.min(b))),
    two(
        "max",
        "rd rs1 rs2 31..25=5 14..12=6 6..0=0x33",
        Ext::ZBB,
        Class::AluB,
        rr!(|a, b| (a as i64).max(b as i64) as u64),
    ),
    two("maxu", "rd rs1 rs2 31..25=5 14..12=7 6..0=0x33", Ext::ZBB, Class::AluB, rr!(|a, b| a.max(b))),
    one("sext.b", "rd rs1 31..20=0x604 14..12=1 6..0=0x13", Ext::ZBB, Class::Alu, r!(|a| a as i8 as u64)),
    one("sext.h", "rd rs1 31..20=0x605 14..12=1 6..0=0x13", Ext::ZBB, Class::Alu, r!(|a| a as i16 as u64)),
    // Also a form of Zbkb's packw.
    one("zext.h", "rd rs1 31..20=0x080 14..12=4 6..0=0x3b", BOTH, Class::Alu, r!(|a| u64::from(a as u16))),
    two(
        "rol",
        "rd rs1 rs2 31..25=0x30 14..12=1 6..0=0x33",
        BOTH,
        Class::AluB,
        rr!(|a, b| a.rotate_left(b as u32 & 63)),
    ),
    two(
        "ror",
        "rd rs1 rs2 31..25=0x30 14..12=5 6..0=0x33",
        BOTH,
        Class::AluB,
        rr!(|a, b| a.rotate_right(b as u32 & 63)),
    ),
    imm("rori", "rd rs1 shamtd 31..26=0x18 14..12=5 6..0=0x13", ri!(|a, b| a.rotate_right(b as u32))),
    two(
        "rolw",
        "rd rs1 rs2 31..25=0x30 14..12=1 6..0=0x3b",
        BOTH,
        Class::AluB,
        rr!(|a, b| word((a as u32).rotate_left(b as u32 & 31))),
    ),
    two(
        "rorw",
        "rd rs1 rs2 31..25=0x30 14..12=5 6..0=0x3b",
        BOTH,
        Class::AluB,
        rr!(|a, b| word((a as u32).rotate_right(b as u32 & 31))),
    ),
    imm("roriw", "rd rs1 shamtw 31..25=0x30 14..12=5 6..0=0x1b", ri!(|a, b| word((a as u32).rotate_right(b as u32)))),
    one("orc.b", "rd rs1 31..20=0x287 14..12=5 6..0=0x13", Ext::ZBB, Class::AluB, r!(|a| or_bytes(a))),
    one("rev8", "rd rs1 31..20=0x6b8 14..12=5 6..0=0x13", BOTH, Class::Alu, r!(|a| a.swap_bytes())),
    two("pack", "rd rs1 rs2 31..25=4 14..12=4 6..0=0x33", Ext::ZBKB, Class::Alu, rr!(|a, b| a & 0xffff_ffff | b << 32)),
    two(
        "packh",
        "rd rs1 rs2 31..25=4 14..12=7 6..0=0x33",
        Ext::ZBKB,
        Class::Alu,
        rr!(|a, b| a & 0xff | (b & 0xff) << 8),
    ),
    two(
        "packw",
        "rd rs1 rs2 31..25=4 14..12=4 6..0=0x3b",
        Ext::ZBKB,
        Class::Alu,
        rr!(|a, b| word(a as u32 & 0xffff | (b as u32) << 16)),
    ),
    one(
        "brev8",
        "rd rs1 31..20=0x687 14..12=5 6..0=0x13",
        Ext::ZBKB,
        Class::Alu,
        r!(|a| a.swap_bytes().reverse_bits()),
    ),
];

/// Each byte becomes all ones unless it is zero.
fn or_bytes(value: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    // Adding 0x7f carries into a byte's top bit when any of its low bits is set.
    let nonzero = (((value & LOW) + LOW) | value) & !LOW;
    (nonzero >> 7) * 0xff
}
