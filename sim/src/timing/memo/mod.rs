//! Timing of blocks, remembered.
//!
//! What a block does to the pipe follows from the state of the pipe, the block, and the answers from outside: see
//! [`outside`](super::outside). So for each state and block that came up, the questions are kept in their order, as a
//! tree that branches where answers differ, with the outcome at its leaves: the cycles, what they are charged to, and
//! the next state. Running a block again means to ask the same questions at the same times and to follow the answers.
//! An answer that never came before ends that; the pipe then works the block out, and the tree learns it.

mod record;
mod states;

use rustc_hash::FxHashMap;
use rvtile_isa::block::Block;
use rvtile_isa::hart::Entered;

use super::describe::Control;
use super::ledger::{Charge, Ledger};
use super::outside::{Conditional, Jump, Outside, World};
use super::transfer::{Access, Moved, Shape};
pub(super) use record::{Query, Recorder};
use states::States;

/// Where a link of the tree leads: a question, a leaf with this bit set, or nowhere yet.
type Link = u32;
const LEAF: Link = 1 << 31;
const NOWHERE: Link = Link::MAX;

/// How a question is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Fetch,
    Load,
    Store,
    Value,
    Conditional,
    Jump,
    Vector,
}

/// A question with one of the answers that it got.
#[derive(Clone, Copy)]
struct Edge {
    answer: u64,
    /// When it is asked, in cycles after those of the block's beginning.
    time: u32,
    /// For a fetch the offset in the block; for others an index into a table.
    operand: u32,
    /// Where that answer leads.
    next: Link,
    /// The same question with another answer.
    sibling: Link,
    /// Place of its words among those of the block.
    word: u16,
    kind: Kind,
}

/// What a block did.
struct Leaf {
    /// The state after it.
    state: u32,
    elapsed: u32,
    /// The first charges; unused ones charge nothing.
    charges: [Charge; CHARGES],
    /// Where in [`Memo::charges`] the others begin, which one that charges nothing ends.
    more: u32,
    /// The block that came next lately, and the tree that it has in this state.
    next: u32,
    root: Link,
}

/// Charges that have a place in a leaf.
const CHARGES: usize = 2;

/// Where the pipe stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Its state was not looked up.
    Unknown,
    State(u32),
    /// Behind this leaf.
    Leaf(u32),
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
    /// The answers that are known.
    pub fn answers(&self) -> &[u64] {
        &self.answers[..self.count as usize]
    }
}

/// No block asks as many questions: an instruction asks for its line, its access and a length.
const QUESTIONS: usize = 256;
const _: () = assert!(QUESTIONS > 3 * Block::MAX_LEN);

/// Answers to a question that are searched one by one.
const SIBLINGS: usize = 4;

/// Bytes above which everything is forgotten.
const LIMIT: usize = 64 << 20;

/// Misses after which it is looked whether there are enough hits.
const TRIAL: u32 = 2048;

/// The shortest and the longest time without memory, in blocks.
const PAUSES: (u64, u64) = (1 << 12, 1 << 20);

/// The trees.
pub(super) struct Memo {
    edges: Vec<Edge>,
    leaves: Vec<Leaf>,
    charges: Vec<Charge>,
    accesses: Vec<Access>,
    conditionals: Vec<Conditional>,
    jumps: Vec<Jump>,
    roots: FxHashMap<(u32, u32), Link>,
    /// Edges for answers that have no place in the chain of siblings, by its first edge.
    others: FxHashMap<(Link, u64), Link>,
    states: States,
    place: Place,
    /// Whether the pipe itself is in the state of `place`.
    settled: bool,
    pub miss: Miss,
    hits: u64,
    /// Misses, and the hits before them, of the present trial.
    misses: u32,
    hits_before: u64,
    pause: u64,
    next_pause: u64,
    ticks: u8,
}

impl Memo {
    pub fn new() -> Memo {
        Memo {
            edges: Vec::new(),
            leaves: Vec::new(),
            charges: Vec::new(),
            accesses: Vec::new(),
            conditionals: Vec::new(),
            jumps: Vec::new(),
            roots: FxHashMap::default(),
            others: FxHashMap::default(),
            states: States::default(),
            place: Place::Unknown,
            settled: true,
            miss: Miss { answers: [0; QUESTIONS], count: 0, odd: None },
            hits: 0,
            misses: 0,
            hits_before: 0,
            pause: 0,
            next_pause: PAUSES.0,
            ticks: 0,
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
        let mut done = 0;
        self.miss.count = 0;
        self.miss.odd = None;
        while let [block, next, ..] = &blocks[done..] {
            let root = self.root(block.number);
            if root == NOWHERE {
                break;
            }
            let Some(number) = self.walk(root, block, next, words, world, *now) else { break };
            // SAFETY: a link with the mark of a leaf leads to one.
            let leaf = unsafe { self.leaves.get_unchecked(number as usize) };
            *now += u64::from(leaf.elapsed);
            leaf.charges.iter().for_each(|&charge| ledger.add_charge(charge));
            if leaf.more != NOWHERE {
                let more = self.charges[leaf.more as usize..].iter();
                more.take_while(|charge| **charge != Charge::default()).for_each(|&charge| ledger.add_charge(charge));
            }
            self.place = Place::Leaf(number);
            self.miss.count = 0;
            done += 1;
        }
        self.settled &= done == 0;
        self.hits += done as u64;
        done
    }

    /// The tree of a block in the present place.
    #[inline(always)]
    fn root(&mut self, number: u32) -> Link {
        if let Place::Leaf(leaf) = self.place {
            // SAFETY: a place is that of a leaf that exists.
            let leaf = unsafe { self.leaves.get_unchecked(leaf as usize) };
            if leaf.next == number {
                return leaf.root;
            }
        }
        self.find_root(number)
    }

    #[inline(never)]
    fn find_root(&mut self, number: u32) -> Link {
        let state = match self.place {
            Place::Unknown => return NOWHERE,
            Place::State(state) => state,
            Place::Leaf(leaf) => self.leaves[leaf as usize].state,
        };
        let root = self.roots.get(&(state, number)).copied().unwrap_or(NOWHERE);
        if let (Place::Leaf(leaf), true) = (self.place, root != NOWHERE) {
            let leaf = &mut self.leaves[leaf as usize];
            (leaf.next, leaf.root) = (number, root);
        }
        root
    }

    /// Asks the questions of a tree and follows the answers to a leaf. On an unknown one the answers so far are
    /// in `miss`.
    #[inline(always)]
    fn walk(
        &mut self,
        root: Link,
        block: &Entered,
        next: &Entered,
        words: &[u64],
        world: &mut World,
        now: u64,
    ) -> Option<u32> {
        // What the next block logged is none of this one's business.
        let words = words.get(..next.words as usize)?;
        let (mut at, mut first) = (root, block.words as usize);
        while at & LEAF == 0 {
            // SAFETY: a link without the mark of a leaf, and not `NOWHERE`, leads to an edge.
            let edge = unsafe { self.edges.get_unchecked(at as usize) };
            let time = now + u64::from(edge.time);
            let place = first + edge.word as usize;
            let operand = edge.operand as usize;
            let answer = if matches!(edge.kind, Kind::Load | Kind::Store) {
                world.access(*words.get(place)?, edge.kind == Kind::Store, time).pack()
            } else if edge.kind == Kind::Conditional {
                world.conditional(&self.conditionals[operand], next.pc).pack()
            } else {
                match edge.kind {
                    Kind::Fetch => world.fetch(block.pc.wrapping_add(operand as u64), time),
                    Kind::Value => *words.get(place)?,
                    Kind::Vector => {
                        let (access, words) = (&self.accesses[operand], words.get(place..)?);
                        if access.shape == Shape::Indexed {
                            first += *words.first()? as usize;
                        }
                        let moved = world.transfer(access, words, time);
                        let Some(answer) = moved.pack() else {
                            self.miss.odd = Some(moved);
                            return None;
                        };
                        answer
                    }
                    _ => world.branch(&self.jumps[operand], next.pc).pack(),
                }
            };
            self.miss.answers[self.miss.count as usize] = answer;
            self.miss.count += 1;
            at = if edge.answer == answer { edge.next } else { self.other(at, answer)? };
        }
        Some(at & !LEAF)
    }

    /// Where another answer than the first known one leads.
    #[inline(never)]
    fn other(&mut self, first: Link, answer: u64) -> Option<Link> {
        let (mut at, mut passed) = (self.edges[first as usize].sibling, 1);
        while at != NOWHERE {
            let edge = self.edges[at as usize];
            if edge.answer == answer {
                // Now and then the answer becomes the first one: a frequent one will mostly be.
                self.ticks = self.ticks.wrapping_add(1);
                if self.ticks.is_multiple_of(8) {
                    let former = self.edges[first as usize];
                    (self.edges[first as usize].answer, self.edges[first as usize].next) = (edge.answer, edge.next);
                    (self.edges[at as usize].answer, self.edges[at as usize].next) = (former.answer, former.next);
                }
                return Some(edge.next);
            }
            at = edge.sibling;
            passed += 1;
        }
        if passed < SIBLINGS {
            return None;
        }
        self.others.get(&(first, answer)).map(|&edge| self.edges[edge as usize].next)
    }

    /// Whether the next block is to be looked up or learned at all: not, when too few were known lately.
    pub fn heeds(&mut self) -> bool {
        if self.pause > 0 {
            self.pause -= 1;
            return false;
        }
        true
    }

    /// The bytes of the state that the pipe should be in, if it is not.
    pub fn unsettled(&self) -> Option<&[u8]> {
        match self.place {
            _ if self.settled => None,
            Place::Unknown => None,
            Place::State(state) => Some(self.states.get(state)),
            Place::Leaf(leaf) => Some(self.states.get(self.leaves[leaf as usize].state)),
        }
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

    /// The pipe is in this state.
    pub fn enter(&mut self, state: &[u8]) {
        (self.place, self.settled) = (Place::State(self.states.number(state)), true);
    }

    /// Forgets everything: blocks are going to be numbered anew, or there is too much.
    pub fn forget(&mut self) {
        let former = std::mem::replace(self, Memo::new());
        (self.pause, self.next_pause) = (former.pause, former.next_pause);
    }

    /// Remembers that `block` led from the present state to `after`, by these questions and answers, in `elapsed`
    /// cycles. The pipe is in that state.
    pub fn learn(&mut self, block: u32, asked: &[record::Asked], elapsed: u64, charged: &Ledger, after: &[u8]) {
        let from = match self.place {
            Place::Unknown => return,
            Place::State(state) => state,
            Place::Leaf(leaf) => self.leaves[leaf as usize].state,
        };
        self.judge();
        if self.bytes() > LIMIT {
            self.forget();
        }
        if self.pause > 0 {
            self.leave();
        }
        if self.is_away() {
            return;
        }
        let all: Option<Vec<Charge>> = charged.entries().map(|(cause, cycles)| Charge::new(cause, cycles)).collect();
        let (Some(all), Ok(elapsed)) = (all, u32::try_from(elapsed)) else {
            self.leave();
            return;
        };
        let state = self.states.number(after);
        let mut charges = [Charge::default(); CHARGES];
        charges.iter_mut().zip(&all).for_each(|(place, &charge)| *place = charge);
        let mut more = NOWHERE;
        if let Some(others @ [_, ..]) = all.get(CHARGES..) {
            more = self.charges.len() as u32;
            self.charges.extend_from_slice(others);
            self.charges.push(Charge::default());
        }
        let leaf = self.leaves.len() as u32;
        self.leaves.push(Leaf { state, elapsed, charges, more, next: u32::MAX, root: NOWHERE });
        let known = self.insert((from, block), asked, leaf);
        (self.place, self.settled) = (if known { Place::Leaf(leaf) } else { Place::State(state) }, true);
    }

    /// A miss, which takes longer than without memory: pauses when there are too many of them.
    fn judge(&mut self) {
        self.misses += 1;
        if self.misses < TRIAL {
            return;
        }
        if self.hits - self.hits_before < 3 * u64::from(self.misses) {
            self.pause = self.next_pause;
            self.next_pause = (self.next_pause * 2).min(PAUSES.1);
        } else {
            self.next_pause = PAUSES.0;
        }
        (self.misses, self.hits_before) = (0, self.hits);
    }

    fn bytes(&self) -> usize {
        self.edges.capacity() * size_of::<Edge>()
            + self.leaves.capacity() * size_of::<Leaf>()
            + self.charges.capacity() * size_of::<Charge>()
            + self.accesses.capacity() * size_of::<Access>()
            + self.conditionals.capacity() * size_of::<Conditional>()
            + self.jumps.capacity() * size_of::<Jump>()
            + self.roots.capacity() * 2 * size_of::<((u32, u32), Link)>()
            + self.others.capacity() * 2 * size_of::<((Link, u64), Link)>()
            + self.states.bytes()
    }

    /// Puts a leaf at the end of a way through the trees. False when the questions are not those that were asked
    /// before: an instruction did not log what it should.
    fn insert(&mut self, root: (u32, u32), asked: &[record::Asked], leaf: u32) -> bool {
        let mut from = None;
        for asked in asked {
            let first = self.follow(root, from);
            if first == NOWHERE {
                let edge = self.edge(asked, NOWHERE);
                self.connect(root, from, edge);
                from = Some(edge);
                continue;
            }
            if first & LEAF != 0 || !self.asks(first, asked) {
                return false;
            }
            let (mut at, mut passed) = (first, 0);
            while at != NOWHERE && self.edges[at as usize].answer != asked.answer {
                at = self.edges[at as usize].sibling;
                passed += 1;
            }
            if at == NOWHERE && passed < SIBLINGS {
                at = self.edge(asked, self.edges[first as usize].sibling);
                self.edges[first as usize].sibling = at;
            } else if at == NOWHERE {
                let known = self.others.get(&(first, asked.answer)).copied();
                at = known.unwrap_or_else(|| self.edge(asked, NOWHERE));
                self.others.insert((first, asked.answer), at);
            }
            from = Some(at);
        }
        let fresh = self.follow(root, from) == NOWHERE;
        if fresh {
            self.connect(root, from, leaf | LEAF);
        }
        fresh
    }

    fn follow(&self, root: (u32, u32), from: Option<Link>) -> Link {
        match from {
            None => self.roots.get(&root).copied().unwrap_or(NOWHERE),
            Some(edge) => self.edges[edge as usize].next,
        }
    }

    fn connect(&mut self, root: (u32, u32), from: Option<Link>, to: Link) {
        match from {
            None => {
                self.roots.insert(root, to);
            }
            Some(edge) => self.edges[edge as usize].next = to,
        }
    }

    fn edge(&mut self, asked: &record::Asked, sibling: Link) -> Link {
        let index = |length: usize| length as u32 - 1;
        let (kind, operand) = match asked.query {
            Query::Fetch { offset } => (Kind::Fetch, offset),
            Query::Scalar { write: false } => (Kind::Load, 0),
            Query::Scalar { write: true } => (Kind::Store, 0),
            Query::Value => (Kind::Value, 0),
            Query::Branch(jump) => match jump.control {
                Control::Conditional { target } => {
                    self.conditionals.push(jump.conditional(target));
                    (Kind::Conditional, index(self.conditionals.len()))
                }
                _ => {
                    self.jumps.push(jump);
                    (Kind::Jump, index(self.jumps.len()))
                }
            },
            Query::Vector(access) => {
                self.accesses.push(access);
                (Kind::Vector, index(self.accesses.len()))
            }
        };
        let (answer, time, word) = (asked.answer, asked.time, asked.word);
        self.edges.push(Edge { answer, time, operand, next: NOWHERE, sibling, word, kind });
        index(self.edges.len())
    }

    /// Whether an edge is this question.
    fn asks(&self, edge: Link, asked: &record::Asked) -> bool {
        let edge = &self.edges[edge as usize];
        let operand = edge.operand as usize;
        let same = match asked.query {
            Query::Fetch { offset } => edge.kind == Kind::Fetch && edge.operand == offset,
            Query::Scalar { write } => edge.kind == if write { Kind::Store } else { Kind::Load },
            Query::Value => edge.kind == Kind::Value,
            Query::Branch(jump) => match jump.control {
                Control::Conditional { target } => {
                    edge.kind == Kind::Conditional && self.conditionals[operand] == jump.conditional(target)
                }
                _ => edge.kind == Kind::Jump && self.jumps[operand] == jump,
            },
            Query::Vector(access) => edge.kind == Kind::Vector && self.accesses[operand] == access,
        };
        same && (edge.time, edge.word) == (asked.time, asked.word)
    }
}
