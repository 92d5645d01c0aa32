//! Zvbc: carry-less multiplication of 64-bit elements.

use crate::ext::Ext;
use crate::inst::Inst;
use crate::op::{Ctx, Handler, Illegal};
use crate::row::{Exec, Row};
use crate::vector::element::{Lane, Source, Vxrm, legal_single, pick};
use crate::vector::rows::op;

/// The lower half of the product of two polynomials over GF(2).
///
/// Operands are cut into four parts with every fourth bit each: an integer product then has three bits of room at each
/// place for the carries of at most 15 ones; only the highest place sums 16, and its carry leaves the word. A bit by
/// bit loop would not vectorise.
#[inline(always)]
fn low(a: u64, b: u64) -> u64 {
    const FOURTH: u64 = 0x1111_1111_1111_1111;
    let part = |x: u64, n: usize| x & FOURTH << n;
    let mut product = 0;
    for place in 0..4 {
        let mut sum = 0;
        for n in 0..4 {
            sum ^= part(a, n).wrapping_mul(part(b, (4 + place - n) % 4));
        }
        product |= part(sum, place);
    }
    product
}

/// vclmul.
struct Low;
/// vclmulh: the mirror image of a product is the product of the mirror images.
struct High;

impl Lane<u64, u64, u64> for Low {
    #[inline(always)]
    fn apply(_: u64, a: u64, b: u64, _: Vxrm, _: &mut u64) -> u64 {
        low(a, b)
    }
}

impl Lane<u64, u64, u64> for High {
    #[inline(always)]
    fn apply(_: u64, a: u64, b: u64, _: Vxrm, _: &mut u64) -> u64 {
        low(a.reverse_bits(), b.reverse_bits()).reverse_bits() >> 1
    }
}

fn select<F: Lane<u64, u64, u64>>(inst: &Inst, ctx: &Ctx, source: Source) -> Result<Handler, Illegal> {
    legal_single(inst, ctx, source)?;
    if ctx.vtype.sew() != 64 {
        return Err(Illegal::Rule("carry-less multiplication needs SEW 64"));
    }
    Ok(pick::<u64, u64, u64, F>(source, inst, ctx))
}

const fn vv<F: Lane<u64, u64, u64>>() -> Exec {
    Exec::Select(|inst, ctx| select::<F>(inst, ctx, Source::Vector))
}

const fn vx<F: Lane<u64, u64, u64>>() -> Exec {
    Exec::Select(|inst, ctx| select::<F>(inst, ctx, Source::X))
}

const fn in_zvbc(row: Row) -> Row {
    Row { ext: Ext::ZVBC, ..row }
}

/// Rows of this file.
pub(super) const ROWS: &[Row] = &[
    in_zvbc(op!("vclmul.vv", mvv 0x0c, VCrypto, vv::<Low>())),
    in_zvbc(op!("vclmul.vx", mvx 0x0c, VCrypto, vx::<Low>())),
    in_zvbc(op!("vclmulh.vv", mvv 0x0d, VCrypto, vv::<High>())),
    in_zvbc(op!("vclmulh.vx", mvx 0x0d, VCrypto, vx::<High>())),
];
