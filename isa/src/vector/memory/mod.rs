//! Vector loads and stores.
//!
//! Whatever an instruction moves, it moves element by element as far as a program can see: when element `i` faults, the elements
//! before it are done and vstart is `i`. Runs of consecutive elements are copied a page at a time, which
//! keeps that promise because permissions change only from page to page.

mod indexed;
mod legality;
mod strided;
#[cfg(test)]
mod tests;
mod unit;
mod walk;

use crate::class::Class;
use crate::ext::Ext;
use crate::row::{Mem, Row};

/// The class of an access of one field, of two, of more.
const fn class(nf: u8, one: Class, two: Class, more: Class) -> Class {
    match nf {
        1 => one,
        2 => two,
        _ => more,
    }
}

/// The rows of one element width: unit stride, fault-only-first, strided and indexed, one field and segments.
macro_rules! rows_of_width {
    ($eew:literal, $width:literal, $element:ty, $ext:expr) => {
        rows_of_width!(@ $eew, $width, $element, $ext,
            ["" 1 0] ["seg2" 2 1] ["seg3" 3 2] ["seg4" 4 3] ["seg5" 5 4] ["seg6" 6 5] ["seg7" 7 6] ["seg8" 8 7])
    };
    (@ $eew:literal, $width:literal, $element:ty, $ext:expr, $([$seg:literal $nf:literal $bits:literal])*) => {
        &[$(
            Row::new(
                concat!("vl", $seg, "e", $eew, ".v"),
                "vd, (rs1) vm",
                concat!("vm rs1 vd 31..29=", $bits, " 28..26=0 24..20=0 14..12=", $width, " 6..0=0x07"),
                $ext,
                class($nf, Class::VLoad, Class::VLoadSegment2, Class::VLoadSegment),
                unit::load::<$element>(),
            )
            .mem(Mem::Unit { eew: $eew }),
            Row::new(
                concat!("vs", $seg, "e", $eew, ".v"),
                "vs3, (rs1) vm",
                concat!("vm rs1 vs3 31..29=", $bits, " 28..26=0 24..20=0 14..12=", $width, " 6..0=0x27"),
                $ext,
                class($nf, Class::VStore, Class::VStoreSegment2, Class::VStoreSegment),
                unit::store::<$element>(),
            )
            .mem(Mem::Unit { eew: $eew }),
            Row::new(
                concat!("vl", $seg, "e", $eew, "ff.v"),
                "vd, (rs1) vm",
                concat!("vm rs1 vd 31..29=", $bits, " 28..26=0 24..20=0x10 14..12=", $width, " 6..0=0x07"),
                $ext,
                class($nf, Class::VLoadFirst, Class::VLoadSegment2, Class::VLoadSegment),
                unit::load_first::<$element>(),
            )
            .mem(Mem::FaultFirst { eew: $eew }),
            Row::new(
                concat!("vls", $seg, "e", $eew, ".v"),
                "vd, (rs1), rs2 vm",
                concat!("vm rs2 rs1 vd 31..29=", $bits, " 28..26=2 14..12=", $width, " 6..0=0x07"),
                $ext,
                class($nf, Class::VLoadStrided, Class::VLoadSegment, Class::VLoadSegment),
                strided::load::<$element>(),
            )
            .mem(Mem::Strided { eew: $eew }),
            Row::new(
                concat!("vss", $seg, "e", $eew, ".v"),
                "vs3, (rs1), rs2 vm",
                concat!("vm rs2 rs1 vs3 31..29=", $bits, " 28..26=2 14..12=", $width, " 6..0=0x27"),
                $ext,
                class($nf, Class::VStoreStrided, Class::VStoreSegment, Class::VStoreSegment),
                strided::store::<$element>(),
            )
            .mem(Mem::Strided { eew: $eew }),
            // Unordered accesses are made in order too: the order is free, so this one is right.
            Row::new(
                concat!("vlux", $seg, "ei", $eew, ".v"),
                "vd, (rs1), vs2 vm",
                concat!("vm vs2 rs1 vd 31..29=", $bits, " 28..26=1 14..12=", $width, " 6..0=0x07"),
                $ext,
                class($nf, Class::VLoadIndexed, Class::VLoadSegment, Class::VLoadSegment),
                indexed::load::<$element>(),
            )
            .mem(Mem::Indexed { eew: $eew }),
            Row::new(
                concat!("vlox", $seg, "ei", $eew, ".v"),
                "vd, (rs1), vs2 vm",
                concat!("vm vs2 rs1 vd 31..29=", $bits, " 28..26=3 14..12=", $width, " 6..0=0x07"),
                $ext,
                class($nf, Class::VLoadIndexed, Class::VLoadSegment, Class::VLoadSegment),
                indexed::load::<$element>(),
            )
            .mem(Mem::Indexed { eew: $eew }),
            Row::new(
                concat!("vsux", $seg, "ei", $eew, ".v"),
                "vs3, (rs1), vs2 vm",
                concat!("vm vs2 rs1 vs3 31..29=", $bits, " 28..26=1 14..12=", $width, " 6..0=0x27"),
                $ext,
                class($nf, Class::VStoreIndexed, Class::VStoreSegment, Class::VStoreSegment),
                indexed::store::<$element>(),
            )
            .mem(Mem::Indexed { eew: $eew }),
            Row::new(
                concat!("vsox", $seg, "ei", $eew, ".v"),
                "vs3, (rs1), vs2 vm",
                concat!("vm vs2 rs1 vs3 31..29=", $bits, " 28..26=3 14..12=", $width, " 6..0=0x27"),
                $ext,
                class($nf, Class::VStoreIndexed, Class::VStoreSegment, Class::VStoreSegment),
                indexed::store::<$element>(),
            )
            .mem(Mem::Indexed { eew: $eew }),
        )*]
    };
}

/// Whole-register loads of one register count, by element width, and the store.
macro_rules! whole_rows {
    ($nr:literal, $bits:literal) => {
        &[
            whole_rows!(@ $nr, $bits, 8, 0, u8, Ext::ZVE32X),
            whole_rows!(@ $nr, $bits, 16, 5, u16, Ext::ZVE32X),
            whole_rows!(@ $nr, $bits, 32, 6, u32, Ext::ZVE32X),
            whole_rows!(@ $nr, $bits, 64, 7, u64, Ext::ZVE64X),
            Row::new(
                concat!("vs", $nr, "r.v"),
                "vs3, (rs1)",
                concat!("rs1 vs3 31..29=", $bits, " 28..25=1 24..20=8 14..12=0 6..0=0x27"),
                Ext::ZVE32X,
                Class::VStoreWhole,
                unit::store_whole(),
            )
            .mem(Mem::Whole),
        ]
    };
    (@ $nr:literal, $bits:literal, $eew:literal, $width:literal, $element:ty, $ext:expr) => {
        Row::new(
            concat!("vl", $nr, "re", $eew, ".v"),
            "vd, (rs1)",
            concat!("rs1 vd 31..29=", $bits, " 28..25=1 24..20=8 14..12=", $width, " 6..0=0x07"),
            $ext,
            Class::VLoadWhole,
            unit::load_whole::<$element>(),
        )
        .mem(Mem::Whole)
    };
}

const MASK: &[Row] = &[
    Row::new(
        "vlm.v",
        "vd, (rs1)",
        "rs1 vd 31..25=1 24..20=0xb 14..12=0 6..0=0x07",
        Ext::ZVE32X,
        Class::VLoadMask,
        unit::load_mask(),
    )
    .mem(Mem::Mask),
    Row::new(
        "vsm.v",
        "vs3, (rs1)",
        "rs1 vs3 31..25=1 24..20=0xb 14..12=0 6..0=0x27",
        Ext::ZVE32X,
        Class::VStoreMask,
        unit::store_mask(),
    )
    .mem(Mem::Mask),
];

/// Rows of this family.
pub const FAMILIES: &[&[Row]] = &[
    rows_of_width!(8, 0, u8, Ext::ZVE32X),
    rows_of_width!(16, 5, u16, Ext::ZVE32X),
    rows_of_width!(32, 6, u32, Ext::ZVE32X),
    rows_of_width!(64, 7, u64, Ext::ZVE64X),
    whole_rows!(1, 0),
    whole_rows!(2, 1),
    whole_rows!(4, 3),
    whole_rows!(8, 7),
    MASK,
];
