//! From a file's text to an [`Extension`].

use std::sync::OnceLock;

use rvtile_isa::asm;
use rvtile_isa::class::Class;
use rvtile_isa::decode::Decoder;
use rvtile_isa::encoding::{Encoding, Field};
use rvtile_isa::ext::Ext;
use rvtile_isa::operand::{Operand, Operands};
use rvtile_isa::row::{Exec, Mem, Props, Row};
use toml::de::DeTable;

use super::body::{Body, Overlap, Slot, Texts, What};
use super::meaning::{self, Meaning};
use super::read::Table;
use super::state::{self, Csr, Registers};
use super::timing::{self, Formulas, OwnUnit, Timing};
use super::{Extension, ExtensionError, Extensions, Instruction};
use crate::machine::MachineError;
use crate::machine::file::File;

/// Most instructions of a file.
const MOST: usize = 64;

/// Keys of a file.
const FILE: &[&str] = &["name", "about", "source", "formulas", "registers", "csrs", "units", "instruction"];

/// Keys of an instruction.
const INSTRUCTION: &[&str] = &[
    "name",
    "about",
    "encoding",
    "operands",
    "registers",
    "type",
    "types",
    "sew",
    "matmul",
    "dot",
    "map",
    "reduce",
    "script",
    "load",
    "store",
    "saturate",
    "rounding",
    "timing",
];

/// Operands that an instruction may have, with their fields.
pub(super) const OPERANDS: &[(Operand, &[Field])] = &[
    (Operand::Rd, &[Field::Rd]),
    (Operand::Fd, &[Field::Rd]),
    (Operand::Rs1, &[Field::Rs1]),
    (Operand::Fs1, &[Field::Rs1]),
    (Operand::Rs2, &[Field::Rs2]),
    (Operand::Fs2, &[Field::Rs2]),
    (Operand::Vd, &[Field::Vd]),
    (Operand::Vs1, &[Field::Vs1]),
    (Operand::Vs2, &[Field::Vs2]),
    (Operand::Vs3, &[Field::Vs3]),
    (Operand::Vm, &[Field::Vm]),
    (Operand::Imm, &[Field::Simm5]),
    (Operand::VcOp, &[Field::VcOp, Field::VcOpF]),
    (Operand::PayloadD, &[Field::PayloadD]),
    (Operand::Payload2, &[Field::Payload2]),
    (Operand::Td, &[Field::Td]),
    (Operand::Ts1, &[Field::Ts1]),
    (Operand::Ts2, &[Field::Ts2]),
    (Operand::Ts3, &[Field::Ts3]),
];

/// What instructions of a file share.
pub(super) struct Shared<'a> {
    pub registers: &'a [Registers],
    pub csrs: &'a [Csr],
    pub formulas: &'a Formulas,
}

/// Reads a file. `earlier`: the extensions that are loaded already.
pub(super) fn parse(name: &str, text: &str, earlier: &Extensions) -> Result<Extension, ExtensionError> {
    let file = File::new(name.to_string(), text);
    let parsed = DeTable::parse(text).map_err(|error| {
        let (line, column) = file.position(error.span().map_or(0, |span| span.start));
        let what = format!("not TOML: {}", error.message().replace('\n', ", "));
        MachineError { column, ..MachineError::new(name, line, "", what) }
    })?;
    let root = Table::root(&file, parsed.get_ref());
    root.only(FILE)?;
    let title = root.required("name", "my-ext")?;
    if title.is_empty() || title.len() > 32 || !title.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        return Err(root.wrong("name", "a name is up to 32 letters, digits, '-', '_' and '.'"));
    }
    if earlier.list.iter().any(|other| other.name == title) {
        return Err(root.wrong("name", format!("an extension {title} is loaded already")));
    }
    let source = root.text("source")?.unwrap_or_else(|| "assumed: extension file".to_string());
    let formulas = Formulas::read(&root)?;
    let registers = state::registers(&root, earlier)?;
    let csrs = state::csrs(&root, earlier)?;
    let units = timing::units(&root)?;
    let tables = root.tables("instruction")?;
    if tables.is_empty() || tables.len() > MOST {
        return Err(root.wrong(
            "instruction",
            format!("an extension has 1 to {MOST} [[instruction]] tables, found {}", tables.len()),
        ));
    }
    let shared = Shared { registers: &registers, csrs: &csrs, formulas: &formulas };
    let mut read = Vec::new();
    for table in &tables {
        let one = instruction(table, &shared, &title, &source, &units)?;
        if read.iter().any(|(other, _): &(One, _)| other.name == one.name)
            || earlier.list.iter().flat_map(|extension| extension.rows).any(|row| row.name == one.name)
        {
            return Err(table.wrong("name", format!("there is an instruction {} already", one.name)));
        }
        read.push((one, table));
    }
    let mut rows = Vec::new();
    let mut parts = Vec::new();
    // From here on all is known to be right but for clashes; rows live as long as the program.
    for (one, table) in read {
        let body: &'static Body = Box::leak(Box::new(one.body));
        let kept = |text: &str| table.kept(text);
        let row =
            Row::new(kept(&one.name), kept(&one.syntax), kept(&one.encoding), one.ext, one.class, Exec::Defined(body));
        rows.push(row.with(one.props).mem(one.mem));
        parts.push((body, one.about, one.timing));
    }
    let rows: &'static [Row] = Box::leak(rows.into_boxed_slice());
    let mut families = earlier.rows();
    families.push(rows);
    Decoder::new(&families).map_err(|clash| {
        let at = rows.iter().position(|row| std::ptr::eq(row, clash.second)).and_then(|index| tables.get(index));
        at.unwrap_or(&root).wrong("encoding", clash.to_string())
    })?;
    let instructions = rows.iter().zip(parts);
    let instructions =
        instructions.map(|(row, (body, about, timing))| Instruction { row, body, about, timing }).collect();
    let about = root.text("about")?.unwrap_or_default();
    Ok(Extension { name: title, about, file: name.to_string(), rows, registers, csrs, instructions, units })
}

/// What an instruction's table says, before it is a row.
struct One {
    name: String,
    about: String,
    syntax: String,
    encoding: String,
    ext: Ext,
    class: Class,
    props: Props,
    mem: Mem,
    body: Body,
    timing: Timing,
}

fn instruction(
    table: &Table,
    shared: &Shared,
    title: &str,
    source: &str,
    units: &[OwnUnit],
) -> Result<One, ExtensionError> {
    table.only(INSTRUCTION)?;
    let name = table.required("name", "my.mac")?;
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._".contains(c);
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(letters) || name.len() > 32 {
        return Err(table.wrong("name", "a mnemonic is up to 32 small letters, digits, '.' and '_'"));
    }
    // Text would not tell the two apart, and the macro for the GNU assembler would take the other's place.
    let helper = name.starts_with("rvtile.").then(|| "one of the names of rvtile's own macros".to_string());
    if let Some(owner) = helper.or_else(|| asm::owner(&name)) {
        let what = format!("{name} is {owner} already: give this one another name, such as my.{name}");
        return Err(table.wrong("name", what));
    }
    let (line, encoding) = encoding(table)?;
    let syntax = table.text("operands")?.unwrap_or_default();
    let operands = operands(table, &syntax, encoding)?;
    let meaning = meaning::read(table, shared, operands)?;
    let Meaning { slots, dest, what, memory, sew, rounds, rounding, overlap, class, props } = meaning;
    let vector = slots.iter().any(|slot| slot.bank.is_none()) || matches!(what, What::Matmul { .. } | What::Dot { .. });
    let floats = class_is_float(class);
    let ext = match (class == Class::Alu, floats) {
        (true, _) => Ext::I,
        (false, false) => Ext::ZVE32X,
        (false, true) => Ext::ZVE32F,
    };
    let mem = if memory.is_some() { Mem::Rows } else { Mem::None };
    let matmul = match &what {
        What::Matmul { what, .. } => Some(what),
        What::Dot { what, .. } => Some(&what.each),
        _ => None,
    };
    let accumulates = matmul.is_some() && operands.has(Operand::Td);
    let timing = Timing::read(table, &name, source, shared.formulas, units, matmul, accumulates)?;
    if class == Class::Alu {
        timing::only_scalar(table)?;
    }
    let texts = texts(table, &name, sew, &slots, &what);
    let body = Body {
        provider: format!("extension {title}"),
        file: table.file().to_string(),
        slots,
        dest,
        what,
        memory,
        sew,
        vector,
        rounds,
        rounding,
        overlap,
        texts,
        failure: OnceLock::new(),
    };
    let vstart = if class == Class::Alu { Props::empty() } else { Props::NO_VSTART };
    let about = table.text("about")?.unwrap_or_default();
    Ok(One { name, about, syntax, encoding: line, ext, class, props: props | vstart, mem, body, timing })
}

fn class_is_float(class: Class) -> bool {
    matches!(class, Class::VMatrixFp | Class::VFp | Class::VFpReduce)
}

fn encoding(table: &Table) -> Result<(String, Encoding), ExtensionError> {
    let line = table.required("encoding", "vs2 vs1 vd 31..26=1 25..25=1 14..12=0 6..0=0x0b")?;
    let encoding = Encoding::parse(&line).map_err(|error| {
        let word = line.get(error.at..).unwrap_or("").split(' ').next().unwrap_or("");
        table.wrong("encoding", format!("column {} (`{word}`): {}", error.at + 1, error.what))
    })?;
    if encoding.is_compressed() {
        return Err(table.wrong("encoding", "an extension's instructions have 32 bits, not 16"));
    }
    Ok((line, encoding))
}

fn operands(table: &Table, syntax: &str, encoding: Encoding) -> Result<Operands, ExtensionError> {
    let wrong = |what: String| table.wrong("operands", what);
    if syntax.len() > 100 || !syntax.chars().all(|c| c.is_ascii_alphanumeric() || ", ()".contains(c)) {
        return Err(wrong(
            "operands are words with commas and parentheses, up to 100 characters, such as \"vd, vs1, vs2\""
                .to_string(),
        ));
    }
    let known: Vec<&str> = OPERANDS.iter().map(|(operand, _)| operand.word()).collect();
    let parsed =
        Operands::parse(syntax).map_err(|what| wrong(format!("{what}; the words are {}", known.join(", "))))?;
    let mut covered = Vec::new();
    for operand in parsed.iter() {
        let Some((_, fields)) = OPERANDS.iter().find(|(known, _)| *known == operand) else {
            return Err(wrong(format!(
                "{} cannot be an operand here; the words are {}",
                operand.word(),
                known.join(", ")
            )));
        };
        let Some(field) = fields.iter().find(|field| encoding.has(**field)) else {
            return Err(wrong(format!(
                "{} has no field in the encoding: add {} there",
                operand.word(),
                fields[0].name()
            )));
        };
        if covered.contains(field) {
            return Err(wrong(format!("{} is named twice, or shares its field with another operand", operand.word())));
        }
        covered.push(*field);
    }
    match Field::ALL.iter().find(|field| encoding.has(**field) && !covered.contains(field)) {
        Some(field) => {
            Err(wrong(format!("the field {} of the encoding is no operand: name it, or fix its bits", field.name())))
        }
        None => Ok(parsed),
    }
}

/// The words of the rules that an instruction may break.
fn texts(table: &Table, name: &str, sew: Option<u32>, slots: &[Slot], what: &What) -> Texts {
    let per = match what {
        What::Matmul { what, .. } => what.k * what.n * what.b.bits() as usize / sew.unwrap_or(8) as usize,
        _ => 1,
    };
    let banks: Vec<String> = slots
        .iter()
        .filter_map(|slot| slot.bank)
        .map(|bank| format!("{}0 to {}{}", bank.name, bank.name, bank.count - 1))
        .collect();
    Texts {
        sew: table.kept(&format!("{name} needs SEW {}", sew.unwrap_or(0))),
        multiple: table.kept(&format!("vl is not a multiple of {per}, the elements of a block of B")),
        register: table.kept(&format!("there is no such register: there are {}", banks.join(", "))),
        capacity: table.kept(&format!("{name} works on more than its registers hold")),
    }
}

/// Whether destination and sources may share registers, by what is computed.
pub(super) fn overlap(what: &What) -> Overlap {
    match what {
        What::Matmul { .. } | What::Dot { .. } => Overlap::Never,
        What::Map { .. } => Overlap::InStep,
        _ => Overlap::Free,
    }
}
