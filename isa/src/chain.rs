//! Running from operation to operation, and from block to block, without coming back to the engine.
//!
//! Each operation of a block has beside its semantics a *chain* function, which executes the operation and then jumps to
//! the chain function of the next one. The compiler makes that jump a tail call when it optimises; when it does not, the
//! stack grows by a frame for each operation, which a budget of instructions bounds. Behind a block's operations stand its
//! links ([`LINKS`]): they lead to the engine, until it ties them to the blocks that control went to.
//!
//! An operation that cannot go on (an exception, a request to the engine) stops the chain and leaves its place in
//! the hart's trail, from which the number of retired instructions follows.
//!
//! A block may have host code beside its operations ([`Entry::attach`]). It does what the operations do, that of other
//! blocks too if it likes, and says with which operation the chain goes on ([`Exit`]).

use std::cell::Cell;
use std::ptr::NonNull;

use crate::hart::{Entered, Hart};
use crate::op::{Flow, Handler, Op};

/// Executes an operation and all that follows it, until something stops the chain.
///
/// # Safety
/// The operation must stand in a [`Block`](crate::block::Block) that is alive, as must all blocks that are tied to it.
pub type Chain = unsafe fn(&mut Hart, *const Op) -> Flow;

/// Semantics of an operation in both forms.
#[derive(Clone, Copy)]
pub struct Hot {
    /// The operation alone.
    pub alone: Handler,
    /// The operation and all that follows.
    pub chain: Chain,
    /// [`Step::KIND`] or [`Branch::KIND`] of what can be run in one go with a neighbour, else 0.
    pub kind: u8,
    /// As `chain`, for what writes to the access log, while that is on.
    pub logged: Chain,
}

/// Semantics that can be run in one go with a neighbour's.
pub trait Step: 'static {
    /// A number of its own, from 1.
    const KIND: u8;
    /// The usual case, without the access log; `None` says that nothing was done. Must be `#[inline(always)]`.
    fn step(h: &mut Hart, op: &Op) -> Option<()>;
    /// Every case.
    fn general(h: &mut Hart, op: &Op) -> Flow;
}

/// A conditional branch that can be run in one go with the operation before it.
pub trait Branch: 'static {
    /// A number of its own, from 1, apart from those of steps.
    const KIND: u8;
    /// Whether it is taken. Must be `#[inline(always)]`.
    fn taken(h: &Hart, op: &Op) -> bool;
    /// The whole.
    fn general(h: &mut Hart, op: &Op) -> Flow;
}

/// Operations behind those of a block: where control goes when it falls through, and when it jumps.
pub const LINKS: usize = 2;

/// What a link needs to know of the block that it is tied to.
pub struct Entry {
    /// Address of the block.
    pub pc: u64,
    /// [`Hart::ctx_key`] of its context.
    pub key: u32,
    /// Its instructions.
    pub count: u32,
    /// Its number, for who keeps blocks by number.
    pub number: u32,
    /// How often it was entered by [`Block::run_tied`](crate::block::Block::run_tied) or a link.
    pub runs: Cell<u64>,
    /// How often host code entered it beside that.
    pub inside: Cell<u64>,
    /// Its first operation.
    pub(crate) first: *const Op,
    /// Where it is entered: there, or one operation before it, which logs that.
    pub(crate) start: *const Op,
    /// What runs it from there: the chain function of that operation, or [`generated`].
    pub(crate) run: Cell<Chain>,
    /// Its host code, if it has any.
    pub(crate) code: Cell<Option<Code>>,
}

/// Host code that does the work of a block.
///
/// # Safety
/// It may be called when the block has been entered, and must leave the hart as the operations would: `Hart::pc` is the
/// address of the block whose operation [`Exit`] names, that block is the trail's, its instructions are taken off the
/// budget.
pub type Code = unsafe extern "C" fn(&mut Hart) -> Exit;

/// How host code ended.
#[repr(C)]
pub struct Exit {
    /// The operation, or link, to go on with; the one that stopped when `flow` says so.
    pub op: *const Op,
    /// A [`Flow`]; [`Flow::Next`] goes on with `op`.
    pub flow: u64,
}

impl Entry {
    /// Lets host code do the work from now on.
    ///
    /// # Safety
    /// The code must be that of this block, and live as long as it.
    pub unsafe fn attach(&self, code: Code) {
        self.code.set(Some(code));
        self.run.set(generated);
    }

    /// How often it ran.
    pub fn times(&self) -> u64 {
        self.runs.get() + self.inside.get()
    }

    /// Whether host code does the work.
    pub fn has_code(&self) -> bool {
        self.code.get().is_some()
    }
}

/// Calls the handler of an operation: for host code, which knows no other calls. Returns the [`Flow`].
///
/// # Safety
/// That of [`Chain`].
pub unsafe extern "C" fn call(h: &mut Hart, op: *const Op) -> u64 {
    if h.log.on {
        h.log.end_code();
    }
    // SAFETY: the caller's promise; `Op::new` chose the handler for this host.
    let flow = unsafe { ((*op).exec)(h, &*op) };
    if h.log.on {
        h.log.begin_code(h.trail.budget);
    }
    flow as u64
}

/// A block with host code.
///
/// # Safety
/// That of [`Chain`]; the trail's entry must be that of the block.
unsafe fn generated(h: &mut Hart, op: *const Op) -> Flow {
    // SAFETY: the caller's promise.
    let entry = unsafe { &*h.trail.entry };
    let Some(code) = entry.code.get() else {
        // SAFETY: as above.
        return unsafe { go(h, op) };
    };
    if h.log.on {
        if op != entry.first {
            log_entry(h, entry);
        }
        h.log.begin_code(h.trail.budget);
    }
    // SAFETY: the promise of `attach`.
    let exit = unsafe { code(h) };
    if h.log.on {
        h.log.end_code();
    }
    match exit.flow {
        // SAFETY: as above.
        0 => unsafe { go(h, exit.op) },
        1 => stop(h, exit.op, Flow::Jump),
        2 => stop(h, exit.op, Flow::Trap),
        _ => stop(h, exit.op, Flow::Leave),
    }
}

/// Runs a block alone, without a word that it was entered.
///
/// # Safety
/// That of [`Chain`].
#[inline(always)]
pub(crate) unsafe fn alone_in(h: &mut Hart, entry: &Entry) -> Flow {
    h.trail.entry = entry;
    // SAFETY: the caller's promise.
    unsafe { if entry.has_code() { generated(h, entry.first) } else { go(h, entry.first) } }
}

/// Entries of the table of indirect jumps.
const JUMPS: usize = 1024;

#[derive(Clone, Copy)]
struct Jump {
    pc: u64,
    entry: *const Entry,
}

// No instruction has an odd address.
const NOWHERE: Jump = Jump { pc: 1, entry: std::ptr::null() };

/// What a hart knows of the chain that it runs.
pub(crate) struct Trail {
    /// Instructions that may still be executed. Checked between blocks, so it may become negative.
    pub budget: i64,
    /// The budget at the start, less what was taken away.
    pub granted: i64,
    /// The operation that ended the chain; null when the budget did.
    pub stopped: *const Op,
    /// The block entered last.
    pub entry: *const Entry,
    /// Where indirect jumps went lately.
    jumps: [Jump; JUMPS],
}

// SAFETY: the pointers are followed only while blocks run, by the thread that owns them together with the hart.
unsafe impl Send for Trail {}
// SAFETY: as above.
unsafe impl Send for Entry {}

impl Default for Trail {
    fn default() -> Trail {
        let (stopped, entry) = (std::ptr::null(), std::ptr::null());
        Trail { budget: 0, granted: 0, stopped, entry, jumps: [NOWHERE; JUMPS] }
    }
}

impl Trail {
    fn index(pc: u64) -> usize {
        (pc >> 1) as usize % JUMPS
    }

    /// Remembers where an indirect jump went. The block must live until the trail is forgotten.
    pub fn insert(&mut self, entry: &Entry) {
        self.jumps[Trail::index(entry.pc)] = Jump { pc: entry.pc, entry };
    }

    /// The chain ends with the present block.
    pub fn interrupt(&mut self) {
        self.granted -= self.budget;
        self.budget = 0;
    }
}

/// Builds a value of a type that has no size: a function that captures nothing.
#[inline(always)]
fn function<F: Copy>() -> F {
    const { assert!(size_of::<F>() == 0, "semantics must not capture anything") };
    // SAFETY: of a type without size, of which a value was given to `Hot`, nothing is read.
    unsafe { NonNull::<F>::dangling().read() }
}

impl Hot {
    /// Semantics that may stop the chain.
    pub const fn new<F: Fn(&mut Hart, &Op) -> Flow + Copy>(_: F) -> Hot {
        Hot { alone: alone::<F>, chain: chain::<F>, kind: 0, logged: any }
    }

    /// Semantics of which the first function does the usual case, without the access log; `None` sends the operation to
    /// the second, nothing being changed.
    pub const fn usually<F, G>(_: F, _: G) -> Hot
    where
        F: Fn(&mut Hart, &Op) -> Option<()> + Copy,
        G: Fn(&mut Hart, &Op) -> Flow + Copy,
    {
        Hot { alone: alone::<G>, chain: usual::<(), F>, kind: 0, logged: usual_logged::<F> }
    }

    /// The same where the usual case returns the word that belongs into the access log.
    pub const fn telling<F, G>(_: F, _: G) -> Hot
    where
        F: Fn(&mut Hart, &Op) -> Option<u64> + Copy,
        G: Fn(&mut Hart, &Op) -> Flow + Copy,
    {
        Hot { alone: alone::<G>, chain: usual::<u64, F>, kind: 0, logged: told::<F> }
    }

    /// Semantics that can be run in one go with a neighbour's.
    pub const fn step<S: Step>() -> Hot {
        Hot { alone: S::general, chain: single::<S>, kind: S::KIND, logged: single_logged::<S> }
    }

    /// A conditional branch.
    pub const fn branch<B: Branch>() -> Hot {
        Hot { alone: B::general, chain: branch::<B>, kind: B::KIND, logged: any }
    }

    /// A jump to a known target: `before` does all else.
    pub const fn jump<F, G>(_: F, _: G) -> Hot
    where
        F: Fn(&mut Hart, &Op) + Copy,
        G: Fn(&mut Hart, &Op) -> Flow + Copy,
    {
        Hot { alone: alone::<G>, chain: jump::<F>, kind: 0, logged: any }
    }

    /// A jump to an address that `target` finds.
    pub const fn indirect<F, G>(_: F, _: G) -> Hot
    where
        F: Fn(&mut Hart, &Op) -> u64 + Copy,
        G: Fn(&mut Hart, &Op) -> Flow + Copy,
    {
        Hot { alone: alone::<G>, chain: indirect::<F>, kind: 0, logged: any }
    }

    /// Any semantics.
    pub fn cold(alone: Handler) -> Hot {
        Hot { alone, chain: any, kind: 0, logged: any }
    }
}

fn alone<F: Fn(&mut Hart, &Op) -> Flow + Copy>(h: &mut Hart, op: &Op) -> Flow {
    function::<F>()(h, op)
}

/// Goes on with an operation.
///
/// # Safety
/// That of [`Chain`].
#[inline(always)]
pub(crate) unsafe fn go(h: &mut Hart, op: *const Op) -> Flow {
    // SAFETY: the caller's promise.
    unsafe { ((*op).chain)(h, op) }
}

/// Ends the chain.
#[inline(always)]
pub(crate) fn stop(h: &mut Hart, op: *const Op, flow: Flow) -> Flow {
    h.trail.stopped = op;
    flow
}

/// # Safety
/// That of [`Chain`].
unsafe fn chain<F: Fn(&mut Hart, &Op) -> Flow + Copy>(h: &mut Hart, op: *const Op) -> Flow {
    // SAFETY: the caller's promise; behind every operation of a block stands another, or a link.
    unsafe {
        match function::<F>()(h, &*op) {
            Flow::Next => go(h, op.add(1)),
            flow => stop(h, op, flow),
        }
    }
}

/// # Safety
/// That of [`Chain`].
unsafe fn usual<T, F: Fn(&mut Hart, &Op) -> Option<T> + Copy>(h: &mut Hart, op: *const Op) -> Flow {
    // SAFETY: the caller's promise.
    unsafe {
        match function::<F>()(h, &*op) {
            Some(_) => go(h, op.add(1)),
            None => any(h, op),
        }
    }
}

/// An operation of which the usual case returns the word that belongs into the access log.
///
/// # Safety
/// That of [`Chain`].
#[inline(always)]
pub(crate) unsafe fn logged(h: &mut Hart, op: *const Op, run: impl FnOnce(&mut Hart, &Op) -> Option<u64>) -> Flow {
    // SAFETY: the caller's promise; nothing but this writes to the log.
    unsafe {
        // Asked for first, so that nothing is saved for a call that would make it.
        if !h.log.has_room() {
            return any(h, op);
        }
        let Some(word) = run(h, &*op) else { return any(h, op) };
        h.log.push_within(word);
        go(h, op.add(1))
    }
}

/// # Safety
/// That of [`Chain`].
unsafe fn told<F: Fn(&mut Hart, &Op) -> Option<u64> + Copy>(h: &mut Hart, op: *const Op) -> Flow {
    // SAFETY: the caller's promise.
    unsafe { logged(h, op, function::<F>()) }
}

/// A scalar access to memory logs the sum of rs1 and the immediate.
///
/// # Safety
/// That of [`Chain`].
#[inline(always)]
unsafe fn access_logged(h: &mut Hart, op: *const Op, run: impl FnOnce(&mut Hart, &Op) -> Option<()>) -> Flow {
    // SAFETY: the caller's promise.
    unsafe {
        logged(h, op, |h, op| {
            // A load may write rs1.
            let addr = h.x[op.rs1 as usize].wrapping_add(op.imm as u64);
            run(h, op).map(|()| addr)
        })
    }
}

/// # Safety
/// That of [`Chain`].
unsafe fn usual_logged<F: Fn(&mut Hart, &Op) -> Option<()> + Copy>(h: &mut Hart, op: *const Op) -> Flow {
    // SAFETY: the caller's promise.
    unsafe { access_logged(h, op, function::<F>()) }
}

/// # Safety
/// That of [`Chain`].
unsafe fn single_logged<S: Step>(h: &mut Hart, op: *const Op) -> Flow {
    // SAFETY: the caller's promise.
    unsafe { access_logged(h, op, S::step) }
}

/// The log words at which a chain ends with the present block, so that the log stays in the host's caches.
const LOG_WORDS: usize = 1 << 13;

/// Logs that a block is entered.
///
/// # Safety
/// That of [`Chain`]; the block was entered by [`enter`].
pub(crate) unsafe fn mark(h: &mut Hart, op: *const Op) -> Flow {
    // SAFETY: the caller's promise.
    unsafe {
        log_entry(h, &*h.trail.entry);
        go(h, op.add(1))
    }
}

#[inline(always)]
fn log_entry(h: &mut Hart, entry: &Entry) {
    let words = h.log.words.len();
    h.log.blocks.push(Entered { pc: entry.pc, number: entry.number, words: words as u32 });
    if words > LOG_WORDS {
        h.trail.interrupt();
    }
}

/// Any operation, through its handler. Never inlined, so that the functions that usually do without it need no stack
/// frame.
///
/// # Safety
/// That of [`Chain`].
#[inline(never)]
pub(crate) unsafe fn any(h: &mut Hart, op: *const Op) -> Flow {
    // SAFETY: the caller's promise; `Op::new` chose the handler for this host.
    unsafe {
        match ((*op).exec)(h, &*op) {
            Flow::Next => go(h, op.add(1)),
            flow => stop(h, op, flow),
        }
    }
}

/// # Safety
/// That of [`Chain`].
#[inline(always)]
unsafe fn single<S: Step>(h: &mut Hart, op: *const Op) -> Flow {
    // SAFETY: the caller's promise.
    unsafe {
        match S::step(h, &*op) {
            Some(()) => go(h, op.add(1)),
            None => any(h, op),
        }
    }
}

/// Two steps in one go.
///
/// # Safety
/// That of [`Chain`]; the operations must be of these kinds.
pub(crate) unsafe fn pair<A: Step, B: Step>(h: &mut Hart, op: *const Op) -> Flow {
    // SAFETY: the caller's promise.
    unsafe {
        if A::step(h, &*op).is_none() {
            return any(h, op);
        }
        single::<B>(h, op.add(1))
    }
}

/// A step and a branch in one go.
///
/// # Safety
/// That of [`Chain`]; the operations must be of these kinds, the last of their block.
pub(crate) unsafe fn pair_end<A: Step, B: Branch>(h: &mut Hart, op: *const Op) -> Flow {
    // SAFETY: the caller's promise.
    unsafe {
        if A::step(h, &*op).is_none() {
            return any(h, op);
        }
        branch::<B>(h, op.add(1))
    }
}

/// # Safety
/// That of [`Chain`]; the operation is the last of its block.
#[inline(always)]
unsafe fn branch<B: Branch>(h: &mut Hart, op: *const Op) -> Flow {
    // SAFETY: the caller's promise.
    unsafe { if B::taken(h, &*op) { follow(h, op.add(2)) } else { follow(h, op.add(1)) } }
}

/// # Safety
/// That of [`Chain`]; the operation is the last of its block.
unsafe fn jump<F: Fn(&mut Hart, &Op) + Copy>(h: &mut Hart, op: *const Op) -> Flow {
    // SAFETY: the caller's promise.
    unsafe {
        function::<F>()(h, &*op);
        follow(h, op.add(2))
    }
}

/// # Safety
/// That of [`Chain`]; the operation is the last of its block.
unsafe fn indirect<F: Fn(&mut Hart, &Op) -> u64 + Copy>(h: &mut Hart, op: *const Op) -> Flow {
    // SAFETY: the caller's promise; the blocks in the table are alive.
    unsafe {
        let target = function::<F>()(h, &*op);
        let jump = h.trail.jumps[Trail::index(target)];
        // The link behind the operation knows the context in which the block ends.
        if jump.pc == target && (*jump.entry).key == (*op.add(1)).aux {
            return enter(h, jump.entry);
        }
        h.pc = target;
        stop(h, op, Flow::Jump)
    }
}

/// A link. The address of the entry that it is tied to is in `imm` when `small` says so, else the target address.
///
/// # Safety
/// That of [`Chain`].
pub(crate) unsafe fn link(h: &mut Hart, op: *const Op) -> Flow {
    // SAFETY: the caller's promise.
    unsafe { follow(h, op) }
}

/// # Safety
/// That of [`Chain`].
#[inline(always)]
unsafe fn follow(h: &mut Hart, link: *const Op) -> Flow {
    // SAFETY: the caller's promise.
    let link = unsafe { &*link };
    if link.small == TIED {
        // SAFETY: as above.
        unsafe { enter(h, link.imm as *const Entry) }
    } else {
        h.pc = link.imm as u64;
        stop(h, link, Flow::Jump)
    }
}

/// `small` of a link that is tied.
pub(crate) const TIED: u8 = 1;

/// Goes on with a block, if enough of the budget is left.
///
/// # Safety
/// The block must be alive, and so must all that are tied to it.
#[inline(always)]
pub(crate) unsafe fn enter(h: &mut Hart, entry: *const Entry) -> Flow {
    // SAFETY: the caller's promise.
    let entry = unsafe { &*entry };
    h.pc = entry.pc;
    if h.trail.budget <= 0 {
        return stop(h, std::ptr::null(), Flow::Jump);
    }
    h.trail.budget -= i64::from(entry.count);
    entry.runs.set(entry.runs.get() + 1);
    // SAFETY: as above.
    h.trail.entry = entry;
    // SAFETY: as above.
    unsafe { (entry.run.get())(h, entry.start) }
}
