//! Zvt 0.4 (draft of 2026-08-31): RISC-V's vector-matrix extension, on the [`tile`](super::tile) machine. Sizes and widening are in the CSR mtype, element types in vtype;
//! every vset turns tiles off; mstatus.MS gates all.
//!
//! Assumed: tile loads and stores of 32 bits belong to Zvtbase; msetmtypei sets the sizes to zero, msetmtype takes them from its operand; both return the new mtype.

use super::blocks::{S, U};
use super::tile::number::{Bfloat, E4M3, E5M2, Half};
use super::tile::{config, float, int8, memory, moves};
use crate::class::Class;
use crate::ext::Ext;
use crate::inst::Inst;
use crate::op::{Ctx, Handler, Illegal};
use crate::row::{Exec, Mem, Props, Row};
use crate::vector::float::need;

const BASE: Ext = Ext::ZVTBASE;
/// Extensions with `vtfmm.tvv`; `vtfmm.alt.tvv` has the formats that need them.
const FMM: Ext = Ext::ZVTFMM.union(Ext::ZVTDMM).union(Ext::ZVTFP16FMM).union(Ext::ZVTOFP8FMM);
const FMM_ALT: Ext = Ext::ZVTBF16FMM.union(Ext::ZVTOFP8FMM);

macro_rules! set_size {
    ($name:literal, $which:literal, $class:ident, $set:ident) => {
        Row::new(
            $name,
            "rd, rs1",
            concat!("rd rs1 31..25=0x44 24..20=", $which, " 14..12=7 6..0=0x57"),
            BASE,
            Class::$class,
            Exec::Direct(config::$set),
        )
    };
}

macro_rules! access {
    ($eew:literal, $high:literal, $type:ty, $ext:ident) => {
        [
            Row::new(
                concat!("vtle", $eew),
                "rs2, (rs1)",
                concat!("rs2 rs1 31..29=", $high, " 28..25=9 14..12=7 11..7=0 6..0=0x07"),
                Ext::$ext,
                Class::MLoad,
                Exec::Select(memory::load::<$type>),
            )
            .mem(Mem::Tile { eew: $eew })
            .with(Props::NO_VSTART),
            Row::new(
                concat!("vtse", $eew),
                "rs2, (rs1)",
                concat!("rs2 rs1 31..29=", $high, " 28..25=9 14..12=7 11..7=0 6..0=0x27"),
                Ext::$ext,
                Class::MStore,
                Exec::Select(memory::store::<$type>),
            )
            .mem(Mem::Tile { eew: $eew })
            .with(Props::NO_VSTART),
        ]
    };
}

/// `multiply!("name", ext, funct3, bit 7, class, semantics)`.
macro_rules! multiply {
    ($name:literal, $ext:expr, $f3:literal, $low:literal, $class:ident, $select:expr) => {
        Row::new(
            $name,
            "mtd, vs2, vs1",
            concat!("vs2 vs1 mtd2 31..26=0x3c 25..25=1 14..12=", $f3, " 8..7=", $low, " 6..0=0x77"),
            $ext,
            Class::$class,
            Exec::Select($select),
        )
        .with(Props::NO_VSTART)
    };
}

const ACCESSES: [[Row; 2]; 4] =
    [access!(8, 0, u8, ZVT8E), access!(16, 1, u16, ZVT16E), access!(32, 2, u32, ZVTBASE), access!(64, 3, u64, ZVT64E)];

/// Rows of this family.
pub const ROWS: &[Row] = &[
    Row::new(
        "msetmtype",
        "rd, rs1, rs2",
        "rd rs1 rs2 31..25=0x42 14..12=7 6..0=0x57",
        BASE,
        Class::Vset,
        Exec::Direct(config::set_type_from_registers),
    )
    .with(Props::ENDS_BLOCK),
    Row::new(
        "msetmtypei",
        "rd, mtype",
        "rd altfmt mtsew mtwiden 31..29=4 27..25=4 22..20=4 19..17=0 14..12=7 6..0=0x57",
        BASE,
        Class::Vset,
        Exec::Direct(config::set_type),
    )
    .with(Props::SETS_VTYPE.union(Props::TILE)),
    set_size!("msettn", 0, Vset, set_columns),
    set_size!("msettm", 1, MConfig, set_rows),
    set_size!("msettk", 2, MConfig, set_depth),
    ACCESSES[0][0],
    ACCESSES[0][1],
    ACCESSES[1][0],
    ACCESSES[1][1],
    ACCESSES[2][0],
    ACCESSES[2][1],
    ACCESSES[3][0],
    ACCESSES[3][1],
    Row::new(
        "vtmv.v.t",
        "vd, rs1",
        "rs1 vd 31..25=0x21 24..20=31 14..12=6 6..0=0x57",
        BASE,
        Class::MToVector,
        Exec::Select(moves::to_vector),
    )
    .with(Props::NO_VSTART),
    Row::new(
        "vtmv.t.v",
        "rs1, vs2",
        "vs2 rs1 31..25=0x2f 14..12=6 11..7=0 6..0=0x57",
        BASE,
        Class::MFromVector,
        Exec::Select(moves::from_vector),
    )
    .with(Props::NO_VSTART),
    Row::new(
        "vtzero",
        "mtd",
        "mtd 31..25=0x21 24..20=30 19..15=0 14..12=6 7..7=0 6..0=0x57",
        BASE,
        Class::MZero,
        Exec::Select(moves::zero),
    )
    .with(Props::NO_VSTART),
    Row::new(
        "vtdiscard",
        "",
        "31..25=0x21 24..20=28 19..15=0 14..12=6 11..7=0 6..0=0x57",
        BASE,
        Class::MZero,
        Exec::Direct(moves::discard),
    ),
    // altfmt is the sign of B.
    multiply!("vtmmu.tvv", Ext::ZVTI8I32MM, 0, 0, MInt, |inst, ctx| {
        if ctx.vtype.alt() { int8::select::<U, S>(inst, ctx) } else { int8::select::<U, U>(inst, ctx) }
    }),
    multiply!("vtmms.tvv", Ext::ZVTI8I32MM, 0, 1, MInt, |inst, ctx| {
        if ctx.vtype.alt() { int8::select::<S, S>(inst, ctx) } else { int8::select::<S, U>(inst, ctx) }
    }),
    multiply!("vtfmm.tvv", FMM, 1, 0, MFp, by_type),
    multiply!("vtfmm.alt.tvv", FMM_ALT, 1, 1, MFp, by_type_alternative),
];

const NO_FORMAT: Illegal = Illegal::Rule("there is no floating-point tile multiply of this SEW, altfmt and widening");

fn by_type(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    let geometry = float::geometry(inst, ctx)?;
    let (ext, handler) = match (geometry.sew, geometry.widening, ctx.vtype.alt()) {
        (8, 4, false) => (Ext::ZVTOFP8FMM, float::narrow::<E4M3, E4M3>(ctx)),
        (8, 4, true) => (Ext::ZVTOFP8FMM, float::narrow::<E4M3, E5M2>(ctx)),
        (16, 2, false) => (Ext::ZVTFP16FMM, float::narrow::<Half, Half>(ctx)),
        (32, 1, _) => (Ext::ZVTFMM, float::single(ctx)),
        (64, 1, _) => (Ext::ZVTDMM, float::double(ctx)),
        _ => return Err(NO_FORMAT),
    };
    need(ctx, ext)?;
    Ok(handler)
}

fn by_type_alternative(inst: &Inst, ctx: &Ctx) -> Result<Handler, Illegal> {
    let geometry = float::geometry(inst, ctx)?;
    let (ext, handler) = match (geometry.sew, geometry.widening, ctx.vtype.alt()) {
        (8, 4, false) => (Ext::ZVTOFP8FMM, float::narrow::<E5M2, E4M3>(ctx)),
        (8, 4, true) => (Ext::ZVTOFP8FMM, float::narrow::<E5M2, E5M2>(ctx)),
        (16, 2, false) => (Ext::ZVTBF16FMM, float::narrow::<Bfloat, Bfloat>(ctx)),
        _ => return Err(NO_FORMAT),
    };
    need(ctx, ext)?;
    Ok(handler)
}
