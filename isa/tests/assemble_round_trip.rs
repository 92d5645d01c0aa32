//! Every row with random operands: its disassembly, given to the GNU assembler, must give the same word.

#[path = "support/assembler.rs"]
mod assembler;

use assembler::assemble;
use rvtile_isa::decode::Decoder;
use rvtile_isa::ext::Ext;
use rvtile_isa::inst::Inst;
use rvtile_isa::operand::Operand;
use rvtile_isa::row::Row;

/// Words tried for each row.
const TRIES: usize = 24;

/// Extensions whose mnemonics GNU as 2.40 lacks.
const UNKNOWN_TO_GNU: Ext = Ext::ZICOND
    .union(Ext::ZIMOP)
    .union(Ext::ZCMOP)
    .union(Ext::ZCB)
    .union(Ext::ZFA)
    .union(Ext::ZFBFMIN)
    .union(Ext::ZVFBFMIN)
    .union(Ext::ZVFBFWMA)
    .union(Ext::ZVKB)
    .union(Ext::ZVBB)
    .union(Ext::ZVBC)
    .union(Ext::ZVKG)
    .union(Ext::ZVKNED)
    .union(Ext::ZVKNHA)
    .union(Ext::ZVKNHB)
    .union(Ext::ZVKSED)
    .union(Ext::ZVKSH)
    .union(Ext::XSFVCP);

/// One instruction to assemble.
struct Case {
    row: &'static Row,
    raw: u32,
    len: usize,
    source: String,
}

impl Case {
    fn new(inst: &Inst) -> Case {
        let mut text = inst.text(0);
        // Branch targets: the assembler would make a far jump of an absolute address.
        if inst.fetched.operands.has(Operand::Target) {
            let start = text.rfind([' ', ',']).expect("a target is an operand") + 1;
            text = format!("{}.{:+}", &text[..start], inst.imm);
        }
        let len = inst.len as usize;
        let option = if len == 2 { "rvc" } else { "norvc" };
        Case { row: inst.fetched, raw: inst.raw, len, source: format!(".option {option}\n{text}\n") }
    }

    fn text(&self) -> &str {
        self.source.lines().nth(1).unwrap_or_default()
    }
}

/// Up to `TRIES` instructions of each row that decode as that row.
fn cases(decoder: &Decoder) -> Vec<Case> {
    let mut random = Random::new(0x5eed);
    let mut cases = Vec::new();
    for row in decoder.rows() {
        if UNKNOWN_TO_GNU.contains(row.ext) {
            continue;
        }
        let mut found = 0;
        for _ in 0..TRIES {
            let mut word = row.encoding.bits | random.word() as u32 & !row.encoding.mask;
            if row.encoding.is_compressed() {
                word &= 0xffff;
            }
            let Ok(inst) = decoder.decode(word) else { continue };
            if std::ptr::eq(inst.fetched, *row) {
                cases.push(Case::new(&inst));
                found += 1;
            }
        }
        assert!(found > 0, "no random word is a legal `{}`", row.name);
    }
    cases
}

#[test]
fn disassembly_assembles_to_the_same_word() {
    check(&cases(&Decoder::standard()));
}

#[test]
fn every_16_bit_instruction_assembles_to_itself() {
    let decoder = Decoder::standard();
    let decoded = (0..=0xffff).filter(|word| word & 3 != 3).filter_map(|word| decoder.decode(word).ok());
    let cases: Vec<Case> =
        decoded.filter(|inst| !UNKNOWN_TO_GNU.contains(inst.fetched.ext)).map(|inst| Case::new(&inst)).collect();
    assert!(cases.len() > 40_000);
    check(&cases);
}

fn check(cases: &[Case]) {
    let source: String = cases.iter().map(|case| case.source.as_str()).collect();
    let bytes = match assemble(&source) {
        Ok(bytes) => bytes,
        Err(messages) => panic!("{}", explain(&messages, cases)),
    };
    let mut at = 0;
    let mut wrong = Vec::new();
    for case in cases {
        let got = bytes.get(at..at + case.len).unwrap_or_default();
        if got != &case.raw.to_le_bytes()[..case.len] {
            wrong.push(format!("{} ({:08x}): `{}` gives {got:02x?}", case.row.name, case.raw, case.text()));
        }
        at += case.len;
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(at, bytes.len());
}

/// The assembler's errors, one for each row.
fn explain(messages: &str, cases: &[Case]) -> String {
    let mut rows: Vec<&str> = Vec::new();
    let mut text = String::new();
    for message in messages.lines() {
        let Some(line) = message.split(':').nth(1).and_then(|number| number.parse::<usize>().ok()) else { continue };
        let Some(case) = cases.get((line - 1) / 2) else { continue };
        if !rows.contains(&case.row.name) {
            rows.push(case.row.name);
            text += &format!("{:08x}: {message}\n", case.raw);
        }
    }
    text
}

#[test]
fn the_standard_table_has_no_clash() {
    if let Err(clash) = Decoder::new(&rvtile_isa::table::standard()) {
        panic!("{clash}");
    }
}

#[test]
fn random_words_decode_without_panic() {
    let decoder = Decoder::standard();
    let mut random = Random::new(0xfeed);
    let mut known = 0;
    for _ in 0..2_000_000 {
        let word = random.word() as u32;
        if let Ok(inst) = decoder.decode(word) {
            known += 1;
            assert!(!inst.text(0x8000_0000).is_empty());
        }
    }
    assert!(known > 0);
    for word in 0..=0xffff {
        if word & 3 != 3
            && let Ok(inst) = decoder.decode(word)
        {
            assert_eq!((inst.len, inst.raw), (2, word));
            assert!(!inst.text(0).is_empty());
        }
    }
}

/// A small generator of pseudo-random numbers (xorshift64*), the same in every run.
struct Random(u64);

impl Random {
    /// A generator with this seed, not zero.
    fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// The next number.
    fn word(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}
