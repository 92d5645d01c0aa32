//! A page about an extension: encodings, operands, meaning in words, timing with a worked peak.

use std::fmt::Write;

use rvtile_isa::define::{Accumulate, Layout, Matmul};
use rvtile_isa::encoding::Field;
use rvtile_isa::operand::Operand;
use rvtile_isa::row::Row;

use super::body::{Body, Fold, Slot, What, size_shape};
use super::{Extension, Extensions, Instruction};
use crate::machine::{ClassTiming, Inputs, Machine, Shape, Unit};

/// The page about one extension of a set on a machine with its timing.
pub fn page(extensions: &Extensions, extension: &Extension, machine: &Machine) -> String {
    let vlen = machine.vector.vlen;
    let mut text = format!(
        "{}: {}\n{}; on {}: VLEN {vlen}, DLEN {}\n",
        extension.name, extension.about, extension.file, machine.name, machine.vector.dlen
    );
    for registers in &extension.registers {
        let (name, count, bytes) = (registers.bank.name, registers.bank.count, registers.bytes(vlen));
        let _ = writeln!(
            text,
            "\nRegisters {name}0 to {name}{}: {bytes} bytes each, {} in all",
            count - 1,
            bytes * count as usize
        );
    }
    for csr in &extension.csrs {
        let _ = writeln!(text, "\nCSR 0x{:03x}, {}: {} after reset", csr.number, csr.name, csr.value);
    }
    for unit in &extension.units {
        let _ = writeln!(text, "\nUnit {}: beside the vector unit, a queue of {}", unit.name, unit.queue);
    }
    for instruction in &extension.instructions {
        text.push('\n');
        text += &one(instruction, machine);
    }
    let others = extensions.list.len() - 1;
    if others > 0 {
        let _ = writeln!(text, "\n{others} more extensions are loaded beside it.");
    }
    text
}

fn one(instruction: &Instruction, machine: &Machine) -> String {
    let Instruction { row, body, about, .. } = instruction;
    let mut text = format!("{} {}\n", row.name, row.syntax);
    if !about.is_empty() {
        let _ = writeln!(text, "  {about}");
    }
    text.push('\n');
    text += &diagram(row);
    text.push('\n');
    for line in meaning(body) {
        let _ = writeln!(text, "  {line}");
    }
    text.push('\n');
    text += &timing(instruction, machine);
    text
}

/// The encoding: fields from bit 31 down, with their bits and values.
fn diagram(row: &Row) -> String {
    let mut fields: Vec<(u32, u32, String)> = Field::ALL
        .iter()
        .filter(|field| row.encoding.has(**field))
        .map(|field| {
            let mask = field.mask();
            (31 - mask.leading_zeros(), mask.trailing_zeros(), field.name().to_string())
        })
        .collect();
    // Fixed bits between fields, cut where the usual parts of an instruction begin.
    let mut high = 32;
    while high > 0 {
        let top = high - 1;
        if row.encoding.mask >> top & 1 == 0 {
            high -= 1;
            continue;
        }
        let mut low = top;
        while low > 0 && row.encoding.mask >> (low - 1) & 1 == 1 && ![26, 25, 20, 15, 12, 7].contains(&low) {
            low -= 1;
        }
        let width = high - low;
        let value = (u64::from(row.encoding.bits) >> low) & ((1 << width) - 1);
        fields.push((top, low, format!("{value:0width$b}", width = width as usize)));
        high = low;
    }
    fields.sort_by_key(|&(high, ..)| std::cmp::Reverse(high));
    let (mut bits, mut names) = (String::from("  "), String::from("  "));
    for (high, low, name) in fields {
        let range = if high == low { high.to_string() } else { format!("{high}:{low}") };
        let width = range.len().max(name.len());
        let _ = write!(bits, "|{range:^width$}");
        let _ = write!(names, "|{name:^width$}");
    }
    format!("{bits}|\n{names}|\n")
}

fn slot(slot: &Slot) -> String {
    slot.operand.word().to_string()
}

/// What it computes.
fn meaning(body: &Body) -> Vec<String> {
    let mut lines = match &body.what {
        What::Matmul { what, .. } => product(what, body),
        What::Dot { what, .. } => {
            let Matmul { k, a, b, c, saturate, .. } = what.each;
            let left = if what.scalar { "rs1 byte for byte".to_string() } else { slot(&body.slots[0]) };
            let end = if saturate { ", clamped" } else { "" };
            vec![format!(
                "each {} element of vd += the sum of {k} products of {} ({left}) and {} (vs2) elements{end}",
                c.name(),
                a.name(),
                b.name()
            )]
        }
        What::Map { expression, reals, saturate } => {
            let to = body.dest.map_or("memory".to_string(), |dest| slot(&body.slots[dest]));
            let how = match (*reals, *saturate) {
                (true, _) => "in binary64, rounded once",
                (false, true) => "in 64-bit integers, clamped",
                (false, false) => "in 64-bit integers, low bits kept",
            };
            vec![format!("each element of {to} = {} ({how})", expression.text)]
        }
        What::Reduce { expression, fold, start, .. } => {
            let fold = match fold {
                Fold::Sum => "the sum",
                Fold::Min => "the least",
                Fold::Max => "the greatest",
            };
            let start = if start.is_some() { " and vs1[0]" } else { "" };
            vec![format!("vd[0] = {fold} of {}{start} over all active elements", expression.text)]
        }
        What::Script(scripted) => std::iter::once("a script:".to_string())
            .chain(scripted.script.text.trim().lines().map(|line| format!("  {line}")))
            .collect(),
        What::Copy => Vec::new(),
    };
    if let Some(memory) = &body.memory {
        let bytes = memory
            .bytes
            .as_ref()
            .map_or("as many bytes as the elements have".to_string(), |bytes| format!("{bytes} bytes"));
        let rows = match (memory.rows, memory.strided) {
            (1, _) => format!("{bytes} at rs1"),
            (rows, true) => format!("{rows} rows of {bytes} from rs1 on, rs2 bytes apart"),
            (rows, false) => format!("{rows} rows of {bytes} from rs1 on"),
        };
        lines.insert(0, format!("{} {rows}", if memory.load { "loads" } else { "stores" }));
    }
    let types: Vec<String> =
        body.slots.iter().map(|slot| format!("{} {}", slot.operand.word(), slot.of.name())).collect();
    if !matches!(body.what, What::Matmul { .. } | What::Dot { .. } | What::Copy) && !types.is_empty() {
        lines.push(format!("types: {}", types.join(", ")));
    }
    lines.push(match body.sew {
        Some(sew) => format!("SEW must be {sew}; vstart 0"),
        None if body.vector => "any SEW that its types allow; vstart 0".to_string(),
        None => "vtype and vl do not matter".to_string(),
    });
    lines
}

fn product(what: &Matmul, body: &Body) -> Vec<String> {
    let Matmul { m, k, n, a, b, c, layouts, saturate, accumulate } = *what;
    let lay = |layout| if layout == Layout::Rows { "row by row" } else { "column by column" };
    let [left, right, to] = [0, 1, 2].map(|place| body.slots.get(place).map_or(String::new(), slot));
    let how = match (c.is_float(), accumulate, saturate) {
        (true, Accumulate::Fused, _) => "k ascending, each a fused multiply-add that rounds to the type of C",
        (true, Accumulate::Once, _) => "k ascending in binary64, then added to C and rounded once",
        (false, _, true) => "the exact sum is clamped to the type of C",
        (false, ..) => "modulo 2^bits of C",
    };
    let bits = k * n * b.bits() as usize;
    vec![
        format!("C[i][j] += sum over k of A[i][k] * B[k][j]; {how}"),
        format!("A: {m} x {k} {}, {}, one block in {left}", a.name(), lay(layouts[0])),
        format!(
            "B: {k} x {n} {}, {}, blocks one behind the other in {right}: {} elements of vl each",
            b.name(),
            lay(layouts[1]),
            bits / b.bits().max(8) as usize
        ),
        format!("C: {m} x {n} {}, {}, as many blocks in {to}", c.name(), lay(layouts[2])),
    ]
}

/// Latency, occupancy and unit, and what they come to.
fn timing(instruction: &Instruction, machine: &Machine) -> String {
    let Instruction { row, body, timing: stated, .. } = instruction;
    let timing = machine.timing(row);
    let mut text = String::new();
    let own: Vec<String> = stated.stated().map(|(key, value, line)| format!("{key} = {value} (line {line})")).collect();
    let class = row.class.name();
    let from = if own.is_empty() {
        format!("timing of class {class}")
    } else {
        format!("{}; the rest is that of class {class}", own.join(", "))
    };
    let unit = match timing.unit {
        Unit::Coprocessor => {
            let unit = &machine.coprocessors[timing.coprocessor];
            format!("{} (beside the vector unit, queue of {})", unit.name, unit.queue)
        }
        unit => unit.name().to_string(),
    };
    let _ = writeln!(text, "  timing: {from}");
    let _ = writeln!(text, "  unit {unit}");
    if row.operands.has(Operand::Td) && stated.accumulates() {
        let _ = writeln!(text, "  additions to one register follow one another without waiting");
    }
    let _ = writeln!(
        text,
        "   vl    LMUL  occupancy  latency{}",
        if macs(body, 1.0, 1).is_some() { "   MAC  MAC/cycle" } else { "" }
    );
    for lmul_eighths in [4, 8, 16, 32, 64] {
        let Some(line) = costs(body, timing, machine, lmul_eighths) else { continue };
        text += &line;
    }
    text
}

/// Multiply-adds of an execution at a vl.
fn macs(body: &Body, vl: f64, sew: u32) -> Option<f64> {
    match &body.what {
        What::Matmul { what, .. } => {
            let per = (what.k * what.n * what.b.bits() as usize) as f64 / f64::from(sew);
            Some((vl / per).floor() * what.macs() as f64)
        }
        What::Dot { what, .. } => Some(vl * what.each.k as f64),
        _ => None,
    }
}

/// A line of the table: what an execution costs at VLMAX.
fn costs(body: &Body, timing: &ClassTiming, machine: &Machine, lmul_eighths: u32) -> Option<String> {
    let (vlen, dlen) = (machine.vector.vlen, machine.vector.dlen);
    let sew = body.sew.unwrap_or(32);
    let vl = lmul_eighths * vlen / sew / 8;
    let vtype = rvtile_isa::vector::vtype::Vtype::from_request(
        u64::from(sew.ilog2() - 3) << 3 | u64::from((lmul_eighths.ilog2() as i32 - 3) as u32 & 7),
        vlen,
    );
    // Groups of more than eight registers are illegal, and so is this LMUL.
    if vtype.ill()
        || body
            .slots
            .iter()
            .any(|slot| slot.bank.is_none() && body.registers(slot, vtype, vlen).is_none_or(|count| count > 8))
    {
        return None;
    }
    let bytes = body.memory.as_ref().and_then(|memory| {
        let shape = size_shape(vlen, sew, lmul_eighths, vl);
        memory.bytes.as_ref().map(|bytes| bytes.cycles(&Inputs::new(&shape)) * memory.rows)
    });
    let (extent, eew) = match (&body.memory, bytes) {
        (Some(_), Some(bytes)) => (bytes, 8),
        (Some(_), None) => (vl * sew / 8, 8),
        (None, _) => (vl, sew),
    };
    let inputs = Inputs::new(&Shape { vlen, dlen, sew, eew, lmul_eighths, nf: 1, vl: extent, ..Shape::default() });
    let (occupancy, latency) = (timing.occupancy.cycles(&inputs).max(1), timing.latency.cycles(&inputs));
    let lmul = f64::from(lmul_eighths) / 8.0;
    let mut line = format!("  {vl:>4}  {lmul:>5}  {occupancy:>9}  {latency:>7}");
    if let Some(macs) = macs(body, f64::from(vl), sew) {
        let _ = write!(line, "  {macs:>4}  {:>9.1}", macs / f64::from(occupancy));
    }
    line.push('\n');
    Some(line)
}
