//! Multiply-add of one width.

use std::marker::PhantomData;

use super::active::{PORTION, Portions, active_or_one, finish, gather, masked, only_masked, scatter};
use super::kernels::{Arithmetic, MACC, MSAC, NMACC, NMSAC, fused_portion};
use super::{boxed, rounding, single_width, unbox};
use crate::chain::Hot;
use crate::class::Class;
use crate::ext::Ext;
use crate::float::lanes::Level;
use crate::float::{F16, F32, F64, Flags, Rounding};
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Op};
use crate::row::{Exec, Row};
use crate::vector::element::{self, Splat, fill_chosen};
use crate::vector::simd::{Body, Lanewise, lanewise, versioned};

/// `row!(vv "vfmacc", funct6, operation, whether vd is the addend)`: the `.vv` or `.vf` row.
macro_rules! row {
    (vv $name:literal, $funct6:literal, $op:ident, $adds:literal) => {
        Row::new(
            concat!($name, ".vv"),
            "vd, vs1, vs2 vm",
            concat!("vm vs2 vs1 vd 31..26=", $funct6, " 14..12=1 6..0=0x57"),
            Ext::ZVE32F,
            Class::VFma,
            fused::<$op, false, $adds>(),
        )
    };
    (vf $name:literal, $funct6:literal, $op:ident, $adds:literal) => {
        Row::new(
            concat!($name, ".vf"),
            "vd, fs1, vs2 vm",
            concat!("vm vs2 rs1 vd 31..26=", $funct6, " 14..12=5 6..0=0x57"),
            Ext::ZVE32F,
            Class::VFma,
            fused::<$op, true, $adds>(),
        )
    };
}

/// Rows of this file. The last argument: whether vd is the addend (`vfmacc`) or a factor (`vfmadd`).
pub(super) const ROWS: &[Row] = &[
    row!(vv "vfmadd", 0x28, MACC, false),
    row!(vf "vfmadd", 0x28, MACC, false),
    row!(vv "vfnmadd", 0x29, NMACC, false),
    row!(vf "vfnmadd", 0x29, NMACC, false),
    row!(vv "vfmsub", 0x2a, MSAC, false),
    row!(vf "vfmsub", 0x2a, MSAC, false),
    row!(vv "vfnmsub", 0x2b, NMSAC, false),
    row!(vf "vfnmsub", 0x2b, NMSAC, false),
    row!(vv "vfmacc", 0x2c, MACC, true),
    row!(vf "vfmacc", 0x2c, MACC, true),
    row!(vv "vfnmacc", 0x2d, NMACC, true),
    row!(vf "vfnmacc", 0x2d, NMACC, true),
    row!(vv "vfmsac", 0x2e, MSAC, true),
    row!(vf "vfmsac", 0x2e, MSAC, true),
    row!(vv "vfnmsac", 0x2f, NMSAC, true),
    row!(vf "vfnmsac", 0x2f, NMSAC, true),
];

/// `vd[i] = ±(vs1[i] * vs2[i]) ± vd[i]` if `ADDS`, else `±(vs1[i] * vd[i]) ± vs2[i]`; `f[rs1]` for `vs1[i]` if `SCALAR`.
const fn fused<const OP: u8, const SCALAR: bool, const ADDS: bool>() -> Exec {
    Exec::SelectHot(|inst, ctx| {
        single_width(inst, ctx, !SCALAR)?;
        Ok(match ctx.vtype.sew() {
            16 => pick::<F16, OP, SCALAR, ADDS>(inst, ctx),
            32 => pick::<F32, OP, SCALAR, ADDS>(inst, ctx),
            _ => pick::<F64, OP, SCALAR, ADDS>(inst, ctx),
        })
    })
}

fn pick<F: Arithmetic, const OP: u8, const SCALAR: bool, const ADDS: bool>(inst: &Inst, ctx: &Ctx) -> Hot {
    if only_masked(inst, ctx) {
        Hot::cold(versioned::<Masked<F, OP, SCALAR, ADDS>>(ctx.level))
    } else if element::general(inst, ctx) || ctx.frm != Rounding::Rne as u8 {
        Hot::cold(general::<F, OP, SCALAR, ADDS>)
    } else {
        lanewise::<Whole<F, OP, SCALAR, ADDS>>(ctx.level)
    }
}

/// A whole group, with nothing unusual.
struct Whole<F, const OP: u8, const SCALAR: bool, const ADDS: bool>(PhantomData<F>);

impl<F: Arithmetic, const OP: u8, const SCALAR: bool, const ADDS: bool> Lanewise for Whole<F, OP, SCALAR, ADDS> {
    /// With a scalar that is what it should be, straight from its register.
    #[inline(always)]
    fn quick(h: &mut Hart, op: &Op, level: Level) -> Option<()> {
        let a = if SCALAR { boxed::<F>(h, op.rs1)? } else { h.v.ptr(op.rs1).cast() };
        let other = h.v.ptr(op.rs2).cast();
        let to = h.v.ptr_mut(op.rd).cast::<F::Bits>();
        let (b, c) = if ADDS { (other, to.cast_const()) } else { (to.cast_const(), other) };
        // SAFETY: legality has put the groups into the register file, the same or disjoint.
        unsafe { F::kernels(level).fused(OP, SCALAR)(to, a, b, c, h.vl as usize) };
        Some(())
    }

    fn general(h: &mut Hart, op: &Op) -> Flow {
        fast::<F, OP, SCALAR, ADDS>(h, op)
    }
}

fn fast<F: Arithmetic, const OP: u8, const SCALAR: bool, const ADDS: bool>(h: &mut Hart, op: &Op) -> Flow {
    let kernel = F::kernels(h.config().level).fused(OP, SCALAR);
    let n = h.vl as usize;
    let scalar = if SCALAR { unbox::<F>(h, op.rs1) } else { F::Bits::default() };
    let a = if SCALAR { &raw const scalar } else { h.v.ptr(op.rs1).cast() };
    let other = h.v.ptr(op.rs2).cast();
    let to = h.v.ptr_mut(op.rd).cast::<F::Bits>();
    let (b, c) = if ADDS { (other, to.cast_const()) } else { (to.cast_const(), other) };
    // SAFETY: legality has put the groups into the register file, the same or disjoint; the scalar is a copy.
    unsafe { kernel(to, a, b, c, n) };
    Flow::Next
}

/// Under a mask, with nothing else unusual: inactive elements compute with ones, and are not stored.
struct Masked<F, const OP: u8, const SCALAR: bool, const ADDS: bool>(PhantomData<F>);

impl<F: Arithmetic, const OP: u8, const SCALAR: bool, const ADDS: bool> Body for Masked<F, OP, SCALAR, ADDS> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let kernel = F::kernels(h.config().level).fused(OP, false);
        let scalar = if SCALAR { unbox::<F>(h, op.rs1) } else { F::Bits::default() };
        for (from, len, mask) in masked(h) {
            let part = |reg| h.v.ptr(reg).cast::<F::Bits>().wrapping_add(from);
            // SAFETY: legality has put the groups into the register file; v0 has a bit for each of their elements, and
            // is longer than a portion of bits; arrays are as long as a portion can be.
            unsafe {
                let a = if SCALAR {
                    active_or_one::<F>(mask, Splat(scalar), len)
                } else {
                    active_or_one::<F>(mask, part(op.rs1), len)
                };
                let other = active_or_one::<F>(mask, part(op.rs2), len);
                let mut to = active_or_one::<F>(mask, part(op.rd), len);
                let d = to.as_mut_ptr();
                let (b, c) = if ADDS { (other.as_ptr(), d.cast_const()) } else { (d.cast_const(), other.as_ptr()) };
                kernel(d, a.as_ptr(), b, c, len);
                let d = h.v.ptr_mut(op.rd).cast::<F::Bits>().wrapping_add(from);
                fill_chosen(d, len, mask, d, to.as_ptr());
            }
        }
        Flow::Next
    }
}

fn general<F: Arithmetic, const OP: u8, const SCALAR: bool, const ADDS: bool>(h: &mut Hart, op: &Op) -> Flow {
    let (rm, level) = (rounding(h), h.config().level);
    let scalar = if SCALAR { unbox::<F>(h, op.rs1) } else { F::Bits::default() };
    let mut flags = Flags::empty();
    let mut portions = Portions::new(h);
    while let Some(portion) = portions.next(h, op) {
        let a = if SCALAR { [scalar; PORTION] } else { gather(h, op.rs1, portion) };
        let mut d: [F::Bits; PORTION] = gather(h, op.rd, portion);
        let other: [F::Bits; PORTION] = gather(h, op.rs2, portion);
        fused_portion::<F, ADDS>((OP, level), &mut d, (&a, &other), portion.len(), rm, &mut flags);
        scatter(h, op.rd, portion, &d);
    }
    h.fflags |= flags;
    finish::<F::Bits>(h, op);
    Flow::Next
}
