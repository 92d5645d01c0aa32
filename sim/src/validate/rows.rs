//! Published tables of other machines: instruction throughput and kernels, several machines in one table.
//!
//! Three formats, told apart by their columns: `machine,instruction,sew,m1,m2,m4,m8` gives cycles per instruction by
//! LMUL, where an empty field was not published; `machine,kernel,impl,n,bytes_per_cycle,cycles` gives the cycles of a
//! call of a kernel with n elements; `machine,function,scalar_fp64_per_cycle,rvv_fp64_per_cycle` gives the speed of
//! mathematical functions.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use rvtile_isa::decode::Decoder;
use rvtile_isa::operand::Operand;
use serde::Deserialize;

use super::instructions::{self, Shape};
use super::kernels::{self, Input, Kernel};
use super::program::{BEGIN, DATA, END, Program};
use super::{Error, Group, Row, Table, functions};
use crate::machine::Machine;

/// The machine files of the machines that the tables name otherwise.
const MACHINES: [(&str, &str); 2] = [("x280", "x280-blackhole"), ("saturn", "saturn-256")];

/// The largest n that is run, by the kind of its kernel: beyond, only main memory is measured.
pub const LARGEST: u64 = 70_000;
const LARGEST_IMAGE: u64 = 5_300;

/// What a call costs in a machine's figures beyond the kernel, by what is left of memcpy and memset as n becomes 0. On
/// the X280 the two reads of the cycle counter trap. Kernels that read text lose more, for a reason that is not known.
const CALL_CYCLES: [(&str, u64, u64); 4] =
    [("x280", 4_580, 4_580), ("saturn", 75, 110), ("ax45mpv", 6, 6), ("x60", 20, 215)];

/// The tables that come with rvtile.
pub fn tables() -> Vec<Table<'static>> {
    vec![
        Table { name: "rvv_instructions.csv", text: include_str!("../../../tests/data/rvv_instructions.csv") },
        Table { name: "rvv_kernels.csv", text: include_str!("../../../tests/data/rvv_kernels.csv") },
        Table { name: "rvv_functions.csv", text: include_str!("../../../tests/data/rvv_functions.csv") },
    ]
}

#[derive(Deserialize)]
struct Instruction {
    machine: String,
    instruction: String,
    sew: String,
    m1: Option<f64>,
    m2: Option<f64>,
    m4: Option<f64>,
    m8: Option<f64>,
}

#[derive(Deserialize)]
struct Call {
    machine: String,
    kernel: String,
    #[serde(rename = "impl")]
    variant: String,
    n: u64,
    cycles: f64,
}

/// Runs what a table measured and pairs the figures, a group for each machine. All rows run on `machine` when one is
/// given, else each on that of its first column with `overrides`.
///
/// # Errors
/// The first line that cannot be compared.
pub fn compare(table: &Table<'_>, machine: Option<&Arc<Machine>>, overrides: &[Override]) -> Result<Vec<Group>, Error> {
    let header = table.text.lines().next().unwrap_or_default();
    let has = |column: &str| header.split(',').any(|name| name.trim() == column);
    if has("instruction") {
        compare_instructions(table, machine, overrides)
    } else if has("kernel") {
        compare_kernels(table, machine, overrides)
    } else if has("function") {
        functions::compare(table, machine, overrides)
    } else {
        Err(table.wrong(1, "no column `instruction`, `kernel` or `function`"))
    }
}

/// A key of machine files and the value that takes the place of theirs.
pub type Override = (String, String);

/// Lines of a table with their numbers.
pub(super) type Lines<T> = Vec<(u64, T)>;

/// A machine with the lines that are of it.
pub(super) type Part<T> = (Arc<Machine>, Lines<T>);

/// The lines of a table by machine, in the order in which the machines appear.
pub(super) fn by_machine<T>(
    lines: Lines<T>,
    name: impl Fn(&T) -> &str,
    table: &Table<'_>,
    given: Option<&Arc<Machine>>,
    overrides: &[Override],
) -> Result<Vec<Part<T>>, Error> {
    let mut names: Vec<String> = Vec::new();
    let mut machines: Vec<Part<T>> = Vec::new();
    for (line, value) in lines {
        let called = name(&value);
        if let Some(index) = names.iter().position(|known| known == called) {
            machines[index].1.push((line, value));
            continue;
        }
        let file = MACHINES.iter().find(|(known, _)| *known == called).map_or(called, |(_, file)| file);
        let machine = match given {
            Some(machine) => Arc::clone(machine),
            None => Arc::new(Machine::load(file, overrides).map_err(|error| table.wrong(line, error))?),
        };
        names.push(called.to_string());
        machines.push((machine, vec![(line, value)]));
    }
    Ok(machines)
}

fn compare_instructions(
    table: &Table<'_>,
    given: Option<&Arc<Machine>>,
    overrides: &[Override],
) -> Result<Vec<Group>, Error> {
    let decoder = Decoder::standard();
    let lines: Lines<Instruction> = table.read()?;
    let mut groups = Vec::new();
    for (machine, lines) in by_machine(lines, |line| &line.machine, table, given, overrides)? {
        let rows = lines
            .par_iter()
            .map(|(number, line)| instruction_rows(line, &decoder, &machine).map_err(|what| table.wrong(*number, what)))
            .collect::<Result<Vec<Vec<Row>>, Error>>()?
            .concat();
        groups.push(Group {
            name: format!("instructions-{}", machine.name),
            about: "Throughput of single instructions at VLMAX, looped and unrolled, by LMUL.".to_string(),
            unit: "cycles per instruction",
            machine: machine.name.clone(),
            rows,
        });
    }
    Ok(groups)
}

fn instruction_rows(line: &Instruction, decoder: &Decoder, machine: &Arc<Machine>) -> Result<Vec<Row>, String> {
    let text = operands(&line.instruction, decoder)?;
    let sew =
        line.sew.strip_prefix('e').and_then(|bits| bits.parse().ok()).filter(|bits| matches!(bits, 8 | 16 | 32 | 64));
    let sew = sew.ok_or_else(|| format!("no SEW `{}`: e8, e16, e32 or e64", line.sew))?;
    let cells = [("m1", line.m1), ("m2", line.m2), ("m4", line.m4), ("m8", line.m8)];
    let cells: Vec<(&str, f64)> = cells.into_iter().filter_map(|(lmul, cycles)| Some((lmul, cycles?))).collect();
    let shapes: Vec<Shape> = cells.iter().map(|(lmul, _)| Shape { text: text.clone(), sew, lmul }).collect();
    let simulated = instructions::throughput(&shapes, machine)?;
    let row = |((lmul, measured), simulated): ((&str, f64), f64)| Row {
        name: format!("{} e{sew} {lmul}", line.instruction),
        part: lmul.to_string(),
        measured,
        simulated,
        reason: None,
    };
    Ok(cells.into_iter().zip(simulated).map(row).collect())
}

/// A mnemonic with the operands that its syntax asks for, in the registers that throughput is measured with.
fn operands(mnemonic: &str, decoder: &Decoder) -> Result<String, String> {
    let row = decoder.rows().iter().find(|row| row.name == mnemonic);
    let row = row.ok_or_else(|| format!("no instruction `{mnemonic}`"))?;
    let mut text = format!("{mnemonic} ");
    let mut done = 0;
    for (operand, place) in row.operands.places() {
        let value = match operand {
            Operand::Vd | Operand::Vs3 => "v8",
            Operand::Vs2 => "v16",
            Operand::Vs1 => "v24",
            Operand::Rd | Operand::Rs1 => "t0",
            Operand::Rs2 => "t1",
            Operand::Fd | Operand::Fs1 => "ft0",
            Operand::V0 => "v0",
            Operand::Imm | Operand::Ximm => "1",
            Operand::Vm => "",
            _ => return Err(format!("`{mnemonic}` is not measured this way")),
        };
        text += &row.syntax[done..place.start];
        text += value;
        done = place.end;
    }
    text += &row.syntax[done..];
    Ok(text.trim().to_string())
}

fn compare_kernels(
    table: &Table<'_>,
    given: Option<&Arc<Machine>>,
    overrides: &[Override],
) -> Result<Vec<Group>, Error> {
    let lines: Lines<Call> = table.read()?;
    let mut groups = Vec::new();
    for (machine, lines) in by_machine(lines, |line| &line.machine, table, given, overrides)? {
        let mut kernels: BTreeMap<(&str, &str), Vec<&(u64, Call)>> = BTreeMap::new();
        for line in &lines {
            kernels.entry((&line.1.kernel, &line.1.variant)).or_default().push(line);
        }
        let (known, unknown): (Vec<_>, Vec<_>) =
            kernels.into_iter().partition(|((kernel, variant), _)| kernels::find(kernel, variant).is_some());
        let rows = known
            .par_iter()
            .filter_map(|((kernel, variant), lines)| Some((kernels::find(kernel, variant)?, lines)))
            .map(|(kernel, lines)| kernel_rows(kernel, lines, table, &machine))
            .collect::<Result<Vec<Vec<Row>>, Error>>()?
            .concat();
        let unknown: Vec<String> =
            unknown.iter().map(|((kernel, variant), lines)| format!("{kernel} {variant} ({})", lines.len())).collect();
        let left_out = match unknown.is_empty() {
            true => String::new(),
            false => format!(" There is no code for {}.", unknown.join(", ")),
        };
        groups.push(Group {
            name: format!("kernels-{}", machine.name),
            about: format!(
                "Calls of kernels written anew, up to {LARGEST} elements ({LARGEST_IMAGE} pixels), with warm caches; what the source's harness adds to a call \
                 is added.{left_out}"
            ),
            unit: "cycles",
            machine: machine.name.clone(),
            rows,
        });
    }
    Ok(groups)
}

/// Calls of each size, of which the last is measured: caches and branch predictor know it then.
const CALLS: u32 = 5;

/// Where kernels read and write.
const SOURCE: u64 = DATA + (1 << 16);
const DESTINATION: u64 = DATA + (1 << 20);
const MEMORY: u64 = 4 << 20;
const CONTENTS: usize = 1 << 19;

fn kernel_rows(
    kernel: Kernel,
    lines: &[&(u64, Call)],
    table: &Table<'_>,
    machine: &Arc<Machine>,
) -> Result<Vec<Row>, Error> {
    let largest = if kernel.input == Input::Image { LARGEST_IMAGE } else { LARGEST };
    let lines: Vec<&(u64, Call)> = lines.iter().copied().filter(|(_, call)| (1..=largest).contains(&call.n)).collect();
    let Some((first, _)) = lines.first() else { return Ok(Vec::new()) };
    let sizes: Vec<u64> = lines.iter().map(|(_, call)| call.n).collect();
    let cycles = run(kernel, &sizes, machine).map_err(|what| table.wrong(*first, what))?;
    let nearest = machine.memory.l1d.as_ref().map_or(u64::MAX, |cache| cache.size);
    let row = |((_, call), cycles): (&&(u64, Call), u64)| {
        let set = if kernel.input == Input::Image { 0 } else { call.n * kernel.bytes * (kernel.reads + kernel.writes) };
        let overhead = CALL_CYCLES.iter().find(|(name, ..)| *name == call.machine);
        let overhead = overhead.map_or(0, |(_, plain, text)| if kernel.input == Input::Text { *text } else { *plain });
        Row {
            name: format!("{} {} n={}", call.kernel, call.variant, call.n),
            part: if set <= nearest { "in L1" } else { "beyond L1" }.to_string(),
            measured: call.cycles,
            simulated: (cycles + overhead) as f64,
            reason: None,
        }
    };
    Ok(lines.iter().zip(cycles).map(row).collect())
}

/// Cycles of a call for each size, with caches as the call before left them.
fn run(kernel: Kernel, sizes: &[u64], machine: &Arc<Machine>) -> Result<Vec<u64>, String> {
    let mut program = Program::default();
    for (index, &size) in sizes.iter().enumerate() {
        let count = if kernel.input == Input::Image { size.isqrt() } else { size * kernel.bytes };
        let arguments = [("a0", DESTINATION), ("a1", SOURCE), ("a2", count)];
        if kernel.input == Input::Text {
            program.constant("s1", SOURCE + size);
            program.push("lbu s2,0(s1)\nsb zero,0(s1)");
        }
        program.push(&format!("addi s6,zero,{CALLS}\nagain{index}:"));
        arguments.iter().for_each(|(register, value)| program.constant(register, *value));
        // As the source measures: what is still under way when the call returns is not waited for. The region is there
        // to let the call before end.
        program.name();
        program.push(&format!("{BEGIN}\ncsrrs s3,cycle,zero\njal ra,kernel\ncsrrs s4,cycle,zero\n{END}"));
        program.push(&format!("addi s6,s6,-1\nbne s6,zero,again{index}\nsub s4,s4,s3"));
        program.constant("s5", DATA + 8 * index as u64);
        program.push("sd s4,0(s5)");
        if kernel.input == Input::Text {
            program.push("sb s2,0(s1)");
        }
    }
    program.push("jal zero,end\nkernel:");
    program.push(kernel.code);
    program.push("end:");
    let contents = vec![b'a'; CONTENTS];
    let mut engine = program.execute(machine, MEMORY, &contents)?;
    let cycles = (0..sizes.len() as u64).map(|index| engine.hart.load(DATA + 8 * index));
    cycles.map(|cycles| cycles.ok_or_else(|| "the cycles cannot be read back".to_string())).collect()
}
