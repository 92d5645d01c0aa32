//! Timing of blocks, remembered.
//!
//! What a block does to the pipe follows from the state of the pipe, the block, and the answers from outside: see
//! [`outside`](super::outside). So for each state and block that came up, the questions are kept in their order, as a
//! tree that branches where answers differ, with the outcome at its leaves: the cycles, what they are charged to, and
//! the next state. Running a block again means to ask the same questions at the same times and to follow the answers.
//! An answer that never came before ends that; the pipe then works the block out, and the tree learns it.

#[cfg(all(target_arch = "x86_64", unix))]
mod code;
#[cfg(not(all(target_arch = "x86_64", unix)))]
#[path = "no_code.rs"]
mod code;
#[cfg(all(target_arch = "x86_64", unix))]
mod compile;
mod habits;
mod met;
mod record;
mod states;
mod tree;

use rvtile_isa::block::Block;
use rvtile_isa::hart::Entered;

use super::ledger::{Charge, Ledger};
use super::outside::World;
use super::snapshot::Part;
use super::transfer::Moved;
use code::Code;
use habits::Habits;
use met::Met;
pub(super) use record::{Asked, Query, Recorder};
use states::States;
use tree::{Link, NOWHERE, Trees};

/// Where the pipe stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Its state was not looked up.
    Unknown,
    State(u32),
    /// Behind this leaf.
    Leaf(u32),
}

/// Where code for trees was left.
enum Exit {
    /// In front of a block, whose tree begins here.
    Root { state: u32, at: Link },
    /// Behind this leaf.
    Leaf(Link),
    /// Within a block that was entered in a state, at this edge, which was `asked` or is to be; the answers in front of it led there.
    Within { state: u32, at: Link, asked: bool, answers: Box<[u64]> },
}

/// What ended a replay before the log did.
#[derive(Clone, Copy)]
pub(super) struct Miss {
    /// Answers to the questions of the block that could be asked.
    answers: [u64; QUESTIONS],
    count: u8,
    /// An answer behind them that no word can hold.
    pub odd: Option<Moved>,
}

impl Miss {
    /// Whether anything was asked.
    pub fn is_begun(&self) -> bool {
        self.count > 0 || self.odd.is_some()
    }

    /// The answers that are known.
    pub fn answers(&self) -> &[u64] {
        &self.answers[..self.count as usize]
    }
}

/// No block asks as many questions: an instruction asks for its line, its access and a length.
const QUESTIONS: usize = 256;
const _: () = assert!(QUESTIONS > 3 * Block::MAX_LEN);

/// Bytes above which everything is forgotten.
const LIMIT: usize = 64 << 20;

/// Walks until trees are looked at, when so many for each edge make them code: fewer edges are hardly ever code.
fn look_after(walks: u32) -> u64 {
    32 * u64::from(walks)
}

/// What is known of blocks.
pub(super) struct Memo {
    trees: Trees,
    /// Walks, for each of their edges, after which trees become code, if any do.
    code_after: Option<u32>,
    /// Walks since there was code made last, and how many of them it takes until trees are looked at.
    walks: u64,
    due: u64,
    code: Option<Code>,
    states: States,
    place: Place,
    /// Whether the pipe itself is in the state of `place`.
    settled: bool,
    pub miss: Miss,
    hits: u64,
    habits: Habits,
    /// Ways through trees that came up.
    met: Met,
}

impl Memo {
    /// With `code_after` trees that are walked often become host code: one, and what follows it, after so many walks for each edge.
    pub fn new(code_after: Option<u32>) -> Memo {
        Memo {
            trees: Trees::default(),
            code_after,
            walks: 0,
            due: code_after.map_or(u64::MAX, look_after),
            code: None,
            states: States::default(),
            place: Place::Unknown,
            settled: true,
            miss: Miss { answers: [0; QUESTIONS], count: 0, odd: None },
            hits: 0,
            habits: Habits::default(),
            met: Met::default(),
        }
    }

    /// Replays the blocks of a log but the last, which only tells where control went, from the present place on. Returns
    /// how many it could; `miss` tells what is known of the next one.
    pub fn replay(
        &mut self,
        blocks: &[Entered],
        words: &[u64],
        world: &mut World,
        now: &mut u64,
        ledger: &mut Ledger,
    ) -> usize {
        let (mut done, mut time, mut place) = (0, *now, self.place);
        (self.miss.count, self.miss.odd) = (0, None);
        while let [block, _, ..] = &blocks[done..] {
            let mut from = (self.root(place, block.number), 0);
            if from.0 == NOWHERE || !self.habits.remembers(block.number) {
                break;
            }
            self.walks += 1;
            if self.walks >= self.due {
                self.make_code(place, block, world);
                from.0 = self.root(place, block.number);
            }
            if let (Some(code), true) = (&self.code, Code::is_code(from.0)) {
                let (ran, exit, answer) = code.run(from.0, &blocks[done..], words, world, &mut time, ledger);
                done += ran;
                match exit {
                    &Exit::Leaf(at) => {
                        place = Place::Leaf(at);
                        continue;
                    }
                    &Exit::Root { state, at } => {
                        place = Place::State(state);
                        from = (at, 0);
                    }
                    Exit::Within { state, at, asked, answers } => {
                        place = Place::State(*state);
                        self.miss.answers[..answers.len()].copy_from_slice(answers);
                        from = (*at, answers.len() as u8);
                        if *asked {
                            if let Some(odd) = world.odd.take() {
                                (self.miss.count, self.miss.odd) = (from.1, Some(odd));
                                break;
                            }
                            self.miss.answers[answers.len()] = answer;
                            from.1 += 1;
                            let Some(next) = self.trees.after(*at, answer) else {
                                self.miss.count = from.1;
                                break;
                            };
                            from.0 = next;
                        }
                    }
                }
            }
            let [block, next, ..] = &blocks[done..] else { break };
            let Some(at) = self.trees.walk(from, (block, next), words, world, time, &mut self.miss) else { break };
            let leaf = self.trees.leaf(at);
            time += u64::from(leaf.elapsed);
            self.trees.charge(leaf, ledger);
            place = Place::Leaf(at);
            done += 1;
        }
        (*now, self.place) = (time, place);
        self.settled &= done == 0;
        self.hits += done as u64;
        done
    }

    /// The tree of a block in a place.
    #[inline(always)]
    fn root(&mut self, place: Place, number: u32) -> Link {
        if let Place::Leaf(at) = place {
            let leaf = self.trees.leaf(at);
            if leaf.next == number {
                return leaf.root;
            }
        }
        self.find_root(place, number)
    }

    #[inline(never)]
    fn find_root(&mut self, place: Place, number: u32) -> Link {
        let Some(state) = self.state(place) else { return NOWHERE };
        let root = self.trees.root(state, number);
        let root = self.code.as_ref().map_or(root, |code| code.link(root));
        if let (Place::Leaf(at), true) = (place, root != NOWHERE) {
            let leaf = self.trees.leaf_mut(at);
            (leaf.next, leaf.root) = (number, root);
        }
        root
    }

    /// Makes code of the tree of a block in a place, and of those that it leads to, if they have been walked for as long as
    /// making it takes.
    #[cold]
    fn make_code(&mut self, place: Place, block: &Entered, world: &World) {
        if self.code.is_none() {
            self.code = Code::new(world);
        }
        let state = self.state(place);
        let (Some(code), Some(state), Some(after)) = (&mut self.code, state, self.code_after) else {
            // There is none for this machine or host.
            self.due = u64::MAX;
            return;
        };
        let most = (self.walks / u64::from(after.max(1))) as u32;
        match code.make(&self.trees, state, block, most) {
            None => self.due = self.walks + look_after(after),
            Some(edges) if edges > most => self.due = u64::from(edges) * u64::from(after),
            Some(_) => {
                // What is left gets less and less.
                let after = after + after / 8;
                (self.walks, self.due, self.code_after) = (0, look_after(after), Some(after));
                self.trees.forget_next();
            }
        }
    }

    /// The number of the state in a place.
    fn state(&self, place: Place) -> Option<u32> {
        match place {
            Place::Unknown => None,
            Place::State(state) => Some(state),
            Place::Leaf(at) => Some(self.trees.leaf(at).state),
        }
    }

    /// The pipe comes to a block. Whether that is to be looked up or learned.
    pub fn heeds(&mut self, block: u32) -> bool {
        self.habits.heeds(block)
    }

    /// The state that the pipe should be in, if it is not.
    pub fn unsettled(&self) -> Option<&[Part]> {
        let state = self.state(self.place).filter(|_| !self.settled)?;
        Some(self.states.get(state))
    }

    /// The pipe has been brought into the state of the place.
    pub fn settle(&mut self) {
        self.settled = true;
    }

    /// The pipe goes its own way from here.
    pub fn leave(&mut self) {
        (self.place, self.settled) = (Place::Unknown, true);
    }

    /// Whether the state of the pipe was not looked up.
    pub fn is_away(&self) -> bool {
        self.place == Place::Unknown
    }

    /// The pipe is in this state. Whether it is one to begin with.
    pub fn enter(&mut self, state: &[Part]) -> bool {
        let Some(number) = self.states.met(state) else {
            self.habits.pause();
            return false;
        };
        (self.place, self.settled) = (Place::State(number), true);
        true
    }

    /// Forgets everything: blocks are going to be numbered anew.
    pub fn forget(&mut self) {
        *self = Memo::new(self.code_after);
    }

    /// A block got these answers in the present state. Whether it did so lately, so that it is worth learning; if not, the pipe goes its
    /// own way from here.
    pub fn comes_again(&mut self, block: u32, asked: &[Asked]) -> bool {
        let Some(from) = self.state(self.place) else { return false };
        self.habits.miss(block, self.hits);
        let again = self.met.again(record::hash(from, block, asked));
        if !again {
            self.leave();
        }
        again
    }

    /// Remembers that a block led from the present state to `after`, by these questions and answers, in `elapsed`
    /// cycles. The pipe is in that state.
    pub fn learn(&mut self, block: &Entered, asked: &[Asked], elapsed: u64, charged: &Ledger, after: &[Part]) {
        let Some(from) = self.state(self.place) else { return };
        if self.trees.bytes() + self.states.bytes() > LIMIT {
            let (habits, hits) = (std::mem::take(&mut self.habits), self.hits);
            self.forget();
            (self.habits, self.hits) = (habits, hits);
            return;
        }
        let all: Option<Vec<Charge>> = charged.entries().map(|(cause, cycles)| Charge::new(cause, cycles)).collect();
        let (Some(all), Ok(elapsed)) = (all, u32::try_from(elapsed)) else {
            self.leave();
            return;
        };
        let state = self.states.number(after);
        let leaf = self.trees.new_leaf(state, elapsed, &all);
        let place = self.trees.insert((from, block.number), block.pc, asked, leaf);
        (self.place, self.settled) = (place.map_or(Place::State(state), Place::Leaf), true);
    }
}
