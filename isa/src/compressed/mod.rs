//! 16-bit instructions: each row gives the 32-bit word that does the same.

use crate::class::Class;
use crate::ext::Ext;
use crate::row::{Exec, Row};

/// The rows of this family.
pub fn families() -> Vec<&'static [Row]> {
    vec![ROWS]
}

const ROWS: &[Row] = &[
    // The syntax names the operands of the 32-bit equivalent.
    Row::new(
        "c.mv",
        "rd, rs2",
        "c 15..12=8 1..0=2",
        Ext::ZCA,
        Class::Alu,
        Exec::Expand(|raw| {
            let (rd, rs2) = (raw >> 7 & 31, raw >> 2 & 31);
            (rs2 != 0).then_some(0x33 | rd << 7 | rs2 << 20)
        }),
    ),
];
