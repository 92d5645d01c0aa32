//! Single-width and narrowing shifts.

use crate::row::{Exec, Row};
use crate::vector::element::{Element, Lane, Narrow, Narrowing, Source, Vxrm, narrowing, vi, vv, vx};
use crate::vector::rows::op;

binary! {
    Sll = |a, b| a.sll(b);
    Srl = |a, b| a.srl(b);
    Sra = |a, b| a.sra(b);
}

/// vnsrl: the shift amount is taken modulo the width of the wide source.
struct NarrowSrl;
/// vnsra.
struct NarrowSra;

impl<T: Narrow> Lane<T, T::Wide, T> for NarrowSrl {
    #[inline(always)]
    fn apply(_: T, a: T::Wide, b: T, _: Vxrm, _: &mut T) -> T {
        T::of(a.srl(b.wide()).zext())
    }
}

impl<T: Narrow> Lane<T, T::Wide, T> for NarrowSra {
    #[inline(always)]
    fn apply(_: T, a: T::Wide, b: T, _: Vxrm, _: &mut T) -> T {
        T::of(a.sra(b.wide()).zext())
    }
}

/// Semantics of the `.wv` form.
pub(in crate::vector) const fn wv<F: Narrowing>() -> Exec {
    Exec::Select(|inst, ctx| narrowing::<F>(inst, ctx, Source::Vector))
}

/// Semantics of the `.wx` form.
pub(in crate::vector) const fn wx<F: Narrowing>() -> Exec {
    Exec::Select(|inst, ctx| narrowing::<F>(inst, ctx, Source::X))
}

/// Semantics of the `.wi` form.
pub(in crate::vector) const fn wi<F: Narrowing>() -> Exec {
    Exec::Select(|inst, ctx| narrowing::<F>(inst, ctx, Source::Immediate))
}

/// Rows of this file.
pub const ROWS: &[Row] = &[
    op!("vsll.vv", vv 0x25, VShift, vv::<Sll>()),
    op!("vsll.vx", vx 0x25, VShift, vx::<Sll>()),
    op!("vsll.vi", vu 0x25, VShift, vi::<Sll>()),
    op!("vsrl.vv", vv 0x28, VShift, vv::<Srl>()),
    op!("vsrl.vx", vx 0x28, VShift, vx::<Srl>()),
    op!("vsrl.vi", vu 0x28, VShift, vi::<Srl>()),
    op!("vsra.vv", vv 0x29, VShift, vv::<Sra>()),
    op!("vsra.vx", vx 0x29, VShift, vx::<Sra>()),
    op!("vsra.vi", vu 0x29, VShift, vi::<Sra>()),
    op!("vnsrl.wv", vv 0x2c, VNarrow, wv::<NarrowSrl>()),
    op!("vnsrl.wx", vx 0x2c, VNarrow, wx::<NarrowSrl>()),
    op!("vnsrl.wi", vu 0x2c, VNarrow, wi::<NarrowSrl>()),
    op!("vnsra.wv", vv 0x2d, VNarrow, wv::<NarrowSra>()),
    op!("vnsra.wx", vx 0x2d, VNarrow, wx::<NarrowSra>()),
    op!("vnsra.wi", vu 0x2d, VNarrow, wi::<NarrowSra>()),
];
