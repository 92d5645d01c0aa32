//! Loads and stores of tile slices.

use super::{off, refuse_off, transfer};
use crate::hart::{Hart, Scalar};
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::vector::legal;

/// A load of elements of type `T`.
pub fn load<T: Scalar>(_: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    Ok(run::<T, true>)
}

/// A store of elements of type `T`.
pub fn store<T: Scalar>(_: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    Ok(run::<T, false>)
}

fn run<T: Scalar, const LOAD: bool>(h: &mut Hart, op: &Op) -> Flow {
    if off(h) {
        return refuse_off(h, op);
    }
    let (size, eew) = (size_of::<T>(), 8 * size_of::<T>() as u32);
    let transfer = match transfer(h, op.rs2, eew) {
        Ok(transfer) => transfer,
        Err(why) => return h.illegal(op.word, why),
    };
    let (base, count) = (h.x[op.rs1 as usize], transfer.count as usize);
    let offset = |h: &Hart, i: usize| transfer.offset(&h.matrix.tiles, eew, i as u32);
    // A slice faults as a whole: it is staged here, nothing is half done.
    let mut bytes = [0u8; MOST];
    let bytes = &mut bytes[..count * size];
    if LOAD {
        if !h.load_bytes(base, bytes) {
            return Flow::Trap;
        }
        for (i, element) in bytes.chunks_exact(size).enumerate() {
            let at = offset(h, i);
            h.matrix.tiles.all_mut()[at..at + size].copy_from_slice(element);
        }
    } else {
        for (i, element) in bytes.chunks_exact_mut(size).enumerate() {
            let at = offset(h, i);
            element.copy_from_slice(&h.matrix.tiles.all()[at..at + size]);
        }
        if !h.store_bytes(base, bytes) {
            return Flow::Trap;
        }
    }
    h.vstart = 0;
    h.log.push(base);
    h.log.push(transfer.log(eew));
    Flow::Next
}

/// Bytes of the longest slice: 128 elements of 32 bits, 64 of 64 bits.
const MOST: usize = 512;
