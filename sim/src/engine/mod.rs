//! The engine: runs a program block by block, functionally or with timing, and deals with what blocks cannot do
//! themselves: exceptions, the environment, region markers, limits.

mod cache;
mod crash;
mod region;

use std::sync::Arc;

use rvtile_isa::decode::Decoder;
use rvtile_isa::ext::Ext;
use rvtile_isa::float::lanes::Level;
use rvtile_isa::hart::csr::Clock;
use rvtile_isa::hart::{Cause, Config, Entered, Hart, Mode, Request, Trap};
use rvtile_isa::matrix::state::Own;
use rvtile_isa::memory::Memory;
use rvtile_isa::op::Flow;
use rvtile_isa::row::{Props, Row};

pub use crash::Crash;
pub use region::Region;

use crate::env::{self, Action, Env};
use crate::loader::{Image, Kind};
use crate::machine::Machine;
use crate::timing::{Core, Listener, Ran, Silent};
use cache::BlockCache;
use region::Regions;

/// How a program is run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Extensions of the run: they choose the families of the decoder, too.
    pub isa: Ext,
    /// Instructions from outside: extension files, users of the library.
    pub definitions: Vec<&'static [Row]>,
    /// The registers and CSRs that they use.
    pub state: Own,
    /// Agnostic elements become all ones.
    pub agnostic_ones: bool,
    /// Host SIMD level; lowered only by tests.
    pub level: Level,
    /// Whether hot blocks get host code; switched off only by tests.
    pub generated: bool,
    /// Stop after so many instructions.
    pub max_instructions: u64,
    /// Work the timing of every instruction out, even of blocks of which it is known: slower, to the same end.
    pub plain_timing: bool,
    /// How often the timing model walks trees of answers, for each edge of them, until it makes host code of them, if `generated`:
    /// about as long as making it takes. At least 1.
    pub timing_code_after: u32,
}

impl Default for RunOptions {
    fn default() -> RunOptions {
        RunOptions {
            isa: Ext::everything(),
            definitions: Vec::new(),
            state: Own::default(),
            agnostic_ones: false,
            level: Level::detect(),
            generated: true,
            max_instructions: u64::MAX,
            plain_timing: false,
            timing_code_after: 1 << 12,
        }
    }
}

/// Why a run ended.
#[derive(Debug)]
pub enum End {
    /// The program ended itself with this exit code.
    Exit(i32),
    /// The program did what it must not.
    Crash(Box<Crash>),
    /// The instruction limit was reached.
    Limit,
}

/// A program under simulation.
pub struct Engine {
    /// The hart, its registers and its memory.
    pub hart: Hart,
    /// The program.
    pub image: Image,
    env: Env,
    decoder: Decoder,
    blocks: BlockCache,
    timing: Option<Core>,
    regions: Regions,
    instructions: u64,
    mix: Mix,
    limit: u64,
    generated: bool,
    time: Timebase,
}

/// Instructions after which the engine gets control back at the latest. It bounds the stack, see
/// [`chain`](rvtile_isa::chain).
const QUANTUM: u64 = 4096;

/// The same for a timed run, whose log should stay in the host's nearest cache.
const TIMED_QUANTUM: u64 = 512;

/// Where control left the last block.
#[derive(Clone, Copy, Default)]
struct Left {
    /// The block, when it is still there.
    block: Option<u32>,
    /// The link or jump by which control left, when it may go that way without the engine from now on.
    stopped: Option<usize>,
}

/// Instructions by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mix {
    /// Vector instructions, vset included.
    pub vector: u64,
    /// Scalar loads.
    pub loads: u64,
    /// Scalar stores.
    pub stores: u64,
    /// Scalar floating-point arithmetic.
    pub float: u64,
    /// Branches and jumps.
    pub branches: u64,
}

impl Engine {
    /// Loads a program. With a machine the run is timed; VLEN is the machine's in any case.
    ///
    /// # Errors
    /// When the program does not fit, the host refuses the memory, the extensions do not go together, or a definition lacks its
    /// registers.
    pub fn new(
        image: Image,
        machine: &Arc<Machine>,
        timed: bool,
        options: &RunOptions,
        environment: env::Options,
    ) -> Result<Engine, env::StartError> {
        let config = Config {
            vlen: machine.vector.vlen,
            isa: options.isa,
            agnostic_ones: options.agnostic_ones,
            level: options.level,
        };
        if timed && let Some(key) = compiler_model(machine) {
            return Err(env::StartError::Machine(format!(
                "machine {} describes how a compiler schedules ({key}), which no chip does: it is for `rvtile validate \
                 --corpus`; run programs on another machine, or without timing (--functional)",
                machine.name
            )));
        }
        let decoder = Decoder::with(options.isa, &options.definitions).map_err(env::StartError::Clash)?;
        if let Some(why) = lacking(options, machine, timed) {
            return Err(env::StartError::Definition(why));
        }
        let memory = Memory::new(env::memory_size(&image, &environment)?).map_err(env::StartError::memory)?;
        let time = Timebase { hz: environment.timebase_hz, clock_khz: (machine.core.clock_mhz * 1000.0) as u64 };
        let mut hart = Hart::new(config, memory);
        hart.matrix.own = options.state.clone();
        let env = env::start(&image, environment, &mut hart)?;
        hart.log.on = timed;
        if let Some(addr) = env.mailbox() {
            hart.watch(addr);
        }
        Ok(Engine {
            hart,
            image,
            env,
            decoder,
            blocks: BlockCache::default(),
            timing: timed.then(|| {
                Core::new(
                    Arc::clone(machine),
                    options.plain_timing,
                    options.generated.then_some(options.timing_code_after),
                )
            }),
            regions: Regions::default(),
            instructions: 0,
            mix: Mix::default(),
            limit: options.max_instructions,
            generated: options.generated,
            time,
        })
    }

    /// The program's environment.
    pub fn kind(&self) -> Kind {
        self.env.kind()
    }

    /// The decoder of the run.
    pub fn decoder(&self) -> &Decoder {
        &self.decoder
    }

    /// Instructions retired so far.
    pub fn instructions(&self) -> u64 {
        self.instructions
    }

    /// Instructions by kind so far.
    pub fn mix(&self) -> Mix {
        let mut mix = self.mix;
        mix.add_runs(&self.blocks);
        mix
    }

    /// The timing model of a timed run.
    pub fn timing(&self) -> Option<&Core> {
        self.timing.as_ref()
    }

    /// The regions that the program marked, in the order in which they first ended.
    pub fn regions(&self) -> &[Region] {
        self.regions.ended()
    }

    /// Marks of regions that have no partner, in words.
    pub fn unbalanced(&self) -> Vec<String> {
        self.regions.unbalanced()
    }

    /// Runs until the program ends, crashes or reaches the limit.
    pub fn run(&mut self) -> End {
        self.run_watched(&mut Silent)
    }

    /// Like [`Engine::run`], and tells a listener what the timing model does. It hears nothing of a functional run.
    pub fn run_watched<L: Listener + ?Sized>(&mut self, listener: &mut L) -> End {
        let end = self.run_blocks(listener);
        if let Some(core) = &mut self.timing {
            core.drain(self.hart.pc, listener);
        }
        end
    }

    fn run_blocks<L: Listener + ?Sized>(&mut self, listener: &mut L) -> End {
        let mut left = Left::default();
        let polls = self.env.needs_poll();
        while self.instructions < self.limit {
            let number = self.blocks.next(left.block, &mut self.hart, &self.decoder);
            if let Left { block: Some(from), stopped: Some(stopped) } = left {
                self.blocks.tie(from, stopped, number, &mut self.hart);
            }
            let block = &self.blocks.get(number).block;
            let props = block.props;
            if props.intersects(Props::FLOAT | Props::VECTOR) {
                // Such a block ends with its first use of clean state, see `Block::translate`.
                dirty(&mut self.hart, props);
            }
            if props.contains(Props::CLOCK) {
                self.time.set(&mut self.hart, self.timing.as_ref(), self.instructions);
            }
            let flow = self.run_tied(number, &mut left, listener);
            let action = match flow {
                Flow::Next | Flow::Jump => {
                    if !polls {
                        continue;
                    }
                    Action::Continue
                }
                Flow::Trap => self.trap(listener),
                Flow::Leave => self.leave(),
            };
            let action = if polls && action == Action::Continue { self.poll() } else { action };
            match action {
                Action::Continue => {}
                Action::FlushBlocks => {
                    self.forget_blocks();
                    left = Left::default();
                }
                Action::Exit(code) => return End::Exit(code),
                Action::Fatal => return End::Crash(Box::new(self.crash())),
            }
        }
        End::Limit
    }

    /// Runs a block and those that are tied to it, and lets the timing model see what ran.
    #[inline]
    fn run_tied<L: Listener + ?Sized>(&mut self, number: u32, left: &mut Left, listener: &mut L) -> Flow {
        let budget = if self.hart.csr.mip != 0 || self.env.waits(&self.hart) {
            1
        } else {
            let quantum = if self.timing.is_some() { TIMED_QUANTUM } else { QUANTUM };
            quantum.min(self.limit - self.instructions)
        };
        if self.generated {
            self.blocks.warm(number, &self.hart);
        }
        // SAFETY: the cache keeps all blocks until it makes the hart forget them.
        let ran = unsafe { self.blocks.get(number).block.run_tied(&mut self.hart, budget as i64) };
        self.instructions += ran.retired;
        let block = &self.blocks.get(ran.last).block;
        if let Some(done) = ran.partly {
            self.mix.add(block, done, 1);
        }
        if let (Flow::Trap, Some(stopped)) = (ran.flow, ran.stopped) {
            self.hart.pc = block.address(stopped);
        }
        if let Some(core) = &mut self.timing {
            let words = self.hart.log.words.len() as u32;
            self.hart.log.blocks.push(Entered { pc: self.hart.pc, number: u32::MAX, words });
            let ran = Ran { log: &self.hart.log, partly: ran.partly };
            core.retire(ran, |number| self.blocks.block(number), listener);
            self.hart.log.clear();
        }
        *left = Left { block: Some(ran.last), stopped: ran.stopped.filter(|_| ran.flow == Flow::Jump) };
        ran.flow
    }

    /// An exception: the environment serves it, or the guest's own handler, or it is fatal.
    #[cold]
    fn trap<L: Listener + ?Sized>(&mut self, listener: &mut L) -> Action {
        self.time.set(&mut self.hart, self.timing.as_ref(), self.instructions);
        let trap = self.hart.trap;
        if let Some(core) = &mut self.timing {
            if self.env.kind() == Kind::Linux && trap.cause == Cause::EcallU {
                core.environment(self.hart.pc, listener);
            } else {
                core.drain(self.hart.pc, listener);
            }
        }
        self.env.on_trap(&mut self.hart, trap)
    }

    /// What may have happened to a bare-metal program since the last block: a host command, an interrupt.
    fn poll(&mut self) -> Action {
        if self.env.needs_clock() {
            self.time.set(&mut self.hart, self.timing.as_ref(), self.instructions);
        }
        let action = self.env.poll(&mut self.hart);
        if self.hart.csr.mip != 0
            && let Some(code) = self.hart.pending_interrupt()
        {
            self.hart.take_interrupt(code);
        }
        action
    }

    #[cold]
    fn leave(&mut self) -> Action {
        match std::mem::replace(&mut self.hart.request, Request::None) {
            Request::None | Request::Wfi => Action::Continue,
            Request::FlushBlocks => Action::FlushBlocks,
            Request::RegionBegin(name) => {
                self.regions.begin(&self.hart, name, self.instructions, self.timing.as_ref());
                Action::Continue
            }
            Request::RegionEnd(name) => {
                self.regions.end(&self.hart, name, self.instructions, self.timing.as_ref());
                Action::Continue
            }
        }
    }

    fn forget_blocks(&mut self) {
        self.mix.add_runs(&self.blocks);
        self.blocks.clear(&mut self.hart);
        if let Some(core) = &mut self.timing {
            core.forget_blocks();
        }
    }

    fn crash(&mut self) -> Crash {
        let trap: Trap = self.hart.trap;
        Crash::explain(trap, &mut self.hart, &self.decoder, &self.image)
    }
}

/// The key by which a machine is a compiler's model: the rules of [`crate::timing::mca`], not of the core.
fn compiler_model(machine: &Machine) -> Option<&'static str> {
    let vector = &machine.vector;
    [
        (vector.in_order_writeback, "vector.in_order_writeback = true"),
        (vector.vset_to_vector > 0, "vector.vset_to_vector > 0"),
        (vector.queue_depth == 0, "vector.queue_depth = 0"),
    ]
    .into_iter()
    .find_map(|(used, key)| used.then_some(key))
}

/// What a definition of a run needs and does not find.
fn lacking(options: &RunOptions, machine: &Machine, timed: bool) -> Option<String> {
    for row in options.definitions.iter().copied().flatten() {
        let banks = row.operands.iter().filter_map(|operand| row.definition()?.bank(operand));
        for bank in banks {
            let (name, registers) = (row.name, bank.name);
            if !options.state.has(bank) {
                return Some(format!(
                    "{name} needs registers {registers}, which the state of the run does not have: add them to \
                     RunOptions::state, as Extensions::apply does"
                ));
            }
            if timed && bank.first + bank.count > machine.own_registers {
                return Some(format!(
                    "{name} needs registers {registers}, which machine {} does not time: run on the machine that \
                     Extensions::on returns",
                    machine.name
                ));
            }
        }
    }
    None
}

fn dirty(hart: &mut Hart, props: Props) {
    if props.contains(Props::FLOAT) && hart.csr.fs() != 3 && hart.csr.fs() != 0 {
        hart.csr.dirty_fs();
    }
    if props.contains(Props::VECTOR) && hart.csr.vs() != 3 && hart.csr.vs() != 0 {
        hart.csr.dirty_vs();
    }
}

/// From cycles to the ticks of the guest's clock.
#[derive(Clone, Copy, Debug)]
struct Timebase {
    hz: u64,
    clock_khz: u64,
}

impl Timebase {
    /// Brings the counters that the program can read up to date. Without timing an instruction counts as a cycle.
    fn set(self, hart: &mut Hart, timing: Option<&Core>, instructions: u64) {
        let cycle = timing.map_or(instructions, Core::cycle);
        let ticks = u128::from(cycle) * u128::from(self.hz) / (u128::from(self.clock_khz.max(1)) * 1000);
        hart.csr.clock = Clock { cycle, time: ticks as u64, instret: instructions };
    }
}

impl Mix {
    fn add_runs(&mut self, blocks: &BlockCache) {
        for block in blocks.iter().map(|cached| &cached.block) {
            self.add(block, block.insts.len(), block.entry.times());
        }
    }

    /// Adds the first `count` instructions of a block, `times` times.
    fn add(&mut self, block: &rvtile_isa::block::Block, count: usize, times: u64) {
        for entry in block.insts.iter().take(count) {
            let Ok(inst) = &entry.inst else { continue };
            let props = inst.row.props;
            if props.contains(Props::VECTOR) {
                self.vector += times;
                continue;
            }
            self.loads += if props.contains(Props::LOAD) { times } else { 0 };
            self.stores += if props.contains(Props::STORE) { times } else { 0 };
            let arithmetic = props.contains(Props::FLOAT) && !props.intersects(Props::LOAD | Props::STORE);
            self.float += if arithmetic { times } else { 0 };
            self.branches += if props.intersects(Props::BRANCH | Props::JUMP) { times } else { 0 };
        }
    }
}

/// Privilege mode in words.
fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::User => "user mode",
        Mode::Supervisor => "supervisor mode",
        Mode::Machine => "machine mode",
    }
}
