//! From resolved leaves to a [`Machine`]: completeness, and the rules between keys.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rvtile_isa::class::Class;

use super::error::MachineError;
use super::file::{Layers, Leaf};
use super::formula::Formula;
use super::keys::{self, CACHES, Place, Slot, Table};
use super::model::{
    Cache, Choice, ClassTiming, Coprocessor, Core, Dram, Entry, Machine, MemorySystem, Predictor, Prefetcher, Unit,
    Vector,
};
use super::value::{Duration, Rate, Value};

type Result<T> = std::result::Result<T, MachineError>;

/// Most lines of a cache. Its places have numbers of 32 bits, and a line takes 8 or 16 bytes of the host's memory.
const MOST_LINES: u64 = 1 << 28;

/// Builds the machine that `layers` describe.
pub(super) fn build(layers: Layers) -> Result<Machine> {
    let root = Reader { layers: &layers, table: Table::ROOT, checked: &RefCell::default() };
    let core = root.within("core").core()?;
    let vector = root.within("vector").vector()?;
    let memory = root.within("memory").memory(core.clock_mhz)?;
    let classes = root.within("class");
    let classes = Class::ALL.iter().map(|class| classes.within(class.name()).class(*class, &vector));
    let classes = classes.collect::<Result<_>>()?;
    let queue = root.within("vector").optional("coprocessor_queue", Reader::integer)?.unwrap_or(1);
    Ok(Machine {
        name: layers.name.clone(),
        description: layers.description.clone(),
        core,
        vector,
        memory,
        classes,
        coprocessors: vec![Coprocessor { name: Unit::Coprocessor.name().to_string(), queue }],
        own: Vec::new(),
        own_registers: 0,
        entries: entries(layers),
    })
}

/// Every stated leaf; of an absent cache only its size.
fn entries(Layers { mut leaves, .. }: Layers) -> Vec<Entry> {
    for cache in CACHES {
        if let Place::Table(cache) = keys::find(&["memory", cache])
            && let Place::Leaf(size) = cache.find("size")
            && leaves.get(&size).is_some_and(|leaf| matches!(leaf.value, Value::Integer(0)))
        {
            cache.slots().iter().filter(|slot| **slot != size).for_each(|slot| drop(leaves.remove(slot)));
        }
    }
    let entry = |(slot, leaf): (Slot, Leaf)| Entry {
        key: slot.path(),
        value: leaf.text,
        unit: slot.key().unit,
        source: leaf.source,
        assumed: leaf.assumed,
        file: leaf.file,
        line: leaf.line,
    };
    leaves.into_iter().map(entry).collect()
}

/// Reads the leaves of one table.
#[derive(Clone, Copy)]
struct Reader<'a> {
    layers: &'a Layers,
    table: Table,
    /// The texts of the formulas that were checked: many classes have the same.
    checked: &'a RefCell<BTreeSet<&'a str>>,
}

impl<'a> Reader<'a> {
    fn predictor(self) -> Result<Predictor> {
        let predictor = Predictor {
            kind: self.choice("kind")?,
            entries: self.integer("entries")?,
            history_bits: self.integer("history_bits")?,
            btb_entries: self.integer("btb_entries")?,
            ras_entries: self.integer("ras_entries")?,
        };
        self.require(predictor.history_bits <= predictor.entries.ilog2(), "history_bits", || {
            format!("at most {} with {} entries", predictor.entries.ilog2(), predictor.entries)
        })?;
        Ok(predictor)
    }

    fn core(self) -> Result<Core> {
        let predictor = self.within("predictor").predictor()?;
        Ok(Core {
            clock_mhz: self.real("clock_mhz")?,
            issue_width: self.integer("issue_width")?,
            mispredict_penalty: self.integer("mispredict_penalty")?,
            taken_branch_penalty: self.integer("taken_branch_penalty")?,
            fused_branch: self.integer("fused_branch")?,
            predictor,
            alu_to_address: self.integer("alu_to_address")?,
            narrow_store: self.integer("narrow_store")?,
            waw_hazards: self.flag("waw_hazards")?,
            environment_call: self.integer("environment_call")?,
        })
    }

    fn vector(self) -> Result<Vector> {
        let vector = Vector {
            vlen: self.integer("vlen")?,
            dlen: self.integer("dlen")?,
            queue_depth: self.integer("queue_depth")?,
            arithmetic_sequencers: self.integer("arithmetic_sequencers")?,
            memory_port: self.choice("memory_port")?,
            port_bytes: self.integer("port_bytes")?,
            sequencer_extra: self.integer("sequencer_extra")?,
            in_order_writeback: self.flag("in_order_writeback")?,
            vset_to_vector: self.integer("vset_to_vector")?,
            vset_spares_rounding: self.optional_flag("vset_spares_rounding")?,
            explicit_mask_free: self.optional_flag("explicit_mask_free")?,
            start_level: self.choice("start_level")?,
            store_level: self.choice("store_level")?,
            early_line: self.integer("early_line")?,
            early_requests: self.optional_flag("early_requests")?,
            store_granule: self.integer("store_granule")?,
            partial_granule: self.integer("partial_granule")?,
            split_line: self.optional("split_line", Reader::integer)?.unwrap_or(0),
            elements_through_l1d: self.flag("elements_through_l1d")?,
            chaining: self.flag("chaining")?,
            war_hazards: self.flag("war_hazards")?,
            fault_first_vl: self.integer("fault_first_vl")?,
        };
        Ok(vector)
    }

    fn prefetcher(self) -> Result<Prefetcher> {
        let prefetcher = Prefetcher {
            kind: self.choice("kind")?,
            initial_distance: self.integer("initial_distance")?,
            max_distance: self.integer("max_distance")?,
            exponential_threshold: self.integer("exponential_threshold")?,
            compare_window: self.integer("compare_window")?,
            streams: self.integer("streams")?,
            scalar: self.flag("scalar")?,
            vector: self.flag("vector")?,
        };
        let most = prefetcher.max_distance;
        self.require(prefetcher.initial_distance <= most, "initial_distance", || {
            format!("at most memory.prefetcher.max_distance, {most}")
        })?;
        Ok(prefetcher)
    }

    fn memory(self, clock_mhz: f64) -> Result<MemorySystem> {
        let prefetcher = self.within("prefetcher").prefetcher()?;
        let dram = self.within("dram");
        let memory = MemorySystem {
            l1i: self.within("l1i").cache()?,
            l1d: self.within("l1d").cache()?,
            l2: self.within("l2").cache()?,
            l3: self.within("l3").cache()?,
            scattered_pages: self.flag("scattered_pages")?,
            prefetcher,
            dram: Dram {
                latency: dram.duration("latency", clock_mhz)?,
                read_bytes_per_cycle: dram.rate("read", clock_mhz)?,
                write_bytes_per_cycle: dram.rate("write", clock_mhz)?,
            },
        };
        // A line moves between levels as a whole.
        let mut first: Option<(&str, u32)> = None;
        for (name, cache) in [("l1d", &memory.l1d), ("l2", &memory.l2), ("l3", &memory.l3)] {
            let Some(cache) = cache else { continue };
            let (nearest, line) = *first.get_or_insert((name, cache.line));
            self.within(name)
                .require(cache.line == line, "line", || format!("{line}, as memory.{nearest}.line: one line size"))?;
        }
        Ok(memory)
    }

    fn cache(self) -> Result<Option<Cache>> {
        let size: u64 = self.integer("size")?;
        if size == 0 {
            return Ok(None);
        }
        let cache = Cache {
            size,
            ways: self.integer("ways")?,
            line: self.integer("line")?,
            replacement: self.choice("replacement")?,
            hit_latency: self.integer("hit_latency")?,
            outstanding_fills: self.integer("outstanding_fills")?,
            bytes_per_cycle: self.real("bytes_per_cycle")?,
        };
        let set = u64::from(cache.ways) * u64::from(cache.line);
        self.require(size.is_multiple_of(set) && (size / set).is_power_of_two(), "size", || {
            format!("a power of two times {} ways of {} bytes", cache.ways, cache.line)
        })?;
        let lines = size / u64::from(cache.line);
        self.require(lines <= MOST_LINES, "size", || {
            format!(
                "it has {lines} lines of {} bytes, and a cache has at most {MOST_LINES}: make it smaller, or its lines longer",
                cache.line
            )
        })?;
        Ok(Some(cache))
    }

    fn class(self, class: Class, vector: &Vector) -> Result<ClassTiming> {
        let stated = |slot: &Slot| self.layers.leaves.contains_key(slot);
        if !self.stated("pipe") && !self.table.slots().iter().any(stated) {
            let key = format!("class.{}", class.name());
            let what = "missing: every timing class needs pipe, unit, latency and occupancy";
            return Err(MachineError::new(&self.layers.file, 0, &key, what));
        }
        let unit: Unit = self.choice("unit")?;
        let vector_class = class.in_vector_unit();
        self.require(unit.is_vector() == vector_class, "unit", || {
            let allowed = Unit::VALUES.iter().filter(|(_, unit)| unit.is_vector() == vector_class);
            let allowed: Vec<&str> = allowed.map(|(name, _)| *name).collect();
            let kind = if vector_class { "vector" } else { "scalar" };
            format!("{} is a {kind} class, which keeps one of {}", class.name(), allowed.join(", "))
        })?;
        Ok(ClassTiming {
            pipe: self.choice("pipe")?,
            unit,
            latency: self.formula("latency", vector)?,
            bypass: self.optional("bypass", Reader::integer)?,
            late: self.optional_flag("late")?,
            occupancy: self.formula("occupancy", vector)?,
            rewrite: self.optional("rewrite", |reader, name| reader.formula(name, vector))?,
            chains: self.optional_flag("chains")?,
            elementwise: self.optional_flag("elementwise")?,
            coprocessor: 0,
        })
    }

    /// The reader of a table in this one.
    fn within(self, name: &str) -> Reader<'a> {
        match self.table.find(name) {
            Place::Table(table) => Reader { table, ..self },
            _ => unreachable!("no table {name}"),
        }
    }

    fn slot(self, name: &str) -> Slot {
        match self.table.find(name) {
            Place::Leaf(slot) => slot,
            _ => unreachable!("no key {name}"),
        }
    }

    fn stated(self, name: &str) -> bool {
        self.layers.leaves.contains_key(&self.slot(name))
    }

    fn leaf(self, name: &str) -> Result<&'a Leaf> {
        let slot = self.slot(name);
        self.layers.leaves.get(&slot).ok_or_else(|| {
            let key = slot.key();
            let what = format!("missing ({}): expected {}", key.doc, key.kind.allowed());
            MachineError::new(&self.layers.file, 0, &slot.path(), what)
        })
    }

    /// The error that what stands at `name` is wrong.
    fn wrong(self, name: &str, leaf: &Leaf, what: String) -> MachineError {
        MachineError::new(&leaf.file, leaf.line, &self.slot(name).path(), what)
    }

    /// The value of `name` as `read` takes it; the kind in the key table decides what it can be.
    fn value<T>(self, name: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Result<T> {
        let leaf = self.leaf(name)?;
        read(&leaf.value).ok_or_else(|| self.wrong(name, leaf, format!("\"{}\" cannot be used here", leaf.text)))
    }

    /// What `read` makes of `name` if that is stated.
    fn optional<T>(self, name: &str, read: impl FnOnce(Self, &str) -> Result<T>) -> Result<Option<T>> {
        if self.stated(name) { read(self, name).map(Some) } else { Ok(None) }
    }

    fn integer<T: TryFrom<u64>>(self, name: &str) -> Result<T> {
        self.value(name, |value| match value {
            Value::Integer(number) => T::try_from(*number).ok(),
            _ => None,
        })
    }

    fn real(self, name: &str) -> Result<f64> {
        self.value(name, |value| match value {
            Value::Real(number) => Some(*number),
            _ => None,
        })
    }

    fn flag(self, name: &str) -> Result<bool> {
        self.value(name, |value| match value {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        })
    }

    fn optional_flag(self, name: &str) -> Result<bool> {
        Ok(self.optional(name, Reader::flag)?.unwrap_or(false))
    }

    fn choice<T: Choice>(self, name: &str) -> Result<T> {
        self.value(name, |value| match value {
            Value::Word(word) => T::VALUES.iter().find(|(name, _)| name == word).map(|(_, choice)| *choice),
            _ => None,
        })
    }

    /// In cycles, rounded up.
    fn duration(self, name: &str, clock_mhz: f64) -> Result<u32> {
        self.value(name, |value| match value {
            Value::Duration(Duration::Nanoseconds(time)) => Some((time * clock_mhz / 1e3).ceil() as u32),
            Value::Duration(Duration::Cycles(cycles)) => Some(cycles.ceil() as u32),
            _ => None,
        })
    }

    /// In bytes per cycle.
    fn rate(self, name: &str, clock_mhz: f64) -> Result<f64> {
        self.value(name, |value| match value {
            Value::Rate(Rate::GigabytesPerSecond(rate)) => Some(rate * 1e3 / clock_mhz),
            Value::Rate(Rate::BytesPerCycle(rate)) => Some(*rate),
            Value::Rate(Rate::Unlimited) => Some(f64::INFINITY),
            _ => None,
        })
    }

    /// A formula that gives cycles whatever it is evaluated for.
    fn formula(self, name: &str, vector: &Vector) -> Result<Formula> {
        let formula = self.value(name, |value| match value {
            Value::Formula(formula) => Some(formula),
            _ => None,
        })?;
        // Those of a built-in machine as it is are sound: a test sees to that.
        if self.layers.own && self.checked.borrow_mut().insert(formula.text()) {
            let sound = formula.check(vector.vlen, vector.dlen);
            sound.or_else(|what| Err(self.wrong(name, self.leaf(name)?, what)))?;
        }
        Ok(formula.clone())
    }

    /// Refuses the machine unless `holds`; `allowed` tells what `name` may be.
    fn require(self, holds: bool, name: &str, allowed: impl FnOnce() -> String) -> Result<()> {
        if holds {
            return Ok(());
        }
        let leaf = self.leaf(name)?;
        Err(self.wrong(name, leaf, format!("{} is not allowed: {}", leaf.text, allowed())))
    }
}
