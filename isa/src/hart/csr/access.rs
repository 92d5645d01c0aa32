//! Reading and writing CSRs by number.

use super::number::*;
use crate::ext::Ext;
use crate::float::Flags;
use crate::hart::{Hart, Mode};
use crate::op::Illegal;

use super::status::TVM;

/// Supervisor interrupts: software, timer, external.
const S_INTERRUPTS: u64 = 0x222;
/// All interrupts.
const INTERRUPTS: u64 = 0xaaa;
/// Exceptions that may be delegated: all but the environment call from M.
const DELEGABLE: u64 = 0xb3ff;
/// Cause of mcountinhibit's bits: cycle and instret.
const INHIBIT_CY: u64 = 1;
const INHIBIT_IR: u64 = 4;
/// FIOM and the cache-block bits.
const ENVCFG: u64 = 0xf1;

/// What the engine has to do after a CSR has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// Instruction fetch may have changed: forget all blocks.
    FlushBlocks,
}

const UNKNOWN: Illegal = Illegal::Rule("this machine has no such CSR");

impl Hart {
    /// Whether the present mode and state allow an instruction to access a CSR.
    ///
    /// # Errors
    /// Why it is illegal.
    pub fn csr_check(&self, number: u16, write: bool) -> Result<(), Illegal> {
        if number >> 8 & 3 > self.mode as u16 {
            return Err(Illegal::Rule("this CSR belongs to a higher privilege mode"));
        }
        if write && number >> 10 == 3 {
            return Err(Illegal::Rule("this CSR is read-only"));
        }
        match number {
            FFLAGS | FRM | FCSR if !self.csr.isa().contains(Ext::F) => Err(Illegal::Missing(Ext::F)),
            FFLAGS | FRM | FCSR if self.csr.fs() == 0 => Err(Illegal::FloatOff),
            VSTART | VXSAT | VXRM | VCSR | VL | VTYPE | VLENB => {
                if !self.csr.isa().contains(Ext::ZVE32X) {
                    return Err(Illegal::Missing(Ext::ZVE32X));
                }
                if self.csr.vs() == 0 { Err(Illegal::VectorOff) } else { Ok(()) }
            }
            MTYPE if !self.csr.isa().contains(Ext::ZVTBASE) => Err(UNKNOWN),
            MTYPE if self.csr.ms() == 0 => Err(Illegal::Rule("the matrix unit is off (mstatus.MS = 0)")),
            CYCLE..=HPMCOUNTER31 => {
                let bit = 1u32 << (number - CYCLE);
                let allowed = match self.mode {
                    Mode::Machine => true,
                    Mode::Supervisor => self.csr.mcounteren & bit != 0,
                    Mode::User => self.csr.mcounteren & self.csr.scounteren & bit != 0,
                };
                if allowed { Ok(()) } else { Err(Illegal::Rule("mcounteren or scounteren forbids this counter")) }
            }
            SATP if self.mode == Mode::Supervisor && self.csr.mstatus & TVM != 0 => {
                Err(Illegal::Rule("mstatus.TVM forbids satp"))
            }
            _ => Ok(()),
        }
    }

    /// The value of a CSR.
    ///
    /// # Errors
    /// When there is no such CSR.
    pub fn csr_read(&self, number: u16) -> Result<u64, Illegal> {
        let csr = &self.csr;
        Ok(match number {
            FFLAGS => u64::from(self.fflags.bits()),
            FRM => u64::from(self.frm),
            FCSR => u64::from(self.frm) << 5 | u64::from(self.fflags.bits()),
            VSTART => u64::from(self.vstart),
            VXSAT => u64::from(self.vxsat),
            VXRM => u64::from(self.vxrm),
            VCSR => u64::from(self.vxrm) << 1 | u64::from(self.vxsat),
            VL => u64::from(self.vl),
            // Zvt shows the widening in mtype.
            VTYPE if csr.isa().contains(Ext::ZVTBASE) => self.vtype.csr() & !(3 << 9),
            VTYPE => self.vtype.csr(),
            MTYPE => self.matrix.mtype(self.vtype),
            VLENB => self.vlenb() as u64,
            CYCLE | MCYCLE => csr.cycle.value(csr.clock.cycle),
            TIME => csr.clock.time,
            INSTRET | MINSTRET => csr.instret.value(csr.clock.instret),
            SSTATUS => csr.sstatus(),
            SIE => csr.mie & csr.mideleg,
            SIP => csr.mip & csr.mideleg,
            STVEC => csr.stvec,
            SCOUNTEREN => u64::from(csr.scounteren),
            SENVCFG => csr.senvcfg,
            SSCRATCH => csr.sscratch,
            SEPC => csr.sepc & self.pc_mask(),
            SCAUSE => csr.scause,
            STVAL => csr.stval,
            SATP => csr.satp,
            MSTATUS => csr.mstatus,
            MISA => csr.misa(),
            MEDELEG => csr.medeleg,
            MIDELEG => csr.mideleg,
            MIE => csr.mie,
            MIP => csr.mip,
            MTVEC => csr.mtvec,
            MCOUNTEREN => u64::from(csr.mcounteren),
            MENVCFG => csr.menvcfg,
            MCOUNTINHIBIT => {
                let bit = |held, bit| if held { bit } else { 0 };
                bit(csr.cycle.is_held(), INHIBIT_CY) | bit(csr.instret.is_held(), INHIBIT_IR) | u64::from(csr.inhibited)
            }
            MSCRATCH => csr.mscratch,
            MEPC => csr.mepc & self.pc_mask(),
            MCAUSE => csr.mcause,
            MTVAL => csr.mtval,
            MHARTID => csr.mhartid,
            PMPCFG0..=PMPCFG14 if number.is_multiple_of(2) => csr.pmp.read_cfg((number - PMPCFG0) as usize),
            PMPADDR0..=PMPADDR63 => csr.pmp.read_addr((number - PMPADDR0) as usize),
            // Counters without events, and triggers of which there are none.
            HPMCOUNTER3..=HPMCOUNTER31
            | MHPMCOUNTER3..=MHPMCOUNTER31
            | MHPMEVENT3..=MHPMEVENT31
            | TSELECT
            | TDATA1
            | TDATA2
            | TDATA3
            | TCONTROL
            | MVENDORID
            | MARCHID
            | MIMPID
            | MCONFIGPTR => 0,
            _ => return self.matrix.own.csr(number).ok_or(UNKNOWN),
        })
    }

    /// Writes a CSR; fields keep to legal values.
    ///
    /// # Errors
    /// When there is no such CSR.
    pub fn csr_write(&mut self, number: u16, value: u64) -> Result<Effect, Illegal> {
        let rights = self.rights();
        let clock = self.csr.clock;
        let csr = &mut self.csr;
        match number {
            FFLAGS => {
                self.fflags = Flags::from_bits_truncate(value as u8);
                csr.dirty_fs();
            }
            FRM => {
                self.frm = (value & 7) as u8;
                csr.dirty_fs();
            }
            FCSR => {
                self.fflags = Flags::from_bits_truncate(value as u8);
                self.frm = (value >> 5 & 7) as u8;
                csr.dirty_fs();
            }
            VSTART => {
                csr.dirty_vs();
                self.vstart = value as u32 & (self.config.vlen - 1);
            }
            VXSAT => {
                csr.dirty_vs();
                self.vxsat = value & 1 != 0;
            }
            VXRM => {
                csr.dirty_vs();
                self.vxrm = (value & 3) as u8;
            }
            VCSR => {
                csr.dirty_vs();
                self.vxsat = value & 1 != 0;
                self.vxrm = (value >> 1 & 3) as u8;
            }
            SSTATUS => csr.set_sstatus(value),
            SIE => csr.mie = csr.mie & !csr.mideleg | value & csr.mideleg,
            SIP => {
                // Only the software interrupt is S's to set.
                let writable = csr.mideleg & 2;
                csr.mip = csr.mip & !writable | value & writable;
                self.trail.interrupt();
            }
            STVEC => csr.stvec = value & !2,
            SCOUNTEREN => csr.scounteren = value as u32,
            SENVCFG => csr.senvcfg = envcfg(csr.senvcfg, value),
            SSCRATCH => csr.sscratch = value,
            SEPC => csr.sepc = value & !1,
            SCAUSE => csr.scause = value,
            STVAL => csr.stval = value,
            SATP => {
                // A write of a mode that there is not has no effect at all.
                if !matches!(value >> 60, 0 | 8..=10) || csr.satp == value {
                    return Ok(Effect::None);
                }
                csr.satp = value;
                self.flush_tlb();
                return Ok(Effect::FlushBlocks);
            }
            MSTATUS => csr.set_mstatus(value),
            MEDELEG => csr.medeleg = value & DELEGABLE,
            MIDELEG => csr.mideleg = value & S_INTERRUPTS,
            MIE => csr.mie = value & INTERRUPTS,
            MIP => {
                csr.mip = csr.mip & !S_INTERRUPTS | value & S_INTERRUPTS;
                self.trail.interrupt();
            }
            MTVEC => csr.mtvec = value & !2,
            MCOUNTEREN => csr.mcounteren = value as u32,
            MENVCFG => csr.menvcfg = envcfg(csr.menvcfg, value),
            MCOUNTINHIBIT => {
                csr.cycle.hold(clock.cycle, value & INHIBIT_CY != 0);
                csr.instret.hold(clock.instret, value & INHIBIT_IR != 0);
                csr.inhibited = value as u32 & !7;
            }
            MSCRATCH => csr.mscratch = value,
            MEPC => csr.mepc = value & !1,
            MCAUSE => csr.mcause = value,
            MTVAL => csr.mtval = value,
            PMPCFG0..=PMPCFG14 if number.is_multiple_of(2) => {
                csr.pmp.write_cfg((number - PMPCFG0) as usize, value);
                self.flush_tlb();
                return Ok(Effect::FlushBlocks);
            }
            PMPADDR0..=PMPADDR63 => {
                csr.pmp.write_addr((number - PMPADDR0) as usize, value);
                self.flush_tlb();
                return Ok(Effect::FlushBlocks);
            }
            MCYCLE => csr.cycle.set(clock.cycle, value),
            // The writing instruction itself does not count: the next one reads the value written.
            MINSTRET => csr.instret.set(clock.instret.wrapping_add(1), value),
            MISA => {
                csr.set_misa(value);
                return Ok(Effect::FlushBlocks);
            }
            MHPMCOUNTER3..=MHPMCOUNTER31 | MHPMEVENT3..=MHPMEVENT31 | TSELECT | TDATA1 | TDATA2 | TDATA3 | TCONTROL => {
            }
            _ => return self.matrix.own.set_csr(number, value).map(|()| Effect::None).ok_or(UNKNOWN),
        }
        if self.rights() != rights {
            self.flush_tlb();
        }
        Ok(Effect::None)
    }

    /// The bits of an instruction address that mean something.
    pub(in crate::hart) fn pc_mask(&self) -> u64 {
        if self.csr.isa().contains(Ext::ZCA) { !1 } else { !3 }
    }
}

/// The environment configuration after a write; the reserved value of CBIE changes nothing there.
fn envcfg(old: u64, value: u64) -> u64 {
    let writable = if value >> 4 & 3 == 2 { ENVCFG & !0x30 } else { ENVCFG };
    old & !writable | value & writable
}
