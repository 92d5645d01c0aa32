//! Where output goes: whole files or stdout.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Failure, complain};

/// The path that stands for stdout.
const STDOUT: &str = "-";

/// Whether a path means stdout.
fn is_stdout(path: &Path) -> bool {
    path == Path::new(STDOUT)
}

/// Writes text to stdout.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| Failure::output("stdout", &error))
}

/// Refuses outputs that could not be written later, before time is spent on their contents: each must have a place of its
/// own. Tells whether one of them goes to stdout, where then nothing else is printed.
pub(super) fn check(outputs: &[&Option<PathBuf>]) -> Result<bool, Failure> {
    let paths: Vec<&Path> = outputs.iter().filter_map(|output| output.as_deref()).collect();
    let to_stdout = paths.iter().filter(|path| is_stdout(path)).count();
    if to_stdout > 1 {
        return Err(Failure::refused("only one report can go to stdout: give the others a file"));
    }
    paths.iter().try_for_each(|path| check_file(path))?;
    for (index, path) in paths.iter().enumerate() {
        if let Some(place) = place(path)
            && paths[..index].iter().any(|earlier| self::place(earlier).as_ref() == Some(&place))
        {
            return Err(Failure::refused(format!(
                "{}: is named for two outputs: give each its own file",
                path.display()
            )));
        }
    }
    Ok(to_stdout > 0)
}

/// Where a file is or will be, however it is named; `None` for stdout and for devices, which may get more than one output.
fn place(path: &Path) -> Option<PathBuf> {
    if is_stdout(path) || path.metadata().is_ok_and(|found| !found.is_file()) {
        return None;
    }
    // What is not there yet has no canonical name of its own.
    let new = || Some(parent(path).canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(new)
}

fn check_file(path: &Path) -> Result<(), Failure> {
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
    // What is begun and not finished leaves nothing behind.
    if path.metadata().is_ok_and(|found| !found.is_file()) { Ok(()) } else { create(path).map(drop) }
}

/// Writes the reports that are wanted; says of each that it is not written if they would not be `complete`.
pub(super) fn write_all(complete: bool, reports: &[(&Option<PathBuf>, &dyn Fn() -> String)]) -> Result<(), Failure> {
    for (path, text) in reports {
        match path {
            Some(path) if complete => write(path, &text())?,
            Some(path) => complain(&format!("{}: not written, as it would not be complete", path.display())),
            None => {}
        }
    }
    Ok(())
}

/// Writes a file as a whole or not at all.
pub(super) fn write(path: &Path, text: &str) -> Result<(), Failure> {
    if is_stdout(path) {
        return print(text);
    }
    let mut file = create(path)?;
    file.write_all(text.as_bytes()).map_err(|error| file.failure(&error))?;
    file.finish()
}

/// A file that is written bit by bit: into a temporary one beside it, which takes its name when it is complete.
pub(super) struct Growing {
    out: Box<dyn Write>,
    path: PathBuf,
    temporary: Option<PathBuf>,
}

/// Begins a file.
pub(super) fn create(path: &Path) -> Result<Growing, Failure> {
    let fail = |error: std::io::Error| Failure::output(&path.display().to_string(), &error);
    let path = path.to_path_buf();
    if is_stdout(&path) {
        return Ok(Growing { out: Box::new(BufWriter::new(std::io::stdout())), path, temporary: None });
    }
    // A device or a pipe must not be replaced by a file.
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        let file = File::options().write(true).open(&path).map_err(fail)?;
        return Ok(Growing { out: Box::new(BufWriter::new(file)), path, temporary: None });
    }
    // A symbolic link stays: what it leads to is replaced.
    let path = path.canonicalize().unwrap_or(path);
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = parent(&path).join(name);
    let file = File::create(&temporary).map_err(fail)?;
    Ok(Growing { out: Box::new(BufWriter::new(file)), path, temporary: Some(temporary) })
}

impl Growing {
    /// The file is complete.
    pub fn finish(mut self) -> Result<(), Failure> {
        let flushed = self.out.flush();
        let renamed = flushed.and_then(|()| match &self.temporary {
            Some(temporary) => std::fs::rename(temporary, &self.path),
            None => Ok(()),
        });
        renamed.map_err(|error| self.failure(&error))?;
        self.temporary = None;
        Ok(())
    }

    fn failure(&self, error: &std::io::Error) -> Failure {
        Failure::output(&self.path.display().to_string(), error)
    }
}

impl Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

impl Drop for Growing {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // What is told is why the file is not complete.
            let _ = std::fs::remove_file(temporary);
        }
    }
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
