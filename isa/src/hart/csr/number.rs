//! CSR numbers and their names in assembly.

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $text:literal;)*) => {
        $($(#[$doc])* pub const $name: u16 = $number;)*

        /// The CSRs that have a name of their own; counters, events and PMP registers are numbered.
        const NAMED: &[(u16, &str)] = &[$(($name, $text),)*];
    };
}

numbers! {
    /// Floating-point flags.
    FFLAGS = 0x001, "fflags";
    /// Dynamic rounding mode.
    FRM = 0x002, "frm";
    /// frm and fflags.
    FCSR = 0x003, "fcsr";
    /// First vector element to execute.
    VSTART = 0x008, "vstart";
    /// Fixed-point saturation flag.
    VXSAT = 0x009, "vxsat";
    /// Fixed-point rounding mode.
    VXRM = 0x00a, "vxrm";
    /// vxrm and vxsat.
    VCSR = 0x00f, "vcsr";
    /// Cycle counter.
    CYCLE = 0xc00, "cycle";
    /// Real-time counter.
    TIME = 0xc01, "time";
    /// Retired instructions.
    INSTRET = 0xc02, "instret";
    /// Vector length.
    VL = 0xc20, "vl";
    /// Vector type.
    VTYPE = 0xc21, "vtype";
    /// VLEN in bytes.
    VLENB = 0xc22, "vlenb";
    /// Supervisor status.
    SSTATUS = 0x100, "sstatus";
    /// Supervisor interrupt enable.
    SIE = 0x104, "sie";
    /// Supervisor trap vector.
    STVEC = 0x105, "stvec";
    /// Counters for user mode.
    SCOUNTEREN = 0x106, "scounteren";
    /// Supervisor environment configuration.
    SENVCFG = 0x10a, "senvcfg";
    /// Supervisor scratch.
    SSCRATCH = 0x140, "sscratch";
    /// Supervisor exception pc.
    SEPC = 0x141, "sepc";
    /// Supervisor trap cause.
    SCAUSE = 0x142, "scause";
    /// Supervisor trap value.
    STVAL = 0x143, "stval";
    /// Supervisor interrupt pending.
    SIP = 0x144, "sip";
    /// Address translation.
    SATP = 0x180, "satp";
    /// Machine status.
    MSTATUS = 0x300, "mstatus";
    /// ISA.
    MISA = 0x301, "misa";
    /// Exception delegation.
    MEDELEG = 0x302, "medeleg";
    /// Interrupt delegation.
    MIDELEG = 0x303, "mideleg";
    /// Interrupt enable.
    MIE = 0x304, "mie";
    /// Trap vector.
    MTVEC = 0x305, "mtvec";
    /// Counters for lower modes.
    MCOUNTEREN = 0x306, "mcounteren";
    /// Environment configuration.
    MENVCFG = 0x30a, "menvcfg";
    /// Counters that stand still.
    MCOUNTINHIBIT = 0x320, "mcountinhibit";
    /// Scratch.
    MSCRATCH = 0x340, "mscratch";
    /// Exception pc.
    MEPC = 0x341, "mepc";
    /// Trap cause.
    MCAUSE = 0x342, "mcause";
    /// Trap value.
    MTVAL = 0x343, "mtval";
    /// Interrupt pending.
    MIP = 0x344, "mip";
    /// Trigger select.
    TSELECT = 0x7a0, "tselect";
    /// Trigger data 1.
    TDATA1 = 0x7a1, "tdata1";
    /// Trigger data 2.
    TDATA2 = 0x7a2, "tdata2";
    /// Trigger data 3.
    TDATA3 = 0x7a3, "tdata3";
    /// Trigger control.
    TCONTROL = 0x7a5, "tcontrol";
    /// Cycle counter, writable.
    MCYCLE = 0xb00, "mcycle";
    /// Retired instructions, writable.
    MINSTRET = 0xb02, "minstret";
    /// Vendor.
    MVENDORID = 0xf11, "mvendorid";
    /// Architecture.
    MARCHID = 0xf12, "marchid";
    /// Implementation.
    MIMPID = 0xf13, "mimpid";
    /// Hart number.
    MHARTID = 0xf14, "mhartid";
    /// Configuration structure.
    MCONFIGPTR = 0xf15, "mconfigptr";
}

/// mtype of Zvt, which assemblers do not know by name yet.
pub const MTYPE: u16 = 0xc23;
/// hpmcounter3.
pub const HPMCOUNTER3: u16 = 0xc03;
/// hpmcounter31.
pub const HPMCOUNTER31: u16 = 0xc1f;
/// mhpmcounter3.
pub const MHPMCOUNTER3: u16 = 0xb03;
/// mhpmcounter31.
pub const MHPMCOUNTER31: u16 = 0xb1f;
/// mhpmevent3.
pub const MHPMEVENT3: u16 = 0x323;
/// mhpmevent31.
pub const MHPMEVENT31: u16 = 0x33f;
/// pmpcfg0.
pub const PMPCFG0: u16 = 0x3a0;
/// pmpcfg14; those with odd numbers are of RV32.
pub const PMPCFG14: u16 = 0x3ae;
/// pmpaddr0.
pub const PMPADDR0: u16 = 0x3b0;
/// pmpaddr63; the entries behind the first 16 are hardwired to zero.
pub const PMPADDR63: u16 = 0x3ef;

/// The name of a CSR in assembly, or its number.
pub fn name(number: u16) -> String {
    match number {
        HPMCOUNTER3..=HPMCOUNTER31 => format!("hpmcounter{}", number - HPMCOUNTER3 + 3),
        MHPMCOUNTER3..=MHPMCOUNTER31 => format!("mhpmcounter{}", number - MHPMCOUNTER3 + 3),
        MHPMEVENT3..=MHPMEVENT31 => format!("mhpmevent{}", number - MHPMEVENT3 + 3),
        PMPCFG0..=PMPCFG14 if number.is_multiple_of(2) => format!("pmpcfg{}", number - PMPCFG0),
        PMPADDR0..=PMPADDR63 => format!("pmpaddr{}", number - PMPADDR0),
        _ => match NAMED.iter().find(|(known, _)| *known == number) {
            Some((_, text)) => (*text).to_string(),
            None => format!("0x{number:x}"),
        },
    }
}
