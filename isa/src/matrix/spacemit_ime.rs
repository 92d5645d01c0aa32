//! SpacemiT IME 1 (Xsmtvdot): int8 matrix multiply of whole registers.
//!
//! A (M x K) is in vs1, B in vs2 as N rows of K elements each, C (M x N, int32, row-major) in vd: `C[i][j] += sum of A[i][q] * B[j][q]`. The
//! slide forms read A from the pair vs1, vs1+1, beginning one, two or three rows later.
//!
//! The geometry is fixed by VLEN: K is 4*lambda, M and N are VLEN/(32*lambda); lambda is 2 at VLEN 256 (SpacemiT's A60) and 4 at VLEN 1024 (A100).
//! Assumed: for other VLEN the power of two that makes C one or two registers. LMUL must be 1; vl, SEW and policies do not matter (assumed for SEW), and
//! vstart must be zero (assumed). vd is even, and C overlaps no source.

use std::marker::PhantomData;

use super::apart;
use super::blocks::{S, Sign, U, operands, transposed};
use crate::class::Class;
use crate::encoding::Field;
use crate::ext::Ext;
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::legal;
use crate::vector::simd::{Body, versioned};

/// M (which is N) and K of a VLEN: 128 to 4096.
pub const fn geometry(vlen: u32) -> (u32, u32) {
    let lambda = 1 << ((vlen / 32).ilog2() / 2);
    (vlen / (32 * lambda), 4 * lambda)
}

/// Registers that C takes, and that A is read from.
pub fn registers(inst: &Inst, vlen: u32) -> (u32, u32) {
    let (n, _) = geometry(vlen);
    (32 * n * n / vlen, 1 + u32::from(inst.row.encoding.has(Field::Vs1Even)))
}

macro_rules! plain {
    ($name:literal, $f3:literal, $a:ident, $b:ident) => {
        Row::new(
            $name,
            "vd, vs1, vs2",
            concat!("vs2 vs1 vd_even 31..25=0x71 14..12=", $f3, " 7..7=0 6..0=0x2b"),
            Ext::XSMTVDOT,
            Class::VMatrixFixed,
            Exec::Select(|inst, ctx| select::<$a, $b, 0>(inst, ctx)),
        )
        .with(Props::NO_VSTART.union(Props::READS_VD))
    };
}

macro_rules! slide {
    ($name:literal, $slide:literal, $high:literal, $f3:literal, $a:ident, $b:ident) => {
        Row::new(
            $name,
            "vd, vs1, vs2",
            concat!("vs2 vs1_even vd_even 31..25=0x73 15..15=", $high, " 14..12=", $f3, " 7..7=0 6..0=0x2b"),
            Ext::XSMTVDOT,
            Class::VMatrixFixed,
            Exec::Select(|inst, ctx| select::<$a, $b, $slide>(inst, ctx)),
        )
        .with(Props::NO_VSTART.union(Props::READS_VD))
    };
}

/// Rows of this family.
pub const ROWS: &[Row] = &[
    plain!("smt.vmadotu", 0, U, U),
    plain!("smt.vmadotus", 1, U, S),
    plain!("smt.vmadotsu", 2, S, U),
    plain!("smt.vmadot", 3, S, S),
    slide!("smt.vmadot1u", 1, 0, 0, U, U),
    slide!("smt.vmadot1us", 1, 0, 1, U, S),
    slide!("smt.vmadot1su", 1, 0, 2, S, U),
    slide!("smt.vmadot1", 1, 0, 3, S, S),
    slide!("smt.vmadot2u", 2, 0, 4, U, U),
    slide!("smt.vmadot2us", 2, 0, 5, U, S),
    slide!("smt.vmadot2su", 2, 0, 6, S, U),
    slide!("smt.vmadot2", 2, 0, 7, S, S),
    slide!("smt.vmadot3u", 3, 1, 0, U, U),
    slide!("smt.vmadot3us", 3, 1, 1, U, S),
    slide!("smt.vmadot3su", 3, 1, 2, S, U),
    slide!("smt.vmadot3", 3, 1, 3, S, S),
];

fn select<A: Sign, B: Sign, const SLIDE: usize>(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    if ctx.vtype.lmul_log2() != 0 {
        return Err(Illegal::Rule("this matrix multiply needs LMUL 1"));
    }
    let (n, k) = geometry(ctx.vlen);
    if SLIDE as u32 > n {
        return Err(Illegal::Rule("A has fewer rows than this instruction slides by"));
    }
    let (c, a) = registers(inst, ctx.vlen);
    let log2 = |registers: u32| registers.ilog2() as i32;
    apart((inst.rd, log2(c)), (inst.rs1, log2(a)))?;
    apart((inst.rd, log2(c)), (inst.rs2, 0))?;
    Ok(match (n, k) {
        (2, 8) => versioned::<Multiply<2, 8, SLIDE, A, B>>(ctx.level),
        (4, 8) => versioned::<Multiply<4, 8, SLIDE, A, B>>(ctx.level),
        (4, 16) => versioned::<Multiply<4, 16, SLIDE, A, B>>(ctx.level),
        (8, 16) => versioned::<Multiply<8, 16, SLIDE, A, B>>(ctx.level),
        (8, 32) => versioned::<Multiply<8, 32, SLIDE, A, B>>(ctx.level),
        _ => versioned::<Multiply<16, 32, SLIDE, A, B>>(ctx.level),
    })
}

struct Multiply<const N: usize, const K: usize, const SLIDE: usize, A, B>(PhantomData<(A, B)>);

impl<const N: usize, const K: usize, const SLIDE: usize, A: Sign, B: Sign> Body for Multiply<N, K, SLIDE, A, B> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let mut copy = Vec::new();
        let (a, b, c) = operands(h, op, [(N + SLIDE) * K, N * K], N * N, &mut copy);
        transposed::<N, K, A, B>(&a[SLIDE * K..], b, c);
        Flow::Next
    }
}
