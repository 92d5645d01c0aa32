//! Every scalar floating-point instruction against QEMU and against Spike: results, flags and assembly text.
//!
//! One program is generated for each reference: for every instruction, rounding mode and operand tuple it executes the
//! instruction and records the result and `fflags`; for every instruction it also records the word that was assembled.
//! Both references are needed: QEMU 7.2 does not know Zfa and Zfbfmin.

#[path = "fp_references/operands.rs"]
mod operands;
#[path = "fp_references/program.rs"]
mod program;
#[path = "support/spike.rs"]
mod spike;

use operands::{Kind, Rng};
use program::Reference;
use rvtile_isa::block::Block;
use rvtile_isa::decode::Decoder;
use rvtile_isa::encoding::Field;
use rvtile_isa::ext::Ext;
use rvtile_isa::float::Flags;
use rvtile_isa::float::lanes::Level;
use rvtile_isa::hart::{Config, Hart};
use rvtile_isa::inst::Inst;
use rvtile_isa::memory::{Memory, Perm};
use rvtile_isa::operand::Operand;
use rvtile_isa::row::{Mem, Row};

/// Operand tuples for each instruction and rounding mode.
const TUPLES: usize = 600;
const CODE: u64 = 0x1000;
/// Every kind of operand that an instruction reads.
const KINDS: [Kind; 5] = [Kind::Int, Kind::Float(5, 10), Kind::Float(8, 7), Kind::Float(8, 23), Kind::Float(11, 52)];
const RD: u32 = 10;
const RS1: u32 = 11;
const RS2: u32 = 12;
const RS3: u32 = 13;

/// An instruction to try, with fixed register numbers.
pub struct Case {
    row: &'static Row,
    word: u32,
    text: String,
    kind: Kind,
    /// Dynamic rounding modes to go through.
    modes: u8,
    integer_result: bool,
}

/// The computing instructions that one of `exts` provides, dynamically rounded and, if so, also with each static mode.
fn cases(exts: Ext) -> Vec<Case> {
    let mut cases = Vec::new();
    let rows = rvtile_isa::fp::families().into_iter().flatten();
    for row in rows.filter(|row| row.mem == Mem::None && row.ext.intersects(exts)) {
        let has = |field| row.encoding.has(field);
        let mut word = row.encoding.bits | RD << 7;
        for (field, bits) in [(Field::Rs1, RS1 << 15), (Field::Rs2, RS2 << 20), (Field::Rs3, RS3 << 27)] {
            word |= if has(field) { bits } else { 0 };
        }
        let words: Vec<u32> = match (has(Field::Rm), row.operands.has(Operand::Rm), has(Field::Zimm)) {
            (true, true, _) => [7, 0, 1, 2, 3, 4].iter().map(|rm| word | rm << 12).collect(),
            (_, _, true) => (0..32).map(|constant| word | constant << 15).collect(),
            _ => vec![word],
        };
        cases.extend(words.into_iter().map(|word| Case {
            row,
            word,
            text: Inst::new(row, word).text(0),
            kind: if has(Field::Zimm) { Kind::Int } else { Kind::of(row.name, row.operands.has(Operand::Rs1)) },
            modes: if has(Field::Rm) && word >> 12 & 7 == 7 { 5 } else { 1 },
            integer_result: row.operands.has(Operand::Rd),
        }));
    }
    cases
}

fn hart() -> Hart {
    let config = Config { vlen: 128, isa: Ext::everything(), agnostic_ones: false, level: Level::detect() };
    let mut mem = Memory::new(0x2000).unwrap();
    mem.protect(CODE, 0x1000, Perm::X).unwrap();
    let mut hart = Hart::new(config, mem);
    hart.csr.dirty_fs();
    hart
}

fn compare(reference: Reference, exts: Ext) {
    let mut rng = Rng::new(7);
    let tables = KINDS.map(|kind| {
        let tuples: Vec<[u64; 3]> = (0..TUPLES).map(|_| [(); 3].map(|()| kind.draw(&mut rng))).collect();
        (kind, tuples)
    });
    let cases = cases(exts);
    let dump = reference.run(&cases, &tables);
    let mut words = dump.chunks_exact(8).map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap()));
    let mut next = || words.next().unwrap_or_else(|| panic!("{reference:?}: the dump ends early"));

    let decoder = Decoder::standard();
    let mut hart = hart();
    for case in &cases {
        assert_eq!(next(), u64::from(case.word), "{reference:?}: assembled differently: {}", case.text);
        // Nothing follows the instruction: its block ends in a trap, which must not lose flags.
        hart.mem.poke(CODE, &case.word.to_le_bytes()).unwrap();
        let (_, tuples) = tables.iter().find(|(kind, _)| *kind == case.kind).unwrap();
        for mode in 0..case.modes {
            (hart.frm, hart.pc) = (mode, CODE);
            let block = Block::translate(&mut hart, &decoder);
            for tuple in tuples {
                for (reg, &operand) in (RS1 as usize..).zip(tuple) {
                    hart.x[reg] = operand;
                    hart.f[reg] = operand;
                }
                (hart.pc, hart.fflags) = (CODE, Flags::empty());
                assert_eq!(block.run(&mut hart).retired, 1, "{}", case.text);
                let result = if case.integer_result { hart.x[RD as usize] } else { hart.f[RD as usize] };
                let (ours, theirs) = ((result, u64::from(hart.fflags.bits())), (next(), next()));
                assert_eq!(ours, theirs, "{reference:?}: {} frm {mode}: {tuple:016x?} ({})", case.text, case.row.name);
            }
        }
    }
    assert!(words.next().is_none(), "{reference:?}: the dump is too long");
}

#[test]
fn qemu() {
    compare(Reference::Qemu, Ext::F | Ext::D | Ext::ZFHMIN | Ext::ZFH);
}

#[test]
fn spike() {
    compare(Reference::Spike, Ext::F | Ext::D | Ext::ZFHMIN | Ext::ZFH | Ext::ZFA | Ext::ZFBFMIN);
}
