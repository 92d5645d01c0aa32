//! Scalar floating-point arithmetic, rounding to nearest, on the host's unit.
//!
//! The host's status word collects the flags while guest code runs, here as in the handlers (see
//! [`host`](rvtile_isa::float::host)). A result that is a NaN, and an operand where that matters, is for the handler, which
//! does the operation again. Every result that can be inexact is looked at, so that no arithmetic is left out.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::types::{F32, F32X4, F64, F64X2, I32, I64};
use cranelift_codegen::ir::{ConstantData, Endianness, InstBuilder, MemFlagsData, Type, Value};
use rvtile_isa::float::Rounding;
use rvtile_isa::op::Op;

use super::emit::Emitter;

/// Between vectors of the same size; lanes count from the low bits.
const LITTLE: MemFlagsData = MemFlagsData::new().with_endianness(Endianness::Little);

/// The upper half of a register that holds a single.
const BOX: i64 = -1 << 32;

/// The canonical NaN of single precision.
const F32_NAN: u32 = 0x7fc0_0000;

impl Emitter<'_> {
    /// The low half of a floating-point register.
    pub fn single(&mut self, register: u8) -> Value {
        let double = self.f(register);
        let vector = self.b.ins().scalar_to_vector(F64X2, double);
        let vector = self.b.ins().bitcast(F32X4, LITTLE, vector);
        self.b.ins().extractlane(vector, 0)
    }

    /// Sets a floating-point register to a single.
    pub fn set_single(&mut self, register: u8, value: Value) {
        let mut bytes = [0xff; 16];
        bytes[..4].fill(0);
        bytes[8..].fill(0);
        let vector = self.b.ins().scalar_to_vector(F32X4, value);
        let upper = self.b.func.dfg.constants.insert(ConstantData::from(&bytes[..]));
        let upper = self.b.ins().vconst(F32X4, upper);
        let boxed = self.b.ins().bor(vector, upper);
        let boxed = self.b.ins().bitcast(F64X2, LITTLE, boxed);
        let boxed = self.b.ins().extractlane(boxed, 0);
        self.set_f(register, boxed, true);
    }
}

/// A format that the host computes in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Single,
    Double,
}

impl Format {
    /// The name of an instruction without its format.
    fn of(name: &str) -> Option<(&str, Format)> {
        let single = name.strip_suffix(".s").map(|stem| (stem, Format::Single));
        single.or_else(|| Some((name.strip_suffix(".d")?, Format::Double)))
    }

    fn ty(self) -> Type {
        match self {
            Format::Single => F32,
            Format::Double => F64,
        }
    }

    /// The value of a register: what is not properly boxed counts as the canonical NaN.
    fn get(self, e: &mut Emitter<'_>, register: u8) -> Value {
        let double = e.f(register);
        if self == Format::Double {
            return double;
        }
        let single = e.single(register);
        if e.boxed >> register & 1 != 0 {
            return single;
        }
        let (bits, limit) = (e.b.ins().bitcast(I64, LITTLE, double), e.constant(BOX));
        let boxed = e.b.ins().icmp(IntCC::UnsignedGreaterThanOrEqual, bits, limit);
        let nan = e.b.ins().f32const(f32::from_bits(F32_NAN));
        e.b.ins().select(boxed, single, nan)
    }

    fn set(self, e: &mut Emitter<'_>, register: u8, value: Value) {
        match self {
            Format::Single => e.set_single(register, value),
            Format::Double => e.set_f(register, value, false),
        }
    }
}

/// Does an operation if it is scalar floating-point arithmetic that can be done here.
pub(super) fn emit(e: &mut Emitter<'_>, index: usize, name: &str, op: &Op) -> bool {
    if moves(e, name, op) || from_integer(e, index, name, op) {
        return true;
    }
    let Some((stem, format)) = Format::of(name) else { return false };
    if let "fcvt.w" | "fcvt.l" = stem {
        return to_integer(e, index, op, format, if stem == "fcvt.w" { I32 } else { I64 });
    }
    if signs(e, stem, op, format) || comparison(e, index, stem, op, format) {
        return true;
    }
    // All that remains rounds.
    if op.small != Rounding::Rne as u8 {
        return false;
    }
    let Some((result, format)) = arithmetic(e, stem, op, format) else { return false };
    let number = e.b.ins().fcmp(FloatCC::Ordered, result, result);
    e.usually(number, index, 0, |e| format.set(e, op.rd, result));
    true
}

/// The result of an operation that rounds, and its format.
fn arithmetic(e: &mut Emitter<'_>, stem: &str, op: &Op, format: Format) -> Option<(Value, Format)> {
    if !matches!(
        stem,
        "fadd" | "fsub" | "fmul" | "fdiv" | "fsqrt" | "fmadd" | "fmsub" | "fnmadd" | "fnmsub" | "fcvt.s" | "fcvt.d"
    ) {
        return None;
    }
    let a = format.get(e, op.rs1);
    match stem {
        "fsqrt" => return Some((e.b.ins().sqrt(a), format)),
        "fcvt.s" => return Some((e.b.ins().fdemote(F32, a), Format::Single)),
        "fcvt.d" => return Some((e.b.ins().fpromote(F64, a), Format::Double)),
        _ => {}
    }
    let b = format.get(e, op.rs2);
    let result = match stem {
        "fadd" => e.b.ins().fadd(a, b),
        "fsub" => e.b.ins().fsub(a, b),
        "fmul" => e.b.ins().fmul(a, b),
        "fdiv" => e.b.ins().fdiv(a, b),
        _ => {
            let c = format.get(e, op.rs3);
            let a = if let "fnmadd" | "fnmsub" = stem { e.b.ins().fneg(a) } else { a };
            let c = if let "fmsub" | "fnmadd" = stem { e.b.ins().fneg(c) } else { c };
            e.b.ins().fma(a, b, c)
        }
    };
    Some((result, format))
}

/// Transfers between the register files: bits as they are.
fn moves(e: &mut Emitter<'_>, name: &str, op: &Op) -> bool {
    match name {
        "fmv.x.d" | "fmv.x.w" => {
            let double = e.f(op.rs1);
            let mut bits = e.b.ins().bitcast(I64, LITTLE, double);
            if name == "fmv.x.w" {
                let low = e.b.ins().ireduce(I32, bits);
                bits = e.b.ins().sextend(I64, low);
            }
            e.set_x(op.rd, bits);
        }
        "fmv.d.x" | "fmv.w.x" => {
            let mut bits = e.x(op.rs1);
            if name == "fmv.w.x" {
                let upper = e.constant(BOX);
                bits = e.b.ins().bor(bits, upper);
            }
            let double = e.b.ins().bitcast(F64, LITTLE, bits);
            e.set_f(op.rd, double, name == "fmv.w.x");
        }
        _ => return false,
    }
    true
}

/// Conversions from integers, which never give a NaN.
fn from_integer(e: &mut Emitter<'_>, index: usize, name: &str, op: &Op) -> bool {
    let (format, word, signed) = match name {
        "fcvt.d.w" => (Format::Double, true, true),
        "fcvt.d.wu" => (Format::Double, true, false),
        "fcvt.d.l" => (Format::Double, false, true),
        "fcvt.s.w" => (Format::Single, true, true),
        "fcvt.s.wu" => (Format::Single, true, false),
        "fcvt.s.l" => (Format::Single, false, true),
        _ => return false,
    };
    let exact = format == Format::Double && word;
    if !exact && op.small != Rounding::Rne as u8 {
        return false;
    }
    let mut a = e.x(op.rs1);
    if word {
        let low = e.b.ins().ireduce(I32, a);
        a = if signed { e.b.ins().sextend(I64, low) } else { e.b.ins().uextend(I64, low) };
    }
    let value = e.b.ins().fcvt_from_sint(format.ty(), a);
    let number = e.b.ins().fcmp(FloatCC::Ordered, value, value);
    e.usually(number, index, 0, |e| format.set(e, op.rd, value));
    true
}

/// Conversions to signed integers that truncate, of numbers in range.
fn to_integer(e: &mut Emitter<'_>, index: usize, op: &Op, format: Format, width: Type) -> bool {
    if op.small != Rounding::Rtz as u8 {
        return false;
    }
    let a = format.get(e, op.rs1);
    let integer = e.b.ins().fcvt_to_sint_sat(width, a);
    // Those out of range become the least or the greatest integer, or zero.
    let magnitude = e.b.ins().fabs(a);
    let limit = if width == I32 { 31 } else { 63 };
    let (limit, least) = match format {
        Format::Single => (e.b.ins().f32const(2f32.powi(limit)), i64::MIN >> (63 - limit)),
        Format::Double => (e.b.ins().f64const(2f64.powi(limit)), i64::MIN >> (63 - limit)),
    };
    let integer = if width == I32 { e.b.ins().sextend(I64, integer) } else { integer };
    let least = e.constant(least);
    let fits = e.b.ins().fcmp(FloatCC::LessThan, magnitude, limit);
    let inside = e.b.ins().icmp(IntCC::NotEqual, integer, least);
    let ok = e.b.ins().band(fits, inside);
    e.usually(ok, index, 0, |e| e.set_x(op.rd, integer));
    true
}

/// Sign injection of a register's own sign: copy, negation, magnitude.
fn signs(e: &mut Emitter<'_>, stem: &str, op: &Op, format: Format) -> bool {
    if op.rs1 != op.rs2 || !matches!(stem, "fsgnj" | "fsgnjn" | "fsgnjx") {
        return false;
    }
    let a = format.get(e, op.rs1);
    let value = match stem {
        "fsgnj" => a,
        "fsgnjn" => e.b.ins().fneg(a),
        _ => e.b.ins().fabs(a),
    };
    format.set(e, op.rd, value);
    true
}

/// Comparison, minimum and maximum of numbers.
fn comparison(e: &mut Emitter<'_>, index: usize, stem: &str, op: &Op, format: Format) -> bool {
    let condition = match stem {
        "feq" => FloatCC::Equal,
        "flt" | "fmin" => FloatCC::LessThan,
        "fle" => FloatCC::LessThanOrEqual,
        "fmax" => FloatCC::GreaterThan,
        _ => return false,
    };
    let (a, b) = (format.get(e, op.rs1), format.get(e, op.rs2));
    // Of equal numbers one may be the negative zero.
    let choice = matches!(stem, "fmin" | "fmax");
    let fits = if choice { FloatCC::OrderedNotEqual } else { FloatCC::Ordered };
    let ok = e.b.ins().fcmp(fits, a, b);
    e.usually(ok, index, 0, |e| {
        let holds = e.b.ins().fcmp(condition, a, b);
        if choice {
            let value = e.b.ins().select(holds, a, b);
            format.set(e, op.rd, value);
        } else {
            let value = e.b.ins().uextend(I64, holds);
            e.set_x(op.rd, value);
        }
    });
    true
}
