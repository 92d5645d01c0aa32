//! Exceptions, interrupts, and the way back from them.

use super::Hart;
use super::csr::status::{MIE, MPIE, MPP, MPRV, SIE, SPIE, SPP};

/// Privilege modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Mode {
    /// U.
    User = 0,
    /// S.
    Supervisor = 1,
    /// M.
    Machine = 3,
}

/// Exception causes with their mcause codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cause {
    /// Instruction address misaligned.
    FetchMisaligned = 0,
    /// Instruction access fault.
    FetchFault = 1,
    /// Illegal instruction.
    IllegalInstruction = 2,
    /// Breakpoint.
    Breakpoint = 3,
    /// Load address misaligned.
    LoadMisaligned = 4,
    /// Load access fault.
    LoadFault = 5,
    /// Store or AMO address misaligned.
    StoreMisaligned = 6,
    /// Store or AMO access fault.
    StoreFault = 7,
    /// Environment call from U-mode.
    EcallU = 8,
    /// Environment call from S-mode.
    EcallS = 9,
    /// Environment call from M-mode.
    EcallM = 11,
    /// Instruction page fault.
    FetchPageFault = 12,
    /// Load page fault.
    LoadPageFault = 13,
    /// Store or AMO page fault.
    StorePageFault = 15,
}

/// Interrupt codes from the highest to the lowest priority: external, software, timer of M, then of S.
const PRIORITY: [u8; 6] = [11, 3, 7, 9, 1, 5];

impl Cause {
    /// What a user is told.
    pub fn describe(self) -> &'static str {
        match self {
            Cause::FetchMisaligned => "instruction address misaligned",
            Cause::FetchFault => "instruction access fault",
            Cause::IllegalInstruction => "illegal instruction",
            Cause::Breakpoint => "breakpoint",
            Cause::LoadMisaligned => "load address misaligned",
            Cause::LoadFault => "load access fault",
            Cause::StoreMisaligned => "store address misaligned",
            Cause::StoreFault => "store access fault",
            Cause::EcallU | Cause::EcallS | Cause::EcallM => "environment call",
            Cause::FetchPageFault => "instruction page fault",
            Cause::LoadPageFault => "load page fault",
            Cause::StorePageFault => "store page fault",
        }
    }
}

/// An exception: cause and mtval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trap {
    /// Cause.
    pub cause: Cause,
    /// Faulting address, or the illegal instruction's bits.
    pub tval: u64,
}

impl Hart {
    /// Enters the trap handler for an exception of the instruction at `pc`: in S if medeleg says so, else in M.
    pub fn take_trap(&mut self, trap: Trap, pc: u64) {
        let code = trap.cause as u64;
        let delegated = self.mode <= Mode::Supervisor && self.csr.medeleg >> code & 1 != 0;
        self.enter(delegated, code, trap.tval, pc);
    }

    /// The code of the interrupt to take before the next instruction: the one of highest priority that is pending,
    /// enabled, and not masked in the present mode.
    pub fn pending_interrupt(&self) -> Option<u8> {
        let ready = self.csr.mip & self.csr.mie;
        if ready == 0 {
            return None;
        }
        let enabled = |target: Mode, bit: u64| self.mode < target || self.mode == target && self.csr.mstatus & bit != 0;
        let first = |set: u64| PRIORITY.into_iter().find(|code| set >> code & 1 != 0);
        let machine = if enabled(Mode::Machine, MIE) { first(ready & !self.csr.mideleg) } else { None };
        machine.or_else(|| if enabled(Mode::Supervisor, SIE) { first(ready & self.csr.mideleg) } else { None })
    }

    /// Enters the handler of an interrupt that [`Hart::pending_interrupt`] named; the hart is between blocks.
    pub fn take_interrupt(&mut self, code: u8) {
        let delegated = self.mode <= Mode::Supervisor && self.csr.mideleg >> code & 1 != 0;
        self.enter(delegated, 1 << 63 | u64::from(code), 0, self.pc);
    }

    fn enter(&mut self, supervisor: bool, cause: u64, tval: u64, pc: u64) {
        let rights = self.rights();
        let csr = &mut self.csr;
        let status = csr.mstatus;
        let set = |on: bool, bit: u64| if on { bit } else { 0 };
        let vector = if supervisor {
            (csr.sepc, csr.scause, csr.stval) = (pc, cause, tval);
            csr.mstatus =
                status & !(SIE | SPIE | SPP) | set(status & SIE != 0, SPIE) | set(self.mode == Mode::Supervisor, SPP);
            self.mode = Mode::Supervisor;
            csr.stvec
        } else {
            (csr.mepc, csr.mcause, csr.mtval) = (pc, cause, tval);
            csr.mstatus = status & !(MIE | MPIE | MPP) | set(status & MIE != 0, MPIE) | (self.mode as u64) << 11;
            self.mode = Mode::Machine;
            csr.mtvec
        };
        // Vectored mode: interrupts have an entry each.
        let vectored = vector & 1 != 0 && cause >> 63 != 0;
        self.pc = (vector & !3).wrapping_add(if vectored { cause << 2 } else { 0 });
        self.reservation = None;
        if self.rights() != rights {
            self.flush_tlb();
        }
    }

    /// mret: back to the mode and address that the trap left.
    pub(crate) fn return_from_machine(&mut self) {
        let rights = self.rights();
        let status = self.csr.mstatus;
        self.mode = self.csr.mpp();
        self.csr.mstatus = status & !(MIE | MPP) | MPIE | if status & MPIE != 0 { MIE } else { 0 };
        if self.mode != Mode::Machine {
            self.csr.mstatus &= !MPRV;
        }
        self.pc = self.csr.mepc & self.pc_mask();
        if self.rights() != rights {
            self.flush_tlb();
        }
    }

    /// sret.
    pub(crate) fn return_from_supervisor(&mut self) {
        let rights = self.rights();
        let status = self.csr.mstatus;
        self.mode = if status & SPP != 0 { Mode::Supervisor } else { Mode::User };
        self.csr.mstatus = status & !(SIE | SPP | MPRV) | SPIE | if status & SPIE != 0 { SIE } else { 0 };
        self.pc = self.csr.sepc & self.pc_mask();
        if self.rights() != rights {
            self.flush_tlb();
        }
    }

    /// Puts the hart where a program finds itself under an operating system: user mode, floating point, vector
    /// and matrix unit on, counters readable, cache-block instructions allowed.
    pub fn enter_user_environment(&mut self) {
        self.mode = Mode::User;
        self.csr.set_mstatus(self.csr.mstatus | 1 << 29 | 1 << 13 | 1 << 9);
        (self.csr.mcounteren, self.csr.scounteren) = (u32::MAX, u32::MAX);
        (self.csr.menvcfg, self.csr.senvcfg) = (0xf0, 0xf0);
        self.flush_tlb();
    }
}
