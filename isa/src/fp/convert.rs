//! Conversions: to and from integers, between formats, to integral values.

use super::{get, mode, needs, set};
use crate::class::Class;
use crate::ext::Ext;
use crate::float::{self, BF16, F16, F32, F64, Flags, Format, Int, Rounding};
use crate::hart::Hart;
use crate::op::{Flow, Op};
use crate::row::{Exec, Row};

fn to_int<F: Format>(h: &mut Hart, op: &Op, int: Int) -> Flow {
    let a = get::<F>(h, op.rs1);
    let r = float::to_int::<F>(a, int, mode(op), &mut h.fflags);
    // Every 32-bit result is sign-extended, the unsigned one too.
    h.x[op.rd as usize] = if int.width == 32 { i64::from(r as i32) as u64 } else { r };
    Flow::Next
}

#[inline(always)]
fn from_int<F: Format>(h: &mut Hart, op: &Op, value: impl FnOnce(u64, Rounding, &mut Flags) -> u64) -> Flow {
    let r = value(h.x[op.rs1 as usize], mode(op), &mut h.fflags);
    set::<F>(h, op.rd, r);
    Flow::Next
}

fn convert<From: Format, To: Format>(h: &mut Hart, op: &Op) -> Flow {
    let a = get::<From>(h, op.rs1);
    let r = float::convert::<From, To>(a, mode(op), &mut h.fflags);
    set::<To>(h, op.rd, r);
    Flow::Next
}

fn integral<F: Format, const RAISE_INEXACT: bool>(h: &mut Hart, op: &Op) -> Flow {
    let a = get::<F>(h, op.rs1);
    let r = float::round_to_integral::<F>(a, mode(op), RAISE_INEXACT, &mut h.fflags);
    set::<F>(h, op.rd, r);
    Flow::Next
}

const fn row(name: &'static str, syntax: &'static str, encoding: &'static str, ext: Ext, exec: Exec) -> Row {
    Row::new(name, syntax, encoding, ext, Class::FpOther, exec)
}

/// Conversions from one format to another: always an `rm` field, which an exact conversion does not show (assemblers
/// write 0 there and accept no operand for it).
macro_rules! formats {
    ($name:literal, $syntax:literal, $encoding:literal, $ext:expr, $from:ty => $to:ty) => {
        row($name, $syntax, concat!("rd rs1 rm ", $encoding, " 6..0=0x53"), $ext, Exec::Direct(convert::<$from, $to>))
    };
    ($name:literal, $syntax:literal, $encoding:literal, $ext:expr, and $also:expr, $from:ty => $to:ty) => {
        row(
            $name,
            $syntax,
            concat!("rd rs1 rm ", $encoding, " 6..0=0x53"),
            $ext,
            Exec::Select(|_, ctx| {
                needs(ctx, $also)?;
                Ok(convert::<$from, $to>)
            }),
        )
    };
}

const BETWEEN_FORMATS: &[Row] = &[
    formats!("fcvt.s.d", "fd, fs1 rm", "31..25=0x20 24..20=1", Ext::D, F64 => F32),
    formats!("fcvt.d.s", "fd, fs1", "31..25=0x21 24..20=0", Ext::D, F32 => F64),
    formats!("fcvt.s.h", "fd, fs1", "31..25=0x20 24..20=2", Ext::ZFHMIN, F16 => F32),
    formats!("fcvt.h.s", "fd, fs1 rm", "31..25=0x22 24..20=0", Ext::ZFHMIN, F32 => F16),
    formats!("fcvt.d.h", "fd, fs1", "31..25=0x21 24..20=2", Ext::ZFHMIN, and Ext::D, F16 => F64),
    formats!("fcvt.h.d", "fd, fs1 rm", "31..25=0x22 24..20=1", Ext::ZFHMIN, and Ext::D, F64 => F16),
    formats!("fcvt.s.bf16", "fd, fs1", "31..25=0x20 24..20=6", Ext::ZFBFMIN, BF16 => F32),
    formats!("fcvt.bf16.s", "fd, fs1 rm", "31..25=0x22 24..20=8", Ext::ZFBFMIN, F32 => BF16),
    row(
        "fcvtmod.w.d",
        "rd, fs1 rm",
        "rd rs1 31..25=0x61 24..20=8 14..12=1 6..0=0x53",
        Ext::ZFA,
        Exec::Select(|_, ctx| {
            needs(ctx, Ext::D)?;
            Ok(|h, op| {
                let a = get::<F64>(h, op.rs1);
                h.x[op.rd as usize] = float::fcvtmod_w_d(a, &mut h.fflags);
                Flow::Next
            })
        }),
    ),
];

/// To and from integers and to integral values, for one format. `$narrow` is the syntax of conversions from 32-bit
/// integers, which double precision represents exactly.
macro_rules! rows {
    ($rows:ident, $format:ty, $suffix:literal, $fmt:literal, $ext:expr, $narrow:literal) => {
        const $rows: &[Row] = &[
    rows!(@to "w", "0", $suffix, $fmt, $ext, |h, op| to_int::<$format>(h, op, Int::I32)),
    rows!(@to "wu", "1", $suffix, $fmt, $ext, |h, op| to_int::<$format>(h, op, Int::U32)),
    rows!(@to "l", "2", $suffix, $fmt, $ext, |h, op| to_int::<$format>(h, op, Int::I64)),
    rows!(@to "lu", "3", $suffix, $fmt, $ext, |h, op| to_int::<$format>(h, op, Int::U64)),
            rows!(@from ".w", "0", $narrow, $suffix, $fmt, $ext, |h, op| {
                from_int::<$format>(h, op, |x, rm, flags| float::from_i32::<$format>(x as i32, rm, flags))
            }),
            rows!(@from ".wu", "1", $narrow, $suffix, $fmt, $ext, |h, op| {
                from_int::<$format>(h, op, |x, rm, flags| float::from_u32::<$format>(x as u32, rm, flags))
            }),
            rows!(@from ".l", "2", "fd, rs1 rm", $suffix, $fmt, $ext, |h, op| {
                from_int::<$format>(h, op, |x, rm, flags| float::from_i64::<$format>(x as i64, rm, flags))
            }),
            rows!(@from ".lu", "3", "fd, rs1 rm", $suffix, $fmt, $ext, |h, op| {
                from_int::<$format>(h, op, float::from_u64::<$format>)
            }),
    rows!(@integral "fround", "4", $suffix, $fmt, $ext, integral::<$format, false>),
    rows!(@integral "froundnx", "5", $suffix, $fmt, $ext, integral::<$format, true>),
        ];
    };
    (@to $int:literal, $code:literal, $suffix:literal, $fmt:literal, $ext:expr, $handler:expr) => {
        row(
            concat!("fcvt.", $int, $suffix),
            "rd, fs1 rm",
            concat!("rd rs1 rm 31..27=0x18 26..25=", $fmt, " 24..20=", $code, " 6..0=0x53"),
            $ext,
            Exec::Direct($handler),
        )
    };
    (@from $int:literal, $code:literal, $syntax:literal, $suffix:literal, $fmt:literal, $ext:expr, $handler:expr) => {
        row(
            concat!("fcvt", $suffix, $int),
            $syntax,
            concat!("rd rs1 rm 31..27=0x1a 26..25=", $fmt, " 24..20=", $code, " 6..0=0x53"),
            $ext,
            Exec::Direct($handler),
        )
    };
    (@integral $name:literal, $code:literal, $suffix:literal, $fmt:literal, $ext:expr, $handler:expr) => {
        row(
            concat!($name, $suffix),
            "fd, fs1 rm",
            concat!("rd rs1 rm 31..27=0x08 26..25=", $fmt, " 24..20=", $code, " 6..0=0x53"),
            Ext::ZFA,
            Exec::Select(|_, ctx| {
                needs(ctx, $ext)?;
                Ok($handler)
            }),
        )
    };
}

rows!(SINGLE, F32, ".s", "0", Ext::F, "fd, rs1 rm");
rows!(DOUBLE, F64, ".d", "1", Ext::D, "fd, rs1");
rows!(HALF, F16, ".h", "2", Ext::ZFH, "fd, rs1 rm");

/// The rows of this file.
pub(super) fn families() -> Vec<&'static [Row]> {
    vec![SINGLE, DOUBLE, HALF, BETWEEN_FORMATS]
}
