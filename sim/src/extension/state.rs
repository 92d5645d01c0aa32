//! What extension files add to the state of a hart.

use rvtile_isa::hart::{Config, Hart};
use rvtile_isa::matrix::state::Bank;
use rvtile_isa::memory::Memory;
use rvtile_isa::op::Illegal;

use super::body::size_shape;
use super::read::Table;
use super::{ExtensionError, Extensions};
use crate::machine::{Formula, Inputs, Var};

/// Most bytes of a register.
const MOST_BYTES: u32 = 1 << 15;

/// Most registers of all files together.
const MOST_REGISTERS: u32 = 256;

/// A register file.
pub struct Registers {
    /// How instructions know it.
    pub bank: Bank,
    bytes: Formula,
}

impl Registers {
    /// Bytes of a register on a machine of this VLEN.
    pub fn bytes(&self, vlen: u32) -> usize {
        self.bytes.cycles(&Inputs::new(&size_shape(vlen, 8, 8, 0))).clamp(1, MOST_BYTES) as usize
    }

    /// Bytes of all its registers.
    pub fn total(&self, vlen: u32) -> usize {
        self.bytes(vlen) * self.bank.count as usize
    }

    /// How the size is given.
    pub fn formula(&self) -> &str {
        self.bytes.text()
    }
}

/// A CSR.
pub struct Csr {
    /// Its name in formulas of meaning.
    pub name: String,
    /// Its number.
    pub number: u16,
    /// Its value after reset.
    pub value: u64,
}

/// Reads the table `registers`: names to sizes. `earlier`: extensions that are loaded already.
pub(super) fn registers(root: &Table, earlier: &Extensions) -> Result<Vec<Registers>, ExtensionError> {
    let Some(table) = root.table("registers")? else { return Ok(Vec::new()) };
    let (mut first, mut place) = earlier.totals();
    let mut banks = Vec::new();
    for name in table.keys() {
        let bank = table.sub(&name)?;
        bank.only(&["count", "bytes"])?;
        if !name.chars().all(|c| c.is_ascii_lowercase()) || matches!(name.as_str(), "x" | "f" | "v") || name.len() > 16
        {
            return Err(bank.wrong("", "the name of registers is 2 to 16 letters a to z, and not x, f or v"));
        }
        let count = bank.integer("count", 1, 32)?.unwrap_or(1) as u32;
        if first + count > MOST_REGISTERS {
            return Err(bank.wrong("count", format!("more than {MOST_REGISTERS} registers with those before")));
        }
        let bytes = bank.size("bytes", &[Var::Vlen], &mut |_| Ok(None))?;
        let bytes =
            bytes.ok_or_else(|| bank.wrong("", "missing bytes: the size of a register, such as 64 or \"vlen/8\""))?;
        let registers = Registers { bank: Bank { name: bank.kept(&name), place, count, first }, bytes };
        for vlen in [128, 4096] {
            registers.bytes.check(vlen, vlen).map_err(|what| bank.wrong("bytes", what))?;
            let bytes = registers.bytes.cycles(&Inputs::new(&size_shape(vlen, 8, 8, 0)));
            if !(1..=MOST_BYTES).contains(&bytes) {
                let what = format!("{bytes} bytes at VLEN {vlen}: a register has 1 to {MOST_BYTES}");
                return Err(bank.wrong("bytes", what));
            }
        }
        (first, place) = (first + count, place + 1);
        banks.push(registers);
    }
    Ok(banks)
}

/// Reads the table `csrs`: names to numbers.
pub(super) fn csrs(root: &Table, earlier: &Extensions) -> Result<Vec<Csr>, ExtensionError> {
    let Some(table) = root.table("csrs")? else { return Ok(Vec::new()) };
    let mut csrs: Vec<Csr> = Vec::new();
    for name in table.keys() {
        let csr = table.sub(&name)?;
        csr.only(&["number", "value"])?;
        let number =
            csr.integer("number", 0, 0xfff)?.ok_or_else(|| csr.wrong("", "missing number, such as 0x800"))? as u16;
        let value = csr.integer("value", 0, i64::MAX)?.unwrap_or(0) as u64;
        let taken = earlier.list.iter().flat_map(|extension| &extension.csrs).chain(&csrs);
        if let Some(other) = taken.into_iter().find(|other| other.number == number) {
            return Err(csr.wrong("number", format!("CSR 0x{number:x} is {} already", other.name)));
        }
        if exists(number) {
            let free = "0x800 to 0x8ff and 0xcc0 to 0xcff are for custom use";
            return Err(csr.wrong("number", format!("CSR 0x{number:x} is one of the machine; {free}")));
        }
        csrs.push(Csr { name, number, value });
    }
    Ok(csrs)
}

/// Whether a machine has the CSR without any extension file.
fn exists(number: u16) -> bool {
    let defaults = crate::engine::RunOptions::default();
    let everything = rvtile_isa::profile::PROFILES.iter().fold(defaults.isa, |isa, profile| isa | profile.adds);
    let config = Config { vlen: 128, isa: everything, agnostic_ones: false, level: defaults.level };
    match Memory::new(1 << 12) {
        Ok(memory) => !matches!(Hart::new(config, memory).csr_read(number), Err(Illegal::Rule(_))),
        Err(_) => false,
    }
}
