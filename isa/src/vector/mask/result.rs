//! Loops of instructions that produce a mask.
//!
//! The tail of a mask result is agnostic whatever vta says, and reaches to the end of the register.

use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Op};
use crate::vector::vtype::Vtype;

/// Whether an operation with a mask result needs the general body.
pub fn general(inst: &Inst, ctx: &Ctx) -> bool {
    inst.masked() || ctx.vstart || ctx.agnostic_ones
}

/// Sets the first `n` bits at `d` to `f(i)`, for the fast body. All of a chunk's inputs are read before its bits are
/// written, in ascending order, so `d` may be the first register of a source group.
///
/// # Safety
/// `d` must be valid for `n` bits.
#[inline(always)]
pub unsafe fn fill_mask(d: *mut u8, n: usize, f: impl Fn(usize) -> bool) {
    let mut at = 0;
    while at + 64 <= n {
        let mut bytes = [0u8; 64];
        for (lane, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from(f(at + lane));
        }
        let (groups, _) = bytes.as_chunks::<8>();
        let mut bits = [0u8; 8];
        for (byte, group) in bits.iter_mut().zip(groups) {
            *byte = pack(*group);
        }
        // SAFETY: the caller's promise.
        unsafe { d.add(at / 8).cast::<[u8; 8]>().write_unaligned(bits) };
        at += 64;
    }
    while at < n {
        let count = (n - at).min(8);
        let mut bytes = [0u8; 8];
        if count == 8 {
            for (lane, byte) in bytes.iter_mut().enumerate() {
                *byte = u8::from(f(at + lane));
            }
        } else {
            for (lane, byte) in bytes[..count].iter_mut().enumerate() {
                *byte = u8::from(f(at + lane));
            }
        }
        let keep = (0xff00u16 >> (8 - count)) as u8 & (0xffu16 << count) as u8;
        // SAFETY: the caller's promise: bit `at` lies in the register.
        unsafe {
            let byte = d.add(at / 8);
            *byte = *byte & keep | pack(bytes);
        }
        at += 8;
    }
}

/// Eight bytes, each 0 or 1, as the bits of one: the products of byte i with 2^(56 - 7i) fall on bit 56 + i.
#[inline(always)]
fn pack(bytes: [u8; 8]) -> u8 {
    (u64::from_le_bytes(bytes).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8
}

/// Sets the destination bit of every active element from vstart to vl to `f`, inactive and tail bits to one where
/// policy says so, and clears vstart. The general path of instructions with a mask result.
#[inline(always)]
pub fn mask_for_active(h: &mut Hart, op: &Op, mut f: impl FnMut(&Hart, usize) -> bool) {
    let (start, vl) = (h.vstart as usize, h.vl as usize);
    let ones = h.config().agnostic_ones;
    let vtype = Vtype::from_bits(op.vtype);
    for index in start..vl {
        if op.masked == 0 || h.v.mask_bit(0, index) {
            let value = f(h, index);
            h.v.set_mask_bit(op.rd, index, value);
        } else if ones && vtype.ma() {
            h.v.set_mask_bit(op.rd, index, true);
        }
    }
    if start < vl {
        mask_tail(h, op);
    }
    h.vstart = 0;
}

/// Sets the bits of the destination mask from vl on to one where policy says so.
pub fn mask_tail(h: &mut Hart, op: &Op) {
    if h.config().agnostic_ones {
        for index in h.vl as usize..8 * h.vlenb() {
            h.v.set_mask_bit(op.rd, index, true);
        }
    }
}
