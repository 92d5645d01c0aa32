//! Products of small int8 blocks: the arithmetic of the vector-register matrix extensions.

use crate::hart::Hart;
use crate::op::Op;

/// How an int8 operand is read. Every product of two such values and every sum of two products fits 32 bits, and every value fits 16.
pub trait Sign: 'static {
    /// Extends a byte.
    fn extend(byte: u8) -> i16;
}

/// Unsigned.
pub struct U;
/// Signed.
pub struct S;

impl Sign for U {
    #[inline(always)]
    fn extend(byte: u8) -> i16 {
        i16::from(byte)
    }
}

impl Sign for S {
    #[inline(always)]
    fn extend(byte: u8) -> i16 {
        i16::from(byte as i8)
    }
}

/// The sum of the products of two neighbours: the pattern that hosts multiply and add in one instruction.
#[inline(always)]
pub(super) fn product(a: [i16; 2], b: [i16; 2]) -> i32 {
    i32::from(a[0]).wrapping_mul(i32::from(b[0])).wrapping_add(i32::from(a[1]).wrapping_mul(i32::from(b[1])))
}

/// `C[i][n] += sum over k < 8 of A[i][k] * B[k][n]` modulo 2^32 for R rows and columns, row-major, for as many B and C as `b` and `c`
/// hold. A block of C is one vector of the host; A and B are spread over its shape, two steps of k at a time.
#[inline(always)]
pub fn row_major<const R: usize, const RR: usize, A: Sign, B: Sign>(a: &[u8], b: &[u8], c: &mut [u32]) {
    let mut wide = [0i16; 32];
    for (wide, &byte) in wide[..8 * R].iter_mut().zip(&a[..8 * R]) {
        *wide = A::extend(byte);
    }
    // SAFETY: both are plain numbers of one size in all. Neighbours are moved as one word, which compilers do not find by themselves.
    let pairs: [u32; 16] = unsafe { std::mem::transmute(wide) };
    let mut spread = [[0u32; 16]; 4];
    for (pair, spread) in spread.iter_mut().enumerate() {
        for i in 0..R {
            for n in 0..R {
                spread[i * R + n] = pairs[i * 4 + pair];
            }
        }
    }
    // SAFETY: as above.
    let spread: [[i16; 32]; 4] = unsafe { std::mem::transmute(spread) };
    for (b, c) in b.chunks_exact(8 * R).zip(c.chunks_exact_mut(RR)) {
        let mut sums = [0i32; RR];
        for (sum, c) in sums.iter_mut().zip(&*c) {
            *sum = u32::from_le(*c) as i32;
        }
        for (pair, spread) in spread.iter().enumerate() {
            let mut rows = [0i16; 32];
            for at in 0..RR {
                rows[2 * at] = B::extend(b[2 * pair * R + at % R]);
                rows[2 * at + 1] = B::extend(b[(2 * pair + 1) * R + at % R]);
            }
            for (at, sum) in sums.iter_mut().enumerate() {
                let (a, b) = ([spread[2 * at], spread[2 * at + 1]], [rows[2 * at], rows[2 * at + 1]]);
                *sum = sum.wrapping_add(product(a, b));
            }
        }
        for (c, sum) in c.iter_mut().zip(sums) {
            *c = (sum as u32).to_le();
        }
    }
}

/// `C[i][j] += sum over k < K of A[i][k] * B[j][k]` modulo 2^32: every row of B is a column of the product. N rows each.
#[inline(always)]
pub fn transposed<const N: usize, const K: usize, A: Sign, B: Sign>(a: &[u8], b: &[u8], c: &mut [u32]) {
    let mut wide = [[0i16; K]; N];
    for (wide, b) in wide.iter_mut().zip(b.chunks_exact(K)) {
        for (wide, &byte) in wide.iter_mut().zip(b) {
            *wide = B::extend(byte);
        }
    }
    for (a, c) in a.chunks_exact(K).take(N).zip(c.chunks_exact_mut(N)) {
        let mut row = [0i16; K];
        for (row, &byte) in row.iter_mut().zip(a) {
            *row = A::extend(byte);
        }
        for (b, c) in wide.iter().zip(c) {
            let mut sum = 0i32;
            for k in 0..K {
                sum = sum.wrapping_add(i32::from(row[k]) * i32::from(b[k]));
            }
            *c = u32::from_le(*c).wrapping_add(sum as u32).to_le();
        }
    }
}

/// A, B and C of an instruction: `bytes` of vs1 and of vs2, `words` of vd. Where C is B itself, B is what `copy` holds.
#[inline(always)]
pub fn operands<'a>(
    h: &'a mut Hart,
    op: &Op,
    bytes: [usize; 2],
    words: usize,
    copy: &'a mut Vec<u8>,
) -> (&'a [u8], &'a [u8], &'a mut [u32]) {
    let same = op.rd == op.rs2;
    if same {
        copy.extend_from_slice(&h.v.from(op.rs2)[..bytes[1]]);
    }
    let (file, vlenb) = (h.v.ptr_mut(0), h.vlenb());
    // SAFETY: legality has put the groups into the register file, where words are aligned, and has kept C apart from A and, unless
    // copied, from B.
    unsafe {
        let at = |reg: u8| file.add(reg as usize * vlenb);
        let a = std::slice::from_raw_parts(at(op.rs1), bytes[0]);
        let b = if same { copy } else { std::slice::from_raw_parts(at(op.rs2), bytes[1]) };
        (a, b, std::slice::from_raw_parts_mut(at(op.rd).cast::<u32>(), words))
    }
}
