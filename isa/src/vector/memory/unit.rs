//! Unit stride: plain, segment, fault-only-first, mask and whole-register accesses.

use std::hint::cold_path;
use std::marker::PhantomData;

use super::legality;
use super::walk::{self, Fields, elements, load_run, store_run};
use crate::chain::Hot;
use crate::hart::Hart;
use crate::op::{Flow, Op};
use crate::row::Exec;
use crate::vector::element::{self, Element};
use crate::vector::legal;
use crate::vector::simd::{Usual, usual};

/// `vle`, `vlseg`.
pub(super) const fn load<T: Element>() -> Exec {
    Exec::SelectHot(|inst, ctx| {
        legality::data(inst, ctx, legality::emul_log2::<T>(ctx))?;
        Ok(match (element::general(inst, ctx), inst.nf()) {
            (false, 1) => usual::<Load<T>>(ctx.level),
            (false, 2) => Hot::cold(load_segments::<T, 2>),
            (false, 3) => Hot::cold(load_segments::<T, 3>),
            (false, 4) => Hot::cold(load_segments::<T, 4>),
            (false, 8) => Hot::cold(load_segments::<T, 8>),
            _ => Hot::cold(load_general::<T>),
        })
    })
}

/// `vse`, `vsseg`.
pub(super) const fn store<T: Element>() -> Exec {
    Exec::SelectHot(|inst, ctx| {
        legality::data(inst, ctx, legality::emul_log2::<T>(ctx))?;
        Ok(match (inst.masked() || ctx.vstart, inst.nf()) {
            (false, 1) => usual::<Store<T>>(ctx.level),
            (false, 2) => Hot::cold(store_segments::<T, 2>),
            (false, 3) => Hot::cold(store_segments::<T, 3>),
            (false, 4) => Hot::cold(store_segments::<T, 4>),
            (false, 8) => Hot::cold(store_segments::<T, 8>),
            _ => Hot::cold(store_general::<T>),
        })
    })
}

/// `vle..ff`, `vlseg..ff`.
pub(super) const fn load_first<T: Element>() -> Exec {
    Exec::Select(|inst, ctx| {
        legality::data(inst, ctx, legality::emul_log2::<T>(ctx))?;
        Ok(first::<T>)
    })
}

/// `vl<nr>re`: whatever vtype is.
pub(super) const fn load_whole<T: Element>() -> Exec {
    Exec::Select(|inst, _| {
        legal::aligned(inst.rd, inst.nf().ilog2() as i32)?;
        Ok(|h, op| {
            let base = h.x[op.rs1 as usize];
            let end = usize::from(op.small) * h.vlenb() / size_of::<T>();
            done(h, base, |h| load_run::<T>(h, op.rd, base, h.vstart as usize, end))
        })
    })
}

/// `vs<nr>r`: whatever vtype is.
pub(super) const fn store_whole() -> Exec {
    Exec::Select(|inst, _| {
        legal::aligned(inst.rd, inst.nf().ilog2() as i32)?;
        Ok(|h, op| {
            let base = h.x[op.rs1 as usize];
            let end = usize::from(op.small) * h.vlenb();
            done(h, base, |h| store_run::<u8>(h, op.rd, base, h.vstart as usize, end))
        })
    })
}

/// `vlm`.
pub(super) const fn load_mask() -> Exec {
    Exec::Select(|_, ctx| {
        legal::vtype(ctx)?;
        Ok(|h, op| {
            let base = h.x[op.rs1 as usize];
            let (start, end) = (h.vstart as usize, (h.vl as usize).div_ceil(8));
            done(h, base, |h| {
                load_run::<u8>(h, op.rd, base, start, end)?;
                // The tail of a mask is agnostic whatever vtype says.
                if h.config().agnostic_ones && start < end {
                    let vlenb = h.vlenb();
                    h.v.from_mut(op.rd)[end..vlenb].fill(0xff);
                }
                Some(())
            })
        })
    })
}

/// `vsm`.
pub(super) const fn store_mask() -> Exec {
    Exec::Select(|_, ctx| {
        legal::vtype(ctx)?;
        Ok(|h, op| {
            let base = h.x[op.rs1 as usize];
            let (start, end) = (h.vstart as usize, (h.vl as usize).div_ceil(8));
            done(h, base, |h| store_run::<u8>(h, op.rd, base, start, end))
        })
    })
}

/// Makes an access whose only log word is its address.
#[inline(always)]
fn done(h: &mut Hart, base: u64, access: impl FnOnce(&mut Hart) -> Option<()>) -> Flow {
    if access(h).is_none() {
        return Flow::Trap;
    }
    h.vstart = 0;
    h.log.push(base);
    Flow::Next
}

/// Elements in a row, all active.
struct Load<T>(PhantomData<T>);
/// Elements in a row, all active.
struct Store<T>(PhantomData<T>);

impl<T: Element> Usual for Load<T> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Option<()> {
        load_usual::<T, true>(h, op)
    }

    #[inline(always)]
    fn quick(h: &mut Hart, op: &Op) -> Option<()> {
        load_usual::<T, false>(h, op)
    }

    fn general(h: &mut Hart, op: &Op) -> Flow {
        load_general::<T>(h, op)
    }
}

impl<T: Element> Usual for Store<T> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Option<()> {
        store_usual::<T, true>(h, op)
    }

    #[inline(always)]
    fn quick(h: &mut Hart, op: &Op) -> Option<()> {
        store_usual::<T, false>(h, op)
    }

    fn general(h: &mut Hart, op: &Op) -> Flow {
        store_general::<T>(h, op)
    }
}

#[inline(always)]
fn load_usual<T, const ANY: bool>(h: &mut Hart, op: &Op) -> Option<()> {
    let bytes = h.vl as usize * size_of::<T>();
    let from = h.cached_load_span(h.x[op.rs1 as usize], bytes)?;
    // SAFETY: the span is readable for as many bytes, and legality has put the group into the register file.
    unsafe { copy::<ANY>(from, h.v.ptr_mut(op.rd), bytes) }
}

#[inline(always)]
fn store_usual<T, const ANY: bool>(h: &mut Hart, op: &Op) -> Option<()> {
    let bytes = h.vl as usize * size_of::<T>();
    let to = h.cached_store_span(h.x[op.rs1 as usize], bytes)?;
    // SAFETY: the span is writable for as many bytes, and legality has put the group into the register file.
    unsafe { copy::<ANY>(h.v.ptr(op.rd), to, bytes) }
}

/// Copies bytes: any number, or only a usual one, without a call.
///
/// # Safety
/// That of [`std::ptr::copy_nonoverlapping`].
#[inline(always)]
unsafe fn copy<const ANY: bool>(from: *const u8, to: *mut u8, bytes: usize) -> Option<()> {
    // SAFETY: the caller's promise.
    unsafe {
        if ANY {
            std::ptr::copy_nonoverlapping(from, to, bytes);
        } else if bytes <= 64 {
            // Apart from the longer ones, so that one comparison finds it: where an instruction has the least to do, choosing shows most.
            if bytes != 64 {
                return None;
            }
            std::ptr::copy_nonoverlapping(from, to, 64);
        } else {
            cold_path();
            match bytes {
                128 => std::ptr::copy_nonoverlapping(from, to, 128),
                256 => std::ptr::copy_nonoverlapping(from, to, 256),
                512 => std::ptr::copy_nonoverlapping(from, to, 512),
                _ => return None,
            }
        }
    }
    Some(())
}

fn load_segments<T: Element, const NF: usize>(h: &mut Hart, op: &Op) -> Flow {
    let base = h.x[op.rs1 as usize];
    let n = h.vl as usize;
    let Some(from) = h.load_span(base, n * NF * size_of::<T>()) else { return load_general::<T>(h, op) };
    let (from, fields) = (from.cast::<T>(), Fields::of::<T>(op));
    let to: [*mut T; NF] = std::array::from_fn(|field| h.v.ptr_mut(fields.reg(op, field)).cast());
    for index in 0..n {
        for (field, to) in to.iter().enumerate() {
            // SAFETY: as many elements are readable in the span, and legality has put the groups into the register
            // file, where an element is aligned.
            unsafe { to.add(index).write(from.add(index * NF + field).read_unaligned()) };
        }
    }
    h.log.push(base);
    Flow::Next
}

fn store_segments<T: Element, const NF: usize>(h: &mut Hart, op: &Op) -> Flow {
    let base = h.x[op.rs1 as usize];
    let n = h.vl as usize;
    let Some(to) = h.store_span(base, n * NF * size_of::<T>()) else { return store_general::<T>(h, op) };
    let (to, fields) = (to.cast::<T>(), Fields::of::<T>(op));
    let from: [*const T; NF] = std::array::from_fn(|field| h.v.ptr(fields.reg(op, field)).cast());
    for index in 0..n {
        for (field, from) in from.iter().enumerate() {
            // SAFETY: as many elements are writable in the span, and legality has put the groups into the register
            // file, where an element is aligned.
            unsafe { to.add(index * NF + field).write_unaligned(from.add(index).read()) };
        }
    }
    h.log.push(base);
    Flow::Next
}

/// Loads the active elements with all that policy says about the others.
fn load_elements<T: Element>(h: &mut Hart, op: &Op) -> Option<()> {
    let base = h.x[op.rs1 as usize];
    let fields = Fields::of::<T>(op);
    let (start, vl) = (h.vstart as usize, h.vl as usize);
    if op.masked == 0 && fields.nf == 1 {
        load_run::<T>(h, op.rd, base, start, vl)?;
        if start < vl {
            walk::tail::<T>(h, op);
        }
        h.vstart = 0;
        return Some(());
    }
    elements::<T, true>(h, op, |h, index| {
        for field in 0..fields.nf {
            let at = base.wrapping_add(((index * fields.nf + field) * size_of::<T>()) as u64);
            let value = h.load::<T>(at)?;
            h.v.set(fields.reg(op, field), index, value);
        }
        Some(())
    })
}

fn load_general<T: Element>(h: &mut Hart, op: &Op) -> Flow {
    let base = h.x[op.rs1 as usize];
    done(h, base, |h| load_elements::<T>(h, op))
}

fn store_general<T: Element>(h: &mut Hart, op: &Op) -> Flow {
    let base = h.x[op.rs1 as usize];
    let fields = Fields::of::<T>(op);
    done(h, base, |h| {
        if op.masked == 0 && fields.nf == 1 {
            return store_run::<T>(h, op.rd, base, h.vstart as usize, h.vl as usize);
        }
        elements::<T, false>(h, op, |h, index| {
            for field in 0..fields.nf {
                let at = base.wrapping_add(((index * fields.nf + field) * size_of::<T>()) as u64);
                h.store::<T>(at, h.v.get(fields.reg(op, field), index))?;
            }
            Some(())
        })
    })
}

/// Only a fault of element 0 traps; a fault of a later one makes vl its index.
fn first<T: Element>(h: &mut Hart, op: &Op) -> Flow {
    let base = h.x[op.rs1 as usize];
    if load_elements::<T>(h, op).is_none() {
        if h.vstart == 0 {
            return Flow::Trap;
        }
        h.vl = h.vstart;
        h.vstart = 0;
        walk::tail::<T>(h, op);
    }
    h.log.push(base);
    h.log.push(u64::from(h.vl));
    Flow::Next
}
