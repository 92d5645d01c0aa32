//! int8 tile multiply: accumulators of 32 bits, modulo 2^32.

use std::marker::PhantomData;

use super::super::blocks::{Sign, product};
use super::{Extent, extent, multiplies, refuse_off};
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::vector::simd::{Body, versioned};

/// The handler for A (vs2) and B (vs1) of these signs.
pub fn select<A: Sign, B: Sign>(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    let geometry = super::geometry(ctx)?;
    if (geometry.sew, geometry.widening) != (8, 4) {
        return Err(Illegal::Rule("int8 tile multiply needs SEW 8 widened by 4"));
    }
    multiplies(inst, geometry)?;
    Ok(versioned::<Multiply<A, B>>(ctx.level))
}

/// Longest row of a source: the largest edge.
const MOST: usize = 128;

struct Multiply<A, B>(PhantomData<(A, B)>);

impl<A: Sign, B: Sign> Body for Multiply<A, B> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let Some(Extent { tm, tn, tk, geometry }) = extent(h, op) else { return refuse_off(h, op) };
        let row = |reg: u8, k: usize| reg + (k as u32 * geometry.row_stride()) as u8;
        // Two rows of a source side by side, missing ones zero: the pattern that hosts multiply and add in one instruction.
        let (mut a, mut b) = ([[[0i16; 2]; MOST]; 2], [[[0i16; 2]; MOST]; 2]);
        for k in 0..tk {
            let (from_a, from_b) = (h.v.from(row(op.rs2, k)), h.v.from(row(op.rs1, k)));
            for (to, &byte) in a[k / 2].iter_mut().zip(&from_a[..tm]) {
                to[k % 2] = A::extend(byte);
            }
            for (to, &byte) in b[k / 2].iter_mut().zip(&from_b[..tn]) {
                to[k % 2] = B::extend(byte);
            }
        }
        for (m, (&low, &high)) in a[0].iter().zip(&a[1]).take(tm).enumerate() {
            let at = h.matrix.tiles.offset(op.word >> 8 & 15, 32, m as u32, 0);
            let c = &mut h.matrix.tiles.all_mut()[at..at + 4 * tn];
            for ((c, &b_low), &b_high) in c.chunks_exact_mut(4).zip(&b[0]).zip(&b[1]) {
                let sum = product(low, b_low).wrapping_add(product(high, b_high));
                let old = i32::from_le_bytes([c[0], c[1], c[2], c[3]]);
                c.copy_from_slice(&old.wrapping_add(sum).to_le_bytes());
            }
        }
        Flow::Next
    }
}
