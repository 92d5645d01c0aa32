//! From an instruction word to its row.

use crate::ext::Ext;
use crate::inst::Inst;
use crate::matrix::{self, unbuilt};
use crate::op::Illegal;
use crate::profile::{PROFILES, Profile};
use crate::row::Row;

/// The rows of one decode profile, indexed for look-up.
pub struct Decoder {
    /// 32-bit rows by bits 6..2 and 14..12; a row whose funct3 is not fixed stands in all eight.
    wide: Vec<Vec<&'static Row>>,
    /// 16-bit rows by bits 1..0 and 15..13.
    narrow: Vec<Vec<&'static Row>>,
    rows: Vec<&'static Row>,
}

/// Two rows of a profile that claim the same words.
#[derive(Clone, Copy, Debug)]
pub struct Clash {
    /// The row that came first.
    pub first: &'static Row,
    /// The row that came second.
    pub second: &'static Row,
    /// A word that both match.
    pub word: u32,
}

impl std::fmt::Display for Clash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "`{}` ({}) and `{}` ({}) share encodings, for example 0x{:08x}: one profile cannot hold both",
            self.first.name,
            self.first.provider(),
            self.second.name,
            self.second.provider(),
            self.word
        )
    }
}

fn wide_index(word: u32) -> usize {
    (word >> 2 & 31 | (word >> 12 & 7) << 5) as usize
}

fn narrow_index(word: u32) -> usize {
    (word & 3 | (word >> 13 & 7) << 2) as usize
}

impl Decoder {
    /// A decoder for families of rows. Where one row's encodings are a subset of another's, the narrower one wins
    /// (a HINT with its own meaning); any other overlap is a clash.
    ///
    /// # Errors
    /// The first clash.
    pub fn new(families: &[&'static [Row]]) -> Result<Decoder, Clash> {
        let mut decoder = Decoder { wide: vec![Vec::new(); 256], narrow: vec![Vec::new(); 32], rows: Vec::new() };
        for row in families.iter().flat_map(|family| family.iter()) {
            decoder.rows.push(row);
            if row.encoding.is_compressed() {
                for index in 0..32 {
                    let word = index as u32 & 3 | (index as u32 >> 2) << 13;
                    if (word ^ row.encoding.bits) & row.encoding.mask & 0xe003 == 0 {
                        insert(&mut decoder.narrow[index], row)?;
                    }
                }
            } else {
                for funct3 in 0..8 {
                    let word = row.encoding.bits & 0x7c | funct3 << 12;
                    if (word ^ row.encoding.bits) & row.encoding.mask & 0x7000 == 0 {
                        insert(&mut decoder.wide[wide_index(word)], row)?;
                    }
                }
            }
        }
        Ok(decoder)
    }

    /// The decoder of the standard extensions.
    ///
    /// # Panics
    /// When two built-in rows clash; a test holds that they do not.
    pub fn standard() -> Decoder {
        match Decoder::new(&crate::table::standard()) {
            Ok(decoder) => decoder,
            Err(clash) => panic!("{clash}"),
        }
    }

    /// The decoder of a run's extensions: the standard ones, and each matrix family of which it has any.
    ///
    /// # Errors
    /// The first clash: the set has families that no profile holds together.
    pub fn for_isa(isa: Ext) -> Result<Decoder, Clash> {
        Decoder::with(isa, &[])
    }

    /// As [`Decoder::for_isa`], with families from outside: extension files, users of the library.
    ///
    /// # Errors
    /// The first clash.
    pub fn with(isa: Ext, more: &[&'static [Row]]) -> Result<Decoder, Clash> {
        let mut families = crate::table::standard();
        families.extend(matrix::FAMILIES.iter().filter(|family| isa.intersects(family.ext)).map(|family| family.rows));
        families.extend(more);
        Decoder::new(&families)
    }

    /// The decoder of a profile.
    ///
    /// # Panics
    /// When the rows of a built-in profile clash; a test holds that they do not.
    pub fn for_profile(profile: &Profile) -> Decoder {
        match Decoder::for_isa(profile.isa()) {
            Ok(decoder) => decoder,
            Err(clash) => panic!("{clash}"),
        }
    }

    /// Every row.
    pub fn rows(&self) -> &[&'static Row] {
        &self.rows
    }

    /// The row that a word (16 or 32 bits, by its low bits) belongs to.
    pub fn row(&self, word: u32) -> Option<&'static Row> {
        let bucket = if word & 3 == 3 { &self.wide[wide_index(word)] } else { &self.narrow[narrow_index(word)] };
        bucket.iter().copied().find(|row| row.encoding.matches(if word & 3 == 3 { word } else { word & 0xffff }))
    }

    /// Decodes a fetched word; bits 31..16 of a 16-bit instruction are ignored.
    ///
    /// # Errors
    /// When no row has the encoding, or it is a reserved pattern of a 16-bit instruction.
    pub fn decode(&self, word: u32) -> Result<Inst, Illegal> {
        let row = self.row(word).ok_or(Illegal::Unknown)?;
        if !row.encoding.is_compressed() {
            return Ok(Inst::new(row, word));
        }
        let raw = word & 0xffff;
        let expanded = Inst::expand(row, raw).ok_or(Illegal::Reserved(row.name))?;
        let wide = self.row(expanded).ok_or(Illegal::Reserved(row.name))?;
        Ok(Inst { fetched: row, raw, len: 2, ..Inst::new(wide, expanded) })
    }
}

/// What an instruction word that a decoder does not know would be: an instruction of another profile, one of an extension that is
/// known by name only, or at least where in the opcode map it lies.
pub fn explain(word: u32) -> String {
    let mut parts = Vec::new();
    for profile in PROFILES {
        if let Ok(inst) = Decoder::for_profile(profile).decode(word) {
            let ext = inst.fetched.ext.describe();
            parts.push(format!("with --profile {} it is `{}` ({ext})", profile.name, inst.text(0)));
        }
    }
    for known in unbuilt::find(word) {
        parts.push(format!("it would be `{}` of {}, which is not built yet", known.name, known.extension));
    }
    if parts.is_empty() {
        parts.push(format!("it lies in {}", space(word)));
        parts.extend(nearest(word));
    }
    parts.join("; ")
}

/// The known instruction that differs from a 32-bit word in the fewest fixed bits, in words; `None` if none is of its opcode.
fn nearest(word: u32) -> Option<String> {
    let rows = crate::table::standard().into_iter().chain(matrix::FAMILIES.iter().map(|family| family.rows)).flatten();
    let differs = |row: &Row| (word ^ row.encoding.bits) & row.encoding.mask;
    let row = rows
        .filter(|row| !row.encoding.is_compressed() && word & 3 == 3 && differs(row) & 0x7f == 0)
        .min_by_key(|row| (differs(row).count_ones(), std::cmp::Reverse(row.encoding.mask.count_ones())))?;
    let parts = [(31, 26), (25, 25), (24, 20), (19, 15), (14, 12), (11, 7)];
    let parts = parts.into_iter().filter_map(|(high, low)| {
        let part = |bits: u32| bits >> low & ((1 << (high - low + 1)) - 1);
        (part(differs(row)) != 0)
            .then(|| format!("{high}..{low}=0x{:x} in place of 0x{:x}", part(word), part(row.encoding.bits)))
    });
    let parts: Vec<String> = parts.collect();
    Some(format!("the nearest instruction is `{}` ({}), with bits {}", row.name, row.ext.describe(), parts.join(", ")))
}

/// The fields of a word as most instructions have them; `None` for 16 bits.
pub fn fields(word: u32) -> Option<String> {
    let bits = |high: u32, low: u32| word >> low & ((1 << (high - low + 1)) - 1);
    (word & 3 == 3).then(|| {
        format!(
            "opcode 0x{:02x}, funct3 {}, funct6 0x{:02x}, bit 25 {}, rd {}, rs1 {}, rs2 {}",
            bits(6, 0),
            bits(14, 12),
            bits(31, 26),
            bits(25, 25),
            bits(11, 7),
            bits(19, 15),
            bits(24, 20)
        )
    })
}

/// Where in the opcode map a word lies: says of an unknown instruction what it might belong to.
pub fn space(word: u32) -> &'static str {
    match word & 0x7f {
        _ if word & 3 != 3 => "a 16-bit encoding",
        0x0b => "the space custom-0",
        0x2b => "the space custom-1",
        0x5b => "the space custom-2, where SiFive's coprocessor interface is",
        0x7b => "the space custom-3",
        0x57 => "the space of vector arithmetic",
        0x77 => "the space of vector cryptography",
        0x07 | 0x27 => "the space of floating-point and vector loads and stores",
        0x43 | 0x47 | 0x4b | 0x4f | 0x53 => "the space of floating-point arithmetic",
        0x2f => "the space of atomics",
        0x73 => "the space of system instructions",
        0x0f => "the space of fences and cache operations",
        low if low & 0x1f == 0x1f => "an instruction longer than 32 bits",
        0x03 | 0x23 | 0x13 | 0x1b | 0x33 | 0x3b | 0x63 | 0x67 | 0x6f | 0x37 | 0x17 => {
            "the space of the base integer set"
        }
        _ => "a reserved opcode",
    }
}

/// Adds a row in front of every row whose encodings include its own.
fn insert(bucket: &mut Vec<&'static Row>, row: &'static Row) -> Result<(), Clash> {
    let mut place = bucket.len();
    for (index, other) in bucket.iter().enumerate() {
        let common = row.encoding.mask & other.encoding.mask;
        if (row.encoding.bits ^ other.encoding.bits) & common != 0 {
            continue;
        }
        if common == row.encoding.mask && common == other.encoding.mask
            || common != row.encoding.mask && common != other.encoding.mask
        {
            return Err(Clash { first: other, second: row, word: row.encoding.bits | other.encoding.bits });
        }
        if common == other.encoding.mask {
            place = place.min(index);
        }
    }
    bucket.insert(place, row);
    Ok(())
}
