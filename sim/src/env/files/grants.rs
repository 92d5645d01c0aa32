//! Which of the host's files a program may use.

use crate::env::errno::Errno;
use std::path::{Path, PathBuf};

/// A directory of the host that a program may use.
///
/// On the command line: `HOST[:GUEST][:rw]`. The program sees the directory under the absolute name GUEST; without one
/// under HOST as written, taken from `/`, which is the program's working directory: `--dir .` makes relative names
/// work as usual. It is read-only unless `:rw` follows. Symbolic links that lead out of it are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The directory, without symbolic links.
    host: PathBuf,
    /// Absolute and normalised.
    guest: String,
    writable: bool,
}

/// A guest's path and where it leads.
pub(super) struct Place {
    /// The host's name. Everything up to the last component exists and is no link.
    pub host: PathBuf,
    /// The guest's absolute name.
    pub guest: String,
    pub writable: bool,
}

impl Grant {
    /// Reads `HOST[:GUEST][:rw|:ro]`.
    ///
    /// # Errors
    /// One line that says what is wrong with it.
    pub fn parse(text: &str) -> Result<Grant, String> {
        let mut parts: Vec<&str> = text.split(':').collect();
        let writable = match parts.last() {
            Some(&("rw" | "ro")) if parts.len() > 1 => parts.pop() == Some("rw"),
            _ => false,
        };
        let (host, guest) = match parts[..] {
            [host] => (host, host),
            [host, guest] => (host, guest),
            _ => return Err(format!("`{text}` is not of the form HOST[:GUEST][:rw]")),
        };
        if guest == host && Path::new(host).components().any(|part| part == std::path::Component::ParentDir) {
            return Err(format!(
                "`{text}` leads upwards: give the directory a name for the program, as in {host}:/data"
            ));
        }
        Grant::new(Path::new(host), guest, writable).map_err(|error| format!("{host}: {error}"))
    }

    /// Grants `host` under the name `guest`.
    ///
    /// # Errors
    /// When `host` is not a directory that can be reached.
    pub fn new(host: &Path, guest: &str, writable: bool) -> std::io::Result<Grant> {
        let host = host.canonicalize()?;
        if !host.is_dir() {
            return Err(std::io::Error::other("not a directory"));
        }
        Ok(Grant { host, guest: normalise("/", guest), writable })
    }

    /// Whether a place is the granted directory itself.
    pub(super) fn is(&self, place: &Place) -> bool {
        self.host == place.host
    }

    /// The rest of a normalised guest path below this grant.
    pub(super) fn below<'a>(&self, path: &'a str) -> Option<&'a str> {
        if self.guest == "/" {
            return path.strip_prefix('/');
        }
        let rest = path.strip_prefix(self.guest.as_str())?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }
}

/// The absolute name of `path` seen from `base`, without `.` and `..`. These are resolved in the name, before any link
/// is followed.
pub(super) fn normalise(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let base = if path.starts_with('/') { "" } else { base };
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Finds the host's file for a normalised guest path. `follow` says whether a link as last component is followed; a
/// last component that does not exist is no error here.
pub(super) fn resolve(grants: &[Grant], guest: String, follow: bool) -> Result<Place, Errno> {
    // The innermost grant decides, and of equals the last one.
    let grant = grants.iter().filter(|grant| grant.below(&guest).is_some()).max_by_key(|grant| grant.guest.len());
    let grant = grant.ok_or(Errno::ENOENT)?;
    let inside = |real: PathBuf| if real.starts_with(&grant.host) { Ok(real) } else { Err(Errno::EACCES) };
    let rest = grant.below(&guest).unwrap_or_default();
    let host = match rest.rsplit_once('/').map_or(("", rest), |pair| pair) {
        (_, "") => grant.host.clone(),
        (parent, last) => {
            let parent = inside(grant.host.join(parent).canonicalize()?)?;
            let host = parent.join(last);
            match host.symlink_metadata() {
                Ok(found) if found.is_symlink() && follow => inside(host.canonicalize()?)?,
                _ => host,
            }
        }
    };
    Ok(Place { host, guest, writable: grant.writable })
}
