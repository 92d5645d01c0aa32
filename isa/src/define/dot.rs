//! Dot products: each element of C gets the sum of `k` products of neighbours.

use super::{Call, Kernel, Matmul, Number, Raised, Work, versioned};
use crate::float::lanes::Level;

/// A declared dot product: `C[i] += sum over j < k of A[i*k + j] * B[i*k + j]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dot {
    /// Types, saturation and rounding, of a block product of one row and one column, which it is element by element.
    pub each: Matmul,
    /// A is one group of k elements, the same for every element of C.
    pub scalar: bool,
}

impl Dot {
    /// The kernel for a level.
    pub fn kernel(&self, level: Level) -> Kernel<Dot> {
        let Matmul { a, b, c, saturate, k, .. } = self.each;
        let small = |number: Number| matches!(number.bits(), 4 | 8 | 16);
        let fits = !c.is_float() && c.bits() <= 32 && !saturate && small(a) && small(b) && k <= STRIP;
        if fits { versioned::<_, Modulo>(level) } else { one_by_one }
    }
}

/// Elements of A that are widened together.
const STRIP: usize = 64;

/// Integer sums modulo 2^32.
struct Modulo;

impl Work<Dot> for Modulo {
    #[inline(always)]
    fn run(what: &Dot, call: &Call, a: &[u8], b: &[u8], c: &mut [u8]) -> Raised {
        let Matmul { a: of_a, b: of_b, c: of_c, k, .. } = what.each;
        // As many elements of C as keep a strip full.
        let step = STRIP / k;
        let (mut left, mut right, mut sums) = ([0i32; STRIP], [0i32; STRIP], [0i32; STRIP]);
        if what.scalar {
            for left in left[..step * k].chunks_exact_mut(k) {
                of_a.widen(a, 0, left);
            }
        }
        for first in (0..call.count).step_by(step) {
            let count = step.min(call.count - first);
            let (left, right, sums) = (&mut left[..count * k], &mut right[..count * k], &mut sums[..count]);
            if !what.scalar {
                of_a.widen(a, first * k, left);
            }
            of_b.widen(b, first * k, right);
            of_c.widen(c, first, sums);
            for ((sum, left), right) in sums.iter_mut().zip(left.chunks_exact(k)).zip(right.chunks_exact(k)) {
                for (a, b) in left.iter().zip(right) {
                    *sum = sum.wrapping_add(a.wrapping_mul(*b));
                }
            }
            of_c.narrow(sums, c, first, |sum| sum as u64);
        }
        Raised::NOTHING
    }
}

/// Everything else, an element of C at a time.
fn one_by_one(what: &Dot, call: &Call, a: &[u8], b: &[u8], c: &mut [u8]) -> Raised {
    let Matmul { a: of_a, b: of_b, c: of_c, k, .. } = what.each;
    let kernel = what.each.kernel(call.level);
    let one = Call { count: 1, ..*call };
    let mut raised = Raised::NOTHING;
    let at = |number: Number, element: usize| element * number.bits() as usize / 8;
    for index in 0..call.count {
        let a = if what.scalar { a } else { &a[at(of_a, index * k)..] };
        // SAFETY: the kernel was made for this level.
        raised =
            raised.and(unsafe { kernel(&what.each, &one, a, &b[at(of_b, index * k)..], &mut c[at(of_c, index)..]) });
    }
    raised
}
