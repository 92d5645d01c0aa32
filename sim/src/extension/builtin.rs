//! The extensions of the box, and files.

use super::ExtensionError;
use crate::machine::MachineError;
use crate::machine::error::suggestion;

const TEXTS: &[(&str, &str)] = &[
    ("int8-4x16x4", include_str!("../../extensions/int8-4x16x4.toml")),
    ("int8-4x8x4", include_str!("../../extensions/int8-4x8x4.toml")),
    ("vcix-crypt", include_str!("../../extensions/vcix-crypt.toml")),
    ("vcix-dot4", include_str!("../../extensions/vcix-dot4.toml")),
    ("fast-exp", include_str!("../../extensions/fast-exp.toml")),
    ("scripted", include_str!("../../extensions/scripted.toml")),
];

/// Longest file, bytes.
const LONGEST: u64 = 1 << 18;

/// The names of the extensions of the box.
pub fn names() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().map(|(name, _)| *name)
}

/// The text of an extension: of the box by its name, of a file by its path, which holds a `/` or ends in `.toml`.
///
/// # Errors
/// When there is none of the name, or the file cannot be read.
pub fn read(name: &str) -> Result<String, ExtensionError> {
    if let Some((_, text)) = TEXTS.iter().find(|(known, _)| *known == name) {
        return Ok((*text).to_string());
    }
    let wrong = |what: String| MachineError::new(name, 0, "", what);
    if !name.ends_with(".toml") && !name.contains('/') {
        let known: Vec<&str> = names().collect();
        let hint = suggestion(name, "extensions", &known);
        return Err(wrong(format!("no extension of this name in the box; {hint} (a file's name ends in .toml)")));
    }
    let size = std::fs::metadata(name).map_err(|error| wrong(format!("cannot read it: {error}")))?.len();
    if size > LONGEST {
        return Err(wrong(format!("{size} bytes: an extension file has at most {LONGEST}")));
    }
    std::fs::read_to_string(name).map_err(|error| wrong(format!("cannot read it: {error}")))
}
