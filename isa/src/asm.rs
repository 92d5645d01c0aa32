//! From assembly text to instruction words: the disassembler's inverse, by the same rows.
//!
//! It takes what [`Inst::text`](crate::inst::Inst::text) writes and the usual freedom around it: register numbers beside
//! ABI names, spaces, hexadecimal numbers, the common pseudo-instructions of one word. Instructions have 32 bits; branch
//! targets are addresses. Directives and labels belong to whoever puts programs together.

use std::collections::HashMap;
use std::fmt;

use crate::decode::Decoder;
use crate::disasm::{F_NAMES, ROUNDING, X_NAMES, constant_text};
use crate::encoding::Field;
use crate::hart::csr;
use crate::inst;
use crate::matrix::FAMILIES;
use crate::operand::Operand;
use crate::row::Row;
use crate::table::standard;

/// Why a line is not an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsmError(String);

impl fmt::Display for AsmError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AsmError {}

fn error<T>(what: impl Into<String>) -> Result<T, AsmError> {
    Err(AsmError(what.into()))
}

/// The rows of a decode profile by mnemonic.
pub struct Assembler {
    rows: HashMap<&'static str, Vec<&'static Row>>,
}

impl Assembler {
    /// An assembler for the instructions of a decoder.
    pub fn new(decoder: &Decoder) -> Assembler {
        let mut rows: HashMap<&'static str, Vec<&'static Row>> = HashMap::new();
        for &row in decoder.rows().iter().filter(|row| !row.encoding.is_compressed()) {
            rows.entry(row.name).or_default().push(row);
        }
        Assembler { rows }
    }

    /// The word of one instruction at address `pc`.
    ///
    /// # Errors
    /// When no row has the mnemonic, or none of those that have it takes the operands.
    pub fn word(&self, text: &str, pc: u64) -> Result<u32, AsmError> {
        let text = text.trim();
        let (mnemonic, operands) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let operands: String = operands.chars().filter(|c| !c.is_whitespace()).collect();
        let (mnemonic, operands) = match alias(mnemonic, &operands) {
            Some(real) => real,
            None => (mnemonic.to_string(), operands),
        };
        let (name, fixed) = suffix(&mnemonic, |name| self.rows.contains_key(name));
        let Some(rows) = self.rows.get(name.as_str()) else {
            return error(format!("no instruction `{mnemonic}`"));
        };
        let mut refused = None;
        for row in rows.iter().copied() {
            match operand_bits(row, &operands, pc) {
                Ok(bits) => return Ok(row.encoding.bits | bits | fixed),
                Err(why) => refused = refused.or(Some(why)),
            }
        }
        let why = refused.map_or(String::new(), |why| why.0);
        error(format!("`{text}`: {why}; `{name}` takes `{}`", rows[0].syntax))
    }
}

/// Ordering suffixes of atomics and numbers of may-be-operations are part of the mnemonic, but not of the row's name.
fn suffix(mnemonic: &str, known: impl Fn(&str) -> bool) -> (String, u32) {
    if !known(mnemonic)
        && let Some((name, last)) = mnemonic.rsplit_once('.')
        && known(name)
    {
        match last {
            "rl" => return (name.to_string(), 1 << 25),
            "aq" => return (name.to_string(), 2 << 25),
            "aqrl" => return (name.to_string(), 3 << 25),
            _ => {}
        }
        if let Ok(number) = last.parse::<u32>() {
            let bits = match name {
                "mop.r" if number < 32 => number >> 4 << 30 | (number >> 2 & 3) << 26 | (number & 3) << 20,
                "mop.rr" if number < 8 => number >> 2 << 30 | (number & 3) << 26,
                _ => return (mnemonic.to_string(), 0),
            };
            return (name.to_string(), bits);
        }
    }
    (mnemonic.to_string(), 0)
}

/// The operand bits of a row, when its syntax fits the text.
fn operand_bits(row: &Row, text: &str, pc: u64) -> Result<u32, AsmError> {
    let syntax = row.syntax;
    let places: Vec<_> = row.operands.places().collect();
    let mut rest = text;
    let mut done = 0;
    let mut bits = 0;
    for (index, (operand, place)) in places.iter().enumerate() {
        let separator = syntax[done..place.start].replace(' ', "");
        done = place.end;
        // Both bring their own comma: they may be absent.
        let optional = matches!(operand, Operand::Vm | Operand::Rm);
        let separator = if optional { separator.trim_end_matches(',') } else { &separator };
        let Some(behind) = rest.strip_prefix(separator) else {
            return error(format!("expected `{separator}` before `{rest}`"));
        };
        rest = behind;
        match operand {
            Operand::Vm => match rest.strip_prefix(",v0.t") {
                Some(behind) => rest = behind,
                None => bits |= 1 << 25,
            },
            Operand::Rm => {
                let named = rest.strip_prefix(',').and_then(|name| ROUNDING.iter().position(|&mode| mode == name));
                if named.is_some() {
                    rest = "";
                }
                bits |= (named.unwrap_or(7) as u32) << 12;
            }
            _ => {
                // An operand ends where the next literal of the syntax begins; a vtype has commas of its own.
                let end = match places.get(index + 1) {
                    _ if matches!(operand, Operand::Vtype | Operand::TileType) => None,
                    Some((next, place)) => {
                        let literal = syntax[done..place.start].trim().chars().next();
                        literal.or(matches!(next, Operand::Vm | Operand::Rm).then_some(','))
                    }
                    None => syntax[done..].trim().chars().next(),
                };
                let length = end.and_then(|end| rest.find(end)).unwrap_or(rest.len());
                let (word, behind) = rest.split_at(length);
                bits |= operand_word(row, *operand, word, pc)?;
                rest = behind;
            }
        }
    }
    let trailing = syntax[done..].replace(' ', "");
    match rest.strip_prefix(trailing.as_str()) {
        Some("") => Ok(bits),
        _ => error(format!("`{rest}` is too much or too little")),
    }
}

/// The bits of one operand.
fn operand_word(row: &Row, operand: Operand, text: &str, pc: u64) -> Result<u32, AsmError> {
    match operand {
        Operand::Rd => Ok(x(text)? << 7),
        Operand::Rs1 => Ok(x(text)? << 15),
        Operand::Rs2 => Ok(x(text)? << 20),
        Operand::Fd => Ok(f(text)? << 7),
        Operand::Fs1 => Ok(f(text)? << 15),
        Operand::Fs2 => Ok(f(text)? << 20),
        Operand::Fs3 => Ok(f(text)? << 27),
        Operand::Vd | Operand::Vs3 => Ok(v(text)? << 7),
        Operand::Vs1 => Ok(v(text)? << 15),
        Operand::Vs2 => Ok(v(text)? << 20),
        Operand::V0 if text == "v0" => Ok(0),
        Operand::V0 => error(format!("the mask is v0, not `{text}`")),
        Operand::Imm | Operand::Ximm => immediate(row, number(text)?),
        Operand::Target => immediate(row, number(text)?.wrapping_sub(pc as i64)),
        Operand::Csr => {
            let named = || (0..1 << 12).find(|&csr| csr::name(csr) == text).map(i64::from);
            match named().map_or_else(|| number(text), Ok)? {
                csr @ 0..0x1000 => Ok((csr as u32) << 20),
                _ => error(format!("no CSR `{text}`")),
            }
        }
        Operand::FpConst => match (0..32u8).find(|&index| constant_text(index) == text) {
            Some(index) => Ok(u32::from(index) << 15),
            None => error(format!("no constant `{text}`")),
        },
        Operand::Vtype => {
            let field = if row.encoding.has(Field::Zimm11) { Field::Zimm11 } else { Field::Zimm10 };
            let (value, shift) = (vtype(text)?, field.mask().trailing_zeros());
            if (0..=i64::from(field.mask() >> shift)).contains(&value) {
                Ok((value as u32) << shift)
            } else {
                error(format!("no vtype `{text}`"))
            }
        }
        Operand::VcOp => field(if row.encoding.has(Field::VcOpF) { Field::VcOpF } else { Field::VcOp }, text),
        Operand::PayloadD => field(Field::Rd, text),
        Operand::Payload2 => field(Field::Rs2, text),
        Operand::Mtd => match text.strip_prefix("mt").and_then(|number| number.parse::<u32>().ok()) {
            Some(tile @ 0..16) => Ok(tile << 8),
            _ => error(format!("no tile `{text}`")),
        },
        Operand::Td | Operand::Ts3 => Ok(own(row, operand, text)? << 7),
        Operand::Ts1 => Ok(own(row, operand, text)? << 15),
        Operand::Ts2 => Ok(own(row, operand, text)? << 20),
        Operand::TileType => tile_type(row, text),
        Operand::Mtype => mtype(text),
        Operand::Pred => Ok(fence_set(text)? << 24),
        Operand::Succ => Ok(fence_set(text)? << 20),
        Operand::Vm | Operand::Rm => Ok(0),
    }
}

fn register(text: &str, names: &[&str], letter: char) -> Result<u32, AsmError> {
    let numbered = || text.strip_prefix(letter)?.parse::<u32>().ok().filter(|&number| number < 32);
    match names.iter().position(|&name| name == text).map(|index| index as u32).or_else(numbered) {
        Some(number) => Ok(number),
        None => error(format!("no register `{text}`")),
    }
}

fn x(text: &str) -> Result<u32, AsmError> {
    register(if text == "fp" { "s0" } else { text }, &X_NAMES, 'x')
}

fn f(text: &str) -> Result<u32, AsmError> {
    register(text, &F_NAMES, 'f')
}

fn v(text: &str) -> Result<u32, AsmError> {
    register(text, &[], 'v')
}

/// An own register of the definition that the row has.
fn own(row: &Row, operand: Operand, text: &str) -> Result<u32, AsmError> {
    let name = row.bank_name(operand);
    match text.strip_prefix(name).and_then(|number| number.parse::<u32>().ok()) {
        Some(number @ 0..32) => Ok(number),
        _ => error(format!("no register `{text}`, expected such as {name}0")),
    }
}

fn number(text: &str) -> Result<i64, AsmError> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let parsed = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None if digits.starts_with(|c: char| c.is_ascii_digit()) => digits.parse().ok(),
        None => None,
    };
    match parsed {
        Some(value) if negative => Ok((value as i64).wrapping_neg()),
        Some(value) => Ok(value as i64),
        None => error(format!("no number `{text}`")),
    }
}

/// Puts an immediate into the field that the row has for it.
fn immediate(row: &Row, value: i64) -> Result<u32, AsmError> {
    let has = |field| row.encoding.has(field);
    let value32 = value as u32;
    let field = |field: Field| value32 << field.mask().trailing_zeros() & field.mask();
    let bits = |hi: u32, lo: u32, to: u32| (value32 >> lo & ((1 << (hi - lo + 1)) - 1)) << to;
    let upper = has(Field::Imm20);
    let in_rs1 = has(Field::Zimm);
    let word = if has(Field::Imm12) {
        field(Field::Imm12)
    } else if has(Field::Imm12lo) {
        bits(11, 5, 25) | bits(4, 0, 7)
    } else if has(Field::Bimm12lo) {
        bits(12, 12, 31) | bits(11, 11, 7) | bits(10, 5, 25) | bits(4, 1, 8)
    } else if upper {
        value32 << 12
    } else if has(Field::Jimm20) {
        bits(20, 20, 31) | bits(19, 12, 12) | bits(11, 11, 20) | bits(10, 1, 21)
    } else if has(Field::Offset) {
        bits(11, 5, 25)
    } else if has(Field::Zimm6lo) {
        bits(5, 5, 26) | bits(4, 0, 15)
    } else {
        let fields = [Field::Shamtd, Field::Shamtw, Field::Simm5, Field::Zimm5, Field::Zimm, Field::Bs];
        fields.into_iter().find(|&field| has(field)).map_or(0, field)
    };
    let got = inst::immediate(row, row.encoding.bits | word);
    let fits = match () {
        () if upper => u64::from(word >> 12) == value as u64,
        () if in_rs1 => u64::from(word >> 15 & 31) == value as u64,
        () => got == value,
    };
    if fits { Ok(word) } else { error(format!("{value} does not fit")) }
}

/// A number that a field holds as it stands.
fn field(field: Field, text: &str) -> Result<u32, AsmError> {
    let (value, shift) = (number(text)?, field.mask().trailing_zeros());
    if (0..=i64::from(field.mask() >> shift)).contains(&value) {
        Ok((value as u32) << shift)
    } else {
        error(format!("{value} does not fit"))
    }
}

/// `e16alt,w2`: the widening is part of the row's encoding.
fn tile_type(row: &Row, text: &str) -> Result<u32, AsmError> {
    let parts = text.strip_prefix('e').and_then(|text| text.split_once(",w"));
    let word = parts.and_then(|(element, widening)| {
        let (bits, alternate) = element.strip_suffix("alt").map_or((element, 0), |bits| (bits, 1 << 28));
        let sew = (0..8).find(|log2| bits == (8 << log2).to_string())?;
        let fits = widening == (1 << ((row.encoding.bits >> 29 & 3).checked_sub(1)?)).to_string();
        fits.then_some((sew as u32) << 23 | alternate)
    });
    word.map_or_else(|| error(format!("no tile type `{text}`")), Ok)
}

/// `sew=e16 altfmt=1 mtwiden=2`.
fn mtype(text: &str) -> Result<u32, AsmError> {
    let parts = text.strip_prefix("sew=e").and_then(|text| text.split_once("altfmt="));
    let word = parts.and_then(|(sew, rest)| {
        let (alternate, widening) = rest.split_once("mtwiden=")?;
        let sew = [8u32, 16, 32, 64].iter().position(|bits| sew == bits.to_string())? as u32;
        let alternate = ["0", "1"].iter().position(|&bit| bit == alternate)? as u32;
        let widening = widening.parse::<u32>().ok().filter(|&widening| widening < 4)?;
        Some(sew << 23 | alternate << 28 | widening << 15)
    });
    word.map_or_else(|| error(format!("no matrix type `{text}`")), Ok)
}

fn vtype(text: &str) -> Result<i64, AsmError> {
    if let Ok(value) = number(text) {
        return Ok(value);
    }
    let mut bits = 0;
    for (index, part) in text.split(',').enumerate() {
        bits |= match (index, part) {
            (0, "e8") => 0,
            (0, "e16") => 1 << 3,
            (0, "e32") => 2 << 3,
            (0, "e64") => 3 << 3,
            (1, "m1") => 0,
            (1, "m2") => 1,
            (1, "m4") => 2,
            (1, "m8") => 3,
            (1, "mf2") => 7,
            (1, "mf4") => 6,
            (1, "mf8") => 5,
            (2, "ta") => 1 << 6,
            (3, "ma") => 1 << 7,
            (2, "tu") | (3, "mu") => 0,
            _ => return error(format!("no vtype `{text}`")),
        };
    }
    Ok(bits)
}

fn fence_set(text: &str) -> Result<u32, AsmError> {
    text.chars().try_fold(0, |set, c| match "iorw".find(c) {
        Some(place) => Ok(set | 8 >> place),
        None => error(format!("no fence set `{text}`")),
    })
}

/// Pseudo-instructions of one word: mnemonic, number of operands before an optional mask, and what they stand for.
const ALIASES: &[(&str, usize, &str)] = &[
    ("nop", 0, "addi zero,zero,0"),
    ("li", 2, "addi $0,zero,$1"),
    ("mv", 2, "addi $0,$1,0"),
    ("not", 2, "xori $0,$1,-1"),
    ("neg", 2, "sub $0,zero,$1"),
    ("seqz", 2, "sltiu $0,$1,1"),
    ("snez", 2, "sltu $0,zero,$1"),
    ("beqz", 2, "beq $0,zero,$1"),
    ("bnez", 2, "bne $0,zero,$1"),
    ("bltz", 2, "blt $0,zero,$1"),
    ("bgez", 2, "bge $0,zero,$1"),
    ("blez", 2, "bge zero,$0,$1"),
    ("bgtz", 2, "blt zero,$0,$1"),
    ("bgt", 3, "blt $1,$0,$2"),
    ("ble", 3, "bge $1,$0,$2"),
    ("bgtu", 3, "bltu $1,$0,$2"),
    ("bleu", 3, "bgeu $1,$0,$2"),
    ("j", 1, "jal zero,$0"),
    ("jr", 1, "jalr zero,0($0)"),
    ("ret", 0, "jalr zero,0(ra)"),
    ("csrr", 2, "csrrs $0,$1,zero"),
    ("csrw", 2, "csrrw zero,$0,$1"),
    ("vmsgt.vv", 3, "vmslt.vv $0,$2,$1"),
    ("vmsgtu.vv", 3, "vmsltu.vv $0,$2,$1"),
    ("vmsge.vv", 3, "vmsle.vv $0,$2,$1"),
    ("vmsgeu.vv", 3, "vmsleu.vv $0,$2,$1"),
    ("vmfgt.vv", 3, "vmflt.vv $0,$2,$1"),
    ("vmfge.vv", 3, "vmfle.vv $0,$2,$1"),
    ("vneg.v", 2, "vrsub.vx $0,$1,zero"),
    ("vnot.v", 2, "vxor.vi $0,$1,-1"),
    ("vfneg.v", 2, "vfsgnjn.vv $0,$1,$1"),
    ("vfabs.v", 2, "vfsgnjx.vv $0,$1,$1"),
    ("vmmv.m", 2, "vmand.mm $0,$1,$1"),
    ("vmnot.m", 2, "vmnand.mm $0,$1,$1"),
    ("vmclr.m", 1, "vmxor.mm $0,$0,$0"),
    ("vmset.m", 1, "vmxnor.mm $0,$0,$0"),
    ("vwcvt.x.x.v", 2, "vwadd.vx $0,$1,zero"),
    ("vwcvtu.x.x.v", 2, "vwaddu.vx $0,$1,zero"),
    ("vncvt.x.x.w", 2, "vnsrl.wx $0,$1,zero"),
];

/// Whose `mnemonic` is, in whatever profile: what provides the instruction, or what it stands for if it is a
/// pseudo-instruction. `None`: it is free.
pub fn owner(mnemonic: &str) -> Option<String> {
    if let Some((.., meaning)) = ALIASES.iter().find(|(name, ..)| *name == mnemonic) {
        return Some(format!("a pseudo-instruction for {}", meaning.split(' ').next()?));
    }
    let families = || standard().into_iter().chain(FAMILIES.iter().map(|family| family.rows));
    let named = |name: &str| families().flatten().find(|row| row.name == name);
    let (name, _) = suffix(mnemonic, |name| named(name).is_some());
    named(&name).map(|row| format!("an instruction of {}", row.provider()))
}

/// The instruction that a pseudo-instruction stands for.
fn alias(mnemonic: &str, operands: &str) -> Option<(String, String)> {
    let (_, count, meaning) = ALIASES.iter().find(|(name, ..)| *name == mnemonic)?;
    let parts: Vec<&str> = operands.split(',').filter(|part| !part.is_empty()).collect();
    if parts.len() < *count {
        return None;
    }
    let (name, template) = meaning.split_once(' ')?;
    let mut text = template.to_string();
    for (index, part) in parts[..*count].iter().enumerate() {
        text = text.replace(&format!("${index}"), part);
    }
    for part in &parts[*count..] {
        text = text + "," + part;
    }
    Some((name.to_string(), text))
}
