//! Integer arithmetic.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use cranelift_codegen::ir::{InstBuilder, Type, Value};
use rvtile_isa::hart::Hart;
use rvtile_isa::op::Op;

use super::emit::Emitter;

/// Does an operation if it is integer arithmetic.
pub(super) fn emit(e: &mut Emitter<'_>, index: usize, name: &str, op: &Op) -> bool {
    if let Some((kind, width)) = division(name) {
        divide(e, index, op, kind, width);
        return true;
    }
    // What would write x0 has no other effect. Where there is no destination at all, its number is 0, too.
    let nowhere = matches!(op.rd, 0 | Hart::SINK);
    match value(e, name, op) {
        Some(_) if nowhere => true,
        Some(value) => {
            e.set_x(op.rd, value);
            true
        }
        None => false,
    }
}

/// The result of `rd = f(rs1, rs2)`, `rd = f(rs1, imm)` and `rd = f(rs1)`.
fn value(e: &mut Emitter<'_>, name: &str, op: &Op) -> Option<Value> {
    if let ("addi" | "ori" | "xori", 0) | ("lui" | "auipc", _) = (name, op.rs1) {
        return Some(e.constant(op.imm));
    }
    if let ("addi", 0) = (name, op.imm) {
        return Some(e.x(op.rs1));
    }
    if let ("add" | "or", 0) = (name, op.rs1) {
        return Some(e.x(op.rs2));
    }
    Some(match name {
        "addi" | "addiw" | "slti" | "sltiu" | "xori" | "ori" | "andi" | "slli" | "srli" | "srai" | "slliw"
        | "srliw" | "sraiw" | "rori" | "roriw" | "slli.uw" | "bclri" | "bexti" | "binvi" | "bseti" => {
            let (a, b) = (e.x(op.rs1), e.constant(op.imm));
            two(e, register_form(name), a, b)
        }
        "add" | "sub" | "sll" | "slt" | "sltu" | "xor" | "srl" | "sra" | "or" | "and" | "addw" | "subw" | "sllw"
        | "srlw" | "sraw" | "mul" | "mulh" | "mulhu" | "mulw" | "add.uw" | "sh1add" | "sh2add" | "sh3add"
        | "sh1add.uw" | "sh2add.uw" | "sh3add.uw" | "andn" | "orn" | "xnor" | "min" | "minu" | "max" | "maxu"
        | "rol" | "ror" | "rolw" | "rorw" | "bclr" | "bext" | "binv" | "bset" | "czero.eqz" | "czero.nez" => {
            let (a, b) = (e.x(op.rs1), e.x(op.rs2));
            two(e, name, a, b)
        }
        _ => {
            let a = e.x(op.rs1);
            return one(e, name, a);
        }
    })
}

/// The instruction that does with a register what this one does with an immediate.
fn register_form(name: &str) -> &str {
    match name {
        "addi" => "add",
        "addiw" => "addw",
        "slti" => "slt",
        "sltiu" => "sltu",
        "xori" => "xor",
        "ori" => "or",
        "andi" => "and",
        "slli" => "sll",
        "srli" => "srl",
        "srai" => "sra",
        "slliw" => "sllw",
        "srliw" => "srlw",
        "sraiw" => "sraw",
        "rori" => "ror",
        "roriw" => "rorw",
        "bclri" => "bclr",
        "bexti" => "bext",
        "binvi" => "binv",
        "bseti" => "bset",
        _ => name,
    }
}

fn two(e: &mut Emitter<'_>, name: &str, a: Value, b: Value) -> Value {
    // Shifts of the host count modulo the width, too.
    match name {
        "add" => e.b.ins().iadd(a, b),
        "sub" => e.b.ins().isub(a, b),
        "xor" => e.b.ins().bxor(a, b),
        "or" => e.b.ins().bor(a, b),
        "and" => e.b.ins().band(a, b),
        "sll" => e.b.ins().ishl(a, b),
        "srl" => e.b.ins().ushr(a, b),
        "sra" => e.b.ins().sshr(a, b),
        "rol" => e.b.ins().rotl(a, b),
        "ror" => e.b.ins().rotr(a, b),
        "slt" => compare(e, IntCC::SignedLessThan, a, b),
        "sltu" => compare(e, IntCC::UnsignedLessThan, a, b),
        "mul" => e.b.ins().imul(a, b),
        "mulh" => e.b.ins().smulhi(a, b),
        "mulhu" => e.b.ins().umulhi(a, b),
        "addw" => words(e, a, b, |e, a, b| e.b.ins().iadd(a, b)),
        "subw" => words(e, a, b, |e, a, b| e.b.ins().isub(a, b)),
        "mulw" => words(e, a, b, |e, a, b| e.b.ins().imul(a, b)),
        "sllw" => words(e, a, b, |e, a, b| e.b.ins().ishl(a, b)),
        "srlw" => words(e, a, b, |e, a, b| e.b.ins().ushr(a, b)),
        "sraw" => words(e, a, b, |e, a, b| e.b.ins().sshr(a, b)),
        "rolw" => words(e, a, b, |e, a, b| e.b.ins().rotl(a, b)),
        "rorw" => words(e, a, b, |e, a, b| e.b.ins().rotr(a, b)),
        "sh1add" => shift_add(e, a, b, 1),
        "sh2add" => shift_add(e, a, b, 2),
        "sh3add" => shift_add(e, a, b, 3),
        "add.uw" => unsigned_word(e, a, b, 0),
        "sh1add.uw" => unsigned_word(e, a, b, 1),
        "sh2add.uw" => unsigned_word(e, a, b, 2),
        "sh3add.uw" => unsigned_word(e, a, b, 3),
        "slli.uw" => {
            let low = extend(e, a, I32, false);
            e.b.ins().ishl(low, b)
        }
        "andn" => e.b.ins().band_not(a, b),
        "orn" => e.b.ins().bor_not(a, b),
        "xnor" => e.b.ins().bxor_not(a, b),
        "min" => e.b.ins().smin(a, b),
        "minu" => e.b.ins().umin(a, b),
        "max" => e.b.ins().smax(a, b),
        "maxu" => e.b.ins().umax(a, b),
        "bext" => {
            let (shifted, one) = (e.b.ins().ushr(a, b), e.constant(1));
            e.b.ins().band(shifted, one)
        }
        "bset" => bit(e, b, |e, bit| e.b.ins().bor(a, bit)),
        "binv" => bit(e, b, |e, bit| e.b.ins().bxor(a, bit)),
        "bclr" => bit(e, b, |e, bit| e.b.ins().band_not(a, bit)),
        "czero.eqz" => unless(e, IntCC::Equal, a, b),
        _ => unless(e, IntCC::NotEqual, a, b),
    }
}

fn one(e: &mut Emitter<'_>, name: &str, a: Value) -> Option<Value> {
    Some(match name {
        "clz" => e.b.ins().clz(a),
        "ctz" => e.b.ins().ctz(a),
        "cpop" => e.b.ins().popcnt(a),
        "rev8" => e.b.ins().bswap(a),
        "sext.b" => extend(e, a, I8, true),
        "sext.h" => extend(e, a, I16, true),
        "zext.h" => extend(e, a, I16, false),
        _ => return None,
    })
}

fn compare(e: &mut Emitter<'_>, condition: IntCC, a: Value, b: Value) -> Value {
    let flag = e.b.ins().icmp(condition, a, b);
    e.b.ins().uextend(I64, flag)
}

/// The low part of a value, extended.
fn extend(e: &mut Emitter<'_>, value: Value, from: Type, signed: bool) -> Value {
    let low = e.b.ins().ireduce(from, value);
    if signed { e.b.ins().sextend(I64, low) } else { e.b.ins().uextend(I64, low) }
}

/// A result of the low words, sign-extended.
fn words(e: &mut Emitter<'_>, a: Value, b: Value, f: impl FnOnce(&mut Emitter<'_>, Value, Value) -> Value) -> Value {
    let (a, b) = (e.b.ins().ireduce(I32, a), e.b.ins().ireduce(I32, b));
    let word = f(e, a, b);
    e.b.ins().sextend(I64, word)
}

fn shift_add(e: &mut Emitter<'_>, a: Value, b: Value, shift: i64) -> Value {
    let shift = e.constant(shift);
    let shifted = e.b.ins().ishl(a, shift);
    e.b.ins().iadd(b, shifted)
}

fn unsigned_word(e: &mut Emitter<'_>, a: Value, b: Value, shift: i64) -> Value {
    let low = extend(e, a, I32, false);
    if shift == 0 { e.b.ins().iadd(b, low) } else { shift_add(e, low, b, shift) }
}

fn bit(e: &mut Emitter<'_>, number: Value, f: impl FnOnce(&mut Emitter<'_>, Value) -> Value) -> Value {
    let one = e.constant(1);
    let bit = e.b.ins().ishl(one, number);
    f(e, bit)
}

/// `a`, or zero if `b` compares so with zero.
fn unless(e: &mut Emitter<'_>, condition: IntCC, a: Value, b: Value) -> Value {
    let zero = e.constant(0);
    let flag = e.b.ins().icmp(condition, b, zero);
    e.b.ins().select(flag, zero, a)
}

#[derive(Clone, Copy)]
enum Division {
    Quotient { signed: bool },
    Remainder { signed: bool },
}

fn division(name: &str) -> Option<(Division, Type)> {
    let kind = |name| {
        Some(match name {
            "div" => Division::Quotient { signed: true },
            "divu" => Division::Quotient { signed: false },
            "rem" => Division::Remainder { signed: true },
            "remu" => Division::Remainder { signed: false },
            _ => return None,
        })
    };
    kind(name).map(|kind| (kind, I64)).or_else(|| Some((kind(name.strip_suffix('w')?)?, I32)))
}

/// The host divides, except by zero and by -1, which its divider may refuse.
fn divide(e: &mut Emitter<'_>, index: usize, op: &Op, kind: Division, width: Type) {
    if matches!(op.rd, 0 | Hart::SINK) {
        return;
    }
    let (mut a, mut b) = (e.x(op.rs1), e.x(op.rs2));
    if width == I32 {
        (a, b) = (e.b.ins().ireduce(I32, a), e.b.ins().ireduce(I32, b));
    }
    // b + 1 is 0 or 1 for the divisors in question.
    let (one, one_more) = (e.b.ins().iconst(width, 1), e.b.ins().iconst(width, 1));
    let next = e.b.ins().iadd(b, one);
    let ok = e.b.ins().icmp(IntCC::UnsignedGreaterThan, next, one_more);
    e.usually(ok, index, 0, |e| {
        let result = match kind {
            Division::Quotient { signed: true } => e.b.ins().sdiv(a, b),
            Division::Quotient { signed: false } => e.b.ins().udiv(a, b),
            Division::Remainder { signed: true } => e.b.ins().srem(a, b),
            Division::Remainder { signed: false } => e.b.ins().urem(a, b),
        };
        let result = if width == I32 { e.b.ins().sextend(I64, result) } else { result };
        e.set_x(op.rd, result);
    });
}
