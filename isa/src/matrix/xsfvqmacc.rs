//! Xsfvqmaccdod and Xsfvqmaccqoq: int8 matrix multiply, 2x8 by 8x2 and 4x8 by 8x4 blocks into int32.
//!
//! vs1 holds one block A (R x 8, row-major) in a single register. vl counts bytes of vs2, which holds blocks B (8 x R, row-major) one behind
//! the other; vd the blocks C (R x R, row-major) in the same order: `C[i][n] += sum of A[i][k] * B[k][n]` modulo 2^32.
//!
//! Assumed: vstart must be zero; the elements of vd behind the last block are tail. vd may be the group of vs2 itself in Xsfvqmaccdod, but
//! not overlap it otherwise; LMUL is 1/2 to 4 in Xsfvqmaccqoq and at most 8 in Xsfvqmaccdod, as in LLVM.

use std::marker::PhantomData;

use super::blocks::{S, Sign, U, operands, row_major};
use super::{apart, apart_from_vs1};
use crate::class::Class;
use crate::ext::Ext;
use crate::hart::Hart;
use crate::op::{Flow, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::element::tail;
use crate::vector::legal;
use crate::vector::simd::{Body, versioned};

/// `qmacc!("name", funct6, R, R*R, extension, sign of A, sign of B)`.
macro_rules! qmacc {
    ($name:literal, $funct6:literal, $r:literal, $rr:literal, $ext:ident, $a:ident, $b:ident $(, $prop:ident)?) => {
        Row::new(
            $name,
            "vd, vs1, vs2",
            concat!("vs2 vs1 vd 31..26=", $funct6, " 25..25=1 14..12=2 6..0=0x5b"),
            Ext::$ext,
            Class::VMatrixInt,
            Exec::Select(|inst, ctx| {
                legal::vtype(ctx)?;
                let lmul = ctx.vtype.lmul_log2();
                let wide = lmul + i32::from($r == 4);
                if ctx.vtype.sew() != 8 {
                    return Err(Illegal::Rule("int8 matrix multiply needs SEW 8"));
                }
                if $r == 4 && !(-1..=2).contains(&lmul) {
                    return Err(Illegal::Rule("4x8x4 needs LMUL between 1/2 and 4"));
                }
                legal::aligned(inst.rd, wide)?;
                legal::aligned(inst.rs2, lmul)?;
                apart_from_vs1(inst, wide)?;
                if $r == 4 || inst.rd != inst.rs2 {
                    apart((inst.rd, wide), (inst.rs2, lmul))?;
                }
                Ok(versioned::<Multiply<$r, $rr, $a, $b>>(ctx.level))
            }),
        )
        .with(Props::NO_VSTART.union(Props::SCALAR_VS1).union(Props::READS_VD) $(.union(Props::$prop))?)
    };
}

/// Rows of Xsfvqmaccdod.
pub const DOD: &[Row] = &[
    qmacc!("sf.vqmaccu.2x8x2", 0x2c, 2, 4, XSFVQMACCDOD, U, U),
    qmacc!("sf.vqmacc.2x8x2", 0x2d, 2, 4, XSFVQMACCDOD, S, S),
    qmacc!("sf.vqmaccus.2x8x2", 0x2e, 2, 4, XSFVQMACCDOD, U, S),
    qmacc!("sf.vqmaccsu.2x8x2", 0x2f, 2, 4, XSFVQMACCDOD, S, U),
];

/// Rows of Xsfvqmaccqoq.
pub const QOQ: &[Row] = &[
    qmacc!("sf.vqmaccu.4x8x4", 0x3c, 4, 16, XSFVQMACCQOQ, U, U, WIDENS),
    qmacc!("sf.vqmacc.4x8x4", 0x3d, 4, 16, XSFVQMACCQOQ, S, S, WIDENS),
    qmacc!("sf.vqmaccus.4x8x4", 0x3e, 4, 16, XSFVQMACCQOQ, U, S, WIDENS),
    qmacc!("sf.vqmaccsu.4x8x4", 0x3f, 4, 16, XSFVQMACCQOQ, S, U, WIDENS),
];

struct Multiply<const R: usize, const RR: usize, A, B>(PhantomData<(A, B)>);

impl<const R: usize, const RR: usize, A: Sign, B: Sign> Body for Multiply<R, RR, A, B> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let bytes = h.vl as usize;
        if !bytes.is_multiple_of(8 * R) {
            return h.illegal(op.word, Illegal::Rule("vl is not a multiple of the bytes of a block of vs2"));
        }
        let words = bytes / (8 * R) * RR;
        let mut copy = Vec::new();
        let (a, b, c) = operands(h, op, [8 * R, bytes], words, &mut copy);
        row_major::<R, RR, A, B>(a, b, c);
        if words != 0 {
            // A block of C has R/8 times as many elements as one of B.
            tail::<u32>(h, op, words, op.aux as usize * R / 8);
        }
        Flow::Next
    }
}
