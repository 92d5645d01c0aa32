//! Zicsr.

use crate::class::Class;
use crate::ext::Ext;
use crate::hart::csr::{Effect, MISA, letter};
use crate::hart::{Hart, Request};
use crate::integer::base::leave;
use crate::op::{Flow, Illegal, Op};
use crate::row::{Exec, Row};

const fn reg(name: &'static str, encoding: &'static str, exec: Exec) -> Row {
    Row::new(name, "rd, csr, rs1", encoding, Ext::ZICSR, Class::Csr, exec)
}

const fn imm(name: &'static str, encoding: &'static str, exec: Exec) -> Row {
    Row::new(name, "rd, csr, ximm", encoding, Ext::ZICSR, Class::Csr, exec)
}

const WRITE: u32 = 1;
const SET: u32 = 2;
const CLEAR: u32 = 3;
/// Added for the immediate forms.
const IMMEDIATE: u32 = 4;

/// Rows of Zicsr.
pub const ROWS: &[Row] = &[
    reg("csrrw", "rd rs1 csr 14..12=1 6..0=0x73", Exec::Direct(access::<WRITE>)),
    reg("csrrs", "rd rs1 csr 14..12=2 6..0=0x73", Exec::Direct(access::<SET>)),
    reg("csrrc", "rd rs1 csr 14..12=3 6..0=0x73", Exec::Direct(access::<CLEAR>)),
    imm("csrrwi", "rd zimm csr 14..12=5 6..0=0x73", Exec::Direct(access::<{ IMMEDIATE | WRITE }>)),
    imm("csrrsi", "rd zimm csr 14..12=6 6..0=0x73", Exec::Direct(access::<{ IMMEDIATE | SET }>)),
    imm("csrrci", "rd zimm csr 14..12=7 6..0=0x73", Exec::Direct(access::<{ IMMEDIATE | CLEAR }>)),
];

fn access<const FUNCT3: u32>(h: &mut Hart, op: &Op) -> Flow {
    match exchange::<FUNCT3>(h, op) {
        Ok(Effect::None) => {
            h.pc = h.pc.wrapping_add(u64::from(op.aux));
            Flow::Jump
        }
        Ok(Effect::FlushBlocks) => leave(h, op, Request::FlushBlocks),
        Err(why) => {
            let rd = if op.rd == Hart::SINK { 0 } else { u32::from(op.rd) };
            let word = (op.imm as u32) << 20 | u32::from(op.rs1) << 15 | FUNCT3 << 12 | rd << 7 | 0x73;
            h.illegal(word, why)
        }
    }
}

/// Reads the CSR, writes it, and sets rd. Setting or clearing with x0 or 0 writes nothing at all, and so is allowed
/// on a read-only CSR.
#[inline(always)]
fn exchange<const FUNCT3: u32>(h: &mut Hart, op: &Op) -> Result<Effect, Illegal> {
    let number = op.imm as u16;
    let operand = if FUNCT3 & IMMEDIATE != 0 { u64::from(op.rs1) } else { h.x[op.rs1 as usize] };
    let writes = FUNCT3 & 3 == WRITE || op.rs1 != 0;
    h.csr_check(number, writes)?;
    let old = h.csr_read(number)?;
    let effect = if writes {
        let new = match FUNCT3 & 3 {
            WRITE => operand,
            SET => old | operand,
            _ => old & !operand,
        };
        // Without 16-bit instructions the next one might be misaligned: then misa stays as it is.
        let next = h.pc.wrapping_add(u64::from(op.aux));
        if number == MISA && new & letter('c') == 0 && next & 2 != 0 { Effect::None } else { h.csr_write(number, new)? }
    } else {
        Effect::None
    };
    h.x[op.rd as usize] = old;
    Ok(effect)
}
