//! Decode profiles: which of the families that share opcode space a run has.
//!
//! Matrix extensions of different origin give one word different meanings, so a decoder never holds all of them. A profile names a
//! set that goes together; an ISA string that names extensions makes a set of its own.

use crate::ext::Ext;

/// A set of extensions beyond the standard ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What a user calls it.
    pub name: &'static str,
    /// What is in it, in a line.
    pub about: &'static str,
    /// Its extensions beyond the standard ones.
    pub adds: Ext,
}

/// Every profile; the first is the default.
pub const PROFILES: &[Profile] = &[
    Profile { name: "standard", about: "the standard extensions alone", adds: Ext::empty() },
    Profile {
        name: "sifive",
        about: "SiFive: coprocessor interface, int8 and bf16 matrix multiply, exponentials, XSfmm 0.6 tiles",
        // The edge of the tiles follows VLEN unless an extension of the ISA string names it.
        adds: Ext::SIFIVE
            .difference(Ext::XSFMM16T)
            .difference(Ext::XSFMM32T)
            .difference(Ext::XSFMM64T)
            .difference(Ext::XSFMM128T),
    },
    Profile { name: "zvt", about: "RISC-V Zvt 0.4 tiles (draft)", adds: Ext::ZVT },
    Profile { name: "spacemit", about: "SpacemiT IME 1: vmadot", adds: Ext::XSMTVDOT },
];

impl Profile {
    /// The profile of this name.
    pub fn by_name(name: &str) -> Option<&'static Profile> {
        PROFILES.iter().find(|profile| profile.name == name)
    }

    /// All its extensions, the standard ones included.
    pub fn isa(&self) -> Ext {
        Ext::everything().union(self.adds)
    }
}
