//! What has been exercised: counts by row, vtype and mask.

use std::collections::{BTreeMap, HashMap};

use rvtile_isa::decode::Decoder;
use rvtile_isa::encoding::Field;
use rvtile_isa::vector::vtype::Vtype;

use super::generate::{Case, Cell, Generator, Target, VTYPES, uses_vtype};
use super::rng::Rng;
use super::values::Pool;

/// Times each cell was executed and compared.
#[derive(Default)]
pub struct Coverage {
    counts: HashMap<Cell, u64>,
    /// Tested instructions.
    pub tested: u64,
    /// All instructions, with those that set operands up.
    pub executed: u64,
}

impl Coverage {
    /// Counts a case that ran everywhere alike.
    pub fn count(&mut self, case: &Case) {
        for group in &case.groups {
            self.tested += 1;
            self.executed += group.count;
            if let Some(cell) = group.cell {
                *self.counts.entry(cell).or_default() += 1;
            }
        }
    }

    /// Adds what another run counted.
    pub fn add(&mut self, other: &Coverage) {
        self.tested += other.tested;
        self.executed += other.executed;
        for (cell, count) in &other.counts {
            *self.counts.entry(*cell).or_default() += count;
        }
    }

    /// Cells that were never compared, described by row.
    pub fn holes(&self, cells: &[Cell], decoder: &Decoder) -> Vec<String> {
        let mut rows: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for cell in cells.iter().filter(|cell| !self.counts.contains_key(cell)) {
            let vtype = cell.vtype.map_or(String::new(), |bits| Vtype::from_bits(bits).to_string());
            let vtype = vtype.trim_end_matches(",tu,mu").to_string();
            rows.entry(cell.row).or_default().push(vtype + if cell.masked { " masked" } else { "" });
        }
        rows.into_iter().map(|(row, cells)| format!("{}: {}", decoder.rows()[row].name, cells.join("; "))).collect()
    }

    /// Least and largest count of the rows, one line each.
    pub fn table(&self, cells: &[Cell], decoder: &Decoder) -> String {
        let mut rows: BTreeMap<usize, (usize, u64, u64)> = BTreeMap::new();
        for cell in cells {
            let count = self.counts.get(cell).copied().unwrap_or(0);
            let entry = rows.entry(cell.row).or_insert((0, u64::MAX, 0));
            *entry = (entry.0 + 1, entry.1.min(count), entry.2 + count);
        }
        let mut text = format!("{:20} {:>6} {:>8} {:>8}\n", "row", "cells", "least", "sum");
        for (row, (cells, least, sum)) in rows {
            text += &format!("{:20} {cells:6} {least:8} {sum:8}\n", decoder.rows()[row].name);
        }
        text
    }
}

/// Every cell: those that are legal for some operands, and those that never are.
pub fn cells(decoder: &Decoder, target: &Target, pool: &Pool) -> (Vec<Cell>, Vec<Cell>) {
    let (mut legal, mut never) = (Vec::new(), Vec::new());
    for (row, entry) in decoder.rows().iter().enumerate().filter(|(_, row)| target.runs(row)) {
        let masks: &[bool] = if entry.encoding.has(Field::Vm) { &[false, true] } else { &[false] };
        let types: Vec<Option<u8>> =
            if uses_vtype(entry) { VTYPES.iter().copied().map(Some).collect() } else { vec![None] };
        for vtype in types {
            for masked in masks.iter().copied() {
                let rng = Rng::new(&[row as u64, u64::from(vtype.unwrap_or(64)), u64::from(masked)]);
                let (mut generator, _) = Generator::new(decoder, target, pool, rng);
                // No register is in the way.
                generator.anchor = 32;
                let ctx = generator.ctx(Vtype::from_request(u64::from(vtype.unwrap_or(0)), target.vlen), false);
                let found = generator.word(entry, &ctx, masked, 1500).is_some();
                if found { &mut legal } else { &mut never }.push(Cell { row, vtype, masked });
            }
        }
    }
    (legal, never)
}
