//! Zicbom, Zicbop, Zicboz: cache-block operations on blocks of 64 bytes.
//!
//! Values live in memory only, so cleaning, flushing, invalidating (done as a flush) and prefetching change nothing
//! that a program can see; the access log tells the timing model.

use crate::class::Class;
use crate::ext::Ext;
use crate::hart::{Hart, Mode};
use crate::op::{Flow, Illegal, Op};
use crate::row::{Exec, Mem, Props, Row};

/// Bytes in a cache block.
const BLOCK: usize = 64;

const fn cbo(name: &'static str, encoding: &'static str, ext: Ext, exec: Exec) -> Row {
    Row::new(name, "(rs1)", encoding, ext, Class::CacheOp, exec).mem(Mem::Scalar(BLOCK as u8))
}

const fn prefetch(name: &'static str, encoding: &'static str) -> Row {
    // A HINT: every machine executes it.
    let ext = Ext::I.union(Ext::ZICBOP);
    Row::new(name, "imm(rs1)", encoding, ext, Class::CacheOp, Exec::Direct(log)).mem(Mem::Scalar(BLOCK as u8))
}

/// CBIE: cbo.inval.
const INVALIDATE: u64 = 3 << 4;
/// CBCFE: cbo.clean and cbo.flush.
const CLEAN: u64 = 1 << 6;
/// CBZE: cbo.zero.
const ZERO: u64 = 1 << 7;

/// Rows of the three extensions.
pub const ROWS: &[Row] = &[
    cbo("cbo.inval", "31..20=0 rs1 14..12=2 11..7=0 6..0=0x0f", Ext::ZICBOM, Exec::Direct(manage::<0, INVALIDATE>)),
    cbo("cbo.clean", "31..20=1 rs1 14..12=2 11..7=0 6..0=0x0f", Ext::ZICBOM, Exec::Direct(manage::<1, CLEAN>)),
    cbo("cbo.flush", "31..20=2 rs1 14..12=2 11..7=0 6..0=0x0f", Ext::ZICBOM, Exec::Direct(manage::<2, CLEAN>)),
    cbo("cbo.zero", "31..20=4 rs1 14..12=2 11..7=0 6..0=0x0f", Ext::ZICBOZ, Exec::Direct(zero)).with(Props::STORE),
    prefetch("prefetch.i", "offset rs1 24..20=0 14..12=6 11..7=0 6..0=0x13"),
    prefetch("prefetch.r", "offset rs1 24..20=1 14..12=6 11..7=0 6..0=0x13"),
    prefetch("prefetch.w", "offset rs1 24..20=3 14..12=6 11..7=0 6..0=0x13"),
];

/// Whether menvcfg and senvcfg allow an instruction in the present mode.
fn enabled(h: &Hart, bits: u64) -> bool {
    (h.mode == Mode::Machine || h.csr.menvcfg & bits != 0) && (h.mode != Mode::User || h.csr.senvcfg & bits != 0)
}

fn forbidden<const NUMBER: u32>(h: &mut Hart, op: &Op) -> Flow {
    let word = NUMBER << 20 | u32::from(op.rs1) << 15 | 0x200f;
    h.illegal(word, Illegal::Rule("menvcfg or senvcfg forbids this cache-block instruction"))
}

fn manage<const NUMBER: u32, const BITS: u64>(h: &mut Hart, op: &Op) -> Flow {
    if !enabled(h, BITS) {
        return forbidden::<NUMBER>(h, op);
    }
    let addr = h.x[op.rs1 as usize];
    let Some(()) = h.reach(addr) else { return Flow::Trap };
    h.log.push(addr & !(BLOCK as u64 - 1));
    Flow::Next
}

fn zero(h: &mut Hart, op: &Op) -> Flow {
    if !enabled(h, ZERO) {
        return forbidden::<4>(h, op);
    }
    let addr = h.x[op.rs1 as usize] & !(BLOCK as u64 - 1);
    if !h.store_bytes(addr, &[0; BLOCK]) {
        return Flow::Trap;
    }
    h.log.push(addr);
    Flow::Next
}

fn log(h: &mut Hart, op: &Op) -> Flow {
    let addr = h.x[op.rs1 as usize].wrapping_add(op.imm as u64);
    h.log.push(addr & !(BLOCK as u64 - 1));
    Flow::Next
}
