//! Zvkb and Zvbb: bit manipulation of elements.

use crate::class::Class;
use crate::ext::Ext;
use crate::row::{Exec, Row};
use crate::vector::element::{Element, Lane, Narrow, Source, Vxrm, vi, vv, vx, widening};
use crate::vector::rows::op;

/// Bit operations in the element's own width, so that loops over them vectorise.
trait Bits: Element {
    fn and_not(self, b: Self) -> Self;
    fn rotate_left(self, by: Self) -> Self;
    fn rotate_right(self, by: Self) -> Self;
    fn reverse_bits(self) -> Self;
    fn reverse_bytes(self) -> Self;
    fn leading_zeros(self) -> Self;
    fn trailing_zeros(self) -> Self;
    fn ones(self) -> Self;
}

macro_rules! bits {
    ($($t:ty)*) => { $(
        impl Bits for $t {
            #[inline(always)]
            fn and_not(self, b: Self) -> Self { self & !b }
            #[inline(always)]
            fn rotate_left(self, by: Self) -> Self { <$t>::rotate_left(self, by as u32 % Self::BITS) }
            #[inline(always)]
            fn rotate_right(self, by: Self) -> Self { <$t>::rotate_right(self, by as u32 % Self::BITS) }
            #[inline(always)]
            fn reverse_bits(self) -> Self { <$t>::reverse_bits(self) }
            #[inline(always)]
            fn reverse_bytes(self) -> Self { self.swap_bytes() }
            #[inline(always)]
            fn leading_zeros(self) -> Self { <$t>::leading_zeros(self) as $t }
            #[inline(always)]
            fn trailing_zeros(self) -> Self { <$t>::trailing_zeros(self) as $t }
            #[inline(always)]
            fn ones(self) -> Self { self.count_ones() as $t }
        }
    )* };
}

bits! { u8 u16 u32 u64 }

/// Functions of `a` (vs2) and the second source `b`.
macro_rules! functions {
    ($($name:ident = |$a:ident, $b:tt| $value:expr;)*) => { $(
        struct $name;
        impl<T: Bits> Lane<T, T, T> for $name {
            #[inline(always)]
            fn apply(_: T, $a: T, $b: T, _: Vxrm, _: &mut T) -> T {
                $value
            }
        }
    )* };
}

functions! {
    AndNot = |a, b| a.and_not(b);
    RotateLeft = |a, b| a.rotate_left(b);
    RotateRight = |a, b| a.rotate_right(b);
    Reverse = |a, _| a.reverse_bits();
    // All bits and then the bytes back.
    ReverseInBytes = |a, _| a.reverse_bits().reverse_bytes();
    ReverseBytes = |a, _| a.reverse_bytes();
    LeadingZeros = |a, _| a.leading_zeros();
    TrailingZeros = |a, _| a.trailing_zeros();
    Ones = |a, _| a.ones();
}

/// vwsll: the shift amount is taken modulo the width of the result.
struct WidenSll;

impl<T: Narrow> Lane<T::Wide, T, T> for WidenSll {
    #[inline(always)]
    fn apply(_: T::Wide, a: T, b: T, _: Vxrm, _: &mut T::Wide) -> T::Wide {
        a.wide().sll(b.wide())
    }
}

const fn in_zvkb(row: Row) -> Row {
    Row { ext: Ext::ZVKB.union(Ext::ZVBB), ..row }
}

const fn in_zvbb(row: Row) -> Row {
    Row { ext: Ext::ZVBB, ..row }
}

/// An instruction without a second source. Its semantics are those of the immediate form, which reads nothing beside
/// vs2.
const fn unary(name: &'static str, encoding: &'static str, exec: Exec) -> Row {
    Row::new(name, "vd, vs2 vm", encoding, Ext::ZVBB, Class::VCrypto, exec)
}

/// Rows of this file.
pub(super) const ROWS: &[Row] = &[
    in_zvkb(op!("vandn.vv", vv 0x01, VInt, vv::<AndNot>())),
    in_zvkb(op!("vandn.vx", vx 0x01, VInt, vx::<AndNot>())),
    in_zvkb(unary("vbrev8.v", "vm vs2 vd 31..26=0x12 19..15=0x08 14..12=2 6..0=0x57", vi::<ReverseInBytes>())),
    in_zvkb(unary("vrev8.v", "vm vs2 vd 31..26=0x12 19..15=0x09 14..12=2 6..0=0x57", vi::<ReverseBytes>())),
    unary("vbrev.v", "vm vs2 vd 31..26=0x12 19..15=0x0a 14..12=2 6..0=0x57", vi::<Reverse>()),
    unary("vclz.v", "vm vs2 vd 31..26=0x12 19..15=0x0c 14..12=2 6..0=0x57", vi::<LeadingZeros>()),
    unary("vctz.v", "vm vs2 vd 31..26=0x12 19..15=0x0d 14..12=2 6..0=0x57", vi::<TrailingZeros>()),
    unary("vcpop.v", "vm vs2 vd 31..26=0x12 19..15=0x0e 14..12=2 6..0=0x57", vi::<Ones>()),
    in_zvkb(op!("vrol.vv", vv 0x15, VShift, vv::<RotateLeft>())),
    in_zvkb(op!("vrol.vx", vx 0x15, VShift, vx::<RotateLeft>())),
    in_zvkb(op!("vror.vv", vv 0x14, VShift, vv::<RotateRight>())),
    in_zvkb(op!("vror.vx", vx 0x14, VShift, vx::<RotateRight>())),
    Row::new(
        "vror.vi",
        "vd, vs2, imm vm",
        "zimm6hi vm vs2 zimm6lo vd 31..27=0x0a 14..12=3 6..0=0x57",
        Ext::ZVKB.union(Ext::ZVBB),
        Class::VShift,
        vi::<RotateRight>(),
    ),
    in_zvbb(op!("vwsll.vv", vv 0x35, VWiden, Exec::Select(|i, ctx| widening::<WidenSll>(i, ctx, Source::Vector)))),
    in_zvbb(op!("vwsll.vx", vx 0x35, VWiden, Exec::Select(|i, ctx| widening::<WidenSll>(i, ctx, Source::X)))),
    in_zvbb(op!("vwsll.vi", vu 0x35, VWiden, Exec::Select(|i, ctx| widening::<WidenSll>(i, ctx, Source::Immediate)))),
];
