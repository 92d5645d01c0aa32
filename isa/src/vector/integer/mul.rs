//! Single-width multiply, divide and multiply-add.

use crate::row::Row;
use crate::vector::element::{Element, Lane, Vxrm, vv, vx};
use crate::vector::rows::op;

binary! {
    Mul = |a, b| a.mul(b);
    MulH = |a, b| a.mulh(b);
    MulHu = |a, b| a.mulhu(b);
    MulHsu = |a, b| a.mulhsu(b);
    DivU = |a, b| a.divu(b);
    Div = |a, b| a.div(b);
    RemU = |a, b| a.remu(b);
    Rem = |a, b| a.rem(b);
}

/// Defines multiply-adds: `d` is the destination, `a` from vs2, `b` the second source.
macro_rules! multiply_add {
    ($($name:ident = |$d:ident, $a:ident, $b:ident| $value:expr;)*) => { $(
        struct $name;
        impl<T: Element> Lane<T, T, T> for $name {
            #[inline(always)]
            fn apply($d: T, $a: T, $b: T, _: Vxrm, _: &mut T) -> T {
                $value
            }
        }
    )* };
}

multiply_add! {
    Macc = |d, a, b| T::of(d.zext().wrapping_add(b.mul(a).zext()));
    Nmsac = |d, a, b| T::of(d.zext().wrapping_sub(b.mul(a).zext()));
    Madd = |d, a, b| T::of(b.mul(d).zext().wrapping_add(a.zext()));
    Nmsub = |d, a, b| T::of(a.zext().wrapping_sub(b.mul(d).zext()));
}

/// Rows of this file.
pub const ROWS: &[Row] = &[
    op!("vmul.vv", mvv 0x25, VMul, vv::<Mul>()),
    op!("vmul.vx", mvx 0x25, VMul, vx::<Mul>()),
    op!("vmulh.vv", mvv 0x27, VMul, vv::<MulH>()),
    op!("vmulh.vx", mvx 0x27, VMul, vx::<MulH>()),
    op!("vmulhu.vv", mvv 0x24, VMul, vv::<MulHu>()),
    op!("vmulhu.vx", mvx 0x24, VMul, vx::<MulHu>()),
    op!("vmulhsu.vv", mvv 0x26, VMul, vv::<MulHsu>()),
    op!("vmulhsu.vx", mvx 0x26, VMul, vx::<MulHsu>()),
    op!("vdivu.vv", mvv 0x20, VDiv, vv::<DivU>()),
    op!("vdivu.vx", mvx 0x20, VDiv, vx::<DivU>()),
    op!("vdiv.vv", mvv 0x21, VDiv, vv::<Div>()),
    op!("vdiv.vx", mvx 0x21, VDiv, vx::<Div>()),
    op!("vremu.vv", mvv 0x22, VDiv, vv::<RemU>()),
    op!("vremu.vx", mvx 0x22, VDiv, vx::<RemU>()),
    op!("vrem.vv", mvv 0x23, VDiv, vv::<Rem>()),
    op!("vrem.vx", mvx 0x23, VDiv, vx::<Rem>()),
    op!("vmacc.vv", mac_vv 0x2d, VMac, vv::<Macc>()),
    op!("vmacc.vx", mac_vx 0x2d, VMac, vx::<Macc>()),
    op!("vnmsac.vv", mac_vv 0x2f, VMac, vv::<Nmsac>()),
    op!("vnmsac.vx", mac_vx 0x2f, VMac, vx::<Nmsac>()),
    op!("vmadd.vv", mac_vv 0x29, VMac, vv::<Madd>()),
    op!("vmadd.vx", mac_vx 0x29, VMac, vx::<Madd>()),
    op!("vnmsub.vv", mac_vv 0x2b, VMac, vv::<Nmsub>()),
    op!("vnmsub.vx", mac_vx 0x2b, VMac, vx::<Nmsub>()),
];
