//! Signals: those that the program sends itself, and exceptions that it handles.

use super::PID;
use super::space::Space;
use crate::env::Action;
use crate::env::errno::Errno;
use crate::env::files::OWNER;
use crate::env::guest::{self, Record, read_u32, read_u64};
use rvtile_isa::ext::Ext;
use rvtile_isa::hart::csr::{FCSR, VCSR};
use rvtile_isa::hart::{Cause, Hart, Trap};
use rvtile_isa::memory::Memory;
use rvtile_isa::vector::vtype::Vtype;

const SIGILL: u32 = 4;
const SIGTRAP: u32 = 5;
const SIGBUS: u32 = 7;
const SIGKILL: u32 = 9;
const SIGSEGV: u32 = 11;
const SIGSTOP: u32 = 19;
/// The highest number.
const LAST: u32 = 64;

const SIG_DFL: u64 = 0;
const SIG_IGN: u64 = 1;
const SA_ONSTACK: u64 = 0x0800_0000;
const SA_NODEFER: u64 = 0x4000_0000;
const SA_RESETHAND: u64 = 0x8000_0000;
const SS_ONSTACK: u32 = 1;
const SS_DISABLE: u32 = 2;

/// Offsets in the frame that a handler gets: siginfo, ucontext with general and floating-point registers, then the
/// vector state under a header in the reserved end of the floating-point part.
mod frame {
    pub const UCONTEXT: usize = 128;
    pub const STACK: usize = UCONTEXT + 16;
    pub const MASK: usize = UCONTEXT + 40;
    pub const REGS: usize = UCONTEXT + 176;
    pub const FLOATS: usize = REGS + 256;
    pub const FCSR: usize = FLOATS + 256;
    pub const VECTOR_HEADER: usize = FLOATS + 520;
    pub const VECTOR: usize = FLOATS + 528;
    pub const VECTOR_DATA: usize = VECTOR + 48;
    pub const VECTOR_MAGIC: u32 = 0x5346_5457;
}

#[derive(Clone, Copy, Default)]
struct Disposition {
    handler: u64,
    flags: u64,
    mask: u64,
}

/// Handlers, mask and what is pending.
pub(super) struct Signals {
    dispositions: [Disposition; LAST as usize + 1],
    blocked: u64,
    pending: u64,
    /// Start and size of the alternative stack; size 0 when there is none.
    stack: (u64, u64),
}

impl Default for Signals {
    fn default() -> Signals {
        Signals { dispositions: [Disposition::default(); LAST as usize + 1], blocked: 0, pending: 0, stack: (0, 0) }
    }
}

fn bit(signal: u32) -> u64 {
    1 << (signal - 1)
}

/// What cannot be blocked.
fn unblockable() -> u64 {
    bit(SIGKILL) | bit(SIGSTOP)
}

impl Signals {
    pub fn call(&mut self, hart: &mut Hart, number: u64, [a, b, c, d, ..]: [u64; 6]) -> Result<u64, Errno> {
        let sp = hart.x[2];
        let mem = &mut hart.mem;
        match number {
            129 => self.send(matches!(a as i32, 0 | -1) || (a as i32).unsigned_abs() == PID as u32, b),
            130 => self.send(a == PID, b),
            131 => self.send(a == PID && b == PID, c),
            132 => self.alternative_stack(mem, sp, a, b),
            134 if d != 8 => Err(Errno::EINVAL),
            134 => {
                let signal = number_of(a).filter(|signal| *signal > 0).ok_or(Errno::EINVAL)?;
                let new = match b {
                    0 => None,
                    _ if bit(signal) & unblockable() != 0 => return Err(Errno::EINVAL),
                    _ => Some(Disposition {
                        handler: read_u64(mem, b)?,
                        flags: read_u64(mem, b.wrapping_add(8))?,
                        mask: read_u64(mem, b.wrapping_add(16))?,
                    }),
                };
                let old = self.dispositions[signal as usize];
                if c != 0 {
                    guest::write_words(mem, c, &[old.handler, old.flags, old.mask])?;
                }
                self.dispositions[signal as usize] = new.unwrap_or(old);
                Ok(0)
            }
            135 if d != 8 => Err(Errno::EINVAL),
            135 => {
                let old = self.blocked;
                if b != 0 {
                    let set = read_u64(mem, b)?;
                    let new = match a {
                        0 => old | set,
                        1 => old & !set,
                        2 => set,
                        _ => return Err(Errno::EINVAL),
                    };
                    self.blocked = new & !unblockable();
                }
                if c != 0 {
                    guest::write_words(mem, c, &[old])?;
                }
                Ok(0)
            }
            136 => guest::write_words(mem, a, &[self.pending & self.blocked]).map(|()| 0),
            _ => Err(Errno::ENOSYS),
        }
    }

    fn send(&mut self, own: bool, signal: u64) -> Result<u64, Errno> {
        let signal = number_of(signal).ok_or(Errno::EINVAL)?;
        if !own {
            return Err(Errno::ESRCH);
        }
        self.pending |= if signal > 0 { bit(signal) } else { 0 };
        Ok(0)
    }

    fn on_stack(&self, sp: u64) -> bool {
        sp.wrapping_sub(self.stack.0) < self.stack.1
    }

    fn stack_flags(&self, sp: u64) -> u32 {
        match self.stack.1 {
            0 => SS_DISABLE,
            _ if self.on_stack(sp) => SS_ONSTACK,
            _ => 0,
        }
    }

    fn alternative_stack(&mut self, mem: &mut Memory, sp: u64, new: u64, old: u64) -> Result<u64, Errno> {
        const LEAST: u64 = 2048;
        let (flags, before) = (self.stack_flags(sp), self.stack);
        if new != 0 {
            let wanted = read_u32(mem, new.wrapping_add(8))?;
            let stack = (read_u64(mem, new)?, read_u64(mem, new.wrapping_add(16))?);
            if self.on_stack(sp) {
                return Err(Errno::EPERM);
            }
            self.stack = match wanted & SS_DISABLE {
                0 if stack.1 < LEAST => return Err(Errno::ENOMEM),
                0 => stack,
                _ => (0, 0),
            };
        }
        if old != 0 {
            Record::new(24).u64(0, before.0).u32(8, flags).u64(16, before.1).put(mem, old)?;
        }
        Ok(0)
    }

    /// Enters the handlers of pending signals. `Some`: the signal ends the program.
    pub fn deliver(&mut self, hart: &mut Hart, space: &Space) -> Option<u32> {
        loop {
            let ready = self.pending & !self.blocked;
            if ready == 0 {
                return None;
            }
            let signal = ready.trailing_zeros() + 1;
            self.pending &= !bit(signal);
            match self.dispositions[signal as usize].handler {
                SIG_IGN => {}
                // CHLD, CONT, URG and WINCH are ignored unless handled.
                SIG_DFL if matches!(signal, 17 | 18 | 23 | 28) => {}
                SIG_DFL => return Some(signal),
                _ => {
                    let info = Record::new(128).u32(0, signal).u32(16, PID as u32).u32(20, OWNER);
                    if self.enter(hart, space, signal, info).is_err() {
                        return Some(SIGSEGV);
                    }
                }
            }
        }
    }

    /// An exception: the program's handler, or the end.
    pub fn exception(&mut self, hart: &mut Hart, space: &Space, trap: Trap) -> Action {
        // SEGV_MAPERR, ILL_ILLOPC, TRAP_BRKPT, BUS_ADRALN are all 1.
        let signal = match trap.cause {
            Cause::IllegalInstruction => SIGILL,
            Cause::Breakpoint => SIGTRAP,
            Cause::FetchMisaligned | Cause::LoadMisaligned | Cause::StoreMisaligned => SIGBUS,
            _ => SIGSEGV,
        };
        let handled = self.dispositions[signal as usize].handler > SIG_IGN && self.blocked & bit(signal) == 0;
        let addr = if matches!(signal, SIGILL | SIGTRAP) { hart.pc } else { trap.tval };
        let info = Record::new(128).u32(0, signal).u32(8, 1).u64(16, addr);
        if handled && self.enter(hart, space, signal, info).is_ok() { Action::Continue } else { Action::Fatal }
    }

    /// Saves the state on the stack and goes to the handler.
    fn enter(&mut self, hart: &mut Hart, space: &Space, signal: u32, info: Record) -> Result<(), Errno> {
        let disposition = self.dispositions[signal as usize];
        let mut sp = hart.x[2];
        let flags = self.stack_flags(sp);
        let alternative = flags == SS_ONSTACK || flags == 0 && disposition.flags & SA_ONSTACK != 0;
        if alternative && flags == 0 {
            sp = self.stack.0 + self.stack.1;
        }
        let vector = hart.config().isa.contains(Ext::ZVE32X);
        let vector_len = if vector { 48 + 32 * hart.vlenb() + 8 } else { 0 };
        let size = frame::VECTOR + vector_len;
        let at = sp.wrapping_sub(size as u64) & !15;
        if alternative && at < self.stack.0 {
            // What lies below the stack is not to be overwritten: as with Linux the signal is fatal.
            return Err(Errno::EFAULT);
        }

        let mut record = Record::new(size)
            .bytes(0, info.as_bytes())
            .u64(frame::STACK, self.stack.0)
            .u32(frame::STACK + 8, flags)
            .u64(frame::STACK + 16, self.stack.1)
            .u64(frame::MASK, self.blocked)
            .u64(frame::REGS, hart.pc);
        for index in 1..32 {
            record = record.u64(frame::REGS + 8 * index, hart.x[index]);
        }
        for index in 0..32 {
            record = record.u64(frame::FLOATS + 8 * index, hart.f[index]);
        }
        record = record.u32(frame::FCSR, hart.csr_read(FCSR).unwrap_or(0) as u32);
        if vector {
            let words = [
                u64::from(hart.vstart),
                u64::from(hart.vl),
                hart.vtype.csr(),
                hart.csr_read(VCSR).unwrap_or(0),
                hart.vlenb() as u64,
                at + frame::VECTOR_DATA as u64,
            ];
            record = record.u32(frame::VECTOR_HEADER, frame::VECTOR_MAGIC);
            record = record.u32(frame::VECTOR_HEADER + 4, vector_len as u32);
            for (index, word) in words.into_iter().enumerate() {
                record = record.u64(frame::VECTOR + 8 * index, word);
            }
            record = record.bytes(frame::VECTOR_DATA, hart.v.all());
        }
        record.put(&mut hart.mem, at)?;

        self.blocked |= disposition.mask & !unblockable();
        if disposition.flags & SA_NODEFER == 0 {
            self.blocked |= bit(signal);
        }
        if disposition.flags & SA_RESETHAND != 0 {
            self.dispositions[signal as usize] = Disposition::default();
        }
        hart.x[1] = space.trampoline;
        hart.x[2] = at;
        (hart.x[10], hart.x[11], hart.x[12]) = (u64::from(signal), at, at + frame::UCONTEXT as u64);
        hart.pc = disposition.handler;
        Ok(())
    }

    /// Returns from a handler. False: the stack holds no frame.
    pub fn leave(&mut self, hart: &mut Hart) -> bool {
        self.restore(hart).is_ok()
    }

    fn restore(&mut self, hart: &mut Hart) -> Result<(), Errno> {
        let at = hart.x[2];
        let len = frame::VECTOR + if hart.config().isa.contains(Ext::ZVE32X) { 48 + 32 * hart.vlenb() } else { 0 };
        let bytes = hart.mem.slice(at, len as u64)?.to_vec();
        let word = |offset: usize| {
            let mut array = [0; 8];
            array.copy_from_slice(&bytes[offset..offset + 8]);
            u64::from_le_bytes(array)
        };
        self.blocked = word(frame::MASK) & !unblockable();
        hart.pc = word(frame::REGS);
        for index in 1..32 {
            hart.x[index] = word(frame::REGS + 8 * index);
        }
        for index in 0..32 {
            hart.f[index] = word(frame::FLOATS + 8 * index);
        }
        hart.csr_write(FCSR, word(frame::FCSR) & 0xff).map_err(|_| Errno::EINVAL)?;
        if word(frame::VECTOR_HEADER) as u32 == frame::VECTOR_MAGIC && bytes.len() > frame::VECTOR {
            let [vstart, vl, vtype, vcsr] = [0, 1, 2, 3].map(|index| word(frame::VECTOR + 8 * index));
            let vlen = hart.config().vlen;
            let vtype = if vtype >> 63 != 0 { Vtype::ILL } else { Vtype::from_request(vtype, vlen) };
            if vl > u64::from(vtype.vlmax(vlen)) || vstart >= u64::from(vlen) {
                return Err(Errno::EINVAL);
            }
            (hart.vstart, hart.vl, hart.vtype) = (vstart as u32, vl as u32, vtype);
            hart.csr_write(VCSR, vcsr & 7).map_err(|_| Errno::EINVAL)?;
            let data = frame::VECTOR_DATA..frame::VECTOR_DATA + 32 * hart.vlenb();
            hart.v.from_mut(0).copy_from_slice(&bytes[data]);
        }
        Ok(())
    }
}

/// A signal number from 0 to 64.
fn number_of(value: u64) -> Option<u32> {
    u32::try_from(value).ok().filter(|signal| *signal <= LAST)
}

/// The signal as a user is told.
pub(super) fn describe(signal: u32) -> String {
    const NAMES: [&str; 16] = [
        "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
        "TERM",
    ];
    match NAMES.get(signal as usize) {
        Some(name) => format!("signal {signal} (SIG{name})"),
        None => format!("signal {signal}"),
    }
}
