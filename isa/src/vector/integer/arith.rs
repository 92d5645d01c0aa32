//! Single-width add, subtract and logic.

use crate::class::Class;
use crate::ext::Ext;
use crate::row::{Exec, Row};
use crate::vector::element::{Binary, Element, vi, vv, vx};

const fn row(name: &'static str, syntax: &'static str, encoding: &'static str, exec: Exec) -> Row {
    Row::new(name, syntax, encoding, Ext::ZVE32X, Class::VInt, exec)
}

const VV: &str = "vd, vs2, vs1 vm";
const VX: &str = "vd, vs2, rs1 vm";
const VI: &str = "vd, vs2, imm vm";

/// Defines element-wise functions as types.
macro_rules! binary {
    ($($name:ident = |$a:ident, $b:ident| $value:expr;)*) => { $(
        struct $name;
        impl<T: Element> Binary<T> for $name {
            #[inline(always)]
            fn apply($a: T, $b: T) -> T {
                $value
            }
        }
    )* };
}

binary! {
    Add = |a, b| T::of(a.zext().wrapping_add(b.zext()));
    Sub = |a, b| T::of(a.zext().wrapping_sub(b.zext()));
    ReverseSub = |a, b| T::of(b.zext().wrapping_sub(a.zext()));
    And = |a, b| T::of(a.zext() & b.zext());
}

/// Rows of this file.
pub const ROWS: &[Row] = &[
    row("vadd.vv", VV, "vm vs2 vs1 vd 31..26=0x00 14..12=0 6..0=0x57", vv::<Add>()),
    row("vadd.vx", VX, "vm vs2 rs1 vd 31..26=0x00 14..12=4 6..0=0x57", vx::<Add>()),
    row("vadd.vi", VI, "vm vs2 simm5 vd 31..26=0x00 14..12=3 6..0=0x57", vi::<Add>()),
    row("vsub.vv", VV, "vm vs2 vs1 vd 31..26=0x02 14..12=0 6..0=0x57", vv::<Sub>()),
    row("vsub.vx", VX, "vm vs2 rs1 vd 31..26=0x02 14..12=4 6..0=0x57", vx::<Sub>()),
    row("vrsub.vx", VX, "vm vs2 rs1 vd 31..26=0x03 14..12=4 6..0=0x57", vx::<ReverseSub>()),
    row("vrsub.vi", VI, "vm vs2 simm5 vd 31..26=0x03 14..12=3 6..0=0x57", vi::<ReverseSub>()),
    row("vand.vv", VV, "vm vs2 vs1 vd 31..26=0x09 14..12=0 6..0=0x57", vv::<And>()),
    row("vand.vx", VX, "vm vs2 rs1 vd 31..26=0x09 14..12=4 6..0=0x57", vx::<And>()),
    row("vand.vi", VI, "vm vs2 simm5 vd 31..26=0x09 14..12=3 6..0=0x57", vi::<And>()),
];
