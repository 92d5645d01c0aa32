//! Checks of an extension: clashes with the instructions of every profile, free cells of the opcode map, a trial of every instruction.

use std::fmt::Write;

use rvtile_isa::decode::Decoder;
use rvtile_isa::ext::Ext;
use rvtile_isa::hart::{Config, Hart};
use rvtile_isa::inst::Inst;
use rvtile_isa::memory::{Memory, Perm};
use rvtile_isa::op::Op;
use rvtile_isa::operand::Operand;
use rvtile_isa::profile::PROFILES;
use rvtile_isa::row::Row;
use rvtile_isa::vector::vtype::Vtype;

use super::{Extension, Extensions, Instruction};
use crate::engine::RunOptions;

/// How two encodings meet.
fn meets(a: &Row, b: &Row) -> bool {
    let wide = |row: &Row| !row.encoding.is_compressed();
    let common = a.encoding.mask & b.encoding.mask;
    wide(a) && wide(b) && (a.encoding.bits ^ b.encoding.bits) & common == 0
}

/// Whether `row` may take words from `other`: it fixes all bits that the other does, and the other is a form of the coprocessor interface.
fn may_take(row: &Row, other: &Row) -> bool {
    other.ext == Ext::XSFVCP && row.encoding.mask & other.encoding.mask == other.encoding.mask
}

/// The first of `rows` that claims words of `row`, in words.
pub(super) fn clash(row: &'static Row, rows: &[&'static Row]) -> Option<String> {
    let other = rows.iter().find(|other| meets(row, other) && !may_take(row, other))?;
    let word = row.encoding.bits | other.encoding.bits;
    Some(format!(
        "`{}` ({}) and `{}` ({}) share encodings, for example 0x{word:08x}: give one of them other bits",
        row.name,
        row.provider(),
        other.name,
        other.provider()
    ))
}

/// What a check found.
pub struct Checked {
    /// In words.
    pub text: String,
    /// Instructions that clash, or fail their trial.
    pub faults: usize,
}

/// Checks all extensions of a set.
pub fn check(extensions: &Extensions) -> Checked {
    let (mut text, mut faults) = (String::new(), 0);
    let profiles: Vec<_> = PROFILES.iter().map(|profile| (profile, Decoder::for_profile(profile))).collect();
    for extension in &extensions.list {
        let _ = writeln!(text, "{} ({})", extension.name, extension.file);
        for instruction in &extension.instructions {
            let row = instruction.row;
            let mut notes = Vec::new();
            for (profile, decoder) in &profiles {
                if let Some(why) = clash(row, decoder.rows()) {
                    notes.push(format!("clash in profile {}: {why}", profile.name));
                    // The standard instructions are in every profile.
                    if profile.name == PROFILES[0].name {
                        break;
                    }
                } else if let Some(other) = decoder.rows().iter().find(|other| meets(row, other)) {
                    notes.push(format!("in profile {} it takes words of `{}`, as it may", profile.name, other.name));
                }
            }
            if let Err(why) = trial(extensions, instruction) {
                notes.push(format!("trial: {why}"));
            }
            faults += notes.iter().filter(|note| !note.ends_with("as it may")).count();
            let verdict = if notes.is_empty() { "no clash in any profile".to_string() } else { notes.join("\n    ") };
            let _ = writeln!(text, "  {} {}\n    {verdict}", row.name, row.syntax);
        }
    }
    Checked { text, faults }
}

/// Executes an instruction under each SEW, at VLEN 512 and VLMAX, on registers of zeros at first.
fn trial(extensions: &Extensions, instruction: &Instruction) -> Result<(), String> {
    let row = instruction.row;
    const BASE: u64 = 0x1000;
    let memory = |error: std::io::Error| format!("no memory: {error}");
    let mut mem = Memory::new(1 << 20).map_err(memory)?;
    mem.protect(0, 1 << 20, Perm::all()).map_err(|_| "no memory".to_string())?;
    let RunOptions { isa, level, .. } = RunOptions::default();
    let mut hart = Hart::new(Config { vlen: 512, isa, agnostic_ones: false, level }, mem);
    hart.matrix.own = extensions.state(512);
    hart.csr.mstatus |= 3 << 9 | 3 << 13;
    // Registers that are apart from each other: the greatest groups have eight.
    let mut word = row.encoding.bits;
    for operand in row.operands.iter() {
        let own = matches!(operand, Operand::Td | Operand::Ts1 | Operand::Ts2 | Operand::Ts3);
        word |= match operand {
            Operand::Vd | Operand::Vs3 | Operand::Rd | Operand::Fd => 8 << 7,
            Operand::Vs1 | Operand::Rs1 | Operand::Fs1 => 16 << 15,
            Operand::Vs2 | Operand::Rs2 | Operand::Fs2 => 24 << 20,
            Operand::Ts1 => 0,
            Operand::Ts2 => {
                row.definition().and_then(|d| d.bank(operand)).map_or(0, |bank| (bank.count > 1).into()) << 20
            }
            Operand::Vm => 1 << 25,
            _ if own => 0,
            _ => 0,
        };
    }
    (hart.x[16], hart.x[24]) = (BASE, 64);
    for sew in 0..4u64 {
        hart.vtype = Vtype::requested(sew << 3, 512, isa);
        hart.vl = hart.vtype.vlmax(512);
        // Rules of size are broken by the trial's choice, not by the instruction; a script that fails is wrong under any SEW.
        let Ok(op) = Op::new(&Inst::new(row, word), 0, 0, &hart.ctx()) else { continue };
        // SAFETY: the operation was made for this host.
        unsafe { (op.exec)(&mut hart, &op) };
        if let Some(why) = instruction.body.failure.get() {
            return Err(format!("{why} (SEW {})", 8 << sew));
        }
    }
    Ok(())
}

/// A cell of the opcode map: an opcode for custom instructions, funct3 and funct6.
struct Cell {
    opcode: u32,
    funct3: u32,
    funct6: u32,
}

/// The free cells of the four custom opcodes, by profile and with the extensions.
pub fn free(extensions: &Extensions, profile: &rvtile_isa::profile::Profile) -> String {
    let decoder = Decoder::for_profile(profile);
    let own = extensions.rows();
    let rows: Vec<&Row> = decoder.rows().iter().copied().chain(own.into_iter().flatten()).collect();
    let mut text = format!("Free cells in profile {} (funct6 31..26 by funct3 14..12)\n", profile.name);
    for (name, opcode) in [("custom-0", 0x0b), ("custom-1", 0x2b), ("custom-2", 0x5b), ("custom-3", 0x7b)] {
        let _ = writeln!(text, "  {name} (6..0=0x{opcode:02x})");
        let of_opcode: Vec<&&Row> =
            rows.iter().filter(|row| row.encoding.mask & 0x7f == 0x7f && row.encoding.bits & 0x7f == opcode).collect();
        for funct3 in 0..8 {
            let taken = |funct6: u32| of_opcode.iter().any(|row| Cell { opcode, funct3, funct6 }.holds(row));
            let free: Vec<u32> = (0..64).filter(|&funct6| !taken(funct6)).collect();
            let _ = writeln!(text, "    14..12={funct3}  {}", ranges(&free));
        }
    }
    text
}

impl Cell {
    /// Whether an instruction has words in the cell.
    fn holds(&self, row: &Row) -> bool {
        let mask = 0xfc00_707f;
        let bits = self.opcode | self.funct3 << 12 | self.funct6 << 26;
        (row.encoding.bits ^ bits) & row.encoding.mask & mask == 0
    }
}

/// Numbers as ranges.
fn ranges(numbers: &[u32]) -> String {
    let mut parts: Vec<(u32, u32)> = Vec::new();
    for &number in numbers {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => parts.push((number, number)),
        }
    }
    let parts: Vec<String> = parts
        .into_iter()
        .map(
            |(first, last)| {
                if first == last { format!("0x{first:02x}") } else { format!("0x{first:02x}-0x{last:02x}") }
            },
        )
        .collect();
    if parts.is_empty() { "none".to_string() } else { parts.join(" ") }
}

/// The extension of the box, if any, that has an instruction of this word.
pub fn in_the_box(word: u32) -> Option<(Extension, &'static Row)> {
    super::builtin_names().find_map(|name| {
        let mut all = Extensions::load(&[name.to_string()]).ok()?;
        let row = all.rows().into_iter().flatten().find(|row| row.encoding.matches(word))?;
        Some((all.list.remove(0), row))
    })
}
