//! What the operands of an instruction leave to do, for the timing model: one word in the access log (see
//! [`Props::WORK`](crate::row::Props::WORK)).

use super::float::Real;
use crate::hart::Hart;
use crate::op::Op;

/// Logs the active elements of a division whose divisor is not zero.
#[inline(always)]
pub(in crate::vector) fn log_divisors(h: &mut Hart, op: &Op, divisor: impl Fn(&Hart, usize) -> u64) {
    log(h, op, |h, i| divisor(h, i) != 0);
}

/// Logs the active elements of a floating-point division or square root with ordinary operands: neither zero, infinite nor
/// NaN. There are two, unless `b` is absent.
#[inline(always)]
pub(in crate::vector) fn log_ordinary<F: Real>(
    h: &mut Hart,
    op: &Op,
    a: impl Fn(&Hart, usize) -> u64,
    b: Option<impl Fn(&Hart, usize) -> u64>,
) {
    let ordinary = |bits: u64| {
        let magnitude = bits & !F::SIGN;
        magnitude != 0 && magnitude < F::INFINITY
    };
    log(h, op, |h, i| ordinary(a(h, i)) && b.as_ref().is_none_or(|b| ordinary(b(h, i))));
}

/// Logs the active elements that make work.
#[inline(always)]
fn log(h: &mut Hart, op: &Op, works: impl Fn(&Hart, usize) -> bool) {
    if h.log.on {
        let active = |&i: &usize| op.masked == 0 || h.v.mask_bit(0, i);
        let work = (h.vstart as usize..h.vl as usize).filter(active).filter(|&i| works(h, i)).count();
        h.log.push(work as u64);
    }
}
