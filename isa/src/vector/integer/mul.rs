//! Single-width multiply, divide and multiply-add.

use crate::hart::Hart;
use crate::op::{Flow, Handler, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::element::{Element, Lane, ScalarSource, Single, Source, Vxrm, X, any, legal_single, vv, vx};
use crate::vector::rows::op;
use crate::vector::work::log_divisors;

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

fn divide<T: Element, F: Lane<T, T, T>>(h: &mut Hart, op: &Op) -> Flow {
    log_divisors(h, op, |h, i| h.v.get::<T>(op.rs1, i).zext());
    any::<T, T, T, F>(h, op, None)
}

fn divide_by<T: Element, F: Lane<T, T, T>>(h: &mut Hart, op: &Op) -> Flow {
    let divisor = X::value(h, op);
    log_divisors(h, op, |_, _| T::of(divisor).zext());
    any::<T, T, T, F>(h, op, Some(divisor))
}

/// Semantics of a division. There is no vector instruction on the host for it: the general body serves all.
const fn division<F: Single, const BY_SCALAR: bool>() -> Exec {
    const fn pick<T: Element, F: Lane<T, T, T>>(by_scalar: bool) -> Handler {
        if by_scalar { divide_by::<T, F> } else { divide::<T, F> }
    }
    Exec::Select(|inst, ctx| {
        legal_single(inst, ctx, if BY_SCALAR { Source::X } else { Source::Vector })?;
        Ok(match ctx.vtype.sew() {
            8 => pick::<u8, F>(BY_SCALAR),
            16 => pick::<u16, F>(BY_SCALAR),
            32 => pick::<u32, F>(BY_SCALAR),
            _ => pick::<u64, F>(BY_SCALAR),
        })
    })
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
    op!("vdivu.vv", mvv 0x20, VDiv, division::<DivU, false>()).with(Props::WORK),
    op!("vdivu.vx", mvx 0x20, VDiv, division::<DivU, true>()).with(Props::WORK),
    op!("vdiv.vv", mvv 0x21, VDiv, division::<Div, false>()).with(Props::WORK),
    op!("vdiv.vx", mvx 0x21, VDiv, division::<Div, true>()).with(Props::WORK),
    op!("vremu.vv", mvv 0x22, VDiv, division::<RemU, false>()).with(Props::WORK),
    op!("vremu.vx", mvx 0x22, VDiv, division::<RemU, true>()).with(Props::WORK),
    op!("vrem.vv", mvv 0x23, VDiv, division::<Rem, false>()).with(Props::WORK),
    op!("vrem.vx", mvx 0x23, VDiv, division::<Rem, true>()).with(Props::WORK),
    op!("vmacc.vv", mac_vv 0x2d, VMac, vv::<Macc>()),
    op!("vmacc.vx", mac_vx 0x2d, VMac, vx::<Macc>()),
    op!("vnmsac.vv", mac_vv 0x2f, VMac, vv::<Nmsac>()),
    op!("vnmsac.vx", mac_vx 0x2f, VMac, vx::<Nmsac>()),
    op!("vmadd.vv", mac_vv 0x29, VMac, vv::<Madd>()),
    op!("vmadd.vx", mac_vx 0x29, VMac, vx::<Madd>()),
    op!("vnmsub.vv", mac_vv 0x2b, VMac, vv::<Nmsub>()),
    op!("vnmsub.vx", mac_vx 0x2b, VMac, vx::<Nmsub>()),
];
