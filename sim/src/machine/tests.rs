//! Machines load, say what they hold, and refuse what is wrong.

mod docs;
mod errors;
mod formulas;
mod fuzz;

use rvtile_isa::class::Class;

use super::{KEYS, Kind, Machine, MemoryPort, Pipe, PredictorKind, StartLevel, Unit, keys, schema};

/// Overrides as the command line gives them.
fn set(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}

fn load(name: &str) -> Machine {
    Machine::load(name, &[]).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_builtin_loads_and_is_complete() {
    for name in Machine::builtin_names() {
        let machine = load(name);
        assert_eq!(machine.name, name);
        assert!(!machine.description.is_empty(), "{name}");
        assert_eq!(machine.classes.len(), Class::ALL.len());
        for entry in &machine.entries {
            assert!(entry.source.len() > 3, "{name}: {}", entry.key);
            assert_eq!(entry.assumed, entry.source.starts_with("assumed"), "{name}: {}", entry.key);
        }
    }
    assert_eq!(Machine::builtin_names()[0], "x280");
}

#[test]
fn the_default_machine_is_the_silicon() {
    let machine = load("x280");
    assert_eq!((machine.core.clock_mhz, machine.core.issue_width), (1750.0, 2));
    assert_eq!((machine.vector.vlen, machine.vector.dlen, machine.vector.port_bytes), (512, 256, 32));
    assert_eq!(machine.vector.memory_port, MemoryPort::Shared);
    assert_eq!((machine.vector.start_level, machine.vector.store_level), (StartLevel::Either, StartLevel::L2));
    let l1d = machine.memory.l1d.as_ref().expect("an L1D");
    assert_eq!((l1d.size, l1d.ways, l1d.line, l1d.outstanding_fills), (32 << 10, 4, 64, 1));
    assert_eq!(machine.memory.l3.as_ref().map(|cache| (cache.size, cache.ways)), Some((2 << 20, 16)));
    // 100 ns and 25.6 GB/s at 1.75 GHz.
    assert_eq!(machine.memory.dram.latency, 175);
    assert!((machine.memory.dram.read_bytes_per_cycle - 25.6 / 1.75).abs() < 1e-12);
    let alu = machine.class(Class::Alu);
    assert_eq!((alu.pipe, alu.unit, alu.bypass, alu.late), (Pipe::Either, Unit::None, Some(1), true));
    assert_eq!(alu.latency.as_constant(), Some(3));
}

#[test]
fn overlays_change_what_they_state_and_nothing_else() {
    let (base, hole) = (load("x280"), load("x280-blackhole"));
    let changed: Vec<String> = Machine::diff(&base, &hole).into_iter().map(|(key, ..)| key).collect();
    let caches = ["memory.l2.size", "memory.l2.ways", "memory.l3.size", "memory.l3.ways"];
    let dram = ["memory.dram.latency", "memory.dram.read", "memory.dram.write"];
    assert_eq!(changed, [&caches[..], &dram].concat());
    assert_eq!(hole.memory.dram.read_bytes_per_cycle, 0.685);
    assert_eq!(Machine::diff(&base, &base), []);

    let mca = load("x280-mca19");
    assert_eq!(mca.core.predictor.kind, PredictorKind::Perfect);
    assert_eq!((mca.core.alu_to_address, mca.vector.sequencer_extra, mca.vector.vset_to_vector), (3, 1, 3));
    assert!(mca.memory.l1d.is_none() && mca.memory.dram.read_bytes_per_cycle.is_infinite());
    assert_eq!(mca.memory.dram.latency, 0);
    assert_eq!(mca.class(Class::FpLoad).latency.as_constant(), Some(2));
    let changed = Machine::diff(&base, &mca);
    assert!(changed.contains(&("memory.l2.ways".to_string(), "8".to_string(), "-".to_string())));
    assert_eq!(load("x280-mca22").class(Class::FpLoad).latency.as_constant(), Some(3));
}

#[test]
fn overrides_win_and_say_so() {
    let pairs = set(&[
        ("vector.vlen", "1024"),
        ("memory.l2.size", "256KiB"),
        ("memory.l3.size", "0"),
        ("vector.chaining", "false"),
        ("class.v-fma.latency", "beats + 3"),
        ("class.mul.latency", "4"),
        ("memory.dram.read", "unlimited"),
        ("memory.dram.latency", "50 ns"),
        ("core.clock_mhz", "1000"),
    ]);
    let machine = Machine::load("x280", &pairs).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(machine.vector.vlen, 1024);
    assert_eq!(machine.memory.l2.as_ref().map(|cache| cache.size), Some(256 << 10));
    assert!(machine.memory.l3.is_none() && !machine.vector.chaining);
    assert_eq!(machine.class(Class::VFma).latency.text(), "beats + 3");
    assert_eq!(machine.memory.dram.latency, 50);
    let entry = machine.entry("vector.vlen").expect("an entry");
    assert_eq!((entry.value.as_str(), &*entry.source, entry.assumed), ("1024", "command line", false));
    assert_eq!((entry.unit, &*entry.file), ("bits", "--set"));
}

#[test]
fn entries_name_source_file_and_line() {
    let machine = load("x280-blackhole");
    let entry = machine.entry("memory.dram.write").expect("an entry");
    assert_eq!((&*entry.file, entry.value.as_str()), ("x280-blackhole.toml", "0.615 B/cycle"));
    assert!(entry.line > 5 && entry.source.starts_with("camel-cdr/rvv-bench-results"), "{entry:?}");
    assert!(entry.source.ends_with("; fill beyond 8 MB, 104 cycles a line"), "{entry:?}");
    let inherited = machine.entry("vector.queue_depth").expect("an entry");
    assert!(inherited.assumed && &*inherited.file == "x280.toml");
    assert!(machine.assumed().any(|entry| entry.key == "vector.queue_depth"));
}

#[test]
fn the_key_table_is_consistent() {
    for key in KEYS {
        assert!(!key.doc.is_empty() && key.path.contains('.'), "{}", key.path);
        if let Kind::PowerOfTwo { min, max } = key.kind {
            assert!(min.is_power_of_two() && max.is_power_of_two() && min < max, "{}", key.path);
        }
        assert!(keys::reference().contains(&format!("| `{}` |", key.path)));
    }
    let machine = load("x280");
    let slots = keys::Table::ROOT.slots();
    assert!(slots.is_sorted_by(|a, b| a < b), "tables stand together");
    for slot in slots {
        assert!(slot.key().optional || machine.entry(&slot.path()).is_some(), "{}", slot.path());
    }
}

/// Reads what the schema allows and checks that the built-in files keep to it.
#[test]
fn builtin_files_keep_to_the_schema() {
    let schema = schema();
    for name in Machine::builtin_names() {
        let file: toml::Table = super::builtin::text(name).parse().expect("TOML");
        let value = serde_json::to_value(file).expect("JSON");
        conforms(&value, &schema, &schema).unwrap_or_else(|why| panic!("{name}: {why}"));
    }
    let wrong = serde_json::json!({ "vector": { "vlen": { "value": 500, "source": "assumed" } } });
    assert!(conforms(&wrong, &schema, &schema).is_err());
}

/// The part of JSON schema that [`schema`] uses, patterns apart.
fn conforms(value: &serde_json::Value, schema: &serde_json::Value, root: &serde_json::Value) -> Result<(), String> {
    if let Some(path) = schema["$ref"].as_str() {
        return conforms(value, root.pointer(path.trim_start_matches('#')).ok_or("dangling reference")?, root);
    }
    if let Some(options) = schema["anyOf"].as_array() {
        let fits = options.iter().any(|option| conforms(value, option, root).is_ok());
        return if fits { Ok(()) } else { Err(format!("{value} fits no alternative")) };
    }
    if let Some(allowed) = schema["enum"].as_array() {
        return if allowed.contains(value) { Ok(()) } else { Err(format!("{value} is none of {allowed:?}")) };
    }
    let is = |kind: &str| match kind {
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        _ => value.is_object(),
    };
    let fits = match &schema["type"] {
        serde_json::Value::String(kind) => is(kind),
        kinds => kinds.as_array().is_some_and(|kinds| kinds.iter().filter_map(|kind| kind.as_str()).any(is)),
    };
    if !fits {
        return Err(format!("{value} is no {}", schema["type"]));
    }
    for (key, inner) in value.as_object().into_iter().flatten() {
        let below = match (schema["properties"].get(key), &schema["additionalProperties"]) {
            (Some(below), _) => below,
            (None, more) if more.is_object() => more,
            _ => return Err(format!("unknown key {key}")),
        };
        conforms(inner, below, root).map_err(|why| format!("{key}: {why}"))?;
    }
    Ok(())
}
