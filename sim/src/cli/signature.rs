//! The signature of a conformance test: the memory between two symbols, as text.

use std::fmt::Write;
use std::ops::Range;

use super::Failure;
use crate::engine::Engine;
use crate::loader::Image;

const BEGIN: &str = "begin_signature";
const END: &str = "end_signature";

/// Where a program keeps its signature; a program without one is refused before it runs.
pub(super) fn range(file: &str, image: &Image) -> Result<Range<u64>, Failure> {
    let symbol = |name| {
        image.symbol(name).ok_or_else(|| Failure::refused(format!("{file}: it has no signature: no symbol {name}")))
    };
    let range = symbol(BEGIN)?..symbol(END)?;
    if range.start > range.end {
        return Err(Failure::refused(format!("{file}: {END} lies before {BEGIN}")));
    }
    Ok(range)
}

/// The signature in lines of `word` bytes, each as one hexadecimal number; the last one is filled up with zeros.
pub(super) fn text(file: &str, engine: &Engine, range: Range<u64>, word: usize) -> Result<String, Failure> {
    let bytes = engine.hart.mem.peek(range.start, range.end - range.start);
    let bytes = bytes.map_err(|_| Failure::refused(format!("{file}: its signature does not lie in memory")))?;
    let mut text = String::with_capacity(bytes.len() * 2 + bytes.len() / word + 1);
    for line in bytes.chunks(word) {
        text.extend(std::iter::repeat_n("00", word - line.len()));
        for byte in line.iter().rev() {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        text.push('\n');
    }
    Ok(text)
}
