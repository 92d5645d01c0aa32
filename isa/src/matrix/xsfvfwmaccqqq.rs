//! Xsfvfwmaccqqq: bfloat16 matrix multiply, 4x4 by 4x4 blocks into binary32.
//!
//! Assumed, because only the encoding is public: the layout is that of the int8 forms with 4 in place of 8 (A row-major in the first 32 bytes of
//! vs1, blocks B row-major one behind the other in vs2, blocks C row-major in vd, vl counting elements of vs2), and the arithmetic is
//! that of four `vfwmaccbf16` steps: k ascending, each a fused multiply-add that rounds to binary32 under frm, with their flags.

use super::{apart, apart_from_vs1};
use crate::class::Class;
use crate::ext::Ext;
use crate::float::lanes::{Form, FusedOp, fused_f32};
use crate::float::{BF16, F32, Flags, Rounding, is_signaling, mul_add};
use crate::hart::Hart;
use crate::op::{Flow, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::element::tail;
use crate::vector::float::{ready, rounding};
use crate::vector::legal;

/// Rows of this family.
pub const ROWS: &[Row] = &[Row::new(
    "sf.vfwmacc.4x4x4",
    "vd, vs1, vs2",
    "vs2 vs1 vd 31..26=0x3c 25..25=1 14..12=1 6..0=0x5b",
    Ext::XSFVFWMACCQQQ,
    Class::VMatrixFp,
    Exec::Select(|inst, ctx| {
        ready(ctx)?;
        let lmul = ctx.vtype.lmul_log2();
        if ctx.vtype.sew() != 16 {
            return Err(Illegal::Rule("bf16 matrix multiply needs SEW 16"));
        }
        legal::aligned(inst.rd, lmul + 1)?;
        legal::aligned(inst.rs2, lmul)?;
        apart_from_vs1(inst, lmul + 1)?;
        apart((inst.rd, lmul + 1), (inst.rs2, lmul))?;
        Ok(multiply)
    }),
)
.with(Props::NO_VSTART.union(Props::SCALAR_VS1).union(Props::READS_VD).union(Props::WIDENS).union(Props::ALTFMT))];

/// Elements of a block.
const BLOCK: usize = 16;
/// Blocks that are multiplied together.
const CHUNK: usize = 8;

/// A bfloat16 as binary32: exact, but for signalling NaNs, which become canonical and raise.
#[inline(always)]
fn widen(bits: u16, signalling: &mut bool) -> u32 {
    let wide = u32::from(bits) << 16;
    if wide & 0x7fff_ffff > 0x7f80_0000 {
        *signalling |= is_signaling::<BF16>(bits.into());
        return 0x7fc0_0000;
    }
    wide
}

fn multiply(h: &mut Hart, op: &Op) -> Flow {
    let elements = h.vl as usize;
    if !elements.is_multiple_of(BLOCK) {
        return h.illegal(op.word, Illegal::Rule("vl is not a multiple of the elements of a block of vs2"));
    }
    let (rm, kernel) = (rounding(h), fused_f32(FusedOp::Macc, Form::Vector, h.config().level));
    let (mut flags, mut signalling) = (Flags::empty(), false);
    let a: [u32; BLOCK] = std::array::from_fn(|i| widen(h.v.get(op.rs1, i), &mut signalling));
    if elements == 0 {
        return Flow::Next;
    }
    for first in (0..elements).step_by(CHUNK * BLOCK) {
        let n = (elements - first).min(CHUNK * BLOCK);
        let mut b = [0u32; CHUNK * BLOCK];
        for (i, b) in b[..n].iter_mut().enumerate() {
            *b = widen(h.v.get(op.rs2, first + i), &mut signalling);
        }
        let mut c = [0u32; CHUNK * BLOCK];
        for (i, c) in c[..n].iter_mut().enumerate() {
            *c = h.v.get(op.rd, first + i);
        }
        for k in 0..4 {
            // Both factors spread over the shape of C: row i of A and column j of B meet in i*4 + j.
            let (mut rows, mut columns) = ([0u32; CHUNK * BLOCK], [0u32; CHUNK * BLOCK]);
            for block in 0..n / BLOCK {
                for i in 0..4 {
                    for j in 0..4 {
                        let at = block * BLOCK + i * 4 + j;
                        (rows[at], columns[at]) = (a[i * 4 + k], b[block * BLOCK + k * 4 + j]);
                    }
                }
            }
            if rm == Rounding::Rne {
                let to = c.as_mut_ptr();
                // SAFETY: the arrays hold more than `n` elements, and the destination is the addend.
                unsafe { kernel(to, rows.as_ptr(), columns.as_ptr(), to, n) };
            } else {
                for ((c, &a), &b) in c[..n].iter_mut().zip(&rows).zip(&columns) {
                    *c = mul_add::<F32>(a.into(), b.into(), (*c).into(), rm, &mut flags) as u32;
                }
            }
        }
        for (i, &c) in c[..n].iter().enumerate() {
            h.v.set(op.rd, first + i, c);
        }
    }
    if signalling {
        flags |= Flags::NV;
    }
    h.fflags |= flags;
    tail::<u32>(h, op, elements, op.aux as usize);
    Flow::Next
}
