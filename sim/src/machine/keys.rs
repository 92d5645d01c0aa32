//! The key table: the single truth about what may stand in a machine file.

use rvtile_isa::class::Class;

use super::model::{MemoryPort, Pipe, PredictorKind, PrefetchKind, Replacement, StartLevel, Unit};
use super::value::Kind;

/// A key of a machine file.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Dotted path; `<cache>` stands for each of [`CACHES`], `<class>` for the name of each timing class.
    pub path: &'static str,
    /// What the value may be.
    pub kind: Kind,
    /// Unit of the value; empty where it has none.
    pub unit: &'static str,
    /// Whether a complete machine can do without it.
    pub optional: bool,
    /// What it means.
    pub doc: &'static str,
}

/// The cache levels.
pub const CACHES: &[&str] = &["l1i", "l1d", "l2", "l3"];

const fn key(path: &'static str, kind: Kind, unit: &'static str, doc: &'static str) -> Key {
    Key { path, kind, unit, optional: false, doc }
}

const fn optional(path: &'static str, kind: Kind, unit: &'static str, doc: &'static str) -> Key {
    Key { path, kind, unit, optional: true, doc }
}

const fn integer(min: u64, max: u64) -> Kind {
    Kind::Integer { min, max }
}

const fn power(min: u64, max: u64) -> Kind {
    Kind::PowerOfTwo { min, max }
}

const CYCLES: Kind = integer(0, 1_000_000);

/// Largest cache, 16 GiB: more than any chip has.
const MOST_CACHE: u64 = 16 << 30;

/// Every key.
pub const KEYS: &[Key] = &[
    key("core.clock_mhz", Kind::Real { min: 1.0, max: 10_000.0 }, "MHz", "clock of the core"),
    key("core.issue_width", integer(1, 2), "instructions/cycle", "instructions issued per cycle"),
    key("core.mispredict_penalty", CYCLES, "cycles", "lost by a mispredicted branch or jump"),
    key("core.taken_branch_penalty", CYCLES, "cycles", "lost by a taken branch or jump that was predicted"),
    key(
        "core.fused_branch",
        integer(0, 16),
        "bytes",
        "jumped over at most by a branch that is fused with them; 0: none",
    ),
    key("core.alu_to_address", CYCLES, "cycles", "from an integer ALU result to address generation"),
    key("core.narrow_store", CYCLES, "cycles", "that a store of less than 4 bytes keeps the L1D"),
    key("core.waw_hazards", Kind::Flag, "", "a write waits for an earlier, slower write of its register"),
    key("core.environment_call", CYCLES, "cycles", "charged for a call of the environment"),
    key("core.predictor.kind", Kind::Choice(PredictorKind::NAMES), "", "branch predictor"),
    key("core.predictor.entries", power(2, 1 << 20), "", "two-bit counters"),
    key("core.predictor.history_bits", integer(0, 20), "bits", "global history, at most log2 of the entries"),
    key("core.predictor.btb_entries", integer(0, 1 << 16), "", "branch target buffer, for indirect jumps; 0 is none"),
    key("core.predictor.ras_entries", integer(0, 1 << 10), "", "return address stack; 0 is none"),
    key("vector.vlen", power(128, 4096), "bits", "vector register"),
    key(
        "vector.dlen",
        power(64, 4096),
        "bits",
        "vector data path; wider than vlen, it takes several registers of a group in a cycle",
    ),
    key("vector.queue_depth", integer(0, 1024), "", "vector command queue; 0: issue waits for the sequencer"),
    key("vector.arithmetic_sequencers", integer(1, 2), "", "arithmetic sequencers"),
    key("vector.memory_port", Kind::Choice(MemoryPort::NAMES), "", "one port for loads and stores, or one each"),
    key("vector.port_bytes", power(1, 1024), "bytes/cycle", "width of a memory port"),
    key("vector.sequencer_extra", integer(0, 64), "cycles", "sequencer kept beyond the occupancy"),
    key("vector.in_order_writeback", Kind::Flag, "", "results are written back in order, scalar and vector together"),
    key("vector.vset_to_vector", integer(0, 64), "cycles", "from vset* to a vector instruction that follows"),
    optional(
        "vector.vset_spares_rounding",
        Kind::Flag,
        "",
        "compiler model: what rounds by frm does not wait for vset*; absent: false",
    ),
    optional(
        "vector.explicit_mask_free",
        Kind::Flag,
        "",
        "compiler model: the mask of merges and carries is not waited for; absent: false",
    ),
    key("vector.start_level", Kind::Choice(StartLevel::NAMES), "", "nearest level of unit-stride loads"),
    key("vector.store_level", Kind::Choice(StartLevel::NAMES), "", "nearest level of unit-stride stores"),
    key("vector.early_line", CYCLES, "cycles", "that a vector load sees a line from behind L1D before a scalar one"),
    optional(
        "vector.early_requests",
        Kind::Flag,
        "",
        "unit-stride accesses ask for their lines when they enter the command queue; absent: false",
    ),
    key("vector.store_granule", power(1, 4096), "bytes", "aligned piece that a store writes without reading it first"),
    key("vector.partial_granule", CYCLES, "cycles", "to merge a store's incomplete first or last granule"),
    optional(
        "vector.split_line",
        CYCLES,
        "cycles",
        "of the store path for each line dirty behind L1D, where a store splits granules; absent: 0",
    ),
    key("vector.elements_through_l1d", Kind::Flag, "", "strided, indexed and segment accesses go through L1D"),
    key("vector.chaining", Kind::Flag, "", "a dependent may start at its producer's first beat"),
    key("vector.war_hazards", Kind::Flag, "", "a write waits for earlier readers of its register"),
    key("vector.fault_first_vl", CYCLES, "cycles", "from the last beat of a fault-only-first load to reading vl"),
    optional("vector.coprocessor_queue", integer(1, 1024), "", "queue in front of the unit cop; absent: 1"),
    key("memory.<cache>.size", Kind::Size { max: MOST_CACHE }, "bytes", "capacity; 0: there is no such cache"),
    key("memory.<cache>.ways", integer(1, 1024), "", "associativity; size / ways / line is a power of two"),
    key("memory.<cache>.line", power(8, 4096), "bytes", "line"),
    key("memory.<cache>.replacement", Kind::Choice(Replacement::NAMES), "", "which line of a full set goes"),
    key("memory.<cache>.hit_latency", CYCLES, "cycles", "added by a hit when the access started at a nearer level"),
    key("memory.<cache>.outstanding_fills", integer(1, 1024), "", "line fills under way at once"),
    key("memory.<cache>.bytes_per_cycle", Kind::Real { min: 1e-3, max: 1e6 }, "bytes/cycle", "bandwidth of fills"),
    key("memory.scattered_pages", Kind::Flag, "", "pages of 4 KiB lie anywhere in physical memory"),
    key("memory.prefetcher.kind", Kind::Choice(PrefetchKind::NAMES), "", "prefetcher into the L2"),
    key("memory.prefetcher.initial_distance", integer(1, 1024), "lines", "ahead when a stream is found"),
    key("memory.prefetcher.max_distance", integer(1, 1024), "lines", "ahead at most"),
    key(
        "memory.prefetcher.exponential_threshold",
        integer(0, 1024),
        "lines",
        "distance where growth turns exponential",
    ),
    key("memory.prefetcher.compare_window", integer(1, 1024), "", "accesses compared to find a stride"),
    key("memory.prefetcher.streams", integer(1, 1024), "", "streams followed at once"),
    key("memory.prefetcher.scalar", Kind::Flag, "", "trained by scalar accesses"),
    key("memory.prefetcher.vector", Kind::Flag, "", "trained by vector accesses"),
    key("memory.dram.latency", Kind::Duration, "", "added by an access that misses every cache"),
    key("memory.dram.read", Kind::Rate, "", "read bandwidth"),
    key("memory.dram.write", Kind::Rate, "", "write bandwidth"),
    key("class.<class>.pipe", Kind::Choice(Pipe::NAMES), "", "scalar pipe that it issues to"),
    key(
        "class.<class>.unit",
        Kind::Choice(Unit::NAMES),
        "",
        "unit that it keeps: none or a divider if it is scalar, else one of the others; va1 is the first of va, mm the matrix unit, cop the coprocessor with a queue of its own",
    ),
    key("class.<class>.latency", Kind::Formula, "cycles", "until a dependent may start (chains: the first beat)"),
    optional("class.<class>.bypass", CYCLES, "cycles", "seen by a consumer that reads late; absent: the latency"),
    optional("class.<class>.late", Kind::Flag, "", "reads sources (of a store: data) late; absent: false"),
    key("class.<class>.occupancy", Kind::Formula, "cycles", "that the unit is kept"),
    optional("class.<class>.rewrite", Kind::Formula, "cycles", "until its mask register can be written again"),
    optional("class.<class>.chains", Kind::Flag, "", "a dependent may follow beat by beat; absent: false"),
    optional("class.<class>.elementwise", Kind::Flag, "", "memory: one access per element; absent: false"),
];

/// A key of a machine: a row of [`KEYS`], and the cache or class that the row's wildcard stands for.
///
/// Their order is that of the table, with the keys of one cache or class together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    /// The first row with the row's wildcard; the row itself where it has none.
    group: u16,
    /// Which cache or class.
    member: u16,
    row: u16,
}

impl Slot {
    pub fn key(self) -> &'static Key {
        &KEYS[usize::from(self.row)]
    }

    /// The dotted path with its names.
    pub fn path(self) -> String {
        let path = self.key().path;
        match path.split_once('<').and_then(|(head, rest)| Some((head, rest.split_once('>')?))) {
            None => path.to_string(),
            Some((head, ("cache", tail))) => [head, CACHES[usize::from(self.member)], tail].concat(),
            Some((head, (_, tail))) => [head, Class::ALL[usize::from(self.member)].name(), tail].concat(),
        }
    }
}

/// What stands at a path.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Leaf(Slot),
    Table(Table),
    Nothing,
}

/// A table of a machine file: the rows of the keys in it, which stand together in [`KEYS`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    first: usize,
    end: usize,
    /// Where in the paths of the rows the names in this table begin.
    depth: usize,
    /// What a wildcard on the way stands for: group and member of a [`Slot`].
    member: Option<(u16, u16)>,
}

impl Table {
    /// The whole file.
    pub const ROOT: Table = Table { first: 0, end: KEYS.len(), depth: 0, member: None };

    /// What `name` leads to.
    pub fn find(self, name: &str) -> Place {
        // A quoted name; those of the table hold none.
        if name.contains('.') {
            return Place::Nothing;
        }
        for row in self.first..self.end {
            let path = KEYS[row].path;
            let rest = &path[self.depth..];
            let (part, member) = match wildcard(rest) {
                None => (name, self.member),
                Some(part) => match index(part, name) {
                    Some(index) => (part, Some((row as u16, index as u16))),
                    None => continue,
                },
            };
            match rest.strip_prefix(part) {
                Some("") => {
                    let (group, member) = member.unwrap_or((row as u16, 0));
                    return Place::Leaf(Slot { group, member, row: row as u16 });
                }
                Some(rest) if rest.starts_with('.') => {
                    let depth = self.depth + part.len() + 1;
                    let same = |key: &&Key| key.path.starts_with(&path[..depth]);
                    let end = row + KEYS[row..self.end].iter().take_while(same).count();
                    return Place::Table(Table { first: row, end, depth, member });
                }
                _ => {}
            }
        }
        Place::Nothing
    }

    /// The names that may stand in it, in table order, wildcards expanded.
    pub fn names(self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for key in &KEYS[self.first..self.end] {
            for name in expand(key.path[self.depth..].split('.').next().unwrap_or_default()) {
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// Every key below it, in order.
    pub fn slots(self) -> Vec<Slot> {
        let below = |name| match self.find(name) {
            Place::Leaf(slot) => vec![slot],
            Place::Table(table) => table.slots(),
            Place::Nothing => Vec::new(),
        };
        self.names().into_iter().flat_map(below).collect()
    }
}

/// What the names `path` lead to, from the top of a file.
pub(super) fn find(path: &[&str]) -> Place {
    path.iter().fold(Place::Table(Table::ROOT), |place, name| match place {
        Place::Table(table) => table.find(name),
        _ => Place::Nothing,
    })
}

/// The names that may stand below `path`, in table order, wildcards expanded.
pub(super) fn below(path: &[&str]) -> Vec<&'static str> {
    match find(path) {
        Place::Table(table) => table.names(),
        _ => Vec::new(),
    }
}

/// The key table as a Markdown table.
pub fn reference() -> String {
    let mut text = String::from("| key | value | unit | meaning |\n|---|---|---|---|\n");
    for key in KEYS {
        text += &format!("| `{}` | {} | {} | {} |\n", key.path, key.kind.allowed(), key.unit, key.doc);
    }
    text
}

/// The wildcard that `path` begins with.
fn wildcard(path: &str) -> Option<&'static str> {
    if !path.starts_with('<') {
        return None;
    }
    ["<cache>", "<class>"].into_iter().find(|part| path.starts_with(part))
}

/// Which of the names that a wildcard stands for `name` is.
fn index(wildcard: &str, name: &str) -> Option<usize> {
    match wildcard {
        "<cache>" => CACHES.iter().position(|cache| *cache == name),
        _ => Class::by_name(name).map(|class| class as usize),
    }
}

fn expand(part: &'static str) -> Vec<&'static str> {
    match part {
        "<cache>" => CACHES.to_vec(),
        "<class>" => Class::ALL.iter().map(|class| class.name()).collect(),
        _ => vec![part],
    }
}
