//! Where output goes: whole files or stdout.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::Failure;

/// The path that stands for stdout.
const STDOUT: &str = "-";

/// Whether a path means stdout.
pub(super) fn is_stdout(path: &Path) -> bool {
    path == Path::new(STDOUT)
}

/// Writes text to stdout.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| Failure::output("stdout", &error))
}

/// Refuses a file that could not be written later, before time is spent on its contents.
pub(super) fn check(path: &Path) -> Result<(), Failure> {
    if is_stdout(path) {
        return Ok(());
    }
    if path.is_dir() {
        return Err(Failure::refused(format!("{}: is a directory", path.display())));
    }
    let parent = parent(path);
    if !parent.is_dir() {
        return Err(Failure::refused(format!("{}: no directory {}", path.display(), parent.display())));
    }
    Ok(())
}

/// Writes a file as a whole or not at all: into a temporary one beside it, which then takes its name.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if is_stdout(path) {
        return print(text);
    }
    let fail = |error: std::io::Error| Failure::output(&path.display().to_string(), &error);
    // A device or a pipe must not be replaced by a file.
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return std::fs::write(path, text).map_err(fail);
    }
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = parent(path).join(name);
    let written = std::fs::write(&temporary, text).and_then(|()| std::fs::rename(&temporary, path));
    written.map_err(|error| {
        // What matters is the first error.
        let _ = std::fs::remove_file(&temporary);
        fail(error)
    })
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
