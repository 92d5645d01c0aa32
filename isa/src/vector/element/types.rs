//! Element types.

use crate::hart::Scalar;

/// An integer element: unsigned, with its signed twin.
pub trait Element: Scalar + Default + PartialEq + PartialOrd + 'static {
    /// Width in bits.
    const BITS: u32;
    /// No bit set.
    const ZERO: Self;
    /// All bits set: what agnostic elements may become.
    const ONES: Self;
    /// Truncates.
    fn of(value: u64) -> Self;
    /// Zero-extends.
    fn zext(self) -> u64;
    /// Sign-extends.
    fn sext(self) -> i64;
    /// Product modulo 2^BITS.
    fn mul(self, b: Self) -> Self;
    /// Upper half of the unsigned product.
    fn mulhu(self, b: Self) -> Self;
    /// Upper half of the signed product.
    fn mulh(self, b: Self) -> Self;
    /// Upper half of the product of signed `self` and unsigned `b`.
    fn mulhsu(self, b: Self) -> Self;
    /// Unsigned quotient, all ones when the divisor is zero.
    fn divu(self, b: Self) -> Self;
    /// Signed quotient towards zero, all ones when the divisor is zero; overflow wraps.
    fn div(self, b: Self) -> Self;
    /// Unsigned remainder, the dividend when the divisor is zero.
    fn remu(self, b: Self) -> Self;
    /// Signed remainder, the dividend when the divisor is zero.
    fn rem(self, b: Self) -> Self;
    /// Left shift by `b` modulo BITS.
    fn sll(self, b: Self) -> Self;
    /// Logical right shift by `b` modulo BITS.
    fn srl(self, b: Self) -> Self;
    /// Arithmetic right shift by `b` modulo BITS.
    fn sra(self, b: Self) -> Self;
    /// Signed sum, saturated.
    fn sadd(self, b: Self) -> Self;
    /// Signed difference, saturated.
    fn ssub(self, b: Self) -> Self;
    /// The signed product shifted right by BITS - 1 under a rounding mode, before saturation.
    fn smul(self, b: Self, rounding: Vxrm) -> Self;
}

macro_rules! element {
    ($($unsigned:ty, $signed:ty, $wide:ty, $wide_signed:ty;)*) => { $(
        impl Element for $unsigned {
            const BITS: u32 = <$unsigned>::BITS;
            const ZERO: Self = 0;
            const ONES: Self = <$unsigned>::MAX;
            #[inline(always)]
            fn of(value: u64) -> Self { value as $unsigned }
            #[inline(always)]
            fn zext(self) -> u64 { u64::from(self) }
            #[inline(always)]
            fn sext(self) -> i64 { i64::from(self as $signed) }
            #[inline(always)]
            fn mul(self, b: Self) -> Self { self.wrapping_mul(b) }
            #[inline(always)]
            fn mulhu(self, b: Self) -> Self { (<$wide>::from(self) * <$wide>::from(b) >> Self::BITS) as $unsigned }
            #[inline(always)]
            fn mulh(self, b: Self) -> Self {
                (<$wide_signed>::from(self as $signed) * <$wide_signed>::from(b as $signed) >> Self::BITS) as $unsigned
            }
            #[inline(always)]
            fn mulhsu(self, b: Self) -> Self {
                (<$wide_signed>::from(self as $signed).wrapping_mul(<$wide_signed>::from(b)) >> Self::BITS) as $unsigned
            }
            #[inline(always)]
            fn divu(self, b: Self) -> Self { self.checked_div(b).unwrap_or(Self::ONES) }
            #[inline(always)]
            fn div(self, b: Self) -> Self {
                if b == 0 { Self::ONES } else { (self as $signed).wrapping_div(b as $signed) as $unsigned }
            }
            #[inline(always)]
            fn remu(self, b: Self) -> Self { self.checked_rem(b).unwrap_or(self) }
            #[inline(always)]
            fn rem(self, b: Self) -> Self {
                if b == 0 { self } else { (self as $signed).wrapping_rem(b as $signed) as $unsigned }
            }
            #[inline(always)]
            fn sll(self, b: Self) -> Self { self.wrapping_shl(b as u32) }
            #[inline(always)]
            fn srl(self, b: Self) -> Self { self.wrapping_shr(b as u32) }
            #[inline(always)]
            fn sra(self, b: Self) -> Self { (self as $signed).wrapping_shr(b as u32) as $unsigned }
            #[inline(always)]
            fn sadd(self, b: Self) -> Self { (self as $signed).saturating_add(b as $signed) as $unsigned }
            #[inline(always)]
            fn ssub(self, b: Self) -> Self { (self as $signed).saturating_sub(b as $signed) as $unsigned }
            #[inline(always)]
            fn smul(self, b: Self, rounding: Vxrm) -> Self {
                let product = <$wide_signed>::from(self as $signed) * <$wide_signed>::from(b as $signed);
                let low = product as $unsigned & (Self::ONES >> 1);
                let kept = (product >> (Self::BITS - 1)) as $unsigned;
                kept.wrapping_add(rounding.increment(kept, low, 1 << (Self::BITS - 2)))
            }
        }
    )* };
}

element! { u8, i8, u16, i16; u16, i16, u32, i32; u32, i32, u64, i64; u64, i64, u128, i128; }

/// An element that has one of twice its width.
pub trait Narrow: Element {
    /// The element of twice the width.
    type Wide: Element;
    /// Zero-extends to twice the width.
    #[inline(always)]
    fn wide(self) -> Self::Wide {
        Self::Wide::of(self.zext())
    }
    /// Sign-extends to twice the width.
    #[inline(always)]
    fn wide_signed(self) -> Self::Wide {
        Self::Wide::of(self.sext() as u64)
    }
}

impl Narrow for u8 {
    type Wide = u16;
}
impl Narrow for u16 {
    type Wide = u32;
}
impl Narrow for u32 {
    type Wide = u64;
}

/// Fixed-point rounding mode, the value of the vxrm CSR: 0 to nearest, ties up; 1 to nearest, ties to even; 2 down;
/// 3 to odd.
#[derive(Clone, Copy, Debug)]
pub struct Vxrm(pub u8);

impl Vxrm {
    /// What to add to `kept` when the bits `lost` are dropped; `half` is the weight of the highest of them, zero when
    /// none is dropped. Without a branch, so that loops over it vectorise.
    #[inline(always)]
    pub fn increment<T: Element>(self, kept: T, lost: T, half: T) -> T {
        let bit = |condition: bool| T::of(u64::from(condition));
        let and = |a: T, b: T| T::of(a.zext() & b.zext());
        let or = |a: T, b: T| T::of(a.zext() | b.zext());
        let odd = and(kept, T::of(1));
        let up = bit(and(lost, half) != T::ZERO);
        let beyond_half = bit(T::of(lost.zext() & !half.zext()) != T::ZERO);
        let nearest_even = and(up, or(beyond_half, odd));
        let jam = T::of(bit(lost != T::ZERO).zext() & !odd.zext());
        let chosen = |mode: u8, value: T| and(value, if self.0 == mode { T::ONES } else { T::ZERO });
        or(chosen(0, up), or(chosen(1, nearest_even), chosen(3, jam)))
    }
}
