//! Add with carry and subtract with borrow, and the carry or borrow out as a mask.
//!
//! The forms with a carry read v0 bit by bit: multi-word arithmetic is rare enough for one general body.

use super::compare::{self, Predicate};
use crate::class::Class;
use crate::ext::Ext;
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Row};
use crate::vector::element::{Element, Imm, ScalarSource, Source, X, for_active};
use crate::vector::legal;
use crate::vector::mask::result::mask_for_active;

/// vmadc without carry in.
struct CarryOut;
/// vmsbc without borrow in.
struct BorrowOut;

impl Predicate for CarryOut {
    #[inline(always)]
    fn test<T: Element>(a: T, b: T) -> bool {
        T::of(a.zext().wrapping_add(b.zext())) < a
    }
}

impl Predicate for BorrowOut {
    #[inline(always)]
    fn test<T: Element>(a: T, b: T) -> bool {
        a < b
    }
}

/// The second source: an element of vs1, or a scalar.
#[inline(always)]
fn second<T: Element>(h: &Hart, op: &Op, source: Source, index: usize) -> T {
    match source {
        Source::Vector => h.v.get(op.rs1, index),
        Source::X => T::of(X::value(h, op)),
        Source::Immediate => T::of(Imm::value(h, op)),
    }
}

/// Sum or difference with carry in, and the carry or borrow out.
#[inline(always)]
fn with_carry<T: Element, const SUBTRACT: bool>(a: T, b: T, carry: bool) -> (T, bool) {
    let (a, b, c) = (u128::from(a.zext()), u128::from(b.zext()), u128::from(carry));
    let full = if SUBTRACT { a.wrapping_sub(b).wrapping_sub(c) } else { a + b + c };
    (T::of(full as u64), full >> T::BITS & 1 == 1)
}

fn sum<T: Element, const SUBTRACT: bool>(h: &mut Hart, op: &Op, source: Source) -> Flow {
    for_active::<T>(h, op, |h, i| {
        let (a, b) = (h.v.get::<T>(op.rs2, i), second(h, op, source, i));
        let carry = h.v.mask_bit(0, i);
        h.v.set(op.rd, i, with_carry::<T, SUBTRACT>(a, b, carry).0);
    });
    Flow::Next
}

fn carry_out<T: Element, const SUBTRACT: bool>(h: &mut Hart, op: &Op, source: Source) -> Flow {
    mask_for_active(h, op, |h, i| {
        with_carry::<T, SUBTRACT>(h.v.get(op.rs2, i), second(h, op, source, i), h.v.mask_bit(0, i)).1
    });
    Flow::Next
}

/// One handler for each source and SEW of a function of (hart, operation, source).
macro_rules! by_source_and_sew {
    ($function:ident, $subtract:literal, $source:expr, $ctx:expr) => {
        match ($source, $ctx.vtype.sew()) {
            (Source::Vector, 8) => |h, op| $function::<u8, $subtract>(h, op, Source::Vector),
            (Source::Vector, 16) => |h, op| $function::<u16, $subtract>(h, op, Source::Vector),
            (Source::Vector, 32) => |h, op| $function::<u32, $subtract>(h, op, Source::Vector),
            (Source::Vector, _) => |h, op| $function::<u64, $subtract>(h, op, Source::Vector),
            (Source::X, 8) => |h, op| $function::<u8, $subtract>(h, op, Source::X),
            (Source::X, 16) => |h, op| $function::<u16, $subtract>(h, op, Source::X),
            (Source::X, 32) => |h, op| $function::<u32, $subtract>(h, op, Source::X),
            (Source::X, _) => |h, op| $function::<u64, $subtract>(h, op, Source::X),
            (Source::Immediate, 8) => |h, op| $function::<u8, $subtract>(h, op, Source::Immediate),
            (Source::Immediate, 16) => |h, op| $function::<u16, $subtract>(h, op, Source::Immediate),
            (Source::Immediate, 32) => |h, op| $function::<u32, $subtract>(h, op, Source::Immediate),
            (Source::Immediate, _) => |h, op| $function::<u64, $subtract>(h, op, Source::Immediate),
        }
    };
}

fn select_sum<const SUBTRACT: bool>(inst: &Inst, ctx: &Ctx, source: Source) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    let lmul = ctx.vtype.lmul_log2();
    legal::not_v0(inst)?;
    legal::aligned(inst.rd, lmul)?;
    legal::aligned(inst.rs2, lmul)?;
    if source == Source::Vector {
        legal::aligned(inst.rs1, lmul)?;
    }
    Ok(if SUBTRACT { by_source_and_sew!(sum, true, source, ctx) } else { by_source_and_sew!(sum, false, source, ctx) })
}

fn select_carry<const SUBTRACT: bool>(inst: &Inst, ctx: &Ctx, source: Source) -> Result<Handler, Illegal> {
    compare::legal_mask_result(inst, ctx, source)?;
    Ok(if SUBTRACT {
        by_source_and_sew!(carry_out, true, source, ctx)
    } else {
        by_source_and_sew!(carry_out, false, source, ctx)
    })
}

type Select = fn(&Inst, &Ctx) -> Result<Handler, Illegal>;

const fn carry_in(
    name: &'static str,
    syntax: &'static str,
    encoding: &'static str,
    class: Class,
    select: Select,
) -> Row {
    Row::new(name, syntax, encoding, Ext::ZVE32X, class, Exec::Select(select))
}

use Class::{VCompare, VInt};

/// Rows of this file.
pub const ROWS: &[Row] = &[
    carry_in(
        "vadc.vvm",
        "vd, vs2, vs1, v0",
        "vs2 vs1 vd 31..26=0x10 25..25=0 14..12=0 6..0=0x57",
        VInt,
        |inst, ctx| select_sum::<false>(inst, ctx, Source::Vector),
    ),
    carry_in(
        "vadc.vxm",
        "vd, vs2, rs1, v0",
        "vs2 rs1 vd 31..26=0x10 25..25=0 14..12=4 6..0=0x57",
        VInt,
        |inst, ctx| select_sum::<false>(inst, ctx, Source::X),
    ),
    carry_in(
        "vadc.vim",
        "vd, vs2, imm, v0",
        "vs2 simm5 vd 31..26=0x10 25..25=0 14..12=3 6..0=0x57",
        VInt,
        |inst, ctx| select_sum::<false>(inst, ctx, Source::Immediate),
    ),
    carry_in(
        "vsbc.vvm",
        "vd, vs2, vs1, v0",
        "vs2 vs1 vd 31..26=0x12 25..25=0 14..12=0 6..0=0x57",
        VInt,
        |inst, ctx| select_sum::<true>(inst, ctx, Source::Vector),
    ),
    carry_in(
        "vsbc.vxm",
        "vd, vs2, rs1, v0",
        "vs2 rs1 vd 31..26=0x12 25..25=0 14..12=4 6..0=0x57",
        VInt,
        |inst, ctx| select_sum::<true>(inst, ctx, Source::X),
    ),
    carry_in(
        "vmadc.vvm",
        "vd, vs2, vs1, v0",
        "vs2 vs1 vd 31..26=0x11 25..25=0 14..12=0 6..0=0x57",
        VCompare,
        |inst, ctx| select_carry::<false>(inst, ctx, Source::Vector),
    ),
    carry_in(
        "vmadc.vxm",
        "vd, vs2, rs1, v0",
        "vs2 rs1 vd 31..26=0x11 25..25=0 14..12=4 6..0=0x57",
        VCompare,
        |inst, ctx| select_carry::<false>(inst, ctx, Source::X),
    ),
    carry_in(
        "vmadc.vim",
        "vd, vs2, imm, v0",
        "vs2 simm5 vd 31..26=0x11 25..25=0 14..12=3 6..0=0x57",
        VCompare,
        |inst, ctx| select_carry::<false>(inst, ctx, Source::Immediate),
    ),
    carry_in(
        "vmsbc.vvm",
        "vd, vs2, vs1, v0",
        "vs2 vs1 vd 31..26=0x13 25..25=0 14..12=0 6..0=0x57",
        VCompare,
        |inst, ctx| select_carry::<true>(inst, ctx, Source::Vector),
    ),
    carry_in(
        "vmsbc.vxm",
        "vd, vs2, rs1, v0",
        "vs2 rs1 vd 31..26=0x13 25..25=0 14..12=4 6..0=0x57",
        VCompare,
        |inst, ctx| select_carry::<true>(inst, ctx, Source::X),
    ),
    carry_in(
        "vmadc.vv",
        "vd, vs2, vs1",
        "vs2 vs1 vd 31..26=0x11 25..25=1 14..12=0 6..0=0x57",
        VCompare,
        |inst, ctx| compare::select::<CarryOut>(inst, ctx, Source::Vector),
    ),
    carry_in(
        "vmadc.vx",
        "vd, vs2, rs1",
        "vs2 rs1 vd 31..26=0x11 25..25=1 14..12=4 6..0=0x57",
        VCompare,
        |inst, ctx| compare::select::<CarryOut>(inst, ctx, Source::X),
    ),
    carry_in(
        "vmadc.vi",
        "vd, vs2, imm",
        "vs2 simm5 vd 31..26=0x11 25..25=1 14..12=3 6..0=0x57",
        VCompare,
        |inst, ctx| compare::select::<CarryOut>(inst, ctx, Source::Immediate),
    ),
    carry_in(
        "vmsbc.vv",
        "vd, vs2, vs1",
        "vs2 vs1 vd 31..26=0x13 25..25=1 14..12=0 6..0=0x57",
        VCompare,
        |inst, ctx| compare::select::<BorrowOut>(inst, ctx, Source::Vector),
    ),
    carry_in(
        "vmsbc.vx",
        "vd, vs2, rs1",
        "vs2 rs1 vd 31..26=0x13 25..25=1 14..12=4 6..0=0x57",
        VCompare,
        |inst, ctx| compare::select::<BorrowOut>(inst, ctx, Source::X),
    ),
];
