//! From resolved leaves to a [`Machine`]: completeness, and the rules between keys.

use rvtile_isa::class::Class;

use super::error::MachineError;
use super::file::{Layers, Leaf};
use super::formula::Formula;
use super::keys::{self, Place};
use super::model::{
    Cache, Choice, ClassTiming, Coprocessor, Core, Dram, Entry, Machine, MemorySystem, Predictor, Prefetcher, Unit,
    Vector,
};
use super::value::{Duration, Rate, Value};

const COPROCESSOR_QUEUE: &str = "vector.coprocessor_queue";

type Result<T> = std::result::Result<T, MachineError>;

/// Builds the machine that `layers` describe.
pub(super) fn build(layers: &Layers) -> Result<Machine> {
    let reader = Reader { layers };
    let core = reader.core()?;
    let vector = reader.vector()?;
    let memory = reader.memory(core.clock_mhz)?;
    let classes = Class::ALL.iter().map(|class| reader.class(*class, &vector)).collect::<Result<_>>()?;
    Ok(Machine {
        name: layers.name.clone(),
        description: layers.description.clone(),
        core,
        vector,
        memory,
        classes,
        coprocessors: vec![Coprocessor {
            name: Unit::Coprocessor.name().to_string(),
            queue: if reader.stated(COPROCESSOR_QUEUE) { reader.integer(COPROCESSOR_QUEUE)? } else { 1 },
        }],
        own: Vec::new(),
        own_registers: 0,
        entries: reader.entries(),
    })
}

struct Reader<'a> {
    layers: &'a Layers,
}

impl Reader<'_> {
    fn core(&self) -> Result<Core> {
        let predictor = Predictor {
            kind: self.choice("core.predictor.kind")?,
            entries: self.integer("core.predictor.entries")?,
            history_bits: self.integer("core.predictor.history_bits")?,
            btb_entries: self.integer("core.predictor.btb_entries")?,
            ras_entries: self.integer("core.predictor.ras_entries")?,
        };
        self.require(predictor.history_bits <= predictor.entries.ilog2(), "core.predictor.history_bits", || {
            format!("at most {} with {} entries", predictor.entries.ilog2(), predictor.entries)
        })?;
        Ok(Core {
            clock_mhz: self.real("core.clock_mhz")?,
            issue_width: self.integer("core.issue_width")?,
            mispredict_penalty: self.integer("core.mispredict_penalty")?,
            taken_branch_penalty: self.integer("core.taken_branch_penalty")?,
            fused_branch: self.integer("core.fused_branch")?,
            predictor,
            alu_to_address: self.integer("core.alu_to_address")?,
            narrow_store: self.integer("core.narrow_store")?,
            waw_hazards: self.flag("core.waw_hazards")?,
            environment_call: self.integer("core.environment_call")?,
        })
    }

    fn vector(&self) -> Result<Vector> {
        let vector = Vector {
            vlen: self.integer("vector.vlen")?,
            dlen: self.integer("vector.dlen")?,
            queue_depth: self.integer("vector.queue_depth")?,
            arithmetic_sequencers: self.integer("vector.arithmetic_sequencers")?,
            memory_port: self.choice("vector.memory_port")?,
            port_bytes: self.integer("vector.port_bytes")?,
            sequencer_extra: self.integer("vector.sequencer_extra")?,
            in_order_writeback: self.flag("vector.in_order_writeback")?,
            vset_to_vector: self.integer("vector.vset_to_vector")?,
            vset_spares_rounding: self.optional_flag("vector.vset_spares_rounding")?,
            explicit_mask_free: self.optional_flag("vector.explicit_mask_free")?,
            start_level: self.choice("vector.start_level")?,
            store_level: self.choice("vector.store_level")?,
            early_line: self.integer("vector.early_line")?,
            store_granule: self.integer("vector.store_granule")?,
            partial_granule: self.integer("vector.partial_granule")?,
            elements_through_l1d: self.flag("vector.elements_through_l1d")?,
            chaining: self.flag("vector.chaining")?,
            war_hazards: self.flag("vector.war_hazards")?,
            fault_first_vl: self.integer("vector.fault_first_vl")?,
        };
        Ok(vector)
    }

    fn memory(&self, clock_mhz: f64) -> Result<MemorySystem> {
        let prefetcher = Prefetcher {
            kind: self.choice("memory.prefetcher.kind")?,
            initial_distance: self.integer("memory.prefetcher.initial_distance")?,
            max_distance: self.integer("memory.prefetcher.max_distance")?,
            exponential_threshold: self.integer("memory.prefetcher.exponential_threshold")?,
            compare_window: self.integer("memory.prefetcher.compare_window")?,
            streams: self.integer("memory.prefetcher.streams")?,
            scalar: self.flag("memory.prefetcher.scalar")?,
            vector: self.flag("memory.prefetcher.vector")?,
        };
        let most = prefetcher.max_distance;
        self.require(prefetcher.initial_distance <= most, "memory.prefetcher.initial_distance", || {
            format!("at most memory.prefetcher.max_distance, {most}")
        })?;
        let memory = MemorySystem {
            l1i: self.cache("l1i")?,
            l1d: self.cache("l1d")?,
            l2: self.cache("l2")?,
            l3: self.cache("l3")?,
            scattered_pages: self.flag("memory.scattered_pages")?,
            prefetcher,
            dram: Dram {
                latency: self.duration("memory.dram.latency", clock_mhz)?,
                read_bytes_per_cycle: self.rate("memory.dram.read", clock_mhz)?,
                write_bytes_per_cycle: self.rate("memory.dram.write", clock_mhz)?,
            },
        };
        // A line moves between levels as a whole.
        let mut first: Option<(&str, u32)> = None;
        for (name, cache) in [("l1d", &memory.l1d), ("l2", &memory.l2), ("l3", &memory.l3)] {
            let Some(cache) = cache else { continue };
            let (nearest, line) = *first.get_or_insert((name, cache.line));
            self.require(cache.line == line, &format!("memory.{name}.line"), || {
                format!("{line}, as memory.{nearest}.line: one line size")
            })?;
        }
        Ok(memory)
    }

    fn cache(&self, name: &str) -> Result<Option<Cache>> {
        let key = |leaf: &str| format!("memory.{name}.{leaf}");
        let size: u64 = self.integer(&key("size"))?;
        if size == 0 {
            return Ok(None);
        }
        let cache = Cache {
            size,
            ways: self.integer(&key("ways"))?,
            line: self.integer(&key("line"))?,
            replacement: self.choice(&key("replacement"))?,
            hit_latency: self.integer(&key("hit_latency"))?,
            outstanding_fills: self.integer(&key("outstanding_fills"))?,
            bytes_per_cycle: self.real(&key("bytes_per_cycle"))?,
        };
        let set = u64::from(cache.ways) * u64::from(cache.line);
        self.require(size.is_multiple_of(set) && (size / set).is_power_of_two(), &key("size"), || {
            format!("a power of two times {} ways of {} bytes", cache.ways, cache.line)
        })?;
        Ok(Some(cache))
    }

    fn class(&self, class: Class, vector: &Vector) -> Result<ClassTiming> {
        let prefix = format!("class.{}", class.name());
        let key = |leaf: &str| format!("{prefix}.{leaf}");
        let stated = self.layers.leaves.range(key("")..).next().is_some_and(|(found, _)| found.starts_with(&key("")));
        if !stated {
            let what = "missing: every timing class needs pipe, unit, latency and occupancy";
            return Err(MachineError::new(&self.layers.file, 0, &prefix, what));
        }
        let (bypass, rewrite) = (key("bypass"), key("rewrite"));
        Ok(ClassTiming {
            pipe: self.choice(&key("pipe"))?,
            unit: self.choice(&key("unit"))?,
            latency: self.formula(&key("latency"), vector)?,
            bypass: if self.stated(&bypass) { Some(self.integer(&bypass)?) } else { None },
            late: self.optional_flag(&key("late"))?,
            occupancy: self.formula(&key("occupancy"), vector)?,
            rewrite: if self.stated(&rewrite) { Some(self.formula(&rewrite, vector)?) } else { None },
            chains: self.optional_flag(&key("chains"))?,
            elementwise: self.optional_flag(&key("elementwise"))?,
            coprocessor: 0,
        })
    }

    /// Every stated leaf; of an absent cache only its size.
    fn entries(&self) -> Vec<Entry> {
        let absent = |key: &str| {
            let level = key.strip_prefix("memory.").and_then(|rest| rest.split_once('.'));
            level.is_some_and(|(name, leaf)| {
                let size = self.layers.leaves.get(&format!("memory.{name}.size")).map(|leaf| &leaf.value);
                leaf != "size" && matches!(size, Some(Value::Integer(0)))
            })
        };
        keys::all()
            .iter()
            .filter_map(|(key, row)| self.layers.leaves.get(key).map(|leaf| (key, row, leaf)))
            .filter(|(key, ..)| !absent(key))
            .map(|(key, row, leaf)| Entry {
                key: key.clone(),
                value: leaf.text.clone(),
                unit: row.unit,
                source: leaf.source.clone(),
                assumed: leaf.assumed,
                file: leaf.file.clone(),
                line: leaf.line,
            })
            .collect()
    }

    fn stated(&self, key: &str) -> bool {
        self.layers.leaves.contains_key(key)
    }

    fn leaf(&self, key: &str) -> Result<&Leaf> {
        self.layers.leaves.get(key).ok_or_else(|| {
            let path: Vec<&str> = key.split('.').collect();
            let what = match keys::find(&path) {
                Place::Leaf(row) => format!("missing ({}): expected {}", row.doc, row.kind.allowed()),
                _ => "missing".to_string(),
            };
            MachineError::new(&self.layers.file, 0, key, what)
        })
    }

    /// The value of `key` as `read` takes it; the kind in the key table decides what it can be.
    fn value<T>(&self, key: &str, read: impl FnOnce(&Value) -> Option<T>) -> Result<T> {
        let leaf = self.leaf(key)?;
        read(&leaf.value).ok_or_else(|| {
            MachineError::new(&leaf.file, leaf.line, key, format!("\"{}\" cannot be used here", leaf.text))
        })
    }

    fn integer<T: TryFrom<u64>>(&self, key: &str) -> Result<T> {
        self.value(key, |value| match value {
            Value::Integer(number) => T::try_from(*number).ok(),
            _ => None,
        })
    }

    fn real(&self, key: &str) -> Result<f64> {
        self.value(key, |value| match value {
            Value::Real(number) => Some(*number),
            _ => None,
        })
    }

    fn flag(&self, key: &str) -> Result<bool> {
        self.value(key, |value| match value {
            Value::Flag(flag) => Some(*flag),
            _ => None,
        })
    }

    fn optional_flag(&self, key: &str) -> Result<bool> {
        if self.stated(key) { self.flag(key) } else { Ok(false) }
    }

    fn choice<T: Choice>(&self, key: &str) -> Result<T> {
        self.value(key, |value| match value {
            Value::Word(word) => T::VALUES.iter().find(|(name, _)| name == word).map(|(_, choice)| *choice),
            _ => None,
        })
    }

    /// In cycles, rounded up.
    fn duration(&self, key: &str, clock_mhz: f64) -> Result<u32> {
        self.value(key, |value| match value {
            Value::Duration(Duration::Nanoseconds(time)) => Some((time * clock_mhz / 1e3).ceil() as u32),
            Value::Duration(Duration::Cycles(cycles)) => Some(cycles.ceil() as u32),
            _ => None,
        })
    }

    /// In bytes per cycle.
    fn rate(&self, key: &str, clock_mhz: f64) -> Result<f64> {
        self.value(key, |value| match value {
            Value::Rate(Rate::GigabytesPerSecond(rate)) => Some(rate * 1e3 / clock_mhz),
            Value::Rate(Rate::BytesPerCycle(rate)) => Some(*rate),
            Value::Rate(Rate::Unlimited) => Some(f64::INFINITY),
            _ => None,
        })
    }

    fn formula(&self, key: &str, vector: &Vector) -> Result<Formula> {
        let formula = self.value(key, |value| match value {
            Value::Formula(formula) => Some(formula.clone()),
            _ => None,
        })?;
        let leaf = self.leaf(key)?;
        match formula.check(vector.vlen, vector.dlen) {
            Ok(()) => Ok(formula),
            Err(what) => Err(MachineError::new(&leaf.file, leaf.line, key, what)),
        }
    }

    /// Refuses the machine unless `holds`; `allowed` tells what `key` may be.
    fn require(&self, holds: bool, key: &str, allowed: impl FnOnce() -> String) -> Result<()> {
        if holds {
            return Ok(());
        }
        let leaf = self.leaf(key)?;
        Err(MachineError::new(&leaf.file, leaf.line, key, format!("{} is not allowed: {}", leaf.text, allowed())))
    }
}
