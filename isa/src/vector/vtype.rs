//! vtype: element width, group multiplier and policies.

use crate::ext::Ext;
use crate::matrix::geometry::{Geometry, tile_edge};

/// Extensions with an alternative format of 16 bits.
const ALTERNATIVES: Ext = Ext::XSFMMBASE.union(Ext::ZVTBASE).union(Ext::XSFVFBFEXP16E);

/// The decoded vtype CSR. `vill` types have no other meaning.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Vtype {
    bits: u8,
    alt: bool,
    twiden: u8,
    vill: bool,
}

impl Vtype {
    /// The reset value.
    pub const ILL: Vtype = Vtype { bits: 0, alt: false, twiden: 0, vill: true };

    /// From the value that a vset instruction asks for (64-bit register or zero-extended immediate). Illegal when a
    /// reserved bit is set, SEW > 64, LMUL reserved, or SEW > LMUL*ELEN for a fractional LMUL (ELEN is 64).
    pub fn from_request(value: u64, vlen: u32) -> Vtype {
        let vtype = Vtype { bits: value as u8, ..Vtype::from_bits(0) };
        let lmul = vtype.lmul_log2();
        let sew = vtype.sew_log2();
        if value >> 8 != 0 || sew > 6 || value & 7 == 4 || (lmul < 0 && sew > 6 + lmul) || vtype.vlmax(vlen) == 0 {
            return Vtype::ILL;
        }
        vtype
    }

    /// A legal type from its low bits, as an operation keeps them.
    #[inline(always)]
    pub const fn from_bits(bits: u8) -> Vtype {
        Vtype { bits, alt: false, twiden: 0, vill: false }
    }

    /// As [`Vtype::from_request`], on a machine whose extensions give meaning to more bits: 8 is altfmt, 10..9 the
    /// widening of XSfmm's tiles.
    pub fn requested(value: u64, vlen: u32, isa: Ext) -> Vtype {
        if value >> 8 == 0 {
            return Vtype::from_request(value, vlen);
        }
        let twiden = if isa.contains(Ext::XSFMMBASE) { 3 << 9 } else { 0 };
        let alt = if isa.intersects(ALTERNATIVES) { 1 << 8 } else { 0 };
        if value & !(0xff | alt | twiden) != 0 {
            Vtype::ILL
        } else if value & twiden != 0 {
            Vtype::tile(value, vlen, isa)
        } else {
            Vtype::from_request(value & 0xff, vlen).alternative(value >> 8 & 1 == 1, isa)
        }
    }

    /// The type that a tile configuration asks for: SEW in bits 5..3, altfmt in bit 8, widening in bits 10..9. While tiles are on
    /// (widening not 0), LMUL follows from the geometry and both policies are agnostic.
    pub fn tile(value: u64, vlen: u32, isa: Ext) -> Vtype {
        let (sew_bits, twiden) = ((value >> 3 & 7) as u8, (value >> 9 & 3) as u8);
        let alt = value >> 8 & 1 == 1;
        if twiden == 0 {
            return Vtype::from_request(u64::from(sew_bits) << 3, vlen).alternative(alt, isa);
        }
        let (sew, widening) = (8u32 << sew_bits, 1u32 << (twiden - 1));
        if sew > 64 || sew * widening > 64 {
            return Vtype::ILL;
        }
        let geometry = Geometry { te: tile_edge(vlen, isa), vlen, sew, widening };
        let bits = 0xc0 | sew_bits << 3 | geometry.lmul().ilog2() as u8;
        Vtype { bits, alt: false, twiden, vill: false }.alternative(alt, isa)
    }

    /// With altfmt, where that is a type.
    fn alternative(self, alt: bool, isa: Ext) -> Vtype {
        let known = match self.sew() {
            8 => isa.contains(Ext::ZVTBASE),
            16 => isa.intersects(ALTERNATIVES),
            _ => false,
        };
        if self.vill || alt && !known { Vtype::ILL } else { Vtype { alt, ..self } }
    }

    /// The CSR value. Zvt has the widening in another CSR.
    pub fn csr(self) -> u64 {
        if self.vill { 1 << 63 } else { u64::from(self.bits) | u64::from(self.alt) << 8 | u64::from(self.twiden) << 9 }
    }

    /// altfmt, and the widening field of tiles (0: off).
    pub fn extra(self) -> u32 {
        u32::from(self.alt) | u32::from(self.twiden) << 1
    }

    /// Whether elements have the alternative format of their width.
    pub fn alt(self) -> bool {
        self.alt
    }

    /// The widening factor of tiles: accumulators have SEW times as many bits. `None`: tiles are off.
    pub fn widening(self) -> Option<u32> {
        (self.twiden != 0).then(|| 1 << (self.twiden - 1))
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
