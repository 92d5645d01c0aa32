//! Transfers between files and guest memory, alike for Linux, HTIF and semihosting. What lies in front of the first
//! inaccessible byte is moved.

use super::errno::Errno;
use super::files::Files;
use super::guest::accessible;
use rvtile_isa::memory::{Memory, Perm};

/// The most that one transfer moves.
const MAX_TRANSFER: u64 = 0x7fff_f000;

/// write.
///
/// # Errors
/// EFAULT, and those of the file.
pub fn write(files: &mut Files, mem: &Memory, fd: i32, addr: u64, len: u64) -> Result<u64, Errno> {
    files.flags(fd)?;
    if len == 0 {
        return Ok(0);
    }
    let len = accessible(mem, addr, len.min(MAX_TRANSFER), Perm::R)?;
    Ok(files.write(fd, mem.slice(addr, len)?)? as u64)
}

/// read.
///
/// # Errors
/// EFAULT, and those of the file.
pub fn read(files: &mut Files, mem: &mut Memory, fd: i32, addr: u64, len: u64) -> Result<u64, Errno> {
    files.flags(fd)?;
    if len == 0 {
        return Ok(0);
    }
    let len = accessible(mem, addr, len.min(MAX_TRANSFER), Perm::W)?;
    Ok(files.read(fd, mem.slice_mut(addr, len)?)? as u64)
}

/// pread64 and pwrite64.
///
/// # Errors
/// EFAULT, and those of the file.
pub fn at_offset(
    files: &Files,
    mem: &mut Memory,
    store: bool,
    [fd, addr, len, offset, ..]: [u64; 6],
) -> Result<u64, Errno> {
    let fd = fd as i32;
    files.flags(fd)?;
    if offset as i64 > i64::MAX - MAX_TRANSFER as i64 || (offset as i64) < 0 {
        return Err(Errno::EINVAL);
    }
    if len == 0 {
        return Ok(0);
    }
    let len = accessible(mem, addr, len.min(MAX_TRANSFER), if store { Perm::R } else { Perm::W })?;
    let done = if store {
        files.write_at(fd, mem.slice(addr, len)?, offset)?
    } else {
        files.read_at(fd, mem.slice_mut(addr, len)?, offset)?
    };
    Ok(done as u64)
}
