//! Single-width add, subtract, logic, minimum and maximum.

use crate::row::Row;
use crate::vector::element::{Element, Lane, Vxrm, vi, vv, vx};
use crate::vector::rows::op;

binary! {
    Add = |a, b| T::of(a.zext().wrapping_add(b.zext()));
    Sub = |a, b| T::of(a.zext().wrapping_sub(b.zext()));
    ReverseSub = |a, b| T::of(b.zext().wrapping_sub(a.zext()));
    And = |a, b| T::of(a.zext() & b.zext());
    Or = |a, b| T::of(a.zext() | b.zext());
    Xor = |a, b| T::of(a.zext() ^ b.zext());
    MinU = |a, b| if a < b { a } else { b };
    Min = |a, b| if a.sext() < b.sext() { a } else { b };
    MaxU = |a, b| if a > b { a } else { b };
    Max = |a, b| if a.sext() > b.sext() { a } else { b };
}

/// Rows of this file.
pub const ROWS: &[Row] = &[
    op!("vadd.vv", vv 0x00, VInt, vv::<Add>()),
    op!("vadd.vx", vx 0x00, VInt, vx::<Add>()),
    op!("vadd.vi", vi 0x00, VInt, vi::<Add>()),
    op!("vsub.vv", vv 0x02, VInt, vv::<Sub>()),
    op!("vsub.vx", vx 0x02, VInt, vx::<Sub>()),
    op!("vrsub.vx", vx 0x03, VInt, vx::<ReverseSub>()),
    op!("vrsub.vi", vi 0x03, VInt, vi::<ReverseSub>()),
    op!("vminu.vv", vv 0x04, VInt, vv::<MinU>()),
    op!("vminu.vx", vx 0x04, VInt, vx::<MinU>()),
    op!("vmin.vv", vv 0x05, VInt, vv::<Min>()),
    op!("vmin.vx", vx 0x05, VInt, vx::<Min>()),
    op!("vmaxu.vv", vv 0x06, VInt, vv::<MaxU>()),
    op!("vmaxu.vx", vx 0x06, VInt, vx::<MaxU>()),
    op!("vmax.vv", vv 0x07, VInt, vv::<Max>()),
    op!("vmax.vx", vx 0x07, VInt, vx::<Max>()),
    op!("vand.vv", vv 0x09, VInt, vv::<And>()),
    op!("vand.vx", vx 0x09, VInt, vx::<And>()),
    op!("vand.vi", vi 0x09, VInt, vi::<And>()),
    op!("vor.vv", vv 0x0a, VInt, vv::<Or>()),
    op!("vor.vx", vx 0x0a, VInt, vx::<Or>()),
    op!("vor.vi", vi 0x0a, VInt, vi::<Or>()),
    op!("vxor.vv", vv 0x0b, VInt, vv::<Xor>()),
    op!("vxor.vx", vx 0x0b, VInt, vx::<Xor>()),
    op!("vxor.vi", vi 0x0b, VInt, vi::<Xor>()),
];
