//! Products of blocks: `C[i][j] += sum over k of A[i][k] * B[k][j]`, one A and as many B and C as there are.

use super::{Call, Kernel, Number, Raised, Work, versioned};
use crate::float::lanes::{Form, FusedOp, Level, fused_f32};
use crate::float::{BF16, F16, F32, F64, Flags, Format, Rounding, add, convert, mul_add};
use crate::matrix::blocks::{S, Sign, U, row_major, transposed};

/// How a block lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Row by row.
    Rows,
    /// Column by column.
    Columns,
}

/// How floating-point products are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accumulate {
    /// k ascending, each a fused multiply-add that rounds to the type of C.
    Fused,
    /// k ascending in binary64, fused multiply-adds to nearest; then to C, rounded once to its type.
    Once,
}

/// A declared block product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matmul {
    /// Rows of A and C.
    pub m: usize,
    /// Columns of A, rows of B.
    pub k: usize,
    /// Columns of B and C.
    pub n: usize,
    /// Type of A.
    pub a: Number,
    /// Type of B.
    pub b: Number,
    /// Type of C.
    pub c: Number,
    /// Layouts of A, B and C.
    pub layouts: [Layout; 3],
    /// Integer sums are clamped to C's type, once, after the exact sum; else they are modulo 2^bits.
    pub saturate: bool,
    /// Of floating-point products.
    pub accumulate: Accumulate,
}

impl Matmul {
    /// Most elements of a block.
    pub const MOST: usize = 8192;

    /// Bytes of a block of A, of B and of C.
    pub fn bytes(&self) -> [usize; 3] {
        [self.a.bytes(self.m * self.k), self.b.bytes(self.k * self.n), self.c.bytes(self.m * self.n)]
    }

    /// Multiplications with their additions that a block takes.
    pub fn macs(&self) -> usize {
        self.m * self.k * self.n
    }

    /// The kernel for a level.
    pub fn kernel(&self, level: Level) -> Kernel<Matmul> {
        if self.c.is_float() {
            return real;
        }
        if self.saturate || self.c.bits() == 64 {
            return exact;
        }
        if let Some(kernel) = self.built_in(level) {
            return kernel;
        }
        match (self.m * self.k).max(self.k * self.n).max(self.m * self.n) {
            ..=64 => versioned::<_, Modulo<64>>(level),
            65..=512 => versioned::<_, Modulo<512>>(level),
            _ => versioned::<_, Modulo<{ Matmul::MOST }>>(level),
        }
    }

    /// The loops of a built-in extension, where they do the same.
    fn built_in(&self, level: Level) -> Option<Kernel<Matmul>> {
        let bytes = |number: Number| number.bits() == 8;
        if !bytes(self.a) || !bytes(self.b) || self.c.bits() != 32 || self.m != self.n {
            return None;
        }
        match (self.layouts, self.n, self.k) {
            ([Layout::Rows, Layout::Rows, Layout::Rows], 2, 8) => Some(self.signs::<Like<2, 4, 8, false>>(level)),
            ([Layout::Rows, Layout::Rows, Layout::Rows], 4, 8) => Some(self.signs::<Like<4, 16, 8, false>>(level)),
            ([Layout::Rows, Layout::Columns, Layout::Rows], 4, 8) => Some(self.signs::<Like<4, 16, 8, true>>(level)),
            ([Layout::Rows, Layout::Columns, Layout::Rows], 4, 16) => Some(self.signs::<Like<4, 16, 16, true>>(level)),
            ([Layout::Rows, Layout::Columns, Layout::Rows], 8, 16) => Some(self.signs::<Like<8, 64, 16, true>>(level)),
            _ => None,
        }
    }

    fn signs<F: Family>(&self, level: Level) -> Kernel<Matmul> {
        match (self.a.is_signed(), self.b.is_signed()) {
            (false, false) => versioned::<_, OfSigns<F, U, U>>(level),
            (false, true) => versioned::<_, OfSigns<F, U, S>>(level),
            (true, false) => versioned::<_, OfSigns<F, S, U>>(level),
            (true, true) => versioned::<_, OfSigns<F, S, S>>(level),
        }
    }
}

/// The loops of a built-in extension for its block.
trait Family {
    fn multiply<A: Sign, B: Sign>(a: &[u8], b: &[u8], c: &mut [u32]);
}

/// R rows and columns, K deep; B row by row, or column by column.
struct Like<const R: usize, const RR: usize, const K: usize, const TRANSPOSED: bool>;

impl<const R: usize, const RR: usize, const K: usize, const TRANSPOSED: bool> Family for Like<R, RR, K, TRANSPOSED> {
    #[inline(always)]
    fn multiply<A: Sign, B: Sign>(a: &[u8], b: &[u8], c: &mut [u32]) {
        if TRANSPOSED {
            for (b, c) in b.chunks_exact(K * R).zip(c.chunks_exact_mut(RR)) {
                transposed::<R, K, A, B>(a, b, c);
            }
        } else {
            row_major::<R, RR, A, B>(a, b, c);
        }
    }
}

struct OfSigns<F, A, B>(std::marker::PhantomData<(F, A, B)>);

impl<F: Family, A: Sign, B: Sign> Work<Matmul> for OfSigns<F, A, B> {
    #[inline(always)]
    fn run(what: &Matmul, call: &Call, a: &[u8], b: &[u8], c: &mut [u8]) -> Raised {
        // SAFETY: any four bytes are a word.
        let (before, words, _) = unsafe { c.align_to_mut::<u32>() };
        if before.is_empty() {
            F::multiply::<A, B>(a, b, words);
            return Raised::NOTHING;
        }
        Modulo::<512>::run(what, call, a, b, c)
    }
}

/// Integer sums modulo 2^32, blocks of at most CAP elements.
struct Modulo<const CAP: usize>;

impl<const CAP: usize> Work<Matmul> for Modulo<CAP> {
    #[inline(always)]
    fn run(what: &Matmul, call: &Call, a: &[u8], b: &[u8], c: &mut [u8]) -> Raised {
        let Matmul { m, k, n, .. } = *what;
        let (mut rows, mut columns, mut sums) = ([0i32; CAP], [0i32; CAP], [0i32; CAP]);
        let (rows, columns, sums) = (&mut rows[..m * k], &mut columns[..k * n], &mut sums[..m * n]);
        fetch(what.a, what.layouts[0], a, 0, (m, k), rows);
        for block in 0..call.count {
            fetch(what.b, what.layouts[1], b, block, (k, n), columns);
            fetch(what.c, what.layouts[2], c, block, (m, n), sums);
            match n {
                2 => fixed::<2>(k, rows, columns, sums),
                4 => fixed::<4>(k, rows, columns, sums),
                8 => fixed::<8>(k, rows, columns, sums),
                16 => fixed::<16>(k, rows, columns, sums),
                32 => fixed::<32>(k, rows, columns, sums),
                _ => any(k, n, rows, columns, sums),
            }
            put(what.c, what.layouts[2], c, block, (m, n), sums, |sum| sum as u64);
        }
        Raised::NOTHING
    }
}

/// The product of a block with N columns.
#[inline(always)]
fn fixed<const N: usize>(k: usize, a: &[i32], b: &[i32], c: &mut [i32]) {
    for (a, c) in a.chunks_exact(k).zip(c.chunks_exact_mut(N)) {
        let mut sums = [0; N];
        sums.copy_from_slice(c);
        for (&a, b) in a.iter().zip(b.chunks_exact(N)) {
            for (sum, &b) in sums.iter_mut().zip(b) {
                *sum = sum.wrapping_add(a.wrapping_mul(b));
            }
        }
        c.copy_from_slice(&sums);
    }
}

#[inline(always)]
fn any(k: usize, n: usize, a: &[i32], b: &[i32], c: &mut [i32]) {
    for (a, c) in a.chunks_exact(k).zip(c.chunks_exact_mut(n)) {
        for (&a, b) in a.iter().zip(b.chunks_exact(n)) {
            for (sum, &b) in c.iter_mut().zip(b) {
                *sum = sum.wrapping_add(a.wrapping_mul(b));
            }
        }
    }
}

/// A block of `rows` by `columns`, row by row.
#[inline(always)]
fn fetch<W: super::number::Wide>(
    number: Number,
    layout: Layout,
    bytes: &[u8],
    block: usize,
    (rows, columns): (usize, usize),
    out: &mut [W],
) {
    // Blocks begin at whole bytes.
    let bytes = &bytes[block * number.bytes(rows * columns)..];
    match layout {
        Layout::Rows => number.widen(bytes, 0, out),
        Layout::Columns => {
            for (index, out) in out.iter_mut().enumerate() {
                let (row, column) = (index / columns, index % columns);
                number.widen(bytes, column * rows + row, std::slice::from_mut(out));
            }
        }
    }
}

/// The other way.
#[inline(always)]
fn put<W: Copy>(
    number: Number,
    layout: Layout,
    bytes: &mut [u8],
    block: usize,
    (rows, columns): (usize, usize),
    values: &[W],
    low: impl Fn(W) -> u64,
) {
    let bytes = &mut bytes[block * number.bytes(rows * columns)..];
    match layout {
        Layout::Rows => number.narrow(values, bytes, 0, low),
        Layout::Columns => {
            for (index, value) in values.iter().enumerate() {
                let (row, column) = (index / columns, index % columns);
                number.narrow(std::slice::from_ref(value), bytes, column * rows + row, &low);
            }
        }
    }
}

/// As [`fetch`], and u64 by its value.
fn fetch_exact(number: Number, layout: Layout, bytes: &[u8], block: usize, shape: (usize, usize), out: &mut [i128]) {
    fetch(number, layout, bytes, block, shape, out);
    if number == Number::U64 {
        out.iter_mut().for_each(|value| *value &= i128::from(u64::MAX));
    }
}

/// Integer sums that are exact before they are clamped or cut to the type of C.
fn exact(what: &Matmul, call: &Call, a: &[u8], b: &[u8], c: &mut [u8]) -> Raised {
    let Matmul { m, k, n, .. } = *what;
    let (mut rows, mut columns, mut sums) = (vec![0i128; m * k], vec![0i128; k * n], vec![0i128; m * n]);
    let (least, greatest) = what.c.limits();
    let mut saturated = false;
    fetch_exact(what.a, what.layouts[0], a, 0, (m, k), &mut rows);
    for block in 0..call.count {
        fetch_exact(what.b, what.layouts[1], b, block, (k, n), &mut columns);
        fetch_exact(what.c, what.layouts[2], c, block, (m, n), &mut sums);
        for (a, c) in rows.chunks_exact(k).zip(sums.chunks_exact_mut(n)) {
            for (j, sum) in c.iter_mut().enumerate() {
                *sum += a.iter().enumerate().map(|(k, a)| a * columns[k * n + j]).sum::<i128>();
                if what.saturate {
                    let kept = (*sum).clamp(least, greatest);
                    saturated |= kept != *sum;
                    *sum = kept;
                }
            }
        }
        put(what.c, what.layouts[2], c, block, (m, n), &sums, |sum| sum as u64);
    }
    Raised { flags: Flags::empty(), saturated }
}

/// Floating-point sums.
fn real(what: &Matmul, call: &Call, a: &[u8], b: &[u8], c: &mut [u8]) -> Raised {
    match (what.c, what.accumulate, call.rounding) {
        (Number::F32, Accumulate::Fused, Rounding::Rne) => on_host(what, call, a, b, c),
        (Number::F16, ..) => soft::<F16>(what, call, a, b, c),
        (Number::Bf16, ..) => soft::<BF16>(what, call, a, b, c),
        (Number::F32, ..) => soft::<F32>(what, call, a, b, c),
        _ => soft::<F64>(what, call, a, b, c),
    }
}

/// A value of a floating-point type in another format.
fn reformat<F: Format>(number: Number, bits: u64, flags: &mut Flags) -> u64 {
    match number {
        Number::F16 => convert::<F16, F>(bits, Rounding::Rne, flags),
        Number::Bf16 => convert::<BF16, F>(bits, Rounding::Rne, flags),
        Number::F32 => convert::<F32, F>(bits, Rounding::Rne, flags),
        _ => convert::<F64, F>(bits, Rounding::Rne, flags),
    }
}

/// A source block in format F, row by row.
fn formatted<F: Format>(
    number: Number,
    layout: Layout,
    bytes: &[u8],
    block: usize,
    shape: (usize, usize),
    flags: &mut Flags,
) -> Vec<u64> {
    let mut values = vec![0i64; shape.0 * shape.1];
    fetch(number, layout, bytes, block, shape, &mut values);
    values.into_iter().map(|bits| reformat::<F>(number, bits as u64, flags)).collect()
}

/// binary32 to nearest: fused multiply-adds on whole blocks, on the host's units.
fn on_host(what: &Matmul, call: &Call, a: &[u8], b: &[u8], c: &mut [u8]) -> Raised {
    let Matmul { m, k, n, .. } = *what;
    let kernel = fused_f32(FusedOp::Macc, Form::Vector, call.level);
    let mut flags = Flags::empty();
    let single = |bits: u64| bits as u32;
    let a: Vec<u32> =
        formatted::<F32>(what.a, what.layouts[0], a, 0, (m, k), &mut flags).into_iter().map(single).collect();
    let (mut left, mut right, mut old) = (vec![0u32; m * n], vec![0u32; m * n], vec![0i64; m * n]);
    for block in 0..call.count {
        let b = formatted::<F32>(what.b, what.layouts[1], b, block, (k, n), &mut flags);
        let b: Vec<u32> = b.into_iter().map(single).collect();
        fetch(what.c, what.layouts[2], c, block, (m, n), &mut old);
        let mut sums: Vec<u32> = old.iter().map(|&bits| bits as u32).collect();
        for step in 0..k {
            // Both factors spread over the shape of C.
            for (i, (left, right)) in left.chunks_exact_mut(n).zip(right.chunks_exact_mut(n)).enumerate() {
                left.fill(a[i * k + step]);
                right.copy_from_slice(&b[step * n..][..n]);
            }
            let to = sums.as_mut_ptr();
            // SAFETY: all have m*n elements, and the destination is the addend.
            unsafe { kernel(to, left.as_ptr(), right.as_ptr(), to, m * n) };
        }
        put(what.c, what.layouts[2], c, block, (m, n), &sums, u64::from);
    }
    Raised { flags, saturated: false }
}

/// Any format and rounding mode.
fn soft<F: Format>(what: &Matmul, call: &Call, a: &[u8], b: &[u8], c: &mut [u8]) -> Raised {
    let Matmul { m, k, n, .. } = *what;
    let (rm, mut flags) = (call.rounding, Flags::empty());
    let once = what.accumulate == Accumulate::Once;
    let source = |number, layout, bytes: &[u8], block, shape, flags: &mut Flags| match once {
        true => formatted::<F64>(number, layout, bytes, block, shape, flags),
        false => formatted::<F>(number, layout, bytes, block, shape, flags),
    };
    let a = source(what.a, what.layouts[0], a, 0, (m, k), &mut flags);
    let mut sums = vec![0i64; m * n];
    for block in 0..call.count {
        let b = source(what.b, what.layouts[1], b, block, (k, n), &mut flags);
        fetch(what.c, what.layouts[2], c, block, (m, n), &mut sums);
        for (index, sum) in sums.iter_mut().enumerate() {
            let (row, column) = (&a[index / n * k..][..k], index % n);
            let pairs = row.iter().enumerate().map(|(step, &a)| (a, b[step * n + column]));
            let old = *sum as u64;
            *sum = if once {
                let nearest = Rounding::Rne;
                let total = pairs.fold(0, |total, (a, b)| mul_add::<F64>(a, b, total, nearest, &mut flags));
                let old = convert::<F, F64>(old, nearest, &mut flags);
                convert::<F64, F>(add::<F64>(old, total, nearest, &mut flags), rm, &mut flags)
            } else {
                pairs.fold(old, |sum, (a, b)| mul_add::<F>(a, b, sum, rm, &mut flags))
            } as i64;
        }
        put(what.c, what.layouts[2], c, block, (m, n), &sums, |bits| bits as u64);
    }
    Raised { flags, saturated: false }
}
