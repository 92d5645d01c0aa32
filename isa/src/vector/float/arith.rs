//! Add, subtract, multiply, divide of one width.

use super::active::{PORTION, finish, gather, portions, scatter};
use super::kernels::{ADD, Arithmetic, DIV, MUL, RDIV, RSUB, SUB, soft_binary};
use super::{by_format, rounding, single_width, unbox};
use crate::class::Class;
use crate::ext::Ext;
use crate::float::{Flags, Rounding};
use crate::hart::Hart;
use crate::op::{Flow, Op};
use crate::row::{Exec, Row};
use crate::vector::element;

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
    row!(vv "vfdiv", VFpDiv, 0x20, DIV),
    row!(vf "vfdiv", VFpDiv, 0x20, DIV),
    row!(vf "vfrdiv", VFpDiv, 0x21, RDIV),
];

/// `vd[i] = vs2[i] op vs1[i]`, or `op f[rs1]`.
const fn arithmetic<const OP: u8, const SCALAR: bool>() -> Exec {
    Exec::Select(|inst, ctx| {
        single_width(inst, ctx, !SCALAR)?;
        Ok(if element::general(inst, ctx) || ctx.frm != Rounding::Rne as u8 {
            by_format!(ctx, general, OP, SCALAR)
        } else {
            by_format!(ctx, fast, OP, SCALAR)
        })
    })
}

fn fast<F: Arithmetic, const OP: u8, const SCALAR: bool>(h: &mut Hart, op: &Op) -> Flow {
    let kernel = F::kernels(h.config().level).binary(OP, SCALAR);
    let n = h.vl as usize;
    let a = h.v.ptr(op.rs2).cast();
    let scalar = if SCALAR { unbox::<F>(h, op.rs1) } else { F::Bits::default() };
    let b = if SCALAR { &raw const scalar } else { h.v.ptr(op.rs1).cast() };
    // SAFETY: legality has put the groups into the register file, the same or disjoint; the scalar is a copy.
    unsafe { kernel(h.v.ptr_mut(op.rd).cast(), a, b, n) };
    Flow::Next
}

fn general<F: Arithmetic, const OP: u8, const SCALAR: bool>(h: &mut Hart, op: &Op) -> Flow {
    let rm = rounding(h);
    let kernel = F::kernels(h.config().level).binary(OP, SCALAR);
    let scalar = if SCALAR { unbox::<F>(h, op.rs1) } else { F::Bits::default() };
    let mut flags = Flags::empty();
    portions(h, op, |h, portion| {
        let mut a: [F::Bits; PORTION] = gather(h, op.rs2, portion);
        let b = if SCALAR { [scalar; PORTION] } else { gather(h, op.rs1, portion) };
        if rm == Rounding::Rne {
            let to = a.as_mut_ptr();
            // SAFETY: both arrays are as long as a portion can be, and the destination is the first operand.
            unsafe { kernel(to, to, b.as_ptr(), portion.len()) };
        } else {
            for (a, &b) in a.iter_mut().zip(&b).take(portion.len()) {
                *a = soft_binary::<F>(OP, *a, b, rm, &mut flags);
            }
        }
        scatter(h, op.rd, portion, &a);
    });
    h.fflags |= flags;
    finish::<F::Bits>(h, op);
    Flow::Next
}
