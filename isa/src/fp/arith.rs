//! Add, subtract, multiply, divide, square root, fused multiply-add.

use super::{get, mode, rounding, set};
use crate::chain::Hot;
use crate::class::Class;
use crate::ext::Ext;
use crate::float::{self, Bits, F16, F32, F64, Format, Rounding, host};
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Row};

/// Host arithmetic rounds to nearest only, and is worth it only where the host has all of it.
fn pick<F>(inst: &Inst, ctx: &Ctx, on_host: F, soft: Handler) -> Result<Hot, Illegal>
where
    F: Fn(&mut Hart, &Op) -> Flow + Copy,
{
    let nearest = rounding(inst, ctx)? == Rounding::Rne;
    Ok(if nearest && host::available() { Hot::new(on_host) } else { Hot::cold(soft) })
}

/// Semantics of `fd = f(fs1)`.
macro_rules! one {
    ($format:ty, $host:ident, $soft:ident) => {
        Exec::SelectHot(|inst, ctx| {
            pick(
                inst,
                ctx,
                |h, op| {
                    let a = get::<$format>(h, op.rs1);
                    set::<$format>(h, op.rd, host::$host(Bits::truncate(a)).into());
                    Flow::Next
                },
                |h, op| {
                    let a = get::<$format>(h, op.rs1);
                    let r = float::$soft::<$format>(a, mode(op), &mut h.fflags);
                    set::<$format>(h, op.rd, r);
                    Flow::Next
                },
            )
        })
    };
}

/// Semantics of `fd = f(fs1, fs2)`.
macro_rules! two {
    ($format:ty, $host:ident, $soft:ident) => {
        Exec::SelectHot(|inst, ctx| {
            pick(
                inst,
                ctx,
                |h, op| {
                    let (a, b) = (get::<$format>(h, op.rs1), get::<$format>(h, op.rs2));
                    set::<$format>(h, op.rd, host::$host(Bits::truncate(a), Bits::truncate(b)).into());
                    Flow::Next
                },
                |h, op| {
                    let (a, b) = (get::<$format>(h, op.rs1), get::<$format>(h, op.rs2));
                    let r = float::$soft::<$format>(a, b, mode(op), &mut h.fflags);
                    set::<$format>(h, op.rd, r);
                    Flow::Next
                },
            )
        })
    };
}

/// Semantics of `fd = (fs1 ^ p) * fs2 + (fs3 ^ c)`, where p and c are masks that negate or do not. Negating a factor
/// negates the exact product, and a NaN stays a NaN of its kind.
macro_rules! fused {
    ($format:ty, $host:ident, $product:expr, $addend:expr) => {
        Exec::SelectHot(|inst, ctx| {
            pick(
                inst,
                ctx,
                |h, op| {
                    let (a, b) = (get::<$format>(h, op.rs1) ^ $product, get::<$format>(h, op.rs2));
                    let c = get::<$format>(h, op.rs3) ^ $addend;
                    let r = host::$host(Bits::truncate(a), Bits::truncate(b), Bits::truncate(c));
                    set::<$format>(h, op.rd, r.into());
                    Flow::Next
                },
                |h, op| {
                    let (a, b) = (get::<$format>(h, op.rs1) ^ $product, get::<$format>(h, op.rs2));
                    let c = get::<$format>(h, op.rs3) ^ $addend;
                    let r = float::mul_add::<$format>(a, b, c, mode(op), &mut h.fflags);
                    set::<$format>(h, op.rd, r);
                    Flow::Next
                },
            )
        })
    };
}

/// The rows of one format.
macro_rules! rows {
    ($rows:ident, $format:ty, $suffix:literal, $fmt:literal, $ext:expr, $class:expr, $div_class:expr,
        $add:ident, $sub:ident, $mul:ident, $div:ident, $sqrt:ident, $mul_add:ident) => {
        const $rows: &[Row] = &[
            Row::new(
                concat!("fadd", $suffix),
                "fd, fs1, fs2 rm",
                concat!("rd rs1 rs2 rm 31..27=0x00 26..25=", $fmt, " 6..0=0x53"),
                $ext,
                $class,
                two!($format, $add, add),
            ),
            Row::new(
                concat!("fsub", $suffix),
                "fd, fs1, fs2 rm",
                concat!("rd rs1 rs2 rm 31..27=0x01 26..25=", $fmt, " 6..0=0x53"),
                $ext,
                $class,
                two!($format, $sub, sub),
            ),
            Row::new(
                concat!("fmul", $suffix),
                "fd, fs1, fs2 rm",
                concat!("rd rs1 rs2 rm 31..27=0x02 26..25=", $fmt, " 6..0=0x53"),
                $ext,
                $class,
                two!($format, $mul, mul),
            ),
            Row::new(
                concat!("fdiv", $suffix),
                "fd, fs1, fs2 rm",
                concat!("rd rs1 rs2 rm 31..27=0x03 26..25=", $fmt, " 6..0=0x53"),
                $ext,
                $div_class,
                two!($format, $div, div),
            ),
            Row::new(
                concat!("fsqrt", $suffix),
                "fd, fs1 rm",
                concat!("rd rs1 24..20=0 rm 31..27=0x0b 26..25=", $fmt, " 6..0=0x53"),
                $ext,
                $div_class,
                one!($format, $sqrt, sqrt),
            ),
            Row::new(
                concat!("fmadd", $suffix),
                "fd, fs1, fs2, fs3 rm",
                concat!("rd rs1 rs2 rs3 rm 26..25=", $fmt, " 6..0=0x43"),
                $ext,
                $class,
                fused!($format, $mul_add, 0, 0),
            ),
            Row::new(
                concat!("fmsub", $suffix),
                "fd, fs1, fs2, fs3 rm",
                concat!("rd rs1 rs2 rs3 rm 26..25=", $fmt, " 6..0=0x47"),
                $ext,
                $class,
                fused!($format, $mul_add, 0, <$format>::SIGN),
            ),
            Row::new(
                concat!("fnmsub", $suffix),
                "fd, fs1, fs2, fs3 rm",
                concat!("rd rs1 rs2 rs3 rm 26..25=", $fmt, " 6..0=0x4b"),
                $ext,
                $class,
                fused!($format, $mul_add, <$format>::SIGN, 0),
            ),
            Row::new(
                concat!("fnmadd", $suffix),
                "fd, fs1, fs2, fs3 rm",
                concat!("rd rs1 rs2 rs3 rm 26..25=", $fmt, " 6..0=0x4f"),
                $ext,
                $class,
                fused!($format, $mul_add, <$format>::SIGN, <$format>::SIGN),
            ),
        ];
    };
}

#[rustfmt::skip]
rows!(SINGLE, F32, ".s", "0", Ext::F, Class::Fp32, Class::FpDiv32, add_f32, sub_f32, mul_f32, div_f32, sqrt_f32, mul_add_f32);
#[rustfmt::skip]
rows!(DOUBLE, F64, ".d", "1", Ext::D, Class::Fp64, Class::FpDiv64, add_f64, sub_f64, mul_f64, div_f64, sqrt_f64, mul_add_f64);
#[rustfmt::skip]
rows!(HALF, F16, ".h", "2", Ext::ZFH, Class::Fp16, Class::FpDiv16, add_f16, sub_f16, mul_f16, div_f16, sqrt_f16, mul_add_f16);

/// The rows of this file.
pub(super) fn families() -> Vec<&'static [Row]> {
    vec![SINGLE, DOUBLE, HALF]
}
