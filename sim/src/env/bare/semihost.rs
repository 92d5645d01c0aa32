//! Semihosting: operation in a0, parameter or address of a block of 64-bit parameters in a1, result in a0.

use super::Told;
use crate::env::Action;
use crate::env::errno::Errno;
use crate::env::files::{At, Files, flags};
use crate::env::guest;
use crate::env::linux::EPOCH;
use crate::env::transfer;
use rvtile_isa::hart::Hart;
use rvtile_isa::memory::Memory;
use std::ops::Range;

/// ADP_Stopped_ApplicationExit: the only reason of an exit that carries a status.
const APPLICATION_EXIT: u64 = 0x20026;
/// Magic number, then: exit_extended is there, `:tt` tells output from error output.
const FEATURES: &[u8] = b"SHFB\x03";
const FAILED: u64 = u64::MAX;

/// State of the semihosting interface.
pub(super) struct Semihost {
    command_line: String,
    heap: Range<u64>,
    hz: u64,
    errno: i32,
}

impl Semihost {
    /// The command line holds the arguments behind `argv[0]`: picolibc's start code puts a name of its own in front.
    pub fn new(command_line: String, heap: Range<u64>, hz: u64) -> Semihost {
        Semihost { command_line, heap, hz: hz.max(1), errno: 0 }
    }

    pub fn call(&mut self, hart: &mut Hart, files: &mut Files, told: &mut Told) -> Action {
        let (operation, block) = (hart.x[10], hart.x[11]);
        if matches!(operation, 24 | 32) {
            let status = guest::read_u64(&hart.mem, block).and_then(|reason| match reason {
                APPLICATION_EXIT => guest::read_u64(&hart.mem, block.wrapping_add(8)),
                _ => Ok(1),
            });
            return Action::Exit(status.map_or(1, |status| status as i32));
        }
        hart.x[10] = match self.serve(hart, files, operation, block) {
            Ok(result) => result,
            Err(errno) => {
                if errno == Errno::ENOSYS && told.first("semihosting", operation) {
                    files.notice(&format!("semihosting operation {operation} is not there; it gives -1"));
                }
                self.errno = errno.0;
                FAILED
            }
        };
        Action::Continue
    }

    fn serve(&mut self, hart: &mut Hart, files: &mut Files, operation: u64, block: u64) -> Result<u64, Errno> {
        let time = hart.csr.clock.time;
        let mem = &mut hart.mem;
        let word = |mem: &Memory, index: u64| guest::read_u64(mem, block.wrapping_add(8 * index));
        match operation {
            1 => open(mem, files, word(mem, 0)?, word(mem, 1)?, word(mem, 2)?),
            2 => files.close(word(mem, 0)? as i32).map(|()| 0),
            3 => files.console(mem.slice(block, 1)?).map(|()| 0),
            4 => files.console(&guest::string(mem, block)?).map(|()| 0),
            // write and read answer with what is left to do.
            5 => {
                let len = word(mem, 2)?;
                Ok(len - transfer::write(files, mem, word(mem, 0)? as i32, word(mem, 1)?, len)?)
            }
            6 => {
                let (fd, addr, len) = (word(mem, 0)? as i32, word(mem, 1)?, word(mem, 2)?);
                Ok(len - transfer::read(files, mem, fd, addr, len)?)
            }
            7 => Ok(files.console_byte().map_or(FAILED, u64::from)),
            8 => Ok(u64::from((word(mem, 0)? as i64) < 0)),
            // Never a terminal: programs behave alike everywhere.
            9 => files.flags(word(mem, 0)? as i32).map(|_| 0),
            10 => files.seek(word(mem, 0)? as i32, word(mem, 1)? as i64, 0).map(|_| 0),
            12 => files.stat(word(mem, 0)? as i32).map(|stat| stat.size),
            13 => {
                let name = format!("/tmp/semihost-{:03}\0", word(mem, 1)? & 0xff);
                if word(mem, 2)? < name.len() as u64 {
                    return Err(Errno::ERANGE);
                }
                guest::write(mem, word(mem, 0)?, name.as_bytes()).map(|()| 0)
            }
            14 => {
                let path = name(mem, word(mem, 0)?, word(mem, 1)?)?;
                files.remove(At::Cwd, &path, false).map(|()| 0)
            }
            15 => {
                let from = name(mem, word(mem, 0)?, word(mem, 1)?)?;
                let to = name(mem, word(mem, 2)?, word(mem, 3)?)?;
                files.rename((At::Cwd, &from), (At::Cwd, &to)).map(|()| 0)
            }
            16 => Ok(scale(time, 100, self.hz)),
            17 => Ok(EPOCH + time / self.hz),
            // system: there is nothing to run a command.
            18 => Err(Errno::EACCES),
            19 => Ok(self.errno as u64),
            21 => {
                let (buffer, room) = (word(mem, 0)?, word(mem, 1)?);
                let mut line = self.command_line.as_bytes().to_vec();
                line.push(0);
                if room < line.len() as u64 {
                    return Err(Errno::ERANGE);
                }
                guest::write(mem, buffer, &line)?;
                guest::write_words(mem, block.wrapping_add(8), &[line.len() as u64 - 1]).map(|()| 0)
            }
            22 => {
                let at = word(mem, 0)?;
                let Range { start, end } = self.heap;
                // Heap base and limit, stack base and limit; the stack grows down towards the heap.
                guest::write_words(mem, at, &[start, end, end, start]).map(|()| 0)
            }
            48 => guest::write_words(mem, block, &[time]).map(|()| 0),
            49 => Ok(self.hz),
            _ => Err(Errno::ENOSYS),
        }
    }
}

/// `time` ticks of `hz` in units of `per_second`.
fn scale(time: u64, per_second: u64, hz: u64) -> u64 {
    (u128::from(time) * u128::from(per_second) / u128::from(hz)) as u64
}

/// A file name of given length.
fn name(mem: &Memory, addr: u64, len: u64) -> Result<Vec<u8>, Errno> {
    if len > 4096 {
        return Err(Errno::ENAMETOOLONG);
    }
    Ok(mem.slice(addr, len)?.to_vec())
}

/// open: modes 0 to 11 are those of fopen, r r+ w w+ a a+, each without and with b.
fn open(mem: &Memory, files: &mut Files, addr: u64, mode: u64, len: u64) -> Result<u64, Errno> {
    let path = name(mem, addr, len)?;
    let how = match mode >> 1 {
        0 => 0,
        1 => flags::RDWR,
        2 => flags::WRONLY | flags::CREAT | flags::TRUNC,
        3 => flags::RDWR | flags::CREAT | flags::TRUNC,
        4 => flags::WRONLY | flags::CREAT | flags::APPEND,
        5 => flags::RDWR | flags::CREAT | flags::APPEND,
        _ => return Err(Errno::EINVAL),
    };
    // The console: standard input, output or error by the mode.
    if path == b":tt" {
        return files.dup((mode / 4) as i32, 3, false).map(|fd| fd as u64);
    }
    if path == b":semihosting-features" && how == 0 {
        return files.open_bytes(FEATURES).map(|fd| fd as u64);
    }
    files.open(At::Cwd, &path, how).map(|fd| fd as u64)
}
