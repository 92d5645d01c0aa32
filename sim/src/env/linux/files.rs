//! System calls on files.

use super::Linux;
use crate::env::errno::Errno;
use crate::env::files::{At, Entry, Files, flags};
use crate::env::guest::{self, Record};
use crate::env::transfer::{at_offset, read, write};
use rvtile_isa::memory::Memory;

const AT_FDCWD: i32 = -100;
const AT_SYMLINK_NOFOLLOW: u64 = 0x100;
const AT_REMOVEDIR: u64 = 0x200;
const AT_EMPTY_PATH: u64 = 0x1000;

fn at(fd: u64) -> At {
    if fd as i32 == AT_FDCWD { At::Cwd } else { At::Fd(fd as i32) }
}

/// The parts of an iovec array.
fn parts(mem: &Memory, addr: u64, count: u64) -> Result<Vec<(u64, u64)>, Errno> {
    if count > 1024 {
        return Err(Errno::EINVAL);
    }
    (0..count)
        .map(|index| {
            let at = addr.wrapping_add(16 * index);
            Ok((guest::read_u64(mem, at)?, guest::read_u64(mem, at.wrapping_add(8))?))
        })
        .collect()
}

/// Does a transfer for each part until one comes out short. An error counts only if nothing has been moved.
fn vectored(parts: &[(u64, u64)], mut transfer: impl FnMut(u64, u64, u64) -> Result<u64, Errno>) -> Result<u64, Errno> {
    let mut total = 0;
    for (addr, len) in parts.iter().copied().filter(|(_, len)| *len > 0) {
        match transfer(addr, len, total) {
            Ok(done) => {
                total += done;
                if done < len {
                    break;
                }
            }
            Err(errno) if total == 0 => return Err(errno),
            Err(_) => break,
        }
    }
    Ok(total)
}

impl Linux {
    pub(super) fn file_call(&mut self, mem: &mut Memory, number: u64, args: [u64; 6]) -> Result<u64, Errno> {
        let [a, b, c, d, e, _] = args;
        let fd = a as i32;
        let files = &mut self.files;
        let done = |()| 0;
        match number {
            17 => {
                let mut path = files.cwd().as_bytes().to_vec();
                path.push(0);
                if b < path.len() as u64 {
                    return Err(Errno::ERANGE);
                }
                guest::write(mem, a, &path)?;
                Ok(path.len() as u64)
            }
            23 => files.dup(fd, 0, false).map(|fd| fd as u64),
            24 => files.dup_to(fd, b as i32, c as u32 & flags::CLOEXEC != 0).map(|fd| fd as u64),
            25 => fcntl(files, fd, b, c),
            // No descriptor is a terminal, whatever the host's is: programs behave alike everywhere.
            29 => files.flags(fd).and(Err(Errno::ENOTTY)),
            34 => files.make_dir(at(a), &guest::string(mem, b)?).map(done),
            35 => files.remove(at(a), &guest::string(mem, b)?, c & AT_REMOVEDIR != 0).map(done),
            38 | 276 => {
                if number == 276 && e != 0 {
                    return Err(Errno::EINVAL);
                }
                let (from, to) = (guest::string(mem, b)?, guest::string(mem, d)?);
                files.rename((at(a), &from), (at(c), &to)).map(done)
            }
            46 => files.truncate(fd, u64::try_from(b as i64).map_err(|_| Errno::EINVAL)?).map(done),
            48 | 439 => files.access(at(a), &guest::string(mem, b)?, c & 2 != 0).map(done),
            49 => files.change_dir(&guest::string(mem, a)?).map(done),
            56 => self.open(mem, args),
            57 => files.close(fd).map(done),
            61 => entries(files, mem, fd, b, c),
            62 => files.seek(fd, b as i64, c as u32),
            63 => read(files, mem, fd, b, c),
            64 => write(files, mem, fd, b, c),
            65 => {
                let parts = parts(mem, b, c)?;
                vectored(&parts, |addr, len, _| read(files, mem, fd, addr, len))
            }
            66 => {
                let parts = parts(mem, b, c)?;
                vectored(&parts, |addr, len, _| write(files, mem, fd, addr, len))
            }
            67 | 68 => at_offset(files, mem, number == 68, args),
            69 | 70 => {
                let parts = parts(mem, b, c)?;
                vectored(&parts, |addr, len, before| {
                    at_offset(files, mem, number == 70, [a, addr, len, d.wrapping_add(before), 0, 0])
                })
            }
            78 => {
                let path = guest::string(mem, b)?;
                let target = match &path[..] {
                    b"/proc/self/exe" => self.exe.clone(),
                    _ => files.read_link(at(a), &path)?,
                };
                let len = target.len().min(usize::try_from(d).unwrap_or(usize::MAX));
                guest::write(mem, c, &target[..len])?;
                Ok(len as u64)
            }
            79 => {
                let path = guest::string(mem, b)?;
                let stat = match path.is_empty() && d & AT_EMPTY_PATH != 0 {
                    true => files.stat(fd)?,
                    false => files.stat_path(at(a), &path, d & AT_SYMLINK_NOFOLLOW == 0)?,
                };
                stat.record().put(mem, c).map(done)
            }
            80 => files.stat(fd)?.record().put(mem, b).map(done),
            82 | 83 => files.sync(fd).map(done),
            291 => {
                let path = guest::string(mem, b)?;
                let stat = match path.is_empty() && c & AT_EMPTY_PATH != 0 {
                    true => files.stat(fd)?,
                    false => files.stat_path(at(a), &path, c & AT_SYMLINK_NOFOLLOW == 0)?,
                };
                stat.record_x().put(mem, e).map(done)
            }
            _ => Err(Errno::ENOSYS),
        }
    }

    fn open(&mut self, mem: &Memory, [dir, path, how, ..]: [u64; 6]) -> Result<u64, Errno> {
        let path = guest::string(mem, path)?;
        let opened = self.files.open(at(dir), &path, how as u32);
        // A forgotten grant looks to the program like a missing file. What libraries look for by themselves is not
        // worth a word.
        const LIBRARIES: [&[u8]; 7] = [b"/etc/", b"/usr/", b"/lib/", b"/proc/", b"/sys/", b"/dev/", b"/var/"];
        if opened == Err(Errno::ENOENT)
            && !self.told_of_grants
            && !self.files.is_granted(at(dir), &path)
            && !LIBRARIES.iter().any(|prefix| path.starts_with(prefix))
        {
            self.told_of_grants = true;
            let path = String::from_utf8_lossy(&path).escape_debug().to_string();
            self.files.notice(&format!("the program asked for `{path}`, which no granted directory holds (see --dir)"));
        }
        opened.map(|fd| fd as u64)
    }
}

fn fcntl(files: &mut Files, fd: i32, command: u64, argument: u64) -> Result<u64, Errno> {
    match command {
        0 => files.dup(fd, argument, false).map(|fd| fd as u64),
        1030 => files.dup(fd, argument, true).map(|fd| fd as u64),
        1 => files.cloexec(fd, None).map(u64::from),
        2 => files.cloexec(fd, Some(argument & 1 != 0)).map(|_| 0),
        3 => files.flags(fd).map(u64::from),
        // Flags that can be changed later (append, non-blocking) would change nothing that can be seen here, but append.
        4 if argument as u32 & flags::APPEND == files.flags(fd)? & flags::APPEND => Ok(0),
        _ => Err(Errno::EINVAL),
    }
}

/// getdents64.
fn entries(files: &Files, mem: &mut Memory, fd: i32, addr: u64, len: u64) -> Result<u64, Errno> {
    let mut records: Vec<u8> = Vec::new();
    let mut more = false;
    files.list(fd, |entry: &Entry, next| {
        let size = (19 + entry.name.len() + 1).next_multiple_of(8);
        if (records.len() + size) as u64 > len {
            more = true;
            return false;
        }
        let record = Record::new(size).u64(0, entry.ino).u64(8, next).u16(16, size as u16).bytes(18, &[entry.kind]);
        records.extend_from_slice(record.bytes(19, &entry.name).as_bytes());
        true
    })?;
    if records.is_empty() && more {
        return Err(Errno::EINVAL);
    }
    guest::write(mem, addr, &records)?;
    Ok(records.len() as u64)
}
