//! Extensions that are known by name only: what an unknown word would be.
//!
//! `unbuilt.txt` has a line for each instruction: mask, bits, mnemonic; the extension stands above its lines. It is made from the published
//! encodings that `isa/tests/data/matrix-encodings.csv` lists with their sources.

/// An instruction that is not built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Mnemonic.
    pub name: &'static str,
    /// The extension that has it.
    pub extension: &'static str,
}

const TABLE: &str = include_str!("unbuilt.txt");

/// The instructions that a word would be, one at most of each extension: the one with the most fixed bits.
pub fn find(word: u32) -> Vec<Known> {
    let mut found: Vec<(u32, Known)> = Vec::new();
    let mut extension = "";
    for line in TABLE.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            extension = name;
            continue;
        }
        let mut words = line.split(' ');
        let mut number = || words.next().and_then(|text| u32::from_str_radix(text, 16).ok()).unwrap_or(0);
        let (mask, bits) = (number(), number());
        if mask == 0 || word & mask != bits {
            continue;
        }
        let known = Known { name: words.next().unwrap_or(""), extension };
        match found.iter_mut().find(|(_, other)| other.extension == extension) {
            Some(best) if best.0.count_ones() < mask.count_ones() => *best = (mask, known),
            Some(_) => {}
            None => found.push((mask, known)),
        }
    }
    found.into_iter().map(|(_, known)| known).collect()
}
