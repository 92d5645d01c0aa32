//! Comparison, minimum, maximum, classification, sign injection: nothing here rounds.

use super::{get, needs, set};
use crate::class::Class;
use crate::ext::Ext;
use crate::float::{self, F16, F32, F64, Flags, Format};
use crate::hart::Hart;
use crate::op::{Flow, Op};
use crate::row::{Exec, Row};

/// Semantics of `rd = f(fs1, fs2)`.
#[inline(always)]
fn compare<F: Format>(h: &mut Hart, op: &Op, relation: impl FnOnce(u64, u64, &mut Flags) -> bool) -> Flow {
    let (a, b) = (get::<F>(h, op.rs1), get::<F>(h, op.rs2));
    h.x[op.rd as usize] = relation(a, b, &mut h.fflags).into();
    Flow::Next
}

/// Semantics of `fd = f(fs1, fs2)`.
#[inline(always)]
fn select<F: Format>(h: &mut Hart, op: &Op, choice: impl FnOnce(u64, u64, &mut Flags) -> u64) -> Flow {
    let (a, b) = (get::<F>(h, op.rs1), get::<F>(h, op.rs2));
    let r = choice(a, b, &mut h.fflags);
    set::<F>(h, op.rd, r);
    Flow::Next
}

/// The rows of one format; `$ext` provides its basic instructions, and with Zfa the additional ones.
macro_rules! rows {
    ($rows:ident, $format:ty, $suffix:literal, $fmt:literal, $ext:expr) => {
        const $rows: &[Row] = &[
    rows!(@row "feq", "rd, fs1, fs2", "rs2 31..27=0x14 14..12=2", $suffix, $fmt, $ext,
                Exec::Direct(|h, op| compare::<$format>(h, op, float::eq::<$format>))),
    rows!(@row "flt", "rd, fs1, fs2", "rs2 31..27=0x14 14..12=1", $suffix, $fmt, $ext,
                Exec::Direct(|h, op| compare::<$format>(h, op, float::lt::<$format>))),
    rows!(@row "fle", "rd, fs1, fs2", "rs2 31..27=0x14 14..12=0", $suffix, $fmt, $ext,
                Exec::Direct(|h, op| compare::<$format>(h, op, float::le::<$format>))),
    rows!(@row "fltq", "rd, fs1, fs2", "rs2 31..27=0x14 14..12=5", $suffix, $fmt, Ext::ZFA,
                rows!(@additional $ext, |h, op| compare::<$format>(h, op, float::lt_quiet::<$format>))),
    rows!(@row "fleq", "rd, fs1, fs2", "rs2 31..27=0x14 14..12=4", $suffix, $fmt, Ext::ZFA,
                rows!(@additional $ext, |h, op| compare::<$format>(h, op, float::le_quiet::<$format>))),
    rows!(@row "fmin", "fd, fs1, fs2", "rs2 31..27=0x05 14..12=0", $suffix, $fmt, $ext,
                Exec::Direct(|h, op| select::<$format>(h, op, float::min::<$format>))),
    rows!(@row "fmax", "fd, fs1, fs2", "rs2 31..27=0x05 14..12=1", $suffix, $fmt, $ext,
                Exec::Direct(|h, op| select::<$format>(h, op, float::max::<$format>))),
    rows!(@row "fminm", "fd, fs1, fs2", "rs2 31..27=0x05 14..12=2", $suffix, $fmt, Ext::ZFA,
                rows!(@additional $ext, |h, op| select::<$format>(h, op, float::minm::<$format>))),
    rows!(@row "fmaxm", "fd, fs1, fs2", "rs2 31..27=0x05 14..12=3", $suffix, $fmt, Ext::ZFA,
                rows!(@additional $ext, |h, op| select::<$format>(h, op, float::maxm::<$format>))),
    rows!(@row "fsgnj", "fd, fs1, fs2", "rs2 31..27=0x04 14..12=0", $suffix, $fmt, $ext,
                Exec::Direct(|h, op| select::<$format>(h, op, |a, b, _| float::sign_copy::<$format>(a, b)))),
    rows!(@row "fsgnjn", "fd, fs1, fs2", "rs2 31..27=0x04 14..12=1", $suffix, $fmt, $ext,
                Exec::Direct(|h, op| select::<$format>(h, op, |a, b, _| float::sign_negate::<$format>(a, b)))),
    rows!(@row "fsgnjx", "fd, fs1, fs2", "rs2 31..27=0x04 14..12=2", $suffix, $fmt, $ext,
                Exec::Direct(|h, op| select::<$format>(h, op, |a, b, _| float::sign_xor::<$format>(a, b)))),
            rows!(@row "fclass", "rd, fs1", "24..20=0 31..27=0x1c 14..12=1", $suffix, $fmt, $ext,
            Exec::Direct(|h, op| {
                h.x[op.rd as usize] = float::classify::<$format>(get::<$format>(h, op.rs1)).bits().into();
                Flow::Next
            })),
        ];
    };
    (@row $name:literal, $syntax:literal, $encoding:literal, $suffix:literal, $fmt:literal, $ext:expr, $exec:expr) => {
        Row::new(
            concat!($name, $suffix),
            $syntax,
            concat!("rd rs1 ", $encoding, " 26..25=", $fmt, " 6..0=0x53"),
            $ext,
            Class::FpOther,
            $exec,
        )
    };
    (@additional $ext:expr, $handler:expr) => {
        Exec::Select(|_, ctx| {
            needs(ctx, $ext)?;
            Ok($handler)
        })
    };
}

rows!(SINGLE, F32, ".s", "0", Ext::F);
rows!(DOUBLE, F64, ".d", "1", Ext::D);
rows!(HALF, F16, ".h", "2", Ext::ZFH);

/// The rows of this file.
pub(super) fn families() -> Vec<&'static [Row]> {
    vec![SINGLE, DOUBLE, HALF]
}
