//! Guest memory as system calls use it.

use super::errno::Errno;
use rvtile_isa::memory::{Memory, PAGE, Perm};

/// Longest path or other string that calls take.
const MAX_STRING: u64 = 4096;

/// How many of `len` bytes at `addr` allow `need`, counted from the front.
///
/// # Errors
/// EFAULT when not even the first does.
pub fn accessible(mem: &Memory, addr: u64, len: u64, need: Perm) -> Result<u64, Errno> {
    match mem.check(addr, len, need) {
        Ok(()) => Ok(len),
        Err(denied) if denied.addr > addr => Ok(denied.addr - addr),
        Err(_) => Err(Errno::EFAULT),
    }
}

/// A little-endian 64-bit word.
///
/// # Errors
/// EFAULT.
pub fn read_u64(mem: &Memory, addr: u64) -> Result<u64, Errno> {
    let mut word = [0; 8];
    word.copy_from_slice(mem.slice(addr, 8)?);
    Ok(u64::from_le_bytes(word))
}

/// A little-endian 32-bit word.
///
/// # Errors
/// EFAULT.
pub fn read_u32(mem: &Memory, addr: u64) -> Result<u32, Errno> {
    let mut word = [0; 4];
    word.copy_from_slice(mem.slice(addr, 4)?);
    Ok(u32::from_le_bytes(word))
}

/// Writes bytes.
///
/// # Errors
/// EFAULT, and nothing is written.
pub fn write(mem: &mut Memory, addr: u64, bytes: &[u8]) -> Result<(), Errno> {
    mem.slice_mut(addr, bytes.len() as u64)?.copy_from_slice(bytes);
    Ok(())
}

/// Writes 64-bit words.
///
/// # Errors
/// EFAULT, and nothing is written.
pub fn write_words(mem: &mut Memory, addr: u64, words: &[u64]) -> Result<(), Errno> {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    write(mem, addr, &bytes)
}

/// The bytes of a NUL-terminated string.
///
/// # Errors
/// EFAULT, or ENAMETOOLONG when there is no end within 4096 bytes.
pub fn string(mem: &Memory, addr: u64) -> Result<Vec<u8>, Errno> {
    let mut out = Vec::new();
    while (out.len() as u64) < MAX_STRING {
        let at = addr.checked_add(out.len() as u64).ok_or(Errno::EFAULT)?;
        let part = mem.slice(at, PAGE - at % PAGE)?;
        match part.iter().position(|byte| *byte == 0) {
            Some(end) => {
                out.extend_from_slice(&part[..end]);
                return Ok(out);
            }
            None => out.extend_from_slice(part),
        }
    }
    Err(Errno::ENAMETOOLONG)
}

/// A record of the given size, filled field by field.
pub struct Record(Vec<u8>);

impl Record {
    /// All zero.
    pub fn new(size: usize) -> Record {
        Record(vec![0; size])
    }

    /// Sets a 64-bit field.
    #[must_use]
    pub fn u64(mut self, at: usize, value: u64) -> Record {
        self.0[at..at + 8].copy_from_slice(&value.to_le_bytes());
        self
    }

    /// Sets a 32-bit field.
    #[must_use]
    pub fn u32(mut self, at: usize, value: u32) -> Record {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
        self
    }

    /// Sets a 16-bit field.
    #[must_use]
    pub fn u16(mut self, at: usize, value: u16) -> Record {
        self.0[at..at + 2].copy_from_slice(&value.to_le_bytes());
        self
    }

    /// Sets bytes.
    #[must_use]
    pub fn bytes(mut self, at: usize, value: &[u8]) -> Record {
        self.0[at..at + value.len()].copy_from_slice(value);
        self
    }

    /// Writes it to the guest.
    ///
    /// # Errors
    /// EFAULT.
    pub fn put(&self, mem: &mut Memory, addr: u64) -> Result<(), Errno> {
        write(mem, addr, &self.0)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
