//! What blocks did, as trees of questions.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::{FxBuildHasher, FxHashMap};
use rvtile_isa::hart::Entered;

use super::{Miss, Query, record::Asked};
use crate::timing::describe::Control;
use crate::timing::ledger::{Charge, Ledger};
use crate::timing::outside::{Conditional, Jump, Outside, World};
use crate::timing::transfer::{Access, Moved, Shape};

/// Where a node is.
pub(super) type Link = u32;
/// No node.
pub(super) const NOWHERE: Link = Link::MAX;

/// How a question is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Fetch,
    Load,
    Store,
    Value,
    Conditional,
    Jump,
    Vector,
}

/// Part of a tree.
#[derive(Clone, Copy)]
pub(super) enum Node {
    /// A question with one of the answers that it got.
    Edge {
        kind: Kind,
        /// Place of its words among those of the block.
        word: u16,
        /// When it is asked, in cycles after those of the block's beginning.
        time: u32,
        answer: u64,
        /// For a fetch the offset in the block, for a conditional branch itself; for others an index into a table.
        operand: u32,
        /// Where that answer leads.
        next: Link,
        /// The same question with another answer.
        sibling: Link,
        /// Walks that went on with this answer.
        walks: u32,
    },
    /// What the block did.
    Leaf(Leaf),
}

const _: () = assert!(size_of::<Node>() == 32, "two in a line of the host's cache");

impl Node {
    /// An answer to the question of an edge, and where it leads.
    fn answer(&self) -> (u64, Link) {
        match *self {
            Node::Edge { answer, next, .. } => (answer, next),
            Node::Leaf(_) => (0, NOWHERE),
        }
    }
}

/// What a block did.
#[derive(Clone, Copy)]
pub(super) struct Leaf {
    /// The state after it.
    pub state: u32,
    pub elapsed: u32,
    /// The first charges; unused ones charge nothing.
    charges: [Charge; CHARGES],
    /// Where in [`Trees::charges`] the others begin, which one that charges nothing ends.
    more: u32,
    /// The block that came next lately, and the tree that it has in this state.
    pub next: u32,
    pub root: Link,
}

/// Charges that have a place in a leaf.
const CHARGES: usize = 2;

/// Answers to a question of which the most usual ones are chosen.
const SIBLINGS: usize = 4;

/// An answer is usual that so many walks, and one of so many of those that asked the question, went on with.
const USUAL: (u32, u64) = (16, 16);

/// A tree for each state and block that came up.
#[derive(Default)]
pub(super) struct Trees {
    nodes: Vec<Node>,
    charges: Vec<Charge>,
    accesses: Vec<Access>,
    jumps: Vec<Jump>,
    roots: FxHashMap<(u32, u32), Link>,
    /// Edges for all but the first answer to a question, each behind the first edge. Answers that came rarely are found here with as few
    /// looks into memory that is far away as can be.
    others: HashTable<(Link, Link)>,
    /// Addresses of blocks.
    pcs: FxHashMap<u32, u64>,
}

impl Trees {
    /// The address of a block that was learned.
    pub fn pc(&self, block: u32) -> Option<u64> {
        self.pcs.get(&block).copied()
    }

    /// Where the tree of a state and block begins.
    pub fn root(&self, state: u32, block: u32) -> Link {
        self.roots.get(&(state, block)).copied().unwrap_or(NOWHERE)
    }

    /// The leaf at a link that leads to one.
    #[inline(always)]
    pub fn leaf(&self, at: Link) -> &Leaf {
        match &self.nodes[at as usize] {
            Node::Leaf(leaf) => leaf,
            Node::Edge { .. } => unreachable!("an edge in place of a leaf"),
        }
    }

    /// The same, to be changed.
    pub fn leaf_mut(&mut self, at: Link) -> &mut Leaf {
        match &mut self.nodes[at as usize] {
            Node::Leaf(leaf) => leaf,
            Node::Edge { .. } => unreachable!("an edge in place of a leaf"),
        }
    }

    /// Charges what a block did.
    #[inline(always)]
    pub fn charge(&self, leaf: &Leaf, ledger: &mut Ledger) {
        leaf.charges.iter().for_each(|&charge| ledger.add_charge(charge));
        if leaf.more != NOWHERE {
            self.more(leaf).for_each(|charge| ledger.add_charge(charge));
        }
    }

    /// What a block is charged.
    pub fn charges(&self, leaf: &Leaf) -> Vec<Charge> {
        let mut charges = leaf.charges.to_vec();
        charges.extend(self.more(leaf));
        charges
    }

    fn more(&self, leaf: &Leaf) -> impl Iterator<Item = Charge> + '_ {
        let more = self.charges.get(leaf.more as usize..).unwrap_or_default();
        more.iter().copied().take_while(|&charge| charge != Charge::default())
    }

    /// Asks the questions of a tree from a node on, which `count` answers in `miss` lead to, and follows the answers to a
    /// leaf. On an unknown one all answers are in `miss`.
    #[inline(always)]
    pub fn walk(
        &mut self,
        (mut at, mut count): (Link, u8),
        (block, next): (&Entered, &Entered),
        words: &[u64],
        world: &mut World,
        now: u64,
        miss: &mut Miss,
    ) -> Option<Link> {
        // What the next block logged is none of this one's business.
        let mut words = words.get(block.words as usize..next.words as usize)?;
        loop {
            // SAFETY: a link other than `NOWHERE` leads to a node.
            let node = unsafe { self.nodes.get_unchecked_mut(at as usize) };
            let Node::Edge { kind, word, time, answer: known, operand, next: link, ref mut walks, .. } = *node else {
                return Some(at);
            };
            let (time, place) = (now + u64::from(time), usize::from(word));
            let answer = match kind {
                Kind::Fetch => world.fetch(block.pc.wrapping_add(u64::from(operand)), time),
                Kind::Load => world.access(*words.get(place)?, false, time).pack(),
                Kind::Store => world.access(*words.get(place)?, true, time).pack(),
                Kind::Value => *words.get(place)?,
                Kind::Conditional => world.conditional(&conditional(operand, block.pc), next.pc).pack(),
                Kind::Jump => world.branch(&self.jumps[operand as usize], next.pc).pack(),
                Kind::Vector => {
                    let access = &self.accesses[operand as usize];
                    let of_access = words.get(place..)?;
                    if access.shape == Shape::Indexed {
                        words = words.get(*of_access.first()? as usize..)?;
                    }
                    let answer = world.vector_word(access, of_access, time);
                    if answer == Moved::ODD {
                        (miss.count, miss.odd) = (count, world.odd.take());
                        return None;
                    }
                    answer
                }
            };
            miss.answers[usize::from(count)] = answer;
            count += 1;
            at = if known == answer {
                *walks = walks.wrapping_add(1);
                link
            } else if let Some(link) = self.other(at, answer) {
                link
            } else {
                miss.count = count;
                return None;
            };
        }
    }

    /// Where an answer to the question of an edge leads, which is the first one of that question.
    pub fn after(&mut self, first: Link, answer: u64) -> Option<Link> {
        let (known, next) = self.answer(first);
        if known == answer { Some(next) } else { self.other(first, answer) }
    }

    /// Where another answer than the first known one leads.
    #[inline(never)]
    fn other(&mut self, first: Link, answer: u64) -> Option<Link> {
        let edge = self.find(first, answer)?;
        let next = self.answer(edge).1;
        if let Some(former) = self.walked(first, edge) {
            let known = self.others.find_entry(hash(first, answer), |&other| other == (first, edge));
            known.ok()?.remove();
            self.keep(first, edge, former);
        }
        Some(next)
    }

    /// The edge for an answer that is not the first one.
    fn find(&self, first: Link, answer: u64) -> Option<Link> {
        let same = |&(of, edge): &(Link, Link)| of == first && self.answer(edge).0 == answer;
        self.others.find(hash(first, answer), same).map(|&(_, edge)| edge)
    }

    /// The edge for an answer will be found.
    fn keep(&mut self, first: Link, edge: Link, answer: u64) {
        let nodes = &self.nodes;
        let again = |&(first, edge): &(Link, Link)| hash(first, nodes[edge as usize].answer().0);
        self.others.insert_unique(hash(first, answer), (first, edge), again);
    }

    /// A walk went on with the answer of an edge that is not the first one of its question. A more frequent one than the first takes the
    /// place of that; returns which one this was then.
    fn walked(&mut self, first: Link, edge: Link) -> Option<u64> {
        let Ok([first, edge]) = self.nodes.get_disjoint_mut([first as usize, edge as usize]) else { return None };
        let (Node::Edge { answer: former, next: led, walks: most, .. }, Node::Edge { answer, next, walks, .. }) =
            (first, edge)
        else {
            return None;
        };
        *walks = walks.wrapping_add(1);
        if *walks <= *most {
            return None;
        }
        std::mem::swap(former, answer);
        std::mem::swap(led, next);
        std::mem::swap(most, walks);
        Some(*answer)
    }

    /// The usual answers to a question, of those that are found one by one, and where they lead: at most so many, the most frequent
    /// first.
    pub fn usual_answers(&self, first: Link, most: usize) -> Vec<(u64, Link)> {
        let siblings =
            std::iter::successors(Some(first), |&edge| Some(self.sibling(edge)).filter(|&edge| edge != NOWHERE));
        let mut all: Vec<(u32, u64, Link)> = siblings
            .filter_map(|edge| match self.nodes[edge as usize] {
                Node::Edge { answer, next, walks, .. } => Some((walks, answer, next)),
                Node::Leaf(_) => None,
            })
            .collect();
        let asked: u64 = all.iter().map(|&(walks, ..)| u64::from(walks)).sum();
        all.retain(|&(walks, ..)| walks >= USUAL.0 && u64::from(walks) * USUAL.1 >= asked);
        all.sort_by_key(|&(walks, ..)| std::cmp::Reverse(walks));
        all.into_iter().take(most).map(|(_, answer, next)| (answer, next)).collect()
    }

    /// A node.
    pub fn node(&self, at: Link) -> Node {
        self.nodes[at as usize]
    }

    /// A jump that an edge names.
    pub fn jump(&self, operand: u32) -> Jump {
        self.jumps[operand as usize]
    }

    /// A vector access that an edge names.
    pub fn access(&self, operand: u32) -> Access {
        self.accesses[operand as usize]
    }

    /// The same question with another answer.
    fn sibling(&self, edge: Link) -> Link {
        match self.nodes[edge as usize] {
            Node::Edge { sibling, .. } => sibling,
            Node::Leaf(_) => NOWHERE,
        }
    }

    /// An answer to the question of an edge, and where it leads.
    fn answer(&self, edge: Link) -> (u64, Link) {
        self.nodes[edge as usize].answer()
    }

    fn set_answer(&mut self, edge: Link, to: u64, leads: Link) {
        if let Node::Edge { answer, next, .. } = &mut self.nodes[edge as usize] {
            (*answer, *next) = (to, leads);
        }
    }

    /// No leaf knows any more what came next.
    pub fn forget_next(&mut self) {
        for node in &mut self.nodes {
            if let Node::Leaf(leaf) = node {
                (leaf.next, leaf.root) = (u32::MAX, NOWHERE);
            }
        }
    }

    /// Puts a leaf at the end of a way through the trees, for a block at `pc`, and returns where it is. `None` when the
    /// questions are not those that were asked before: an instruction did not log what it should.
    pub fn insert(&mut self, root: (u32, u32), pc: u64, asked: &[Asked], leaf: Leaf) -> Option<Link> {
        self.pcs.insert(root.1, pc);
        let mut from = None;
        for asked in asked {
            let first = self.follow(root, from);
            if first == NOWHERE {
                let edge = self.edge(asked, pc, NOWHERE);
                self.connect(root, from, edge);
                from = Some(edge);
                continue;
            }
            if !self.asks(first, pc, asked) {
                return None;
            }
            let known = if self.answer(first).0 == asked.answer { Some(first) } else { self.find(first, asked.answer) };
            let at = known.unwrap_or_else(|| self.answer_too(first, pc, asked));
            from = Some(at);
        }
        if self.follow(root, from) != NOWHERE {
            return None;
        }
        let at = self.push(Node::Leaf(leaf));
        self.connect(root, from, at);
        Some(at)
    }

    /// An edge for another answer to a question.
    fn answer_too(&mut self, first: Link, pc: u64, asked: &Asked) -> Link {
        let siblings =
            std::iter::successors(Some(first), |&edge| Some(self.sibling(edge)).filter(|&edge| edge != NOWHERE));
        let chained = siblings.count() < SIBLINGS;
        let edge = self.edge(asked, pc, if chained { self.sibling(first) } else { NOWHERE });
        if let (Node::Edge { sibling, .. }, true) = (&mut self.nodes[first as usize], chained) {
            *sibling = edge;
        }
        self.keep(first, edge, asked.answer);
        edge
    }

    fn follow(&self, root: (u32, u32), from: Option<Link>) -> Link {
        match from {
            None => self.root(root.0, root.1),
            Some(edge) => self.answer(edge).1,
        }
    }

    fn connect(&mut self, root: (u32, u32), from: Option<Link>, to: Link) {
        match from {
            None => {
                self.roots.insert(root, to);
            }
            Some(edge) => self.set_answer(edge, self.answer(edge).0, to),
        }
    }

    fn push(&mut self, node: Node) -> Link {
        self.nodes.push(node);
        self.nodes.len() as Link - 1
    }

    /// A leaf with these charges.
    pub fn new_leaf(&mut self, state: u32, elapsed: u32, all: &[Charge]) -> Leaf {
        let mut charges = [Charge::default(); CHARGES];
        charges.iter_mut().zip(all).for_each(|(place, &charge)| *place = charge);
        let mut more = NOWHERE;
        if let Some(others @ [_, ..]) = all.get(CHARGES..) {
            more = self.charges.len() as u32;
            self.charges.extend_from_slice(others);
            self.charges.push(Charge::default());
        }
        Leaf { state, elapsed, charges, more, next: u32::MAX, root: NOWHERE }
    }

    fn edge(&mut self, asked: &Asked, pc: u64, sibling: Link) -> Link {
        let index = |length: usize| length as u32 - 1;
        let kind = kind(&asked.query);
        let operand = match asked.query {
            Query::Fetch { offset } => offset,
            Query::Scalar { .. } | Query::Value => 0,
            Query::Branch(Jump { control: Control::Conditional { target }, pc: at, next }) => {
                packed(&Conditional { pc: at, next, backward: target <= at }, pc)
            }
            Query::Branch(jump) => {
                self.jumps.push(jump);
                index(self.jumps.len())
            }
            Query::Vector(access) => {
                self.accesses.push(access);
                index(self.accesses.len())
            }
        };
        let Asked { answer, time, word, .. } = *asked;
        self.push(Node::Edge { kind, word, time, answer, operand, next: NOWHERE, sibling, walks: 0 })
    }

    /// Whether an edge is this question.
    fn asks(&self, edge: Link, block: u64, asked: &Asked) -> bool {
        let Node::Edge { kind: known, word, time, operand, .. } = self.nodes[edge as usize] else { return false };
        let same = match asked.query {
            Query::Fetch { offset } => operand == offset,
            Query::Scalar { .. } | Query::Value => true,
            Query::Branch(jump @ Jump { control: Control::Conditional { target }, .. }) => {
                operand == packed(&jump.conditional(target), block)
            }
            Query::Branch(jump) => self.jumps.get(operand as usize) == Some(&jump),
            Query::Vector(access) => self.accesses.get(operand as usize) == Some(&access),
        };
        same && (known, word, time) == (kind(&asked.query), asked.word, asked.time)
    }

    /// Memory that they take, about.
    pub fn bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
            + self.charges.capacity() * size_of::<Charge>()
            + self.accesses.capacity() * size_of::<Access>()
            + self.jumps.capacity() * size_of::<Jump>()
            + self.roots.capacity() * 2 * size_of::<((u32, u32), Link)>()
            + self.others.capacity() * 2 * size_of::<(Link, Link)>()
    }
}

/// Of an answer to the question of an edge.
#[inline(always)]
fn hash(first: Link, answer: u64) -> u64 {
    FxBuildHasher.hash_one((first, answer))
}

fn kind(query: &Query) -> Kind {
    match query {
        Query::Fetch { .. } => Kind::Fetch,
        Query::Scalar { write: false } => Kind::Load,
        Query::Scalar { write: true } => Kind::Store,
        Query::Value => Kind::Value,
        Query::Branch(Jump { control: Control::Conditional { .. }, .. }) => Kind::Conditional,
        Query::Branch(_) => Kind::Jump,
        Query::Vector(_) => Kind::Vector,
    }
}

/// A branch of the block at `block` in one word: its offset, length and direction.
fn packed(branch: &Conditional, block: u64) -> u32 {
    let (offset, length) = (branch.pc.wrapping_sub(block), branch.next.wrapping_sub(branch.pc));
    (offset as u32) << 8 | (length as u32 & 0x7f) << 1 | u32::from(branch.backward)
}

/// From [`packed`].
#[inline(always)]
pub(super) fn conditional(word: u32, block: u64) -> Conditional {
    let pc = block.wrapping_add(u64::from(word >> 8));
    Conditional { pc, next: pc.wrapping_add(u64::from(word >> 1 & 0x7f)), backward: word & 1 == 1 }
}
