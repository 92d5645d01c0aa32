//! Control and status registers.

mod access;
mod counters;
mod number;
mod pmp;
pub(crate) mod status;

pub use access::Effect;
pub use counters::{Clock, Counter};
pub use number::*;
pub use pmp::Pmp;

use crate::ext::Ext;
use crate::row::Props;

/// The CSRs that are not fields of [`Hart`](super::Hart).
#[derive(Clone, Debug)]
pub struct Csrs {
    /// mstatus; sstatus is a part of it.
    pub mstatus: u64,
    /// medeleg.
    pub medeleg: u64,
    /// mideleg.
    pub mideleg: u64,
    /// mie; sie is a part of it.
    pub mie: u64,
    /// mip; the environment sets the bits of its timers and devices here.
    pub mip: u64,
    /// mtvec.
    pub mtvec: u64,
    /// mcounteren.
    pub mcounteren: u32,
    /// menvcfg.
    pub menvcfg: u64,
    /// mscratch.
    pub mscratch: u64,
    /// mepc.
    pub mepc: u64,
    /// mcause.
    pub mcause: u64,
    /// mtval.
    pub mtval: u64,
    /// mhartid.
    pub mhartid: u64,
    /// stvec.
    pub stvec: u64,
    /// scounteren.
    pub scounteren: u32,
    /// senvcfg.
    pub senvcfg: u64,
    /// sscratch.
    pub sscratch: u64,
    /// sepc.
    pub sepc: u64,
    /// scause.
    pub scause: u64,
    /// stval.
    pub stval: u64,
    /// satp.
    pub satp: u64,
    /// Clocks.
    pub clock: Clock,
    /// mcycle in terms of the cycle clock.
    pub cycle: Counter,
    /// minstret in terms of the instruction clock.
    pub instret: Counter,
    /// The bits of mcountinhibit for the counters without events.
    pub(super) inhibited: u32,
    /// Physical memory protection.
    pub pmp: Pmp,
    /// All that the hart has.
    full: Ext,
    /// What misa leaves switched on of it.
    isa: Ext,
}

/// The letters of misa that a program may clear, and what goes with them.
const LETTERS: [(Ext, char); 7] = [
    (Ext::A, 'a'),
    (Ext::ZBA.union(Ext::ZBB).union(Ext::ZBS), 'b'),
    (Ext::C, 'c'),
    (Ext::D, 'd'),
    (Ext::F, 'f'),
    (Ext::M, 'm'),
    (Ext::V, 'v'),
];

/// The bit of a letter in misa.
pub(crate) const fn letter(letter: char) -> u64 {
    1 << (letter as u32 - 'a' as u32)
}

impl Csrs {
    /// Reset values: floating point and vector unit off, all memory open to all modes.
    pub fn new(isa: Ext) -> Csrs {
        Csrs {
            mstatus: status::RESET,
            medeleg: 0,
            mideleg: 0,
            mie: 0,
            mip: 0,
            mtvec: 0,
            mcounteren: 0,
            menvcfg: 0,
            mscratch: 0,
            mepc: 0,
            mcause: 0,
            mtval: 0,
            mhartid: 0,
            stvec: 0,
            scounteren: 0,
            senvcfg: 0,
            sscratch: 0,
            sepc: 0,
            scause: 0,
            stval: 0,
            satp: 0,
            clock: Clock::default(),
            cycle: Counter::default(),
            instret: Counter::default(),
            inhibited: 0,
            pmp: Pmp::default(),
            full: isa,
            isa,
        }
    }

    /// The extensions that are switched on.
    pub fn isa(&self) -> Ext {
        self.isa
    }

    /// misa: the single-letter extensions, supervisor and user mode.
    pub fn misa(&self) -> u64 {
        let fixed = [(Ext::I, 'i'), (Ext::PRIV, 's'), (Ext::PRIV, 'u')];
        let bits = LETTERS.iter().chain(&fixed).filter(|(ext, _)| self.isa.contains(*ext));
        bits.fold(2 << 62, |misa, (_, name)| misa | letter(*name))
    }

    /// Writes misa: a letter that is cleared takes with it the extensions that need it, and c and v
    /// what they are made of.
    pub(super) fn set_misa(&mut self, value: u64) {
        let gone = LETTERS.iter().filter(|(_, name)| value & letter(*name) == 0);
        self.isa = gone.fold(self.full, |isa, (ext, name)| match name {
            'c' => isa.without(Ext::ZCA),
            'v' => isa.without(Ext::ZVE32X),
            _ => isa.without(*ext),
        });
    }
}

/// What an instruction that names this CSR needs beyond its row: where it must stand in a block.
pub fn props(number: u16) -> Props {
    match number {
        CYCLE | TIME | INSTRET | MCYCLE | MINSTRET | MCOUNTINHIBIT => Props::CLOCK,
        // Flags of the host's floating-point unit are collected when a block ends.
        FFLAGS | FCSR => Props::STARTS_BLOCK,
        // Devices raise interrupts between blocks.
        MIP | SIP => Props::STARTS_BLOCK,
        _ => Props::empty(),
    }
}
