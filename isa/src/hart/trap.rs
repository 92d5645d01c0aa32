//! Exceptions.

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
