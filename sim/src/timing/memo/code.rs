//! The functions that were made of trees, and how they are run.

use memmap2::Mmap;
use rustc_hash::{FxHashMap, FxHashSet};
use rvtile_isa::hart::Entered;

use super::Exit;
use super::compile::{self, Kept, MOST_ANSWERS, Places};
use super::tree::{Kind, Link, NOWHERE, Node, Trees};
use crate::generate::Host;
use crate::timing::ledger::Ledger;
use crate::timing::outside::World;
use crate::timing::transfer::Shape;

/// A tree of a state and block.
#[derive(Clone, Copy)]
pub(super) struct Root {
    pub state: u32,
    /// The block, and its address.
    pub number: u32,
    pub pc: u64,
    pub link: Link,
    /// Log words that its questions are about.
    pub words: u32,
}

/// What a function changes: where the log and the time stand, and the answer that it does not know.
#[repr(C)]
pub(super) struct State {
    pub now: u64,
    pub block: *const Entered,
    pub answer: u64,
}

/// With the last block of the log, its words, and the number of the root to begin at; returns the number of an exit.
type Function = unsafe extern "C" fn(&mut State, *const Entered, *const u64, &mut World, *mut u64, u64) -> u64;

/// Some trees as a function.
struct Region {
    exits: Vec<Exit>,
    function: Function,
    /// What the function refers to, and itself.
    _kept: Kept,
    _code: Mmap,
}

/// All functions.
pub(super) struct Code {
    host: Host,
    places: Places,
    regions: Vec<Region>,
    /// Region and number of a root.
    entries: Vec<(u32, u32)>,
    by_root: FxHashMap<Link, u32>,
}

/// Marks links that are indices of [`Code::entries`].
const MARK: Link = 1 << 31;

/// Trees and edges of one function, and functions, at most.
const MOST_ROOTS: usize = 48;
const MOST_EDGES: usize = 600;
const MOST_REGIONS: usize = 96;

impl Code {
    /// For this world, and none other; `None` when there can be no code for it.
    pub fn new(world: &World) -> Option<Code> {
        let (host, places) = (Host::new()?, Places::of(world)?);
        Some(Code { host, places, regions: Vec::new(), entries: Vec::new(), by_root: FxHashMap::default() })
    }

    /// A link to the code of a tree, if it has some.
    pub fn link(&self, root: Link) -> Link {
        self.by_root.get(&root).map_or(root, |entry| entry | MARK)
    }

    /// Whether a link leads to code.
    #[inline(always)]
    pub fn is_code(link: Link) -> bool {
        link & MARK != 0
    }

    /// Makes code of a tree and of what follows it, if there can be any and the number of their edges is at most `most`; returns that
    /// number.
    pub fn make(&mut self, trees: &Trees, state: u32, block: &Entered, most: u32) -> Option<u32> {
        if self.regions.len() == MOST_REGIONS {
            return None;
        }
        let (roots, edges) = region(trees, state, block);
        if roots.is_empty() {
            return None;
        }
        if edges <= most {
            self.make_region(trees, &roots);
        }
        Some(edges)
    }

    fn make_region(&mut self, trees: &Trees, roots: &[Root]) {
        let (mut made, places) = (None, &self.places);
        let code = self.host.compile(|func, context, isa| {
            made = Some(compile::function(func, context, isa, (trees, roots, places), MOST_EDGES));
        });
        let (Some(code), Some((exits, kept))) = (code, made) else { return };
        // SAFETY: it was made with this signature and the host's calling convention.
        let function: Function = unsafe { std::mem::transmute(code.as_ptr()) };
        for (number, root) in roots.iter().enumerate() {
            self.by_root.insert(root.link, self.entries.len() as u32);
            self.entries.push((self.regions.len() as u32, number as u32));
        }
        self.regions.push(Region { exits, function, _kept: kept, _code: code });
    }

    /// Runs the code that a link leads to from a block on. Returns the block that is next, where it stopped, and what
    /// it does not know.
    pub fn run(
        &self,
        link: Link,
        blocks: &[Entered],
        words: &[u64],
        world: &mut World,
        now: &mut u64,
        ledger: &mut Ledger,
    ) -> (usize, &Exit, u64) {
        let (region, root) = self.entries[(link & !MARK) as usize];
        let region = &self.regions[region as usize];
        let mut state = State { now: *now, block: blocks.as_ptr(), answer: 0 };
        // SAFETY: it reads blocks up to the last one, words below those that blocks say they have, and the world that
        // it was made for; it changes that world, the state and the ledger, whose entries it knows by cause.
        let exit = unsafe {
            let last = blocks.as_ptr().add(blocks.len() - 1);
            (region.function)(&mut state, last, words.as_ptr(), world, ledger.as_mut_ptr(), u64::from(root))
        };
        *now = state.now;
        // SAFETY: both point into `blocks`.
        let done = unsafe { state.block.offset_from(blocks.as_ptr()) } as usize;
        (done, &region.exits[exit as usize], state.answer)
    }
}

/// The trees that a tree leads to, itself first, and how many edges were looked at; no trees if it is not worth code.
fn region(trees: &Trees, state: u32, block: &Entered) -> (Vec<Root>, u32) {
    let mut roots: Vec<Root> = Vec::new();
    let mut known = FxHashSet::default();
    let mut waiting = vec![(state, block.number)];
    let (mut next, mut edges) = (0, 0);
    while next < waiting.len() && roots.len() < MOST_ROOTS && edges < MOST_EDGES {
        let (state, number) = waiting[next];
        next += 1;
        let (link, pc) = (trees.root(state, number), trees.pc(number));
        let (Some(pc), true) = (pc, link != NOWHERE && known.insert((state, number))) else { continue };
        let mut root = Root { state, number, pc, link, words: 0 };
        let mut leaves = Vec::new();
        // A tree that leads nowhere yet is not worth it.
        if survey(trees, link, &mut root.words, &mut leaves, &mut edges) && !leaves.is_empty() {
            roots.push(root);
            waiting.extend(leaves);
        }
    }
    (roots, edges as u32)
}

/// Looks at a tree, as far as its answers are usual: the words that it needs, the states and blocks that its leaves lead to, its edges.
/// False if it has accesses whose words only the log counts.
fn survey(trees: &Trees, at: Link, words: &mut u32, leaves: &mut Vec<(u32, u32)>, edges: &mut usize) -> bool {
    match trees.node(at) {
        Node::Leaf(leaf) => {
            leaves.push((leaf.state, leaf.next));
            true
        }
        Node::Edge { kind, word, operand, .. } => {
            *edges += 1;
            let needed = match kind {
                Kind::Load | Kind::Store | Kind::Value => 1,
                Kind::Vector => {
                    let shape = trees.access(operand).shape;
                    if shape == Shape::Indexed {
                        return false;
                    }
                    shape.words() as u32
                }
                Kind::Fetch | Kind::Conditional | Kind::Jump => 0,
            };
            *words = (*words).max(u32::from(word) + needed);
            let mut usual = trees.usual_answers(at, MOST_ANSWERS).into_iter();
            usual.all(|(_, next)| survey(trees, next, words, leaves, edges))
        }
    }
}
