//! The block cache: code decoded once, found again without hashing in the common case.

use std::collections::HashMap;

use rvtile_isa::block::Block;
use rvtile_isa::decode::Decoder;
use rvtile_isa::ext::Ext;
use rvtile_isa::hart::Hart;
use rvtile_isa::row::Props;

use crate::generate::{self, Generator};

/// A block, and where control went after it.
pub(super) struct Cached {
    /// Boxed, because links hold its address.
    pub block: Box<Block>,
    /// Numbers of the blocks that followed it lately; the block's own number when not known.
    followers: [u32; 2],
    /// Whether host code was asked for.
    asked: bool,
}

/// Blocks by number.
#[derive(Default)]
pub(super) struct BlockCache {
    // Before the generator, whose code they lead to.
    blocks: Vec<Cached>,
    index: HashMap<(u64, u32), u32>,
    generator: Making,
}

/// Who makes host code. Starting it takes a while, so it waits until there is something to do.
#[derive(Default)]
enum Making {
    #[default]
    NotYet,
    Never,
    By(Box<Generator>),
}

/// Instructions that the interpreter has executed of a block when it is worth its host code, which takes about ten times as
/// long to make.
const HOT: u64 = 1 << 17;

/// Blocks, and instructions, of a function.
const MOST_BLOCKS: usize = 64;
const MOST_INSTRUCTIONS: u32 = 600;

/// A block is left out of a function when it ran so many times less often than the one that is its reason.
const SELDOM: u64 = 64;

impl BlockCache {
    /// The block at the hart's pc in its present context, after block `previous` if there was one.
    #[inline]
    pub fn next(&mut self, previous: Option<u32>, hart: &mut Hart, decoder: &Decoder) -> u32 {
        let (pc, key) = (hart.pc, hart.ctx_key());
        if let Some(previous) = previous {
            for number in self.blocks[previous as usize].followers {
                let block = &self.blocks[number as usize].block;
                if block.entry.pc == pc && block.entry.key == key {
                    return number;
                }
            }
        }
        let number = self.find(pc, key, hart, decoder);
        if let Some(previous) = previous {
            let followers = &mut self.blocks[previous as usize].followers;
            *followers = [number, followers[0]];
        }
        number
    }

    #[cold]
    #[inline(never)]
    fn find(&mut self, pc: u64, key: u32, hart: &mut Hart, decoder: &Decoder) -> u32 {
        if let Some(&number) = self.index.get(&(pc, key)) {
            return number;
        }
        let number = self.blocks.len() as u32;
        let mut block = Box::new(Block::translate(hart, decoder));
        block.entry.number = number;
        self.blocks.push(Cached { block, followers: [number; 2], asked: false });
        self.index.insert((pc, key), number);
        number
    }

    /// A block by its number.
    #[inline]
    pub fn get(&mut self, number: u32) -> &mut Cached {
        &mut self.blocks[number as usize]
    }

    /// What was decoded, by its number.
    #[inline]
    pub fn block(&self, number: u32) -> &Block {
        &self.blocks[number as usize].block
    }

    /// Lets control go from operation `stopped` of block `from`, where it left, to block `to` without the engine.
    pub fn tie(&mut self, from: u32, stopped: usize, to: u32, hart: &mut Hart) {
        let entry = &raw const self.blocks[to as usize].block.entry;
        if !self.blocks[to as usize].block.can_be_tied() {
            return;
        }
        let from = &mut self.blocks[from as usize].block;
        // SAFETY: boxed blocks stay where they are until `clear`, which forgets them all together.
        unsafe {
            if from.is_link(stopped) {
                from.tie(stopped, &*entry);
            } else {
                hart.remember_block(&*entry);
            }
        }
    }

    /// Makes host code for a block and those around it, if it runs often.
    #[inline]
    pub fn warm(&mut self, number: u32, hart: &Hart) {
        let cached = &self.blocks[number as usize];
        if !cached.asked && cached.block.entry.runs.get() * u64::from(cached.block.entry.count) >= HOT {
            self.generate(number, hart);
        }
    }

    #[cold]
    #[inline(never)]
    fn generate(&mut self, number: u32, hart: &Hart) {
        self.blocks[number as usize].asked = true;
        if !can_be_generated(&self.blocks[number as usize].block) {
            return;
        }
        if matches!(self.generator, Making::NotYet) {
            self.generator = Generator::new().map_or(Making::Never, |generator| Making::By(Box::new(generator)));
        }
        let blocks = around(&self.blocks, &self.index, number);
        if let Making::By(generator) = &mut self.generator {
            // SAFETY: `clear` drops the blocks before the code, as does the order of the fields.
            unsafe { generator.generate(&blocks, hart.ctx().isa.contains(Ext::ZCA), hart.log.on) };
        }
    }

    /// All blocks.
    pub fn iter(&self) -> impl Iterator<Item = &Cached> {
        self.blocks.iter()
    }

    /// Forgets all blocks: numbers start anew.
    pub fn clear(&mut self, hart: &mut Hart) {
        hart.forget_blocks();
        self.blocks.clear();
        self.index.clear();
        if let Making::By(generator) = &mut self.generator {
            generator.clear();
        }
    }
}

/// A block and those that control goes to from there without the engine, the nearest first.
fn around<'a>(blocks: &'a [Cached], index: &HashMap<(u64, u32), u32>, number: u32) -> Vec<&'a Block> {
    let first = &*blocks[number as usize].block;
    let least = first.entry.times() / SELDOM;
    let (mut found, mut at, mut instructions) = (vec![first], 0, 0);
    while let Some(&block) = found.get(at) {
        at += 1;
        let links = [block.insts.len(), block.insts.len() + 1];
        let tied = links.into_iter().filter_map(|link| block.tied(link));
        // SAFETY: blocks that are tied are alive.
        let numbers = tied.map(|entry| unsafe { (*entry).number });
        let after = generate::call_of(block).and_then(|pc| index.get(&(pc, block.exit_key())).copied());
        for number in numbers.chain(after) {
            let next = &*blocks[number as usize].block;
            instructions += next.entry.count;
            if found.len() == MOST_BLOCKS || instructions > MOST_INSTRUCTIONS {
                return found;
            }
            let known = found.iter().any(|block| std::ptr::eq(*block, next));
            if !known && next.entry.times() >= least && next.can_be_tied() && can_be_generated(next) {
                found.push(next);
            }
        }
    }
    found
}

/// Whether host code does anything better. Vector instructions take their time in their handlers.
fn can_be_generated(block: &Block) -> bool {
    !block.props.contains(Props::VECTOR)
}
