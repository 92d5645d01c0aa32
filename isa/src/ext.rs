//! Instruction-set extensions and ISA strings.

use std::fmt;

macro_rules! extensions {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal $(, implies $($implied:ident)|+)?;)*) => {
        bitflags::bitflags! {
            /// A set of extensions. A row of the instruction table names the extensions of which **any one** provides it.
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            pub struct Ext: u128 {
                $($(#[doc = $doc])* const $name = 1 << Index::$name as u32;)*
            }
        }

        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Index { $($name,)* }

        impl Ext {
            /// Every extension with its name in ISA strings and what it implies.
            pub const NAMES: &'static [(Ext, &'static str, Ext)] = &[
                $((Ext::$name, $text, Ext::empty()$($(.union(Ext::$implied))+)?),)*
            ];

            /// One line about each, in the order of [`Ext::NAMES`].
            pub const ABOUT: &'static [&'static str] = &[$(concat!($($doc),*).trim_ascii(),)*];
        }
    };
}

extensions! {
    /// Base integer instructions.
    I = "i";
    /// Multiplication and division.
    M = "m";
    /// Atomic instructions.
    A = "a";
    /// Single-precision floating point.
    F = "f", implies ZICSR;
    /// Double-precision floating point.
    D = "d", implies F;
    /// Compressed instructions.
    C = "c", implies ZCA;
    /// Compressed instructions without floating point.
    ZCA = "zca";
    /// Compressed double-precision loads and stores.
    ZCD = "zcd", implies ZCA;
    /// More compressed integer instructions.
    ZCB = "zcb", implies ZCA;
    /// CSR instructions.
    ZICSR = "zicsr";
    /// Instruction-fetch fence.
    ZIFENCEI = "zifencei";
    /// Base counters.
    ZICNTR = "zicntr", implies ZICSR;
    /// Hardware performance counters.
    ZIHPM = "zihpm", implies ZICSR;
    /// Conditional zeroing.
    ZICOND = "zicond";
    /// Cache-block management.
    ZICBOM = "zicbom";
    /// Cache-block prefetch.
    ZICBOP = "zicbop";
    /// Cache-block zero.
    ZICBOZ = "zicboz";
    /// Pause hint.
    ZIHINTPAUSE = "zihintpause";
    /// Non-temporal locality hints.
    ZIHINTNTL = "zihintntl";
    /// May-be-operations.
    ZIMOP = "zimop";
    /// Compressed may-be-operations.
    ZCMOP = "zcmop", implies ZCA;
    /// Wait on reservation set.
    ZAWRS = "zawrs";
    /// Address generation.
    ZBA = "zba";
    /// Basic bit manipulation.
    ZBB = "zbb";
    /// Carry-less multiplication.
    ZBC = "zbc";
    /// Single-bit instructions.
    ZBS = "zbs";
    /// Bit manipulation for cryptography.
    ZBKB = "zbkb";
    /// Half-precision loads, stores, moves and conversions.
    ZFHMIN = "zfhmin", implies F;
    /// Half-precision floating point.
    ZFH = "zfh", implies ZFHMIN;
    /// Additional scalar floating-point instructions.
    ZFA = "zfa", implies F;
    /// Scalar bfloat16 conversions.
    ZFBFMIN = "zfbfmin", implies F;
    /// Embedded vector, ELEN 32, integer.
    ZVE32X = "zve32x", implies ZICSR;
    /// Embedded vector, ELEN 32, single precision.
    ZVE32F = "zve32f", implies ZVE32X | F;
    /// Embedded vector, ELEN 64, integer.
    ZVE64X = "zve64x", implies ZVE32X;
    /// Embedded vector, ELEN 64, single precision.
    ZVE64F = "zve64f", implies ZVE64X | ZVE32F;
    /// Embedded vector, ELEN 64, double precision.
    ZVE64D = "zve64d", implies ZVE64F | D;
    /// The vector extension for application processors.
    V = "v", implies ZVE64D;
    /// Vector half-precision conversions.
    ZVFHMIN = "zvfhmin", implies ZVE32F;
    /// Vector half precision.
    ZVFH = "zvfh", implies ZVFHMIN | ZFHMIN;
    /// Vector bfloat16 conversions.
    ZVFBFMIN = "zvfbfmin", implies ZVE32F;
    /// Vector bfloat16 widening multiply-add.
    ZVFBFWMA = "zvfbfwma", implies ZVFBFMIN | ZFBFMIN;
    /// Vector bit manipulation for cryptography.
    ZVKB = "zvkb", implies ZVE32X;
    /// Vector bit manipulation.
    ZVBB = "zvbb", implies ZVKB;
    /// Vector carry-less multiplication.
    ZVBC = "zvbc", implies ZVE64X;
    /// Vector GHASH.
    ZVKG = "zvkg", implies ZVE32X;
    /// Vector AES.
    ZVKNED = "zvkned", implies ZVE32X;
    /// Vector SHA-256.
    ZVKNHA = "zvknha", implies ZVE32X;
    /// Vector SHA-256 and SHA-512.
    ZVKNHB = "zvknhb", implies ZVE64X;
    /// Vector SM4.
    ZVKSED = "zvksed", implies ZVE32X;
    /// Vector SM3.
    ZVKSH = "zvksh", implies ZVE32X;
    /// Vector data-independent latency (no instructions).
    ZVKT = "zvkt";
    /// Privileged instructions of machine and supervisor mode.
    PRIV = "priv";
    /// Finer invalidation of address-translation caches.
    SVINVAL = "svinval";
    /// SiFive vector coprocessor interface.
    XSFVCP = "xsfvcp", implies ZVE32X;
    /// SiFive int8 matrix multiply of 2x8 by 8x2 tiles.
    XSFVQMACCDOD = "xsfvqmaccdod", implies ZVE32X;
    /// SiFive int8 matrix multiply of 4x8 by 8x4 tiles.
    XSFVQMACCQOQ = "xsfvqmaccqoq", implies ZVE32X;
    /// SiFive bfloat16 matrix multiply of 4x4 by 4x4 tiles; as LLVM has it, conversions to and from bfloat16 go with it.
    XSFVFWMACCQQQ = "xsfvfwmaccqqq", implies ZVFBFMIN;
    /// SiFive conversion of scaled binary32 to clipped int8.
    XSFVFNRCLIPXFQF = "xsfvfnrclipxfqf", implies ZVE32F;
    /// SiFive exponential, binary16.
    XSFVFEXP16E = "xsfvfexp16e", implies ZVFH;
    /// SiFive exponential, bfloat16.
    XSFVFBFEXP16E = "xsfvfbfexp16e", implies ZVE32F;
    /// SiFive exponential, binary32.
    XSFVFEXP32E = "xsfvfexp32e", implies ZVE32F;
    /// SiFive table step of the exponential, binary16 and binary32.
    XSFVFEXPA = "xsfvfexpa", implies ZVE32F;
    /// SiFive table step of the exponential, binary64.
    XSFVFEXPA64E = "xsfvfexpa64e", implies XSFVFEXPA | ZVE64D;
    /// SiFive attached matrix unit: tiles, tile configuration, tile loads, stores and moves.
    XSFMMBASE = "xsfmmbase", implies ZVE32X;
    /// Tile edge of 16.
    XSFMM16T = "xsfmm16t", implies XSFMMBASE;
    /// Tile edge of 32.
    XSFMM32T = "xsfmm32t", implies XSFMMBASE;
    /// Tile edge of 64.
    XSFMM64T = "xsfmm64t", implies XSFMMBASE;
    /// Tile edge of 128.
    XSFMM128T = "xsfmm128t", implies XSFMMBASE;
    /// SiFive tile multiply, int8 into int32.
    XSFMM32A8I = "xsfmm32a8i", implies XSFMMBASE;
    /// SiFive tile multiply, 8-bit floating point into binary32.
    XSFMM32A8F = "xsfmm32a8f", implies XSFMMBASE | ZVE32F;
    /// SiFive tile multiply, binary16 and bfloat16 into binary32.
    XSFMM32A16F = "xsfmm32a16f", implies XSFMMBASE | ZVE32F;
    /// SiFive tile multiply, binary32.
    XSFMM32A32F = "xsfmm32a32f", implies XSFMMBASE | ZVE32F;
    /// SiFive tile multiply, binary64.
    XSFMM64A64F = "xsfmm64a64f", implies XSFMMBASE | ZVE64D;
    /// RISC-V vector-matrix extension, version 0.4: tiles, tile configuration, tile loads, stores and moves.
    ZVTBASE = "zvtbase", implies ZVE32X;
    /// Tile loads and stores of 8-bit elements.
    ZVT8E = "zvt8e", implies ZVTBASE;
    /// Tile loads and stores of 16-bit elements.
    ZVT16E = "zvt16e", implies ZVTBASE;
    /// Tile loads and stores of 64-bit elements.
    ZVT64E = "zvt64e", implies ZVTBASE;
    /// Tile multiply, int8 into int32.
    ZVTI8I32MM = "zvti8i32mm", implies ZVTBASE;
    /// Tile multiply, binary32.
    ZVTFMM = "zvtfmm", implies ZVTBASE | ZVE32F;
    /// Tile multiply, binary64.
    ZVTDMM = "zvtdmm", implies ZVTBASE | ZVE64D;
    /// Tile multiply, binary16 into binary32.
    ZVTFP16FMM = "zvtfp16fmm", implies ZVTBASE | ZVE32F;
    /// Tile multiply, bfloat16 into binary32.
    ZVTBF16FMM = "zvtbf16fmm", implies ZVTBASE | ZVE32F;
    /// Tile multiply, 8-bit floating point into binary32.
    ZVTOFP8FMM = "zvtofp8fmm", implies ZVTBASE | ZVE32F;
    /// SpacemiT integrated matrix extension 1.
    XSMTVDOT = "xsmtvdot", implies ZVE32X;
    /// Instructions that extension files define.
    XDEFINED = "xdefined";
}

/// Names in ISA strings that stand for properties of memory and traps, not for instructions: the machine has them all.
const PROPERTIES: &[&str] = &[
    "ziccif",
    "ziccrse",
    "ziccamoa",
    "zicclsm",
    "za64rs",
    "za128rs",
    "zic64b",
    "zkt",
    "sm1p11",
    "sm1p12",
    "ss1p11",
    "ss1p12",
    "sscounterenw",
    "sstvala",
    "sstvecd",
    "ssu64xl",
    "svade",
    "svbare",
    "sv39",
    "sv48",
    "sv57",
];

/// Why an ISA string is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IsaStringError(pub String);

impl fmt::Display for IsaStringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for IsaStringError {}

impl Ext {
    /// The NIST algorithm suite of vector cryptography.
    const ZVKN: Ext = Ext::ZVKNED.union(Ext::ZVKNHB).union(Ext::ZVKB).union(Ext::ZVKT);
    /// The ShangMi algorithm suite.
    const ZVKS: Ext = Ext::ZVKSED.union(Ext::ZVKSH).union(Ext::ZVKB).union(Ext::ZVKT);

    /// The set without some extensions and all that imply one of them.
    pub fn without(self, gone: Ext) -> Ext {
        let mut gone = gone;
        loop {
            let implying = Ext::NAMES.iter().filter(|(_, _, implied)| implied.intersects(gone));
            let more = implying.fold(gone, |all, (ext, _, _)| all | *ext);
            if more == gone {
                return self.difference(gone);
            }
            gone = more;
        }
    }

    /// Every standard extension: all but those that share opcode space and need a
    /// [`Profile`](crate::profile::Profile) or their name in the ISA string.
    pub const fn everything() -> Ext {
        Ext::all().difference(Ext::MATRIX).difference(Ext::XDEFINED)
    }

    /// The matrix and coprocessor families.
    pub const MATRIX: Ext = Ext::SIFIVE.union(Ext::ZVT).union(Ext::XSMTVDOT);

    /// SiFive's own.
    pub const SIFIVE: Ext = Ext::XSFVCP
        .union(Ext::XSFVQMACCDOD)
        .union(Ext::XSFVQMACCQOQ)
        .union(Ext::XSFVFWMACCQQQ)
        .union(Ext::XSFVFNRCLIPXFQF)
        .union(Ext::XSFVFEXP16E)
        .union(Ext::XSFVFBFEXP16E)
        .union(Ext::XSFVFEXP32E)
        .union(Ext::XSFVFEXPA)
        .union(Ext::XSFVFEXPA64E)
        .union(Ext::XSFMM);

    /// XSfmm without its sizes of tiles.
    pub const XSFMM_MULTIPLY: Ext =
        Ext::XSFMM32A8I.union(Ext::XSFMM32A8F).union(Ext::XSFMM32A16F).union(Ext::XSFMM32A32F).union(Ext::XSFMM64A64F);

    /// All of XSfmm.
    pub const XSFMM: Ext = Ext::XSFMMBASE
        .union(Ext::XSFMM_MULTIPLY)
        .union(Ext::XSFMM16T)
        .union(Ext::XSFMM32T)
        .union(Ext::XSFMM64T)
        .union(Ext::XSFMM128T);

    /// All of Zvt.
    pub const ZVT: Ext = Ext::ZVTBASE
        .union(Ext::ZVT8E)
        .union(Ext::ZVT16E)
        .union(Ext::ZVT64E)
        .union(Ext::ZVTI8I32MM)
        .union(Ext::ZVTFMM)
        .union(Ext::ZVTDMM)
        .union(Ext::ZVTFP16FMM)
        .union(Ext::ZVTBF16FMM)
        .union(Ext::ZVTOFP8FMM);

    /// The set with everything that its members imply.
    #[must_use]
    pub fn closure(self) -> Ext {
        let mut set = self;
        loop {
            let mut next = set;
            for &(ext, _, implied) in Ext::NAMES {
                if set.contains(ext) {
                    next |= implied;
                }
            }
            if next.contains(Ext::C | Ext::D) {
                next |= Ext::ZCD;
            }
            if next == set {
                return set;
            }
            set = next;
        }
    }

    /// Reads an ISA string such as `rv64gcv_zvfh_zvl512b`. Returns the closed set and the VLEN in bits that a
    /// `zvl*b` part names. Privileged instructions are always included.
    ///
    /// # Errors
    /// The first part that is not known.
    pub fn parse(isa: &str) -> Result<(Ext, Option<u32>), IsaStringError> {
        let lower = isa.to_ascii_lowercase();
        let rest = lower
            .strip_prefix("rv64")
            .ok_or_else(|| IsaStringError(format!("ISA string `{isa}` must begin with rv64")))?;
        let mut set = Ext::PRIV;
        let mut vlen = None;
        let mut parts = rest.split('_');
        for letter in parts.next().unwrap_or("").chars() {
            set |= match letter {
                'g' => Ext::I | Ext::M | Ext::A | Ext::F | Ext::D | Ext::ZICSR | Ext::ZIFENCEI,
                'b' => Ext::ZBA | Ext::ZBB | Ext::ZBS,
                _ => Ext::by_name(letter.encode_utf8(&mut [0; 4]))
                    .ok_or_else(|| IsaStringError(format!("unknown extension `{letter}` in ISA string `{isa}`")))?,
            };
        }
        for part in parts.filter(|part| !part.is_empty() && !PROPERTIES.contains(part)) {
            if let Some(bits) = part.strip_prefix("zvl").and_then(|p| p.strip_suffix('b')) {
                vlen = Some(bits.parse().map_err(|_| IsaStringError(format!("`{part}` is not a vector length")))?);
            } else {
                set |= match part {
                    "zvkn" => Ext::ZVKN,
                    "zvknc" => Ext::ZVKN | Ext::ZVBC,
                    "zvkng" => Ext::ZVKN | Ext::ZVKG,
                    "zvks" => Ext::ZVKS,
                    "zvksc" => Ext::ZVKS | Ext::ZVBC,
                    "zvksg" => Ext::ZVKS | Ext::ZVKG,
                    _ => Ext::by_name(part)
                        .ok_or_else(|| IsaStringError(format!("unknown extension `{part}` in ISA string `{isa}`")))?,
                };
            }
        }
        if !set.contains(Ext::I) {
            return Err(IsaStringError(format!("ISA string `{isa}` lacks the base `i` (or `g`)")));
        }
        Ok((set.closure(), vlen))
    }

    /// The extension of this name.
    pub fn by_name(name: &str) -> Option<Ext> {
        Ext::NAMES.iter().find(|(_, text, _)| *text == name).map(|(ext, _, _)| *ext)
    }

    /// The names of the members, as a user would write them ("V or Zve32x").
    pub fn describe(self) -> String {
        let names: Vec<String> = Ext::NAMES
            .iter()
            .filter(|(ext, _, _)| self.contains(*ext))
            .map(|(_, text, _)| {
                let mut chars = text.chars();
                chars.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(chars).collect()
            })
            .collect();
        names.join(" or ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn isa_strings() {
        let (set, vlen) = Ext::parse("rv64gcv_zvfh_zvl512b").unwrap();
        assert!(set.contains(Ext::ZVE64D | Ext::ZVFH | Ext::ZFHMIN | Ext::ZCD | Ext::ZICSR));
        assert!(!set.contains(Ext::ZVBB));
        assert_eq!(vlen, Some(512));
        assert_eq!(Ext::parse("rv64ib_zicclsm_svade").unwrap(), Ext::parse("rv64i_zba_zbb_zbs").unwrap());
        assert!(Ext::parse("rv32i").is_err());
        assert!(Ext::parse("rv64imq").unwrap_err().0.contains("`q`"));
        assert!(Ext::parse("rv64i_zfoo").unwrap_err().0.contains("`zfoo`"));
    }

    #[test]
    fn bundles_of_vector_cryptography() {
        let parse = |part: &str| Ext::parse(&format!("rv64i_{part}")).unwrap().0 - Ext::I - Ext::PRIV;
        let nist = (Ext::ZVKNED | Ext::ZVKNHB | Ext::ZVKB | Ext::ZVKT | Ext::ZVE64X).closure();
        let shang_mi = (Ext::ZVKSED | Ext::ZVKSH | Ext::ZVKB | Ext::ZVKT | Ext::ZVE32X).closure();
        assert_eq!(parse("zvkn"), nist);
        assert_eq!(parse("zvknc"), nist | Ext::ZVBC);
        assert_eq!(parse("zvkng"), nist | Ext::ZVKG);
        assert_eq!(parse("zvks"), shang_mi);
        assert_eq!(parse("zvksc"), shang_mi | Ext::ZVBC | Ext::ZVE64X);
        assert_eq!(parse("zvksg"), shang_mi | Ext::ZVKG);
        assert!(parse("zvbb").contains(Ext::ZVKB));
    }

    #[test]
    fn what_an_extension_implies_goes_with_it() {
        let (set, _) = Ext::parse("rv64gcv_zfh_zcb").unwrap();
        let rest = set.without(Ext::F);
        assert!(!rest.intersects(Ext::F | Ext::D | Ext::ZFH | Ext::ZVE32F | Ext::V));
        assert!(rest.contains(Ext::M | Ext::C | Ext::ZVE64X));
        assert!(!set.without(Ext::ZCA).intersects(Ext::C | Ext::ZCB | Ext::ZCD));
        assert!(Ext::parse("rv64gcv_xsfvfwmaccqqq").unwrap().0.contains(Ext::ZVFBFMIN));
    }
}
