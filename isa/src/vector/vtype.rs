//! vtype: element width, group multiplier and policies.

/// The decoded vtype CSR. `vill` types have no other meaning.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Vtype {
    bits: u8,
    vill: bool,
}

impl Vtype {
    /// The reset value.
    pub const ILL: Vtype = Vtype { bits: 0, vill: true };

    /// From the value that a vset instruction asks for (64-bit register or zero-extended immediate). Illegal when a
    /// reserved bit is set, SEW > 64, LMUL reserved, or SEW > LMUL*ELEN for a fractional LMUL (ELEN is 64).
    pub fn from_request(value: u64, vlen: u32) -> Vtype {
        let vtype = Vtype { bits: value as u8, vill: false };
        let lmul = vtype.lmul_log2();
        let sew = vtype.sew_log2();
        if value >> 8 != 0 || sew > 6 || value & 7 == 4 || (lmul < 0 && sew > 6 + lmul) || vtype.vlmax(vlen) == 0 {
            return Vtype::ILL;
        }
        vtype
    }

    /// A legal type from its low bits, as an operation keeps them.
    #[inline(always)]
    pub fn from_bits(bits: u8) -> Vtype {
        Vtype { bits, vill: false }
    }

    /// The CSR value.
    pub fn csr(self) -> u64 {
        if self.vill { 1 << 63 } else { u64::from(self.bits) }
    }

    /// vma, vta, vsew, vlmul: bits 7..0 (zero when ill).
    pub fn bits(self) -> u8 {
        self.bits
    }

    /// Whether vill is set.
    pub fn ill(self) -> bool {
        self.vill
    }

    /// SEW in bits.
    pub fn sew(self) -> u32 {
        8 << (self.bits >> 3 & 7)
    }

    /// log2 of SEW in bits: 3 to 6 for legal types.
    pub fn sew_log2(self) -> i32 {
        i32::from(self.bits >> 3 & 7) + 3
    }

    /// log2 of LMUL: -3 to 3.
    pub fn lmul_log2(self) -> i32 {
        i32::from((self.bits << 5) as i8 >> 5)
    }

    /// Registers in a group of this LMUL: 1 for fractions.
    pub fn group(self) -> u32 {
        1 << self.lmul_log2().max(0)
    }

    /// VLMAX = LMUL*VLEN/SEW.
    pub fn vlmax(self, vlen: u32) -> u32 {
        if self.vill {
            return 0;
        }
        let elements = vlen >> self.sew_log2().min(31);
        let lmul = self.lmul_log2();
        if lmul >= 0 { elements << lmul } else { elements >> -lmul }
    }

    /// Tail agnostic.
    pub fn ta(self) -> bool {
        self.bits >> 6 & 1 == 1
    }

    /// Mask agnostic.
    pub fn ma(self) -> bool {
        self.bits >> 7 & 1 == 1
    }
}

impl std::fmt::Display for Vtype {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.vill {
            return write!(f, "vill");
        }
        let lmul = self.lmul_log2();
        write!(f, "e{},m{}{}", self.sew(), if lmul < 0 { "f" } else { "" }, 1 << lmul.abs())?;
        write!(f, ",{},{}", if self.ta() { "ta" } else { "tu" }, if self.ma() { "ma" } else { "mu" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vlmax_follows_the_definition() {
        let m4 = Vtype::from_request(0b010_010, 512);
        assert_eq!((m4.sew(), m4.lmul_log2(), m4.vlmax(512), m4.group()), (32, 2, 64, 4));
        let mf8 = Vtype::from_request(0b000_101, 512);
        assert_eq!((mf8.sew(), mf8.lmul_log2(), mf8.vlmax(512), mf8.group()), (8, -3, 8, 1));
        assert!(Vtype::from_request(0b001_101, 512).ill(), "e16,mf8 needs ELEN 128");
        assert!(Vtype::from_request(0b100_000, 512).ill());
        assert!(Vtype::from_request(0b000_100, 512).ill());
        assert!(Vtype::from_request(1 << 8, 512).ill());
        assert_eq!(m4.to_string(), "e32,m4,tu,mu");
    }
}
