//! Instruction throughput: cycles per instruction of an instruction that is unrolled and looped.
//!
//! The method is that of the source of the embedded table (rvv-bench): 64 instances in a loop, in blocks of eight that
//! write v8 and the groups behind it and read v16 and v24 and those behind; at LMUL 2 four groups each, at LMUL 4 two,
//! at LMUL 8 one, and half as many for instructions with a wide operand. A scalar operand t0 or ft0 moves with them.
//! Vector operands are zero, as the source's are; its scalars were random and are not known: divisors are some that are not
//! zero in any width, offsets of slides are spread evenly over the group.
//! The loop's counter and branch are part of the figure. So is what the source's two reads of the cycle counter cost,
//! which trap: some 4,560 cycles by its loops table, over 512 iterations 0.139 cycles an instruction. That constant is
//! added to every simulated figure; nothing else is.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use rvtile_isa::asm::Assembler;
use rvtile_isa::class::Class;
use rvtile_isa::decode::Decoder;

use super::program::{BEGIN, DATA, END, Program};
use super::{Error, Group, Row, Table};
use crate::machine::Machine;

/// What reading the cycle counter twice costs on the measured system, by the loops table of the same source.
pub const COUNTER_CYCLES: f64 = 4560.0;
/// Instances in the source's loop body.
const UNROLLED: usize = 64;
/// Iterations of the source's loop.
const ITERATIONS: f64 = 512.0;

/// The tables that come with rvtile.
pub fn tables() -> Vec<Table<'static>> {
    let text = include_str!("../../../tests/data/x280_instructions.csv");
    vec![Table { name: "x280_instructions.csv", text }]
}

/// A line of the table.
#[derive(Clone, serde::Deserialize)]
struct Line {
    instruction: String,
    vl: String,
    sew: u32,
    lmul: String,
    cycles: f64,
}

/// A line that can be run.
#[derive(Clone)]
struct Case {
    line: u64,
    text: String,
    vl: Option<u32>,
    sew: u32,
    lmul: Lmul,
    measured: f64,
    class: Class,
}

/// Registers in a group; fractions are 0, and `name` says which.
#[derive(Clone)]
struct Lmul {
    name: String,
    eighths: u32,
}

impl Lmul {
    /// Registers of a group; 0 if it is a part of one.
    fn registers(&self) -> u32 {
        self.eighths / 8
    }
}

impl Case {
    /// Elements that its group of registers holds.
    fn vlmax(&self, vlen: u32) -> u32 {
        self.lmul.eighths * vlen / self.sew / 8
    }

    /// Itself, if its elements have room in registers of so many bits.
    fn fits(self, vlen: u32) -> Result<Case, String> {
        let (most, Lmul { name, .. }) = (self.vlmax(vlen), &self.lmul);
        match self.vl {
            Some(vl) if vl > most => {
                Err(format!("vl {vl} is more than the {most} elements of e{},{name} at VLEN {vlen}", self.sew))
            }
            _ => Ok(self),
        }
    }
}

/// Runs what the tables measured and pairs the figures, in the order of the tables.
///
/// # Errors
/// The first line that cannot be compared.
pub fn compare(tables: &[Table<'_>], machine: &Arc<Machine>) -> Result<Vec<Group>, Error> {
    let mut rows = Vec::new();
    for table in tables {
        rows.extend(table_rows(table, machine)?);
    }
    Ok(vec![Group {
        name: "instructions".to_string(),
        about: format!(
            "Throughput of single instructions, looped and unrolled, by timing class. The simulated figure holds the loop \
             and {:.3} cycles an instruction that the source's counter reads cost.",
            share()
        ),
        unit: "cycles per instruction",
        machine: machine.name.clone(),
        rows,
    }])
}

/// The counter reads' share of an instruction.
fn share() -> f64 {
    COUNTER_CYCLES / (UNROLLED as f64 * ITERATIONS)
}

fn table_rows(table: &Table<'_>, machine: &Arc<Machine>) -> Result<Vec<Row>, Error> {
    let decoder = Decoder::standard();
    let assembler = Assembler::new(&decoder);
    let lines: Vec<(u64, Line)> = table.read()?;
    let cases: Vec<Case> = lines
        .into_iter()
        .map(|(number, line)| {
            let case = case(number, line, &decoder, &assembler).and_then(|case| case.fits(machine.vector.vlen));
            case.map_err(|why| table.wrong(number, why))
        })
        .collect::<Result<_, _>>()?;
    // One program for all shapes of an instruction.
    let mut programs: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in &cases {
        programs.entry(&case.text).or_default().push(case);
    }
    let programs: Vec<Vec<&Case>> = programs.into_values().collect();
    let results: Vec<(u64, Row)> = programs
        .par_iter()
        .map(|cases| {
            let cycles = run(cases, machine).map_err(|why| {
                // The shape that the program failed at fails alone too.
                let failed = cases.iter().find_map(|case| run(&[*case], machine).err().map(|why| (case.line, why)));
                let (line, why) = failed.unwrap_or((cases[0].line, why));
                table.wrong(line, why)
            })?;
            Ok(cases.iter().zip(cycles).map(|(case, cycles)| (case.line, row(case, cycles))).collect::<Vec<_>>())
        })
        .collect::<Result<Vec<_>, Error>>()?
        .concat();
    let mut results = results;
    results.sort_by_key(|(line, _)| *line);
    Ok(results.into_iter().map(|(_, row)| row).collect())
}

fn case(number: u64, line: Line, decoder: &Decoder, assembler: &Assembler) -> Result<Case, String> {
    let word = assembler.word(&line.instruction, 0).map_err(|error| error.to_string())?;
    let class = decoder.decode(word).map_err(|why| why.to_string())?.row.class;
    let eighths = match line.lmul.as_str() {
        "mf8" => 1,
        "mf4" => 2,
        "mf2" => 4,
        "m1" => 8,
        "m2" => 16,
        "m4" => 32,
        "m8" => 64,
        other => return Err(format!("no LMUL `{other}`: mf8, mf4, mf2, m1, m2, m4 or m8")),
    };
    if !matches!(line.sew, 8 | 16 | 32 | 64) {
        return Err(format!("no SEW {}: 8, 16, 32 or 64", line.sew));
    }
    let vl = match line.vl.as_str() {
        "max" => None,
        number => Some(number.parse().map_err(|_| format!("no vl `{number}`: max or a number"))?),
    };
    if !(line.cycles.is_finite() && line.cycles > 0.0) {
        return Err(format!("{} is no number of cycles", line.cycles));
    }
    let lmul = Lmul { name: line.lmul, eighths };
    Ok(Case { line: number, text: line.instruction, vl, sew: line.sew, lmul, measured: line.cycles, class })
}

fn row(case: &Case, cycles: f64) -> Row {
    let vl = case.vl.map_or("max".to_string(), |vl| vl.to_string());
    Row {
        name: format!("{} e{} {} vl={vl}", case.text, case.sew, case.lmul.name),
        part: case.class.name().to_string(),
        measured: case.measured,
        simulated: cycles + share(),
        reason: reason(case),
    }
}

/// What keeps measurement and model apart, by mechanism.
fn reason(case: &Case) -> Option<&'static str> {
    let by_scalar = case.text.split([' ', ',']).any(|operand| operand == "t0" || operand == "ft0");
    match case.class {
        Class::VDiv if by_scalar => Some(
            "how long a division takes depends on its operands; the measured divisors were random and are not known",
        ),
        Class::VSlide if by_scalar => {
            Some("a slide up skips the beats below its offset; the measured offsets were random and are not known")
        }
        _ => None,
    }
}

/// An instruction with operands in the registers of [`instance_text`], at VLMAX.
pub(super) struct Shape<'a> {
    pub text: String,
    pub sew: u32,
    pub lmul: &'a str,
}

/// Cycles per instruction of each shape, which are of one instruction. No share of a harness is in them.
pub(super) fn throughput(shapes: &[Shape<'_>], machine: &Arc<Machine>) -> Result<Vec<f64>, String> {
    let decoder = Decoder::standard();
    let assembler = Assembler::new(&decoder);
    let line = |shape: &Shape<'_>| Line {
        instruction: shape.text.clone(),
        vl: "max".to_string(),
        sew: shape.sew,
        lmul: shape.lmul.to_string(),
        cycles: 1.0,
    };
    let cases = shapes.iter().map(|shape| case(0, line(shape), &decoder, &assembler));
    let cases: Vec<Case> = cases.collect::<Result<_, _>>()?;
    run(&cases.iter().collect::<Vec<_>>(), machine)
}

/// Iterations of the two runs whose difference is taken. Both are longer than the branch predictor's memory, so that
/// what the loop's end costs is the same in both.
const SHORT: u64 = 16;
const LONG: u64 = 48;

/// Cycles per instruction of each case.
fn run(cases: &[&Case], machine: &Arc<Machine>) -> Result<Vec<f64>, String> {
    let mut program = Program::default();
    // Scalar operands: addresses, so that memory instructions can be measured too, and no divisor is zero.
    program.push("vsetvli s10,zero,e8,m1,ta,ma\nvmset.m v0");
    let mut places = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        for (index, register) in SCALARS.iter().enumerate() {
            program.constant(register, scalar(case, index as u64, machine.vector.vlen));
        }
        let vtype = format!("e{},{},ta,ma", case.sew, case.lmul.name);
        match case.vl {
            None => program.push(&format!("vsetvli s10,zero,{vtype}")),
            Some(vl) => {
                program.constant("s9", vl.into());
                program.push(&format!("vsetvli s10,s9,{vtype}"));
            }
        }
        // The first is the warm-up: all three run the same code.
        let [_, short, long] = [SHORT, SHORT, LONG].map(|iterations| {
            let name = program.name();
            program.push(&format!("addi s8,zero,{iterations}\njal ra,call{number}"));
            name
        });
        places.push((short, long));
    }
    program.push("jal zero,end");
    for (number, case) in cases.iter().enumerate() {
        program.push(&format!("call{number}:\n{BEGIN}\nblock{number}:"));
        for instance in 0..UNROLLED {
            program.push(&instance_text(case, instance));
        }
        program.push(&format!("addi s8,s8,-1\nbne s8,zero,block{number}\n{END}\njalr zero,0(ra)"));
    }
    program.push("end:");
    let regions = program.run(machine, 1 << 20, &[])?;
    let cycles = |place: usize| regions[place].cycles;
    let per_instruction = |short: usize, long: usize| {
        (cycles(long) as f64 - cycles(short) as f64) / ((LONG - SHORT) as f64 * UNROLLED as f64)
    };
    Ok(places.into_iter().map(|(short, long)| per_instruction(short, long)).collect())
}

/// The scalar operands t0 to t8 of the source.
const SCALARS: [&str; 9] = ["t0", "t1", "t2", "t3", "t4", "t5", "t6", "a6", "a7"];

/// The value of one of them: an address that can be read and written, where nothing else is told of the source's.
fn scalar(case: &Case, index: u64, vlen: u32) -> u64 {
    match case.class {
        Class::VDiv => 0x1357_9bdf + 0x0202_0202 * index,
        Class::VSlide => u64::from(case.vlmax(vlen)) * (2 * index + 1) / (2 * SCALARS.len() as u64),
        _ => DATA + 4096 * index,
    }
}

/// An instance of the loop body: operands at the start of a group of registers move with the instance.
fn instance_text(case: &Case, instance: usize) -> String {
    let registers = if is_mask(&case.text) { 1 } else { case.lmul.registers() };
    let group = (registers * if is_wide(&case.text) { 2 } else { 1 }).clamp(1, 8) as usize;
    let offset = instance * group % 8;
    let (mnemonic, operands) = case.text.split_once(char::is_whitespace).unwrap_or((&case.text, ""));
    let moved = operands.split(',').map(|operand| match operand.trim() {
        "t0" => SCALARS[offset].to_string(),
        "ft0" => format!("ft{offset}"),
        "v8" => format!("v{}", 8 + offset),
        "v16" => format!("v{}", 16 + offset),
        "v24" => format!("v{}", 24 + offset),
        other => other.to_string(),
    });
    format!("{mnemonic} {}", moved.collect::<Vec<_>>().join(","))
}

/// The source gives these the registers of twice the LMUL: all that widen or narrow, and what begins like them.
fn is_wide(text: &str) -> bool {
    let reduction = text.starts_with("vwred") || text.starts_with("vfwred");
    !reduction && ["vw", "vn", "vfw", "vfn"].iter().any(|prefix| text.starts_with(prefix))
}

/// Instructions on mask registers have those of LMUL 1 at every LMUL.
fn is_mask(text: &str) -> bool {
    let mnemonic = text.split(char::is_whitespace).next().unwrap_or_default();
    mnemonic.ends_with(".mm") || matches!(mnemonic, "vcpop.m" | "vfirst.m")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine() -> Arc<Machine> {
        Arc::new(Machine::load("x280-blackhole", &[]).unwrap())
    }

    fn compare_text(text: &str) -> Result<Vec<Row>, String> {
        let groups = compare(&[Table { name: "mine.csv", text }], &machine());
        groups.map(|mut groups| groups.remove(0).rows).map_err(|error| error.to_string())
    }

    #[test]
    fn the_sources_registers_are_reproduced() {
        let instances = |text: &str, registers: u32| {
            let lmul = Lmul { name: String::new(), eighths: 8 * registers };
            let text = text.to_string();
            let case = Case { line: 0, text, vl: None, sew: 8, lmul, measured: 1.0, class: Class::Alu };
            (0..3).map(|instance| instance_text(&case, instance)).collect::<Vec<_>>()
        };
        assert_eq!(instances("add t0,t1,t2", 0), ["add t0,t1,t2", "add t1,t1,t2", "add t2,t1,t2"]);
        assert_eq!(
            instances("vadd.vv v8,v16,v24,v0.t", 4),
            ["vadd.vv v8,v16,v24,v0.t", "vadd.vv v12,v20,v28,v0.t", "vadd.vv v8,v16,v24,v0.t"]
        );
        assert_eq!(instances("vwmacc.vx v8,t0,v16", 4)[1], "vwmacc.vx v8,t0,v16");
        assert_eq!(instances("vfwredusum.vs v8,v16,v24", 4)[1], "vfwredusum.vs v12,v20,v28");
    }

    #[test]
    fn wrong_lines_are_told() {
        let error = |line: &str| {
            let text = format!("instruction,vl,sew,lmul,cycles\n\"add t0,t1,t2\",max,8,m1,1\n{line}\n");
            compare_text(&text).unwrap_err()
        };
        assert_eq!(error("vfoo.vv,max,8,m1,1"), "mine.csv, line 3: no instruction `vfoo.vv`");
        assert_eq!(
            error("\"add t0,t1,t2\",max,8,m3,1"),
            "mine.csv, line 3: no LMUL `m3`: mf8, mf4, mf2, m1, m2, m4 or m8"
        );
        assert_eq!(error("\"add t0,t1,t2\",max,9,m1,1"), "mine.csv, line 3: no SEW 9: 8, 16, 32 or 64");
        assert_eq!(error("\"add t0,t1,t2\",few,8,m1,1"), "mine.csv, line 3: no vl `few`: max or a number");
        assert_eq!(error("\"add t0,t1,t2\",max,8,m1,-1"), "mine.csv, line 3: -1 is no number of cycles");
        assert_eq!(
            error("\"vadd.vv v8,v16,v24\",33,16,m1,1"),
            "mine.csv, line 3: vl 33 is more than the 32 elements of e16,m1 at VLEN 512"
        );
        let illegal = error("\"vwadd.vv v8,v16,v24\",max,64,m1,1");
        assert!(illegal.starts_with("mine.csv, line 3: ") && illegal.contains("illegal"), "{illegal}");
    }
}
