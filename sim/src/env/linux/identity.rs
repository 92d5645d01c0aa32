//! Time, chance, and what a program can ask about itself and its machine.

use super::{Linux, PID};
use crate::env::errno::Errno;
use crate::env::files::{MAX_OPEN, OWNER};
use crate::env::guest::{self, Record, accessible, read_u32, read_u64};
use rvtile_isa::hart::Hart;
use rvtile_isa::hart::csr::Clock;
use rvtile_isa::memory::{Memory, Perm};

/// Seconds from the epoch to the wall-clock time at which every simulation begins, 2000-01-01.
pub(in crate::env) const EPOCH: u64 = 946_684_800;
const NANO: u64 = 1_000_000_000;
const MICRO: u64 = 1_000_000;

/// The clocks: simulated time plus what the program has slept.
pub(super) struct Clocks {
    hz: u64,
    /// Sleeping costs no simulated time, it only moves these clocks on.
    slept: u64,
}

impl Clocks {
    pub fn new(hz: u64) -> Clocks {
        Clocks { hz: hz.max(1), slept: 0 }
    }

    /// Nanoseconds since the start of the simulation.
    fn now(&self, clock: &Clock) -> u64 {
        let awake = u128::from(clock.time) * u128::from(NANO) / u128::from(self.hz);
        (awake as u64).wrapping_add(self.slept)
    }

    /// The value of a clock of clock_gettime.
    fn value(&self, clock: &Clock, id: u64) -> Result<u64, Errno> {
        match id as i32 {
            // REALTIME, REALTIME_COARSE, TAI.
            0 | 5 | 11 => Ok((EPOCH * NANO).wrapping_add(self.now(clock))),
            // MONOTONIC, its variants, BOOTTIME.
            1 | 4 | 6 | 7 => Ok(self.now(clock)),
            // Processor time of the process and of the thread.
            2 | 3 => Ok(self.now(clock).wrapping_sub(self.slept)),
            _ => Err(Errno::EINVAL),
        }
    }

    fn sleep(&mut self, nanos: u64) {
        self.slept = self.slept.wrapping_add(nanos);
    }

    pub fn call(
        &mut self,
        mem: &mut Memory,
        clock: &Clock,
        number: u64,
        [a, b, c, ..]: [u64; 6],
    ) -> Result<u64, Errno> {
        match number {
            113 => {
                let now = self.value(clock, a)?;
                guest::write_words(mem, b, &[now / NANO, now % NANO])?;
            }
            114 => {
                self.value(clock, a)?;
                if b != 0 {
                    guest::write_words(mem, b, &[0, NANO.div_ceil(self.hz).max(1)])?;
                }
            }
            // nanosleep: relative; nobody interrupts it, so no remainder is written.
            101 => self.sleep(duration(mem, a)?),
            115 => {
                const TIMER_ABSTIME: u64 = 1;
                let (now, given) = (self.value(clock, a)?, duration(mem, c)?);
                self.sleep(if b & TIMER_ABSTIME != 0 { given.saturating_sub(now) } else { given });
            }
            169 => {
                let now = self.value(clock, 0)?;
                if a != 0 {
                    guest::write_words(mem, a, &[now / NANO, now % NANO / 1000])?;
                }
                if b != 0 {
                    guest::write_words(mem, b, &[0])?;
                }
            }
            // times: processor time in hundredths of a second.
            153 => {
                let ticks = self.value(clock, 2)? / (NANO / 100);
                if a != 0 {
                    guest::write_words(mem, a, &[ticks, 0, 0, 0])?;
                }
                return Ok(self.now(clock) / (NANO / 100));
            }
            // getrusage: processor time only.
            165 => {
                let micros = self.value(clock, 2)? / 1000;
                let record = Record::new(144).u64(0, micros / MICRO).u64(8, micros % MICRO);
                record.put(mem, b)?;
            }
            _ => return Err(Errno::ENOSYS),
        }
        Ok(0)
    }
}

/// A timespec in nanoseconds.
fn duration(mem: &Memory, addr: u64) -> Result<u64, Errno> {
    let (seconds, nanos) = (read_u64(mem, addr)?, read_u64(mem, addr.wrapping_add(8))?);
    if nanos >= NANO {
        return Err(Errno::EINVAL);
    }
    seconds
        .checked_mul(NANO)
        .and_then(|whole| whole.checked_add(nanos))
        .filter(|all| *all >> 62 == 0)
        .ok_or(Errno::EINVAL)
}

/// SplitMix64: every seed gives a sequence of its own.
pub(super) struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
}

const FUTEX_COMMAND: u64 = 0x7f;

impl Linux {
    /// Calls that ask who and where the program is; `None` for calls that are not there.
    pub(super) fn identity_call(
        &mut self,
        mem: &mut Memory,
        number: u64,
        [a, b, c, d, ..]: [u64; 6],
    ) -> Option<Result<u64, Errno>> {
        let own = |pid: u64| pid == 0 || pid == PID;
        Some(match number {
            // set_tid_address, getpid, gettid, and the process group and session of getpgid and getsid.
            96 | 172 | 178 => Ok(PID),
            155 | 156 if own(a) => Ok(PID),
            173 => Ok(1),
            174..=177 => Ok(u64::from(OWNER)),
            // getgroups: none beyond the first.
            158 => Ok(0),
            98 => futex(mem, a, b, c),
            // sched_yield.
            124 => Ok(0),
            123 if !own(a) => Err(Errno::ESRCH),
            // One processor; the kernel fills one word of the mask.
            123 if b < 8 => Err(Errno::EINVAL),
            123 => guest::write_words(mem, c, &[1]).map(|()| 8),
            122 => Ok(0),
            168 => {
                let put =
                    |mem: &mut Memory, addr: u64| if addr == 0 { Ok(()) } else { guest::write(mem, addr, &[0; 4]) };
                put(mem, a).and_then(|()| put(mem, b)).map(|()| 0)
            }
            160 => {
                let mut record = Record::new(6 * 65);
                let fields = ["Linux", "rvtile", "6.1.0", "#1", "riscv64", "(none)"];
                for (index, text) in fields.into_iter().enumerate() {
                    record = record.bytes(65 * index, text.as_bytes());
                }
                record.put(mem, a).map(|()| 0)
            }
            166 => Ok(0o022),
            // prctl: only naming the thread.
            167 if a == 15 => Ok(0),
            167 => Err(Errno::EINVAL),
            179 => {
                let size = mem.size();
                let record = Record::new(112).u64(32, size).u64(40, size).u16(80, 1).u32(104, 1);
                record.put(mem, a).map(|()| 0)
            }
            163 => limits(b, a, mem),
            261 if !own(a) => Err(Errno::ESRCH),
            // New limits are taken and not enforced, as they are never reached.
            261 if d == 0 => Ok(0),
            261 => limits(d, b, mem),
            278 => {
                let mut fill = || {
                    if b == 0 {
                        return Ok(0);
                    }
                    let len = accessible(mem, a, b.min(1 << 25), Perm::W)?;
                    for part in mem.slice_mut(a, len)?.chunks_mut(8) {
                        part.copy_from_slice(&self.random.next().to_le_bytes()[..part.len()]);
                    }
                    Ok(len)
                };
                fill()
            }
            _ => return None,
        })
    }

    /// Whether a futex call would sleep for ever: only another thread could wake it.
    pub(super) fn waits_for_ever(&self, hart: &Hart, [addr, command, value, timeout, ..]: [u64; 6]) -> bool {
        matches!(command & FUTEX_COMMAND, 0 | 9) && timeout == 0 && read_u32(&hart.mem, addr) == Ok(value as u32)
    }
}

/// futex of a single thread: nobody to wake, and what would sleep runs into its time limit.
fn futex(mem: &Memory, addr: u64, command: u64, value: u64) -> Result<u64, Errno> {
    match command & FUTEX_COMMAND {
        // WAIT, WAIT_BITSET.
        0 | 9 if read_u32(mem, addr)? != value as u32 => Err(Errno::EAGAIN),
        0 | 9 => Err(Errno::ETIMEDOUT),
        // WAKE, REQUEUE, CMP_REQUEUE, WAKE_OP, WAKE_BITSET.
        1 | 3 | 4 | 5 | 10 => Ok(0),
        _ => Err(Errno::ENOSYS),
    }
}

/// getrlimit: the stack and the number of files are limited, nothing else.
fn limits(addr: u64, resource: u64, mem: &mut Memory) -> Result<u64, Errno> {
    let (now, most) = match resource {
        3 => (super::start::STACK, super::start::STACK),
        7 => (MAX_OPEN as u64, MAX_OPEN as u64),
        // No core files.
        4 => (0, 0),
        0..=15 => (u64::MAX, u64::MAX),
        _ => return Err(Errno::EINVAL),
    };
    guest::write_words(mem, addr, &[now, most]).map(|()| 0)
}
