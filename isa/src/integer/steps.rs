//! The semantics that scalar code is full of, as types, so that neighbours can be run in one go; see [`pairs`](super::pairs).

use std::marker::PhantomData;

use super::word;
use crate::chain::{Branch, Step};
use crate::hart::{Hart, Scalar};
use crate::op::{Flow, Op};

/// `Name = kind, |a, b| value`: `rd = value` of rs1 and of rs2 or the immediate.
macro_rules! arithmetic {
    ($($name:ident = $kind:literal, $second:ident, |$a:ident, $b:ident| $value:expr;)*) => { $(
        pub(super) struct $name;

        impl Step for $name {
            const KIND: u8 = $kind;
            #[inline(always)]
            fn step(h: &mut Hart, op: &Op) -> Option<()> {
                let ($a, $b): (u64, u64) = (h.x[op.rs1 as usize], arithmetic!(@$second h, op));
                h.x[op.rd as usize] = $value;
                Some(())
            }
            fn general(h: &mut Hart, op: &Op) -> Flow {
                Self::step(h, op);
                Flow::Next
            }
        }
    )* };
    (@register $h:ident, $op:ident) => { $h.x[$op.rs2 as usize] };
    (@immediate $h:ident, $op:ident) => { $op.imm as u64 };
}

arithmetic! {
    Addi = 1, immediate, |a, b| a.wrapping_add(b);
    Addiw = 2, immediate, |a, b| word((a as u32).wrapping_add(b as u32));
    Andi = 3, immediate, |a, b| a & b;
    Slli = 4, immediate, |a, b| a << b;
    Srli = 5, immediate, |a, b| a >> b;
    Add = 6, register, |a, b| a.wrapping_add(b);
    Addw = 7, register, |a, b| word((a as u32).wrapping_add(b as u32));
    Sub = 8, register, |a, b| a.wrapping_sub(b);
    Xor = 9, register, |a, b| a ^ b;
    Or = 10, register, |a, b| a | b;
    And = 11, register, |a, b| a & b;
    Mul = 12, register, |a, b| a.wrapping_mul(b);
    Mulw = 13, register, |a, b| word((a as u32).wrapping_mul(b as u32));
}

/// lui and auipc: the immediate is the value.
pub(super) struct Constant;

impl Step for Constant {
    const KIND: u8 = 14;
    #[inline(always)]
    fn step(h: &mut Hart, op: &Op) -> Option<()> {
        h.x[op.rd as usize] = op.imm as u64;
        Some(())
    }
    fn general(h: &mut Hart, op: &Op) -> Flow {
        Self::step(h, op);
        Flow::Next
    }
}

/// A type that loads extend to 64 bits.
pub(super) trait Loaded: Scalar + 'static {
    const KIND: u8;
    fn extend(self) -> u64;
}

macro_rules! loaded {
    ($($type:ty = $kind:literal, $extend:expr;)*) => { $(
        impl Loaded for $type {
            const KIND: u8 = $kind;
            #[inline(always)]
            fn extend(self) -> u64 {
                $extend(self)
            }
        }
    )* };
}

loaded! {
    i8 = 15, |v| v as u64;
    i16 = 16, |v| v as u64;
    i32 = 17, |v| v as u64;
    u8 = 18, u64::from;
    u16 = 19, u64::from;
    u32 = 20, u64::from;
    u64 = 21, |v| v;
}

/// Integer load.
pub(super) struct Load<T>(PhantomData<T>);

impl<T: Loaded> Step for Load<T> {
    const KIND: u8 = T::KIND;
    #[inline(always)]
    fn step(h: &mut Hart, op: &Op) -> Option<()> {
        let value = h.load_cached::<T>(h.x[op.rs1 as usize].wrapping_add(op.imm as u64))?;
        h.x[op.rd as usize] = value.extend();
        Some(())
    }
    fn general(h: &mut Hart, op: &Op) -> Flow {
        let addr = h.x[op.rs1 as usize].wrapping_add(op.imm as u64);
        let Some(value) = h.load::<T>(addr) else { return Flow::Trap };
        h.log.push(addr);
        h.x[op.rd as usize] = value.extend();
        Flow::Next
    }
}

/// A type that stores narrow a register to.
pub(super) trait Stored: Scalar + 'static {
    const KIND: u8;
    fn narrow(value: u64) -> Self;
}

macro_rules! stored {
    ($($type:ty = $kind:literal;)*) => { $(
        impl Stored for $type {
            const KIND: u8 = $kind;
            #[inline(always)]
            fn narrow(value: u64) -> Self {
                value as Self
            }
        }
    )* };
}

stored! { u8 = 22; u16 = 23; u32 = 24; u64 = 25; }

/// Integer store.
pub(super) struct Store<T>(PhantomData<T>);

impl<T: Stored> Step for Store<T> {
    const KIND: u8 = T::KIND;
    #[inline(always)]
    fn step(h: &mut Hart, op: &Op) -> Option<()> {
        h.store_cached(h.x[op.rs1 as usize].wrapping_add(op.imm as u64), T::narrow(h.x[op.rs2 as usize]))
    }
    fn general(h: &mut Hart, op: &Op) -> Flow {
        let addr = h.x[op.rs1 as usize].wrapping_add(op.imm as u64);
        let Some(()) = h.store(addr, T::narrow(h.x[op.rs2 as usize])) else { return Flow::Trap };
        h.log.push(addr);
        Flow::Next
    }
}

/// Kinds of steps, none included: branches come behind them.
pub(super) const STEPS: usize = 26;

/// `Name = kind, |a, b| condition` on rs1 and rs2.
macro_rules! branches {
    ($($name:ident = $kind:literal, |$a:ident, $b:ident| $condition:expr;)*) => { $(
        pub(super) struct $name;

        impl Branch for $name {
            const KIND: u8 = STEPS as u8 + $kind;
            #[inline(always)]
            fn taken(h: &Hart, op: &Op) -> bool {
                let ($a, $b): (u64, u64) = (h.x[op.rs1 as usize], h.x[op.rs2 as usize]);
                $condition
            }
            fn general(h: &mut Hart, op: &Op) -> Flow {
                h.pc = if Self::taken(h, op) { op.imm as u64 } else { h.pc.wrapping_add(u64::from(op.aux)) };
                Flow::Jump
            }
        }
    )* };
}

branches! {
    Beq = 0, |a, b| a == b;
    Bne = 1, |a, b| a != b;
    Blt = 2, |a, b| (a as i64) < b as i64;
    Bge = 3, |a, b| a as i64 >= b as i64;
    Bltu = 4, |a, b| a < b;
    Bgeu = 5, |a, b| a >= b;
}
