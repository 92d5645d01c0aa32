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

/// `C[i][n] += sum over k < 8 of A[i][k] * B[k][n]` modulo 2^32 for R rows and columns, row-major, for as many B and C as `b` and `c`
/// hold. Two steps of k at a time: the pattern that hosts multiply and add in one instruction.
#[inline(always)]
pub fn row_major<const R: usize, const RR: usize, A: Sign, B: Sign>(a: &[u8], b: &[u8], c: &mut [u32]) {
    // A spread over the shape of C: entry [pair][i*R + n] has A[i][2*pair] and A[i][2*pair + 1].
    let mut spread = [[[0i16; 2]; RR]; 4];
    for (pair, spread) in spread.iter_mut().enumerate() {
        for (at, entry) in spread.iter_mut().enumerate() {
            let row = 8 * (at / R) + 2 * pair;
            *entry = [A::extend(a[row]), A::extend(a[row + 1])];
        }
    }
    for (b, c) in b.chunks_exact(8 * R).zip(c.chunks_exact_mut(RR)) {
        let mut sums = [0i32; RR];
        for (pair, spread) in spread.iter().enumerate() {
            let rows = &b[2 * pair * R..][..2 * R];
            let mut both = [[0i16; 2]; R];
            for (n, both) in both.iter_mut().enumerate() {
                *both = [B::extend(rows[n]), B::extend(rows[R + n])];
            }
            for (at, (sum, a)) in sums.iter_mut().zip(spread).enumerate() {
                let b = both[at % R];
                let products = i32::from(a[0]).wrapping_mul(i32::from(b[0])).wrapping_add(i32::from(a[1]) * i32::from(b[1]));
                *sum = sum.wrapping_add(products);
            }
        }
        for (c, sum) in c.iter_mut().zip(sums) {
            *c = u32::from_le(*c).wrapping_add(sum as u32).to_le();
        }
    }
}

/// `C[i][j] += sum over k < K of A[i][k] * B[j][k]` modulo 2^32: every row of B is a column of the product. N rows each.
#[inline(always)]
pub fn transposed<const N: usize, const K: usize, A: Sign, B: Sign>(a: &[u8], b: &[u8], c: &mut [u32]) {
    for (a, c) in a.chunks_exact(K).take(N).zip(c.chunks_exact_mut(N)) {
        for (b, c) in b.chunks_exact(K).take(N).zip(c) {
            let mut sum = 0i32;
            for (&a, &b) in a.iter().zip(b) {
                sum = sum.wrapping_add(i32::from(A::extend(a)) * i32::from(B::extend(b)));
            }
            *c = u32::from_le(*c).wrapping_add(sum as u32).to_le();
        }
    }
}

/// The registers of an instruction as slices: `a` bytes from vs1, `b` bytes from vs2, `c` words of vd. A group of C never overlaps that of A; where
/// it may be B itself, B is copied.
#[inline(always)]
pub fn with_registers(h: &mut Hart, op: &Op, a: usize, b: usize, c: usize, multiply: impl FnOnce(&[u8], &[u8], &mut [u32])) {
    let copy = (op.rd == op.rs2).then(|| h.v.from(op.rs2)[..b].to_vec());
    let file = h.v.ptr_mut(0);
    let vlenb = h.vlenb();
    // SAFETY: legality has put the groups into the register file, where words are aligned, and has kept C apart from A and, unless
    // copied, from B.
    unsafe {
        let at = |reg: u8| file.add(reg as usize * vlenb);
        let a = std::slice::from_raw_parts(at(op.rs1), a);
        let b = match &copy {
            Some(copy) => copy,
            None => std::slice::from_raw_parts(at(op.rs2), b),
        };
        let c = std::slice::from_raw_parts_mut(at(op.rd).cast::<u32>(), c);
        multiply(a, b, c);
    }
}

