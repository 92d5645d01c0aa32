//! The simulated core: what retires goes through the pipe, or past it when it is known what the pipe would do.

use std::sync::Arc;

use rvtile_isa::block::Block;
use rvtile_isa::hart::{Entered, Log};

use super::describe::{self, Desc};
use super::event::Listener;
use super::hierarchy::MemoryCounts;
use super::ledger::Ledger;
use super::memo::{Asked, Memo, Recorder};
use super::outside::World;
use super::pipe::Pipe;
use super::snapshot::{Part, Reader, Writer};
use crate::machine::Machine;

/// What the core counted beside cycles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Branches and jumps.
    pub branches: u64,
    /// Of those, mispredicted.
    pub mispredicted: u64,
    /// Traffic of the memory hierarchy.
    pub memory: MemoryCounts,
}

/// Blocks that have run.
#[derive(Clone, Copy)]
pub struct Ran<'a> {
    /// What the hart logged of them. Behind them stands a block that was not entered, at the address where control
    /// went.
    pub log: &'a Log,
    /// Instructions of the last block that retired, if not all.
    pub partly: Option<usize>,
}

/// The simulated core.
pub struct Core {
    machine: Arc<Machine>,
    /// Descriptors by block number.
    blocks: Vec<Option<Box<[Desc]>>>,
    pipe: Pipe,
    world: World,
    /// What is known of the pipe's ways; none when it is to work everything out.
    memo: Option<Memo>,
    /// Room for its state, and for the questions of a block.
    state: Vec<Part>,
    asked: Vec<Asked>,
}

/// States are looked up from this cycle on: times of the past do not reach back before the beginning.
const FIRST_LOOKUP: u64 = 1 << 10;

impl Core {
    /// A core at rest, with empty caches. With `plain` it works out every instruction, which takes longer and comes to
    /// the same. With `code_after` what it does over and over becomes host code: so often for each of its steps.
    pub fn new(machine: Arc<Machine>, plain: bool, code_after: Option<u32>) -> Core {
        let world = World::new(&machine);
        Core {
            blocks: Vec::new(),
            pipe: Pipe::new(Arc::clone(&machine), world.memory.line_log2()),
            world,
            memo: (!plain).then(|| Memo::new(code_after)),
            state: Vec::new(),
            asked: Vec::new(),
            machine,
        }
    }

    /// The machine that is simulated.
    pub fn machine(&self) -> &Machine {
        &self.machine
    }

    /// Cycles charged so far.
    pub fn ledger(&self) -> &Ledger {
        &self.pipe.painter.ledger
    }

    /// The present cycle, as a cycle counter reads it.
    pub fn cycle(&self) -> u64 {
        self.pipe.now
    }

    /// What was counted so far.
    pub fn counters(&self) -> Counters {
        let branches = &self.world.branches;
        Counters { branches: branches.seen, mispredicted: branches.missed, memory: self.world.memory.counts() }
    }

    /// Forgets what was prepared for blocks: their numbers will be used anew.
    pub fn forget_blocks(&mut self) {
        self.settle();
        self.blocks.clear();
        if let Some(memo) = &mut self.memo {
            memo.forget();
        }
    }

    /// Blocks have run; `block` finds them by number.
    pub fn retire<'b, L: Listener + ?Sized>(
        &mut self,
        ran: Ran<'_>,
        block: impl Fn(u32) -> &'b Block,
        listener: &mut L,
    ) {
        let Log { blocks, words, .. } = ran.log;
        let all = blocks.len().saturating_sub(1);
        let whole = all - usize::from(ran.partly.is_some());
        let mut done = 0;
        while done < all {
            if done < whole && !listener.listens() && self.knows_state(blocks[done].number) {
                done += self.replay(&blocks[done..=whole], words);
            }
            if let [entered, next, ..] = &blocks[done..] {
                let count = ran.partly.filter(|_| done >= whole);
                let words = &words[entered.words as usize..next.words as usize];
                self.work_out(entered, next.pc, words, block(entered.number), count, listener);
                done += 1;
            }
        }
    }

    /// Whether a replay can begin, with this block.
    fn knows_state(&mut self, block: u32) -> bool {
        let Some(memo) = &mut self.memo else { return false };
        if !memo.is_away() {
            return true;
        }
        if self.pipe.now < FIRST_LOOKUP || !memo.heeds(block) {
            return false;
        }
        self.state.clear();
        self.pipe.fold(&mut Writer { now: self.pipe.now, parts: &mut self.state });
        memo.enter(&self.state)
    }

    fn replay(&mut self, blocks: &[Entered], words: &[u64]) -> usize {
        let Some(memo) = &mut self.memo else { return 0 };
        memo.replay(blocks, words, &mut self.world, &mut self.pipe.now, &mut self.pipe.painter.ledger)
    }

    /// The pipe works a block out, of which `count` instructions retired, or all.
    fn work_out<L: Listener + ?Sized>(
        &mut self,
        entered: &Entered,
        next_pc: u64,
        words: &[u64],
        block: &Block,
        count: Option<usize>,
        listener: &mut L,
    ) {
        self.settle();
        let number = entered.number as usize;
        if self.blocks.len() <= number {
            self.blocks.resize_with(number + 1, || None);
        }
        let descs = self.blocks[number].get_or_insert_with(|| describe::block(block, &self.machine));
        let count = count.unwrap_or(block.insts.len()).min(descs.len());
        let (descs, pipe) = (&mut descs[..count], &mut self.pipe);
        let whole = count == block.insts.len() && !listener.listens();
        // What a replay has asked of the block already must not be asked again.
        let heeds = |memo: &mut Memo| !memo.is_away() && (memo.miss.is_begun() || memo.heeds(entered.number));
        let learning = whole && self.memo.as_mut().is_some_and(heeds);
        match &mut self.memo {
            Some(memo) if learning => {
                let (before, origin) = (pipe.painter.ledger, pipe.now);
                let mut recorder = Recorder::new(&mut self.world, &memo.miss, (entered.pc, origin), &mut self.asked);
                pipe.retire(block, descs, words, next_pc, &mut recorder, listener);
                if !recorder.whole {
                    memo.leave();
                    return;
                }
                if !memo.comes_again(entered.number, &self.asked) {
                    return;
                }
                self.state.clear();
                pipe.fold(&mut Writer { now: pipe.now, parts: &mut self.state });
                let charged = pipe.painter.ledger.since(&before);
                memo.learn(entered, &self.asked, pipe.now - origin, &charged, &self.state);
            }
            memo => {
                if let Some(memo) = memo {
                    memo.leave();
                }
                pipe.retire(block, descs, words, next_pc, &mut self.world, listener);
            }
        }
    }

    /// Brings the pipe into the state that replays have led to.
    fn settle(&mut self) {
        if let Some(memo) = &mut self.memo
            && let Some(parts) = memo.unsettled()
        {
            self.pipe.fold(&mut Reader { now: self.pipe.now, parts });
            memo.settle();
        }
    }

    /// The pipe is going to change by itself.
    fn leave(&mut self) {
        self.settle();
        if let Some(memo) = &mut self.memo {
            memo.leave();
        }
    }

    /// Waits until everything under way is done: a region boundary, or the end. It is the instruction at `pc` that
    /// waits.
    pub fn drain<L: Listener + ?Sized>(&mut self, pc: u64, listener: &mut L) {
        self.leave();
        self.pipe.drain(pc, listener);
    }

    /// An environment call at `pc`: the core drains, and the environment takes its time.
    pub fn environment<L: Listener + ?Sized>(&mut self, pc: u64, listener: &mut L) {
        self.leave();
        self.pipe.environment(pc, listener);
    }
}
