//! Control and status registers.

use crate::ext::Ext;

/// Counter values that the engine passes in; see [`Props::CLOCK`](crate::row::Props::CLOCK).
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    /// Simulated cycles since reset.
    pub cycle: u64,
    /// Real-time counter, in ticks of the machine's timebase.
    pub time: u64,
    /// Instructions retired since reset.
    pub instret: u64,
}

/// The CSRs that are not fields of [`Hart`](super::Hart).
#[derive(Clone, Debug)]
pub struct Csrs {
    /// mstatus.
    pub mstatus: u64,
    /// Counters.
    pub clock: Clock,
    isa: Ext,
}

const FS: u32 = 13;
const VS: u32 = 9;

impl Csrs {
    /// Reset values.
    pub fn new(isa: Ext) -> Csrs {
        Csrs { mstatus: 0, clock: Clock::default(), isa }
    }

    /// mstatus.FS: 0 off, 1 initial, 2 clean, 3 dirty.
    #[inline(always)]
    pub fn fs(&self) -> u32 {
        (self.mstatus >> FS & 3) as u32
    }

    /// mstatus.VS: 0 off, 1 initial, 2 clean, 3 dirty.
    #[inline(always)]
    pub fn vs(&self) -> u32 {
        (self.mstatus >> VS & 3) as u32
    }

    /// Marks floating-point state dirty.
    pub fn dirty_fs(&mut self) {
        self.mstatus |= 3 << FS | 1 << 63;
    }

    /// Marks vector state dirty.
    pub fn dirty_vs(&mut self) {
        self.mstatus |= 3 << VS | 1 << 63;
    }

    /// The run's extensions.
    pub fn isa(&self) -> Ext {
        self.isa
    }
}

/// The name of a CSR in assembly, or its number.
pub fn name(number: u16) -> String {
    format!("0x{number:x}")
}
