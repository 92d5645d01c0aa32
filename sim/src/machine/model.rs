//! A resolved machine: plain immutable data, every number in the unit that its comment states.

use std::sync::Arc;

use rvtile_isa::class::Class;
use rvtile_isa::row::Row;

use super::formula::Formula;

/// An enumeration whose values have names in machine files.
pub(super) trait Choice: Sized + Copy + 'static {
    /// Every value with its name.
    const VALUES: &'static [(&'static str, Self)];
}

macro_rules! choices {
    ($($(#[$enum_doc:meta])* pub enum $name:ident { $($(#[$doc:meta])* $value:ident = $text:literal,)* })*) => { $(
        $(#[$enum_doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $value,)* }

        impl $name {
            /// The names in machine files, in the order of the enumeration.
            pub const NAMES: &'static [&'static str] = &[$($text,)*];

            /// The name in machine files.
            pub const fn name(self) -> &'static str { match self { $($name::$value => $text,)* } }
        }

        impl Choice for $name {
            const VALUES: &'static [(&'static str, Self)] = &[$(($text, $name::$value),)*];
        }
    )* };
}

choices! {
    /// Scalar pipe that an instruction issues to.
    pub enum Pipe {
        /// Address pipe: memory, integer operations, vector dispatch.
        A = "A",
        /// Branch pipe: branches, multiply, divide, floating point, integer operations.
        B = "B",
        /// Whichever is free.
        Either = "AB",
        /// Takes an issue slot only.
        None = "none",
    }

    /// Unit that an instruction keeps for its occupancy.
    pub enum Unit {
        /// None beside the pipe.
        None = "none",
        /// Integer divider.
        IntDivide = "int-div",
        /// Floating-point divide and square root.
        FpDivide = "fp-div",
        /// Any vector arithmetic sequencer.
        Arithmetic = "va",
        /// The first vector arithmetic sequencer only; with one sequencer the same as `va`.
        ArithmeticFirst = "va1",
        /// Vector load sequencer.
        Load = "vl",
        /// Vector store sequencer.
        Store = "vs",
        /// Matrix unit: it runs beside the vector arithmetic sequencers, with read ports of its own.
        Matrix = "mm",
        /// A coprocessor: it runs beside the vector sequencers and takes instructions into a queue of its own.
        Coprocessor = "cop",
    }

    /// Kind of branch predictor.
    pub enum PredictorKind {
        /// Every branch and jump is predicted.
        Perfect = "perfect",
        /// No predictor: fetch goes on in sequence, every taken branch and every indirect jump is mispredicted.
        None = "none",
        /// Backward taken, forward not taken.
        Static = "static",
        /// Two-bit counters by pc.
        Bimodal = "bimodal",
        /// Two-bit counters by pc and global history.
        Gshare = "gshare",
    }

    /// How vector loads and stores reach memory.
    pub enum MemoryPort {
        /// One port for both.
        Shared = "shared",
        /// One port each.
        Split = "split",
    }

    /// Nearest cache level of an access.
    pub enum StartLevel {
        /// The L1 data cache.
        L1d = "l1d",
        /// The L2 cache, past L1D.
        L2 = "l2",
        /// The L1 data cache for the lines that it holds, the L2 for others, which do not enter the L1D.
        Either = "l1d-or-l2",
    }

    /// Choice of the line that goes when a set is full.
    pub enum Replacement {
        /// The least recently used.
        Lru = "lru",
        /// Any.
        Random = "random",
    }

    /// Kind of prefetcher.
    pub enum PrefetchKind {
        /// No prefetcher.
        None = "none",
        /// Stride detection per stream.
        Stride = "stride",
    }
}

impl Unit {
    /// Whether it is one of the vector unit; the others are of the scalar pipe.
    pub const fn is_vector(self) -> bool {
        !matches!(self, Unit::None | Unit::IntDivide | Unit::FpDivide)
    }
}

/// The scalar core.
#[derive(Clone, Debug, PartialEq)]
pub struct Core {
    /// Clock, MHz.
    pub clock_mhz: f64,
    /// Instructions issued per cycle, 1 or 2.
    pub issue_width: u32,
    /// Cycles lost by a mispredicted branch or jump.
    pub mispredict_penalty: u32,
    /// Cycles lost by a taken branch or jump that was predicted.
    pub taken_branch_penalty: u32,
    /// Bytes that a conditional branch may jump over to be one operation with them, never mispredicted; 0: none is.
    pub fused_branch: u32,
    /// Branch prediction.
    pub predictor: Predictor,
    /// Cycles from an integer ALU result to address generation.
    pub alu_to_address: u32,
    /// Cycles that a store of less than four bytes keeps the L1D.
    pub narrow_store: u32,
    /// Whether a write waits for an earlier, slower write of the same scalar register.
    pub waw_hazards: bool,
    /// Cycles charged for a call of the environment.
    pub environment_call: u32,
}

/// The branch predictor.
#[derive(Clone, Debug, PartialEq)]
pub struct Predictor {
    /// Kind.
    pub kind: PredictorKind,
    /// Counters, a power of two.
    pub entries: u32,
    /// Bits of global history, at most log2 of the entries.
    pub history_bits: u32,
    /// Entries of the branch target buffer; 0 is none.
    pub btb_entries: u32,
    /// Entries of the return address stack; 0 is none.
    pub ras_entries: u32,
}

/// The vector unit.
#[derive(Clone, Debug, PartialEq)]
pub struct Vector {
    /// Bits of a vector register, a power of two from 128 to 4096.
    pub vlen: u32,
    /// Bits of the data path, a power of two from 64 to 4096; one wider than `vlen` takes several registers of a group in a
    /// cycle.
    pub dlen: u32,
    /// Entries of the command queue between scalar pipe and sequencers; 0: a vector instruction issues only when its
    /// sequencer is free.
    pub queue_depth: u32,
    /// Arithmetic sequencers, 1 or 2.
    pub arithmetic_sequencers: u32,
    /// One memory port or two.
    pub memory_port: MemoryPort,
    /// Bytes per cycle and port.
    pub port_bytes: u32,
    /// Cycles that a sequencer is kept beyond the occupancy.
    pub sequencer_extra: u32,
    /// Whether results are written back in order across scalar and vector instructions.
    pub in_order_writeback: bool,
    /// Cycles from vset* to a vector instruction that follows.
    pub vset_to_vector: u32,
    /// Whether instructions that round by frm do not wait for a vset* before them (compiler models only).
    pub vset_spares_rounding: bool,
    /// Whether a mask that stands as an operand of its own is never waited for (compiler models only).
    pub explicit_mask_free: bool,
    /// Nearest level of unit-stride accesses.
    pub start_level: StartLevel,
    /// Nearest level of unit-stride stores.
    pub store_level: StartLevel,
    /// Cycles that a vector load sees a line from behind the L1D before a scalar load would.
    pub early_line: u32,
    /// Whether unit-stride accesses ask for their lines when they enter the command queue, not when they leave it.
    pub early_requests: bool,
    /// Bytes of the aligned pieces that a store writes without reading them first.
    pub store_granule: u32,
    /// Cycles to merge the incomplete first or last granule of a store.
    pub partial_granule: u32,
    /// Cycles of the store path for each line that a store whose granules are all split finds dirty behind the L1D.
    pub split_line: u32,
    /// Whether element accesses (strided, indexed, segment) go through L1D; else they start where unit-stride ones do.
    pub elements_through_l1d: bool,
    /// Whether a dependent may start at the first beat of its producer, for classes that chain.
    pub chaining: bool,
    /// Whether a write waits for earlier readers of its register.
    pub war_hazards: bool,
    /// Cycles from the last beat of a fault-only-first load until `vl` can be read.
    pub fault_first_vl: u32,
}

/// A cache.
#[derive(Clone, Debug, PartialEq)]
pub struct Cache {
    /// Size, bytes.
    pub size: u64,
    /// Ways; sets (size / ways / line) are a power of two.
    pub ways: u32,
    /// Line, bytes, a power of two.
    pub line: u32,
    /// Which line of a full set goes.
    pub replacement: Replacement,
    /// Cycles added to the class latency by a hit here when the access did not start at this level.
    pub hit_latency: u32,
    /// Line fills that may be under way at once.
    pub outstanding_fills: u32,
    /// Bandwidth of fills into this cache, bytes per cycle.
    pub bytes_per_cycle: f64,
}

/// The prefetcher into L2 (or the nearest level there is).
#[derive(Clone, Debug, PartialEq)]
pub struct Prefetcher {
    /// Kind.
    pub kind: PrefetchKind,
    /// Lines ahead when a stream is found.
    pub initial_distance: u32,
    /// Most lines ahead.
    pub max_distance: u32,
    /// Distance at which growth turns from linear to exponential, lines.
    pub exponential_threshold: u32,
    /// Accesses compared to find a stride.
    pub compare_window: u32,
    /// Streams followed at once.
    pub streams: u32,
    /// Whether scalar accesses train it.
    pub scalar: bool,
    /// Whether vector accesses train it.
    pub vector: bool,
}

/// Main memory, in cycles of the core clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Dram {
    /// Cycles added to the class latency by an access that misses every cache.
    pub latency: u32,
    /// Read bandwidth, bytes per cycle; infinite when unlimited.
    pub read_bytes_per_cycle: f64,
    /// Write bandwidth, bytes per cycle; infinite when unlimited.
    pub write_bytes_per_cycle: f64,
}

/// Caches and main memory.
#[derive(Clone, Debug, PartialEq)]
pub struct MemorySystem {
    /// Instruction cache.
    pub l1i: Option<Cache>,
    /// Data cache.
    pub l1d: Option<Cache>,
    /// Second level.
    pub l2: Option<Cache>,
    /// Third level.
    pub l3: Option<Cache>,
    /// Whether pages lie anywhere in physical memory, which the caches behind the L1s are indexed by.
    pub scattered_pages: bool,
    /// Prefetcher.
    pub prefetcher: Prefetcher,
    /// Main memory.
    pub dram: Dram,
}

/// Timing of a class of instructions.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassTiming {
    /// Pipe that it issues to.
    pub pipe: Pipe,
    /// Unit that it keeps.
    pub unit: Unit,
    /// Cycles until a dependent may start; with `chains`, until the result's first beat.
    pub latency: Formula,
    /// Cycles seen by a consumer that reads its operand late; `None`: the latency.
    pub bypass: Option<u32>,
    /// Whether this class reads register sources late (of a store: the data; never an address).
    pub late: bool,
    /// Cycles that the unit is kept.
    pub occupancy: Formula,
    /// Cycles until another mask may be merged into the mask register that it wrote; `None`: it merges nothing.
    pub rewrite: Option<Formula>,
    /// Whether a dependent may start at the first beat and then follow beat by beat.
    pub chains: bool,
    /// Memory: one access per element (per segment of a segment access).
    pub elementwise: bool,
    /// Which of [`Machine::coprocessors`], where the unit is one.
    pub coprocessor: usize,
}

/// A unit beside the vector unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coprocessor {
    /// Its name.
    pub name: String,
    /// Entries of the queue in front of it: an instruction leaves the vector command queue when it enters this one.
    pub queue: u32,
}

/// Timing of an instruction from an extension file.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnTiming {
    /// Mnemonic.
    pub name: &'static str,
    /// What it costs.
    pub timing: ClassTiming,
    /// Additions to an own register follow one another without waiting for the result.
    pub accumulates: bool,
}

/// A resolved leaf of a machine: what was set, by whom, and why.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Entry {
    /// Dotted key.
    pub key: String,
    /// The value as it was written.
    pub value: String,
    /// Unit of the value; empty where it has none.
    pub unit: &'static str,
    /// Where the value comes from: the citation, `assumed`, or `command line`, with a note where there is one.
    pub source: Arc<str>,
    /// Whether the value is a guess.
    pub assumed: bool,
    /// File that set it, or `--set`.
    pub file: Arc<str>,
    /// Line in the file, from 1; 0 for an override.
    pub line: usize,
}

/// A machine: everything that the timing model has to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// Short name.
    pub name: String,
    /// One line about it.
    pub description: String,
    /// Scalar core.
    pub core: Core,
    /// Vector unit.
    pub vector: Vector,
    /// Caches and main memory.
    pub memory: MemorySystem,
    /// Timing of every class, in the order of [`Class::ALL`].
    pub classes: Vec<ClassTiming>,
    /// Units beside the vector unit; the first is there on every machine.
    pub coprocessors: Vec<Coprocessor>,
    /// Timing of instructions from extension files.
    pub own: Vec<OwnTiming>,
    /// How many registers extension files bring.
    pub own_registers: u32,
    /// Every value with its source, in the order of the key table.
    pub entries: Vec<Entry>,
}

impl Machine {
    /// Timing of `class`.
    pub fn class(&self, class: Class) -> &ClassTiming {
        &self.classes[class as usize]
    }

    /// The place in [`Machine::own`] of a row that has timing of its own.
    pub fn own_timing(&self, row: &Row) -> Option<usize> {
        row.definition()?;
        self.own.iter().position(|own| own.name == row.name)
    }

    /// Timing of a row: its own, or that of its class.
    pub fn timing(&self, row: &Row) -> &ClassTiming {
        self.own_timing(row).map_or_else(|| self.class(row.class), |place| &self.own[place].timing)
    }

    /// The entry of a dotted key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The entries that are guesses.
    pub fn assumed(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.assumed)
    }

    /// The keys whose values differ, with the value on each side; `-` where one side has no such key.
    pub fn diff(a: &Machine, b: &Machine) -> Vec<(String, String, String)> {
        let value = |machine: &Machine, key: &str| machine.entry(key).map_or("-".to_string(), |e| e.value.clone());
        let keys = super::keys::Table::ROOT.slots().into_iter().map(super::keys::Slot::path);
        keys.map(|key| {
            let (left, right) = (value(a, &key), value(b, &key));
            (key, left, right)
        })
        .filter(|(_, left, right)| left != right)
        .collect()
    }
}
