//! Loads, stores, moves between integer and floating-point registers, constants.

use super::{needs, set};
use crate::chain::Hot;
use crate::class::Class;
use crate::ext::Ext;
use crate::float::{self, F16, F32, F64, Format};
use crate::hart::{Hart, Scalar};
use crate::op::{Flow, Op};
use crate::row::{Exec, Mem, Row};

/// Half-precision transfers do not look at the format, so bfloat16 brings them as well.
const HALF: Ext = Ext::ZFHMIN.union(Ext::ZFBFMIN);

#[inline(always)]
fn load<F: Format<Bits: Scalar>>(h: &mut Hart, op: &Op) -> Flow {
    let addr = h.x[op.rs1 as usize].wrapping_add(op.imm as u64);
    let Some(value) = h.load::<F::Bits>(addr) else { return Flow::Trap };
    h.log.push(addr);
    set::<F>(h, op.rd, value.into());
    Flow::Next
}

/// The usual case of [`load`].
#[inline(always)]
fn load_cached<F: Format<Bits: Scalar>>(h: &mut Hart, op: &Op) -> Option<()> {
    let value = h.load_cached::<F::Bits>(h.x[op.rs1 as usize].wrapping_add(op.imm as u64))?;
    set::<F>(h, op.rd, value.into());
    Some(())
}

/// The usual case of [`store`].
#[inline(always)]
fn store_cached<T: Scalar>(h: &mut Hart, op: &Op, narrow: impl FnOnce(u64) -> T) -> Option<()> {
    h.store_cached(h.x[op.rs1 as usize].wrapping_add(op.imm as u64), narrow(h.f[op.rs2 as usize]))
}

/// Stores and moves to integer registers transfer the low bits as they are, boxed or not.
#[inline(always)]
fn store<T: Scalar>(h: &mut Hart, op: &Op, narrow: impl FnOnce(u64) -> T) -> Flow {
    let addr = h.x[op.rs1 as usize].wrapping_add(op.imm as u64);
    let Some(()) = h.store::<T>(addr, narrow(h.f[op.rs2 as usize])) else { return Flow::Trap };
    h.log.push(addr);
    Flow::Next
}

#[inline(always)]
fn to_x(h: &mut Hart, op: &Op, extend: impl FnOnce(u64) -> i64) -> Flow {
    h.x[op.rd as usize] = extend(h.f[op.rs1 as usize]) as u64;
    Flow::Next
}

fn from_x<F: Format>(h: &mut Hart, op: &Op) -> Flow {
    set::<F>(h, op.rd, h.x[op.rs1 as usize] & F::MASK);
    Flow::Next
}

fn constant<F: Format>(h: &mut Hart, op: &Op) -> Flow {
    set::<F>(h, op.rd, float::load_immediate::<F>(op.rs1.into()));
    Flow::Next
}

const fn load_row(name: &'static str, encoding: &'static str, bytes: u8, ext: Ext, exec: Exec) -> Row {
    Row::new(name, "fd, imm(rs1)", encoding, ext, Class::FpLoad, exec).mem(Mem::Scalar(bytes))
}

const fn store_row(name: &'static str, encoding: &'static str, bytes: u8, ext: Ext, exec: Exec) -> Row {
    Row::new(name, "fs2, imm(rs1)", encoding, ext, Class::FpStore, exec).mem(Mem::Scalar(bytes))
}

const fn move_row(name: &'static str, syntax: &'static str, encoding: &'static str, ext: Ext, exec: Exec) -> Row {
    Row::new(name, syntax, encoding, ext, Class::FpMove, exec)
}

const fn constant_row(name: &'static str, encoding: &'static str, exec: Exec) -> Row {
    Row::new(name, "fd, fpconst", encoding, Ext::ZFA, Class::FpOther, exec)
}

const ROWS: &[Row] = &[
    load_row(
        "flh",
        "rd rs1 imm12 14..12=1 6..0=0x07",
        2,
        HALF,
        Exec::Hot(Hot::usually(load_cached::<F16>, load::<F16>)),
    ),
    load_row(
        "flw",
        "rd rs1 imm12 14..12=2 6..0=0x07",
        4,
        Ext::F,
        Exec::Hot(Hot::usually(load_cached::<F32>, load::<F32>)),
    ),
    load_row(
        "fld",
        "rd rs1 imm12 14..12=3 6..0=0x07",
        8,
        Ext::D,
        Exec::Hot(Hot::usually(load_cached::<F64>, load::<F64>)),
    ),
    store_row(
        "fsh",
        "imm12hi rs1 rs2 imm12lo 14..12=1 6..0=0x27",
        2,
        HALF,
        Exec::Hot(Hot::usually(|h, op| store_cached(h, op, |v| v as u16), |h, op| store(h, op, |v| v as u16))),
    ),
    store_row(
        "fsw",
        "imm12hi rs1 rs2 imm12lo 14..12=2 6..0=0x27",
        4,
        Ext::F,
        Exec::Hot(Hot::usually(|h, op| store_cached(h, op, |v| v as u32), |h, op| store(h, op, |v| v as u32))),
    ),
    store_row(
        "fsd",
        "imm12hi rs1 rs2 imm12lo 14..12=3 6..0=0x27",
        8,
        Ext::D,
        Exec::Hot(Hot::usually(|h, op| store_cached(h, op, |v| v), |h, op| store(h, op, |v| v))),
    ),
    move_row(
        "fmv.x.h",
        "rd, fs1",
        "rd rs1 31..25=0x72 24..20=0 14..12=0 6..0=0x53",
        HALF,
        Exec::Direct(|h, op| to_x(h, op, |v| (v as i16).into())),
    ),
    move_row(
        "fmv.x.w",
        "rd, fs1",
        "rd rs1 31..25=0x70 24..20=0 14..12=0 6..0=0x53",
        Ext::F,
        Exec::Direct(|h, op| to_x(h, op, |v| (v as i32).into())),
    ),
    move_row(
        "fmv.x.d",
        "rd, fs1",
        "rd rs1 31..25=0x71 24..20=0 14..12=0 6..0=0x53",
        Ext::D,
        Exec::Direct(|h, op| to_x(h, op, |v| v as i64)),
    ),
    move_row("fmv.h.x", "fd, rs1", "rd rs1 31..25=0x7a 24..20=0 14..12=0 6..0=0x53", HALF, Exec::Direct(from_x::<F16>)),
    move_row(
        "fmv.w.x",
        "fd, rs1",
        "rd rs1 31..25=0x78 24..20=0 14..12=0 6..0=0x53",
        Ext::F,
        Exec::Direct(from_x::<F32>),
    ),
    move_row(
        "fmv.d.x",
        "fd, rs1",
        "rd rs1 31..25=0x79 24..20=0 14..12=0 6..0=0x53",
        Ext::D,
        Exec::Direct(from_x::<F64>),
    ),
    constant_row("fli.s", "rd zimm 31..25=0x78 24..20=1 14..12=0 6..0=0x53", Exec::Direct(constant::<F32>)),
    constant_row(
        "fli.d",
        "rd zimm 31..25=0x79 24..20=1 14..12=0 6..0=0x53",
        Exec::Select(|_, ctx| {
            needs(ctx, Ext::D)?;
            Ok(constant::<F64>)
        }),
    ),
    constant_row(
        "fli.h",
        "rd zimm 31..25=0x7a 24..20=1 14..12=0 6..0=0x53",
        Exec::Select(|_, ctx| {
            needs(ctx, Ext::ZFH | Ext::ZVFH)?;
            Ok(constant::<F16>)
        }),
    ),
];

/// The rows of this file.
pub(super) fn families() -> Vec<&'static [Row]> {
    vec![ROWS]
}
