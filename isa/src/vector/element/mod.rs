//! Element types and the loops over register groups that all element-wise instructions share.
//!
//! An element-wise instruction is a [`Lane`]: a function of the old destination element, one element of vs2 and one of
//! vs1 (or a scalar), each with its own width. From it come a *fast* body for whole groups, compiled for every SIMD
//! level, and a *general* body for masks, vstart and agnostic elements.

mod types;

use std::marker::PhantomData;
use std::mem::MaybeUninit;

use crate::float::host;
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::Exec;
use crate::vector::legal;
use crate::vector::simd::{Body, ScalarBody, versioned_or, versioned_scalar_or};
use crate::vector::vtype::Vtype;
pub use types::{Element, Narrow, Vxrm};

/// An element-wise function: destination `D`, vs2 `A` and second source `B` may differ in width.
pub trait Lane<D, A, B>: 'static {
    /// One element: `d` is the old destination; `saturated` is to become non-zero when the result saturates.
    fn apply(d: D, a: A, b: B, rounding: Vxrm, saturated: &mut D) -> D;
}

/// A function on elements of every width.
pub trait Single: Lane<u8, u8, u8> + Lane<u16, u16, u16> + Lane<u32, u32, u32> + Lane<u64, u64, u64> {}
impl<F: Lane<u8, u8, u8> + Lane<u16, u16, u16> + Lane<u32, u32, u32> + Lane<u64, u64, u64>> Single for F {}

/// A function whose result is twice as wide as its sources.
pub trait Widening: Lane<u16, u8, u8> + Lane<u32, u16, u16> + Lane<u64, u32, u32> {}
impl<F: Lane<u16, u8, u8> + Lane<u32, u16, u16> + Lane<u64, u32, u32>> Widening for F {}

/// A function whose result and first source are twice as wide as its second source.
pub trait WideningW: Lane<u16, u16, u8> + Lane<u32, u32, u16> + Lane<u64, u64, u32> {}
impl<F: Lane<u16, u16, u8> + Lane<u32, u32, u16> + Lane<u64, u64, u32>> WideningW for F {}

/// A function whose first source is twice as wide as its result and its second source.
pub trait Narrowing: Lane<u8, u16, u8> + Lane<u16, u32, u16> + Lane<u32, u64, u32> {}
impl<F: Lane<u8, u16, u8> + Lane<u16, u32, u16> + Lane<u32, u64, u32>> Narrowing for F {}

/// Where the second source of a vector instruction comes from: its category by funct3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `.vv`: a register group.
    Vector,
    /// `.vx`: an integer register.
    X,
    /// `.vi`: an immediate.
    Immediate,
}

/// The second operand of `.vx` and `.vi` forms.
pub trait ScalarSource: 'static {
    /// Its value, to be truncated to SEW.
    fn value(h: &Hart, op: &Op) -> u64;
}

/// rs1.
pub struct X;
/// The immediate.
pub struct Imm;

impl ScalarSource for X {
    #[inline(always)]
    fn value(h: &Hart, op: &Op) -> u64 {
        h.x[op.rs1 as usize]
    }
}

impl ScalarSource for Imm {
    #[inline(always)]
    fn value(_: &Hart, op: &Op) -> u64 {
        op.imm as u64
    }
}

/// Whether an operation needs the general body.
pub fn general(inst: &Inst, ctx: &Ctx) -> bool {
    inst.masked() || ctx.vstart || (ctx.agnostic_ones && (ctx.vtype.ta() || ctx.vtype.ma()))
}

/// A second operand: a group of registers or a scalar.
pub trait Second<T>: Copy {
    /// Element `i`.
    ///
    /// # Safety
    /// A group must have so many elements.
    unsafe fn at(self, i: usize) -> T;
}

/// A scalar for every element.
#[derive(Clone, Copy)]
pub struct Splat<T>(pub T);

impl<T: Copy> Second<T> for *const T {
    #[inline(always)]
    unsafe fn at(self, i: usize) -> T {
        // SAFETY: the caller's promise.
        unsafe { *self.add(i) }
    }
}

impl<T: Copy> Second<T> for Splat<T> {
    #[inline(always)]
    unsafe fn at(self, _: usize) -> T {
        self.0
    }
}

/// Results by index, with a mark for each lane that they may change. A trait and not a closure, because a closure in
/// three loops is not always inlined, and then nothing vectorises.
trait Results<T, M> {
    /// Result `i`.
    ///
    /// # Safety
    /// The operands must have so many elements.
    unsafe fn at(&self, i: usize, mark: &mut M) -> T;
}

/// What [`Results`] may mark.
trait Mark: Copy {
    /// Nothing marked.
    const NONE: Self;
    /// Whatever either marks.
    fn or(self, other: Self) -> Self;
}

impl Mark for () {
    const NONE: Self = ();
    #[inline(always)]
    fn or(self, _: Self) {}
}

impl<T: Element> Mark for T {
    const NONE: Self = T::ZERO;
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        T::of(self.zext() | other.zext())
    }
}

struct Function<F>(F);

impl<T, F: Fn(usize) -> T> Results<T, ()> for Function<F> {
    #[inline(always)]
    unsafe fn at(&self, i: usize, _: &mut ()) -> T {
        (self.0)(i)
    }
}

/// `d[i] = f(i)` for `n` elements in chunks that the compiler turns into vector registers: all of a chunk's inputs
/// are read before its results are written, so a destination may be one of the sources.
///
/// # Safety
/// `d` must be valid for `n` elements.
#[inline(always)]
pub unsafe fn fill_chunks<T: Copy>(d: *mut T, n: usize, f: impl Fn(usize) -> T) {
    // SAFETY: the caller's promise.
    unsafe { fill(d, n, &Function(f)) }
}

/// Writes all results; gives what they marked together.
///
/// # Safety
/// `d` and the operands of `results` must be valid for `n` elements.
#[inline(always)]
unsafe fn fill<T: Copy, M: Mark>(d: *mut T, n: usize, results: &impl Results<T, M>) -> M {
    let (mut at, mut mark) = (0, M::NONE);
    // SAFETY: the caller's promise.
    unsafe {
        at = chunks::<T, M, 64>(d, at, n, &mut mark, results);
        at = chunks::<T, M, 16>(d, at, n, &mut mark, results);
        // Fewer than a chunk, which the compiler cannot know.
        let end = at + (n - at) % (16 / size_of::<T>());
        while at < end {
            *d.add(at) = results.at(at, &mut mark);
            at += 1;
        }
    }
    mark
}

/// Chunks of `BYTES` bytes from `at` on; returns where it stopped.
///
/// # Safety
/// As for [`fill`].
#[inline(always)]
unsafe fn chunks<T: Copy, M: Mark, const BYTES: usize>(
    d: *mut T,
    mut at: usize,
    n: usize,
    mark: &mut M,
    results: &impl Results<T, M>,
) -> usize {
    let lanes = BYTES / size_of::<T>();
    while at + lanes <= n {
        let mut chunk = [MaybeUninit::<T>::uninit(); 64];
        let mut marks = [M::NONE; 64];
        for (lane, (slot, mark)) in chunk[..lanes].iter_mut().zip(&mut marks[..lanes]).enumerate() {
            // SAFETY: the caller's promise.
            slot.write(unsafe { results.at(at + lane, mark) });
        }
        // SAFETY: the first `lanes` slots are written, and the caller promises room.
        unsafe { std::ptr::copy_nonoverlapping(chunk.as_ptr().cast::<T>(), d.add(at), lanes) };
        *mark = marks[..lanes].iter().fold(*mark, |all, &one| all.or(one));
        at += lanes;
    }
    at
}

struct Chosen<T, S> {
    /// A byte for each element, not zero where the mask bit is set.
    flags: *const u8,
    a: *const T,
    b: S,
    block: usize,
}

impl<T: Copy, S: Second<T>> Results<T, ()> for Chosen<T, S> {
    #[inline(always)]
    unsafe fn at(&self, i: usize, _: &mut ()) -> T {
        // SAFETY: the caller's promise.
        let (flag, a, b) = unsafe { (*self.flags.add(i), *self.a.add(self.block + i), self.b.at(self.block + i)) };
        if flag != 0 { b } else { a }
    }
}

/// Element `i` of `b` where bit `i` of the mask register at `mask` is set, else of `a`.
///
/// # Safety
/// `d`, `a` and `b` must be valid for `n` elements, and `mask` for `n` bits rounded up to a multiple of 64.
#[inline(always)]
pub unsafe fn fill_chosen<T: Copy>(d: *mut T, n: usize, mask: *const u8, a: *const T, b: impl Second<T>) {
    let mut block = 0;
    while block < n {
        // SAFETY: the caller's promise.
        let bits = unsafe { mask.add(block / 8).cast::<[u8; 8]>().read_unaligned() };
        // Bit i of each copy of eight bits is kept in byte i.
        let flags = bits.map(|eight| {
            let copies = u64::from(eight) * 0x0101_0101_0101_0101;
            (copies & 0x8040_2010_0804_0201).to_le_bytes()
        });
        let chosen = Chosen { flags: flags.as_ptr().cast(), a, b, block };
        // SAFETY: the caller's promise; there are 64 flags.
        unsafe { fill(d.add(block), (n - block).min(64), &chosen) };
        block += 64;
    }
}

/// Runs `f` for every active element from vstart to vl, sets inactive and tail elements of the destination group to
/// ones where policy says so, and clears vstart. The general path of all element-wise instructions.
#[inline(always)]
pub fn for_active<D: Element>(h: &mut Hart, op: &Op, mut f: impl FnMut(&mut Hart, usize)) {
    let (start, vl) = (h.vstart as usize, h.vl as usize);
    let ones = h.config().agnostic_ones;
    let vtype = Vtype::from_bits(op.vtype);
    for index in start..vl {
        if op.masked == 0 || h.v.mask_bit(0, index) {
            f(h, index);
        } else if ones && vtype.ma() {
            h.v.set(op.rd, index, D::ONES);
        }
    }
    if start < vl {
        tail::<D>(h, op, vl, op.aux as usize);
    }
    h.vstart = 0;
}

/// Sets the tail of a destination group to ones where policy says so: the elements from `from` to the end of the
/// group's `vlmax` elements, or of its register when the group is a fraction of one.
#[inline(always)]
pub fn tail<D: Element>(h: &mut Hart, op: &Op, from: usize, vlmax: usize) {
    if h.config().agnostic_ones && Vtype::from_bits(op.vtype).ta() {
        for index in from..vlmax.max(h.vlenb() / size_of::<D>()) {
            h.v.set(op.rd, index, D::ONES);
        }
    }
}

/// Groups of registers.
struct Vectors<D, A, B, F>(PhantomData<(D, A, B, F)>);
/// A group and a scalar.
struct WithScalar<D, A, B, F>(PhantomData<(D, A, B, F)>);

/// The operands of a lane function.
struct Operands<D, A, S, B, F> {
    d: *const D,
    a: *const A,
    b: S,
    rounding: Vxrm,
    function: PhantomData<(B, F)>,
}

impl<D: Element, A: Element, B: Element, S: Second<B>, F: Lane<D, A, B>> Results<D, D> for Operands<D, A, S, B, F> {
    #[inline(always)]
    unsafe fn at(&self, i: usize, mark: &mut D) -> D {
        // SAFETY: the caller's promise.
        let (d, a, b) = unsafe { (*self.d.add(i), *self.a.add(i), self.b.at(i)) };
        F::apply(d, a, b, self.rounding, mark)
    }
}

/// The fast body.
#[inline(always)]
fn whole<D: Element, A: Element, B: Element, F: Lane<D, A, B>>(h: &mut Hart, op: &Op, b: impl Second<B>) -> Flow {
    let d = h.v.ptr_mut(op.rd).cast::<D>();
    let a = h.v.ptr(op.rs2).cast::<A>();
    let operands = Operands { d, a, b, rounding: Vxrm(h.vxrm), function: PhantomData::<(B, F)> };
    // SAFETY: legality guarantees that the groups lie in the register file, and that a group of another width overlaps
    // the destination only where ascending order reads before it writes.
    let saturated = unsafe { fill(d, h.vl as usize, &operands) };
    h.vxsat |= saturated != D::ZERO;
    Flow::Next
}

impl<D: Element, A: Element, B: Element, F: Lane<D, A, B>> Body for Vectors<D, A, B, F> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let b = h.v.ptr(op.rs1).cast::<B>();
        whole::<D, A, B, F>(h, op, b)
    }
}

impl<D: Element, A: Element, B: Element, F: Lane<D, A, B>> ScalarBody for WithScalar<D, A, B, F> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op, scalar: u64) -> Flow {
        whole::<D, A, B, F>(h, op, Splat(B::of(scalar)))
    }
}

/// The general body; `scalar` replaces vs1.
#[inline(never)]
pub(in crate::vector) fn any<D: Element, A: Element, B: Element, F: Lane<D, A, B>>(
    h: &mut Hart,
    op: &Op,
    scalar: Option<u64>,
) -> Flow {
    let rounding = Vxrm(h.vxrm);
    let mut saturated = D::ZERO;
    host::aside(|| {
        for_active::<D>(h, op, |h, i| {
            let b = match scalar {
                None => h.v.get(op.rs1, i),
                Some(scalar) => B::of(scalar),
            };
            let value = F::apply(h.v.get(op.rd, i), h.v.get(op.rs2, i), b, rounding, &mut saturated);
            h.v.set(op.rd, i, value);
        });
    });
    h.vxsat |= saturated != D::ZERO;
    Flow::Next
}

/// The handler of a lane function for one set of widths.
pub fn pick<D: Element, A: Element, B: Element, F: Lane<D, A, B>>(source: Source, inst: &Inst, ctx: &Ctx) -> Handler {
    let masked: Handler = match source {
        Source::Vector => |h, op| any::<D, A, B, F>(h, op, None),
        Source::X => |h, op| {
            let scalar = X::value(h, op);
            any::<D, A, B, F>(h, op, Some(scalar))
        },
        Source::Immediate => |h, op| {
            let scalar = Imm::value(h, op);
            any::<D, A, B, F>(h, op, Some(scalar))
        },
    };
    match source {
        _ if general(inst, ctx) => masked,
        Source::Vector => versioned_or::<Vectors<D, A, B, F>>(ctx.level, masked),
        Source::X => versioned_scalar_or::<WithScalar<D, A, B, F>, X>(ctx.level, masked),
        Source::Immediate => versioned_scalar_or::<WithScalar<D, A, B, F>, Imm>(ctx.level, masked),
    }
}

/// Legality of a single-width instruction whose groups all have EMUL = LMUL.
pub(in crate::vector) fn legal_single(inst: &Inst, ctx: &Ctx, source: Source) -> Result<(), Illegal> {
    legal::vtype(ctx)?;
    let lmul = ctx.vtype.lmul_log2();
    legal::mask_overlap(inst)?;
    legal::aligned(inst.rd, lmul)?;
    legal::aligned(inst.rs2, lmul)?;
    if source == Source::Vector {
        legal::aligned(inst.rs1, lmul)?;
    }
    Ok(())
}

/// The handler of a single-width instruction.
pub fn single<F: Single>(inst: &Inst, ctx: &Ctx, source: Source) -> Result<Handler, Illegal> {
    legal_single(inst, ctx, source)?;
    Ok(match ctx.vtype.sew() {
        8 => pick::<u8, u8, u8, F>(source, inst, ctx),
        16 => pick::<u16, u16, u16, F>(source, inst, ctx),
        32 => pick::<u32, u32, u32, F>(source, inst, ctx),
        _ => pick::<u64, u64, u64, F>(source, inst, ctx),
    })
}

const TOO_WIDE: Illegal = Illegal::Rule("the operation needs elements wider than 64 bits (2*SEW > ELEN)");

/// The handler of a widening instruction: vd has 2*SEW.
pub fn widening<F: Widening>(inst: &Inst, ctx: &Ctx, source: Source) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    let lmul = ctx.vtype.lmul_log2();
    legal::mask_overlap(inst)?;
    legal::aligned(inst.rd, lmul + 1)?;
    legal::aligned(inst.rs2, lmul)?;
    legal::mixed_overlap((inst.rd, lmul + 1), (inst.rs2, lmul))?;
    if source == Source::Vector {
        legal::aligned(inst.rs1, lmul)?;
        legal::mixed_overlap((inst.rd, lmul + 1), (inst.rs1, lmul))?;
    }
    Ok(match ctx.vtype.sew() {
        8 => pick::<u16, u8, u8, F>(source, inst, ctx),
        16 => pick::<u32, u16, u16, F>(source, inst, ctx),
        32 => pick::<u64, u32, u32, F>(source, inst, ctx),
        _ => return Err(TOO_WIDE),
    })
}

/// The handler of a widening instruction whose vs2 is wide too (`.wv`, `.wx`).
pub fn widening_w<F: WideningW>(inst: &Inst, ctx: &Ctx, source: Source) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    let lmul = ctx.vtype.lmul_log2();
    legal::mask_overlap(inst)?;
    legal::aligned(inst.rd, lmul + 1)?;
    legal::aligned(inst.rs2, lmul + 1)?;
    if source == Source::Vector {
        legal::aligned(inst.rs1, lmul)?;
        legal::mixed_overlap((inst.rd, lmul + 1), (inst.rs1, lmul))?;
    }
    Ok(match ctx.vtype.sew() {
        8 => pick::<u16, u16, u8, F>(source, inst, ctx),
        16 => pick::<u32, u32, u16, F>(source, inst, ctx),
        32 => pick::<u64, u64, u32, F>(source, inst, ctx),
        _ => return Err(TOO_WIDE),
    })
}

/// The handler of a narrowing instruction: vs2 has 2*SEW.
pub fn narrowing<F: Narrowing>(inst: &Inst, ctx: &Ctx, source: Source) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    let lmul = ctx.vtype.lmul_log2();
    legal::mask_overlap(inst)?;
    legal::aligned(inst.rd, lmul)?;
    legal::aligned(inst.rs2, lmul + 1)?;
    legal::mixed_overlap((inst.rd, lmul), (inst.rs2, lmul + 1))?;
    if source == Source::Vector {
        legal::aligned(inst.rs1, lmul)?;
    }
    Ok(match ctx.vtype.sew() {
        8 => pick::<u8, u16, u8, F>(source, inst, ctx),
        16 => pick::<u16, u32, u16, F>(source, inst, ctx),
        32 => pick::<u32, u64, u32, F>(source, inst, ctx),
        _ => return Err(TOO_WIDE),
    })
}

/// Semantics of the `.vv` form.
pub const fn vv<F: Single>() -> Exec {
    Exec::Select(|inst, ctx| single::<F>(inst, ctx, Source::Vector))
}

/// Semantics of the `.vx` form.
pub const fn vx<F: Single>() -> Exec {
    Exec::Select(|inst, ctx| single::<F>(inst, ctx, Source::X))
}

/// Semantics of the `.vi` form.
pub const fn vi<F: Single>() -> Exec {
    Exec::Select(|inst, ctx| single::<F>(inst, ctx, Source::Immediate))
}
