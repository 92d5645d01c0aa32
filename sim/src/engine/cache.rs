//! The block cache: code decoded once, found again without hashing in the common case.

use std::collections::HashMap;

use rvtile_isa::block::Block;
use rvtile_isa::decode::Decoder;
use rvtile_isa::hart::Hart;

/// A block, and where control went after it.
pub(super) struct Cached {
    /// Boxed, because links hold its address.
    pub block: Box<Block>,
    /// Numbers of the blocks that followed it lately; the block's own number when not known.
    followers: [u32; 2],
}

/// Blocks by number.
#[derive(Default)]
pub(super) struct BlockCache {
    blocks: Vec<Cached>,
    index: HashMap<(u64, u32), u32>,
}

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
        self.blocks.push(Cached { block, followers: [number; 2] });
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

    /// All blocks.
    pub fn iter(&self) -> impl Iterator<Item = &Cached> {
        self.blocks.iter()
    }

    /// Forgets all blocks: numbers start anew.
    pub fn clear(&mut self, hart: &mut Hart) {
        hart.forget_blocks();
        self.blocks.clear();
        self.index.clear();
    }
}
