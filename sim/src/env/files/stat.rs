//! What is known of a file.

use super::Entry;
use crate::env::guest::Record;
use std::fs::Metadata;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{DirEntryExt, MetadataExt};
use std::path::Path;

/// User and group of the program and, as it sees them, of all files.
pub const OWNER: u32 = 1000;

/// Facts about a file as `fstat` and `statx` give them. Owner and group are always the program's own.
#[derive(Clone, Copy, Debug)]
pub struct Stat {
    /// Device.
    pub dev: u64,
    /// Inode.
    pub ino: u64,
    /// Type and permissions.
    pub mode: u32,
    /// Links.
    pub nlink: u32,
    /// Bytes.
    pub size: u64,
    /// 512-byte blocks.
    pub blocks: u64,
    /// Access, modification and change time in seconds and nanoseconds.
    pub times: [(i64, i64); 3],
}

impl Stat {
    pub(super) fn of(meta: &Metadata) -> Stat {
        Stat {
            dev: meta.dev(),
            ino: meta.ino(),
            mode: meta.mode(),
            nlink: meta.nlink() as u32,
            size: meta.size(),
            blocks: meta.blocks(),
            times: [
                (meta.atime(), meta.atime_nsec()),
                (meta.mtime(), meta.mtime_nsec()),
                (meta.ctime(), meta.ctime_nsec()),
            ],
        }
    }

    /// A standard stream: always a pipe, so that a program buffers its output alike on a terminal and in a script.
    pub(super) fn pipe() -> Stat {
        Stat { dev: 0, ino: 1, mode: 0o010_600, nlink: 1, size: 0, blocks: 0, times: [(0, 0); 3] }
    }

    /// Preferred size of a transfer.
    const BLOCK: u32 = 4096;

    /// `struct stat`.
    pub fn record(&self) -> Record {
        let mut record = Record::new(128)
            .u64(0, self.dev)
            .u64(8, self.ino)
            .u32(16, self.mode)
            .u32(20, self.nlink)
            .u32(24, OWNER)
            .u32(28, OWNER)
            .u64(48, self.size)
            .u32(56, Stat::BLOCK)
            .u64(64, self.blocks);
        for (index, (seconds, nanos)) in self.times.into_iter().enumerate() {
            record = record.u64(72 + 16 * index, seconds as u64).u64(80 + 16 * index, nanos as u64);
        }
        record
    }

    /// `struct statx` with the basic fields.
    pub fn record_x(&self) -> Record {
        const BASIC: u32 = 0x7ff;
        let [access, modify, change] = self.times;
        let mut record = Record::new(256)
            .u32(0, BASIC)
            .u32(4, Stat::BLOCK)
            .u32(16, self.nlink)
            .u32(20, OWNER)
            .u32(24, OWNER)
            .u16(28, self.mode as u16)
            .u64(32, self.ino)
            .u64(40, self.size)
            .u64(48, self.blocks);
        for (at, (seconds, nanos)) in [(64, access), (96, change), (112, modify)] {
            record = record.u64(at, seconds as u64).u32(at + 8, nanos as u32);
        }
        record
    }
}

/// The entries of a directory in the order of their names, which is the same on every host.
pub(super) fn entries(dir: &Path) -> std::io::Result<Vec<Entry>> {
    let ino = dir.metadata()?.ino();
    let mut entries = vec![Entry { ino, kind: 4, name: b".".to_vec() }, Entry { ino, kind: 4, name: b"..".to_vec() }];
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let kind = match entry.file_type()? {
            kind if kind.is_dir() => 4,
            kind if kind.is_file() => 8,
            kind if kind.is_symlink() => 10,
            _ => 0,
        };
        entries.push(Entry { ino: entry.ino(), kind, name: entry.file_name().into_vec() });
    }
    entries[2..].sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}
