//! Host code for the trees that are walked most.
//!
//! A walk asks questions that are known before, at times that are known but for one addend. So the trees of a state and
//! block, and those that their leaves lead to, become one function, in which a question is a few host instructions with all
//! that is known of it built in, and a loop of the program is a loop. What is not at hand in the L1 caches is asked of the
//! model itself. The function leaves where an answer has no branch in it; the walk goes on from there.

mod at_hand;

use std::mem::offset_of;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I32, I64};
use cranelift_codegen::ir::{self, AbiParam, BlockArg, InstBuilder, MemFlagsData, SigRef, Signature, Value};
use cranelift_codegen::isa::TargetIsa;
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext, Switch, Variable};
use rvtile_isa::hart::Entered;

use super::Exit;
use super::code::{Root, State};
use super::tree::{Kind, Leaf, Link, Node, Trees, conditional};
use crate::timing::branch::Branches;
use crate::timing::directory::{Directory, GROUP, Group};
use crate::timing::hierarchy::{Hierarchy, MOST_LEVELS};
use crate::timing::near::{Near, SLOTS, Slot};
use crate::timing::outside::{Jump, Outside, World};
use crate::timing::transfer::{Access, Shape};

const TRUSTED: MemFlagsData = MemFlagsData::trusted();
const NONE: &[BlockArg] = &[];

/// Usual answers to a question, but for conditional branches, that get code.
pub(super) const MOST_ANSWERS: usize = 3;

/// Where counters are in a world.
const FETCHES: i32 =
    (offset_of!(World, memory) + offset_of!(Hierarchy, near_fetch) + offset_of!(Near, accesses)) as i32;
const ACCESSES: i32 = (offset_of!(World, memory) + offset_of!(Hierarchy, near) + offset_of!(Near, accesses)) as i32;
/// Where the groups of lines are, as a world says.
const GROUPS: i32 =
    (offset_of!(World, memory) + offset_of!(Hierarchy, directory) + offset_of!(Directory<MOST_LEVELS>, at)) as i32;
const _: () = assert!(size_of::<Group<MOST_LEVELS>>() == GROUP as usize, "bytes of a group, as many as it has lines");
const SEEN: i32 = (offset_of!(World, branches) + offset_of!(Branches, seen)) as i32;
const MISSED: i32 = (offset_of!(World, branches) + offset_of!(Branches, missed)) as i32;
const HISTORY: i32 = (offset_of!(World, branches) + offset_of!(Branches, history)) as i32;

/// What has to be known of a world: addresses are valid as long as it lives.
pub(super) struct Places {
    fetch_slots: *const Slot,
    fetch_log2: u32,
    slots: *const Slot,
    line_log2: u32,
    counters: *const u8,
    counters_mask: u64,
    history_mask: u64,
    /// For vector accesses.
    vector: Option<at_hand::Known>,
}

impl Places {
    /// `None` when hits in its L1 caches change their state, or its branch predictor is none of counters.
    pub fn of(world: &World) -> Option<Places> {
        let (memory, branches) = (&world.memory, &world.branches);
        let counters = branches.counters.len();
        if !memory.ageless() || !branches.counts || !counters.is_power_of_two() {
            return None;
        }
        Some(Places {
            fetch_slots: memory.near_fetch.slots(),
            fetch_log2: memory.fetch_log2,
            slots: memory.near.slots(),
            line_log2: memory.line_log2(),
            counters: branches.counters.as_ptr(),
            counters_mask: counters as u64 - 1,
            history_mask: branches.history_mask,
            vector: at_hand::Known::of(world),
        })
    }
}

extern "C" fn fetch(world: &mut World, addr: u64, time: u64) -> u64 {
    world.fetch(addr, time)
}

extern "C" fn load(world: &mut World, addr: u64, time: u64) -> u64 {
    world.access(addr, false, time).pack()
}

extern "C" fn store(world: &mut World, addr: u64, time: u64) -> u64 {
    world.access(addr, true, time).pack()
}

extern "C" fn vector_load(world: &mut World, access: &Access, words: *const u64, time: u64) -> u64 {
    // SAFETY: the log has all words of the block, see `survey` in `code.rs`.
    let words = unsafe { std::slice::from_raw_parts(words, access.shape.words()) };
    world.vector_load(access, words, time)
}

extern "C" fn vector_store(world: &mut World, access: &Access, words: *const u64, time: u64) -> u64 {
    // SAFETY: as above.
    let words = unsafe { std::slice::from_raw_parts(words, access.shape.words()) };
    world.vector_store(access, words, time)
}

extern "C" fn jump(world: &mut World, jump: &Jump, next_pc: u64) -> u64 {
    world.branch(jump, next_pc).pack()
}

/// The way from the root of a tree to a node.
#[derive(Clone, Default)]
struct Way {
    answers: Vec<u64>,
    /// Questions on it that were counted as hits, and branches, those that were mispredicted too.
    fetches: i64,
    accesses: i64,
    seen: i64,
    missed: i64,
}

impl Way {
    fn and(&self, answer: u64) -> Way {
        let mut way = self.clone();
        way.answers.push(answer);
        way
    }
}

pub(super) struct Emitter<'a> {
    b: FunctionBuilder<'a>,
    trees: &'a Trees,
    places: &'a Places,
    roots: &'a [Root],
    heads: Vec<ir::Block>,
    /// Edges that may still become code.
    left: usize,
    helpers: [SigRef; 2],
    out: ir::Block,
    // Parameters of the function.
    state: Value,
    last: Value,
    words: Value,
    world: Value,
    ledger: Value,
    // What changes.
    now: Variable,
    block: Variable,
    history: Variable,
    answer: Variable,
    /// Log words of the present block.
    logged: Value,
    /// Address of the present block, and the state that it is entered in.
    pc: u64,
    from: u32,
    exits: Vec<Exit>,
    kept: Kept,
}

/// Jumps and accesses that a function refers to.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "the function has their addresses, which must not change")]
pub(super) struct Kept {
    jumps: Vec<Box<Jump>>,
    accesses: Vec<Box<Access>>,
}

/// Keeps one, and returns where it stays.
fn keep<T>(all: &mut Vec<Box<T>>, one: T) -> *const T {
    let one = Box::new(one);
    let place = &raw const *one;
    all.push(one);
    place
}

/// Where a function for some trees can be left, and what it needs in order to live.
pub(super) type Made = (Vec<Exit>, Kept);

/// Builds the function for some trees: see [`Code`](super::code::Code) for its signature.
pub(super) fn function(
    func: &mut ir::Function,
    context: &mut FunctionBuilderContext,
    isa: &dyn TargetIsa,
    (trees, roots, places): (&Trees, &[Root], &Places),
    edges: usize,
) -> Made {
    let mut signature = Signature::new(isa.default_call_conv());
    signature.params.extend([AbiParam::new(I64); 6]);
    signature.returns.push(AbiParam::new(I64));
    func.signature = signature;
    let helpers = [3, 4].map(|params| {
        let mut helper = Signature::new(isa.default_call_conv());
        helper.params.extend(std::iter::repeat_n(AbiParam::new(I64), params));
        helper.returns.push(AbiParam::new(I64));
        helper
    });
    let mut b = FunctionBuilder::new(func, context);
    let start = b.create_block();
    b.append_block_params_for_function_params(start);
    b.switch_to_block(start);
    let [state, last, words, world, ledger, entry] = *b.block_params(start) else {
        unreachable!("the function has six parameters")
    };
    let out = b.create_block();
    b.append_block_param(out, I64);
    let mut emitter = Emitter {
        trees,
        places,
        roots,
        heads: roots.iter().map(|_| b.create_block()).collect(),
        left: edges,
        helpers: helpers.map(|helper| b.import_signature(helper)),
        out,
        state,
        last,
        words,
        world,
        ledger,
        now: b.declare_var(I64),
        block: b.declare_var(I64),
        history: b.declare_var(I64),
        answer: b.declare_var(I64),
        logged: words,
        pc: 0,
        from: 0,
        exits: Vec::new(),
        kept: Kept::default(),
        b,
    };
    emitter.enter(entry);
    for number in 0..roots.len() {
        emitter.root(number);
    }
    emitter.leave();
    emitter.b.seal_all_blocks();
    let Emitter { b, exits, kept, .. } = emitter;
    b.finalize(isa.frontend_config());
    (exits, kept)
}

impl Emitter<'_> {
    /// From the parameters to the root that is asked for.
    fn enter(&mut self, entry: Value) {
        let loaded = [
            (self.now, self.state, offset_of!(State, now) as i32),
            (self.block, self.state, offset_of!(State, block) as i32),
            (self.history, self.world, HISTORY),
        ];
        for (variable, base, offset) in loaded {
            let value = self.b.ins().load(I64, TRUSTED, base, offset);
            self.b.def_var(variable, value);
        }
        let nothing = self.b.ins().iconst(I64, 0);
        self.b.def_var(self.answer, nothing);
        let mut switch = Switch::new();
        for (number, &head) in self.heads.iter().enumerate().skip(1) {
            switch.set_entry(number as u128, head);
        }
        switch.emit(&mut self.b, entry, self.heads[0]);
    }

    /// The one way out.
    fn leave(&mut self) {
        self.b.switch_to_block(self.out);
        let exit = self.b.block_params(self.out)[0];
        let stored = [
            (self.now, self.state, offset_of!(State, now) as i32),
            (self.block, self.state, offset_of!(State, block) as i32),
            (self.answer, self.state, offset_of!(State, answer) as i32),
            (self.history, self.world, HISTORY),
        ];
        for (variable, base, offset) in stored {
            let value = self.b.use_var(variable);
            self.b.ins().store(TRUSTED, value, base, offset);
        }
        self.b.ins().return_(&[exit]);
    }

    fn exit(&mut self, exit: Exit) {
        let number = self.b.ins().iconst(I64, self.exits.len() as i64);
        self.exits.push(exit);
        self.b.ins().jump(self.out, &[BlockArg::Value(number)]);
    }

    /// Leaves in the middle of a tree, where an edge was asked, or is to be.
    fn exit_within(&mut self, at: Link, asked: bool, way: &Way) {
        self.count(way);
        self.exit(Exit::Within { state: self.from, at, asked, answers: way.answers.clone().into() });
    }

    /// The tree of a block: from here on there is a block behind it in the log, and all words that it needs.
    fn root(&mut self, number: usize) {
        let root = self.roots[number];
        self.b.switch_to_block(self.heads[number]);
        (self.pc, self.from) = (root.pc, root.state);
        let block = self.b.use_var(self.block);
        let (more, body, none) = (self.b.create_block(), self.b.create_block(), self.b.create_block());
        self.b.set_cold_block(none);
        let ends = self.b.ins().icmp(IntCC::Equal, block, self.last);
        self.b.ins().brif(ends, none, NONE, more, NONE);
        self.b.switch_to_block(more);
        let first = self.b.ins().uload32(TRUSTED, block, offset_of!(Entered, words) as i32);
        let end = (size_of::<Entered>() + offset_of!(Entered, words)) as i32;
        let end = self.b.ins().uload32(TRUSTED, block, end);
        let needed = self.b.ins().iadd_imm_s(first, i64::from(root.words));
        let short = self.b.ins().icmp(IntCC::UnsignedLessThan, end, needed);
        self.b.ins().brif(short, none, NONE, body, NONE);
        self.b.switch_to_block(none);
        self.exit(Exit::Root { state: root.state, at: root.link });
        self.b.switch_to_block(body);
        let offset = self.b.ins().ishl_imm_s(first, 3);
        self.logged = self.b.ins().iadd(self.words, offset);
        self.node(root.link, Way::default());
    }

    fn node(&mut self, at: Link, way: Way) {
        let Node::Edge { kind, word, time, operand, .. } = self.trees.node(at) else {
            let leaf = *self.trees.leaf(at);
            return self.leaf(at, &leaf, &way);
        };
        if self.left == 0 {
            return self.exit_within(at, false, &way);
        }
        self.left -= 1;
        match kind {
            Kind::Conditional => self.branch(at, operand, &way),
            Kind::Fetch => {
                let addr = self.pc.wrapping_add(u64::from(operand));
                let line = addr >> self.places.fetch_log2;
                // SAFETY: the index is that of a slot.
                let slot = unsafe { self.places.fetch_slots.add(line as usize % SLOTS) };
                let [addr, line, slot] = [addr, line, slot as u64].map(|value| self.b.ins().iconst(I64, value as i64));
                self.access(at, (addr, line, slot), time, (FETCHES, fetch as *const () as u64), &way);
            }
            Kind::Load | Kind::Store => {
                let addr = self.b.ins().load(I64, TRUSTED, self.logged, i32::from(word) * 8);
                let line = self.b.ins().ushr_imm_s(addr, i64::from(self.places.line_log2));
                let index = self.b.ins().band_imm_s(line, SLOTS as i64 - 1);
                let offset = self.b.ins().imul_imm_s(index, size_of::<Slot>() as i64);
                let slot = self.b.ins().iadd_imm_s(offset, self.places.slots as i64);
                let helper = if kind == Kind::Load { load as *const () } else { store as *const () };
                self.access(at, (addr, line, slot), time, (ACCESSES, helper as u64), &way);
            }
            _ => {
                let answer = match kind {
                    Kind::Value => self.b.ins().load(I64, TRUSTED, self.logged, i32::from(word) * 8),
                    Kind::Vector => self.vector(operand, word, time),
                    _ => {
                        let jump_at = keep(&mut self.kept.jumps, self.trees.jump(operand));
                        let jump_at = self.b.ins().iconst(I64, jump_at as i64);
                        let next_pc = self.next_pc();
                        self.call(jump as *const () as u64, &[self.world, jump_at, next_pc])
                    }
                };
                self.b.def_var(self.answer, answer);
                let targets = self.targets(at);
                self.dispatch(at, answer, &targets, &way);
                self.follow(targets, &way);
            }
        }
    }

    /// A vector access, in line as far as its lines may be where they are looked for first.
    fn vector(&mut self, operand: u32, word: u16, time: u32) -> Value {
        let (access, places) = (self.trees.access(operand), self.places);
        let now = self.b.use_var(self.now);
        let time = self.b.ins().iadd_imm_s(now, i64::from(time));
        let afar = |emitter: &mut Self| {
            let helper = if access.write { vector_store as *const () } else { vector_load as *const () };
            let access = keep(&mut emitter.kept.accesses, access);
            let access = emitter.b.ins().iconst(I64, access as i64);
            let words = emitter.b.ins().iadd_imm_s(emitter.logged, i64::from(word) * 8);
            emitter.call(helper as u64, &[emitter.world, access, words, time])
        };
        match &places.vector {
            Some(known) if access.shape == Shape::Stream => {
                let addr = self.b.ins().load(I64, TRUSTED, self.logged, i32::from(word) * 8);
                self.unit_stride(&access, known, (addr, time), afar)
            }
            _ => afar(self),
        }
    }

    /// Address of the block behind the present one.
    fn next_pc(&mut self) -> Value {
        let block = self.b.use_var(self.block);
        self.b.ins().load(I64, TRUSTED, block, (size_of::<Entered>() + offset_of!(Entered, pc)) as i32)
    }

    /// A helper with three or four parameters.
    fn call(&mut self, address: u64, args: &[Value]) -> Value {
        let callee = self.b.ins().iconst(I64, address as i64);
        let call = self.b.ins().call_indirect(self.helpers[args.len() - 3], callee, args);
        self.b.inst_results(call)[0]
    }

    /// Usual answers to a question with what they lead to, and a block of the function for each.
    fn targets(&mut self, first: Link) -> Vec<(u64, Link, ir::Block)> {
        let answers = self.trees.usual_answers(first, MOST_ANSWERS);
        answers.into_iter().map(|(answer, next)| (answer, next, self.b.create_block())).collect()
    }

    /// To the block of an answer, or out.
    fn dispatch(&mut self, at: Link, answer: Value, targets: &[(u64, Link, ir::Block)], way: &Way) {
        for &(known, _, target) in targets {
            let other = self.b.create_block();
            let same = self.b.ins().icmp_imm_s(IntCC::Equal, answer, known as i64);
            self.b.ins().brif(same, target, NONE, other, NONE);
            self.b.switch_to_block(other);
        }
        self.exit_within(at, true, way);
    }

    /// What answers lead to.
    fn follow(&mut self, targets: Vec<(u64, Link, ir::Block)>, way: &Way) {
        for (answer, next, block) in targets {
            self.b.switch_to_block(block);
            self.node(next, way.and(answer));
        }
    }

    /// A fetch or scalar access, in line if it may be at hand.
    fn access(
        &mut self,
        at: Link,
        (addr, line, slot): (Value, Value, Value),
        time: u32,
        (counter, helper): (i32, u64),
        way: &Way,
    ) {
        let targets = self.targets(at);
        let now = self.b.use_var(self.now);
        let time = self.b.ins().iadd_imm_s(now, i64::from(time));
        let mut way = way.clone();
        if let Some(&(_, _, at_hand)) = targets.iter().find(|(answer, ..)| *answer == 0) {
            let (found, afar) = (self.b.create_block(), self.b.create_block());
            self.b.set_cold_block(afar);
            let there = self.b.ins().load(I64, TRUSTED, slot, offset_of!(Slot, line) as i32);
            let same = self.b.ins().icmp(IntCC::Equal, there, line);
            self.b.ins().brif(same, found, NONE, afar, NONE);
            self.b.switch_to_block(found);
            let ready = self.b.ins().load(I64, TRUSTED, slot, offset_of!(Slot, ready) as i32);
            let late = self.b.ins().icmp(IntCC::UnsignedGreaterThan, ready, time);
            let is_store = matches!(self.trees.node(at), Node::Edge { kind: Kind::Store, .. });
            if is_store {
                let written = self.b.create_block();
                self.b.ins().brif(late, afar, NONE, written, NONE);
                self.b.switch_to_block(written);
                self.soil(slot);
                self.b.ins().jump(at_hand, NONE);
            } else {
                self.b.ins().brif(late, afar, NONE, at_hand, NONE);
            }
            self.b.switch_to_block(afar);
            // The way counts it as a hit; here the model counts it as what it is.
            self.add(self.world, counter, -1);
            way.fetches += i64::from(counter == FETCHES);
            way.accesses += i64::from(counter == ACCESSES);
        }
        let answer = self.call(helper, &[self.world, addr, time]);
        self.b.def_var(self.answer, answer);
        self.dispatch(at, answer, &targets, &way);
        self.follow(targets, &way);
    }

    /// The line of a slot becomes dirty: as `Directory::soil`, in the L1D.
    fn soil(&mut self, slot: Value) {
        const DIRTY: i32 = offset_of!(Group<MOST_LEVELS>, dirty) as i32;
        let id = self.b.ins().uload32(TRUSTED, slot, offset_of!(Slot, id) as i32);
        let groups = self.b.ins().load(I64, TRUSTED, self.world, GROUPS);
        let offset = self.b.ins().band_imm_s(id, !(GROUP as i64 - 1));
        let group = self.b.ins().iadd(groups, offset);
        let dirty = self.b.ins().load(I64, TRUSTED, group, DIRTY);
        let one = self.b.ins().iconst(I64, 1);
        let bit = self.b.ins().ishl(one, id);
        let dirty = self.b.ins().bor(dirty, bit);
        self.b.ins().store(TRUSTED, dirty, group, DIRTY);
    }

    /// A conditional branch: as `Branches::conditional`.
    fn branch(&mut self, at: Link, operand: u32, way: &Way) {
        let branch = conditional(operand, self.pc);
        let next_pc = self.next_pc();
        let taken = self.b.ins().icmp_imm_s(IntCC::NotEqual, next_pc, branch.next as i64);
        let history = self.b.use_var(self.history);
        let index = match self.places.history_mask {
            0 => self.b.ins().iconst(I64, (branch.pc >> 1 & self.places.counters_mask) as i64),
            mask => {
                let seen = self.b.ins().band_imm_s(history, mask as i64);
                let mixed = self.b.ins().bxor_imm_s(seen, (branch.pc >> 1) as i64);
                self.b.ins().band_imm_s(mixed, self.places.counters_mask as i64)
            }
        };
        let address = self.b.ins().iadd_imm_s(index, self.places.counters as i64);
        let counter = self.b.ins().uload8(I64, TRUSTED, address, 0);
        let predicted = self.b.ins().icmp_imm_s(IntCC::UnsignedGreaterThanOrEqual, counter, 2);
        let shifted = self.b.ins().ishl_imm_s(history, 1);
        let newest = self.b.ins().uextend(I64, taken);
        let history = self.b.ins().bor(shifted, newest);
        self.b.def_var(self.history, history);
        let arms = [(); 4].map(|()| self.b.create_block());
        let (went, stayed) = (self.b.create_block(), self.b.create_block());
        self.b.ins().brif(taken, went, NONE, stayed, NONE);
        self.b.switch_to_block(went);
        self.b.ins().brif(predicted, arms[3], NONE, arms[2], NONE);
        self.b.switch_to_block(stayed);
        self.b.ins().brif(predicted, arms[0], NONE, arms[1], NONE);
        let usual = self.trees.usual_answers(at, arms.len());
        // By the packed outcome: taken, and predicted right.
        for (outcome, arm) in arms.into_iter().enumerate() {
            self.b.switch_to_block(arm);
            let (taken, right) = (outcome & 2 != 0, outcome & 1 != 0);
            // Right means that the counter is on its side already, and goes to or stays at its end.
            let value = match (taken, right) {
                (true, true) => self.b.ins().iconst(I64, 3),
                (false, true) => self.b.ins().iconst(I64, 0),
                (true, false) => self.b.ins().iadd_imm_s(counter, 1),
                (false, false) => self.b.ins().iadd_imm_s(counter, -1),
            };
            self.b.ins().istore8(TRUSTED, value, address, 0);
            let mut way = way.clone();
            way.seen += 1;
            way.missed += i64::from(!right);
            let known = usual.iter().copied().find(|&(answer, _)| answer == outcome as u64);
            match known {
                Some((answer, next)) => self.node(next, way.and(answer)),
                None => {
                    let answer = self.b.ins().iconst(I64, outcome as i64);
                    self.b.def_var(self.answer, answer);
                    self.exit_within(at, true, &way);
                }
            }
        }
    }

    /// The end of a block, and on to the next one.
    fn leaf(&mut self, at: Link, leaf: &Leaf, way: &Way) {
        self.count(way);
        for charge in self.trees.charges(leaf) {
            let (cause, cycles) = charge.parts();
            if cycles > 0 {
                self.add(self.ledger, cause as i32 * 8, cycles as i64);
            }
        }
        let now = self.b.use_var(self.now);
        let now = self.b.ins().iadd_imm_s(now, i64::from(leaf.elapsed));
        self.b.def_var(self.now, now);
        let block = self.b.use_var(self.block);
        let block = self.b.ins().iadd_imm_s(block, size_of::<Entered>() as i64);
        self.b.def_var(self.block, block);
        let to = self.roots.iter().position(|root| (root.state, root.number) == (leaf.state, leaf.next));
        if let Some(to) = to {
            let other = self.b.create_block();
            let number = self.b.ins().load(I32, TRUSTED, block, offset_of!(Entered, number) as i32);
            let same = self.b.ins().icmp_imm_s(IntCC::Equal, number, i64::from(leaf.next));
            self.b.ins().brif(same, self.heads[to], NONE, other, NONE);
            self.b.switch_to_block(other);
        }
        self.exit(Exit::Leaf(at));
    }

    /// Counts what a way has not counted yet.
    fn count(&mut self, way: &Way) {
        for (counter, count) in
            [(FETCHES, way.fetches), (ACCESSES, way.accesses), (SEEN, way.seen), (MISSED, way.missed)]
        {
            if count != 0 {
                self.add(self.world, counter, count);
            }
        }
    }

    fn add(&mut self, base: Value, offset: i32, number: i64) {
        let value = self.b.ins().load(I64, TRUSTED, base, offset);
        let value = self.b.ins().iadd_imm_s(value, number);
        self.b.ins().store(TRUSTED, value, base, offset);
    }
}
