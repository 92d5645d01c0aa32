//! Linux in user mode, for one thread.
//!
//! Calls that need more than one thread, process or the network are not there: they give ENOSYS, and the first use of
//! each is named on the standard error. Time is the simulated clock, `getrandom` is seeded: runs are repeatable.

mod files;
mod identity;
mod names;
mod signals;
mod space;
mod start;

pub(super) use identity::EPOCH;
pub(super) use start::memory_size;

use super::errno::{Errno, encode};
use super::files::Files;
use super::{Action, Options};
use crate::loader::{Image, Refusal};
use identity::{Clocks, Random};
use rvtile_isa::hart::{Cause, Hart, Trap};
use signals::Signals;
use space::Space;
use std::collections::BTreeSet;

/// The one process.
const PID: u64 = 1000;

/// A Linux process.
pub struct Linux {
    files: Files,
    space: Space,
    signals: Signals,
    clocks: Clocks,
    random: Random,
    /// What `/proc/self/exe` leads to.
    exe: Vec<u8>,
    /// Calls that the user has been told about.
    noticed: BTreeSet<u64>,
    told_of_grants: bool,
}

impl Linux {
    /// Lays out a program and enters it.
    pub(super) fn start(image: &Image, options: Options, hart: &mut Hart) -> Result<Linux, Refusal> {
        let space = start::map(image, hart)?;
        let mut random = Random::new(options.seed);
        let seeds = [random.next(), random.next()];
        start::enter(image, &options.args, &options.vars, seeds, space.stack_top, hart)?;
        Ok(Linux {
            files: Files::new(options.grants, options.streams),
            space,
            signals: Signals::default(),
            clocks: Clocks::new(options.timebase_hz),
            random,
            exe: if image.name.starts_with('/') { image.name.clone() } else { format!("/{}", image.name) }.into_bytes(),
            noticed: BTreeSet::new(),
            told_of_grants: false,
        })
    }

    /// A system call, or an exception that becomes a signal.
    pub(super) fn on_trap(&mut self, hart: &mut Hart, trap: Trap) -> Action {
        if trap.cause != Cause::EcallU {
            return self.signals.exception(hart, &self.space, trap);
        }
        let number = hart.x[17];
        let mut args = [0; 6];
        args.copy_from_slice(&hart.x[10..16]);
        let pc = hart.pc;
        hart.pc = pc.wrapping_add(4);
        match number {
            93 | 94 => return Action::Exit((args[0] & 0xff) as i32),
            139 => {
                if !self.signals.leave(hart) {
                    return self.end("returned from a signal handler that it was not in", 11);
                }
            }
            98 if self.waits_for_ever(hart, args) => {
                return self.end("waits on a futex that nobody can wake: there is only one thread", 6);
            }
            _ => hart.x[10] = encode(self.call(hart, number, args)),
        }
        if let Some(signal) = self.signals.deliver(hart, &self.space) {
            return self.end(&format!("was ended by {}", signals::describe(signal)), signal);
        }
        // The kernel orders the instruction stream after it has changed a mapping.
        if std::mem::take(&mut self.space.code_changed) { Action::FlushBlocks } else { Action::Continue }
    }

    /// Ends the program as a signal does.
    fn end(&mut self, how: &str, signal: u32) -> Action {
        self.files.notice(&format!("the program {how}"));
        Action::Exit(128 + signal as i32)
    }

    fn call(&mut self, hart: &mut Hart, number: u64, args: [u64; 6]) -> Result<u64, Errno> {
        let [a, b, c, d, e, f] = args;
        let mem = &mut hart.mem;
        match number {
            // Files.
            17
            | 23..=25
            | 29
            | 34
            | 35
            | 38
            | 46
            | 48
            | 49
            | 56
            | 57
            | 61..=70
            | 78..=80
            | 82
            | 83
            | 276
            | 291
            | 439 => self.file_call(mem, number, args),
            // File advice, and locks that nobody else can hold.
            32 | 223 => self.files.flags(a as i32).map(|_| 0),
            // Memory.
            214 => Ok(self.space.brk(hart, a)),
            215 => self.space.munmap(hart, a, b),
            216 => self.space.mremap(hart, args),
            222 => {
                let request = space::Request { addr: a, len: b, prot: c, flags: d, fd: e as i32, offset: f };
                self.space.mmap(hart, &self.files, &request)
            }
            226 => self.space.mprotect(hart, a, b, c),
            233 => self.space.madvise(hart, a, b, c),
            // Nothing is ever swapped out; private mappings have nothing to write back.
            227..=231 => Ok(0),
            259 => {
                self.space.code_changed = true;
                Ok(0)
            }
            // Time.
            101 | 113..=115 | 153 | 165 | 169 => self.clocks.call(mem, &hart.csr.clock, number, args),
            // Signals.
            129..=132 | 134..=136 => self.signals.call(hart, number, args),
            // Identity.
            _ => match self.identity_call(mem, number, args) {
                Some(result) => result,
                None => {
                    self.tell_missing(number);
                    Err(Errno::ENOSYS)
                }
            },
        }
    }

    /// Says once that a call is not there. Programs do without some as a matter of course: those are not worth a word.
    fn tell_missing(&mut self, number: u64) {
        const COMMON: [u64; 4] = [99, 258, 293, 435];
        if !COMMON.contains(&number) && self.noticed.insert(number) {
            let why = if number == 220 { ": there is only one thread" } else { "" };
            let text = format!("system call {number} ({}) is not there{why}; it gives ENOSYS", names::name(number));
            self.files.notice(&text);
        }
    }
}
