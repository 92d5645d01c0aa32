//! Mask-register logical instructions.

use std::marker::PhantomData;

use super::result::{general, mask_for_active};
use crate::hart::Hart;
use crate::inst::Inst;
use crate::op::{Ctx, Flow, Handler, Illegal, Op};
use crate::row::{Exec, Row};
use crate::vector::element::fill_chunks;
use crate::vector::legal;
use crate::vector::simd::{Body, versioned};

/// A function of eight mask bits at a time: `a` from vs2, `b` from vs1.
trait Logic: 'static {
    fn apply(a: u8, b: u8) -> u8;
}

macro_rules! logic {
    ($($name:ident = |$a:ident, $b:ident| $value:expr;)*) => { $(
        struct $name;
        impl Logic for $name {
            #[inline(always)]
            fn apply($a: u8, $b: u8) -> u8 {
                $value
            }
        }
    )* };
}

logic! {
    AndN = |a, b| a & !b;
    And = |a, b| a & b;
    Or = |a, b| a | b;
    Xor = |a, b| a ^ b;
    OrN = |a, b| a | !b;
    Nand = |a, b| !(a & b);
    Nor = |a, b| !(a | b);
    Xnor = |a, b| !(a ^ b);
}

struct Fast<L>(PhantomData<L>);

impl<L: Logic> Body for Fast<L> {
    #[inline(always)]
    fn run(h: &mut Hart, op: &Op) -> Flow {
        let (bytes, rest) = (h.vl as usize / 8, h.vl % 8);
        let (a, b) = (h.v.ptr(op.rs2), h.v.ptr(op.rs1));
        let d = h.v.ptr_mut(op.rd);
        // SAFETY: a register holds VLMAX bits, and `rest` bits more when there is a rest.
        unsafe {
            fill_chunks(d, bytes, |i| L::apply(*a.add(i), *b.add(i)));
            if rest != 0 {
                let below = (1u8 << rest) - 1;
                let last = d.add(bytes);
                *last = *last & !below | L::apply(*a.add(bytes), *b.add(bytes)) & below;
            }
        }
        Flow::Next
    }
}

fn any<L: Logic>(h: &mut Hart, op: &Op) -> Flow {
    mask_for_active(h, op, |h, i| {
        let bit = |reg| u8::from(h.v.mask_bit(reg, i));
        L::apply(bit(op.rs2), bit(op.rs1)) & 1 == 1
    });
    Flow::Next
}

fn select<L: Logic>(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    legal::vtype(ctx)?;
    Ok(if general(inst, ctx) { any::<L> } else { versioned::<Fast<L>>(ctx.level) })
}

macro_rules! row {
    ($name:literal, $funct6:literal, $logic:ty) => {
        Row::new(
            $name,
            "vd, vs2, vs1",
            concat!("vs2 vs1 vd 31..26=", $funct6, " 25..25=1 14..12=2 6..0=0x57"),
            crate::ext::Ext::ZVE32X,
            crate::class::Class::VMask,
            Exec::Select(select::<$logic>),
        )
    };
}

/// Rows of this file.
pub const ROWS: &[Row] = &[
    row!("vmandn.mm", 0x18, AndN),
    row!("vmand.mm", 0x19, And),
    row!("vmor.mm", 0x1a, Or),
    row!("vmxor.mm", 0x1b, Xor),
    row!("vmorn.mm", 0x1c, OrN),
    row!("vmnand.mm", 0x1d, Nand),
    row!("vmnor.mm", 0x1e, Nor),
    row!("vmxnor.mm", 0x1f, Xnor),
];
