//! Timing of blocks, remembered.
//!
//! What a block does to the pipe follows from the state of the pipe, the block, and the answers from outside: see
//! [`outside`](super::outside). So for each state and block that came up, the questions are kept in their order, as a
//! tree that branches where answers differ, with the outcome at its leaves: the cycles, what they are charged to, and
//! the next state. Running a block again means to ask the same questions at the same times and to follow the answers.
//! An answer that never came before ends that; the pipe then works the block out, and the tree learns it.

mod record;
mod states;

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use rvtile_isa::hart::Entered;

use super::ledger::{Cause, Ledger};
use super::outside::{Jump, Outside, World};
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
    Branch,
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
    elapsed: u64,
    /// Its part of [`Memo::charges`].
    charges: std::ops::Range<u32>,
    /// The block that came next lately, and the tree that it has in this state.
    next: u32,
    root: Link,
}

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
#[derive(Default)]
pub(super) struct Miss {
    /// Answers to the questions of the block that could be asked.
    pub answers: Vec<u64>,
    /// An answer behind them that no word can hold.
    pub odd: Option<Moved>,
}

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
    charges: Vec<(Cause, u64)>,
    accesses: Vec<Access>,
    jumps: Vec<Jump>,
    roots: HashMap<(u32, u32), Link, Quick>,
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
            jumps: Vec::new(),
            roots: HashMap::default(),
            states: States::default(),
            place: Place::Unknown,
            settled: true,
            miss: Miss::default(),
            hits: 0,
            misses: 0,
            hits_before: 0,
            pause: 0,
            next_pause: PAUSES.0,
            ticks: 0,
        }
    }

    /// Replays the blocks of a log from the present place on. Returns how many it could; `miss` tells what is known of
    /// the next one.
    pub fn replay(
        &mut self,
        blocks: &[Entered],
        words: &[u64],
        next_pc: u64,
        world: &mut World,
        now: &mut u64,
        ledger: &mut Ledger,
    ) -> usize {
        self.miss.answers.clear();
        self.miss.odd = None;
        for (index, block) in blocks.iter().enumerate() {
            let (end, next_pc) = match blocks.get(index + 1) {
                Some(next) => (next.words as usize, next.pc),
                None => (words.len(), next_pc),
            };
            let root = self.root(block.number);
            let leaf = match root {
                NOWHERE => None,
                _ => self.walk(root, block.pc, &words[block.words as usize..end], next_pc, world, *now),
            };
            let Some(number) = leaf else {
                self.hits += index as u64;
                return index;
            };
            self.miss.answers.clear();
            let leaf = &self.leaves[number as usize];
            *now += leaf.elapsed;
            for &(cause, cycles) in &self.charges[leaf.charges.start as usize..leaf.charges.end as usize] {
                ledger.charge(cause, cycles);
            }
            self.place = Place::Leaf(number);
            self.settled = false;
        }
        self.hits += blocks.len() as u64;
        blocks.len()
    }

    /// The tree of a block in the present place.
    #[inline(always)]
    fn root(&mut self, number: u32) -> Link {
        match self.place {
            Place::Unknown => NOWHERE,
            Place::State(state) => self.roots.get(&(state, number)).copied().unwrap_or(NOWHERE),
            Place::Leaf(leaf) => {
                let leaf = &mut self.leaves[leaf as usize];
                if leaf.next != number || leaf.root == NOWHERE {
                    leaf.next = number;
                    leaf.root = self.roots.get(&(leaf.state, number)).copied().unwrap_or(NOWHERE);
                }
                leaf.root
            }
        }
    }

    /// Asks the questions of a tree and follows the answers to a leaf. On an unknown one the answers so far are
    /// in `miss`.
    #[inline(always)]
    fn walk(
        &mut self,
        root: Link,
        pc: u64,
        words: &[u64],
        next_pc: u64,
        world: &mut World,
        now: u64,
    ) -> Option<u32> {
        let (mut at, mut more) = (root, 0);
        while at & LEAF == 0 {
            let edge = &self.edges[at as usize];
            let time = now + u64::from(edge.time);
            let place = more + edge.word as usize;
            let answer = match edge.kind {
                Kind::Load => world.access(*words.get(place)?, false, time).pack(),
                Kind::Store => world.access(*words.get(place)?, true, time).pack(),
                Kind::Branch => world.branch(&self.jumps[edge.operand as usize], next_pc).pack(),
                Kind::Fetch => world.fetch(pc.wrapping_add(u64::from(edge.operand)), time),
                Kind::Value => *words.get(place)?,
                Kind::Vector => {
                    let (access, words) = (&self.accesses[edge.operand as usize], words.get(place..)?);
                    if access.shape == Shape::Indexed {
                        more += *words.first()? as usize;
                    }
                    let moved = world.transfer(access, words, time);
                    match moved.pack() {
                        Some(answer) => answer,
                        None => {
                            self.miss.odd = Some(moved);
                            return None;
                        }
                    }
                }
            };
            self.miss.answers.push(answer);
            at = if edge.answer == answer { edge.next } else { self.other(at, answer)? };
        }
        Some(at & !LEAF)
    }

    /// Where another answer than the first known one leads.
    fn other(&mut self, first: Link, answer: u64) -> Option<Link> {
        let mut at = self.edges[first as usize].sibling;
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
        }
        None
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
    pub fn learn(&mut self, block: u32, recorder: &[record::Asked], elapsed: u64, charged: &Ledger, after: &[u8]) {
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
        let state = self.states.number(after);
        let start = self.charges.len() as u32;
        self.charges.extend(charged.entries());
        let charges = start..self.charges.len() as u32;
        let leaf = self.leaves.len() as u32;
        self.leaves.push(Leaf { state, elapsed, charges, next: u32::MAX, root: NOWHERE });
        let known = self.insert((from, block), recorder, leaf);
        (self.place, self.settled) = (if known { Place::Leaf(leaf) } else { Place::State(state) }, true);
    }

    /// A miss: pauses when there are more of them than hits.
    fn judge(&mut self) {
        self.misses += 1;
        if self.misses < TRIAL {
            return;
        }
        if self.hits - self.hits_before < u64::from(self.misses) {
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
            + self.charges.capacity() * size_of::<(Cause, u64)>()
            + self.accesses.capacity() * size_of::<Access>()
            + self.jumps.capacity() * size_of::<Jump>()
            + self.roots.capacity() * 2 * size_of::<((u32, u32), Link)>()
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
            let mut at = first;
            while at != NOWHERE && self.edges[at as usize].answer != asked.answer {
                at = self.edges[at as usize].sibling;
            }
            if at == NOWHERE {
                at = self.edge(asked, self.edges[first as usize].sibling);
                self.edges[first as usize].sibling = at;
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
            Query::Branch(jump) => {
                self.jumps.push(jump);
                (Kind::Branch, index(self.jumps.len()))
            }
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
            Query::Branch(jump) => edge.kind == Kind::Branch && self.jumps[operand] == jump,
            Query::Vector(access) => edge.kind == Kind::Vector && self.accesses[operand] == access,
        };
        same && (edge.time, edge.word) == (asked.time, asked.word)
    }
}

/// A hasher for numbers and states, which nobody chooses in order to harm.
#[derive(Default)]
struct QuickHasher(u64);

type Quick = BuildHasherDefault<QuickHasher>;

impl Hasher for QuickHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}
