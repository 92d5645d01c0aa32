//! Fixed-point arithmetic: saturating, averaging, fractional multiply, scaling shifts and clips.

use crate::row::Row;
use crate::vector::element::{Element, Lane, Narrow, Vxrm, vi, vv, vx};
use crate::vector::integer::shift::{wi, wv, wx};
use crate::vector::rows::op;

/// Defines single-width fixed-point functions of `a` (vs2) and `b`, with rounding mode and saturation mark.
macro_rules! fixed {
    ($($name:ident = |$a:ident, $b:ident, $rounding:tt, $mark:tt| $value:expr;)*) => { $(
        struct $name;
        impl<T: Element> Lane<T, T, T> for $name {
            #[inline(always)]
            fn apply(_: T, $a: T, $b: T, $rounding: Vxrm, $mark: &mut T) -> T {
                $value
            }
        }
    )* };
}

fixed! {
    SaturateAddU = |a, b, _, mark| {
        let sum = add(a, b);
        limited(sum < a, T::ONES, sum, mark)
    };
    SaturateAdd = |a, b, _, mark| differing(a.sadd(b), add(a, b), mark);
    SaturateSubU = |a, b, _, mark| limited(a < b, T::ZERO, sub(a, b), mark);
    SaturateSub = |a, b, _, mark| differing(a.ssub(b), sub(a, b), mark);
    // (a + b) / 2 without the carry out: the bits both have, and half of those that one has.
    AverageAddU = |a, b, rounding, _| halved(add(and(a, b), xor(a, b).srl(T::of(1))), xor(a, b), rounding);
    AverageAdd = |a, b, rounding, _| halved(add(and(a, b), xor(a, b).sra(T::of(1))), xor(a, b), rounding);
    // (a - b) / 2: the halves' difference, less one when only b is odd.
    AverageSubU = |a, b, rounding, _| {
        let one = T::of(1);
        halved(sub(sub(a.srl(one), b.srl(one)), T::of(!a.zext() & b.zext() & 1)), xor(a, b), rounding)
    };
    AverageSub = |a, b, rounding, _| {
        let one = T::of(1);
        halved(sub(sub(a.sra(one), b.sra(one)), T::of(!a.zext() & b.zext() & 1)), xor(a, b), rounding)
    };
    // Only the square of the most negative number is too large.
    MultiplySaturate = |a, b, rounding, mark| {
        let least = T::of(1 << (T::BITS - 1));
        let product = a.smul(b, rounding);
        limited((a == least) & (b == least), T::of(least.zext() - 1), product, mark)
    };
    ScaleU = |a, b, rounding, _| {
        let (lost, half) = dropped(a, b);
        let kept = a.srl(b);
        add(kept, rounding.increment(kept, lost, half))
    };
    Scale = |a, b, rounding, _| {
        let (lost, half) = dropped(a, b);
        let kept = a.sra(b);
        add(kept, rounding.increment(kept, lost, half))
    };
}

/// vnclipu.
struct ClipU;
/// vnclip.
struct Clip;

impl<T: Narrow> Lane<T, T::Wide, T> for ClipU {
    #[inline(always)]
    fn apply(_: T, a: T::Wide, b: T, rounding: Vxrm, mark: &mut T) -> T {
        let (lost, half) = dropped(a, b.wide());
        let kept = a.srl(b.wide());
        let value = add(kept, rounding.increment(kept, lost, half));
        limited(value > T::ONES.wide(), T::ONES, T::of(value.zext()), mark)
    }
}

impl<T: Narrow> Lane<T, T::Wide, T> for Clip {
    #[inline(always)]
    fn apply(_: T, a: T::Wide, b: T, rounding: Vxrm, mark: &mut T) -> T {
        let (lost, half) = dropped(a, b.wide());
        let kept = a.sra(b.wide());
        let value = add(kept, rounding.increment(kept, lost, half)).sext();
        let narrow = T::of(value as u64);
        let greatest = T::ONES.zext() >> 1;
        let limit = T::of(if value < 0 { greatest + 1 } else { greatest });
        limited(narrow.sext() != value, limit, narrow, mark)
    }
}

#[inline(always)]
fn add<T: Element>(a: T, b: T) -> T {
    T::of(a.zext().wrapping_add(b.zext()))
}

#[inline(always)]
fn sub<T: Element>(a: T, b: T) -> T {
    T::of(a.zext().wrapping_sub(b.zext()))
}

#[inline(always)]
fn and<T: Element>(a: T, b: T) -> T {
    T::of(a.zext() & b.zext())
}

#[inline(always)]
fn xor<T: Element>(a: T, b: T) -> T {
    T::of(a.zext() ^ b.zext())
}

/// `limit`, with a mark, where the value is beyond it. Without a branch, so that loops over it vectorise.
#[inline(always)]
fn limited<T: Element>(beyond: bool, limit: T, value: T, mark: &mut T) -> T {
    *mark = T::of(mark.zext() | if beyond { T::ONES.zext() } else { 0 });
    if beyond { limit } else { value }
}

/// `saturated`, marked when it is not the wrapped result.
#[inline(always)]
fn differing<T: Element>(saturated: T, wrapped: T, mark: &mut T) -> T {
    *mark = T::of(mark.zext() | saturated.zext() ^ wrapped.zext());
    saturated
}

/// Rounds a half: the lost bit is the lowest of `sum`.
#[inline(always)]
fn halved<T: Element>(kept: T, sum: T, rounding: Vxrm) -> T {
    add(kept, rounding.increment(kept, and(sum, T::of(1)), T::of(1)))
}

/// The bits that a right shift by `b` modulo BITS drops, and the weight of the highest of them.
#[inline(always)]
fn dropped<T: Element>(a: T, b: T) -> (T, T) {
    let weight = T::of(1).sll(b);
    (and(a, sub(weight, T::of(1))), weight.srl(T::of(1)))
}

/// Rows of this family.
pub const ROWS: &[Row] = &[
    op!("vsaddu.vv", vv 0x20, VFixed, vv::<SaturateAddU>()),
    op!("vsaddu.vx", vx 0x20, VFixed, vx::<SaturateAddU>()),
    op!("vsaddu.vi", vi 0x20, VFixed, vi::<SaturateAddU>()),
    op!("vsadd.vv", vv 0x21, VFixed, vv::<SaturateAdd>()),
    op!("vsadd.vx", vx 0x21, VFixed, vx::<SaturateAdd>()),
    op!("vsadd.vi", vi 0x21, VFixed, vi::<SaturateAdd>()),
    op!("vssubu.vv", vv 0x22, VFixed, vv::<SaturateSubU>()),
    op!("vssubu.vx", vx 0x22, VFixed, vx::<SaturateSubU>()),
    op!("vssub.vv", vv 0x23, VFixed, vv::<SaturateSub>()),
    op!("vssub.vx", vx 0x23, VFixed, vx::<SaturateSub>()),
    op!("vaaddu.vv", mvv 0x08, VFixed, vv::<AverageAddU>()),
    op!("vaaddu.vx", mvx 0x08, VFixed, vx::<AverageAddU>()),
    op!("vaadd.vv", mvv 0x09, VFixed, vv::<AverageAdd>()),
    op!("vaadd.vx", mvx 0x09, VFixed, vx::<AverageAdd>()),
    op!("vasubu.vv", mvv 0x0a, VFixed, vv::<AverageSubU>()),
    op!("vasubu.vx", mvx 0x0a, VFixed, vx::<AverageSubU>()),
    op!("vasub.vv", mvv 0x0b, VFixed, vv::<AverageSub>()),
    op!("vasub.vx", mvx 0x0b, VFixed, vx::<AverageSub>()),
    op!("vsmul.vv", vv 0x27, VFixedMul, vv::<MultiplySaturate>()),
    op!("vsmul.vx", vx 0x27, VFixedMul, vx::<MultiplySaturate>()),
    op!("vssrl.vv", vv 0x2a, VFixed, vv::<ScaleU>()),
    op!("vssrl.vx", vx 0x2a, VFixed, vx::<ScaleU>()),
    op!("vssrl.vi", vu 0x2a, VFixed, vi::<ScaleU>()),
    op!("vssra.vv", vv 0x2b, VFixed, vv::<Scale>()),
    op!("vssra.vx", vx 0x2b, VFixed, vx::<Scale>()),
    op!("vssra.vi", vu 0x2b, VFixed, vi::<Scale>()),
    op!("vnclipu.wv", vv 0x2e, VNarrow, wv::<ClipU>()),
    op!("vnclipu.wx", vx 0x2e, VNarrow, wx::<ClipU>()),
    op!("vnclipu.wi", vu 0x2e, VNarrow, wi::<ClipU>()),
    op!("vnclip.wv", vv 0x2f, VNarrow, wv::<Clip>()),
    op!("vnclip.wx", vx 0x2f, VNarrow, wx::<Clip>()),
    op!("vnclip.wi", vu 0x2f, VNarrow, wi::<Clip>()),
];
