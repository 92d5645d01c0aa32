//! Instruction encodings in the line syntax of the `riscv-opcodes` project.
//!
//! A line names the operand fields and gives the fixed bits, for example
//! `rd rs1 rs2 31..25=0 14..12=0 6..0=0x33`. The parser is a `const fn`: for the built-in tables a wrong line is a
//! compile error; extension files go through the same parser at run time.

/// The fixed bits and the operand fields of one instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// Bits that are fixed.
    pub mask: u32,
    /// Values of the fixed bits.
    pub bits: u32,
    /// Operand fields that the instruction has, a bit for each [`Field`].
    pub fields: u64,
}

/// Why a line is not an encoding. `at` is a byte offset into the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncodingError {
    /// Byte offset of the offending word.
    pub at: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

macro_rules! fields {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $mask:expr;)*) => {
        /// An operand field: a name and the bits of the word that it takes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Field { $($(#[$doc])* $name,)* }

        impl Field {
            /// Every field, in the order of the enumeration.
            pub const ALL: &'static [Field] = &[$(Field::$name,)*];

            /// The name used in an encoding line.
            pub const fn name(self) -> &'static str { match self { $(Field::$name => $text,)* } }

            /// The bits of the instruction word that the field takes.
            pub const fn mask(self) -> u32 { match self { $(Field::$name => $mask,)* } }
        }
    };
}

/// The bits `hi..=lo`.
const fn span(hi: u32, lo: u32) -> u32 {
    (((1u64 << (hi - lo + 1)) - 1) << lo) as u32
}

fields! {
    /// Integer or floating-point destination.
    Rd = "rd", span(11, 7);
    /// First source.
    Rs1 = "rs1", span(19, 15);
    /// Second source.
    Rs2 = "rs2", span(24, 20);
    /// Third source of a fused multiply-add.
    Rs3 = "rs3", span(31, 27);
    /// Rounding mode.
    Rm = "rm", span(14, 12);
    /// I-type immediate.
    Imm12 = "imm12", span(31, 20);
    /// S-type immediate, upper part.
    Imm12hi = "imm12hi", span(31, 25);
    /// S-type immediate, lower part.
    Imm12lo = "imm12lo", span(11, 7);
    /// B-type immediate, upper part.
    Bimm12hi = "bimm12hi", span(31, 25);
    /// B-type immediate, lower part.
    Bimm12lo = "bimm12lo", span(11, 7);
    /// U-type immediate.
    Imm20 = "imm20", span(31, 12);
    /// J-type immediate.
    Jimm20 = "jimm20", span(31, 12);
    /// Shift amount, 6 bits.
    Shamtd = "shamtd", span(25, 20);
    /// Shift amount, 5 bits.
    Shamtw = "shamtw", span(24, 20);
    /// CSR number.
    Csr = "csr", span(31, 20);
    /// Unsigned immediate in the place of rs1.
    Zimm = "zimm", span(19, 15);
    /// Acquire bit.
    Aq = "aq", span(26, 26);
    /// Release bit.
    Rl = "rl", span(25, 25);
    /// Fence mode.
    Fm = "fm", span(31, 28);
    /// Fence predecessor set.
    Pred = "pred", span(27, 24);
    /// Fence successor set.
    Succ = "succ", span(23, 20);
    /// Vector destination.
    Vd = "vd", span(11, 7);
    /// Vector store data.
    Vs3 = "vs3", span(11, 7);
    /// First vector source.
    Vs1 = "vs1", span(19, 15);
    /// Second vector source.
    Vs2 = "vs2", span(24, 20);
    /// Mask bit: 1 means unmasked.
    Vm = "vm", span(25, 25);
    /// Number of fields of a segment access, minus one.
    Nf = "nf", span(31, 29);
    /// Signed 5-bit immediate of a vector instruction.
    Simm5 = "simm5", span(19, 15);
    /// Unsigned 5-bit immediate of a vector instruction.
    Zimm5 = "zimm5", span(19, 15);
    /// vtype immediate of `vsetvli`.
    Zimm11 = "zimm11", span(30, 20);
    /// vtype immediate of `vsetivli`.
    Zimm10 = "zimm10", span(29, 20);
    /// Upper bit of a 6-bit vector rotate amount.
    Zimm6hi = "zimm6hi", span(26, 26);
    /// Lower bits of a 6-bit vector rotate amount.
    Zimm6lo = "zimm6lo", span(19, 15);
    /// Round or byte number of a scalar cryptography instruction.
    Bs = "bs", span(31, 30);
    /// Number of a may-be-operation, upper bit.
    MopHi = "mop_hi", span(30, 30);
    /// Number of a may-be-operation, middle bits.
    MopMid = "mop_mid", span(27, 26);
    /// Number of a may-be-operation, lower bits.
    MopLo = "mop_lo", span(21, 20);
    /// Prefetch offset, upper bits of an S-type immediate whose lower bits are zero.
    Offset = "offset", span(31, 25);
    /// User opcode of a coprocessor instruction.
    VcOp = "vcop", span(27, 26);
    /// User opcode of a coprocessor instruction with a floating-point operand.
    VcOpF = "vcopf", span(26, 26);
    /// Payload of a coprocessor instruction in the place of rd.
    PayloadD = "pd", span(11, 7);
    /// Payload of a coprocessor instruction in the place of rs2.
    Payload2 = "p2", span(24, 20);
    /// Even vector destination.
    VdEven = "vd_even", span(11, 8);
    /// First vector source, even.
    Vs1Even = "vs1_even", span(19, 16);
    /// Matrix tile.
    Mtd = "mtd", span(11, 8);
    /// Even matrix tile.
    MtdEven = "mtd2", span(11, 9);
    /// Every fourth matrix tile.
    MtdFourth = "mtd4", span(11, 10);
    /// Alternative format of a tile configuration.
    AltFmt = "altfmt", span(28, 28);
    /// Element width of sf.vsettnt.
    TileSew = "tsew", span(25, 23);
    /// Element width of msetmtypei.
    MtSew = "mtsew", span(24, 23);
    /// Widening of msetmtypei.
    MtWiden = "mtwiden", span(16, 15);
    /// Own register of a definition, written.
    Td = "td", span(11, 7);
    /// Own register of a definition, in the place of rs1.
    Ts1 = "ts1", span(19, 15);
    /// Own register of a definition, in the place of rs2.
    Ts2 = "ts2", span(24, 20);
    /// Own register of a definition, in the place of rd but read.
    Ts3 = "ts3", span(11, 7);
    /// All operand bits of a 16-bit instruction: its row unpacks them itself.
    C = "c", 0;
}

impl Encoding {
    /// Parses a line. Every bit of the word must be covered exactly once, by a fixed value or by a field.
    ///
    /// # Errors
    /// The first word that is not a field or a bit range, overlaps another, or the bits left uncovered.
    pub const fn parse(line: &str) -> Result<Encoding, EncodingError> {
        let text = line.as_bytes();
        let (mut mask, mut bits, mut fields, mut covered) = (0u32, 0u32, 0u64, 0u32);
        let mut at = 0;
        while at < text.len() {
            if text[at] == b' ' {
                at += 1;
                continue;
            }
            let start = at;
            while at < text.len() && text[at] != b' ' {
                at += 1;
            }
            let taken;
            if text[start].is_ascii_digit() {
                let (hi, next) = number(text, start);
                let (lo, next) = if next + 1 < at && text[next] == b'.' && text[next + 1] == b'.' {
                    number(text, next + 2)
                } else {
                    (hi, next)
                };
                if next >= at || text[next] != b'=' {
                    return Err(EncodingError { at: start, what: "expected HI..LO=VALUE" });
                }
                let (value, end) = number(text, next + 1);
                if end != at {
                    return Err(EncodingError { at: start, what: "the value is not a number" });
                }
                if hi > 31 || lo > hi {
                    return Err(EncodingError { at: start, what: "the bit range is not within 31..0" });
                }
                taken = span(hi as u32, lo as u32);
                if value > (taken >> lo) as u64 {
                    return Err(EncodingError { at: start, what: "the value does not fit its bits" });
                }
                mask |= taken;
                bits |= (value as u32) << lo;
            } else {
                let Some(field) = find(text, start, at) else {
                    return Err(EncodingError { at: start, what: "unknown operand field" });
                };
                taken = field.mask();
                fields |= 1 << field as u32;
            }
            if covered & taken != 0 {
                return Err(EncodingError { at: start, what: "these bits are given twice" });
            }
            covered |= taken;
        }
        let compressed = fields & (1 << Field::C as u32) != 0;
        if compressed {
            if mask >> 16 != 0 || bits & 3 == 3 {
                return Err(EncodingError { at: 0, what: "a 16-bit instruction has bits 15..0 and not 1..0=3" });
            }
        } else if covered != u32::MAX {
            return Err(EncodingError { at: 0, what: "some bits are neither fixed nor a field" });
        } else if bits & 3 != 3 {
            return Err(EncodingError { at: 0, what: "a 32-bit instruction has 1..0=3" });
        }
        Ok(Encoding { mask, bits, fields })
    }

    /// Parses a line of a built-in table, where a wrong line is a mistake in this source.
    ///
    /// # Panics
    /// When the line is wrong: at compile time, as every built-in row is a constant.
    pub const fn of(line: &str) -> Encoding {
        match Encoding::parse(line) {
            Ok(encoding) => encoding,
            Err(error) => panic!("{}", error.what),
        }
    }

    /// Whether the instruction has this operand field.
    pub const fn has(&self, field: Field) -> bool {
        self.fields & (1 << field as u32) != 0
    }

    /// Whether a word is this instruction.
    pub const fn matches(&self, word: u32) -> bool {
        word & self.mask == self.bits
    }

    /// Whether the instruction has 16 bits.
    pub const fn is_compressed(&self) -> bool {
        self.has(Field::C)
    }
}

/// Reads a decimal or `0x` number; returns it and the offset behind it (the start, if there is no digit).
const fn number(text: &[u8], start: usize) -> (u64, usize) {
    let mut at = start;
    let mut radix = 10;
    if at + 2 < text.len() && text[at] == b'0' && text[at + 1] == b'x' {
        radix = 16;
        at += 2;
    }
    let mut value = 0u64;
    while at < text.len() && value < 1 << 40 {
        let digit = match text[at] {
            c @ b'0'..=b'9' => c - b'0',
            c @ b'a'..=b'f' if radix == 16 => c - b'a' + 10,
            c @ b'A'..=b'F' if radix == 16 => c - b'A' + 10,
            _ => break,
        };
        value = value * radix + digit as u64;
        at += 1;
    }
    (value, at)
}

const fn find(text: &[u8], start: usize, end: usize) -> Option<Field> {
    let mut i = 0;
    while i < Field::ALL.len() {
        let name = Field::ALL[i].name().as_bytes();
        if name.len() == end - start {
            let mut k = 0;
            while k < name.len() && name[k] == text[start + k] {
                k += 1;
            }
            if k == name.len() {
                return Some(Field::ALL[i]);
            }
        }
        i += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_gives_mask_bits_and_fields() {
        let add = Encoding::of("rd rs1 rs2 31..25=0 14..12=0 6..0=0x33");
        assert_eq!((add.mask, add.bits), (0xfe00_707f, 0x33));
        assert!(add.has(Field::Rd) && add.has(Field::Rs2) && !add.has(Field::Imm12));
        assert!(add.matches(0x00b5_0533));
    }

    #[test]
    fn wrong_lines_say_what_is_wrong() {
        for (line, what) in [
            ("rd rs1 rs2 31..25=0 14..12=0", "some bits are neither fixed nor a field"),
            ("rd rd rs1 rs2 31..25=0 14..12=0 6..0=0x33", "these bits are given twice"),
            ("rd nonsense", "unknown operand field"),
            ("6..0=0x133", "the value does not fit its bits"),
            ("33..0=1", "the bit range is not within 31..0"),
            ("6..0=zz", "the value is not a number"),
            ("6..0", "expected HI..LO=VALUE"),
            ("6", "expected HI..LO=VALUE"),
            ("31..0=0", "a 32-bit instruction has 1..0=3"),
        ] {
            assert_eq!(Encoding::parse(line).unwrap_err().what, what, "{line}");
        }
    }
}
