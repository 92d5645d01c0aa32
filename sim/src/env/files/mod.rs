//! The files of a program: descriptors on standard streams and on what it has been granted.
//!
//! Shared by Linux calls, HTIF calls and semihosting. Only regular files and directories can be opened.

mod grants;
mod stat;

pub use grants::Grant;
pub use stat::{OWNER, Stat};

use super::errno::Errno;
use super::options::Streams;
use grants::{Place, normalise, resolve};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Flags of `open` in the numbering of RISC-V Linux.
pub mod flags {
    /// The part that says reading (0), writing (1) or both (2).
    pub const ACCESS: u32 = 3;
    /// Write only.
    pub const WRONLY: u32 = 1;
    /// Read and write.
    pub const RDWR: u32 = 2;
    /// Create the file if it is not there.
    pub const CREAT: u32 = 0o100;
    /// Fail if it is there.
    pub const EXCL: u32 = 0o200;
    /// Cut it to length 0.
    pub const TRUNC: u32 = 0o1000;
    /// Write at the end.
    pub const APPEND: u32 = 0o2000;
    /// Fail if it is not a directory.
    pub const DIRECTORY: u32 = 0o200_000;
    /// Fail if it is a link.
    pub const NOFOLLOW: u32 = 0o400_000;
    /// Close on exec; kept, without effect.
    pub const CLOEXEC: u32 = 0o2_000_000;
}

/// Descriptors that a program can have open.
pub const MAX_OPEN: usize = 1024;

/// Where a relative path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The working directory.
    Cwd,
    /// An open directory.
    Fd(i32),
}

/// A directory entry.
pub struct Entry {
    /// Inode number.
    pub ino: u64,
    /// DT_DIR 4, DT_REG 8, DT_LNK 10, or 0.
    pub kind: u8,
    /// Name.
    pub name: Vec<u8>,
}

enum Open {
    Stdin,
    Stdout,
    Stderr,
    File {
        file: File,
        flags: u32,
    },
    Dir {
        host: PathBuf,
        guest: String,
        entries: Vec<Entry>,
        position: AtomicUsize,
    },
    /// Bytes that the environment itself offers.
    Bytes {
        bytes: &'static [u8],
        position: AtomicUsize,
    },
}

#[derive(Clone)]
struct Descriptor {
    open: Arc<Open>,
    cloexec: bool,
}

/// The descriptor table and what lies behind it.
pub struct Files {
    grants: Vec<Grant>,
    streams: Streams,
    cwd: String,
    table: Vec<Option<Descriptor>>,
}

impl Files {
    /// Descriptors 0 to 2 on the standard streams; the working directory is `/`.
    pub fn new(grants: Vec<Grant>, streams: Streams) -> Files {
        let std = |open| Some(Descriptor { open: Arc::new(open), cloexec: false });
        let table = vec![std(Open::Stdin), std(Open::Stdout), std(Open::Stderr)];
        Files { grants, streams, cwd: "/".to_owned(), table }
    }

    /// Tells the user something, once the caller has made sure that it is worth it.
    pub fn notice(&mut self, text: &str) {
        // A closed stderr must not end the run.
        let _ = writeln!(self.streams.stderr, "rvtile: {text}");
    }

    /// Writes to the standard output, whatever the program did with descriptor 1: consoles of bare machines.
    pub fn console(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        self.streams.stdout.write_all(bytes)?;
        Ok(self.streams.stdout.flush()?)
    }

    /// A byte of the standard input; `None` at its end.
    pub fn console_byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        matches!(self.streams.stdin.read(&mut byte), Ok(1)).then_some(byte[0])
    }

    fn get(&self, fd: i32) -> Result<&Arc<Open>, Errno> {
        let slot = usize::try_from(fd).ok().and_then(|fd| self.table.get(fd)?.as_ref());
        slot.map(|descriptor| &descriptor.open).ok_or(Errno::EBADF)
    }

    fn file(&self, fd: i32) -> Result<(&File, u32), Errno> {
        match &**self.get(fd)? {
            Open::File { file, flags } => Ok((file, *flags)),
            Open::Dir { .. } => Err(Errno::EISDIR),
            _ => Err(Errno::ESPIPE),
        }
    }

    fn install(&mut self, open: Arc<Open>, lowest: usize, cloexec: bool) -> Result<i32, Errno> {
        let free = (lowest..MAX_OPEN).find(|fd| self.table.get(*fd).is_none_or(Option::is_none));
        let fd = free.ok_or(Errno::EMFILE)?;
        if fd >= self.table.len() {
            self.table.resize(fd + 1, None);
        }
        self.table[fd] = Some(Descriptor { open, cloexec });
        Ok(fd as i32)
    }

    /// The guest's absolute name of a path.
    fn absolute(&self, at: At, path: &[u8]) -> Result<String, Errno> {
        let path = std::str::from_utf8(path).map_err(|_| Errno::ENOENT)?;
        if path.is_empty() || path.contains('\0') {
            return Err(Errno::ENOENT);
        }
        let base = match at {
            At::Fd(fd) if !path.starts_with('/') => match &**self.get(fd)? {
                Open::Dir { guest, .. } => guest,
                _ => return Err(Errno::ENOTDIR),
            },
            _ => &self.cwd,
        };
        Ok(normalise(base, path))
    }

    fn place(&self, at: At, path: &[u8], follow: bool) -> Result<Place, Errno> {
        resolve(&self.grants, self.absolute(at, path)?, follow)
    }

    fn writable_place(&self, at: At, path: &[u8]) -> Result<Place, Errno> {
        let place = self.place(at, path, false)?;
        if place.writable { Ok(place) } else { Err(Errno::EROFS) }
    }

    /// Whether a path lies in a granted directory, be there a file or not.
    pub fn is_granted(&self, at: At, path: &[u8]) -> bool {
        self.absolute(at, path).is_ok_and(|guest| self.grants.iter().any(|grant| grant.below(&guest).is_some()))
    }

    /// Opens a file or directory; `how` is made of [`flags`].
    ///
    /// # Errors
    /// ENOENT for everything that is not granted, EROFS when it is granted for reading only, EACCES when a link leads out
    /// of the granted directory.
    pub fn open(&mut self, at: At, path: &[u8], how: u32) -> Result<i32, Errno> {
        let nofollow = how & flags::NOFOLLOW != 0;
        let place = self.place(at, path, !nofollow)?;
        let found = place.host.symlink_metadata();
        let write = how & flags::ACCESS != 0;
        if (write || how & flags::TRUNC != 0) && !place.writable {
            return Err(Errno::EROFS);
        }
        let open = match found {
            Ok(_) if how & flags::CREAT != 0 && how & flags::EXCL != 0 => return Err(Errno::EEXIST),
            // Only NOFOLLOW leaves a link here.
            Ok(meta) if meta.is_symlink() => return Err(Errno::ELOOP),
            Ok(meta) if meta.is_dir() => {
                if write || how & flags::CREAT != 0 {
                    return Err(Errno::EISDIR);
                }
                let entries = stat::entries(&place.host)?;
                Open::Dir { host: place.host, guest: place.guest, entries, position: AtomicUsize::new(0) }
            }
            Ok(_) if how & flags::DIRECTORY != 0 => return Err(Errno::ENOTDIR),
            // A pipe or a device would block or act; nothing granted should hold one.
            Ok(meta) if !meta.is_file() => return Err(Errno::EACCES),
            Ok(_) => {
                let file = options(how).open(&place.host)?;
                if write && how & flags::TRUNC != 0 {
                    file.set_len(0)?;
                }
                Open::File { file, flags: how }
            }
            Err(_) if how & flags::CREAT == 0 => return Err(Errno::ENOENT),
            Err(_) if !place.writable => return Err(Errno::EROFS),
            // create_new does not follow a link that appeared meanwhile.
            Err(_) => Open::File { file: options(how).write(true).create_new(true).open(&place.host)?, flags: how },
        };
        self.install(Arc::new(open), 0, how & flags::CLOEXEC != 0)
    }

    /// A descriptor for reading bytes that are no file.
    ///
    /// # Errors
    /// EMFILE.
    pub fn open_bytes(&mut self, bytes: &'static [u8]) -> Result<i32, Errno> {
        self.install(Arc::new(Open::Bytes { bytes, position: AtomicUsize::new(0) }), 0, false)
    }

    /// Closes a descriptor.
    ///
    /// # Errors
    /// EBADF.
    pub fn close(&mut self, fd: i32) -> Result<(), Errno> {
        let slot = usize::try_from(fd).ok().and_then(|fd| self.table.get_mut(fd));
        slot.and_then(Option::take).map(drop).ok_or(Errno::EBADF)
    }

    /// The lowest free descriptor from `lowest` on, for the same file.
    ///
    /// # Errors
    /// EBADF, EINVAL, EMFILE.
    pub fn dup(&mut self, fd: i32, lowest: u64, cloexec: bool) -> Result<i32, Errno> {
        let open = self.get(fd)?.clone();
        let lowest = usize::try_from(lowest).ok().filter(|lowest| *lowest < MAX_OPEN).ok_or(Errno::EINVAL)?;
        self.install(open, lowest, cloexec)
    }

    /// Makes `to` another descriptor for the same file, closing what it was.
    ///
    /// # Errors
    /// EBADF, EINVAL when both are equal.
    pub fn dup_to(&mut self, fd: i32, to: i32, cloexec: bool) -> Result<i32, Errno> {
        let open = self.get(fd)?.clone();
        if fd == to {
            return Err(Errno::EINVAL);
        }
        let index = usize::try_from(to).ok().filter(|to| *to < MAX_OPEN).ok_or(Errno::EBADF)?;
        if let Some(slot) = self.table.get_mut(index) {
            *slot = None;
        }
        self.install(open, index, cloexec)
    }

    /// Reads or sets the close-on-exec flag.
    ///
    /// # Errors
    /// EBADF.
    pub fn cloexec(&mut self, fd: i32, set: Option<bool>) -> Result<bool, Errno> {
        let slot = usize::try_from(fd).ok().and_then(|fd| self.table.get_mut(fd)?.as_mut()).ok_or(Errno::EBADF)?;
        slot.cloexec = set.unwrap_or(slot.cloexec);
        Ok(slot.cloexec)
    }

    /// The flags with which a descriptor was opened.
    ///
    /// # Errors
    /// EBADF.
    pub fn flags(&self, fd: i32) -> Result<u32, Errno> {
        Ok(match &**self.get(fd)? {
            Open::Stdin | Open::Bytes { .. } => 0,
            Open::Stdout | Open::Stderr => flags::WRONLY,
            Open::File { flags, .. } => flags & (flags::ACCESS | flags::APPEND),
            Open::Dir { .. } => flags::DIRECTORY,
        })
    }

    /// Reads at the descriptor's position.
    ///
    /// # Errors
    /// EBADF, EISDIR, and what the host reports.
    pub fn read(&mut self, fd: i32, into: &mut [u8]) -> Result<usize, Errno> {
        match &*self.get(fd)?.clone() {
            Open::Stdin => Ok(self.streams.stdin.read(into)?),
            Open::File { file, .. } => {
                let mut file: &File = file;
                Ok(file.read(into)?)
            }
            Open::Bytes { bytes, position } => {
                let start = position.load(Ordering::Relaxed).min(bytes.len());
                let len = into.len().min(bytes.len() - start);
                into[..len].copy_from_slice(&bytes[start..start + len]);
                position.store(start + len, Ordering::Relaxed);
                Ok(len)
            }
            Open::Dir { .. } => Err(Errno::EISDIR),
            Open::Stdout | Open::Stderr => Err(Errno::EBADF),
        }
    }

    /// Reads at an offset of a file.
    ///
    /// # Errors
    /// EBADF, EISDIR, ESPIPE, and what the host reports.
    pub fn read_at(&self, fd: i32, into: &mut [u8], offset: u64) -> Result<usize, Errno> {
        Ok(self.file(fd)?.0.read_at(into, offset)?)
    }

    /// Writes at the descriptor's position.
    ///
    /// # Errors
    /// EBADF, and what the host reports.
    pub fn write(&mut self, fd: i32, from: &[u8]) -> Result<usize, Errno> {
        match &*self.get(fd)?.clone() {
            Open::Stdout => self.console(from).map(|()| from.len()),
            Open::Stderr => {
                self.streams.stderr.write_all(from)?;
                self.streams.stderr.flush()?;
                Ok(from.len())
            }
            Open::File { file, .. } => {
                let mut file: &File = file;
                Ok(file.write(from)?)
            }
            Open::Dir { .. } | Open::Stdin | Open::Bytes { .. } => Err(Errno::EBADF),
        }
    }

    /// Writes at an offset of a file.
    ///
    /// # Errors
    /// EBADF, EISDIR, ESPIPE, and what the host reports.
    pub fn write_at(&self, fd: i32, from: &[u8], offset: u64) -> Result<usize, Errno> {
        Ok(self.file(fd)?.0.write_at(from, offset)?)
    }

    /// Moves the position; `whence` is 0 from the start, 1 from here, 2 from the end.
    ///
    /// # Errors
    /// EBADF, EINVAL, ESPIPE.
    pub fn seek(&mut self, fd: i32, offset: i64, whence: u32) -> Result<u64, Errno> {
        if let Open::Dir { position, .. } | Open::Bytes { position, .. } = &**self.get(fd)? {
            // Positions in a directory are those that getdents64 gave out.
            return match (whence, usize::try_from(offset)) {
                (0, Ok(offset)) => {
                    position.store(offset, Ordering::Relaxed);
                    Ok(offset as u64)
                }
                (1, Ok(0)) => Ok(position.load(Ordering::Relaxed) as u64),
                _ => Err(Errno::EINVAL),
            };
        }
        let to = match whence {
            0 => SeekFrom::Start(u64::try_from(offset).map_err(|_| Errno::EINVAL)?),
            1 => SeekFrom::Current(offset),
            2 => SeekFrom::End(offset),
            _ => return Err(Errno::EINVAL),
        };
        let mut file = self.file(fd)?.0;
        Ok(file.seek(to)?)
    }

    /// Sets the length of a file.
    ///
    /// # Errors
    /// EBADF, EINVAL when it is not open for writing.
    pub fn truncate(&self, fd: i32, len: u64) -> Result<(), Errno> {
        Ok(self.file(fd).map_err(|_| Errno::EINVAL)?.0.set_len(len)?)
    }

    /// Brings a file's data to the disk.
    ///
    /// # Errors
    /// EBADF, EINVAL for what is not a file.
    pub fn sync(&self, fd: i32) -> Result<(), Errno> {
        match &**self.get(fd)? {
            Open::File { file, .. } => Ok(file.sync_data()?),
            Open::Dir { .. } => Ok(()),
            _ => Err(Errno::EINVAL),
        }
    }

    /// What is known of an open file.
    ///
    /// # Errors
    /// EBADF.
    pub fn stat(&self, fd: i32) -> Result<Stat, Errno> {
        Ok(match &**self.get(fd)? {
            Open::File { file, .. } => Stat::of(&file.metadata()?),
            Open::Dir { host, .. } => Stat::of(&host.metadata()?),
            Open::Bytes { bytes, .. } => Stat { size: bytes.len() as u64, ..Stat::pipe() },
            _ => Stat::pipe(),
        })
    }

    /// What is known of a path.
    ///
    /// # Errors
    /// ENOENT, EACCES.
    pub fn stat_path(&self, at: At, path: &[u8], follow: bool) -> Result<Stat, Errno> {
        Ok(Stat::of(&self.place(at, path, follow)?.host.symlink_metadata()?))
    }

    /// Checks that a path is there and, for `write`, granted for writing.
    ///
    /// # Errors
    /// ENOENT, EACCES, EROFS.
    pub fn access(&self, at: At, path: &[u8], write: bool) -> Result<(), Errno> {
        let place = self.place(at, path, true)?;
        place.host.symlink_metadata()?;
        if write && !place.writable { Err(Errno::EROFS) } else { Ok(()) }
    }

    /// The target of a symbolic link, as it stands there.
    ///
    /// # Errors
    /// ENOENT, EACCES, EINVAL when it is no link.
    pub fn read_link(&self, at: At, path: &[u8]) -> Result<Vec<u8>, Errno> {
        use std::os::unix::ffi::OsStringExt;
        Ok(std::fs::read_link(self.place(at, path, false)?.host)?.into_os_string().into_vec())
    }

    /// Removes a file or, for `directory`, an empty directory.
    ///
    /// # Errors
    /// ENOENT, EACCES, EROFS, and what the host reports.
    pub fn remove(&mut self, at: At, path: &[u8], directory: bool) -> Result<(), Errno> {
        let place = self.writable_place(at, path)?;
        if self.grants.iter().any(|grant| grant.is(&place)) {
            return Err(Errno::EACCES);
        }
        if directory {
            std::fs::remove_dir(&place.host)?
        } else {
            std::fs::remove_file(&place.host)?
        }
        Ok(())
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// ENOENT, EACCES, EEXIST, EROFS.
    pub fn make_dir(&mut self, at: At, path: &[u8]) -> Result<(), Errno> {
        Ok(std::fs::create_dir(self.writable_place(at, path)?.host)?)
    }

    /// Renames a file or directory; both names must be granted for writing.
    ///
    /// # Errors
    /// ENOENT, EACCES, EROFS, and what the host reports.
    pub fn rename(&mut self, from: (At, &[u8]), to: (At, &[u8])) -> Result<(), Errno> {
        let (from, to) = (self.writable_place(from.0, from.1)?, self.writable_place(to.0, to.1)?);
        if self.grants.iter().any(|grant| grant.is(&from) || grant.is(&to)) {
            return Err(Errno::EACCES);
        }
        Ok(std::fs::rename(from.host, to.host)?)
    }

    /// The working directory.
    pub fn cwd(&self) -> &str {
        &self.cwd
    }

    /// Changes the working directory.
    ///
    /// # Errors
    /// ENOENT, EACCES, ENOTDIR.
    pub fn change_dir(&mut self, path: &[u8]) -> Result<(), Errno> {
        let place = self.place(At::Cwd, path, true)?;
        if !place.host.metadata()?.is_dir() {
            return Err(Errno::ENOTDIR);
        }
        self.cwd = place.guest;
        Ok(())
    }

    /// Hands the entries of a directory from its position on to `take`, each with the position behind it, until `take`
    /// says no.
    ///
    /// # Errors
    /// EBADF, ENOTDIR.
    pub fn list(&self, fd: i32, mut take: impl FnMut(&Entry, u64) -> bool) -> Result<(), Errno> {
        let Open::Dir { entries, position, .. } = &**self.get(fd)? else { return Err(Errno::ENOTDIR) };
        while let Some(entry) = entries.get(position.load(Ordering::Relaxed)) {
            let next = position.load(Ordering::Relaxed) + 1;
            if !take(entry, next as u64) {
                break;
            }
            position.store(next, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// The host's way to open an existing regular file.
fn options(how: u32) -> OpenOptions {
    let mut options = File::options();
    let access = how & flags::ACCESS;
    options.read(access != flags::WRONLY).write(access != 0);
    options.append(how & flags::APPEND != 0 && access != 0);
    options
}
