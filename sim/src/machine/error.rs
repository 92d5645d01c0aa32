//! What can be wrong with a machine or extension file, and how it is said.

use std::fmt;

/// Why a machine or an extension cannot be loaded: the place, the key and the reason, fit to be printed as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineError {
    /// The file as it was named, or `--set` for an override.
    pub file: String,
    /// Line in the file, from 1; 0 where no line applies.
    pub line: usize,
    /// Column in the line, from 1; 0 where no column applies.
    pub column: usize,
    /// Dotted key; empty where no key applies.
    pub key: String,
    /// What is wrong, with the allowed values.
    pub what: String,
}

impl MachineError {
    pub(crate) fn new(file: &str, line: usize, key: &str, what: impl Into<String>) -> MachineError {
        MachineError { file: file.to_string(), line, column: 0, key: key.to_string(), what: what.into() }
    }
}

impl fmt::Display for MachineError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for MachineError {}

/// The candidate nearest to `word` by edit distance, if one is near enough to be a slip of the pen.
fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(2);
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(word, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= limit && distance < candidate.len())
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// Says which name was probably meant, or else which names there are.
pub(crate) fn suggestion(word: &str, kind: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        Some(name) => format!("did you mean \"{name}\"?"),
        None if known.is_empty() => format!("there are no {kind} here"),
        None => format!("known {kind}: {}", known.join(", ")),
    }
}

/// Levenshtein distance over characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
