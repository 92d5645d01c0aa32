//! The blocks that become one function, and what is known of them before.

use std::collections::HashMap;

use rvtile_isa::block::{Block, BlockInst};
use rvtile_isa::chain::Entry;
use rvtile_isa::operand::Operand;
use rvtile_isa::row::Props;

/// A set of registers: integer ones in the low half, floating-point ones in the high half.
pub(super) type Set = u64;

/// The bit of a floating-point register is that of the integer register of its number, shifted by this.
pub(super) const FLOAT: u32 = 32;

/// Blocks and how control goes between them.
pub(super) struct Region<'a> {
    pub blocks: &'a [&'a Block],
    numbers: HashMap<*const Entry, usize>,
    /// Of each block, what may have been changed since the function began, when it is entered.
    pub changed: Vec<Set>,
    /// Registers that the function uses at all.
    pub used: Set,
}

impl<'a> Region<'a> {
    pub fn new(blocks: &'a [&'a Block]) -> Region<'a> {
        let numbers = blocks.iter().enumerate().map(|(number, block)| (&raw const block.entry, number)).collect();
        let mut region = Region { blocks, numbers, changed: vec![0; blocks.len()], used: 0 };
        let mut writes = vec![0; blocks.len()];
        for (block, writes) in blocks.iter().zip(&mut writes) {
            for inst in &block.insts {
                *writes |= written(inst);
                region.used |= read(inst) | written(inst);
            }
        }
        let mut again = true;
        while again {
            again = false;
            for (number, writes) in writes.iter().enumerate() {
                let changed = region.changed[number] | writes;
                for to in region.successors(number) {
                    again |= region.changed[to] | changed != region.changed[to];
                    region.changed[to] |= changed;
                }
            }
        }
        region
    }

    /// The block of this region that a link is tied to.
    pub fn tied(&self, number: usize, link: usize) -> Option<usize> {
        self.numbers.get(&self.blocks[number].tied(link)?).copied()
    }

    /// The blocks that an indirect jump at the end of a block may go to: a return goes behind the calls of the region.
    pub fn returns(&self, number: usize) -> Vec<usize> {
        const MOST: usize = 4;
        let block = self.blocks[number];
        let is_return = |inst: &BlockInst| matches!(&inst.inst, Ok(inst) if inst.row.name == "jalr" && inst.rd == 0 && is_link_register(inst.rs1));
        if !block.insts.last().is_some_and(is_return) {
            return Vec::new();
        }
        let behind_calls = self.blocks.iter().filter_map(|block| call_of(block));
        let blocks = |pc| {
            self.blocks.iter().position(|to| to.entry.pc == pc && to.entry.key == block.exit_key() && to.can_be_tied())
        };
        let mut found: Vec<usize> = behind_calls.filter_map(blocks).collect();
        found.sort_by_key(|&to| std::cmp::Reverse(self.blocks[to].entry.times()));
        found.dedup();
        found.truncate(MOST);
        found
    }

    /// Where control may go from a block without leaving the region.
    fn successors(&self, number: usize) -> Vec<usize> {
        let count = self.blocks[number].insts.len();
        let mut successors = self.returns(number);
        successors.extend([count, count + 1].into_iter().filter_map(|link| self.tied(number, link)));
        successors
    }

    /// Which blocks are entered from within.
    pub fn entered(&self) -> Vec<bool> {
        let mut entered = vec![false; self.blocks.len()];
        for number in 0..self.blocks.len() {
            self.successors(number).into_iter().for_each(|to| entered[to] = true);
        }
        entered
    }
}

/// The address behind the call that ends a block.
pub(crate) fn call_of(block: &Block) -> Option<u64> {
    let inst = block.insts.last()?.inst.as_ref().ok()?;
    let is_call = inst.row.props.contains(Props::JUMP) && is_link_register(inst.rd);
    is_call.then(|| block.address(block.insts.len()))
}

/// `ra` and `t0` hold return addresses by convention.
fn is_link_register(register: u8) -> bool {
    matches!(register, 1 | 5)
}

/// The registers that an instruction names as sources.
fn read(inst: &BlockInst) -> Set {
    let Ok(inst) = &inst.inst else { return 0 };
    let bit = |operand| match operand {
        Operand::Rs1 => 1 << inst.rs1,
        Operand::Rs2 => 1 << inst.rs2,
        Operand::Fs1 => 1 << (FLOAT + u32::from(inst.rs1)),
        Operand::Fs2 => 1 << (FLOAT + u32::from(inst.rs2)),
        Operand::Fs3 => 1 << (FLOAT + u32::from(inst.rs3)),
        _ => 0,
    };
    inst.row.operands.iter().map(bit).fold(0, |all: Set, bit: Set| all | bit) & !1
}

/// The register that an instruction writes.
pub(super) fn written(inst: &BlockInst) -> Set {
    let Ok(inst) = &inst.inst else { return 0 };
    let set = if inst.row.operands.has(Operand::Rd) {
        1 << inst.rd
    } else if inst.row.operands.has(Operand::Fd) {
        1 << (FLOAT + u32::from(inst.rd))
    } else {
        0
    };
    set & !1
}
