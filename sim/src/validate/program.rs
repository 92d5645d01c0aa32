//! Guest programs made on the spot: assembled from text, run with timing, measured by region.

use std::collections::HashMap;
use std::sync::Arc;

use rvtile_isa::asm::Assembler;
use rvtile_isa::decode::Decoder;

use crate::engine::{End, Engine, Region, RunOptions};
use crate::env;
use crate::loader::{Image, Kind};
use crate::machine::Machine;

/// Address of the first instruction.
const CODE: u64 = 0x1_0000;
/// Address of the program's data: zero at the start, readable and writable.
pub const DATA: u64 = 0x1000_0000;
/// Offset of the code in the file.
const CODE_OFFSET: usize = 0x1000;
/// Behind the data: room for the stack.
const STACK: u64 = 64 << 20;

/// Begins the region that s11 names.
pub const BEGIN: &str = "slti zero,s11,1";
/// Ends the region that s11 names.
pub const END: &str = "slti zero,s11,2";

/// Assembly text with labels on lines of their own (`name:`), growing line by line.
#[derive(Default)]
pub struct Program {
    text: Vec<String>,
    regions: Vec<String>,
}

impl Program {
    /// Appends lines.
    pub fn push(&mut self, lines: &str) {
        self.text.extend(lines.lines().map(|line| line.trim().to_string()).filter(|line| !line.is_empty()));
    }

    /// Appends the instructions that put a constant of 32 bits into a register.
    pub fn constant(&mut self, register: &str, value: u64) {
        let upper = (value + 0x800) >> 12;
        let lower = value as i64 - ((upper << 12) as i64);
        if upper == 0 {
            self.push(&format!("addi {register},zero,{lower}"));
        } else {
            self.push(&format!("lui {register},{upper:#x}\naddi {register},{register},{lower}"));
        }
    }

    /// Names the region that the next [`BEGIN`] starts, in register s11. Returns its number.
    pub fn name(&mut self) -> usize {
        let number = self.regions.len();
        // The name is the number: its address is known when the code is complete.
        self.regions.push(number.to_string());
        self.push(&format!("lui s11,%hi{number}\naddi s11,s11,%lo{number}"));
        number
    }

    /// Assembles the program, with an end that leaves it, and runs it on a machine with `data` bytes of memory at
    /// [`DATA`]; the first of them are `contents`. Returns its regions by their numbers.
    ///
    /// # Errors
    /// When a line is no instruction, or the program does not run to its end.
    pub fn run(self, machine: &Arc<Machine>, data: u64, contents: &[u8]) -> Result<Vec<Region>, String> {
        let names = self.regions.clone();
        let engine = self.execute(machine, data, contents)?;
        let found = |name: &String| engine.regions().iter().find(|region| &region.name == name).cloned();
        names.iter().map(|name| found(name).ok_or_else(|| format!("region {name} was not executed"))).collect()
    }

    /// As [`Program::run`], but returns what is left when the program has ended.
    ///
    /// # Errors
    /// As [`Program::run`].
    pub fn execute(mut self, machine: &Arc<Machine>, data: u64, contents: &[u8]) -> Result<Engine, String> {
        self.push("addi a0,zero,0\naddi a7,zero,93\necall");
        let code = self.assemble()?;
        let image = Image::parse("validation", elf(&code, data, contents)).map_err(|error| error.to_string())?;
        let memory = DATA + data + STACK;
        let environment = env::Options { kind: Some(Kind::Linux), memory: Some(memory), ..env::Options::silent() };
        let mut engine = Engine::new(image, machine, true, &RunOptions::default(), environment)
            .map_err(|error| error.to_string())?;
        match engine.run() {
            End::Exit(0) => {}
            End::Exit(code) => return Err(format!("the program ended with exit code {code}")),
            End::Crash(crash) => return Err(crash.to_string()),
            End::Limit => return Err("the instruction limit was reached".to_string()),
        }
        match engine.regions().iter().find(|region| region.ledger.total() != region.cycles) {
            Some(region) => Err(format!("region {}: its ledger does not add up", region.name)),
            None => Ok(engine),
        }
    }

    /// Instruction words, and behind them the names of the regions.
    fn assemble(&self) -> Result<Vec<u8>, String> {
        let assembler = Assembler::new(&Decoder::standard());
        let mut symbols = HashMap::new();
        let mut pc = CODE;
        for line in &self.text {
            match line.strip_suffix(':') {
                Some(label) => {
                    symbols.insert(label.to_string(), format!("{pc:#x}"));
                }
                None => pc += 4,
            }
        }
        let mut names = Vec::new();
        for (number, name) in self.regions.iter().enumerate() {
            let address = (pc + names.len() as u64) as i64;
            let upper = (address + 0x800) >> 12;
            symbols.insert(format!("%hi{number}"), format!("{upper:#x}"));
            symbols.insert(format!("%lo{number}"), (address - (upper << 12)).to_string());
            names.extend_from_slice(name.as_bytes());
            names.push(0);
        }
        let mut code = Vec::new();
        for line in self.text.iter().filter(|line| !line.ends_with(':')) {
            // A symbol is always the last operand.
            let last = line.rsplit([',', ' ']).next().unwrap_or_default();
            let line = match symbols.get(last) {
                Some(value) => format!("{}{value}", &line[..line.len() - last.len()]),
                None => line.clone(),
            };
            let word = assembler.word(&line, CODE + code.len() as u64).map_err(|error| error.to_string())?;
            code.extend_from_slice(&word.to_le_bytes());
        }
        code.extend(names);
        Ok(code)
    }
}

/// An executable of two segments, code and data.
fn elf(code: &[u8], data: u64, contents: &[u8]) -> Vec<u8> {
    const LOAD: u32 = 1;
    let (exec, write, read) = (1u32, 2u32, 4u32);
    let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    // Type EXEC, machine RISC-V, version 1.
    file.extend([2, 0, 243, 0, 1, 0, 0, 0]);
    let put = |file: &mut Vec<u8>, values: &[u64]| values.iter().for_each(|value| file.extend(value.to_le_bytes()));
    put(&mut file, &[CODE, 64, 0]);
    // Flags; sizes of this header and a program header, two of those; no sections.
    file.extend([0, 0, 0, 0, 64, 0, 56, 0, 2, 0, 64, 0, 0, 0, 0, 0]);
    let segments = [
        (exec | read, CODE_OFFSET, CODE, code.len() as u64, code.len() as u64),
        (write | read, CODE_OFFSET + code.len().next_multiple_of(CODE_OFFSET), DATA, contents.len() as u64, data),
    ];
    for (flags, offset, address, in_file, size) in segments {
        file.extend(LOAD.to_le_bytes());
        file.extend(flags.to_le_bytes());
        put(&mut file, &[offset as u64, address, address, in_file, size, CODE_OFFSET as u64]);
    }
    file.resize(CODE_OFFSET, 0);
    file.extend(code);
    file.resize(segments[1].1, 0);
    file.extend(contents);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_of_a_program_are_measured() {
        let machine = Arc::new(Machine::load("x280", &[]).unwrap());
        let mut program = Program::default();
        program.constant("s0", DATA);
        let store = program.name();
        program.push(&format!("{BEGIN}\nsd s0,0(s0)\nld a1,0(s0)\n{END}"));
        let count = program.name();
        program.push(&format!("{BEGIN}\naddi a0,zero,100\nagain:\naddi a0,a0,-1\nbne a0,zero,again\n{END}"));
        let regions = program.run(&machine, 4096, &[1, 2, 3]).unwrap();
        assert_eq!(regions[store].instructions, 2);
        assert_eq!(regions[count].instructions, 201);
        for region in &regions {
            assert_eq!(region.ledger.total(), region.cycles, "the ledger adds up");
        }
        assert!(regions[count].cycles >= 100);
    }

    /// Cycles of one more repetition of some lines, where s0 points to a word that holds its own address.
    fn repeated(lines: &str) -> f64 {
        // All but the first pass find their code in the L1I.
        let cycles = |passes: u64| {
            let machine = Arc::new(Machine::load("x280", &[]).unwrap());
            let mut program = Program::default();
            program.push("vsetvli t6,zero,e32,m1,ta,ma");
            program.constant("s0", DATA);
            program.constant("s6", passes);
            program.push("sd s0,0(s0)\nagain:\naddi t0,s0,0\naddi t1,zero,3");
            for count in [32, 96] {
                program.name();
                program.push(BEGIN);
                (0..count).for_each(|_| program.push(lines));
                program.push(END);
            }
            program.push("addi s6,s6,-1\nbne s6,zero,again");
            let regions = program.run(&machine, 4096, &[]).unwrap();
            regions[1].cycles - regions[0].cycles
        };
        (cycles(3) - cycles(1)) as f64 / 2.0 / 64.0
    }

    #[test]
    fn chains_take_the_latencies_of_the_timing_model() {
        let table = [
            // Arithmetic follows arithmetic at once, two a cycle if they are independent.
            ("addi t0,t0,1", 1.0),
            ("addi t2,t2,1\naddi t3,t3,1", 1.0),
            // A load is used by a load 3 cycles later, by arithmetic 1 cycle later, whose sum is an address at once.
            ("ld t0,0(t0)", 3.0),
            ("ld t0,0(t0)\naddi t0,t0,0", 2.0),
            // A product is added 1 cycle later; what is multiplied must be there.
            ("mul t2,t2,t1", 3.0),
            ("mul t2,t1,t3\nadd t3,t2,t1", 4.0),
            ("div t2,t2,t1", 66.0),
            // One memory access a cycle; narrow stores are merged.
            ("ld t2,0(s0)\nld t3,8(s0)", 2.0),
            ("sd t1,8(s0)", 1.0),
            ("sb t1,8(s0)", 3.0),
            ("fadd.s ft0,ft0,ft1", 5.0),
            ("fadd.d ft0,ft0,ft1", 7.0),
            // Two beats, and the latency of the first.
            ("vadd.vv v8,v16,v24", 2.0),
            ("vadd.vv v8,v8,v16", 4.0),
            ("vmacc.vv v8,v16,v24", 7.0),
            ("vmv.x.s t2,v8\nvmv.s.x v8,t2", 15.0),
        ];
        for (lines, cycles) in table {
            assert_eq!(repeated(lines), cycles, "{lines}");
        }
    }

    #[test]
    fn a_branch_over_one_instruction_is_fused_with_it() {
        // The low bits of a congruential generator's products jump, or do not, as no predictor can know.
        let cycles = |bytes: &str| {
            let set = [("core.fused_branch".to_string(), bytes.to_string())];
            let machine = Arc::new(Machine::load("x280", &set).unwrap());
            let mut program = Program::default();
            program.constant("t1", 0x41c6_4e6d);
            let name = program.name();
            program.push(&format!("{BEGIN}\naddi a0,zero,1000\nagain:\nmul t0,t0,t1\naddi t0,t0,57\nsrli t2,t0,16"));
            program.push("andi t2,t2,1\nbeq t2,zero,even\naddi a1,a1,1\neven:\naddi a0,a0,-1\nbne a0,zero,again");
            program.push(END);
            program.run(&machine, 4096, &[]).unwrap()[name].cycles
        };
        let penalty = Machine::load("x280", &[]).unwrap().core.mispredict_penalty;
        let (fused, alone) = (cycles("4"), cycles("0"));
        // About every other branch is mispredicted where it is not fused.
        let lost = (alone - fused) as f64 / f64::from(penalty);
        assert!((350.0..=650.0).contains(&lost), "{lost} of 1000");
        assert_eq!(alone, cycles("2"), "the instruction behind it has four bytes");
    }

    #[test]
    fn what_does_not_run_is_told() {
        let machine = Arc::new(Machine::load("x280", &[]).unwrap());
        let run = |lines: &str| {
            let mut program = Program::default();
            program.push(lines);
            program.run(&machine, 4096, &[]).unwrap_err()
        };
        assert!(run("vfoo.vv v8,v16").contains("no instruction"));
        assert!(run("vsetivli zero,1,e64,m8,ta,ma\nvwadd.vv v8,v16,v24").contains("illegal"), "SEW 128");
    }
}
