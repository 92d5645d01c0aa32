//! XSfmm 0.6: SiFive's attached tiles, on the [`tile`](super::tile) machine. Types and widening are in vtype.
//!
//! The extension uses standard opcode space. `sf.vsettnt` is a narrower `vsetvli`; `vsetvl` may restore its types too.

use super::blocks::{S, U};
use super::tile::number::{Bfloat, E4M3, E5M2, Half};
use super::tile::{config, float, int8, memory, moves};
use crate::class::Class;
use crate::ext::Ext;
use crate::inst::Inst;
use crate::op::{Ctx, Handler, Illegal};
use crate::row::{Exec, Mem, Props, Row};
use crate::vector::float::need;

const BASE: Ext = Ext::XSFMMBASE;

macro_rules! set_type {
    ($twiden:literal) => {
        Row::new(
            "sf.vsettnt",
            "rd, rs1, ttype",
            concat!("rd rs1 altfmt tsew 31..31=0 30..29=", $twiden, " 27..26=0 22..20=0 14..12=7 6..0=0x57"),
            BASE,
            Class::Vset,
            Exec::Direct(config::set_type_and_columns),
        )
        .with(Props::SETS_VTYPE.union(Props::TILE))
    };
}

macro_rules! set_size {
    ($name:literal, $which:literal, $class:ident, $set:ident) => {
        Row::new(
            $name,
            "rd, rs1",
            concat!("rd rs1 31..25=0x42 24..20=", $which, " 14..12=7 6..0=0x57"),
            BASE,
            Class::$class,
            Exec::Direct(config::$set),
        )
    };
}

macro_rules! access {
    ($eew:literal, $high:literal, $type:ty) => {
        [
            Row::new(
                concat!("sf.vlte", $eew),
                "rs2, (rs1)",
                concat!("rs2 rs1 31..29=", $high, " 28..25=9 14..12=7 11..7=0 6..0=0x07"),
                BASE,
                Class::MLoad,
                Exec::Select(memory::load::<$type>),
            )
            .mem(Mem::Tile { eew: $eew })
            .with(Props::NO_VSTART),
            Row::new(
                concat!("sf.vste", $eew),
                "rs2, (rs1)",
                concat!("rs2 rs1 31..29=", $high, " 28..25=9 14..12=7 11..7=0 6..0=0x27"),
                BASE,
                Class::MStore,
                Exec::Select(memory::store::<$type>),
            )
            .mem(Mem::Tile { eew: $eew })
            .with(Props::NO_VSTART),
        ]
    };
}

/// `multiply!("name", ext, bits 31..26, funct3, bit 7, class, semantics)`: the tile is a multiple of four.
macro_rules! multiply {
    ($name:literal, $ext:ident, $funct6:literal, $f3:literal, $low:literal, $class:ident, $select:expr) => {
        Row::new(
            $name,
            "mtd, vs2, vs1",
            concat!("vs2 vs1 mtd4 31..26=", $funct6, " 25..25=1 14..12=", $f3, " 9..8=0 7..7=", $low, " 6..0=0x77"),
            Ext::$ext,
            Class::$class,
            Exec::Select($select),
        )
        .with(Props::NO_VSTART)
    };
}

const ACCESSES: [[Row; 2]; 4] = [access!(8, 0, u8), access!(16, 1, u16), access!(32, 2, u32), access!(64, 3, u64)];

/// Rows of this family.
pub const ROWS: &[Row] = &[
    set_type!(1),
    set_type!(2),
    set_type!(3),
    set_size!("sf.vsettn", 0, Vset, set_columns),
    set_size!("sf.vsettm", 1, MConfig, set_rows),
    set_size!("sf.vsettk", 2, MConfig, set_depth),
    ACCESSES[0][0],
    ACCESSES[0][1],
    ACCESSES[1][0],
    ACCESSES[1][1],
    ACCESSES[2][0],
    ACCESSES[2][1],
    ACCESSES[3][0],
    ACCESSES[3][1],
    Row::new(
        "sf.vtmv.v.t",
        "vd, rs1",
        "rs1 vd 31..25=0x21 24..20=31 14..12=6 6..0=0x57",
        BASE,
        Class::MToVector,
        Exec::Select(moves::to_vector),
    )
    .with(Props::NO_VSTART),
    Row::new(
        "sf.vtmv.t.v",
        "rs1, vs2",
        "vs2 rs1 31..25=0x2f 14..12=6 11..7=0 6..0=0x57",
        BASE,
        Class::MFromVector,
        Exec::Select(moves::from_vector),
    )
    .with(Props::NO_VSTART),
    Row::new(
        "sf.vtzero.t",
        "mtd",
        "mtd 31..25=0x21 24..20=30 19..15=0 14..12=6 7..7=0 6..0=0x57",
        BASE,
        Class::MZero,
        Exec::Select(moves::zero),
    )
    .with(Props::NO_VSTART),
    Row::new(
        "sf.vtdiscard",
        "",
        "31..25=0x21 24..20=28 19..15=0 14..12=6 11..7=0 6..0=0x57",
        BASE,
        Class::MZero,
        Exec::Direct(moves::discard),
    ),
    Row::new(
        "sf.mm.f.f",
        "mtd, vs2, vs1",
        "vs2 vs1 mtd2 31..26=0x3c 25..25=1 14..12=1 8..7=0 6..0=0x77",
        Ext::XSFMM_MULTIPLY,
        Class::MFp,
        Exec::Select(by_type),
    )
    .with(Props::NO_VSTART),
    multiply!("sf.mm.u.u", XSFMM32A8I, 0x3c, 0, 0, MInt, int8::select::<U, U>),
    multiply!("sf.mm.u.s", XSFMM32A8I, 0x3c, 0, 1, MInt, int8::select::<U, S>),
    multiply!("sf.mm.s.u", XSFMM32A8I, 0x3d, 0, 0, MInt, int8::select::<S, U>),
    multiply!("sf.mm.s.s", XSFMM32A8I, 0x3d, 0, 1, MInt, int8::select::<S, S>),
    multiply!("sf.mm.e5m2.e5m2", XSFMM32A8F, 0x3e, 1, 0, MFp, |inst, ctx| {
        eight_bits(inst, ctx, float::narrow::<E5M2, E5M2>(ctx))
    }),
    multiply!("sf.mm.e5m2.e4m3", XSFMM32A8F, 0x3e, 1, 1, MFp, |inst, ctx| {
        eight_bits(inst, ctx, float::narrow::<E5M2, E4M3>(ctx))
    }),
    multiply!("sf.mm.e4m3.e5m2", XSFMM32A8F, 0x3f, 1, 0, MFp, |inst, ctx| {
        eight_bits(inst, ctx, float::narrow::<E4M3, E5M2>(ctx))
    }),
    multiply!("sf.mm.e4m3.e4m3", XSFMM32A8F, 0x3f, 1, 1, MFp, |inst, ctx| {
        eight_bits(inst, ctx, float::narrow::<E4M3, E4M3>(ctx))
    }),
];

fn eight_bits(inst: &Inst, ctx: &Ctx, handler: Handler) -> Result<Handler, Illegal> {
    let geometry = float::geometry(inst, ctx)?;
    if (geometry.sew, geometry.widening) != (8, 4) {
        return Err(Illegal::Rule("8-bit floating-point tile multiply needs SEW 8 widened by 4"));
    }
    Ok(handler)
}

/// `sf.mm.f.f`: vtype says which format.
fn by_type(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    let geometry = float::geometry(inst, ctx)?;
    let (ext, handler) = match (geometry.sew, geometry.widening, ctx.vtype.alt()) {
        (16, 2, false) => (Ext::XSFMM32A16F, float::narrow::<Half, Half>(ctx)),
        (16, 2, true) => (Ext::XSFMM32A16F, float::narrow::<Bfloat, Bfloat>(ctx)),
        (32, 1, _) => (Ext::XSFMM32A32F, float::single(ctx)),
        (64, 1, _) => (Ext::XSFMM64A64F, float::double(ctx)),
        _ => return Err(Illegal::Rule("there is no floating-point tile multiply of this SEW and widening")),
    };
    need(ctx, ext)?;
    Ok(handler)
}
