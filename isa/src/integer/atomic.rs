//! A: load-reserved, store-conditional and atomic read-modify-write.
//!
//! There is one hart, so `aq` and `rl` order nothing; they are kept for the disassembler.

use crate::class::Class;
use crate::ext::Ext;
use crate::hart::{Cause, Hart, Scalar};
use crate::op::{Flow, Op};
use crate::row::{Exec, Mem, Row};

const fn amo(name: &'static str, encoding: &'static str, bytes: u8, exec: Exec) -> Row {
    Row::new(name, "rd, rs2, (rs1)", encoding, Ext::A, Class::Amo, exec).mem(Mem::Scalar(bytes))
}

const fn lr(name: &'static str, encoding: &'static str, bytes: u8, exec: Exec) -> Row {
    Row::new(name, "rd, (rs1)", encoding, Ext::A, Class::LoadReserved, exec).mem(Mem::Scalar(bytes))
}

const fn sc(name: &'static str, encoding: &'static str, bytes: u8, exec: Exec) -> Row {
    Row::new(name, "rd, rs2, (rs1)", encoding, Ext::A, Class::StoreConditional, exec).mem(Mem::Scalar(bytes))
}

/// Load-reserved and store-conditional.
pub const RESERVED: &[Row] = &[
    lr(
        "lr.w",
        "rd rs1 24..20=0 aq rl 31..27=2 14..12=2 6..0=0x2f",
        4,
        Exec::Direct(|h, op| load_reserved::<i32>(h, op, |v| v as u64)),
    ),
    lr(
        "lr.d",
        "rd rs1 24..20=0 aq rl 31..27=2 14..12=3 6..0=0x2f",
        8,
        Exec::Direct(|h, op| load_reserved::<u64>(h, op, |v| v)),
    ),
    sc(
        "sc.w",
        "rd rs1 rs2 aq rl 31..27=3 14..12=2 6..0=0x2f",
        4,
        Exec::Direct(|h, op| store_conditional::<u32>(h, op, |v| v as u32)),
    ),
    sc(
        "sc.d",
        "rd rs1 rs2 aq rl 31..27=3 14..12=3 6..0=0x2f",
        8,
        Exec::Direct(|h, op| store_conditional::<u64>(h, op, |v| v)),
    ),
];

/// Each line gives the `.w` and the `.d` row: name, funct5, the operand types of the two, and the new memory value
/// from the old one and rs2.
macro_rules! amos {
    ($($name:literal $funct5:literal $w:ty, $d:ty, |$old:ident, $rs2:ident| $value:expr;)*) => {
        /// Atomic read-modify-write.
        pub const AMOS: &[Row] = &[$(
            amo(
                concat!($name, ".w"),
                concat!("rd rs1 rs2 aq rl 31..27=", $funct5, " 14..12=2 6..0=0x2f"),
                4,
                Exec::Direct(|h, op| {
                    let $rs2 = h.x[op.rs2 as usize] as $w;
                    modify::<$w>(h, op, |$old| $value, |old| old as i32 as u64)
                }),
            ),
            amo(
                concat!($name, ".d"),
                concat!("rd rs1 rs2 aq rl 31..27=", $funct5, " 14..12=3 6..0=0x2f"),
                8,
                Exec::Direct(|h, op| {
                    let $rs2 = h.x[op.rs2 as usize] as $d;
                    modify::<$d>(h, op, |$old| $value, |old| old as u64)
                }),
            ),
        )*];
    };
}

amos! {
    "amoadd" "0" u32, u64, |old, rs2| old.wrapping_add(rs2);
    "amoswap" "1" u32, u64, |_old, rs2| rs2;
    "amoxor" "4" u32, u64, |old, rs2| old ^ rs2;
    "amoor" "8" u32, u64, |old, rs2| old | rs2;
    "amoand" "12" u32, u64, |old, rs2| old & rs2;
    "amomin" "16" i32, i64, |old, rs2| old.min(rs2);
    "amomax" "20" i32, i64, |old, rs2| old.max(rs2);
    "amominu" "24" u32, u64, |old, rs2| old.min(rs2);
    "amomaxu" "28" u32, u64, |old, rs2| old.max(rs2);
}

#[inline(always)]
fn modify<T: Scalar>(h: &mut Hart, op: &Op, new: impl FnOnce(T) -> T, extend: impl FnOnce(T) -> u64) -> Flow {
    let addr = h.x[op.rs1 as usize];
    let Some(old) = h.modify::<T>(addr, new) else { return Flow::Trap };
    h.log.push(addr);
    h.x[op.rd as usize] = extend(old);
    Flow::Next
}

#[inline(always)]
fn load_reserved<T: Scalar>(h: &mut Hart, op: &Op, extend: impl FnOnce(T) -> u64) -> Flow {
    let addr = h.x[op.rs1 as usize];
    if !addr.is_multiple_of(size_of::<T>() as u64) {
        h.raise(Cause::LoadMisaligned, addr);
        return Flow::Trap;
    }
    let Some(value) = h.load::<T>(addr) else { return Flow::Trap };
    h.log.push(addr);
    h.reservation = Some(addr);
    h.x[op.rd as usize] = extend(value);
    Flow::Next
}

#[inline(always)]
fn store_conditional<T: Scalar>(h: &mut Hart, op: &Op, narrow: impl FnOnce(u64) -> T) -> Flow {
    let addr = h.x[op.rs1 as usize];
    if !addr.is_multiple_of(size_of::<T>() as u64) {
        h.raise(Cause::StoreMisaligned, addr);
        return Flow::Trap;
    }
    let failed = h.reservation != Some(addr);
    if !failed && h.store::<T>(addr, narrow(h.x[op.rs2 as usize])).is_none() {
        return Flow::Trap;
    }
    h.reservation = None;
    h.log.push(addr);
    h.x[op.rd as usize] = u64::from(failed);
    Flow::Next
}
