//! Assembly text of decoded instructions, as `objdump -M no-aliases` writes it.

use crate::encoding::Field;
use crate::float::{F64, load_immediate};
use crate::inst::Inst;
use crate::operand::Operand;
use crate::vector::vtype::Vtype;

/// ABI names of the integer registers.
pub const X_NAMES: [&str; 32] = [
    "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "s2",
    "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
];

/// ABI names of the floating-point registers.
pub const F_NAMES: [&str; 32] = [
    "ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1", "fa0", "fa1", "fa2", "fa3", "fa4", "fa5",
    "fa6", "fa7", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
];

/// Names of the static rounding modes.
pub(crate) const ROUNDING: [&str; 8] = ["rne", "rtz", "rdn", "rup", "rmm", "", "", "dyn"];

impl Inst {
    /// Mnemonic and operands at address `pc`.
    pub fn text(&self, pc: u64) -> String {
        if self.hides_bits() {
            return format!(".4byte 0x{:08x}", self.raw);
        }
        let mut mnemonic = self.fetched.name.to_string();
        if self.fetched.encoding.has(Field::Aq) {
            mnemonic += ["", ".rl", ".aq", ".aqrl"][self.bits(26, 25) as usize];
        }
        if self.fetched.encoding.has(Field::MopHi) {
            let (high, low) = (self.bits(30, 30), self.bits(27, 26));
            let number = if self.fetched.encoding.has(Field::MopLo) {
                high << 4 | low << 2 | self.bits(21, 20)
            } else {
                high << 2 | low
            };
            mnemonic += &format!(".{number}");
        }
        let operands = self.operand_text(pc);
        if operands.is_empty() { mnemonic } else { format!("{mnemonic} {operands}") }
    }

    /// Whether the word has bits that assembly cannot express: reserved forms of fences and rounding modes.
    fn hides_bits(&self) -> bool {
        let row = self.fetched;
        let registers = self.rd != 0 || self.rs1 != 0;
        if row.encoding.has(Field::Fm) {
            registers || self.bits(31, 28) != 0 || self.bits(27, 24) == 0 || self.bits(23, 20) == 0
        } else if row.encoding.has(Field::Imm12) && row.syntax.is_empty() {
            registers || self.imm != 0
        } else {
            let named = row.operands.has(Operand::Rm);
            row.encoding.has(Field::Rm) && (matches!(self.rm(), 5 | 6) || !named && self.rm() != 0)
        }
    }

    fn operand_text(&self, pc: u64) -> String {
        let syntax = self.fetched.syntax;
        let mut text = String::new();
        let mut done = 0;
        for (operand, place) in self.fetched.operands.places() {
            let separator = &syntax[done..place.start];
            done = place.end;
            let x = |reg: u8| X_NAMES[reg as usize & 31].to_string();
            let f = |reg: u8| F_NAMES[reg as usize & 31].to_string();
            let v = |reg: u8| format!("v{reg}");
            let word = match operand {
                Operand::Rd => x(self.rd),
                Operand::Rs1 => x(self.rs1),
                Operand::Rs2 => x(self.rs2),
                Operand::Fd => f(self.rd),
                Operand::Fs1 => f(self.rs1),
                Operand::Fs2 => f(self.rs2),
                Operand::Fs3 => f(self.rs3),
                Operand::Vd | Operand::Vs3 => v(self.rd),
                Operand::Vs1 => v(self.rs1),
                Operand::Vs2 => v(self.rs2),
                Operand::V0 => v(0),
                // Both bring their own comma: they may be absent.
                Operand::Vm | Operand::Rm => {
                    text += separator.trim_end_matches([',', ' ']);
                    if operand == Operand::Vm && self.masked() {
                        text += ",v0.t";
                    } else if operand == Operand::Rm && self.rm() != 7 {
                        text += &format!(",{}", ROUNDING[self.rm() as usize]);
                    }
                    continue;
                }
                Operand::Imm => self.imm.to_string(),
                Operand::Ximm if self.row.encoding.has(Field::Imm20) => format!("0x{:x}", self.word >> 12),
                Operand::Ximm if self.row.encoding.has(Field::Zimm) => self.rs1.to_string(),
                Operand::Ximm => format!("0x{:x}", self.imm),
                Operand::Target => format!("0x{:x}", pc.wrapping_add(self.imm as u64)),
                Operand::Csr => crate::hart::csr::name(self.bits(31, 20) as u16),
                Operand::FpConst => constant_text(self.rs1),
                Operand::Vtype => vtype_text(self.imm as u64),
                Operand::VcOp => {
                    let float = self.fetched.encoding.has(Field::VcOpF);
                    format!("0x{:x}", if float { self.bits(26, 26) } else { self.bits(27, 26) })
                }
                Operand::PayloadD => format!("0x{:x}", self.rd),
                Operand::Payload2 => format!("0x{:x}", self.rs2),
                Operand::Mtd => format!("mt{}", self.bits(11, 8)),
                Operand::Td | Operand::Ts3 => format!("{}{}", self.fetched.bank_name(operand), self.rd),
                Operand::Ts1 => format!("{}{}", self.fetched.bank_name(operand), self.rs1),
                Operand::Ts2 => format!("{}{}", self.fetched.bank_name(operand), self.rs2),
                Operand::TileType => tile_type_text(self.imm),
                Operand::Mtype => {
                    format!("sew=e{} altfmt={} mtwiden={}", 8 << (self.imm >> 3 & 3), self.imm >> 8 & 1, self.imm >> 9)
                }
                Operand::Pred => fence_set(self.bits(27, 24)),
                Operand::Succ => fence_set(self.bits(23, 20)),
            };
            text += &separator.replace(' ', "");
            text += &word;
        }
        text + &syntax[done..].replace(' ', "")
    }
}

/// The constant of a `fli`: the least normal depends on the format and has a name, the others are the same in all.
pub(crate) fn constant_text(index: u8) -> String {
    match index {
        1 => "min".into(),
        31 => "nan".into(),
        _ => f64::from_bits(load_immediate::<F64>(index.into())).to_string(),
    }
}

/// A vtype immediate: `e32,m4,ta,ma`, or the number when it is reserved.
fn vtype_text(bits: u64) -> String {
    // The largest VLEN: what is reserved there is reserved everywhere.
    let vtype = Vtype::from_request(bits, 1 << 16);
    if vtype.ill() { bits.to_string() } else { vtype.to_string() }
}

/// The type of sf.vsettnt: `e16alt,w2`.
fn tile_type_text(imm: i64) -> String {
    format!("e{}{},w{}", 8 << (imm >> 3 & 7), if imm >> 8 & 1 == 1 { "alt" } else { "" }, 1 << ((imm >> 9 & 3) - 1))
}

fn fence_set(bits: u32) -> String {
    "iorw".chars().enumerate().filter(|(i, _)| bits >> (3 - i) & 1 == 1).map(|(_, c)| c).collect()
}
