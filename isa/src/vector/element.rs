//! Element types and the loops over register groups that all element-wise instructions share.

use std::marker::PhantomData;

use crate::hart::{Hart, Scalar};
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::Exec;
use crate::vector::simd::{Body, versioned};
use crate::vector::vtype::Vtype;

/// An integer element: unsigned, with its signed twin.
pub trait Element: Scalar + Default + PartialEq + PartialOrd + 'static {
    /// Width in bits.
    const BITS: u32;
    /// All bits set: what agnostic elements may become.
    const ONES: Self;
    /// Truncates.
    fn of(value: u64) -> Self;
    /// Zero-extends.
    fn zext(self) -> u64;
    /// Sign-extends.
    fn sext(self) -> i64;
}

macro_rules! element {
    ($($unsigned:ty, $signed:ty;)*) => { $(
        impl Element for $unsigned {
            const BITS: u32 = <$unsigned>::BITS;
            const ONES: Self = <$unsigned>::MAX;
            #[inline(always)]
            fn of(value: u64) -> Self { value as $unsigned }
            #[inline(always)]
            fn zext(self) -> u64 { u64::from(self) }
            #[inline(always)]
            fn sext(self) -> i64 { i64::from(self as $signed) }
        }
    )* };
}

element! { u8, i8; u16, i16; u32, i32; u64, i64; }

/// An element-wise function of two sources: `a` comes from vs2, `b` from vs1, rs1 or the immediate.
pub trait Binary<T>: 'static {
    /// One element.
    fn apply(a: T, b: T) -> T;
}

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

/// `d[i] = f(i)` for `n` elements in chunks that the compiler turns into vector registers: all of a chunk's inputs
/// are read before its results are written, so a destination may be one of the sources.
///
/// # Safety
/// `d` must be valid for `n` elements.
#[inline(always)]
pub unsafe fn fill_chunks<T: Copy>(d: *mut T, n: usize, f: impl Fn(usize) -> T) {
    // SAFETY: the caller's promise.
    unsafe {
        let mut at = 0;
        at = chunks::<T, 64>(d, at, n, &f);
        at = chunks::<T, 16>(d, at, n, &f);
        while at < n {
            *d.add(at) = f(at);
            at += 1;
        }
    }
}

/// Chunks of `BYTES` bytes from `at` on; returns where it stopped.
#[inline(always)]
unsafe fn chunks<T: Copy, const BYTES: usize>(d: *mut T, mut at: usize, n: usize, f: &impl Fn(usize) -> T) -> usize {
    let lanes = BYTES / size_of::<T>();
    while at + lanes <= n {
        let mut chunk = [std::mem::MaybeUninit::<T>::uninit(); 64];
        for (lane, slot) in chunk[..lanes].iter_mut().enumerate() {
            slot.write(f(at + lane));
        }
        // SAFETY: the first `lanes` slots are written, and the caller promises room.
        unsafe { std::ptr::copy_nonoverlapping(chunk.as_ptr().cast::<T>(), d.add(at), lanes) };
        at += lanes;
    }
    at
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

struct FastVv<T, F>(PhantomData<(T, F)>);
struct FastVs<T, F, S>(PhantomData<(T, F, S)>);

impl<T: Element, F: Binary<T>> Body for FastVv<T, F> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let n = h.vl as usize;
        let (a, b) = (h.v.ptr(op.rs2).cast::<T>(), h.v.ptr(op.rs1).cast::<T>());
        let d = h.v.ptr_mut(op.rd).cast::<T>();
        // SAFETY: legality guarantees that the three groups lie in the register file.
        unsafe { fill_chunks(d, n, |i| F::apply(*a.add(i), *b.add(i))) };
        Flow::Next
    }
}

impl<T: Element, F: Binary<T>, S: ScalarSource> Body for FastVs<T, F, S> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let n = h.vl as usize;
        let b = T::of(S::value(h, op));
        let a = h.v.ptr(op.rs2).cast::<T>();
        let d = h.v.ptr_mut(op.rd).cast::<T>();
        // SAFETY: legality guarantees that both groups lie in the register file.
        unsafe { fill_chunks(d, n, |i| F::apply(*a.add(i), b)) };
        Flow::Next
    }
}

fn general_vv<T: Element, F: Binary<T>>(h: &mut Hart, op: &Op) -> Flow {
    for_active::<T>(h, op, |h, i| {
        let value = F::apply(h.v.get(op.rs2, i), h.v.get(op.rs1, i));
        h.v.set(op.rd, i, value);
    });
    Flow::Next
}

fn general_vs<T: Element, F: Binary<T>, S: ScalarSource>(h: &mut Hart, op: &Op) -> Flow {
    let b = T::of(S::value(h, op));
    for_active::<T>(h, op, |h, i| {
        let value = F::apply(h.v.get(op.rs2, i), b);
        h.v.set(op.rd, i, value);
    });
    Flow::Next
}

/// The handler of a single-width element-wise instruction whose groups all have EMUL = LMUL.
fn select_binary<F>(inst: &Inst, ctx: &Ctx, source: Source) -> Result<Handler, Illegal>
where
    F: Binary<u8> + Binary<u16> + Binary<u32> + Binary<u64>,
{
    use crate::vector::legal;
    legal::vtype(ctx)?;
    let lmul = ctx.vtype.lmul_log2();
    legal::mask_overlap(inst)?;
    legal::aligned(inst.rd, lmul)?;
    legal::aligned(inst.rs2, lmul)?;
    if source == Source::Vector {
        legal::aligned(inst.rs1, lmul)?;
    }
    fn pick<T: Element, F: Binary<T>>(source: Source, general: bool, ctx: &Ctx) -> Handler {
        match (source, general) {
            (Source::Vector, false) => versioned::<FastVv<T, F>>(ctx.level),
            (Source::X, false) => versioned::<FastVs<T, F, X>>(ctx.level),
            (Source::Immediate, false) => versioned::<FastVs<T, F, Imm>>(ctx.level),
            (Source::Vector, true) => general_vv::<T, F>,
            (Source::X, true) => general_vs::<T, F, X>,
            (Source::Immediate, true) => general_vs::<T, F, Imm>,
        }
    }
    let general = general(inst, ctx);
    Ok(match ctx.vtype.sew() {
        8 => pick::<u8, F>(source, general, ctx),
        16 => pick::<u16, F>(source, general, ctx),
        32 => pick::<u32, F>(source, general, ctx),
        _ => pick::<u64, F>(source, general, ctx),
    })
}

/// Semantics of the `.vv` form.
pub const fn vv<F>() -> Exec
where
    F: Binary<u8> + Binary<u16> + Binary<u32> + Binary<u64>,
{
    Exec::Select(|inst, ctx| select_binary::<F>(inst, ctx, Source::Vector))
}

/// Semantics of the `.vx` form.
pub const fn vx<F>() -> Exec
where
    F: Binary<u8> + Binary<u16> + Binary<u32> + Binary<u64>,
{
    Exec::Select(|inst, ctx| select_binary::<F>(inst, ctx, Source::X))
}

/// Semantics of the `.vi` form.
pub const fn vi<F>() -> Exec
where
    F: Binary<u8> + Binary<u16> + Binary<u32> + Binary<u64>,
{
    Exec::Select(|inst, ctx| select_binary::<F>(inst, ctx, Source::Immediate))
}
