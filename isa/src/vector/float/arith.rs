//! Add, subtract, multiply, divide of one width.

use std::marker::PhantomData;

use super::active::{PORTION, Portions, active_or_one, finish, gather, masked, only_masked, scatter};
use super::kernels::{ADD, Arithmetic, DIV, MUL, RDIV, RSUB, SUB, binary_portion};
use super::{boxed, rounding, single_width, unbox};
use crate::chain::Hot;
use crate::class::Class;
use crate::ext::Ext;
use crate::float::lanes::Level;
use crate::float::{F16, F32, F64, Flags, Rounding};
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Op};
use crate::row::{Exec, Props, Row};
use crate::vector::element::{self, Element, Splat, fill_chosen};
use crate::vector::simd::{Body, Lanewise, lanewise, versioned};
use crate::vector::work::log_ordinary;

/// `row!(vv "vfadd", class, funct6, operation)`: the `.vv` or `.vf` row.
macro_rules! row {
    (vv $name:literal, $class:ident, $funct6:literal, $op:ident) => {
        Row::new(
            concat!($name, ".vv"),
            "vd, vs2, vs1 vm",
            concat!("vm vs2 vs1 vd 31..26=", $funct6, " 14..12=1 6..0=0x57"),
            Ext::ZVE32F,
            Class::$class,
            arithmetic::<$op, false>(),
        )
    };
    (vf $name:literal, $class:ident, $funct6:literal, $op:ident) => {
        Row::new(
            concat!($name, ".vf"),
            "vd, vs2, fs1 vm",
            concat!("vm vs2 rs1 vd 31..26=", $funct6, " 14..12=5 6..0=0x57"),
            Ext::ZVE32F,
            Class::$class,
            arithmetic::<$op, true>(),
        )
    };
}

/// Rows of this file.
pub(super) const ROWS: &[Row] = &[
    row!(vv "vfadd", VFp, 0x00, ADD),
    row!(vf "vfadd", VFp, 0x00, ADD),
    row!(vv "vfsub", VFp, 0x02, SUB),
    row!(vf "vfsub", VFp, 0x02, SUB),
    row!(vf "vfrsub", VFp, 0x27, RSUB),
    row!(vv "vfmul", VFp, 0x24, MUL),
    row!(vf "vfmul", VFp, 0x24, MUL),
    row!(vv "vfdiv", VFpDiv, 0x20, DIV).with(Props::WORK),
    row!(vf "vfdiv", VFpDiv, 0x20, DIV).with(Props::WORK),
    row!(vf "vfrdiv", VFpDiv, 0x21, RDIV).with(Props::WORK),
];

/// `vd[i] = vs2[i] op vs1[i]`, or `op f[rs1]`.
const fn arithmetic<const OP: u8, const SCALAR: bool>() -> Exec {
    Exec::SelectHot(|inst, ctx| {
        single_width(inst, ctx, !SCALAR)?;
        Ok(match ctx.vtype.sew() {
            16 => pick::<F16, OP, SCALAR>(inst, ctx),
            32 => pick::<F32, OP, SCALAR>(inst, ctx),
            _ => pick::<F64, OP, SCALAR>(inst, ctx),
        })
    })
}

fn pick<F: Arithmetic, const OP: u8, const SCALAR: bool>(inst: &Inst, ctx: &Ctx) -> Hot {
    if only_masked(inst, ctx) {
        Hot::cold(versioned::<Masked<F, OP, SCALAR>>(ctx.level))
    } else if element::general(inst, ctx) || ctx.frm != Rounding::Rne as u8 {
        Hot::cold(general::<F, OP, SCALAR>)
    } else {
        lanewise::<Whole<F, OP, SCALAR>>(ctx.level)
    }
}

/// A whole group, with nothing unusual.
struct Whole<F, const OP: u8, const SCALAR: bool>(PhantomData<F>);

impl<F: Arithmetic, const OP: u8, const SCALAR: bool> Lanewise for Whole<F, OP, SCALAR> {
    /// With a scalar that is what it should be, straight from its register.
    #[inline(always)]
    fn quick(h: &mut Hart, op: &Op, level: Level) -> Option<()> {
        let a = h.v.ptr(op.rs2).cast();
        let b = if SCALAR { boxed::<F>(h, op.rs1)? } else { h.v.ptr(op.rs1).cast() };
        // SAFETY: legality has put the groups into the register file, the same or disjoint.
        unsafe { F::kernels(level).binary(OP, SCALAR)(h.v.ptr_mut(op.rd).cast(), a, b, h.vl as usize) };
        Some(())
    }

    fn general(h: &mut Hart, op: &Op) -> Flow {
        fast::<F, OP, SCALAR>(h, op)
    }
}

/// What a division writes to the access log.
#[inline(always)]
fn log<F: Arithmetic, const OP: u8, const SCALAR: bool>(h: &mut Hart, op: &Op) {
    if OP == DIV || OP == RDIV {
        let a = |h: &Hart, i| h.v.get::<F::Bits>(op.rs2, i).zext();
        let b = |h: &Hart, i| if SCALAR { unbox::<F>(h, op.rs1) } else { h.v.get(op.rs1, i) }.zext();
        log_ordinary::<F>(h, op, a, Some(b));
    }
}

fn fast<F: Arithmetic, const OP: u8, const SCALAR: bool>(h: &mut Hart, op: &Op) -> Flow {
    log::<F, OP, SCALAR>(h, op);
    let kernel = F::kernels(h.config().level).binary(OP, SCALAR);
    let n = h.vl as usize;
    let a = h.v.ptr(op.rs2).cast();
    let scalar = if SCALAR { unbox::<F>(h, op.rs1) } else { F::Bits::default() };
    let b = if SCALAR { &raw const scalar } else { h.v.ptr(op.rs1).cast() };
    // SAFETY: legality has put the groups into the register file, the same or disjoint; the scalar is a copy.
    unsafe { kernel(h.v.ptr_mut(op.rd).cast(), a, b, n) };
    Flow::Next
}

/// Under a mask, with nothing else unusual: inactive elements compute with ones, and are not stored.
struct Masked<F, const OP: u8, const SCALAR: bool>(PhantomData<F>);

impl<F: Arithmetic, const OP: u8, const SCALAR: bool> Body for Masked<F, OP, SCALAR> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        log::<F, OP, SCALAR>(h, op);
        let kernel = F::kernels(h.config().level).binary(OP, false);
        let scalar = if SCALAR { unbox::<F>(h, op.rs1) } else { F::Bits::default() };
        for (from, len, mask) in masked(h) {
            let part = |reg| h.v.ptr(reg).cast::<F::Bits>().wrapping_add(from);
            // SAFETY: legality has put the groups into the register file; v0 has a bit for each of their elements, and
            // is longer than a portion of bits; arrays are as long as a portion can be.
            unsafe {
                let mut a = active_or_one::<F>(mask, part(op.rs2), len);
                let b = if SCALAR {
                    active_or_one::<F>(mask, Splat(scalar), len)
                } else {
                    active_or_one::<F>(mask, part(op.rs1), len)
                };
                let to = a.as_mut_ptr();
                kernel(to, to, b.as_ptr(), len);
                let d = h.v.ptr_mut(op.rd).cast::<F::Bits>().wrapping_add(from);
                fill_chosen(d, len, mask, d, a.as_ptr());
            }
        }
        Flow::Next
    }
}

fn general<F: Arithmetic, const OP: u8, const SCALAR: bool>(h: &mut Hart, op: &Op) -> Flow {
    log::<F, OP, SCALAR>(h, op);
    let (rm, level) = (rounding(h), h.config().level);
    let scalar = if SCALAR { unbox::<F>(h, op.rs1) } else { F::Bits::default() };
    let mut flags = Flags::empty();
    let mut portions = Portions::new(h);
    while let Some(portion) = portions.next(h, op) {
        let mut a: [F::Bits; PORTION] = gather(h, op.rs2, portion);
        let b = if SCALAR { [scalar; PORTION] } else { gather(h, op.rs1, portion) };
        binary_portion::<F>((OP, level), &mut a, &b, portion.len(), rm, &mut flags);
        scatter(h, op.rd, portion, &a);
    }
    h.fflags |= flags;
    finish::<F::Bits>(h, op);
    Flow::Next
}
