//! Xsfvfwmaccqqq: bfloat16 matrix multiply, 4x4 by 4x4 blocks into binary32.
//!
//! Assumed, because only the encoding is public: the layout is that of the int8 forms with 4 in place of 8 (A row-major in the first 32 bytes of
//! vs1, blocks B row-major one behind the other in vs2, blocks C row-major in vd, vl counting elements of vs2), and the arithmetic is
//! that of four `vfwmaccbf16` steps: k ascending, each a fused multiply-add that rounds to binary32 under frm, with their flags.

use super::{apart, apart_from_vs1};
use crate::class::Class;
use crate::ext::Ext;
use crate::float::lanes::{Form, FusedOp, fused_f32};
use crate::float::{F32, Flags, Rounding, mul_add};
use crate::hart::Hart;
use crate::op::{Flow, Illegal, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::element::tail;
use crate::vector::float::{ready, rounding};
use crate::vector::legal;
use crate::vector::simd::{Body, versioned};

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
        Ok(versioned::<Multiply>(ctx.level))
    }),
)
.with(Props::NO_VSTART.union(Props::SCALAR_VS1).union(Props::READS_VD).union(Props::WIDENS).union(Props::ALTFMT))];

/// Elements of a block.
const BLOCK: usize = 16;
/// Elements that are multiplied together: four blocks.
const CHUNK: usize = 4 * BLOCK;

/// A bfloat16 as binary32: exact, but for signalling NaNs, which become canonical and raise.
#[inline(always)]
fn widen(bytes: &[u8], signalling: &mut bool) -> u32 {
    let bits = u16::from_le_bytes([bytes[0], bytes[1]]);
    let nan = bits & 0x7fff > 0x7f80;
    *signalling |= nan & (bits & 0x40 == 0);
    if nan { 0x7fc0_0000 } else { u32::from(bits) << 16 }
}

struct Multiply;

impl Body for Multiply {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let elements = h.vl as usize;
        if !elements.is_multiple_of(BLOCK) {
            return h.illegal(op.word, Illegal::Rule("vl is not a multiple of the elements of a block of vs2"));
        }
        if elements == 0 {
            return Flow::Next;
        }
        let (rm, kernel) = (rounding(h), fused_f32(FusedOp::Macc, Form::Vector, h.config().level));
        let (mut flags, mut signalling) = (Flags::empty(), false);
        let mut a = [0; BLOCK];
        for (a, bytes) in a.iter_mut().zip(h.v.from(op.rs1).chunks_exact(2)) {
            *a = widen(bytes, &mut signalling);
        }
        for first in (0..elements).step_by(CHUNK) {
            let n = (elements - first).min(CHUNK);
            let (mut b, mut c) = ([0; CHUNK], [0; CHUNK]);
            for (b, bytes) in b[..n].iter_mut().zip(h.v.from(op.rs2)[2 * first..].chunks_exact(2)) {
                *b = widen(bytes, &mut signalling);
            }
            for (c, bytes) in c[..n].iter_mut().zip(h.v.from(op.rd)[4 * first..].chunks_exact(4)) {
                *c = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            }
            for k in 0..4 {
                // Both factors spread over the shape of C: row i of A and column j of B meet in i*4 + j.
                let (mut rows, mut columns) = ([0; CHUNK], [0; CHUNK]);
                for block in (0..n).step_by(BLOCK) {
                    for i in 0..4 {
                        let at = block + i * 4;
                        rows[at..at + 4].fill(a[i * 4 + k]);
                        columns[at..at + 4].copy_from_slice(&b[block + k * 4..][..4]);
                    }
                }
                if rm == Rounding::Rne {
                    let to = c.as_mut_ptr();
                    // SAFETY: the arrays hold at least `n` elements, and the destination is the addend.
                    unsafe { kernel(to, rows.as_ptr(), columns.as_ptr(), to, n) };
                } else {
                    for ((c, &a), &b) in c[..n].iter_mut().zip(&rows).zip(&columns) {
                        *c = mul_add::<F32>(a.into(), b.into(), (*c).into(), rm, &mut flags) as u32;
                    }
                }
            }
            for (c, bytes) in c[..n].iter().zip(h.v.from_mut(op.rd)[4 * first..].chunks_exact_mut(4)) {
                bytes.copy_from_slice(&c.to_le_bytes());
            }
        }
        flags.set(Flags::NV, flags.contains(Flags::NV) || signalling);
        h.fflags |= flags;
        tail::<u32>(h, op, elements, op.aux as usize);
        Flow::Next
    }
}
